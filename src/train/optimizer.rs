//! Stochastic gradient descent with momentum and weight decay, as PyTorch's `SGD` (no Nesterov, no dampening).
//!
//! # Source
//! <https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html>: `g += weight_decay * w`,
//! `v = momentum * v + g` (`v = g` at the first step), `w -= learning_rate * v`.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};

use super::model::Network;

/// The optimiser's constants and its velocities.
#[derive(Debug, Clone)]
pub struct Sgd {
    /// 0 is plain gradient descent.
    pub momentum: f64,
    /// Factor of the L2 penalty added to every gradient.
    pub weight_decay: f64,
    /// Velocity by parameter name; empty before the first step.
    pub velocity: BTreeMap<String, Tensor>,
}

impl Sgd {
    /// An optimiser before its first step.
    pub fn new(momentum: f64, weight_decay: f64) -> Self {
        Self {
            momentum,
            weight_decay,
            velocity: BTreeMap::new(),
        }
    }

    /// Updates every parameter of `network` that has a gradient.
    ///
    /// # Errors
    /// candle's.
    pub fn step(
        &mut self,
        network: &Network,
        gradients: &GradStore,
        learning_rate: f64,
    ) -> Result<()> {
        let _ = (network, gradients, learning_rate);
        unimplemented!("replaced below")
    }
}
