//! Weights on disk, and the snapshot that a run continues from.
//!
//! A snapshot is one file, replaced by one rename: weights, velocities, the best weights and what was
//! predicted with them, and in its metadata the position, the schedule and partial sums. Nothing in it
//! can belong to another moment than the rest. `metrics.parquet`, `predictions.parquet` and the best
//! weights are written before the snapshot of their epoch, so that they are never behind it; what is
//! ahead of it is written again with the same content on the way.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::safetensors::load_buffer;
use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::evaluate::{Logits, Tally};
use super::exact;
use super::schedule::ReduceOnPlateau;

/// Tensors by name.
pub type Tensors = BTreeMap<String, Tensor>;

/// Why weights or a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("`{}`: reading failed: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Not a checkpoint, or one of another shape.
    #[error("`{}`: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Epochs that ended.
    pub epoch: u32,
    /// Rounds done of the epoch under way.
    pub round: usize,
    /// Optimiser steps done.
    pub step: u64,
    /// Training sums of the epoch under way, by task.
    pub tallies: BTreeMap<String, Tally>,
    /// The learning rate and what decides it.
    pub schedule: ReduceOnPlateau,
    /// The selected epoch so far.
    pub best: Option<Best>,
    /// Seconds spent so far.
    pub duration_secs: f64,
}

/// The selected epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// 1-based.
    pub epoch: u32,
    /// Its `valid/total/loss`.
    #[serde(with = "exact")]
    pub loss: f64,
}

impl Best {
    /// Whether `loss` is better than this; any number is better than NaN.
    pub fn is_beaten_by(&self, loss: f64) -> bool {
        loss < self.loss || (self.loss.is_nan() && !loss.is_nan())
    }
}

/// Everything that training goes on from.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Position, schedule and sums.
    pub state: State,
    /// Parameters and buffers.
    pub weights: Tensors,
    /// The optimiser's memory.
    pub velocity: Tensors,
    /// Weights of the selected epoch; empty before the first ended.
    pub best_weights: Tensors,
    /// Logits of the selected epoch on the test split, by task.
    pub best_logits: BTreeMap<String, Logits>,
}

const STATE: &str = "repro.state";
const WEIGHTS: &str = "weights/";
const VELOCITY: &str = "velocity/";
const BEST: &str = "best/";
const LOGITS: &str = "logits/";

impl Snapshot {
    /// The content of the file.
    ///
    /// # Errors
    /// candle's.
    pub fn to_bytes(&self) -> candle_core::Result<Vec<u8>> {
        let mut all = Tensors::new();
        let parts = [
            (WEIGHTS, &self.weights),
            (VELOCITY, &self.velocity),
            (BEST, &self.best_weights),
        ];
        for (prefix, tensors) in parts {
            all.extend(
                tensors
                    .iter()
                    .map(|(k, v)| (format!("{prefix}{k}"), v.clone())),
            );
        }
        for (task, logits) in &self.best_logits {
            let shape = (logits.values.len() / logits.n_classes, logits.n_classes);
            let tensor = Tensor::from_slice(&logits.values, shape, &Device::Cpu)?;
            all.insert(format!("{LOGITS}{task}"), tensor);
        }
        let state = serde_json::to_string(&self.state).expect("a state is serialisable");
        let metadata = HashMap::from([(STATE.to_owned(), state)]);
        Ok(safetensors::serialize(all, Some(metadata))?)
    }

    /// Reads the snapshot at `path`; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read or is no snapshot.
    pub fn read(path: &Path) -> Result<Option<Self>, CheckpointError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                let path = path.to_owned();
                return Err(CheckpointError::Unreadable { path, source });
            }
        };
        let invalid = |message: String| CheckpointError::Invalid {
            path: path.to_owned(),
            message,
        };
        Self::from_bytes(&bytes).map(Some).map_err(invalid)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let metadata = metadata.metadata().as_ref();
        let state = metadata
            .and_then(|pairs| pairs.get(STATE))
            .ok_or("it holds no training state")?;
        let state = serde_json::from_str(state).map_err(|e| e.to_string())?;
        let mut all: Tensors = load_buffer(bytes, &Device::Cpu)
            .map_err(|e| e.to_string())?
            .into_iter()
            .collect();
        let best_logits = take(&mut all, LOGITS)
            .into_iter()
            .map(|(task, tensor)| Ok((task, logits(&tensor)?)))
            .collect::<candle_core::Result<_>>()
            .map_err(|e| e.to_string())?;
        Ok(Self {
            state,
            weights: take(&mut all, WEIGHTS),
            velocity: take(&mut all, VELOCITY),
            best_weights: take(&mut all, BEST),
            best_logits,
        })
    }
}

