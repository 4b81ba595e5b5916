//! The convolutions themselves, forward and both gradients.

use candle_core::{Result, bail};
use rayon::prelude::*;

use crate::train::kernels::band::{Band, bands};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::depthwise::{
    Geometry, Scope, Stencil, TAPS, by_tap, convolve, differentiate,
};
use crate::train::kernels::partition::split;
use crate::train::kernels::patches::{Images, from_patch_order, in_patch_order};
use crate::train::kernels::pointwise;
use crate::train::kernels::rows::{UNLIMITED, copy, copy_back};
use crate::train::kernels::simd::InstructionSet;
use crate::train::kernels::storage::View;

/// A convolution without bias over NHWC activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convolution {
    /// 1×1; weight `[O, I]`.
    Pointwise,
    /// 3×3 per channel, padding 1; weight `[C, 3, 3]`.
    Depthwise {
        /// Step along both axes.
        stride: usize,
    },
    /// 3×3 over all channels, padding 1; weight `[O, I·3·3]`. Gives no gradient by its input: it reads images.
    Dense {
        /// Step along both axes.
        stride: usize,
    },
}

impl Convolution {
    /// The output and its shape.
    pub(super) fn forward(
        self,
        set: InstructionSet,
        input: View<'_>,
        weight: &[f32],
    ) -> Result<(Buffer, [usize; 4])> {
        let &[batch, height, width, channels] = input.dims else {
            bail!(
                "conv-norm: expected input [B, H, W, C], got {:?}",
                input.dims
            )
        };
        let shape = [batch, height, width, channels];
        let outputs_per =
            |unit: usize| match !weight.is_empty() && weight.len().is_multiple_of(unit) {
                true => Ok(weight.len() / unit),
                false => bail!(
                    "conv-norm: {} weights do not fit {channels} input channels",
                    weight.len()
                ),
            };
        match self {
            Self::Pointwise => {
                let output = pointwise::forward(set, input.data, weight, channels);
                Ok((output, [batch, height, width, outputs_per(channels)?]))
            }
            Self::Depthwise { stride } => {
                if weight.len() != channels * TAPS {
                    bail!(
                        "conv-norm: {} weights for {channels} channels of 3×3",
                        weight.len()
                    );
                }
                let g = Geometry::new(batch, [height, width], stride);
                let output = depthwise(set, input.data, weight, channels, &g);
                Ok((output, [batch, g.output[0], g.output[1], channels]))
            }
            Self::Dense { stride } => {
                let outputs = outputs_per(channels * TAPS)?;
                let g = Geometry::new(batch, [height, width], stride);
                let patches = Images::new(input.data, shape, stride).patches();
                let weight = in_patch_order(weight, channels);
                let output = pointwise::forward(set, &patches, &weight, channels * TAPS);
                Ok((output, [batch, g.output[0], g.output[1], outputs]))
            }
        }
    }

    /// Gradients by input (where there is one) and weight.
    pub(super) fn backward(
        self,
        set: InstructionSet,
        input: View<'_>,
        weight: &[f32],
        gradient: &[f32],
    ) -> (Option<Vec<f32>>, Vec<f32>) {
        let &[batch, height, width, channels] = input.dims else {
            unreachable!("the forward pass has checked it")
        };
        match self {
            Self::Pointwise => {
                let by_input = pointwise::input_gradient(set, gradient, weight, channels);
                let by_weight = pointwise::weight_gradient(set, gradient, input.data, channels);
                (Some(by_input), by_weight)
            }
            Self::Depthwise { stride } => {
                let g = Geometry::new(batch, [height, width], stride);
                let (by_input, by_weight) =
                    depthwise_gradient(set, input.data, weight, gradient, channels, &g);
                (Some(by_input), by_weight)
            }
            Self::Dense { stride } => {
                let shape = [batch, height, width, channels];
                let patches = Images::new(input.data, shape, stride).patches();
                let by_weight =
                    pointwise::weight_gradient(set, gradient, &patches, channels * TAPS);
                (None, from_patch_order(&by_weight, channels))
            }
        }
    }
}

