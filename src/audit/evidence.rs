//! What lies on disk of the runs that a document cites, read once each.
//!
//! One broken run never hides another: what cannot be read is kept as the text of the error.

use std::collections::BTreeMap;

use crate::record::{RunRecord, Status};
use crate::store::{METRICS, Metrics, PREDICTIONS, Predictions, RECORD, RunId, Store, artifact_of};

/// A run's files.
#[derive(Debug)]
pub struct RunFiles {
    /// `run.json`.
    pub record: RunRecord,
    /// `metrics.parquet`, or why it cannot be read.
    pub metrics: Result<Metrics, String>,
    /// `predictions.parquet`, or why it cannot be read.
    pub predictions: Result<Predictions, String>,
    /// Files that are not what the record says of them: what is wrong, in the order of their names.
    pub altered: Vec<String>,
    /// Whether the lock says what the record must be; without, an altered record goes unnoticed.
    pub is_locked: bool,
}

/// What was found where a document says that a run is.
#[derive(Debug)]
pub enum RunState {
    /// There is no results root to look in: nothing is known of the run.
    Unknown,
    /// Nothing.
    Missing,
    /// Something that is no run: the store's error.
    Unreadable(String),
    /// A run that did not come to its end: its status.
    Unfinished(&'static str),
    /// A run.
    Present(Box<RunFiles>),
}

/// The runs that a document cites, by their path.
pub type Runs = BTreeMap<RunId, RunState>;

/// What stands for runs where there is no results root.
pub const NO_RESULTS: &str = "the results root";

/// Reads one run with its files and compares them with what its record says, and the record with its hash in
/// the lock where there is one.
pub fn read(store: Option<&Store>, run: &RunId, locked: Option<&str>) -> RunState {
    let Some(store) = store else {
        return RunState::Unknown;
    };
    if !store.run_dir(run).is_dir() {
        return RunState::Missing;
    }
    let record = match store.record(run) {
        Ok(record) => record,
        Err(error) => return RunState::Unreadable(error.to_string()),
    };
    match record.status {
        Status::Completed => {}
        Status::Running => return RunState::Unfinished("running"),
        Status::Interrupted => return RunState::Unfinished("interrupted"),
        Status::Failed => return RunState::Unfinished("failed"),
    }
    let mut altered = Vec::new();
    if let Some(locked) = locked {
        altered.extend(difference(store, run, RECORD, locked, "`repro.lock`"));
    }
    for (name, artifact) in &record.artifacts {
        if store.file(run, name).exists() {
            altered.extend(difference(store, run, name, &artifact.blake3, "the record"));
        } else if artifact.kept {
            altered.push(format!(
                "`{name}` is not there, the record says that it is kept"
            ));
        }
    }
    for name in [METRICS, PREDICTIONS] {
        if !record.artifacts.contains_key(name) && store.file(run, name).exists() {
            altered.push(format!("`{name}` is there, the record does not list it"));
        }
    }
    let metrics = store.metrics(run).map_err(|error| error.to_string());
    let predictions = store.predictions(run).map_err(|error| error.to_string());
    RunState::Present(Box::new(RunFiles {
        record,
        metrics,
        predictions,
        altered,
        is_locked: locked.is_some(),
    }))
}

/// How a file of a run differs from the hash that `source` gives it.
fn difference(
    store: &Store,
    run: &RunId,
    name: &str,
    blake3: &str,
    source: &str,
) -> Option<String> {
    match artifact_of(&store.file(run, name), true) {
        Ok(found) if found.blake3 == blake3 => None,
        Ok(found) => Some(format!(
            "`{name}` has blake3 {}…, {source} says {}…",
            start(&found.blake3),
            start(blake3)
        )),
        Err(error) => Some(error.to_string()),
    }
}

/// Enough of a hash to tell two apart.
fn start(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
