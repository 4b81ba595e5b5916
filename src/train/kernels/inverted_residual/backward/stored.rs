//! The stage of the expansion where its output was kept.

use std::ops::Range;

use rayon::prelude::*;

use super::super::input_bands::InputBands;
use super::super::padded;
use super::depthwise::{Depthwise, Sums};
use super::sums::{sum_turned_into, summed};
use crate::train::kernels::band::{part_rows, tile_rows, tiles};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::moments::NormGradient;
use crate::train::kernels::packed::{Packed, Weight};
use crate::train::kernels::partition::{parts, split};
use crate::train::kernels::product::{Rows, accumulate, multiply};
use crate::train::kernels::rows::{self, Coefficients, UNLIMITED};

impl Depthwise<'_> {
    /// Where the expansion is stored: its gradient goes through memory once.
    pub(super) fn stored(
        &self,
        convolved: &[f32],
        gradient: Option<&[f32]>,
        by_weight: &mut [f32],
        by_kernel: &mut [f32],
    ) -> (Buffer, NormGradient) {
        let (plan, set, width) = (self.plan, self.plan.set, self.plan.width);
        let hidden = plan.sizes.hidden;
        let statistics = &self.saved.statistics[0];
        let bands = InputBands::new(plan);
        let n_rows = plan.n_input_pixels();
        let mean: Vec<f32> = statistics.mean.iter().map(|mean| *mean as f32).collect();
        let mean = padded(&mean, plan.width);
        let mut by_activated = Buffer::stale(n_rows * width);
        let pieces = split(&mut by_activated, width, bands.n_pixels(plan));
        let then = |output: &mut &mut [f32],
                    pixels: Range<usize>,
                    by_expanded: &[f32],
                    sums: &mut Sums| {
            let n = pixels.len();
            let (target, rest) = std::mem::take(output).split_at_mut(n * width);
            for (to, from) in target
                .chunks_exact_mut(width)
                .zip(by_expanded.chunks(plan.stride))
            {
                to.copy_from_slice(&from[..width]);
            }
            *output = rest;
            let gradient = Rows::new(target, width);
            let value = Rows::of(convolved, width, &pixels);
            rows::plain_sums(set, &mut sums.outer, gradient, value, &mean, n);
        };
        let partial = self.differentiate(pieces, &bands, then, 2 * width);
        let plain = self.plain(&partial);
        let mut centred = summed(partial.iter().map(|sums| &sums.outer[width..]), width);
        centred.truncate(hidden);
        let norm = statistics.gradient(self.p.expansion.scale, &plain, &centred);
        let coefficients = norm.coefficients(&statistics.mean, width);
        self.write_kernel(by_kernel, &partial);
        let by_input =
            self.expansion_products(&by_activated, convolved, &coefficients, gradient, by_weight);
        (by_input, norm)
    }

    /// Gradients by input and weight of the stored expansion.
    fn expansion_products(
        &self,
        by_activated: &[f32],
        convolved: &[f32],
        coefficients: &Coefficients,
        gradient: Option<&[f32]>,
        by_weight: &mut [f32],
    ) -> Buffer {
        let (plan, set, width) = (self.plan, self.plan.set, self.plan.width);
        let inputs = plan.sizes.inputs;
        let n_rows = plan.n_input_pixels();
        let weight = Weight::new(self.p.expansion.weight, inputs);
        let weight = Packed::straight(set, weight, inputs);
        let mut by_input = Buffer::stale(match gradient {
            Some(_) => n_rows * inputs,
            None => 0,
        });
        let parts = parts(n_rows, part_rows(n_rows));
        let pieces = split(&mut by_input, inputs, parts.iter().map(Range::len));
        let of_part = |(part, piece): (Range<usize>, &mut [f32])| {
            let mut by_weight = Buffer::zeros(inputs * width);
            let mut by_convolved = Buffer::stale(tile_rows(width) * plan.stride);
            for tile in tiles(part.clone(), width) {
                let n = tile.len();
                let values = tile.start * width..tile.end * width;
                let [by_activated, value] = [&by_activated[values.clone()], &convolved[values]]
                    .map(|data| Rows::new(data, width));
                rows::normalization_gradient(
                    set,
                    &mut by_convolved,
                    plan.stride,
                    by_activated,
                    value,
                    n,
                    coefficients,
                );
                let by_convolved = Rows::new(&by_convolved, plan.stride);
                let narrow = tile.start * inputs..tile.end * inputs;
                let left = Rows {
                    data: &self.input[narrow.clone()],
                    stride: inputs,
                };
                accumulate(set, &mut by_weight, [inputs, width], left, by_convolved, n);
                if let Some(gradient) = gradient {
                    let target = &mut piece[(tile.start - part.start) * inputs..][..n * inputs];
                    multiply(
                        set,
                        target,
                        inputs,
                        by_convolved,
                        &weight,
                        n,
                        &[],
                        UNLIMITED,
                    );
                    if plan.sizes.adds_input {
                        rows::add(set, target, &gradient[narrow]);
                    }
                }
            }
            by_weight
        };
        let partial: Vec<Buffer> = parts.into_par_iter().zip(pieces).map(of_part).collect();
        sum_turned_into(by_weight, inputs, &partial, width);
        by_input
    }
}
