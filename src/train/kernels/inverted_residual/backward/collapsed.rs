//! The stage of the expansion where it is computed again.

use std::ops::Range;

use rayon::prelude::*;

use super::super::expansion::Input;
use super::super::input_bands::InputBands;
use super::depthwise::{Depthwise, Sums};
use super::sums::summed;
use crate::train::kernels::band::tile_rows;
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::moments::{NormGradient, fold};
use crate::train::kernels::packed::{Packed, Weight};
use crate::train::kernels::partition::split;
use crate::train::kernels::product::{Rows, accumulate, multiply};
use crate::train::kernels::rows::{self, UNLIMITED};

impl Depthwise<'_> {
    /// Where the expansion is computed again. With `h` the gradient by the normalised expansion, `x` the
    /// input and `n` rows, the gradient by the expansion is `a·h + b·(y - mean) + c` and `y = x·Wᵀ`, so
    /// - by the weight: `a·hᵀ(x - mean x) + n·b·W·cov x`;
    /// - by the input: `h·(a·W) + (x - mean x)·(Wᵀ·b·W) + c·W`.
    ///
    /// Of what is as wide as the expansion only `hᵀx` and `h·(a·W)` are needed, and `a` is known before.
    pub(super) fn collapsed(
        &self,
        moments: &Input,
        gradient: Option<&[f32]>,
        by_weight: &mut [f32],
        by_kernel: &mut [f32],
    ) -> (Buffer, NormGradient) {
        let (plan, set, width) = (self.plan, self.plan.set, self.plan.width);
        let (inputs, hidden) = (plan.sizes.inputs, plan.sizes.hidden);
        let (weight, scale) = (self.p.expansion.weight, self.p.expansion.scale);
        let statistics = &self.saved.statistics[0];
        let (a, _) = fold(scale, scale, &statistics.mean, &statistics.variance);
        let bands = InputBands::new(plan);
        let mut by_input = Buffer::stale(match gradient {
            Some(_) => plan.n_input_pixels() * inputs,
            None => 0,
        });
        let scaled = Weight {
            data: weight,
            columns: inputs,
            factors: &a,
        };
        let scaled = Packed::straight(set, scaled, inputs);
        let pieces = split(&mut by_input, inputs, bands.n_pixels(plan));
        let then = |output: &mut &mut [f32],
                    pixels: Range<usize>,
                    by_expanded: &[f32],
                    sums: &mut Sums| {
            let n = pixels.len();
            let left = Rows::of(self.input, inputs, &pixels);
            let right = Rows::new(by_expanded, plan.stride);
            accumulate(set, &mut sums.outer, [inputs, width], left, right, n);
            if gradient.is_some() {
                let (target, rest) = std::mem::take(output).split_at_mut(n * inputs);
                multiply(set, target, inputs, right, &scaled, n, &[], UNLIMITED);
                *output = rest;
            }
        };
        let partial = self.differentiate(pieces, &bands, then, inputs * width);
        let plain = self.plain(&partial);
        let outer = summed(partial.iter().map(|sums| &*sums.outer), inputs * width);
        // `hᵀ(x - mean x)`, `[E, I]`.
        let mut centred_outer = vec![0.0; hidden * inputs];
        for (e, row) in centred_outer.chunks_exact_mut(inputs).enumerate() {
            let values = outer[e..].iter().step_by(width).zip(&moments.mean);
            row.iter_mut()
                .zip(values)
                .for_each(|(to, (sum, mean))| *to = sum - mean * plain[e]);
        }
        let rows = weight
            .chunks_exact(inputs)
            .zip(centred_outer.chunks_exact(inputs));
        let centred: Vec<f64> = rows
            .map(|(weight, outer)| {
                weight
                    .iter()
                    .zip(outer)
                    .map(|(w, o)| f64::from(*w) * o)
                    .sum()
            })
            .collect();
        let norm = statistics.gradient(scale, &plain, &centred);
        let n_rows = plan.n_input_pixels() as f64;
        let turned = moments.turned(weight);
        let rows = by_weight
            .chunks_exact_mut(inputs)
            .zip(turned.chunks_exact(inputs));
        for (e, (by_weight, turned)) in rows.enumerate() {
            let outer = &centred_outer[e * inputs..][..inputs];
            for ((to, outer), turned) in by_weight.iter_mut().zip(outer).zip(turned) {
                *to = (norm.a[e] * outer + n_rows * norm.b[e] * turned) as f32;
            }
        }
        self.write_kernel(by_kernel, &partial);
        if let Some(gradient) = gradient {
            self.add_collapsed(&mut by_input, moments, &norm, gradient);
        }
        (by_input, norm)
    }

    /// `by_input += (x - mean x)·(Wᵀ·b·W) + c·W`, and the block's gradient where the input was added.
    fn add_collapsed(
        &self,
        by_input: &mut [f32],
        moments: &Input,
        norm: &NormGradient,
        gradient: &[f32],
    ) {
        let (plan, inputs) = (self.plan, self.plan.sizes.inputs);
        let mut square = vec![0.0; inputs * inputs];
        let mut shift = vec![0.0; inputs];
        for (e, row) in self.p.expansion.weight.chunks_exact(inputs).enumerate() {
            for (i, left) in row.iter().enumerate() {
                shift[i] += norm.constant[e] * f64::from(*left);
                for (j, right) in row.iter().enumerate() {
                    square[i * inputs + j] += norm.b[e] * f64::from(*left) * f64::from(*right);
                }
            }
        }
        for (i, mean) in moments.mean.iter().enumerate() {
            for (j, shift) in shift.iter_mut().enumerate() {
                *shift -= mean * square[i * inputs + j];
            }
        }
        let square: Vec<f32> = square.into_iter().map(|x| x as f32).collect();
        let square = Packed::straight(plan.set, Weight::new(&square, inputs), inputs);
        let mut shift: Vec<f32> = shift.into_iter().map(|x| x as f32).collect();
        shift.resize(inputs.next_multiple_of(16), 0.0);
        let chunk = inputs * tile_rows(inputs * 2);
        by_input
            .par_chunks_mut(chunk)
            .enumerate()
            .for_each(|(i, by_input)| {
                let values = i * chunk..i * chunk + by_input.len();
                let n = by_input.len() / inputs;
                let left = Rows {
                    data: &self.input[values.clone()],
                    stride: inputs,
                };
                let mut product = Buffer::stale(by_input.len());
                multiply(
                    plan.set,
                    &mut product,
                    inputs,
                    left,
                    &square,
                    n,
                    &shift,
                    UNLIMITED,
                );
                rows::add(plan.set, by_input, &product);
                if plan.sizes.adds_input {
                    rows::add(plan.set, by_input, &gradient[values]);
                }
            });
    }
}