/// Removes the tensors below `prefix`, and it from their names.
fn take(all: &mut Tensors, prefix: &str) -> Tensors {
    let (below, rest): (Tensors, Tensors) = std::mem::take(all)
        .into_iter()
        .partition(|(name, _)| name.starts_with(prefix));
    *all = rest;
    let stripped = |name: String| name[prefix.len()..].to_owned();
    below
        .into_iter()
        .map(|(name, tensor)| (stripped(name), tensor))
        .collect()
}

fn logits(tensor: &Tensor) -> candle_core::Result<Logits> {
    let (_, n_classes) = tensor.dims2()?;
    let values = tensor.flatten_all()?.to_vec1()?;
    Ok(Logits { values, n_classes })
}

/// The content of a weights file.
///
/// # Errors
/// candle's.
pub fn weights_to_bytes(weights: &Tensors) -> candle_core::Result<Vec<u8>> {
    Ok(safetensors::serialize(weights, None)?)
}

/// Reads a weights file; with it the hash of its content.
///
/// # Errors
/// The file cannot be read or is not safetensors.
pub fn read_weights(path: &Path) -> Result<(Tensors, String), CheckpointError> {
    let bytes = std::fs::read(path).map_err(|source| CheckpointError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let tensors = load_buffer(&bytes, &Device::Cpu).map_err(|error| CheckpointError::Invalid {
        path: path.to_owned(),
        message: error.to_string(),
    })?;
    Ok((
        tensors.into_iter().collect(),
        blake3::hash(&bytes).to_hex().to_string(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors(value: f32) -> Tensors {
        let tensor = Tensor::new(&[value, -0.0], &Device::Cpu).expect("valid");
        let counter = Tensor::new(&[7_i64], &Device::Cpu).expect("valid");
        Tensors::from([("a.weight".to_owned(), tensor), ("n".to_owned(), counter)])
    }

    #[test]
    fn a_snapshot_survives_its_file_bit_for_bit() {
        let mut schedule = ReduceOnPlateau::new(0.1, 3);
        schedule.best = Some(f64::NAN);
        let snapshot = Snapshot {
            state: State {
                epoch: 2,
                round: 5,
                step: 25,
                tallies: BTreeMap::from([("age".to_owned(), Tally::new("age"))]),
                schedule,
                best: Some(Best {
                    epoch: 1,
                    loss: 0.1 + 0.2,
                }),
                duration_secs: 1.5,
            },
            weights: tensors(1.0),
            velocity: tensors(2.0),
            best_weights: tensors(3.0),
            best_logits: BTreeMap::from([(
                "age".to_owned(),
                Logits {
                    values: vec![1.0, 2.0, 3.0, f32::MIN_POSITIVE],
                    n_classes: 2,
                },
            )]),
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("resume.safetensors");
        assert!(Snapshot::read(&path).expect("absent").is_none());
        let bytes = snapshot.to_bytes().expect("serialisable");
        std::fs::write(&path, &bytes).expect("written");
        let read = Snapshot::read(&path).expect("readable").expect("present");
        // NaN is not equal to itself, the bytes of a second snapshot are.
        assert_eq!(read.to_bytes().expect("serialisable"), bytes);
        assert_eq!(read.best_logits, snapshot.best_logits);
        assert!(read.state.schedule.best.is_some_and(f64::is_nan));
    }

    #[test]
    fn what_is_no_snapshot_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("resume.safetensors");
        let weights = weights_to_bytes(&tensors(1.0)).expect("serialisable");
        std::fs::write(&path, weights).expect("written");
        let error = Snapshot::read(&path).expect_err("only weights");
        assert!(
            error.to_string().ends_with("it holds no training state"),
            "{error}"
        );
    }

    #[test]
    fn any_number_beats_nan() {
        let best = |loss| Best { epoch: 1, loss };
        assert!(best(f64::NAN).is_beaten_by(9.0));
        assert!(!best(1.0).is_beaten_by(f64::NAN));
        assert!(!best(1.0).is_beaten_by(1.0));
        assert!(best(1.0).is_beaten_by(0.5));
    }
}
