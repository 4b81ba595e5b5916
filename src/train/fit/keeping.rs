//! What a trainer writes, and in which order: metrics, predictions and best weights before the snapshot,
//! the record last.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{FitError, Surroundings, Trainer};
use crate::record::Selection;
use crate::store::{MetricRow, PredictionRow, StoreError, checkpoint, write_atomically};
use crate::train::checkpoint::{Best, Snapshot, weights_to_bytes};
use crate::train::evaluate::{Evaluation, predictions};

/// Seconds between signs of life in the record.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// Seconds between snapshots within an epoch.
const SNAPSHOT: Duration = Duration::from_secs(300);
impl Trainer<'_> {
    /// Writes what the epoch gave; the snapshot comes last, so that nothing is ever behind it.
    pub(super) fn write_epoch(
        &mut self,
        around: &mut Surroundings<'_>,
        test: &Evaluation,
        is_best: bool,
    ) -> Result<(), FitError> {
        let best = self.state.best.expect("an epoch ended");
        around.writer.write_metrics(&self.rows)?;
        around
            .writer
            .write_predictions(&self.prediction_rows(best, test))?;
        if let Some(log) = &around.log {
            write_log(log, &self.rows)?;
        }
        if is_best {
            let weights = weights_to_bytes(&self.best_weights)?;
            around
                .writer
                .write_file(checkpoint::BEST, &weights, false)?;
        }
        self.write_snapshot(around)?;
        self.update_record(around)
    }

    /// Predictions of the selected epoch and of the last.
    fn prediction_rows(&self, best: Best, test: &Evaluation) -> Vec<PredictionRow> {
        let mut rows = predictions(&self.datasets, &self.best_logits, best.epoch);
        if best.epoch != self.state.epoch {
            rows.extend(predictions(&self.datasets, &test.logits, self.state.epoch));
        }
        rows
    }

    pub(super) fn give_signs_of_life(
        &mut self,
        around: &mut Surroundings<'_>,
    ) -> Result<(), FitError> {
        if self.snapshot_at.elapsed() >= SNAPSHOT {
            self.write_snapshot(around)?;
        }
        if self.heartbeat_at.elapsed() >= HEARTBEAT {
            self.update_record(around)?;
        }
        Ok(())
    }

    pub(super) fn write_snapshot(&mut self, around: &mut Surroundings<'_>) -> Result<(), FitError> {
        self.state.duration_secs += self.counted_from.elapsed().as_secs_f64();
        self.counted_from = Instant::now();
        let snapshot = Snapshot {
            state: self.state.clone(),
            weights: self.network.state()?,
            velocity: self.network.split(&self.optimizer.velocity)?,
            best_weights: self.best_weights.clone(),
            best_logits: self.best_logits.clone(),
        };
        let bytes = snapshot.to_bytes()?;
        around
            .writer
            .write_file(checkpoint::RESUME, &bytes, false)?;
        self.snapshot_at = Instant::now();
        Ok(())
    }

    /// Heartbeat, time spent and selection.
    fn update_record(&mut self, around: &mut Surroundings<'_>) -> Result<(), FitError> {
        let (best, duration) = (self.state.best, self.state.duration_secs);
        let now = (around.now)();
        around.writer.update(|record| {
            if let Some(process) = &mut record.process {
                process.heartbeat = now;
            }
            record.duration_secs = Some(duration);
            if let Some(Selection { epoch, .. }) = &mut record.selection {
                *epoch = best.map(|best| best.epoch);
            }
        })?;
        self.heartbeat_at = Instant::now();
        Ok(())
    }
}

/// A CSV copy of the metrics for other people's plots.
fn write_log(path: &Path, rows: &[MetricRow]) -> Result<(), StoreError> {
    let mut text = String::from("metric,epoch,step,value,count\n");
    for row in rows {
        let count = row.count.map_or(String::new(), |count| count.to_string());
        let MetricRow {
            metric,
            epoch,
            step,
            value,
            ..
        } = row;
        writeln!(text, "{metric},{epoch},{step},{value},{count}").expect("a string takes all");
    }
    let folder = path.parent().expect("a log lies in a folder");
    std::fs::create_dir_all(folder).map_err(StoreError::io(folder, "creating"))?;
    write_atomically(path, text.as_bytes())
}
