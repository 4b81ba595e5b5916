//! The stage of the depthwise convolution, together with the activation before it.

use std::ops::Range;

use rayon::prelude::*;

use super::super::expansion::Activated;
use super::super::input_bands::InputBands;
use super::super::{Parameters, Plan, Saved};
use super::sums::{added, drain};
use crate::train::kernels::band::Band;
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::depthwise::{TAPS, by_tap, differentiate};
use crate::train::kernels::product::Rows;
use crate::train::kernels::rows::{self, Coefficients, RELU6};

/// The stage of the depthwise convolution and what is before it.
pub(super) struct Depthwise<'a> {
    pub(super) plan: &'a Plan,
    pub(super) input: &'a [f32],
    pub(super) p: &'a Parameters<'a>,
    pub(super) saved: &'a Saved,
    /// Gradient by the normalised depthwise convolution, before ReLU6.
    pub(super) hidden: &'a [f32],
    /// Of the depthwise convolution's normalisation.
    pub(super) coefficients: Coefficients,
}

/// Sums over some bands.
pub(super) struct Sums {
    pub(super) by_depthwise: Vec<f64>,
    pub(super) plain: Vec<f64>,
    /// `inputᵀ · gradient`, `[I, width]`; empty where the expansion is stored.
    pub(super) outer: Buffer,
}

impl Depthwise<'_> {
    /// Goes through bands of input rows; `then` gets the gradient by the expansion's normalised output,
    /// before ReLU6, `plan.stride` apart.
    pub(super) fn differentiate<'t>(
        &self,
        outputs: Vec<&'t mut [f32]>,
        bands: &InputBands,
        then: impl Fn(&mut &'t mut [f32], Range<usize>, &[f32], &mut Sums) + Sync,
        n_outer: usize,
    ) -> Vec<Sums> {
        let (plan, set, width) = (self.plan, self.plan.set, self.plan.width);
        let (g, layer) = (&plan.geometry, self.p.expansion);
        let activated = Activated::of(
            plan,
            &self.saved.expansion,
            self.input,
            layer.weight,
            [layer.scale, layer.shift],
            &self.saved.statistics[0],
        );
        let weight = by_tap(self.p.depthwise.weight, width);
        let of_part = |(part, mut output): (Range<usize>, &'t mut [f32])| {
            let mut sums = Sums {
                by_depthwise: vec![0.0; TAPS * width],
                plain: vec![0.0; width],
                outer: Buffer::zeros(n_outer),
            };
            let (mut by_weight, mut plain) = (vec![0.0; TAPS * width], vec![0.0; width]);
            let mut expanded = Buffer::stale(bands.scratch[0]);
            let mut gradient = Buffer::stale(bands.scratch[1]);
            for i in part {
                let band = &bands.bands[i];
                let pixels = band.pixels(g.input, &band.rows);
                activated.write(plan, &mut expanded, pixels.clone());
                self.write_gradient(&mut gradient, band);
                let stencil = &bands.stencils[i];
                differentiate(
                    set,
                    &mut expanded,
                    &gradient,
                    &weight,
                    stencil,
                    RELU6,
                    &mut by_weight,
                    &mut plain,
                );
                drain(&mut sums.by_depthwise, &mut by_weight);
                drain(&mut sums.plain, &mut plain);
                then(&mut output, pixels, &expanded, &mut sums);
            }
            sums
        };
        let parts = bands.parts.clone().into_par_iter();
        parts.zip(outputs).map(of_part).collect()
    }

    /// The gradient by the depthwise convolution in the rows that saw `band`, then a pixel of zeros.
    fn write_gradient(&self, target: &mut [f32], band: &Band) {
        let (plan, g) = (self.plan, &self.plan.geometry);
        let pixels = band.pixels(g.output, &g.outputs_of(&band.rows));
        let n = pixels.len();
        let values = pixels.start * plan.width..pixels.end * plan.width;
        let [gradient, value] = [&self.hidden[values.clone()], &self.saved.depthwise[values]]
            .map(|data| Rows::new(data, plan.width));
        rows::normalization_gradient(
            plan.set,
            target,
            plan.stride,
            gradient,
            value,
            n,
            &self.coefficients,
        );
        target[n * plan.stride..][..plan.width].fill(0.0);
    }

    /// `[3·3, width]` → `[E, 3, 3]`.
    pub(super) fn write_kernel(&self, target: &mut [f32], partial: &[Sums]) {
        let width = self.plan.width;
        let sums = partial.iter().fold(vec![0.0; TAPS * width], |all, part| {
            added(all, &part.by_depthwise)
        });
        for (e, taps) in target.chunks_exact_mut(TAPS).enumerate() {
            let values = sums[e..].iter().step_by(width);
            taps.iter_mut()
                .zip(values)
                .for_each(|(tap, sum)| *tap = *sum as f32);
        }
    }

    pub(super) fn plain(&self, partial: &[Sums]) -> Vec<f64> {
        let mut plain = partial
            .iter()
            .fold(vec![0.0; self.plan.width], |all, part| {
                added(all, &part.plain)
            });
        plain.truncate(self.plan.sizes.hidden);
        plain
    }
}
