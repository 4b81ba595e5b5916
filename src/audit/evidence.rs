//! What lies on disk of the runs that a document cites, read once each.
//!
//! One broken run never hides another: what cannot be read is kept as the text of the error. What a file must
//! be is said by [`Claims`], a pure function of record and lock.

pub mod manifest;
pub mod memo;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use memo::Memo;

use super::recompute::{Recomputed, from_predictions};
use crate::metric::MetricName;
use crate::record::{Artifact, RunRecord, Status};
use crate::report::lock::LockedRun;
use crate::report::select::{Selected, curve, select_from};
use crate::report::spec::EpochRule;
use crate::store::{
    METRICS, Metrics, PREDICTIONS, Predictions, RECORD, RunId, Store, StoreError, artifact_of,
};

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
    names: OnceLock<Vec<String>>,
    curves: Memo<String, Result<Arc<[Selected]>, String>>,
    recomputed: Memo<(MetricName, i32), Result<Option<Recomputed>, String>>,
}

impl RunFiles {
    /// The names of the metrics that were measured, sorted; none where they cannot be read.
    pub fn metric_names(&self) -> &[String] {
        self.names.get_or_init(|| {
            let rows = self.metrics.as_ref().map(Metrics::rows).unwrap_or_default();
            let mut names: Vec<String> = rows.into_iter().map(|row| row.metric).collect();
            names.dedup();
            names
        })
    }

    /// Every value of a metric, by ascending epoch; empty where the run did not measure it.
    ///
    /// # Errors
    /// The metrics cannot be read.
    pub fn curve(&self, metric: &str) -> Result<Arc<[Selected]>, String> {
        self.curves.get_or(metric.to_owned(), |metric| {
            let metrics = self.metrics.as_ref().map_err(Clone::clone)?;
            let points = curve(metrics.frame(), metric).map_err(|error| error.to_string())?;
            Ok(points.into())
        })
    }

    /// The value of a metric at the epoch that a rule chooses; `None` where the run did not measure it.
    ///
    /// # Errors
    /// The metrics cannot be read, the rule chooses no epoch, or the metric has no value there.
    pub fn select(&self, metric: &str, rule: &EpochRule) -> Result<Option<Selected>, String> {
        let reported = self.curve(metric)?;
        let deciding = match rule {
            EpochRule::Best { metric, .. } => self.curve(metric)?,
            _ => Arc::default(),
        };
        select_from(&reported, &deciding, metric, rule).map_err(|error| error.to_string())
    }

    /// The metric at an epoch again, from the predictions; `None` where they do not hold what it needs.
    ///
    /// # Errors
    /// The predictions cannot be read.
    pub fn recompute(&self, metric: &MetricName, epoch: i32) -> Result<Option<Recomputed>, String> {
        self.recomputed
            .get_or((metric.clone(), epoch), |(metric, epoch)| {
                let predictions = self.predictions.as_ref().map_err(Clone::clone)?;
                from_predictions(predictions, metric, *epoch).map_err(|error| error.to_string())
            })
    }
}

/// What was found where a document says that a run is.
#[derive(Debug, Clone)]
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
    Present(Arc<RunFiles>),
}

/// The runs that a document cites, by their path.
pub type Runs = BTreeMap<RunId, RunState>;

/// Runs that were read before, for whoever verifies several documents against one results root and one lock.
pub type ReadRuns = Memo<RunId, RunState>;

/// How findings name the lock.
pub const LOCK: &str = "`repro.lock`";

/// What stands for runs where there is no results root.
pub const NO_RESULTS: &str = "the results root";

/// What the files of a run must be, by name: what the record says of its artifacts, and what the lock says of
/// both.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    files: BTreeMap<String, Vec<Claim>>,
    /// Files that must be there.
    kept: BTreeSet<String>,
}

/// The hash that a file must have.
#[derive(Debug, Clone)]
struct Claim {
    blake3: String,
    /// Who says so.
    source: &'static str,
}

impl Claims {
    /// What a run's record says of its artifacts, and the lock, where it knows the run, of record and artifacts.
    pub fn of(artifacts: &BTreeMap<String, Artifact>, locked: Option<&LockedRun>) -> Self {
        let mut claims = Self::default();
        for (name, artifact) in artifacts {
            claims.add(name, &artifact.blake3, "the record");
            if artifact.kept {
                claims.kept.insert(name.clone());
            }
        }
        if let Some(locked) = locked {
            claims.add(RECORD, &locked.record, LOCK);
            for (name, blake3) in &locked.artifacts {
                claims.add(name, blake3, LOCK);
            }
        }
        claims
    }

