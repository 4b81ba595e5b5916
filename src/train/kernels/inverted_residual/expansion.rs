//! The first third of an inverted residual: 1×1 convolution, batch normalisation, ReLU6.
//!
//! Two ways, chosen by the number of input channels. With few, the expanded activation never exists
//! beyond a band of rows: its statistics follow from mean and covariance of the input, it is computed
//! again for the backward pass, and so is its gradient collapsed (`recomputed`). With many channels the
//! products would cost more than the memory traffic, and the convolution's output is kept (`stored`).

use super::{Folded, InvertedResidual, Plan, padded};
use crate::train::kernels::band::{spread, tiles};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::moments::{Moments, Statistics, fold};
use crate::train::kernels::packed::{Packed, Weight};
use crate::train::kernels::partition::{parts, split};
use crate::train::kernels::patches::Images;
use crate::train::kernels::product::{Rows, accumulate, multiply};
use crate::train::kernels::rows::{self, RELU6, UNLIMITED};
use crate::train::kernels::simd::InstructionSet;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Most input channels for which the expansion is computed again.
const MAX_RECOMPUTED: usize = 32;
/// Rows below which a pass over the input is not worth a thread of its own.
const MIN_ROWS: usize = 256;

/// What the backward pass needs of the expansion.
#[derive(Debug)]
pub(super) enum Expansion {
    Recomputed(Input),
    /// The convolution's output, `[R, width]`.
    Stored(Buffer),
}

/// Statistics of the input.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) mean: Vec<f64>,
    /// `[I, I]`, divided by the number of rows.
    pub(super) covariance: Vec<f64>,
}

impl Expansion {
    /// The expansion of `input: [R, I]` and its batch statistics.
    pub(super) fn new(plan: &Plan, input: &[f32], weight: &[f32]) -> (Self, Statistics) {
        if plan.sizes.inputs <= MAX_RECOMPUTED {
            let moments = Input::of(plan.set, input, plan.sizes.inputs);
            let statistics = moments.expanded(weight, input.len() / plan.sizes.inputs);
            return (Self::Recomputed(moments), statistics);
        }
        let (stored, statistics) = plan.convolve(input, weight);
        (Self::Stored(stored), statistics)
    }
}

impl Input {
    fn of(set: InstructionSet, input: &[f32], channels: usize) -> Self {
        let Statistics { mean, n_rows, .. } = Statistics::of(set, input, channels);
        let width = channels.next_multiple_of(16);
        let negative: Vec<f32> = mean.iter().map(|mean| -*mean as f32).collect();
        let ones = vec![1.0; channels];
        let of_rows = |part: Range<usize>| {
            let mut sums = vec![0.0_f64; channels * width];
            for tile in tiles(part, spread(width) * 4) {
                let n = tile.len();
                let source = Rows::of(input, channels, &tile);
                let mut centred = Buffer::zeros(n * width);
                rows::affine(
                    set,
                    &mut centred,
                    width,
                    source,
                    n,
                    &ones,
                    &negative,
                    UNLIMITED,
                    &[],
                );
                let mut products = Buffer::zeros(channels * width);
                let centred = Rows::new(&centred, width);
                accumulate(set, &mut products, [channels, width], centred, centred, n);
                for (sum, product) in sums.iter_mut().zip(&*products) {
                    *sum += f64::from(*product);
                }
            }
            sums
        };
        let partial: Vec<Vec<f64>> = parts(n_rows, MIN_ROWS)
            .into_par_iter()
            .map(of_rows)
            .collect();
        let covariance = (0..channels * channels).map(|i| {
            let at = i / channels * width + i % channels;
            partial.iter().map(|sums| sums[at]).sum::<f64>() / n_rows as f64
        });
        Self {
            covariance: covariance.collect(),
            // What was subtracted above.
            mean: negative.iter().map(|mean| -f64::from(*mean)).collect(),
        }
    }

    /// `weight · covariance`, `[E, I]`.
    pub(super) fn turned(&self, weight: &[f32]) -> Vec<f64> {
        let n = self.mean.len();
        let mut turned = vec![0.0; weight.len()];
        for (turned, weight) in turned.chunks_exact_mut(n).zip(weight.chunks_exact(n)) {
            for (weight, row) in weight.iter().zip(self.covariance.chunks_exact(n)) {
                for (sum, covariance) in turned.iter_mut().zip(row) {
                    *sum += f64::from(*weight) * covariance;
                }
            }
        }
        turned
    }

