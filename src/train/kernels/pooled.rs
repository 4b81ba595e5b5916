//! The last layer of a trunk as one differentiable candle op: 1×1 convolution, batch normalisation, ReLU6 and
//! the mean over all pixels.
//!
//! Joined because the mean needs nothing of the wide activation but its sums. Saved for the backward pass:
//! the convolution's output and the statistics. Numerical order: pixels of an image in f32, images in f64.

use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::Folded;
use super::band::tile_rows;
use super::buffer::Buffer;
use super::moments::{Statistics, fold};
use super::packed::{Packed, Weight};
use super::partition::{parts, split};
use super::pointwise;
use super::product::Rows;
use super::rows::{self, RELU6};
use super::simd::InstructionSet;
use super::storage::{View, with_slices};

/// Applies the layer with batch statistics, which are returned beside the output.
///
/// # Shapes
/// `input: [B, H, W, I] f32`, `weight: [O, I]`, `affine: [2, O]` (scale, shift); the output is `[B, O]`.
///
/// # Errors
/// Shapes do not fit, or a tensor is not contiguous f32 on the CPU.
pub fn train_pooled(
    input: &Tensor,
    weight: &Tensor,
    affine: &Tensor,
    set: InstructionSet,
) -> Result<(Tensor, Statistics)> {
    let saved = Arc::new(Mutex::new(None));
    let op = Training {
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

/// The layer with a fixed scale and shift, made ready for many forward passes.
#[derive(Debug)]
pub struct FrozenPooled {
    set: InstructionSet,
    weight: Packed,
    folded: Folded,
}

impl FrozenPooled {
    /// # Shapes
    /// `weight: [O, I]`; `folded` is scale and shift by `O`.
    pub fn new(weight: &[f32], folded: Folded, set: InstructionSet) -> Self {
        let n_outputs = folded.0.len();
        let rows = Weight::new(weight, weight.len() / n_outputs);
        Self {
            set,
            weight: Packed::turned(set, rows, n_outputs),
            folded,
        }
    }

    /// # Shapes
    /// `input: [B, H, W, I] f32`; the output is `[B, O]`.
    ///
    /// # Errors
    /// Shapes do not fit, or `input` is not contiguous f32 on the CPU.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        input.apply_op1_no_bwd(&Evaluation(self))
    }
}

/// Sizes of the layer.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    batch: usize,
    /// Pixels of an image.
    pixels: usize,
    inputs: usize,
    outputs: usize,
}

impl Sizes {
    fn new(input: &[usize], weight: &[usize]) -> Result<Self> {
        match (input, weight) {
            (&[batch, height, width, inputs], &[outputs, expected])
                if inputs == expected && batch * height * width > 0 =>
            {
                Ok(Self {
                    batch,
                    pixels: height * width,
                    inputs,
                    outputs,
                })
            }
            _ => bail!("pooled: input {input:?}, weight {weight:?}"),
        }
    }

    /// Values of one image's convolution.
    fn image(&self) -> usize {
        self.pixels * self.outputs
    }
}

/// Means over the pixels of every image of `clamp(convolved · scale + shift)`.
fn pool(set: InstructionSet, sizes: Sizes, convolved: &[f32], (scale, shift): &Folded) -> Vec<f32> {
    let mut output = vec![0.0; sizes.batch * sizes.outputs];
    let images = output
        .par_chunks_mut(sizes.outputs)
        .zip(convolved.par_chunks(sizes.image()));
    images.for_each(|(output, data)| {
        let rows = Rows::new(data, sizes.outputs);
        rows::clamped_sums(set, output, rows, sizes.pixels, scale, shift, RELU6);
        let share = 1.0 / sizes.pixels as f32;
        output.iter_mut().for_each(|sum| *sum *= share);
    });
    output
}

struct Evaluation<'a>(&'a FrozenPooled);

impl CustomOp1 for Evaluation<'_> {
    fn name(&self) -> &'static str {
        "pooled-evaluate"
    }

    fn cpu_fwd(&self, input: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let FrozenPooled {
            set,
            weight,
            folded,
        } = self.0;
        let input = View::new(input, layout)?;
        let sizes = Sizes::new(input.dims, &[folded.0.len(), weight.n_inner])?;
        let convolved = pointwise::forward_packed(*set, input.data, weight);
        let output = pool(*set, sizes, &convolved, folded);
        let shape = Shape::from((sizes.batch, sizes.outputs));
        Ok((CpuStorage::F32(output), shape))
    }
}

/// What the backward pass needs.
#[derive(Debug)]
struct Saved {
    convolved: Buffer,
    statistics: Statistics,
}

/// The op; one value serves one forward pass and at most one backward pass.
struct Training {
    set: InstructionSet,
    saved: Arc<Mutex<Option<Saved>>>,
}

