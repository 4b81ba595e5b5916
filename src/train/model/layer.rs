//! One layer of a trunk: convolution, batch normalisation with running statistics, activation.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, Var, bail};

use super::Initial;
use crate::train::kernels::{self, Activation, ConvNorm, Convolution, Statistics};

/// Weight of the newest batch in the running statistics, PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Where a layer's tensors are found and what they look like.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Name of the convolution.
    pub(super) convolution_name: String,
    /// Name of the normalisation.
    pub(super) norm_name: String,
    /// Input channels.
    pub(super) inputs: usize,
    /// Output channels.
    pub(super) outputs: usize,
    /// The kind of convolution.
    pub(super) convolution: Convolution,
    /// What follows the normalisation.
    pub(super) activation: Activation,
}

/// Convolution without bias, batch normalisation, activation.
#[derive(Debug)]
pub(super) struct Layer {
    shape: Shape,
    weight: Var,
    scale: Var,
    shift: Var,
    running: RefCell<Running>,
}

/// What evaluation normalises by.
#[derive(Debug, Clone)]
struct Running {
    mean: Vec<f32>,
    variance: Vec<f32>,
    n_batches: i64,
}

impl Layer {
    /// A layer with random weights: Kaiming normal by fan-out, scale 1, shift 0.
    pub(super) fn new(shape: Shape, initial: &mut Initial<'_>) -> Result<Self> {
        let (inputs_per_group, side) = match shape.convolution {
            Convolution::Pointwise => (shape.inputs, 1),
            Convolution::Depthwise { .. } => (1, 3),
            Convolution::Dense { .. } => (shape.inputs, 3),
        };
        let deviation = (2.0 / (shape.outputs * side * side) as f64).sqrt();
        let weight = initial.variable(
            &format!("{}.weight", shape.convolution_name),
            &[shape.outputs, inputs_per_group, side, side],
            |generator| generator.normal() * deviation,
        )?;
        let scale = initial.variable(
            &format!("{}.weight", shape.norm_name),
            &[shape.outputs],
            |_| 1.0,
        )?;
        let shift = initial.variable(
            &format!("{}.bias", shape.norm_name),
            &[shape.outputs],
            |_| 0.0,
        )?;
        let running = Running {
            mean: vec![0.0; shape.outputs],
            variance: vec![1.0; shape.outputs],
            n_batches: 0,
        };
        Ok(Self {
            shape,
            weight,
            scale,
            shift,
            running: RefCell::new(running),
        })
    }

    /// # Shapes
    /// `input: [B, H, W, I]` → `[B, H', W', O]`.
    pub(super) fn forward(&self, input: &Tensor, train: bool) -> Result<Tensor> {
        let Shape {
            outputs,
            convolution,
            activation,
            ..
        } = self.shape;
        let weight = self.weight.as_tensor();
        let weight = weight.reshape((outputs, weight.elem_count() / outputs))?;
        if !train {
            return kernels::evaluate(input, &weight, &self.folded()?, convolution, activation);
        }
        let affine = Tensor::stack(&[self.scale.as_tensor(), self.shift.as_tensor()], 0)?;
        let (output, statistics) =
            ConvNorm::train(input, &weight, &affine, convolution, activation)?;
        self.observe(&statistics)?;
        Ok(output)
    }

    /// Takes a batch into the running statistics; the variance unbiased, as PyTorch does.
    fn observe(&self, batch: &Statistics) -> Result<()> {
        if batch.n_rows < 2 {
            bail!(
                "`{}`: batch normalisation needs more than one value per channel",
                self.shape.norm_name
            );
        }
        let unbiased = batch.n_rows as f64 / (batch.n_rows - 1) as f64;
        let blend = |old: &mut f32, new: f64| {
            *old = ((1.0 - MOMENTUM) * f64::from(*old) + MOMENTUM * new) as f32;
        };
        let mut running = self.running.borrow_mut();
        running
            .mean
            .iter_mut()
            .zip(&batch.mean)
            .for_each(|(old, new)| blend(old, *new));
        running
            .variance
            .iter_mut()
            .zip(&batch.variance)
            .for_each(|(old, new)| blend(old, new * unbiased));
        running.n_batches += 1;
        Ok(())
    }

    /// Scale and shift that normalise by the running statistics.
    fn folded(&self) -> Result<Tensor> {
        let running = self.running.borrow();
        let wide = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let (scale, shift) = (self.scale.to_vec1::<f32>()?, self.shift.to_vec1::<f32>()?);
        let (mut folded, shift) = kernels::fold(
            &scale,
            &shift,
            &wide(&running.mean),
            &wide(&running.variance),
        );
        folded.extend(shift);
        Tensor::from_vec(folded, (2, self.shape.outputs), &Device::Cpu)
    }

    /// Running statistics by name.
    pub(super) fn buffers(&self) -> Result<BTreeMap<String, Tensor>> {
        let running = self.running.borrow();
        let (name, n, device) = (&self.shape.norm_name, self.shape.outputs, &Device::Cpu);
        Ok(BTreeMap::from([
            (
                format!("{name}.running_mean"),
                Tensor::from_slice(&running.mean, n, device)?,
            ),
            (
                format!("{name}.running_var"),
                Tensor::from_slice(&running.variance, n, device)?,
            ),
            (
                format!("{name}.num_batches_tracked"),
                Tensor::new(running.n_batches, device)?,
            ),
        ]))
    }

    /// Replaces the running statistics by those that `take` finds by name and shape.
    pub(super) fn load_buffers<'t>(
        &self,
        take: &mut impl FnMut(&str, &[usize]) -> Result<&'t Tensor>,
    ) -> Result<()> {
        let (name, n) = (&self.shape.norm_name, self.shape.outputs);
        let mean = take(&format!("{name}.running_mean"), &[n])?.to_vec1()?;
        let variance = take(&format!("{name}.running_var"), &[n])?.to_vec1()?;
        let n_batches = take(&format!("{name}.num_batches_tracked"), &[])?.to_scalar()?;
        *self.running.borrow_mut() = Running {
            mean,
            variance,
            n_batches,
        };
        Ok(())
    }
}
