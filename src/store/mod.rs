//! The results root: the only place that knows file names and columns below it.
//!
//! Owns layout, schemas, atomic writing, the scan and the life of a run on disk. Data comes from `train`
//! (or an importer) and goes to `report` and `audit`.

mod atomic;
mod frame;
mod layout;
mod life;
mod metrics;
mod predictions;
mod scan;
mod writer;

use std::path::{Path, PathBuf};

pub use atomic::write_atomically;
pub use layout::{METRICS, PREDICTIONS, RECORD, RunId, checkpoint};
pub use life::status_now;
pub use metrics::{MetricRow, Metrics, column as metric_column};
pub use predictions::{PredictionRow, Predictions, column as prediction_column};
pub use scan::Scan;
pub use writer::{RunWriter, artifact_of, record_bytes};

use crate::record::{FORMAT, RunRecord};

/// A results root.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// Why something below a results root could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("`{}`: {action} failed: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// `run.json` is not a record.
    #[error("`{}`:{line}:{column}: no run record: {message}", path.display())]
    InvalidRecord {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// A newer version wrote it.
    #[error("`{}` has format {found}, this build reads up to {FORMAT}\nhelp: use the repro version that wrote it{}, or newer", path.display(), writer.as_ref().map_or(String::new(), |version| format!(" ({version})")))]
    FormatTooNew {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The version that wrote it, where the file says so.
        writer: Option<String>,
    },
    /// The record names another place than the one it lies at.
    #[error("`{}` says it is run `{found}`, but lies at `{expected}`\nhelp: move the folder back; a run is never renamed", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The run it names.
        found: String,
        /// The run its place means.
        expected: String,
    },
    /// A parquet file is damaged or has other columns.
    #[error("`{}`: {message}", path.display())]
    InvalidTable {
        /// The file.
        path: PathBuf,
        /// What is wrong, what was expected.
        message: String,
    },
    /// A text that is no run path.
    #[error("`{found}` is no run path, expected `<model>/<folder>/<YYYY-MM-DD-HH-MM-SS>`")]
    InvalidRunId {
        /// The text.
        found: String,
    },
}

impl StoreError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }
}

impl Store {
    /// The results root at `root`; nothing is read yet, and it need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The results root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a run.
    pub fn run_dir(&self, run: &RunId) -> PathBuf {
        self.root.join(run.as_str())
    }

    /// A file of a run.
    pub fn file(&self, run: &RunId, name: &str) -> PathBuf {
        self.run_dir(run).join(name)
    }

    /// A run's record.
    ///
    /// # Errors
    /// It is absent, unreadable, of a newer format, or names another run.
    pub fn record(&self, run: &RunId) -> Result<RunRecord, StoreError> {
        let path = self.file(run, RECORD);
        let text = std::fs::read_to_string(&path).map_err(StoreError::io(&path, "reading"))?;
        let record = parse_record(&path, &text)?;
        if record.run == run.as_str() {
            Ok(record)
        } else {
            Err(StoreError::Misplaced {
                path,
                found: record.run,
                expected: run.to_string(),
            })
        }
    }

    /// A run's metrics.
    ///
    /// # Errors
    /// The file is absent, damaged, or not of a known shape.
    pub fn metrics(&self, run: &RunId) -> Result<Metrics, StoreError> {
        Metrics::read(&self.file(run, METRICS))
    }

    /// A run's predictions.
    ///
    /// # Errors
    /// The file is absent, damaged, or not of the schema.
    pub fn predictions(&self, run: &RunId) -> Result<Predictions, StoreError> {
        Predictions::read(&self.file(run, PREDICTIONS))
    }

    /// Every run below the root, broken ones apart.
    pub fn scan(&self) -> Scan {
        scan::scan(self)
    }
}

/// A record from its JSON text; `path` is for messages.
///
/// # Errors
/// Not JSON, a newer format, a missing key or a value of the wrong type.
pub fn parse_record(path: &Path, text: &str) -> Result<RunRecord, StoreError> {
    let invalid = |error: serde_json::Error| StoreError::InvalidRecord {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(invalid)?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found > u64::from(FORMAT) => Err(StoreError::FormatTooNew {
            path: path.to_owned(),
            found,
            writer: value
                .pointer("/code/repro")
                .and_then(|v| v.as_str())
                .map(str::to_owned),
        }),
        // From the text again, so that a wrong value has its line and column.
        _ => serde_json::from_str(text).map_err(invalid),
    }
}