impl CustomOp3 for Training {
    fn name(&self) -> &'static str {
        "pooled"
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
        let (input, weight) = (
            View::new(input, input_layout)?,
            View::new(weight, weight_layout)?,
        );
        let affine = View::new(affine, affine_layout)?;
        let sizes = Sizes::new(input.dims, weight.dims)?;
        if affine.dims != [2, sizes.outputs] {
            bail!(
                "pooled: weight {:?}, affine map {:?}",
                weight.dims,
                affine.dims
            );
        }
        let convolved = pointwise::forward(self.set, input.data, weight.data, sizes.inputs);
        let statistics = Statistics::of(self.set, &convolved, sizes.outputs);
        let (scale, shift) = affine.data.split_at(sizes.outputs);
        let folded = fold(scale, shift, &statistics.mean, &statistics.variance);
        let output = pool(self.set, sizes, &convolved, &folded);
        *self.saved.lock().expect("nobody panicked with the lock") = Some(Saved {
            convolved,
            statistics,
        });
        Ok((
            CpuStorage::F32(output),
            Shape::from((sizes.batch, sizes.outputs)),
        ))
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        affine: &Tensor,
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut saved = self.saved.lock().expect("nobody panicked with the lock");
        let Some(saved) = saved.take() else {
            bail!("pooled: the backward pass runs once per forward pass");
        };
        let sizes = Sizes::new(input.dims(), weight.dims())?;
        let gradient = gradient.contiguous()?;
        let (by_input, by_weight, by_affine) = with_slices(
            [input, weight, affine, &gradient],
            |[input, weight, affine, gradient]| {
                let (by_convolved, by_affine) =
                    saved.normalization_gradient(self.set, sizes, affine, gradient);
                (
                    pointwise::input_gradient(self.set, &by_convolved, weight, sizes.inputs),
                    pointwise::weight_gradient(self.set, &by_convolved, input, sizes.inputs),
                    by_affine,
                )
            },
        )?;
        Ok((
            Some(Tensor::from_vec(by_input, input.shape(), input.device())?),
            Some(Tensor::from_vec(
                by_weight,
                weight.shape(),
                weight.device(),
            )?),
            Some(Tensor::from_vec(
                by_affine,
                affine.shape(),
                affine.device(),
            )?),
        ))
    }
}

impl Saved {
    /// Gradients by the convolution's output and by scale and shift, from that by the means.
    fn normalization_gradient(
        &self,
        set: InstructionSet,
        sizes: Sizes,
        affine: &[f32],
        gradient: &[f32],
    ) -> (Buffer, Vec<f32>) {
        let (statistics, outputs) = (&self.statistics, sizes.outputs);
        let (scale, shift) = affine.split_at(outputs);
        let folded = fold(scale, shift, &statistics.mean, &statistics.variance);
        let mean: Vec<f32> = statistics.mean.iter().map(|mean| *mean as f32).collect();
        let share = 1.0 / sizes.pixels as f32;
        let mut passed = Buffer::stale(self.convolved.len());
        let parts = parts(sizes.batch, 1);
        let pieces = split(
            &mut passed,
            sizes.image(),
            parts.iter().map(|part| part.len()),
        );
        let of_part = |(part, piece): (std::ops::Range<usize>, &mut [f32])| {
            let mut sums = vec![0.0_f64; 2 * outputs];
            for (image, target) in part.zip(piece.chunks_exact_mut(sizes.image())) {
                let gradient = &gradient[image * outputs..(image + 1) * outputs];
                let gradient: Vec<f32> = gradient.iter().map(|value| value * share).collect();
                let value = Rows {
                    data: &self.convolved[image * sizes.image()..(image + 1) * sizes.image()],
                    stride: outputs,
                };
                let mut image_sums = vec![0.0; 2 * outputs];
                rows::spread(
                    set,
                    target,
                    &mut image_sums,
                    &gradient,
                    value,
                    &folded,
                    &mean,
                    RELU6,
                );
                sums.iter_mut()
                    .zip(image_sums)
                    .for_each(|(sum, image)| *sum += f64::from(image));
            }
            sums
        };
        let partial: Vec<Vec<f64>> = parts.into_par_iter().zip(pieces).map(of_part).collect();
        let sum = |at: usize| partial.iter().map(|sums| sums[at]).sum::<f64>();
        let sums: Vec<f64> = (0..2 * outputs).map(sum).collect();
        let norm = statistics.gradient(scale, &sums[..outputs], &sums[outputs..]);
        let coefficients = norm.coefficients(&statistics.mean, outputs);
        let mut by_convolved = Buffer::stale(passed.len());
        let chunk = outputs * tile_rows(outputs);
        by_convolved
            .par_chunks_mut(chunk)
            .enumerate()
            .for_each(|(i, target)| {
                let values = i * chunk..i * chunk + target.len();
                let [gradient, value] = [&passed[values.clone()], &self.convolved[values]]
                    .map(|data| Rows::new(data, outputs));
                let n = target.len() / outputs;
                rows::normalization_gradient(
                    set,
                    target,
                    outputs,
                    gradient,
                    value,
                    n,
                    &coefficients,
                );
            });
        (by_convolved, [norm.by_scale, norm.by_shift].concat())
    }
}
