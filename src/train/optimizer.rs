//! Stochastic gradient descent with momentum and weight decay, as PyTorch's `SGD` (no Nesterov, no dampening).
//!
//! # Source
//! <https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html>: `g += weight_decay * w`,
//! `v = momentum * v + g` (`v = g` at the first step), `w -= learning_rate * v`.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, bail};
use rayon::prelude::*;

use super::model::Network;

/// Values that one thread updates at a time.
const CHUNK: usize = 1 << 14;

/// The optimiser's constants and its velocities.
#[derive(Debug, Clone)]
pub struct Sgd {
    /// 0 is plain gradient descent.
    pub momentum: f64,
    /// Factor of the L2 penalty added to every gradient.
    pub weight_decay: f64,
    /// Velocity by parameter name; a parameter that never had a gradient has none.
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
        for (name, parameter) in network.variables() {
            let Some(gradient) = gradients.get(parameter.as_tensor()) else {
                continue;
            };
            if !self.velocity.contains_key(&name) {
                self.velocity.insert(name.clone(), parameter.zeros_like()?);
            }
            let velocity = &self.velocity[&name];
            let accumulate = Accumulate {
                momentum: self.momentum as f32,
                weight_decay: self.weight_decay as f32,
            };
            velocity.inplace_op3(parameter.as_tensor(), &gradient.contiguous()?, &accumulate)?;
            parameter.inplace_op2(
                velocity,
                &Descend {
                    learning_rate: learning_rate as f32,
                },
            )?;
        }
        Ok(())
    }
}

/// `velocity = momentum · velocity + (gradient + weight_decay · parameter)`, in place.
struct Accumulate {
    momentum: f32,
    weight_decay: f32,
}

impl InplaceOp3 for Accumulate {
    fn name(&self) -> &'static str {
        "sgd-accumulate"
    }

    fn cpu_fwd(
        &self,
        velocity: &mut CpuStorage,
        layout: &Layout,
        parameter: &CpuStorage,
        parameter_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<()> {
        let parameter = values(parameter, parameter_layout)?;
        let gradient = values(gradient, gradient_layout)?;
        let terms = parameter.par_chunks(CHUNK).zip(gradient.par_chunks(CHUNK));
        let velocity = values_mut(velocity, layout)?.par_chunks_mut(CHUNK);
        velocity
            .zip(terms)
            .for_each(|(velocity, (parameter, gradient))| {
                for (velocity, (parameter, gradient)) in
                    velocity.iter_mut().zip(parameter.iter().zip(gradient))
                {
                    *velocity =
                        self.momentum * *velocity + (gradient + self.weight_decay * parameter);
                }
            });
        Ok(())
    }
}

/// `parameter -= learning_rate · velocity`, in place.
struct Descend {
    learning_rate: f32,
}

impl InplaceOp2 for Descend {
    fn name(&self) -> &'static str {
        "sgd-descend"
    }

    fn cpu_fwd(
        &self,
        parameter: &mut CpuStorage,
        layout: &Layout,
        velocity: &CpuStorage,
        velocity_layout: &Layout,
    ) -> Result<()> {
        let velocity = values(velocity, velocity_layout)?;
        let parameter = values_mut(parameter, layout)?.par_chunks_mut(CHUNK);
        parameter
            .zip(velocity.par_chunks(CHUNK))
            .for_each(|(parameter, velocity)| {
                for (parameter, velocity) in parameter.iter_mut().zip(velocity) {
                    *parameter -= self.learning_rate * velocity;
                }
            });
        Ok(())
    }
}

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(data), Some((start, end))) => Ok(&data[start..end]),
        _ => bail!("sgd: expected contiguous f32 tensors"),
    }
}

fn values_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(data), Some((start, end))) => Ok(&mut data[start..end]),
        _ => bail!("sgd: expected contiguous f32 tensors"),
    }
}
