//! Metrics from stored predictions, written a second time on purpose: none of this is shared with the
//! trainer, so that a mistake in its metrics does not verify itself.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Int32Chunked, PolarsError};

use crate::metric::{MetricName, Split, name};
use crate::record::RunRecord;
use crate::store::{Predictions, prediction_column as column};

/// Greatest relative difference between a stored metric and the same metric from predictions. Both are sums
/// of the same numbers; only the order of summation is free.
pub const TOLERANCE: f64 = 1e-9;

/// A metric computed from predictions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recomputed {
    /// The value, in the unit of the metric.
    pub value: f64,
    /// Rows behind it.
    pub n: usize,
    /// Samples behind them; fewer, where one is counted twice.
    pub n_distinct: usize,
}

impl Recomputed {
    /// How the samples differ from those that `counted` with the stored metric, and the run's record, say.
    pub fn gap(
        &self,
        counted: Option<i64>,
        record: &RunRecord,
        metric: &MetricName,
    ) -> Option<String> {
        let (n, n_distinct) = (self.n, self.n_distinct);
        if n_distinct < n {
            return Some(format!(
                "the predictions hold {n} samples, {n_distinct} of them distinct"
            ));
        }
        let data = record.data.get(&metric.task);
        let split = data.and_then(|data| data.splits.get(&metric.split));
        let recorded = split.and_then(|split| i64::try_from(split.n).ok());
        let claims = [
            ("the metric counts", counted),
            ("the record counts", recorded),
        ];
        claims.into_iter().find_map(|(who, claimed)| {
            let claimed = claimed.filter(|claimed| usize::try_from(*claimed) != Ok(n))?;
            Some(format!("{who} {claimed} samples, the predictions hold {n}"))
        })
    }
}

/// The columns of one task, split and epoch.
struct Samples {
    n_distinct: usize,
    label: Vec<i32>,
    prediction: Vec<i32>,
    log_probability: Vec<f64>,
    expected: Vec<Option<f64>>,
    label_mean: Vec<Option<f64>>,
    label_std: Vec<Option<f64>>,
}

/// The metric at an epoch; `None` where the predictions do not hold what it needs: another epoch, another
/// split, a label that is null, or a metric that does not follow from single samples.
///
/// # Errors
/// The frame is not of the schema.
pub fn from_predictions(
    predictions: &Predictions,
    metric: &MetricName,
    epoch: i32,
) -> Result<Option<Recomputed>, PolarsError> {
    let Some(samples) = samples(predictions, metric.split, &metric.task, epoch)? else {
        return Ok(None);
    };
    let n = samples.label.len();
    if n == 0 {
        return Ok(None);
    }
    let n_distinct = samples.n_distinct;
    Ok(samples.terms(&metric.name).map(|terms| Recomputed {
        value: mean(&terms),
        n,
        n_distinct,
    }))
}

/// A mean in which samples do not weigh the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unequal {
    /// The mean of the means of batches, of which the last is smaller.
    Batches,
    /// The mean of the means of classes.
    Classes,
}

impl Unequal {
    /// What was done, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Batches => "the mean over batches, of which the last is smaller",
            Self::Classes => "the mean over classes of different sizes",
        }
    }
}

/// The mean of unequal parts that a stored metric is, where it is one and not the mean over samples.
///
/// # Errors
/// The frame is not of the schema.
pub fn unequal_mean(
    predictions: &Predictions,
    metric: &MetricName,
    epoch: i32,
    stored: f64,
    batch_size: Option<usize>,
) -> Result<Option<Unequal>, PolarsError> {
    let Some(samples) = samples(predictions, metric.split, &metric.task, epoch)? else {
        return Ok(None);
    };
    let Some(terms) = samples
        .terms(&metric.name)
        .filter(|terms| !terms.is_empty())
    else {
        return Ok(None);
    };
    if agree(stored, mean(&terms)) {
        return Ok(None);
    }
    if batch_size.is_some_and(|size| size > 0 && agree(stored, mean_of_means(terms.chunks(size)))) {
        return Ok(Some(Unequal::Batches));
    }
    let mut classes: BTreeMap<i32, Vec<f64>> = BTreeMap::new();
    for (label, term) in samples.label.iter().zip(&terms) {
        classes.entry(*label).or_default().push(*term);
    }
    let of_classes = mean_of_means(classes.values().map(Vec::as_slice));
    Ok(agree(stored, of_classes).then_some(Unequal::Classes))
}

