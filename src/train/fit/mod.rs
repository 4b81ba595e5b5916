//! The training loop: one for every way in which tasks share optimiser steps.
//!
//! A round takes one batch from each loader; the training type only decides how the losses of a round are
//! grouped into optimiser steps. Tasks of weight 0 are not opened, not forwarded and not evaluated, and
//! the network has no head for them. Everything random derives from (seed, purpose, position), so that a
//! run continues bit for bit from a [`Snapshot`].

mod event;
mod keeping;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use candle_core::Tensor;

pub use event::{Event, Observer};

use super::checkpoint::{Best, CheckpointError, Snapshot, State, Tensors, weights_to_bytes};
use super::data::{Batch, Batches, DataError, Dataset, Loader};
use super::evaluate::{Evaluation, Logits, Tally, images};
use super::loss::cross_entropy;
use super::model::Network;
use super::optimizer::Sgd;
use super::rng::Generator;
use super::schedule::ReduceOnPlateau;
use super::spec::{Config, TrainingType};
use crate::metric::{MetricName, Split, name};
use crate::store::{MetricRow, RunWriter, StoreError, checkpoint};

/// Rounds of an epoch of a debug run.
const DEBUG_ROUNDS: usize = 2;

/// Why training stopped with an error.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// Images could not be loaded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The run could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A computation failed.
    #[error("training failed: {0}")]
    Candle(#[from] candle_core::Error),
}

/// How training came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// After the last epoch.
    Completed,
    /// On request, after a snapshot.
    Interrupted,
}

/// What training needs from outside.
pub struct Surroundings<'a> {
    /// The run.
    pub writer: &'a mut RunWriter,
    /// Whether to stop after the round under way.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// The time for the record, UTC.
    pub now: &'a (dyn Fn() -> String + Sync),
    /// The CSV copy of the metrics.
    pub log: Option<PathBuf>,
    /// Whoever listens.
    pub observe: &'a mut Observer<'a>,
}

/// A pass through the network within an optimiser step.
struct Pass {
    dataset: usize,
    /// Index of the task in the data set, its weight.
    tasks: Vec<(usize, f64)>,
}

/// A network in training.
pub struct Trainer<'a> {
    config: &'a Config,
    seed: u64,
    datasets: Vec<Arc<Dataset>>,
    loader: Loader,
    /// The optimiser steps of one round.
    steps: Vec<Vec<Pass>>,
    network: Network,
    optimizer: Sgd,
    state: State,
    best_weights: Tensors,
    best_logits: BTreeMap<String, Logits>,
    rows: Vec<MetricRow>,
    snapshot_at: Instant,
    heartbeat_at: Instant,
    counted_from: Instant,
}

impl<'a> Trainer<'a> {
    /// A trainer before its first step, with the weights of `network`.
    pub fn new(
        config: &'a Config,
        seed: u64,
        datasets: Vec<Arc<Dataset>>,
        loader: Loader,
        network: Network,
    ) -> Self {
        let steps = steps(config, &datasets);
        let now = Instant::now();
        Self {
            steps,
            optimizer: Sgd::new(config.momentum, config.weight_decay),
            state: State {
                epoch: 0,
                round: 0,
                step: 0,
                tallies: empty_tallies(&datasets),
                schedule: ReduceOnPlateau::new(config.lr_rate, config.lr_schedule),
                best: None,
                duration_secs: 0.0,
            },
            best_weights: Tensors::new(),
            best_logits: BTreeMap::new(),
            rows: Vec::new(),
            snapshot_at: now,
            heartbeat_at: now,
            counted_from: now,
            config,
            seed,
            datasets,
            loader,
            network,
        }
    }

    /// Goes on from `snapshot`; `rows` are the metrics of its epochs.
    ///
    /// # Errors
    /// The weights do not fit the network.
    pub fn continue_from(
        &mut self,
        snapshot: Snapshot,
        rows: Vec<MetricRow>,
    ) -> Result<(), FitError> {
        self.network.load(&snapshot.weights)?;
        self.optimizer.velocity = self.network.joined(&snapshot.velocity)?;
        self.state = snapshot.state;
        self.best_weights = snapshot.best_weights;
        self.best_logits = snapshot.best_logits;
        self.rows = rows;
        Ok(())
    }

