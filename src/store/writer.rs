//! Writing a run: exclusive creation, atomic updates, artifacts with hashes.

use std::path::{Path, PathBuf};

use super::layout::{METRICS, PREDICTIONS, RECORD, RunId, UNFINISHED};
use super::{MetricRow, Metrics, PredictionRow, Predictions, Store, StoreError, atomic};
use crate::record::{Artifact, RunRecord};

/// The one process that may change a run.
#[derive(Debug)]
pub struct RunWriter {
    store: Store,
    run: RunId,
    record: RunRecord,
}

impl RunWriter {
    /// Creates a run at `wanted`, or at `wanted_2`, `wanted_3`, … where that is taken; the record's `run` is
    /// set to the outcome. The folder appears together with its record, so that a crash leaves either no
    /// run or a readable one.
    ///
    /// # Errors
    /// The results root is not writable.
    pub fn create(
        store: &Store,
        wanted: &RunId,
        mut record: RunRecord,
    ) -> Result<Self, StoreError> {
        let mut suffix = 1_u32;
        loop {
            let text = if suffix == 1 {
                wanted.to_string()
            } else {
                format!("{wanted}_{suffix}")
            };
            let run: RunId = text.parse()?;
            record.run = run.to_string();
            if place(store, &run, &record)? {
                return Ok(Self {
                    store: store.clone(),
                    run,
                    record,
                });
            }
            suffix += 1;
        }
    }

    /// Takes over an existing run, to continue it.
    ///
    /// # Errors
    /// Its record cannot be read.
    pub fn reopen(store: &Store, run: &RunId) -> Result<Self, StoreError> {
        let record = store.record(run)?;
        Ok(Self {
            store: store.clone(),
            run: run.clone(),
            record,
        })
    }

    /// The run's path below the results root.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The record as last written.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// A file of the run.
    pub fn file(&self, name: &str) -> PathBuf {
        self.store.file(&self.run, name)
    }

    /// Changes the record on disk in one atomic step.
    ///
    /// # Errors
    /// The file system refuses; the old record stays.
    pub fn update(&mut self, change: impl FnOnce(&mut RunRecord)) -> Result<(), StoreError> {
        let mut record = self.record.clone();
        change(&mut record);
        atomic::write_atomically(&self.file(RECORD), &record_bytes(&record))?;
        self.record = record;
        Ok(())
    }

    /// Replaces `metrics.parquet`.
    ///
    /// # Errors
    /// The file system refuses; the old file stays.
    pub fn write_metrics(&self, rows: &[MetricRow]) -> Result<(), StoreError> {
        Metrics::from_rows(rows).write(&self.file(METRICS))
    }

    /// Replaces `predictions.parquet`.
    ///
    /// # Errors
    /// The file system refuses; the old file stays.
    pub fn write_predictions(&self, rows: &[PredictionRow]) -> Result<(), StoreError> {
        Predictions::from_rows(rows).write(&self.file(PREDICTIONS))
    }

    /// Replaces a file of the run, creating its folder; returns what the record says of it.
    ///
    /// # Errors
    /// The file system refuses; the old file stays.
    pub fn write_file(&self, name: &str, bytes: &[u8], kept: bool) -> Result<Artifact, StoreError> {
        let path = self.file(name);
        let folder = path.parent().expect("a file of a run has a folder");
        std::fs::create_dir_all(folder).map_err(StoreError::io(folder, "creating"))?;
        atomic::write_atomically(&path, bytes)?;
        Ok(Artifact {
            bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes).to_hex().to_string(),
            kept,
        })
    }
}

/// What the record says of the file at `path`: size and hash.
///
/// # Errors
/// It cannot be read.
pub fn artifact_of(path: &Path, kept: bool) -> Result<Artifact, StoreError> {
    let bytes = std::fs::read(path).map_err(StoreError::io(path, "reading"))?;
    Ok(Artifact {
        bytes: bytes.len() as u64,
        blake3: blake3::hash(&bytes).to_hex().to_string(),
        kept,
    })
}

/// Moves a folder that holds just the record to the run's place; `false` where the place is taken.
fn place(store: &Store, run: &RunId, record: &RunRecord) -> Result<bool, StoreError> {
    let target = store.run_dir(run);
    let parent = target.parent().expect("a run lies below the results root");
    std::fs::create_dir_all(parent).map_err(StoreError::io(parent, "creating"))?;
    if target.exists() {
        return Ok(false);
    }
    let new = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(parent)
        .map_err(StoreError::io(parent, "creating a folder in"))?;
    atomic::write_atomically(&new.path().join(RECORD), &record_bytes(record))?;
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(new.path(), permissions)
        .map_err(StoreError::io(new.path(), "opening up"))?;
    // Renaming a folder onto a folder that has content fails: two processes cannot both win.
    match std::fs::rename(new.path(), &target) {
        Ok(()) => {
            // Moved away: nothing to remove.
            let _ = new.keep();
            atomic::sync_folder(parent)?;
            Ok(true)
        }
        Err(_) if target.exists() => Ok(false),
        Err(source) => Err(StoreError::Io {
            path: target,
            action: "creating",
            source,
        }),
    }
}

/// The content of `run.json`.
pub fn record_bytes(record: &RunRecord) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(record).expect("a record is serialisable");
    bytes.push(b'\n');
    bytes
}