fn mean(terms: &[f64]) -> f64 {
    terms.iter().sum::<f64>() / terms.len() as f64
}

fn mean_of_means<'t>(parts: impl Iterator<Item = &'t [f64]>) -> f64 {
    let means: Vec<f64> = parts.map(mean).collect();
    mean(&means)
}

/// Whether two values of a metric are the same up to the order of summation.
pub fn agree(stored: f64, recomputed: f64) -> bool {
    (stored.is_nan() && recomputed.is_nan())
        || (stored - recomputed).abs() <= TOLERANCE * stored.abs().max(recomputed.abs())
}

fn samples(
    predictions: &Predictions,
    split: Split,
    task: &str,
    epoch: i32,
) -> Result<Option<Samples>, PolarsError> {
    let frame = predictions.frame();
    let splits = frame.column(column::SPLIT)?.str()?;
    let tasks = frame.column(column::TASK)?.str()?;
    let names = frame.column(column::SAMPLE)?.str()?;
    let epochs = frame.column(column::EPOCH)?.i32()?;
    let label = frame.column(column::LABEL)?.i32()?;
    let prediction = frame.column(column::PREDICTION)?.i32()?;
    let log_probability = frame.column(column::LOG_PROBABILITY)?.f64()?;
    let expected = frame.column(column::EXPECTED)?.f64()?;
    let label_mean = frame.column(column::LABEL_MEAN)?.f64()?;
    let label_std = frame.column(column::LABEL_STD)?.f64()?;
    let rows: Vec<usize> = (0..frame.height())
        .filter(|&row| {
            splits.get(row) == Some(split.as_str())
                && tasks.get(row) == Some(task)
                && epochs.get(row) == Some(epoch)
        })
        .collect();
    let whole = |values: &Int32Chunked| rows.iter().map(|&row| values.get(row)).collect();
    let (Some(label), Some(prediction)) = (whole(label), whole(prediction)) else {
        return Ok(None);
    };
    let distinct: BTreeSet<Option<&str>> = rows.iter().map(|&row| names.get(row)).collect();
    Ok(Some(Samples {
        n_distinct: distinct.len(),
        label,
        prediction,
        // A null here makes the loss NaN, which agrees with nothing.
        log_probability: rows
            .iter()
            .map(|&row| log_probability.get(row).unwrap_or(f64::NAN))
            .collect(),
        expected: rows.iter().map(|&row| expected.get(row)).collect(),
        label_mean: rows.iter().map(|&row| label_mean.get(row)).collect(),
        label_std: rows.iter().map(|&row| label_std.get(row)).collect(),
    }))
}

impl Samples {
    /// What each sample adds to a metric, which is the mean of it; `None` where it does not follow from samples.
    fn terms(&self, metric: &str) -> Option<Vec<f64>> {
        let pairs = || self.label.iter().zip(&self.prediction);
        match metric {
            name::ACCURACY => Some(
                pairs()
                    .map(|(label, prediction)| f64::from(u8::from(label == prediction)))
                    .collect(),
            ),
            name::LOSS => Some(self.log_probability.iter().map(|log| -log).collect()),
            name::MAE => Some(
                pairs()
                    .map(|(label, prediction)| (f64::from(*label) - f64::from(*prediction)).abs())
                    .collect(),
            ),
            name::MAE_EXPECTED => self.distances_of_expectations(),
            name::EPSILON => self.epsilons(),
            _ => None,
        }
    }

