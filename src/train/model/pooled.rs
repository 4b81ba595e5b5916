//! The last layer of a trunk, with running statistics.

use candle_core::{Result, Tensor, Var};

use super::norm::Norm;
use super::parameters::{Initial, Named, weight};
use crate::train::kernels::{self, FrozenPooled, InstructionSet};

/// A 1×1 convolution without bias, batch normalisation, ReLU6, mean over all pixels.
#[derive(Debug)]
pub(super) struct Pooled {
    weight: Var,
    scale: Var,
    shift: Var,
    norm: Norm,
    set: InstructionSet,
}

impl Pooled {
    /// A layer with random weights; its tensors are `<name>.0.…` and `<name>.1.…`.
    pub(super) fn new(
        name: &str,
        [inputs, outputs]: [usize; 2],
        set: InstructionSet,
        initial: &mut Initial,
    ) -> Result<Self> {
        let norm_name = format!("{name}.1");
        Ok(Self {
            weight: initial.variable(weight(&format!("{name}.0"), [outputs, inputs, 1, 1]))?,
            scale: initial.variable(Named::constant(
                format!("{norm_name}.weight"),
                outputs,
                1.0,
            ))?,
            shift: initial.variable(Named::constant(format!("{norm_name}.bias"), outputs, 0.0))?,
            norm: Norm::new(norm_name, outputs),
            set,
        })
    }

    /// Applies the layer with batch statistics, and takes these into the running ones.
    ///
    /// # Shapes
    /// `input: [B, H, W, I]` → `[B, O]`.
    pub(super) fn train(&self, input: &Tensor) -> Result<Tensor> {
        let weight = self.weight.flatten_from(1)?;
        let affine = Tensor::stack(&[self.scale.as_tensor(), self.shift.as_tensor()], 0)?;
        let (output, statistics) = kernels::train_pooled(input, &weight, &affine, self.set)?;
        self.norm.observe(&statistics)?;
        Ok(output)
    }

    /// The layer with the running statistics of this moment.
    pub(super) fn freeze(&self) -> Result<FrozenPooled> {
        let (scale, shift) = (self.scale.to_vec1()?, self.shift.to_vec1()?);
        let folded = self.norm.folded(&scale, &shift);
        let weight: Vec<f32> = self.weight.flatten_all()?.to_vec1()?;
        Ok(FrozenPooled::new(&weight, folded, self.set))
    }

    pub(super) fn norm(&self) -> &Norm {
        &self.norm
    }
}
