//! Names of metrics and what is known of them: split, unit, direction.
//!
//! Owns the vocabulary only; values lie in `store`, and how a value is computed is known by `train` and,
//! independently, by `audit`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which samples a metric was computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Samples that the weights are fitted to.
    Train,
    /// Samples that decide the checkpoint and the schedule.
    Valid,
    /// Samples without any influence on training; what tables report.
    Test,
}

impl Split {
    /// The name used in metric names, records and specs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether smaller or larger values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Smaller is better (losses, errors).
    Min,
    /// Larger is better (accuracies).
    Max,
}

/// Names of the metrics that `repro` itself writes.
pub mod name {
    /// Mean cross-entropy per sample, natural logarithm; for `total` the weighted sum over tasks.
    pub const LOSS: &str = "loss";
    /// Share of samples whose most probable class is the label, a fraction in 0..=1.
    pub const ACCURACY: &str = "accuracy";
    /// Mean absolute error of the most probable age, in years.
    pub const MAE: &str = "mae";
    /// Mean absolute error of the expected age over the class probabilities (DEX), in years.
    pub const MAE_EXPECTED: &str = "mae_expected";
    /// Mean of `1 - exp(-(prediction - mean)² / 2 deviation²)` over the votes, a fraction in 0..=1.
    pub const EPSILON: &str = "epsilon";
    /// Learning rate of the epoch.
    pub const LEARNING_RATE: &str = "learning_rate";
    /// Pseudo-task of what belongs to the run as a whole.
    pub const TOTAL: &str = "total";
    /// The task whose classes are years.
    pub const AGE: &str = "age";
}

/// A metric's name in its three parts, written `<split>/<task>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricName {
    /// Which samples.
    pub split: Split,
    /// Which task, or `total`.
    pub task: String,
    /// What is measured, see [`name`].
    pub name: String,
}

impl MetricName {
    /// The name from its parts.
    pub fn new(split: Split, task: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            split,
            task: task.into(),
            name: name.into(),
        }
    }

    /// The direction where it is known: accuracies up; losses and errors down.
    pub fn goal(&self) -> Option<Goal> {
        match self.name.as_str() {
            name::ACCURACY => Some(Goal::Max),
            name::LOSS | name::MAE | name::MAE_EXPECTED | name::EPSILON => Some(Goal::Min),
            _ => None,
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.split, self.task, self.name)
    }
}

/// A metric name that is not `<split>/<task>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is no metric name, expected `<train|valid|test>/<task>/<name>` such as `test/gender/accuracy`"
)]
pub struct InvalidMetricName {
    /// The text found.
    pub found: String,
}

impl FromStr for MetricName {
    type Err = InvalidMetricName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidMetricName {
            found: text.to_owned(),
        };
        let mut parts = text.split('/');
        let (Some(split), Some(task), Some(name), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid());
        };
        let split = match split {
            "train" => Split::Train,
            "valid" => Split::Valid,
            "test" => Split::Test,
            _ => return Err(invalid()),
        };
        if task.is_empty() || name.is_empty() {
            return Err(invalid());
        }
        Ok(Self::new(split, task, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for text in [
            "test/gender/accuracy",
            "valid/total/loss",
            "train/total/learning_rate",
        ] {
            assert_eq!(text.parse::<MetricName>().expect("valid").to_string(), text);
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            "",
            "accuracy",
            "val/gender/accuracy",
            "test//accuracy",
            "test/a/b/c",
            "test/a/",
        ] {
            assert!(text.parse::<MetricName>().is_err(), "{text}");
        }
    }
}
