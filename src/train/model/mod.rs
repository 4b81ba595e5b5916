//! Networks: a trunk shared by all tasks and one head per task.
//!
//! Owns architecture, initial weights and tensor names; the arithmetic is `kernels`', the loop is `fit`'s.

#[cfg(test)]
mod agreement;
mod head;
mod layer;
mod mobilenet_v2;
mod names;

use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, Var, bail};
use candle_nn::VarMap;

use self::head::Head;
use self::mobilenet_v2::MobileNetV2;
use super::rng::Generator;

/// What a network looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Multiplier of every channel count of the trunk.
    pub width_mult: f64,
    /// Share of a head's hidden values that training sets to zero (the `dropout` hyper-parameter; 0.5 in the reference).
    pub dropout: f64,
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
///
/// Tensor names are torchvision's (`features.<i>…`, with `num_batches_tracked`) and `<task>_clf.0|3`.
pub struct Network {
    /// Every trainable parameter; a map without order, so [`Network::parameters`] sorts.
    variables: VarMap,
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
        let variables = VarMap::new();
        let mut initial = Initial {
            variables: &variables,
            seed,
        };
        let trunk = MobileNetV2::new(config.width_mult, &mut initial)?;
        let mut heads = BTreeMap::new();
        for (task, n_classes) in &config.heads {
            let head = Head::new(
                task,
                [trunk.n_features(), *n_classes],
                config.dropout,
                &mut initial,
            )?;
            heads.insert(task.clone(), head);
        }
        Ok(Self {
            variables,
            trunk,
            heads,
        })
    }

    /// The trunk's output.
    ///
    /// # Shapes
    /// `images: [B, H, W, 3] f32`, normalised; the result is `[B, F]`.
    ///
    /// # Errors
    /// Shapes do not fit.
    pub fn features(&self, images: &Tensor, mode: &mut Mode<'_>) -> Result<Tensor> {
        self.trunk.forward(images, matches!(mode, Mode::Train(_)))
    }

    /// The head of `task`.
    ///
    /// # Shapes
    /// `features: [B, F]`; the result is `[B, K]`.
    ///
    /// # Errors
    /// There is no such head, or shapes do not fit.
    pub fn logits(&self, features: &Tensor, task: &str, mode: &mut Mode<'_>) -> Result<Tensor> {
        match self.heads.get(task) {
            Some(head) => head.forward(features, mode),
            None => bail!("the network has no head for task `{task}`"),
        }
    }

    /// Trainable parameters by name, sorted.
    pub fn parameters(&self) -> Vec<(String, Var)> {
        let variables = self
            .variables
            .data()
            .lock()
            .expect("nobody panicked with the lock");
        let mut sorted: Vec<_> = variables
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted
    }

    /// Parameters and buffers (running statistics) by name, for a checkpoint.
    ///
    /// # Errors
    /// candle's.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state: BTreeMap<String, Tensor> = BTreeMap::new();
        for (name, variable) in self.parameters() {
            state.insert(name, variable.as_detached_tensor().copy()?);
        }
        for layer in self.trunk.layers() {
            state.extend(layer.buffers()?);
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
        for (name, variable) in self
            .parameters()
            .into_iter()
            .filter(|(name, _)| wanted(name))
        {
            variable.set(&take(&name, variable.dims())?.contiguous()?)?;
        }
        for layer in self.trunk.layers() {
            layer.load_buffers(&mut take)?;
        }
        Ok(given.into_values().map(|(name, _)| name.clone()).collect())
    }
}

/// Makes initial weights: a generator per tensor name, so that no tensor depends on another.
struct Initial<'a> {
    variables: &'a VarMap,
    seed: u64,
}

impl Initial<'_> {
    fn variable(
        &mut self,
        name: &str,
        shape: &[usize],
        mut draw: impl FnMut(&mut Generator) -> f64,
    ) -> Result<Var> {
        let mut generator = Generator::new(self.seed, name, &[]);
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| draw(&mut generator) as f32)
            .collect();
        let variable = Var::from_vec(values, shape, &Device::Cpu)?;
        let mut variables = self
            .variables
            .data()
            .lock()
            .expect("nobody panicked with the lock");
        variables.insert(name.to_owned(), variable.clone());
        Ok(variable)
    }
}
