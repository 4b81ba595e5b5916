//! The 1×1 convolution over all rows of an activation, and its two gradients.

use std::ops::Range;

use rayon::prelude::*;

use super::band::{part_rows, spread, tile_rows, tiles};
use super::buffer::Buffer;
use super::packed::{Packed, Weight};
use super::partition::{parts, split};
use super::product::{Rows, accumulate, multiply};
use super::rows::{UNLIMITED, copy};
use super::simd::InstructionSet;

/// Rows below which a product is not worth a thread of its own.
const MIN_ROWS: usize = 64;

/// `left · right` over parts of rows.
fn product_rows(
    set: InstructionSet,
    output: &mut [f32],
    left: &[f32],
    right: &Packed,
    [k, n]: [usize; 2],
) {
    let parts = parts(output.len() / n, MIN_ROWS);
    let pieces = split(output, n, parts.iter().map(Range::len));
    parts.into_par_iter().zip(pieces).for_each(|(part, piece)| {
        let rows = Rows::of(left, k, &part);
        multiply(set, piece, n, rows, right, part.len(), &[], UNLIMITED);
    });
}

/// `input · weightᵀ`.
///
/// # Shapes
/// `input: [R, I]`, `weight: [O, I]`; the result is `[R, O]`.
pub(super) fn forward(
    set: InstructionSet,
    input: &[f32],
    weight: &[f32],
    n_inputs: usize,
) -> Buffer {
    let n_outputs = weight.len() / n_inputs;
    let packed = Packed::turned(set, Weight::new(weight, n_inputs), n_outputs);
    forward_packed(set, input, &packed)
}

/// As [`forward`], with the weight packed before.
pub(super) fn forward_packed(set: InstructionSet, input: &[f32], weight: &Packed) -> Buffer {
    let sizes = [weight.n_inner, weight.n_columns];
    let mut output = Buffer::stale(input.len() / sizes[0] * sizes[1]);
    product_rows(set, &mut output, input, weight, sizes);
    output
}

/// `gradient · weight`.
pub(super) fn input_gradient(
    set: InstructionSet,
    gradient: &[f32],
    weight: &[f32],
    n_inputs: usize,
) -> Vec<f32> {
    let n_outputs = weight.len() / n_inputs;
    let packed = Packed::straight(set, Weight::new(weight, n_inputs), n_inputs);
    let mut output = vec![0.0; gradient.len() / n_outputs * n_inputs];
    product_rows(set, &mut output, gradient, &packed, [n_outputs, n_inputs]);
    output
}

/// `gradientᵀ · input`, `[O, I]`; parts of rows in f32, added in f64.
pub(super) fn weight_gradient(
    set: InstructionSet,
    gradient: &[f32],
    input: &[f32],
    n_inputs: usize,
) -> Vec<f32> {
    let n_rows = input.len() / n_inputs;
    let n_outputs = gradient.len() / n_rows;
    let width = n_inputs.next_multiple_of(16);
    let of_part = |part: Range<usize>| {
        let mut sums = Buffer::zeros(n_outputs * width);
        let mut scratch = Buffer::zeros(tile_rows(width) * spread(width));
        for tile in tiles(part, width) {
            let left = Rows::of(gradient, n_outputs, &tile);
            copy(
                &mut scratch,
                spread(width),
                &input[tile.start * n_inputs..tile.end * n_inputs],
                n_inputs,
            );
            let right = Rows::new(&scratch, spread(width));
            accumulate(set, &mut sums, [n_outputs, width], left, right, tile.len());
        }
        sums
    };
    let parts = parts(n_rows, part_rows(n_rows)).into_par_iter();
    let partial: Vec<Buffer> = parts.map(of_part).collect();
    let sum = |at: usize| partial.iter().map(|sums| f64::from(sums[at])).sum::<f64>() as f32;
    let rows = (0..n_outputs).into_par_iter();
    rows.flat_map_iter(|o| (0..n_inputs).map(move |i| sum(o * width + i)))
        .collect()
}
