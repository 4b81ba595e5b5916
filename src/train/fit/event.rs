//! What a run tells while it trains; how it is shown is the listener's.

use crate::store::MetricRow;

/// What a run tells while it trains.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something that the user should know.
    Warning(&'a str),
    /// The loop begins, or goes on.
    Started {
        /// Epochs that the run has in all.
        n_epochs: u32,
        /// Epochs done before.
        epoch: u32,
    },
    /// A round ended.
    Round {
        /// 1-based.
        epoch: u32,
        /// Rounds done in the epoch.
        round: usize,
        /// Rounds that the epoch has.
        n_rounds: usize,
        /// Images taken in this round.
        n_images: usize,
        /// Weighted training loss of the epoch so far.
        loss: f64,
    },
    /// An epoch ended and is on disk.
    Epoch {
        /// 1-based.
        epoch: u32,
        /// Its metrics.
        rows: &'a [MetricRow],
    },
}

/// Whoever listens to a run.
pub type Observer<'a> = dyn FnMut(Event<'_>) + Send + 'a;
