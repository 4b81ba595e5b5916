//! Networks: a trunk shared by all tasks and one head per task.
//!
//! Owns architecture, initial weights and tensor names; the arithmetic is `kernels`', the loop is `fit`'s.

#[cfg(test)]
mod agreement;
mod block;
mod head;
mod mobilenet_v2;
mod names;
mod norm;
mod parameters;
mod pooled;

use std::collections::BTreeMap;

use self::head::Head;
use self::mobilenet_v2::{FrozenTrunk, MobileNetV2};
use self::parameters::{Initial, Parameters};
use super::kernels::InstructionSet;
use super::rng::Generator;
use candle_core::{Result, Tensor, Var, bail};

/// What a network looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Multiplier of every channel count of the trunk.
    pub width_mult: f64,
    /// Share of a head's hidden values that training sets to zero (the `dropout` hyper-parameter; 0.5 in the reference).
    pub dropout: f64,
    /// Heads: task name and number of classes.
    pub heads: Vec<(String, usize)>,
    /// The vector instructions of its kernels.
    pub instruction_set: InstructionSet,
}

/// MobileNet-V2 with one head per task.
///
/// Tensor names are torchvision's (`features.<i>…`, with `num_batches_tracked`) and `<task>_clf.0|3`.
pub struct Network {
    parameters: Parameters,
    trunk: MobileNetV2,
    heads: BTreeMap<String, Head>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("heads", &self.heads.keys())
            .finish_non_exhaustive()
    }
}

impl Network {
    /// A network with random weights, a pure function of `config` and `seed`.
    ///
    /// # Errors
    /// candle's.
    pub fn new(config: &NetworkConfig, seed: u64) -> Result<Self> {
        let mut initial = Initial::new(seed);
        let set = config.instruction_set;
        let trunk = MobileNetV2::new(config.width_mult, set, &mut initial)?;
        let mut heads = BTreeMap::new();
        for (task, n_classes) in &config.heads {
            let sizes = [trunk.n_features(), *n_classes];
            let head = Head::new(task, sizes, config.dropout, set, &mut initial)?;
            heads.insert(task.clone(), head);
        }
        Ok(Self {
            parameters: initial.finish(),
            trunk,
            heads,
        })
    }

    /// The trunk's output by batch statistics, which are taken into the running ones.
    ///
    /// # Shapes
    /// `images: [B, H, W, 3] f32`, normalised; the result is `[B, F]`.
    ///
    /// # Errors
    /// Shapes do not fit.
    pub fn features(&self, images: &Tensor) -> Result<Tensor> {
        self.trunk.train(images)
    }

    /// The head of `task`, with dropout drawn from `generator`.
    ///
    /// # Shapes
    /// `features: [B, F]`; the result is `[B, K]`.
    ///
    /// # Errors
    /// There is no such head, or shapes do not fit.
    pub fn logits(
        &self,
        features: &Tensor,
        task: &str,
        generator: &mut Generator,
    ) -> Result<Tensor> {
        head(&self.heads, task)?.train(features, generator)
    }

    /// The network as it is now, for evaluation: running statistics folded into the weights, no dropout.
    ///
    /// # Errors
    /// candle's.
    pub fn freeze(&self) -> Result<Frozen> {
        let heads = self.heads.iter();
        let heads = heads.map(|(task, head)| Ok((task.clone(), head.copied()?)));
        Ok(Frozen {
            trunk: self.trunk.freeze()?,
            heads: heads.collect::<Result<_>>()?,
        })
    }

    /// What an optimiser updates, by name, sorted; the names are those of whole blocks where the parameters
    /// of a block lie in one vector.
    pub fn variables(&self) -> Vec<(String, Var)> {
        self.parameters.variables()
    }

    /// The tensors by the names of the model, from values shaped as the variables (weights, gradients, velocities).
    ///
    /// # Errors
    /// candle's.
    pub fn split(&self, values: &BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        self.parameters.split(values)
    }

    /// The reverse of [`Network::split`].
    ///
    /// # Errors
    /// Shapes do not fit, or only some tensors of a variable are there.
    pub fn joined(&self, tensors: &BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        self.parameters.joined(|name, _| Ok(tensors.get(name)))
    }

    /// Parameters and buffers (running statistics) by name, for a checkpoint.
    ///
    /// # Errors
    /// candle's.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let values = self.variables().into_iter();
        let values = values.map(|(name, variable)| (name, variable.as_detached_tensor()));
        let mut state = self.split(&values.collect())?;
        for norm in self.trunk.norms() {
            state.extend(norm.buffers()?);
        }
        Ok(state)
    }

    /// Replaces parameters and buffers by those of `state`, whose names are ours or the reference's.
    ///
    /// # Errors
    /// A tensor is missing, left over, or has another shape.
    pub fn load(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let ignored = self.load_some(state, |_| true)?;
        match ignored.first() {
            None => Ok(()),
            Some(name) => bail!("the checkpoint has a tensor `{name}` that the network has not"),
        }
    }

    /// Replaces only the trunk; heads stay as they are. Returns the names that were ignored.
    ///
    /// # Errors
    /// A tensor of the trunk is missing or has another shape.
    pub fn load_trunk(&mut self, state: &BTreeMap<String, Tensor>) -> Result<Vec<String>> {
        self.load_some(state, |name| name.starts_with(names::TRUNK))
    }

    /// Replaces the tensors whose names `wanted` says; returns what of `state` was not used.
    fn load_some(
        &self,
        state: &BTreeMap<String, Tensor>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>> {
        let mut given: BTreeMap<String, (&String, &Tensor)> = state
            .iter()
            .map(|(name, tensor)| (names::ours(name), (name, tensor)))
            .collect();
        let mut take = |name: &str, dims: &[usize]| match given.remove(name) {
            None => bail!("the checkpoint lacks tensor `{name}`"),
            Some((_, tensor)) if tensor.dims() != dims => {
                bail!(
                    "tensor `{name}` has shape {:?}, expected {dims:?}",
                    tensor.dims()
                )
            }
            Some((_, tensor)) => Ok(tensor),
        };
        let values = self.parameters.joined(|name, shape| match wanted(name) {
            true => take(name, shape).map(Some),
            false => Ok(None),
        })?;
        for (name, variable) in self.variables() {
            if let Some(value) = values.get(&name) {
                variable.set(value)?;
            }
        }
        for norm in self.trunk.norms() {
            norm.load_buffers(&mut take)?;
        }
        Ok(given.into_values().map(|(name, _)| name.clone()).collect())
    }
}

fn head<'h>(heads: &'h BTreeMap<String, Head>, task: &str) -> Result<&'h Head> {
    match heads.get(task) {
        Some(head) => Ok(head),
        None => bail!("the network has no head for task `{task}`"),
    }
}

/// A network made ready for evaluation.
#[derive(Debug)]
pub struct Frozen {
    trunk: FrozenTrunk,
    heads: BTreeMap<String, Head>,
}

impl Frozen {
    /// # Shapes
    /// As [`Network::features`].
    ///
    /// # Errors
    /// Shapes do not fit.
    pub fn features(&self, images: &Tensor) -> Result<Tensor> {
        self.trunk.forward(images)
    }

    /// # Shapes
    /// As [`Network::logits`].
    ///
    /// # Errors
    /// There is no such head, or shapes do not fit.
    pub fn logits(&self, features: &Tensor, task: &str) -> Result<Tensor> {
        head(&self.heads, task)?.evaluate(features)
    }
}
