//! One value out of a run's curve, by an epoch rule.

use polars::prelude::{ChunkCompareEq, DataFrame, PolarsError};

use super::spec::EpochRule;
use crate::metric::Goal;
use crate::store::{Metrics, metric_column as column};

/// The value that a rule takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selected {
    /// Its epoch, 1-based.
    pub epoch: i32,
    /// The value, unrounded; a NaN is a value.
    pub value: f64,
    /// Samples behind it, where that has a meaning.
    pub count: Option<i64>,
}

/// Why a rule takes no value although the metric was measured.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The deciding metric has no rows.
    #[error("the epoch rule needs metric `{metric}`, which the run did not measure")]
    NoDecidingMetric {
        /// The deciding metric.
        metric: String,
    },
    /// The deciding metric is NaN in every epoch.
    #[error("the epoch rule needs metric `{metric}`, which is NaN in every epoch")]
    DecidingMetricIsNan {
        /// The deciding metric.
        metric: String,
    },
    /// The table says of no rule.
    #[error(
        "the table declares no epoch rule\nhelp: say which epoch is reported, such as `epoch = \"last\"`"
    )]
    NoRule,
    /// The metric has values, but none at the epoch of the rule.
    #[error(
        "metric `{metric}` has no value at epoch {epoch}, the nearest with one is epoch {nearest}"
    )]
    NoValueAtEpoch {
        /// The reported metric.
        metric: String,
        /// The epoch of the rule.
        epoch: i32,
        /// The nearest measured.
        nearest: i32,
    },
    /// The frame is not of the metrics schema.
    #[error("metrics cannot be read: {0}")]
    InvalidFrame(#[from] PolarsError),
}

/// The value of `metric` at the epoch that `rule` chooses; `None` where the run did not measure it.
///
/// # Errors
/// The rule chooses no epoch, or the metric has no value there.
pub fn select(
    metrics: &Metrics,
    metric: &str,
    rule: &EpochRule,
) -> Result<Option<Selected>, SelectError> {
    let reported = curve(metrics.frame(), metric)?;
    let deciding = match rule {
        EpochRule::Best { metric, .. } => curve(metrics.frame(), metric)?,
        _ => Vec::new(),
    };
    select_from(&reported, &deciding, metric, rule)
}

/// [`select`] from the curves of the reported metric, which messages call `metric`, and of the one that decides.
///
/// # Errors
/// The rule chooses no epoch, or the reported metric has no value there.
pub fn select_from(
    curve: &[Selected],
    deciding: &[Selected],
    metric: &str,
    rule: &EpochRule,
) -> Result<Option<Selected>, SelectError> {
    let Some(last) = curve.last() else {
        return Ok(None);
    };
    let epoch = match rule {
        EpochRule::Undeclared => return Err(SelectError::NoRule),
        EpochRule::Last => last.epoch,
        EpochRule::At { epoch } => *epoch,
        EpochRule::Best { metric, goal } => best_epoch(deciding, metric, *goal)?,
    };
    match curve.iter().find(|point| point.epoch == epoch) {
        Some(point) => Ok(Some(*point)),
        None => Err(SelectError::NoValueAtEpoch {
            metric: metric.to_owned(),
            epoch,
            nearest: curve
                .iter()
                .map(|point| point.epoch)
                .min_by_key(|measured| measured.abs_diff(epoch))
                .unwrap_or(last.epoch),
        }),
    }
}

/// The first epoch at which `metric` is best; a NaN is never best.
fn best_epoch(curve: &[Selected], metric: &str, goal: Goal) -> Result<i32, SelectError> {
    if curve.is_empty() {
        return Err(SelectError::NoDecidingMetric {
            metric: metric.to_owned(),
        });
    }
    let mut best: Option<Selected> = None;
    for &point in curve.iter().filter(|point| !point.value.is_nan()) {
        let better = best.is_none_or(|best| match goal {
            Goal::Min => point.value < best.value,
            Goal::Max => point.value > best.value,
        });
        if better {
            best = Some(point);
        }
    }
    match best {
        Some(point) => Ok(point.epoch),
        None => Err(SelectError::DecidingMetricIsNan {
            metric: metric.to_owned(),
        }),
    }
}

