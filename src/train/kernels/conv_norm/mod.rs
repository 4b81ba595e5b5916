//! A convolution, its batch normalisation and ReLU6 as one differentiable candle op.
//!
//! Joined because the gradient of each part needs a full-size pass of its own otherwise. Saved for the
//! backward pass: the convolution's output (turned into its gradient in place), mean and deviation.

mod convolution;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

pub use self::convolution::Convolution;
use super::band::{tile_rows, tiles};
use super::buffer::Buffer;
use super::moments::{Statistics, fold};
use super::partition::{parts, split};
use super::product::Rows;
use super::rows::{self, RELU6, UNLIMITED};
use super::simd::InstructionSet;
use super::storage::{View, with_slices};

/// Rows below which a pass is not worth a thread of its own.
const MIN_ROWS: usize = 64;

/// What follows the normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `min(max(x, 0), 6)`.
    Relu6,
}

impl Activation {
    fn limits(self) -> [f32; 2] {
        match self {
            Self::Identity => UNLIMITED,
            Self::Relu6 => RELU6,
        }
    }
}

/// What the backward pass needs.
#[derive(Debug)]
struct Saved {
    convolved: Buffer,
    statistics: Statistics,
}

/// The op; one value serves one forward pass and at most one backward pass.
#[derive(Debug)]
pub struct ConvNorm {
    convolution: Convolution,
    activation: Activation,
    set: InstructionSet,
    saved: Arc<Mutex<Option<Saved>>>,
}

impl ConvNorm {
    /// Applies the op with batch statistics, which are returned beside the output.
    ///
    /// # Shapes
    /// `input: [B, H, W, I] f32`, `weight` as [`Convolution`] says, `affine: [2, O]` (scale, shift);
    /// the output is `[B, H', W', O]`.
    ///
    /// # Errors
    /// Shapes do not fit, or a tensor is not contiguous f32 on the CPU.
    pub fn train(
        input: &Tensor,
        weight: &Tensor,
        affine: &Tensor,
        convolution: Convolution,
        activation: Activation,
        set: InstructionSet,
    ) -> Result<(Tensor, Statistics)> {
        let saved = Arc::new(Mutex::new(None));
        let op = Self {
            convolution,
            activation,
            set,
            saved: saved.clone(),
        };
        let output = input.apply_op3(weight, affine, op)?;
        let guard = saved.lock().expect("the forward pass did not panic");
        let statistics = guard.as_ref().map(|saved: &Saved| saved.statistics.clone());
        Ok((
            output,
            statistics.expect("the forward pass saves its statistics"),
        ))
    }
}

/// Convolution, fixed affine map and activation, without gradients.
///
/// # Shapes
/// As [`ConvNorm::train`]; `affine: [2, O]` is the scale and shift of the folded normalisation.
///
/// # Errors
/// As [`ConvNorm::train`].
pub fn evaluate(
    input: &Tensor,
    weight: &Tensor,
    affine: &Tensor,
    convolution: Convolution,
    activation: Activation,
    set: InstructionSet,
) -> Result<Tensor> {
    let op = Folded {
        convolution,
        activation,
        set,
    };
    input.apply_op3_no_bwd(weight, affine, &op)
}

#[derive(Debug)]
struct Folded {
    convolution: Convolution,
    activation: Activation,
    set: InstructionSet,
}

impl CustomOp3 for Folded {
    fn name(&self) -> &'static str {
        "conv-norm-evaluate"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        affine: &CpuStorage,
        affine_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let input = View::new(input, input_layout)?;
        let weight = View::new(weight, weight_layout)?.data;
        let affine = View::new(affine, affine_layout)?.data;
        let (convolved, shape) = self.convolution.forward(self.set, input, weight)?;
        let affine = affine.split_at(affine.len() / 2);
        let limits = self.activation.limits();
        let output = normalized(self.set, &convolved, affine, limits);
        Ok((CpuStorage::F32(output), Shape::from(&shape)))
    }
}

