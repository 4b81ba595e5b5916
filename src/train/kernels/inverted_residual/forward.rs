//! The forward pass with batch statistics.

use std::ops::Range;

use rayon::prelude::*;

use super::expansion::{Activated, Expansion};
use super::output_bands::Bands;
use super::{Parameters, Plan, Saved, padded};
use crate::train::kernels::band::{tile_rows, tiles};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::depthwise::{by_tap, convolve};
use crate::train::kernels::moments::{Moments, Statistics, fold};
use crate::train::kernels::packed::{Packed, Weight};
use crate::train::kernels::partition::{parts, split};
use crate::train::kernels::product::{Rows, multiply};
use crate::train::kernels::rows::{self, RELU6, UNLIMITED};

/// Rows below which a pass is not worth a thread of its own.
const MIN_ROWS: usize = 64;

/// The block's output and what the backward pass needs.
pub(super) fn forward(plan: &Plan, input: &[f32], p: &Parameters<'_>) -> (Buffer, Saved) {
    let (expansion, expanded) = Expansion::new(plan, input, p.expansion.weight);
    let affine = [p.expansion.scale, p.expansion.shift];
    let activated = Activated::of(
        plan,
        &expansion,
        input,
        p.expansion.weight,
        affine,
        &expanded,
    );
    let (depthwise, depthwise_statistics) = depthwise(plan, &activated, p.depthwise.weight);
    drop(activated);
    let (projected, projected_statistics) = project(plan, &depthwise, &depthwise_statistics, p);
    let (scale, shift) = fold(
        p.projection.scale,
        p.projection.shift,
        &projected_statistics.mean,
        &projected_statistics.variance,
    );
    let mut output = Buffer::stale(plan.n_output_pixels() * plan.sizes.outputs);
    finish(plan, &mut output, &projected, [&scale, &shift], input);
    let saved = Saved {
        expansion,
        depthwise,
        projected,
        statistics: [expanded, depthwise_statistics, projected_statistics],
    };
    (output, saved)
}

/// The depthwise convolution of the expanded input, with its statistics.
fn depthwise(plan: &Plan, activated: &Activated<'_>, weight: &[f32]) -> (Buffer, Statistics) {
    let (set, width) = (plan.set, plan.width);
    let bands = Bands::new(plan, width);
    let weight = by_tap(weight, width);
    let no_shift = vec![0.0; width];
    let mut output = Buffer::stale(plan.n_output_pixels() * width);
    let parts = bands.parts();
    let n_pixels = parts.iter().map(|part| bands.n_pixels(plan, part));
    let pieces = split(&mut output, width, n_pixels);
    let moments = parts.into_par_iter().zip(pieces).map(|(part, mut piece)| {
        let mut moments = Moments::none(plan.sizes.hidden);
        bands.for_each(plan, activated, part, |band, scope, expanded| {
            let n = band.images.len() * band.rows.len() * plan.geometry.output[1];
            let (target, rest) = std::mem::take(&mut piece).split_at_mut(n * width);
            convolve(set, target, expanded, &weight, scope, &no_shift, UNLIMITED);
            for tile in tiles(0..n, width) {
                let rows = Rows::of(target, width, &tile);
                moments.add(set, rows, tile.len());
            }
            piece = rest;
        });
        moments
    });
    let moments = moments.collect();
    (output, Moments::merged(moments))
}

/// The projection of the normalised depthwise convolution, with its statistics.
fn project(
    plan: &Plan,
    depthwise: &[f32],
    statistics: &Statistics,
    p: &Parameters<'_>,
) -> (Buffer, Statistics) {
    let (set, width, outputs) = (plan.set, plan.width, plan.sizes.outputs);
    let layer = p.depthwise;
    let (scale, shift) = fold(
        layer.scale,
        layer.shift,
        &statistics.mean,
        &statistics.variance,
    );
    let (scale, shift) = (padded(&scale, width), padded(&shift, width));
    let weight = Weight::new(p.projection.weight, plan.sizes.hidden);
    let weight = Packed::turned(set, weight, outputs);
    let n_rows = plan.n_output_pixels();
    let mut output = Buffer::stale(n_rows * outputs);
    let parts = parts(n_rows, MIN_ROWS);
    let pieces = split(&mut output, outputs, parts.iter().map(Range::len));
    let moments = parts.into_par_iter().zip(pieces).map(|(part, piece)| {
        let mut moments = Moments::none(outputs);
        let mut scratch = Buffer::stale(tile_rows(width) * plan.stride);
        for tile in tiles(part.clone(), width) {
            let n = tile.len();
            let source = Rows::of(depthwise, width, &tile);
            rows::affine(
                set,
                &mut scratch,
                plan.stride,
                source,
                n,
                &scale,
                &shift,
                RELU6,
                &[],
            );
            let left = Rows::new(&scratch, plan.stride);
            let target = &mut piece[(tile.start - part.start) * outputs..][..n * outputs];
            multiply(set, target, outputs, left, &weight, n, &[], UNLIMITED);
            let rows = Rows::new(target, outputs);
            moments.add(set, rows, n);
        }
        moments
    });
    let moments = moments.collect();
    (output, Moments::merged(moments))
}

/// The normalised projection, plus the input.
fn finish(
    plan: &Plan,
    output: &mut [f32],
    projected: &[f32],
    [scale, shift]: [&[f32]; 2],
    input: &[f32],
) {
    let outputs = plan.sizes.outputs;
    let chunk = outputs * tile_rows(outputs);
    output
        .par_chunks_mut(chunk)
        .enumerate()
        .for_each(|(i, output)| {
            let values = i * chunk..i * chunk + output.len();
            let n = output.len() / outputs;
            let addend = match plan.sizes.adds_input {
                true => &input[values.clone()],
                false => &[],
            };
            let source = Rows {
                data: &projected[values],
                stride: outputs,
            };
            rows::affine(
                plan.set, output, outputs, source, n, scale, shift, UNLIMITED, addend,
            );
        });
}
