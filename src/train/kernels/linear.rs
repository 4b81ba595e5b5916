//! A fully connected layer as a differentiable candle op.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::pointwise;
use super::simd::InstructionSet;
use super::storage::{View, with_slices};

/// `input · weightᵀ + bias`.
///
/// # Shapes
/// `input: [B, I] f32`, `weight: [O, I]`, `bias: [O]`; the output is `[B, O]`.
///
/// # Errors
/// Shapes do not fit, or a tensor is not contiguous f32 on the CPU.
pub fn linear(
    input: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    set: InstructionSet,
) -> Result<Tensor> {
    input.apply_op3(weight, bias, Linear { set })
}

struct Linear {
    set: InstructionSet,
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (input, weight) = (
            View::new(input, input_layout)?,
            View::new(weight, weight_layout)?,
        );
        let bias = View::new(bias, bias_layout)?.data;
        let (&[batch, inputs], &[outputs, expected]) = (input.dims, weight.dims) else {
            bail!(
                "linear: expected matrices, got {:?} and {:?}",
                input.dims,
                weight.dims
            )
        };
        if inputs != expected || bias.len() != outputs {
            bail!(
                "linear: {:?} · {:?} + {}",
                input.dims,
                weight.dims,
                bias.len()
            );
        }
        let mut output = pointwise::forward(self.set, input.data, weight.data, inputs).to_vec();
        for row in output.chunks_exact_mut(outputs) {
            row.iter_mut()
                .zip(bias)
                .for_each(|(value, bias)| *value += bias);
        }
        Ok((CpuStorage::F32(output), Shape::from((batch, outputs))))
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (inputs, outputs) = (input.dim(1)?, weight.dim(0)?);
        let gradient = gradient.contiguous()?;
        let (by_input, by_weight, by_bias) =
            with_slices([input, weight, &gradient], |[input, weight, gradient]| {
                let mut by_bias = vec![0.0_f64; outputs];
                for row in gradient.chunks_exact(outputs) {
                    by_bias
                        .iter_mut()
                        .zip(row)
                        .for_each(|(sum, value)| *sum += f64::from(*value));
                }
                (
                    pointwise::input_gradient(self.set, gradient, weight, inputs),
                    pointwise::weight_gradient(self.set, gradient, input, inputs),
                    by_bias
                        .into_iter()
                        .map(|sum| sum as f32)
                        .collect::<Vec<f32>>(),
                )
            })?;
        Ok((
            Some(Tensor::from_vec(by_input, input.shape(), input.device())?),
            Some(Tensor::from_vec(
                by_weight,
                weight.shape(),
                weight.device(),
            )?),
            Some(Tensor::from_vec(by_bias, bias.shape(), bias.device())?),
        ))
    }
}
