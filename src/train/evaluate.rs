//! From logits to metrics and predictions.
//!
//! Owns what a loss, an accuracy or an age error is for the trainer; `audit` derives the same from
//! predictions by code of its own. Sums run in float64 over samples in their order, so that a metric is a
//! pure function of the logits.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::data::{Batch, Dataset, Sample};
use super::exact;
use super::model::Frozen;
use crate::metric::{MetricName, Split, name};
use crate::store::{MetricRow, PredictionRow};

/// What the network says of one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome {
    /// Most probable class, the first on ties.
    prediction: u32,
    /// Natural logarithm of the label's probability.
    log_probability: f64,
    /// Probability-weighted class index.
    expected_class: f64,
}

impl Outcome {
    /// Softmax in float64, with the same bits on every platform.
    fn new(logits: &[f32], label: u32) -> Self {
        let mut prediction = 0;
        for (class, logit) in logits.iter().enumerate() {
            if *logit > logits[prediction] {
                prediction = class;
            }
        }
        let highest = f64::from(logits[prediction]);
        let (mut sum, mut weighted) = (0.0, 0.0);
        for (class, logit) in logits.iter().enumerate() {
            let weight = libm::exp(f64::from(*logit) - highest);
            sum += weight;
            weighted += weight * class as f64;
        }
        Self {
            prediction: prediction as u32,
            log_probability: f64::from(logits[label as usize]) - highest - libm::log(sum),
            expected_class: weighted / sum,
        }
    }
}

/// Sums over the samples of one task, from which its metrics follow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    n: u64,
    correct: u64,
    #[serde(with = "exact")]
    loss: f64,
    age: Option<AgeTally>,
}

/// What is summed for age besides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct AgeTally {
    #[serde(with = "exact")]
    error: f64,
    #[serde(with = "exact")]
    error_of_expected: f64,
    n_voted: u64,
    #[serde(with = "exact")]
    epsilon: f64,
}

impl Tally {
    /// No samples of `task` yet.
    pub fn new(task: &str) -> Self {
        Self {
            age: (task == name::AGE).then(AgeTally::default),
            ..Self::default()
        }
    }

    /// Takes the samples of a batch.
    ///
    /// # Shapes
    /// `logits`: one row of `n_classes` per sample.
    pub fn add<'s>(
        &mut self,
        logits: &[f32],
        n_classes: usize,
        labels: &[u32],
        samples: impl Iterator<Item = &'s Sample>,
    ) {
        let rows = logits.chunks_exact(n_classes).zip(labels);
        for ((logits, label), sample) in rows.zip(samples) {
            let outcome = Outcome::new(logits, *label);
            self.n += 1;
            self.correct += u64::from(outcome.prediction == *label);
            self.loss -= outcome.log_probability;
            if let Some(age) = &mut self.age {
                age.add(outcome, *label, sample);
            }
        }
    }

    /// Mean cross-entropy per sample.
    pub fn loss(&self) -> f64 {
        self.loss / self.n as f64
    }

    /// The metrics of `task` on `split`.
    pub fn rows(&self, split: Split, task: &str, epoch: u32, step: u64) -> Vec<MetricRow> {
        let mean = |name: &str, sum: f64, n: u64| MetricRow {
            metric: MetricName::new(split, task, name).to_string(),
            epoch: epoch as i32,
            step: step as i64,
            value: sum / n as f64,
            count: Some(n as i64),
        };
        let mut rows = vec![
            mean(name::LOSS, self.loss, self.n),
            mean(name::ACCURACY, self.correct as f64, self.n),
        ];
        if let Some(age) = &self.age {
            rows.push(mean(name::MAE, age.error, self.n));
            rows.push(mean(name::MAE_EXPECTED, age.error_of_expected, self.n));
            if age.n_voted > 0 {
                rows.push(mean(name::EPSILON, age.epsilon, age.n_voted));
            }
        }
        rows
    }
}

impl AgeTally {
    fn add(&mut self, outcome: Outcome, label: u32, sample: &Sample) {
        let (years, expected) = (
            f64::from(outcome.prediction + 1),
            outcome.expected_class + 1.0,
        );
        let truth = f64::from(label + 1);
        self.error += (years - truth).abs();
        self.error_of_expected += (expected - truth).abs();
        if let (Some(mean), Some(deviation)) = (sample.label_mean, sample.label_std) {
            self.n_voted += 1;
            self.epsilon += epsilon(years, mean, deviation);
        }
    }
}

/// ChaLearn's error of an age against votes: 0 at their mean, towards 1 far from it.
fn epsilon(years: f64, mean: f64, deviation: f64) -> f64 {
    if deviation == 0.0 {
        return f64::from(u8::from(years != mean));
    }
    1.0 - libm::exp(-(years - mean).powi(2) / (2.0 * deviation.powi(2)))
}

/// The logits of every sample of a split, in the order of the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Logits {
    /// Rows of `n_classes`.
    pub values: Vec<f32>,
    /// Number of classes.
    pub n_classes: usize,
}