    /// Where training is.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Trains to the last epoch, or until asked to stop.
    ///
    /// # Errors
    /// Data, disk or a computation fail; what was written stays.
    pub fn run(&mut self, around: &mut Surroundings<'_>) -> Result<Ended, FitError> {
        (around.observe)(Event::Started {
            n_epochs: self.config.epoch,
            epoch: self.state.epoch,
        });
        while self.state.epoch < self.config.epoch {
            let mut ended = self.train_epoch(around)?;
            if ended == Ended::Completed {
                ended = self.finish_epoch(around)?;
            }
            if ended == Ended::Interrupted {
                self.write_snapshot(around)?;
                return Ok(Ended::Interrupted);
            }
        }
        let weights = weights_to_bytes(&self.network.state()?)?;
        around
            .writer
            .write_file(checkpoint::LAST, &weights, false)?;
        Ok(Ended::Completed)
    }

    fn train_epoch(&mut self, around: &mut Surroundings<'_>) -> Result<Ended, FitError> {
        let epoch = self.state.epoch + 1;
        let mut loaders: Vec<Batches> = self
            .datasets
            .iter()
            .map(|dataset| self.loader.train_batches(dataset, epoch, self.state.round))
            .collect();
        let n_rounds = self.n_rounds(&loaders);
        while self.state.round < n_rounds {
            let round = loaders
                .iter_mut()
                .map(|loader| loader.next().expect("the shortest loader ends the epoch"))
                .collect::<Result<Vec<Batch>, _>>()?;
            self.train_round(&round)?;
            (around.observe)(Event::Round {
                epoch,
                round: self.state.round,
                n_rounds,
                n_images: round.iter().map(|batch| batch.n).sum(),
                loss: self.total_loss(&self.state.tallies),
            });
            if (around.stop)() {
                return Ok(Ended::Interrupted);
            }
            self.give_signs_of_life(around)?;
        }
        Ok(Ended::Completed)
    }

    fn n_rounds(&self, loaders: &[Batches]) -> usize {
        let shortest = loaders.iter().map(Batches::n_batches).min().unwrap_or(0);
        match self.config.debug {
            true => shortest.min(DEBUG_ROUNDS),
            false => shortest,
        }
    }

    /// The optimiser steps of one round of batches.
    fn train_round(&mut self, round: &[Batch]) -> Result<(), FitError> {
        let tensors = round
            .iter()
            .map(|batch| images(batch, self.config.image_size))
            .collect::<candle_core::Result<Vec<Tensor>>>()?;
        for step in 0..self.steps.len() {
            let mut dropout = Generator::new(self.seed, "dropout", &[self.state.step]);
            let loss = self.loss(step, round, &tensors, &mut dropout)?;
            let gradients = loss.backward()?;
            let learning_rate = self.state.schedule.learning_rate;
            self.optimizer
                .step(&self.network, &gradients, learning_rate)?;
            self.state.step += 1;
        }
        self.state.round += 1;
        Ok(())
    }

    /// The weighted loss of optimiser step `step` of a round; what it saw goes into the tallies.
    fn loss(
        &mut self,
        step: usize,
        round: &[Batch],
        images: &[Tensor],
        dropout: &mut Generator,
    ) -> Result<Tensor, FitError> {
        let mut total: Option<Tensor> = None;
        for pass in &self.steps[step] {
            let (batch, dataset) = (&round[pass.dataset], &self.datasets[pass.dataset]);
            let samples = dataset.split(Split::Train);
            let features = self.network.features(&images[pass.dataset])?;
            for (task_idx, weight) in &pass.tasks {
                let (task, labels) = (&dataset.tasks[*task_idx], &batch.labels[*task_idx]);
                let logits = self.network.logits(&features, &task.name, dropout)?;
                let loss = (cross_entropy(&logits, labels)? * *weight)?;
                total = Some(match total {
                    Some(sum) => (sum + loss)?,
                    None => loss,
                });
                let tally = self.state.tallies.get_mut(&task.name);
                tally.expect("every active task has a tally").add(
                    &logits.flatten_all()?.to_vec1()?,
                    task.classes.len(),
                    labels,
                    batch.sample_idx.iter().map(|i| &samples[*i]),
                );
            }
        }
        Ok(total.expect("a step has a task"))
    }