impl CustomOp3 for ConvNorm {
    fn name(&self) -> &'static str {
        "conv-norm"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        affine: &CpuStorage,
        affine_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let input = View::new(input, input_layout)?;
        let weight = View::new(weight, weight_layout)?.data;
        let affine = View::new(affine, affine_layout)?.data;
        let (convolved, shape) = self.convolution.forward(self.set, input, weight)?;
        let channels = shape[3];
        if affine.len() != 2 * channels {
            bail!(
                "conv-norm: {channels} channels, but an affine map of {} values",
                affine.len()
            );
        }
        let statistics = Statistics::of(self.set, &convolved, channels);
        let (scale, shift) = affine.split_at(channels);
        let (scale, shift) = fold(scale, shift, &statistics.mean, &statistics.variance);
        let limits = self.activation.limits();
        let output = normalized(self.set, &convolved, (&scale, &shift), limits);
        *self.saved.lock().expect("nobody panicked with the lock") = Some(Saved {
            convolved,
            statistics,
        });
        Ok((CpuStorage::F32(output), Shape::from(&shape)))
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        affine: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let saved = self
            .saved
            .lock()
            .expect("nobody panicked with the lock")
            .take();
        let Some(Saved {
            convolved,
            statistics,
        }) = saved
        else {
            bail!("conv-norm: the backward pass runs once per forward pass");
        };
        let gradient = gradient.contiguous()?;
        let (by_convolved, by_affine) =
            with_slices([affine, output, &gradient], |[affine, output, gradient]| {
                self.normalization_gradient(&convolved, &statistics, affine, output, gradient)
            })?;
        let by_affine = Tensor::from_vec(by_affine, affine.shape(), affine.device())?;
        let (by_input, by_weight) = with_slices([input, weight], |[data, weight]| {
            let dims = input.dims();
            let input = View { data, dims };
            self.convolution
                .backward(self.set, input, weight, &by_convolved)
        })?;
        let by_input = by_input
            .map(|g| Tensor::from_vec(g, input.shape(), input.device()))
            .transpose()?;
        let by_weight = Tensor::from_vec(by_weight, weight.shape(), weight.device())?;
        Ok((by_input, Some(by_weight), Some(by_affine)))
    }
}

impl ConvNorm {
    /// Gradients by the convolution's output and by scale and shift.
    fn normalization_gradient(
        &self,
        convolved: &[f32],
        statistics: &Statistics,
        affine: &[f32],
        output: &[f32],
        gradient: &[f32],
    ) -> (Buffer, Vec<f32>) {
        let (set, channels) = (self.set, statistics.mean.len());
        let rows = |data| Rows::new(data, channels);
        let mean: Vec<f32> = statistics.mean.iter().map(|mean| *mean as f32).collect();
        let mut passed = Buffer::stale(gradient.len());
        let limits = self.activation.limits();
        let parts = parts(statistics.n_rows, MIN_ROWS);
        let pieces = split(&mut passed, channels, parts.iter().map(Range::len));
        let of_part = |(part, piece): (Range<usize>, &mut [f32])| {
            let mut sums = vec![0.0; 2 * channels];
            for tile in tiles(part.clone(), channels) {
                let values = tile.start * channels..tile.end * channels;
                let target = &mut piece[(tile.start - part.start) * channels..][..values.len()];
                target.copy_from_slice(&gradient[values.clone()]);
                let mut tile_sums = vec![0.0; 2 * channels];
                let (value, gate) = (rows(&convolved[values.clone()]), rows(&output[values]));
                rows::gated_sums(
                    set,
                    &mut tile_sums,
                    target,
                    channels,
                    value,
                    &mean,
                    gate,
                    limits,
                    tile.len(),
                );
                sums.iter_mut()
                    .zip(tile_sums)
                    .for_each(|(sum, tile)| *sum += f64::from(tile));
            }
            sums
        };
        let partial: Vec<Vec<f64>> = parts.into_par_iter().zip(pieces).map(of_part).collect();
        let sum = |at: usize| partial.iter().map(|sums| sums[at]).sum::<f64>();
        let sums: Vec<f64> = (0..2 * channels).map(sum).collect();
        let (plain, centred) = sums.split_at(channels);
        let norm = statistics.gradient(&affine[..channels], plain, centred);
        let coefficients = norm.coefficients(&statistics.mean, channels);
        let mut by_convolved = Buffer::stale(gradient.len());
        let chunk = channels * tile_rows(channels);
        by_convolved
            .par_chunks_mut(chunk)
            .enumerate()
            .for_each(|(i, target)| {
                let values = i * chunk..i * chunk + target.len();
                let n = target.len() / channels;
                let (passed, value) = (rows(&passed[values.clone()]), rows(&convolved[values]));
                rows::normalization_gradient(
                    set,
                    target,
                    channels,
                    passed,
                    value,
                    n,
                    &coefficients,
                );
            });
        (by_convolved, [norm.by_scale, norm.by_shift].concat())
    }
}

/// `clamp(convolved · scale + shift)`.
fn normalized(
    set: InstructionSet,
    convolved: &[f32],
    (scale, shift): (&[f32], &[f32]),
    limits: [f32; 2],
) -> Vec<f32> {
    let channels = scale.len();
    let mut output = vec![0.0; convolved.len()];
    let chunk = channels * tile_rows(channels);
    let tasks = output
        .par_chunks_mut(chunk)
        .zip(convolved.par_chunks(chunk));
    tasks.for_each(|(output, data)| {
        let n = output.len() / channels;
        let source = Rows::new(data, channels);
        rows::affine(set, output, channels, source, n, scale, shift, limits, &[]);
    });
    output
}
