//! `data.lock.json` as the audit reads it: what each split of each data set held.
//!
//! The lists of files in it are passed over. The audit has its own reader, as the training side writes the
//! file and a mistake of its own must not verify itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::metric::Split;
use crate::record::SplitRecord;

/// The file at the project root.
pub const FILE_NAME: &str = "data.lock.json";
/// The newest format that this build reads.
const FORMAT: u32 = 1;

/// What data sets held.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    format: u32,
    /// By name of the data set, then task.
    pub datasets: BTreeMap<String, BTreeMap<String, Task>>,
}

/// One task of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Task {
    /// By split.
    pub splits: BTreeMap<Split, SplitRecord>,
}

impl Manifest {
    /// Reads the file; `None` where there is none.
    ///
    /// # Errors
    /// It is unreadable, no manifest, or one of a newer format.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let name = path.display();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text)
                .map(Some)
                .map_err(|error| format!("`{name}`: {error}")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("`{name}`: reading failed: {error}")),
        }
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// It is no manifest, or one of a newer format.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = serde_json::from_str(text).map_err(|error| {
            format!("no manifest: {error}\nhelp: write it again with `repro data check --lock`")
        })?;
        match manifest.format {
            ..=FORMAT => Ok(manifest),
            newer => Err(format!(
                "has format {newer}, this build reads up to {FORMAT}\nhelp: use the repro version that wrote it, or newer"
            )),
        }
    }

    /// A split of a task of a data set.
    pub fn split(&self, dataset: &str, task: &str, split: Split) -> Option<&SplitRecord> {
        self.datasets.get(dataset)?.get(task)?.splits.get(&split)
    }

    /// The data set that a header means: same letters and digits, whatever their case.
    pub fn named(&self, printed: &str) -> Option<(&str, &BTreeMap<String, Task>)> {
        let wanted = plain(printed);
        let mut datasets = self.datasets.iter();
        let found = datasets.find(|(name, _)| plain(name) == wanted)?;
        Some((found.0, found.1))
    }
}

/// The letters and digits of a name in lower case, by which two spellings are one.
pub fn plain(name: &str) -> String {
    let kept = name.chars().filter(|character| character.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_passed_over_and_newer_formats_refused() {
        let text = r#"{"format": 1, "datasets": {"FER_2013": {"emotion": {"synthetic": false, "splits": {
            "test": {"n": 2, "bytes": 9, "labels": {"0": 2}, "fingerprint": "ab", "files": {"a": [1, "b", "0"]}}
        }}}}}"#;
        let manifest = Manifest::parse(text).expect("a manifest");
        let split = manifest.split("FER_2013", "emotion", Split::Test);
        assert_eq!(split.expect("listed").fingerprint, "ab");
        assert_eq!(manifest.named("fer-2013").expect("named").0, "FER_2013");
        assert_eq!(manifest.named("FER"), None);
        let newer = Manifest::parse(r#"{"format": 2, "datasets": {}}"#).expect_err("newer");
        assert!(newer.starts_with("has format 2"), "{newer}");
        assert!(Manifest::parse("[]").is_err());
    }

    #[test]
    fn reads_what_the_training_side_wrote() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE_NAME);
        let manifest = Manifest::read(&path).expect("a manifest").expect("a file");
        let split = manifest.split("IMDB_WIKI", "age", Split::Test);
        let split = split.expect("listed");
        assert_eq!(split.n, split.labels.values().sum::<u64>());
        let absent = path.with_file_name("no.lock.json");
        assert_eq!(Manifest::read(&absent), Ok(None));
    }
}
