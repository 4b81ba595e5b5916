//! Names of files and folders below a results root.

use std::fmt;
use std::str::FromStr;

use super::StoreError;

/// The record of a run.
pub const RECORD: &str = "run.json";
/// The metrics of a run.
pub const METRICS: &str = "metrics.parquet";
/// The predictions of a run.
pub const PREDICTIONS: &str = "predictions.parquet";

/// Checkpoints of a run.
pub mod checkpoint {
    /// The folder of all checkpoints.
    pub const FOLDER: &str = "checkpoints";
    /// Weights of the selected epoch.
    pub const BEST: &str = "checkpoints/best.safetensors";
    /// Weights after the last step.
    pub const LAST: &str = "checkpoints/last.safetensors";
    /// Everything that training goes on from, in one file; gone once the run is completed.
    pub const RESUME: &str = "checkpoints/resume.safetensors";
}

/// Start of the names of folders that are being created; a scan passes over them.
pub(super) const UNFINISHED: &str = ".new-";

/// A run's path below the results root: relative, `/` between its parts, no `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `results/<run>`, as footnotes write it whatever the results root is.
    pub fn cited(&self) -> String {
        format!("results/{}", self.0)
    }

    /// Whether a text names this run: by its path below the results root, or as footnotes cite it.
    pub fn is_named(&self, text: &str) -> bool {
        let cited = text.strip_prefix("results/");
        text == self.0 || cited.is_some_and(|path| path.trim_end_matches('/') == self.0)
    }

    /// The run of a cited path `results/<run>`.
    pub fn from_cited(text: &str) -> Option<Self> {
        text.trim_end_matches('/')
            .strip_prefix("results/")?
            .parse()
            .ok()
    }
}

impl FromStr for RunId {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\\');
        if text.split('/').all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StoreError::InvalidRunId {
                found: text.to_owned(),
            })
        }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_root_are_runs() {
        for text in ["", "/a", "../a", "a/../b", "a//b", "a/./b", "a\\b"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
        let run: RunId = "m/_gender_1_D/2026-11-24-10-12-13".parse().expect("valid");
        assert!(run.is_named(run.as_str()) && run.is_named(&run.cited()));
        assert!(run.is_named("results/m/_gender_1_D/2026-11-24-10-12-13/"));
        assert!(!run.is_named("results/results/m/_gender_1_D/2026-11-24-10-12-13"));
        assert_eq!(RunId::from_cited(&run.cited()), Some(run));
    }
}
