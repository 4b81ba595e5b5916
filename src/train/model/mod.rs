//! Networks: a trunk shared by all tasks and one head per task.

use std::collections::BTreeMap;

use candle_core::{Result, Tensor, Var};

use super::rng::Generator;

/// What a network looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Multiplier of every channel count of the trunk.
    pub width_mult: f64,
    /// Heads: task name and number of classes.
    pub heads: Vec<(String, usize)>,
}

/// How a forward pass is meant.
#[derive(Debug)]
pub enum Mode<'a> {
    /// Batch statistics (running ones are updated) and dropout, drawn from the generator.
    Train(&'a mut Generator),
    /// Running statistics, no dropout.
    Evaluate,
}

/// MobileNet-V2 with one head per task.
#[derive(Debug)]
pub struct Network {}

impl Network {
    /// A network with random weights, a pure function of `config` and `seed`.
    ///
    /// # Errors
    /// candle's.
    pub fn new(config: &NetworkConfig, seed: u64) -> Result<Self> {
        let _ = (config, seed);
        unimplemented!()
    }

    /// The trunk's output.
    ///
    /// # Shapes
    /// `images: [B, H, W, 3] f32`, normalised; the result is `[B, F]`.
    ///
    /// # Errors
    /// Shapes do not fit.
    pub fn features(&self, images: &Tensor, mode: &mut Mode<'_>) -> Result<Tensor> {
        let _ = (images, mode);
        unimplemented!()
    }

    /// The head of `task`.
    ///
    /// # Shapes
    /// `features: [B, F]`; the result is `[B, K]`.
    ///
    /// # Errors
    /// There is no such head, or shapes do not fit.
    pub fn logits(&self, features: &Tensor, task: &str, mode: &mut Mode<'_>) -> Result<Tensor> {
        let _ = (features, task, mode);
        unimplemented!()
    }

    /// Trainable parameters by name, sorted.
    pub fn parameters(&self) -> Vec<(String, Var)> {
        unimplemented!()
    }

    /// Parameters and buffers (running statistics) by name, for a checkpoint.
    ///
    /// # Errors
    /// candle's.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        unimplemented!()
    }

    /// Replaces parameters and buffers by those of `state` (see `state` for what is loaded).
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn load(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let _ = state;
        unimplemented!()
    }

    /// Replaces only the trunk; heads stay as they are. Returns the names that were ignored.
    ///
    /// # Errors
    /// A tensor of the trunk is missing or has another shape.
    pub fn load_trunk(&mut self, state: &BTreeMap<String, Tensor>) -> Result<Vec<String>> {
        let _ = state;
        unimplemented!()
    }
}
