//! Why a run could not be trained.

use std::path::PathBuf;

use crate::store::{RunId, StoreError};
use crate::train::checkpoint::CheckpointError;
use crate::train::data::DataError;
use crate::train::fit::FitError;

/// Why a run could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Training failed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Decoding threads or step threads could not be started.
    #[error("starting {n} threads failed: {source}")]
    Threads {
        /// How many.
        n: usize,
        /// The system's answer.
        source: rayon::ThreadPoolBuildError,
    },
    /// The run cannot be continued with the same bits.
    #[error(
        "`{run}` was begun with the instruction set `{name}`, which this machine lacks\nhelp: resume it where it was begun, or train its spec again"
    )]
    InstructionSet {
        /// The run.
        run: RunId,
        /// What its record says.
        name: String,
    },
    /// A loader without a single batch.
    #[error("`{dataset}/{key}` has too few training images for one batch")]
    NoBatch {
        /// Name of the data set.
        dataset: String,
        /// The source within it.
        key: String,
    },
    /// Initial weights do not fit.
    #[error("`{}`: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: candle_core::Error,
    },
    /// A run that is not to be continued.
    #[error("run `{run}` is {found}, only an interrupted or failed run can be resumed{hint}")]
    NotResumable {
        /// The run.
        run: RunId,
        /// Its status.
        found: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// Another process has the run.
    #[error("run `{run}` is being trained by another process")]
    Locked {
        /// The run.
        run: RunId,
    },
    /// The record's hyper-parameters are not ours.
    #[error("run `{run}`: `{key}`: {message}")]
    InvalidRecord {
        /// The run.
        run: RunId,
        /// The hyper-parameter.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A bug; what was trained up to the last snapshot can be continued.
    #[error("training panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// What the run was started with is not there any more.
    #[error(
        "run `{run}` cannot be resumed: {what} changed since it was started\nhelp: train the spec again"
    )]
    Changed {
        /// The run.
        run: RunId,
        /// What changed.
        what: String,
    },
}

impl From<DataError> for RunError {
    fn from(error: DataError) -> Self {
        Self::Fit(error.into())
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Fit(error.into())
    }
}

impl From<CheckpointError> for RunError {
    fn from(error: CheckpointError) -> Self {
        Self::Fit(error.into())
    }
}
