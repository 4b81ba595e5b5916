//! A task's head: Linear(F, 256) → ReLU → Dropout → Linear(256, K).

use candle_core::{Result, Tensor};
use candle_nn::{Linear, Module};

use super::{Initial, Mode};

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
        initial: &mut Initial<'_>,
    ) -> Result<Self> {
        Ok(Self {
            keep: 1.0 - dropout,
            hidden: linear(&format!("{task}_clf.0"), n_features, HIDDEN, initial)?,
            classes: linear(&format!("{task}_clf.3"), HIDDEN, n_classes, initial)?,
        })
    }

    /// # Shapes
    /// `features: [B, F]` → `[B, K]`.
    pub(super) fn forward(&self, features: &Tensor, mode: &mut Mode<'_>) -> Result<Tensor> {
        let hidden = self.hidden.forward(features)?.relu()?;
        let hidden = match mode {
            Mode::Evaluate => hidden,
            Mode::Train(generator) => {
                let mask: Vec<f32> = (0..hidden.elem_count())
                    .map(|_| {
                        if generator.uniform() < self.keep {
                            (1.0 / self.keep) as f32
                        } else {
                            0.0
                        }
                    })
                    .collect();
                (&hidden * Tensor::from_vec(mask, hidden.shape(), hidden.device())?)?
            }
        };
        self.classes.forward(&hidden)
    }
}

/// PyTorch's default: weight and bias uniform within `1 / sqrt(inputs)`.
fn linear(name: &str, inputs: usize, outputs: usize, initial: &mut Initial<'_>) -> Result<Linear> {
    let bound = 1.0 / (inputs as f64).sqrt();
    let mut draw = |part: &str, shape: &[usize]| {
        initial.variable(&format!("{name}.{part}"), shape, |generator| {
            generator.uniform_in(-bound, bound)
        })
    };
    let weight = draw("weight", &[outputs, inputs])?;
    let bias = draw("bias", &[outputs])?;
    Ok(Linear::new(
        weight.as_tensor().clone(),
        Some(bias.as_tensor().clone()),
    ))
}