    /// Evaluates, selects, lets the schedule decide, and writes all of it. Where that is interrupted, the
    /// state is still that after the last round.
    fn finish_epoch(&mut self, around: &mut Surroundings<'_>) -> Result<Ended, FitError> {
        let Some(valid) = self.evaluate(Split::Valid, around)? else {
            return Ok(Ended::Interrupted);
        };
        let Some(test) = self.evaluate(Split::Test, around)? else {
            return Ok(Ended::Interrupted);
        };
        let epoch = self.state.epoch + 1;
        let learning_rate = self.state.schedule.learning_rate;
        let train = std::mem::replace(&mut self.state.tallies, empty_tallies(&self.datasets));
        let mut rows = Vec::new();
        rows.extend(self.rows_of(Split::Train, &train));
        rows.extend(self.rows_of(Split::Valid, &valid.tallies));
        rows.extend(self.rows_of(Split::Test, &test.tallies));
        rows.push(self.total_row(Split::Train, name::LEARNING_RATE, learning_rate));
        let valid_loss = self.total_loss(&valid.tallies);
        self.state.epoch = epoch;
        self.state.round = 0;
        self.state.schedule.observe(valid_loss);
        self.rows.extend(rows.iter().cloned());
        let is_best = self.state.best.is_none_or(|b| b.is_beaten_by(valid_loss));
        if is_best {
            self.state.best = Some(Best {
                epoch,
                loss: valid_loss,
            });
            self.best_weights = self.network.state()?;
            self.best_logits = test.logits.clone();
        }
        self.write_epoch(around, &test, is_best)?;
        (around.observe)(Event::Epoch { epoch, rows: &rows });
        Ok(Ended::Completed)
    }

    /// Evaluates a split; `None` where it was asked to stop meanwhile.
    fn evaluate(
        &mut self,
        split: Split,
        around: &mut Surroundings<'_>,
    ) -> Result<Option<Evaluation>, FitError> {
        let side = self.config.image_size;
        let mut evaluation = Evaluation::default();
        let network = self.network.freeze()?;
        for dataset in self.datasets.clone() {
            for batch in self.loader.evaluation_batches(&dataset, split) {
                evaluation.add(&network, &dataset, split, &batch?, side)?;
                if (around.stop)() {
                    return Ok(None);
                }
                self.give_signs_of_life(around)?;
            }
        }
        Ok(Some(evaluation))
    }

    fn rows_of(&self, split: Split, tallies: &BTreeMap<String, Tally>) -> Vec<MetricRow> {
        let (epoch, step) = (self.state.epoch + 1, self.state.step);
        let mut rows: Vec<MetricRow> = tallies
            .iter()
            .flat_map(|(task, tally)| tally.rows(split, task, epoch, step))
            .collect();
        rows.push(self.total_row(split, name::LOSS, self.total_loss(tallies)));
        rows
    }

    fn total_row(&self, split: Split, name: &str, value: f64) -> MetricRow {
        MetricRow {
            metric: MetricName::new(split, name::TOTAL, name).to_string(),
            epoch: self.state.epoch as i32 + 1,
            step: self.state.step as i64,
            value,
            count: None,
        }
    }

    /// The weighted sum of the tasks' mean losses.
    fn total_loss(&self, tallies: &BTreeMap<String, Tally>) -> f64 {
        let tasks = self.config.active_tasks();
        tasks
            .iter()
            .map(|(task, weight)| weight * tallies[*task].loss())
            .sum()
    }
}

/// How the losses of a round are grouped into optimiser steps.
fn steps(config: &Config, datasets: &[Arc<Dataset>]) -> Vec<Vec<Pass>> {
    let weights: BTreeMap<&str, f64> = config.active_tasks().into_iter().collect();
    let passes = datasets.iter().enumerate().map(|(dataset, of)| Pass {
        dataset,
        tasks: (0..of.tasks.len())
            .map(|i| (i, weights[of.tasks[i].name.as_str()]))
            .collect(),
    });
    match config.multitask_training_type {
        TrainingType::Joint | TrainingType::PretrainJoint => vec![passes.collect()],
        TrainingType::Alternating | TrainingType::PretrainAlternating => passes
            .flat_map(|pass| {
                pass.tasks.into_iter().map(move |task| {
                    vec![Pass {
                        dataset: pass.dataset,
                        tasks: vec![task],
                    }]
                })
            })
            .collect(),
    }
}

fn empty_tallies(datasets: &[Arc<Dataset>]) -> BTreeMap<String, Tally> {
    datasets
        .iter()
        .flat_map(|dataset| &dataset.tasks)
        .map(|task| (task.name.clone(), Tally::new(&task.name)))
        .collect()
}