fn depthwise(
    set: InstructionSet,
    input: &[f32],
    weight: &[f32],
    channels: usize,
    g: &Geometry,
) -> Buffer {
    let width = channels.next_multiple_of(16);
    let weight = by_tap(weight, width);
    let zeros = vec![0.0; width];
    let values = |n: usize| ((n + 2) * g.stride * g.input[1] + n * g.output[1]) * width;
    let bands = bands(g.batch, g.output[0], values);
    let n_pixels = |band: &Band| band.images.len() * band.rows.len() * g.output[1];
    let mut output = Buffer::stale(g.batch * g.output[0] * g.output[1] * channels);
    let pieces = split(&mut output, channels, bands.iter().map(n_pixels));
    bands.par_iter().zip(pieces).for_each(|(band, piece)| {
        let inputs = g.inputs_of(&band.rows);
        let pixels = band.pixels(g.input, &inputs);
        let mut source = Buffer::zeros((pixels.len() + 1) * width);
        copy(
            &mut source,
            width,
            &input[pixels.start * channels..pixels.end * channels],
            channels,
        );
        let mut target = Buffer::stale(n_pixels(band) * width);
        let scope = Scope {
            geometry: *g,
            window: band.window(),
            inputs,
            strides: [width; 2],
        };
        convolve(
            set,
            &mut target,
            &source,
            &weight,
            &scope,
            &zeros,
            UNLIMITED,
        );
        copy_back(piece, &target, width, channels);
    });
    output
}

/// Gradients by input and weight `[C, 3, 3]`.
fn depthwise_gradient(
    set: InstructionSet,
    input: &[f32],
    weight: &[f32],
    gradient: &[f32],
    channels: usize,
    g: &Geometry,
) -> (Vec<f32>, Vec<f32>) {
    let width = channels.next_multiple_of(16);
    let weight = by_tap(weight, width);
    let values = |n: usize| (n * g.input[1] + (n / g.stride + 2) * g.output[1]) * width;
    let bands = bands(g.batch, g.input[0], values);
    let n_pixels = |band: &Band| band.images.len() * band.rows.len() * g.input[1];
    let mut by_input = vec![0.0; g.batch * g.input[0] * g.input[1] * channels];
    let pieces = split(&mut by_input, channels, bands.iter().map(n_pixels));
    let of_band = |(band, piece): (&Band, &mut [f32])| {
        let outputs = g.outputs_of(&band.rows);
        let (here, seen) = (
            band.pixels(g.input, &band.rows),
            band.pixels(g.output, &outputs),
        );
        let mut values = Buffer::zeros(here.len() * width);
        copy(
            &mut values,
            width,
            &input[here.start * channels..here.end * channels],
            channels,
        );
        let mut source = Buffer::zeros((seen.len() + 1) * width);
        copy(
            &mut source,
            width,
            &gradient[seen.start * channels..seen.end * channels],
            channels,
        );
        let stencil = Stencil::new(g, band.window(), outputs, [width; 2]);
        let (mut by_weight, mut sums) = (vec![0.0; TAPS * width], vec![0.0; width]);
        differentiate(
            set,
            &mut values,
            &source,
            &weight,
            &stencil,
            UNLIMITED,
            &mut by_weight,
            &mut sums,
        );
        copy_back(piece, &values, width, channels);
        by_weight
    };
    let partial: Vec<Vec<f32>> = bands.par_iter().zip(pieces).map(of_band).collect();
    let by_weight = (0..channels * TAPS).map(|i| {
        let at = i % TAPS * width + i / TAPS;
        partial.iter().map(|sums| f64::from(sums[at])).sum::<f64>() as f32
    });
    (by_input, by_weight.collect())
}