    fn add(&mut self, name: &str, blake3: &str, source: &'static str) {
        let claims = self.files.entry(name.to_owned()).or_default();
        if claims.iter().all(|claim| claim.blake3 != blake3) {
            claims.push(Claim {
                blake3: blake3.to_owned(),
                source,
            });
        }
    }

    /// How the content of a file, given by its hash, differs from what is said of it.
    pub fn difference(&self, name: &str, blake3: &str) -> Option<String> {
        let claims = self.files.get(name)?;
        let claim = claims.iter().find(|claim| claim.blake3 != blake3)?;
        Some(format!(
            "`{name}` has blake3 {}…, {} says {}…",
            start(blake3),
            claim.source,
            start(&claim.blake3)
        ))
    }

    /// What is wrong with a file that is not there.
    fn absence(&self, name: &str) -> Option<String> {
        self.kept
            .contains(name)
            .then(|| format!("`{name}` is not there, the record says that it is kept"))
    }

    /// What is wrong with a file that is there, whatever it holds.
    fn presence(&self, name: &str) -> Option<String> {
        let is_unlisted = [METRICS, PREDICTIONS].contains(&name) && !self.files.contains_key(name);
        is_unlisted.then(|| format!("`{name}` is there, the record does not list it"))
    }

    /// Every name that something is said of or that holds what tables print, in order.
    fn names(&self) -> BTreeSet<&str> {
        let said = self.files.keys().map(String::as_str);
        said.chain([METRICS, PREDICTIONS]).collect()
    }
}

/// What of a run's files is not what its record says of them, or not what the lock says of the record: a pure
/// function of their bytes. `artifacts` are the files beside the record that are there, by name.
pub fn integrity(
    record: &[u8],
    artifacts: &BTreeMap<&str, &[u8]>,
    locked: Option<&LockedRun>,
) -> Vec<String> {
    let listed = match serde_json::from_slice::<RunRecord>(record) {
        Ok(record) => record.artifacts,
        Err(error) => return vec![format!("`{RECORD}` is no record: {error}")],
    };
    let claims = Claims::of(&listed, locked);
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let wrong = |name: &&str| match artifacts.get(name) {
        _ if *name == RECORD => claims.difference(RECORD, &hash(record)),
        Some(bytes) => claims
            .presence(name)
            .or_else(|| claims.difference(name, &hash(bytes))),
        None => claims.absence(name),
    };
    claims.names().iter().filter_map(wrong).collect()
}

/// Reads one run with its files and compares them with what its record says, and all of them with the lock
/// where it knows the run.
pub fn read(store: Option<&Store>, run: &RunId, locked: Option<&LockedRun>) -> RunState {
    let Some(store) = store else {
        return RunState::Unknown;
    };
    if !store.run_dir(run).is_dir() {
        return RunState::Missing;
    }
    let record = match store.record(run) {
        Ok(record) => record,
        Err(error) => return RunState::Unreadable(named(store, &error)),
    };
    match record.status {
        Status::Completed => {}
        Status::Running => return RunState::Unfinished("running"),
        Status::Interrupted => return RunState::Unfinished("interrupted"),
        Status::Failed => return RunState::Unfinished("failed"),
    }
    let altered = altered(store, run, &Claims::of(&record.artifacts, locked));
    let metrics = store.metrics(run).map_err(|error| named(store, &error));
    let predictions = store.predictions(run).map_err(|error| named(store, &error));
    RunState::Present(Arc::new(RunFiles {
        record,
        metrics,
        predictions,
        altered,
        is_locked: locked.is_some(),
        names: OnceLock::new(),
        curves: Memo::default(),
        recomputed: Memo::default(),
    }))
}

/// [`integrity`] for files on disk, which are hashed without being held in memory.
fn altered(store: &Store, run: &RunId, claims: &Claims) -> Vec<String> {
    let wrong = |name: &&str| {
        let path = store.file(run, name);
        if !path.exists() {
            return claims.absence(name);
        }
        claims
            .presence(name)
            .or_else(|| match artifact_of(&path, true) {
                Ok(found) => claims.difference(name, &found.blake3),
                Err(error) => Some(named(store, &error)),
            })
    };
    claims.names().iter().filter_map(wrong).collect()
}

/// An error with files as footnotes cite them, so that it is the same wherever the project lies.
fn named(store: &Store, error: &StoreError) -> String {
    let root = store.root().display().to_string();
    let root = root.trim_end_matches('/');
    error.to_string().replace(&format!("`{root}/"), "`results/")
}

/// Enough of a hash to tell two apart.
fn start(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests;
