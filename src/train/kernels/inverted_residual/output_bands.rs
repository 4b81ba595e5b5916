//! Bands of output rows, and the expanded input rows that they see.

use std::ops::Range;

use super::Plan;
use super::expansion::Activated;
use crate::train::kernels::band::{Band, bands};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::depthwise::Scope;
use crate::train::kernels::partition::parts;

/// Goes through bands of output rows with their expanded input in a scratch area.
pub(super) struct Bands {
    bands: Vec<Band>,
    /// Values from output pixel to output pixel.
    target_stride: usize,
    /// Values of the largest scratch area.
    scratch: usize,
}

impl Bands {
    /// `target_stride` is the distance of the output pixels.
    pub(super) fn new(plan: &Plan, target_stride: usize) -> Self {
        let g = &plan.geometry;
        let [height, width] = g.input;
        let values = |n: usize| ((n - 1) * g.stride + 3).min(height) * width * plan.stride;
        let bands = bands(g.batch, g.output[0], values);
        let inputs = |band: &Band| band.images.len() * g.inputs_of(&band.rows).len() * width;
        let scratch = bands.iter().map(inputs).max().unwrap_or(0);
        Self {
            bands,
            target_stride,
            scratch: scratch * plan.stride + plan.width,
        }
    }

    pub(super) fn parts(&self) -> Vec<Range<usize>> {
        parts(self.bands.len(), 1)
    }

    /// Output pixels of some bands.
    pub(super) fn n_pixels(&self, plan: &Plan, bands: &Range<usize>) -> usize {
        let of = |band: &Band| band.images.len() * band.rows.len() * plan.geometry.output[1];
        self.bands[bands.clone()].iter().map(of).sum()
    }

    /// Calls `work` for some bands in their order, with the scope and the expanded input of each.
    pub(super) fn for_each(
        &self,
        plan: &Plan,
        activated: &Activated<'_>,
        bands: Range<usize>,
        mut work: impl FnMut(&Band, &Scope, &[f32]),
    ) {
        let g = &plan.geometry;
        let mut scratch = Buffer::stale(self.scratch);
        let row = g.input[1] * plan.stride;
        let mut before: Option<(usize, Range<usize>)> = None;
        for i in bands {
            let band = &self.bands[i];
            let inputs = g.inputs_of(&band.rows);
            // Rows that the band before has expanded already.
            let known = match before.take() {
                Some((image, rows)) if image == band.images.start && rows.end > inputs.start => {
                    let first = (inputs.start - rows.start) * row;
                    scratch.copy_within(first..first + (rows.end - inputs.start) * row, 0);
                    rows.end - inputs.start
                }
                _ => 0,
            };
            let new = inputs.start + known..inputs.end;
            activated.write(
                plan,
                &mut scratch[known * row..],
                band.pixels(g.input, &new),
            );
            let n_pixels = band.images.len() * inputs.len() * g.input[1];
            scratch[n_pixels * plan.stride..][..plan.width].fill(0.0);
            let scope = Scope {
                geometry: plan.geometry,
                window: band.window(),
                inputs: inputs.clone(),
                strides: [self.target_stride, plan.stride],
            };
            work(band, &scope, &scratch);
            before = Some((band.images.start, inputs));
        }
    }
}
