//! Images and labels as people have them: layouts, splits, fingerprints, decoding, batches.
//!
//! Owns everything between the data root and a batch of normalised pixels. Settings come from
//! `repro.toml` (`project`), batches go to the training loop, what was found goes to the record. It knows
//! no tensor: a batch is a plain vector.

mod augment;
mod cache;
mod decode;
mod error;
mod examine;
mod faces;
mod fingerprint;
mod layout;
mod loader;
pub mod manifest;
mod open;
mod split;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use error::DataError;
pub use loader::{Batch, Batches, Loader, LoaderConfig};
pub use open::{OpenOptions, Opened, open, tasks};
pub use split::SplitProtocol;

use crate::metric::Split;
use decode::Image;
use fingerprint::Content;

/// Class names of emotions by FER-2013's codes, which do not follow the alphabet.
const EMOTIONS: [&str; 7] = [
    "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral",
];

/// Samples that come from one source: one task's folder, or one that labels several tasks.
#[derive(Debug)]
pub struct Dataset {
    /// Name of the data set in `repro.toml`.
    pub name: String,
    /// The task, or `all` for a source that labels several.
    pub key: String,
    /// The tasks that every sample is labelled for, in the order of the subtasks.
    pub tasks: Vec<TaskLabels>,
    /// Samples by split, sorted by id; every split has at least one.
    pub samples: BTreeMap<Split, Vec<Sample>>,
}

/// A task and the names of its classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLabels {
    /// The task; `age` ([`crate::metric::name::AGE`]) if and only if classes are years.
    pub name: String,
    /// Class names by index; for age "1", "2", …, so that the index is years − 1.
    pub classes: Vec<String>,
}

/// One labelled image.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Path relative to the data root with `/` between its parts, or `file#row` with rows from 1.
    pub id: String,
    /// Class index per task of the data set.
    pub labels: Vec<u32>,
    /// Mean of the votes for the age, in years; `None` where nobody voted.
    pub label_mean: Option<f64>,
    /// Standard deviation of the votes, in years; `None` where nobody voted.
    pub label_std: Option<f64>,
    image: Image,
    content: Content,
}

impl Dataset {
    /// The samples of a split.
    pub fn split(&self, split: Split) -> &[Sample] {
        self.samples.get(&split).map_or(&[], Vec::as_slice)
    }
}