/// What an evaluation of one split gives, by task.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Sums behind the metrics.
    pub tallies: BTreeMap<String, Tally>,
    /// What predictions follow from.
    pub logits: BTreeMap<String, Logits>,
}

impl Evaluation {
    /// Takes a batch of `split`, for every task of its data set.
    ///
    /// # Errors
    /// candle's.
    pub fn add(
        &mut self,
        network: &Frozen,
        dataset: &Dataset,
        split: Split,
        batch: &Batch,
        image_size: usize,
    ) -> candle_core::Result<()> {
        let samples = dataset.split(split);
        let images = images(batch, image_size)?;
        let features = network.features(&images)?;
        for (labels, task) in batch.labels.iter().zip(&dataset.tasks) {
            let logits = network.logits(&features, &task.name)?;
            let logits: Vec<f32> = logits.flatten_all()?.to_vec1()?;
            let n_classes = task.classes.len();
            let of_batch = batch.sample_idx.iter().map(|i| &samples[*i]);
            self.tallies
                .entry(task.name.clone())
                .or_insert_with(|| Tally::new(&task.name))
                .add(&logits, n_classes, labels, of_batch);
            let all = self.logits.entry(task.name.clone());
            all.or_insert_with(|| Logits {
                values: Vec::new(),
                n_classes,
            })
            .values
            .extend(logits);
        }
        Ok(())
    }
}

/// The images of a batch as a tensor.
///
/// # Errors
/// candle's.
pub(super) fn images(batch: &Batch, image_size: usize) -> candle_core::Result<Tensor> {
    let shape = (batch.n, image_size, image_size, 3);
    Tensor::from_slice(&batch.images, shape, &Device::Cpu)
}

/// The predictions behind `logits` on the test split.
pub fn predictions(
    datasets: &[Arc<Dataset>],
    logits: &BTreeMap<String, Logits>,
    epoch: u32,
) -> Vec<PredictionRow> {
    let mut rows = Vec::new();
    for dataset in datasets {
        for (task_idx, task) in dataset.tasks.iter().enumerate() {
            let Logits { values, n_classes } = &logits[&task.name];
            let samples = dataset.split(Split::Test).iter();
            let per_sample = values.chunks_exact(*n_classes).zip(samples);
            rows.extend(per_sample.map(|(logits, sample)| {
                prediction(&task.name, sample, sample.labels[task_idx], logits, epoch)
            }));
        }
    }
    rows
}

fn prediction(
    task: &str,
    sample: &Sample,
    label: u32,
    logits: &[f32],
    epoch: u32,
) -> PredictionRow {
    let outcome = Outcome::new(logits, label);
    let is_age = task == name::AGE;
    let shown = |class: u32| class as i32 + i32::from(is_age);
    PredictionRow {
        split: Split::Test.to_string(),
        task: task.to_owned(),
        sample: sample.id.clone(),
        epoch: epoch as i32,
        label: shown(label),
        prediction: shown(outcome.prediction),
        probability: libm::exp(outcome.log_probability),
        log_probability: outcome.log_probability,
        expected: is_age.then_some(outcome.expected_class + 1.0),
        label_mean: sample.label_mean.filter(|_| is_age),
        label_std: sample.label_std.filter(|_| is_age),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle (Python's decimal, 40 digits): e = [Decimal(x).exp() for x in (1, 2, 4)];
    // (e[1] / sum(e)).ln(), (e[1] + 2 * e[2]) / sum(e)
    #[test]
    fn softmax_agrees_with_exact_arithmetic() {
        let outcome = Outcome::new(&[1.0, 2.0, 4.0], 1);
        assert_eq!(outcome.prediction, 2);
        assert!((outcome.log_probability - -2.169_846_019_556_285_6).abs() < 1e-14);
        assert!((outcome.expected_class - 1.801_784_668_347_273_4).abs() < 1e-14);
    }

    #[test]
    fn ties_go_to_the_first_class_and_large_logits_do_not_overflow() {
        let outcome = Outcome::new(&[1e4, 1e4], 1);
        assert_eq!(outcome.prediction, 0);
        assert!((outcome.log_probability + std::f64::consts::LN_2).abs() < 1e-12);
    }

    #[test]
    fn epsilon_is_zero_at_the_mean_and_one_without_spread() {
        assert_eq!(epsilon(30.0, 30.0, 2.0), 0.0);
        assert!((epsilon(32.0, 30.0, 2.0) - (1.0 - (-0.5_f64).exp())).abs() < 1e-15);
        assert_eq!(epsilon(30.0, 30.0, 0.0), 0.0);
        assert_eq!(epsilon(31.0, 30.0, 0.0), 1.0);
    }

    #[test]
    fn a_tally_survives_json_bit_for_bit() {
        let mut tally = Tally::new(name::AGE);
        tally.loss = 0.1 + 0.2;
        tally.age.as_mut().expect("age").error = f64::NAN;
        let text = serde_json::to_string(&tally).expect("serialisable");
        let read: Tally = serde_json::from_str(&text).expect("readable");
        assert_eq!(read.loss.to_bits(), tally.loss.to_bits());
        assert!(read.age.expect("age").error.is_nan());
    }
}