/// Every value of a metric, by ascending epoch.
pub fn curve(frame: &DataFrame, metric: &str) -> Result<Vec<Selected>, PolarsError> {
    let mask = frame.column(column::METRIC)?.str()?.equal(metric);
    let rows = frame.filter(&mask)?;
    let epochs = rows.column(column::EPOCH)?.i32()?;
    let values = rows.column(column::VALUE)?.f64()?;
    let counts = rows.column(column::COUNT)?.i64()?;
    let point = |((epoch, value), count): ((Option<i32>, Option<f64>), Option<i64>)| {
        Some(Selected {
            epoch: epoch?,
            value: value?,
            count,
        })
    };
    Ok(epochs
        .iter()
        .zip(values.iter())
        .zip(counts.iter())
        .filter_map(point)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MetricRow;

    fn metrics(rows: &[(&str, i32, f64)]) -> Metrics {
        let rows: Vec<MetricRow> = rows
            .iter()
            .map(|&(metric, epoch, value)| MetricRow {
                metric: metric.into(),
                epoch,
                step: 0,
                value,
                count: Some(10),
            })
            .collect();
        Metrics::from_rows(&rows)
    }

    fn best(goal: Goal) -> EpochRule {
        EpochRule::Best {
            metric: "valid/total/loss".into(),
            goal,
        }
    }

    fn example() -> Metrics {
        let loss = "valid/total/loss";
        let accuracy = "test/a/accuracy";
        metrics(&[
            (loss, 1, f64::NAN),
            (loss, 2, 0.5),
            (loss, 3, 0.25),
            (loss, 4, 0.25),
            (loss, 5, 0.75),
            (accuracy, 1, 0.1),
            (accuracy, 2, 0.2),
            (accuracy, 3, 0.3),
            (accuracy, 4, 0.4),
        ])
    }

    #[test]
    fn the_rule_chooses_the_epoch() {
        let metrics = example();
        for (rule, epoch) in [
            (best(Goal::Min), 3),
            (EpochRule::Last, 4),
            (EpochRule::At { epoch: 2 }, 2),
        ] {
            let selected = select(&metrics, "test/a/accuracy", &rule)
                .expect("a value")
                .expect("measured");
            assert_eq!(selected.epoch, epoch, "{rule}");
            assert_eq!(selected.value, f64::from(epoch) / 10.0);
            assert_eq!(selected.count, Some(10));
        }
    }

    #[test]
    fn what_was_not_measured_is_none() {
        let selected = select(&example(), "test/a/mae", &best(Goal::Min));
        assert!(selected.expect("no error").is_none());
    }

    #[test]
    fn nan_is_reported_and_never_best() {
        let nan = metrics(&[("valid/total/loss", 1, f64::NAN), ("a", 1, f64::NAN)]);
        let selected = select(&nan, "a", &EpochRule::Last).expect("a value");
        assert!(selected.expect("measured").value.is_nan());
        assert!(matches!(
            select(&nan, "a", &best(Goal::Max)),
            Err(SelectError::DecidingMetricIsNan { .. })
        ));
    }

    #[test]
    fn rules_without_an_epoch_are_errors() {
        let error = select(&example(), "test/a/accuracy", &best(Goal::Max)).expect_err("epoch 5");
        assert_eq!(
            error.to_string(),
            "metric `test/a/accuracy` has no value at epoch 5, the nearest with one is epoch 4"
        );
        let error = select(&metrics(&[("a", 1, 1.0)]), "a", &best(Goal::Min)).expect_err("no loss");
        assert_eq!(
            error.to_string(),
            "the epoch rule needs metric `valid/total/loss`, which the run did not measure"
        );
    }
}
