//! RPR604 and RPR507: a run's metrics against its predictions, which give them again.

use super::{Case, Expected};
use crate::audit::catalogue::{BIASED_AGGREGATION, EVALUATION_COVERAGE};
use crate::audit::decimal::round;
use crate::audit::finding::{Finding, Severity, Sink};
use crate::audit::recompute::{agree, unequal_mean};
use crate::metric::MetricName;

impl Case<'_> {
    /// Derives the metric again from each run's predictions: `None` where they agree, a finding where they
    /// do not.
    pub(super) fn predictions(&self, expected: &Expected) -> Result<Option<Finding>, String> {
        let name = &self.column.metric;
        let metric: MetricName = name.parse().map_err(|error| format!("{error}"))?;
        for ((run, files), one) in self.runs.iter().zip(&expected.selected) {
            if let Err(error) = &files.predictions {
                return Err(error.clone());
            }
            let found = files
                .recompute(&metric, one.epoch)
                .map_err(|error| format!("run `{run}`: {error}"))?
                .ok_or_else(|| {
                    format!(
                        "predictions of run `{run}` do not give `{name}` at epoch {}",
                        one.epoch
                    )
                })?;
            if !agree(one.value, found.value) {
                let what = format!(
                    "`metrics.parquet` says {}, `predictions.parquet` gives {} (epoch {}, {} samples)",
                    one.value, found.value, one.epoch, found.n
                );
                let finding = self
                    .finding("predictions", what)
                    .with_evidence("run", run.cited())
                    .with_hint("the run's files contradict each other; train it again");
                return Ok(Some(finding));
            }
            if let Some(what) = found.gap(one.count, &files.record, &metric) {
                let (place, subject, message) = self.address("count", what);
                let finding = Finding::new(&EVALUATION_COVERAGE, place, &subject, message);
                return Ok(Some(finding.with_evidence("run", run.cited())));
            }
        }
        Ok(None)
    }

    /// Whether a metric that its predictions do not give is a mean of unequal parts of them.
    pub(super) fn check_aggregation(&self, expected: &Expected, sink: &mut Sink<'_>) {
        let name = &self.column.metric;
        let Ok(metric) = name.parse::<MetricName>() else {
            return;
        };
        for ((run, files), one) in self.runs.iter().zip(&expected.selected) {
            let Ok(predictions) = &files.predictions else {
                continue;
            };
            let batch_size = files.record.hyper_parameters.get("batch_size");
            let batch_size = batch_size.and_then(|size| usize::try_from(size.as_u64()?).ok());
            let found = unequal_mean(predictions, &metric, one.epoch, one.value, batch_size);
            let right = files.recompute(&metric, one.epoch);
            if let (Ok(Some(how)), Ok(Some(right))) = (found, right) {
                let decimals = self.cell.decimals.unwrap_or(0) as usize;
                let text = |value: f64| round(value * self.column.scale, decimals);
                let moves_a_digit = text(one.value) != text(right.value);
                let what = format!("`{name}` is {}, not the mean over samples", how.as_str());
                let (place, subject, message) = self.address("aggregation", what);
                let finding = Finding::new(&BIASED_AGGREGATION, place, &subject, message)
                    .with_evidence("run", format!("{} {name} = {}", run.cited(), one.value))
                    .with_evidence("value", format!("the mean over samples is {}", right.value))
                    .with_hint("sum over samples and divide by their number");
                sink.report(match moves_a_digit {
                    true => finding.with_severity(Severity::Error),
                    false => finding,
                });
            }
        }
    }
}
