//! A task's head: Linear(F, 256) → ReLU → Dropout → Linear(256, K).

use candle_core::{Result, Tensor, Var};

use super::parameters::{Initial, Named};
use crate::train::kernels::{self, InstructionSet};
use crate::train::rng::Generator;

const HIDDEN: usize = 256;

/// From pooled features to class logits.
#[derive(Debug)]
pub(super) struct Head {
    hidden: Linear,
    /// Share of the hidden values that survive dropout.
    keep: f64,
    classes: Linear,
}

impl Head {
    pub(super) fn new(
        task: &str,
        [n_features, n_classes]: [usize; 2],
        dropout: f64,
        set: InstructionSet,
        initial: &mut Initial,
    ) -> Result<Self> {
        Ok(Self {
            keep: 1.0 - dropout,
            hidden: Linear::new(&format!("{task}_clf.0"), [n_features, HIDDEN], set, initial)?,
            classes: Linear::new(&format!("{task}_clf.3"), [HIDDEN, n_classes], set, initial)?,
        })
    }

    /// The head as it is now.
    pub(super) fn copied(&self) -> Result<Self> {
        Ok(Self {
            hidden: self.hidden.copied()?,
            keep: self.keep,
            classes: self.classes.copied()?,
        })
    }

    /// With dropout, drawn from `generator`.
    ///
    /// # Shapes
    /// `features: [B, F]` → `[B, K]`.
    pub(super) fn train(&self, features: &Tensor, generator: &mut Generator) -> Result<Tensor> {
        let hidden = self.hidden.forward(features)?.relu()?;
        let mask: Vec<f32> = (0..hidden.elem_count())
            .map(|_| match generator.uniform() < self.keep {
                true => (1.0 / self.keep) as f32,
                false => 0.0,
            })
            .collect();
        let mask = Tensor::from_vec(mask, hidden.shape(), hidden.device())?;
        self.classes.forward(&(hidden * mask)?)
    }

    /// Without dropout.
    ///
    /// # Shapes
    /// As [`Head::train`].
    pub(super) fn evaluate(&self, features: &Tensor) -> Result<Tensor> {
        self.classes
            .forward(&self.hidden.forward(features)?.relu()?)
    }
}

/// A fully connected layer.
#[derive(Debug)]
struct Linear {
    weight: Var,
    bias: Var,
    set: InstructionSet,
}

impl Linear {
    /// PyTorch's default: weight and bias uniform within `1 / sqrt(inputs)`.
    fn new(
        name: &str,
        [inputs, outputs]: [usize; 2],
        set: InstructionSet,
        initial: &mut Initial,
    ) -> Result<Self> {
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut uniform = |part: &str, shape: &[usize]| {
            let name = format!("{name}.{part}");
            initial.variable(Named::new(name, shape, move |generator| {
                generator.uniform_in(-bound, bound)
            }))
        };
        Ok(Self {
            weight: uniform("weight", &[outputs, inputs])?,
            bias: uniform("bias", &[outputs])?,
            set,
        })
    }

    fn copied(&self) -> Result<Self> {
        let copy = |variable: &Var| Var::from_tensor(&variable.as_detached_tensor().copy()?);
        Ok(Self {
            weight: copy(&self.weight)?,
            bias: copy(&self.bias)?,
            set: self.set,
        })
    }

    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        kernels::linear(input, &self.weight, &self.bias, self.set)
    }
}