    /// Distances of the expectation over the classes from the label, in years.
    fn distances_of_expectations(&self) -> Option<Vec<f64>> {
        let pairs = self.label.iter().zip(&self.expected);
        pairs
            .map(|(label, expected)| Some((f64::from(*label) - (*expected)?).abs()))
            .collect()
    }

    /// `1 - exp(-(prediction - mean)² / 2 deviation²)` over the votes behind the labels.
    fn epsilons(&self) -> Option<Vec<f64>> {
        let votes = self.label_mean.iter().zip(&self.label_std);
        let pairs = self.prediction.iter().zip(votes);
        pairs
            .map(|(prediction, (mean, deviation))| {
                let (distance, deviation) = (f64::from(*prediction) - (*mean)?, (*deviation)?);
                Some(1.0 - (-distance * distance / (2.0 * deviation * deviation)).exp())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::PredictionRow;

    fn row(
        sample: &str,
        epoch: i32,
        label: i32,
        prediction: i32,
        probability: f64,
    ) -> PredictionRow {
        PredictionRow {
            split: "test".into(),
            task: "age".into(),
            sample: sample.into(),
            epoch,
            label,
            prediction,
            probability,
            log_probability: probability.ln(),
            expected: Some(f64::from(prediction) + 0.5),
            label_mean: Some(f64::from(label)),
            label_std: Some(2.0),
        }
    }

    #[test]
    fn metrics_by_hand() {
        let rows = [
            row("a", 3, 30, 30, 0.5),
            row("b", 3, 20, 24, 0.25),
            row("c", 2, 1, 9, 0.1),
        ];
        let predictions = Predictions::from_rows(&rows);
        let value = |name: &str| {
            let metric = MetricName::new(Split::Test, "age", name);
            let found = from_predictions(&predictions, &metric, 3).expect("the schema");
            found.expect("stored").value
        };
        assert_eq!(value("accuracy"), 0.5);
        assert_eq!(value("mae"), 2.0);
        assert_eq!(value("mae_expected"), 2.5);
        // (ln 2 + ln 4) / 2
        assert!(agree(value("loss"), 1.039_720_770_839_917_9));
        // (0 + 1 - e^-2) / 2
        assert!(agree(value("epsilon"), 0.432_332_358_381_693_65));
    }

    #[test]
    fn what_is_not_stored_is_none() {
        let predictions = Predictions::from_rows(&[row("a", 3, 30, 30, 0.5)]);
        for (split, task, name, epoch) in [
            (Split::Test, "age", "mae", 2),
            (Split::Valid, "age", "mae", 3),
            (Split::Test, "total", "loss", 3),
            (Split::Test, "age", "learning_rate", 3),
        ] {
            let metric = MetricName::new(split, task, name);
            let found = from_predictions(&predictions, &metric, epoch).expect("the schema");
            assert_eq!(found, None);
        }
    }

    #[test]
    fn means_of_unequal_parts_are_told_apart() {
        // Right, right, wrong; classes 0, 0, 1: over samples 2/3, over classes 1/2, over batches of two 1/2.
        let rows = [
            row("a", 1, 0, 0, 0.5),
            row("b", 1, 0, 0, 0.5),
            row("c", 1, 1, 0, 0.5),
        ];
        let predictions = Predictions::from_rows(&rows);
        let metric = MetricName::new(Split::Test, "age", "accuracy");
        let found = |stored, size| {
            unequal_mean(&predictions, &metric, 1, stored, size).expect("the schema")
        };
        assert_eq!(found(0.5, Some(2)), Some(Unequal::Batches));
        assert_eq!(found(0.5, None), Some(Unequal::Classes));
        assert_eq!(found(2.0 / 3.0, Some(2)), None);
        assert_eq!(found(0.25, Some(2)), None);
    }
}
