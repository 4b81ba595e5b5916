//! The stage of the projection.

use std::ops::Range;

use rayon::prelude::*;

use super::super::{Parameters, Plan, Saved, padded};
use super::sums::{added, drain, sum_into};
use crate::train::kernels::band::{part_rows, tile_rows, tiles};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::moments::{NormGradient, fold};
use crate::train::kernels::packed::{Packed, Weight};
use crate::train::kernels::partition::{parts, split};
use crate::train::kernels::product::{Rows, accumulate, multiply};
use crate::train::kernels::rows::{self, Coefficients, RELU6, UNLIMITED};

/// Rows below which a pass is not worth a thread of its own.
const MIN_ROWS: usize = 64;

/// What the stage of the projection gives.
pub(super) struct Projected {
    /// Gradient by the normalised depthwise convolution, before ReLU6.
    pub(super) hidden: Buffer,
    /// Its sums per channel, alone and times the centred convolution.
    pub(super) sums: [Vec<f64>; 2],
    pub(super) norm: NormGradient,
}

/// Sums of the block's gradient, alone and times the centred projection.
fn output_sums(plan: &Plan, projected: &[f32], mean: &[f64], gradient: &[f32]) -> [Vec<f64>; 2] {
    let outputs = plan.sizes.outputs;
    let mean: Vec<f32> = mean.iter().map(|mean| *mean as f32).collect();
    let of_rows = |part: Range<usize>| {
        let mut sums = vec![0.0; 2 * outputs];
        let mut tile_sums = vec![0.0; 2 * outputs];
        for tile in tiles(part, outputs) {
            let values = tile.start * outputs..tile.end * outputs;
            let [gradient, value] = [&gradient[values.clone()], &projected[values]]
                .map(|data| Rows::new(data, outputs));
            rows::plain_sums(plan.set, &mut tile_sums, gradient, value, &mean, tile.len());
            drain(&mut sums, &mut tile_sums);
        }
        sums
    };
    let parts = parts(plan.n_output_pixels(), MIN_ROWS).into_par_iter();
    let partial: Vec<Vec<f64>> = parts.map(of_rows).collect();
    let sums = partial
        .iter()
        .fold(vec![0.0; 2 * outputs], |sums, part| added(sums, part));
    let (plain, centred) = sums.split_at(outputs);
    [plain.to_vec(), centred.to_vec()]
}

/// The stage of the projection: its parameters, and the gradient by what it reads.
pub(super) fn projected(
    plan: &Plan,
    p: &Parameters<'_>,
    saved: &Saved,
    gradient: &[f32],
    by_projection: &mut [f32],
) -> Projected {
    let (width, hidden, outputs) = (plan.width, plan.sizes.hidden, plan.sizes.outputs);
    let statistics = &saved.statistics[2];
    let [plain, centred] = output_sums(plan, &saved.projected, &statistics.mean, gradient);
    let norm = statistics.gradient(p.projection.scale, &plain, &centred);
    let stage = Stage::new(
        plan,
        p,
        saved,
        gradient,
        norm.coefficients(&statistics.mean, outputs),
    );
    let n_rows = plan.n_output_pixels();
    let mut by_hidden = Buffer::stale(n_rows * width);
    let parts = parts(n_rows, part_rows(n_rows));
    let pieces = split(&mut by_hidden, width, parts.iter().map(Range::len));
    let partial = parts.into_par_iter().zip(pieces);
    let partial: (Vec<Buffer>, Vec<Vec<f64>>) = partial
        .map(|(part, piece)| stage.of_rows(part, piece))
        .unzip();
    sum_into(by_projection, hidden, &partial.0, width);
    let sums = partial
        .1
        .iter()
        .fold(vec![0.0; 2 * width], |all, sums| added(all, sums));
    Projected {
        hidden: by_hidden,
        sums: [sums[..hidden].to_vec(), sums[width..][..hidden].to_vec()],
        norm,
    }
}

/// What all rows share.
struct Stage<'a> {
    plan: &'a Plan,
    saved: &'a Saved,
    /// By the block's output.
    gradient: &'a [f32],
    /// Of the projection's normalisation.
    coefficients: Coefficients,
    weight: Packed,
    /// Scale, shift and mean of the depthwise convolution's normalisation.
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean: Vec<f32>,
}

impl<'a> Stage<'a> {
    fn new(
        plan: &'a Plan,
        p: &Parameters<'_>,
        saved: &'a Saved,
        gradient: &'a [f32],
        coefficients: Coefficients,
    ) -> Self {
        let (layer, statistics) = (p.depthwise, &saved.statistics[1]);
        let (mean, variance) = (&statistics.mean, &statistics.variance);
        let (scale, shift) = fold(layer.scale, layer.shift, mean, variance);
        let mean: Vec<f32> = mean.iter().map(|mean| *mean as f32).collect();
        let weight = Weight::new(p.projection.weight, plan.sizes.hidden);
        Self {
            plan,
            saved,
            gradient,
            coefficients,
            weight: Packed::straight(plan.set, weight, plan.width),
            scale: padded(&scale, plan.width),
            shift: padded(&shift, plan.width),
            mean: padded(&mean, plan.width),
        }
    }

    /// Writes the gradient by the normalised depthwise convolution of some rows; gives their sums of the
    /// gradient by the weight, `[O, width]`, and of what was written, alone and times the centred convolution.
    fn of_rows(&self, part: Range<usize>, output: &mut [f32]) -> (Buffer, Vec<f64>) {
        let (plan, set, width) = (self.plan, self.plan.set, self.plan.width);
        let outputs = plan.sizes.outputs;
        let mut by_weight = Buffer::zeros(outputs * width);
        let (mut sums, mut tile_sums) = (vec![0.0; 2 * width], vec![0.0; 2 * width]);
        let mut activated = Buffer::stale(tile_rows(width) * plan.stride);
        let mut by_projected = Buffer::stale(tile_rows(width) * outputs);
        for tile in tiles(part.clone(), width) {
            let n = tile.len();
            let gradient = Rows::of(self.gradient, outputs, &tile);
            let value = Rows::of(&self.saved.projected, outputs, &tile);
            let (target, stride, by) = (&mut by_projected, outputs, &self.coefficients);
            rows::normalization_gradient(set, target, stride, gradient, value, n, by);
            let by_projected = Rows::new(&by_projected, outputs);
            let target = &mut output[(tile.start - part.start) * width..][..n * width];
            multiply(
                set,
                target,
                width,
                by_projected,
                &self.weight,
                n,
                &[],
                UNLIMITED,
            );
            let value = Rows::of(&self.saved.depthwise, width, &tile);
            let (to, stride, scale, shift) =
                (&mut activated, plan.stride, &self.scale, &self.shift);
            rows::affine(set, to, stride, value, n, scale, shift, RELU6, &[]);
            let gate = Rows::new(&activated, plan.stride);
            let (to, mean) = (&mut tile_sums, &self.mean);
            rows::gated_sums(set, to, target, width, value, mean, gate, RELU6, n);
            drain(&mut sums, &mut tile_sums);
            accumulate(set, &mut by_weight, [outputs, width], by_projected, gate, n);
        }
        (by_weight, sums)
    }
}