    /// Statistics of `input · weightᵀ`: mean `w · mean`, variance `w · covariance · w`.
    fn expanded(&self, weight: &[f32], n_rows: usize) -> Statistics {
        let n = self.mean.len();
        let dot = |weight: &[f32], values: &[f64]| -> f64 {
            let terms = weight.iter().zip(values);
            terms
                .map(|(weight, value)| f64::from(*weight) * value)
                .sum()
        };
        let turned = self.turned(weight);
        let rows = || weight.chunks_exact(n);
        Statistics {
            mean: rows().map(|row| dot(row, &self.mean)).collect(),
            variance: rows()
                .zip(turned.chunks_exact(n))
                .map(|(row, turned)| dot(row, turned).max(0.0))
                .collect(),
            n_rows,
        }
    }
}

/// The expansion as a product: weight times scale, and shift.
#[derive(Debug)]
pub(super) struct Expand {
    weight: Packed,
    shift: Vec<f32>,
}

impl Expand {
    /// # Shapes
    /// `weight: [E, I]`; `folded` is scale and shift by `E`.
    pub(super) fn new(
        set: InstructionSet,
        sizes: &InvertedResidual,
        data: &[f32],
        (scale, shift): &Folded,
    ) -> Self {
        let width = sizes.width();
        let weight = Weight {
            data,
            columns: sizes.inputs,
            factors: scale,
        };
        Self {
            weight: Packed::turned(set, weight, width),
            shift: padded(shift, width),
        }
    }

    fn apply(&self, plan: &Plan, target: &mut [f32], left: Rows<'_>, n: usize) {
        let (weight, shift) = (&self.weight, &self.shift);
        multiply(plan.set, target, plan.stride, left, weight, n, shift, RELU6);
    }
}

/// Gives rows of the expanded, normalised and clamped activation.
pub(super) enum Activated<'a> {
    Recomputed {
        input: &'a [f32],
        expand: Arc<Expand>,
    },
    /// The input is the images' patches, which are not kept either.
    OfImages {
        images: Images<'a>,
        expand: Arc<Expand>,
    },
    Stored {
        convolved: &'a [f32],
        scale: Vec<f32>,
        shift: Vec<f32>,
    },
}

impl<'a> Activated<'a> {
    /// With batch statistics; `affine` is the layer's scale and shift.
    pub(super) fn of(
        plan: &Plan,
        expansion: &'a Expansion,
        input: &'a [f32],
        weight: &[f32],
        affine: [&[f32]; 2],
        statistics: &Statistics,
    ) -> Self {
        let folded = fold(affine[0], affine[1], &statistics.mean, &statistics.variance);
        match expansion {
            Expansion::Recomputed(_) => Self::Recomputed {
                input,
                expand: Arc::new(Expand::new(plan.set, &plan.sizes, weight, &folded)),
            },
            Expansion::Stored(convolved) => Self::Stored {
                convolved,
                scale: padded(&folded.0, plan.width),
                shift: padded(&folded.1, plan.width),
            },
        }
    }

    /// Writes the rows of some pixels, `plan.stride` apart.
    pub(super) fn write(&self, plan: &Plan, target: &mut [f32], pixels: Range<usize>) {
        let n = pixels.len();
        match self {
            Self::Recomputed { input, expand } => {
                let left = Rows::of(input, plan.sizes.inputs, &pixels);
                expand.apply(plan, target, left, n);
            }
            Self::OfImages { images, expand } => {
                let mut patches = Buffer::stale(n * plan.sizes.inputs);
                images.write(&mut patches, pixels);
                expand.apply(plan, target, Rows::new(&patches, plan.sizes.inputs), n);
            }
            Self::Stored {
                convolved,
                scale,
                shift,
            } => {
                let source = Rows::of(convolved, plan.width, &pixels);
                rows::affine(
                    plan.set,
                    target,
                    plan.stride,
                    source,
                    n,
                    scale,
                    shift,
                    RELU6,
                    &[],
                );
            }
        }
    }
}

impl Plan {
    /// `input · weightᵀ` in rows of `self.width`, with its statistics.
    fn convolve(&self, input: &[f32], weight: &[f32]) -> (Buffer, Statistics) {
        let (n_inputs, width) = (self.sizes.inputs, self.width);
        let n_rows = input.len() / n_inputs;
        let weight = Packed::turned(self.set, Weight::new(weight, n_inputs), width);
        let mut output = Buffer::stale(n_rows * width);
        let parts = parts(n_rows, 64);
        let pieces = split(&mut output, width, parts.iter().map(Range::len));
        let moments = parts.into_par_iter().zip(pieces).map(|(part, piece)| {
            let mut moments = Moments::none(self.sizes.hidden);
            for tile in tiles(part.clone(), width) {
                let (n, first) = (tile.len(), (tile.start - part.start) * width);
                let target = &mut piece[first..first + n * width];
                let left = Rows::of(input, n_inputs, &tile);
                multiply(self.set, target, width, left, &weight, n, &[], UNLIMITED);
                let rows = Rows::new(target, width);
                moments.add(self.set, rows, n);
            }
            moments
        });
        let moments = moments.collect();
        (output, Moments::merged(moments))
    }
}
