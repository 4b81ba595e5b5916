//! Bands of output rows, and the expanded input rows that they see.

use std::ops::Range;
use std::sync::Arc;

use super::Plan;
use super::expansion::Activated;
use crate::train::kernels::band::{Band, bands};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::partition::parts;
use crate::train::kernels::stencil::{Geometry, Stencil, Window};

/// Goes through bands of output rows with their expanded input in a scratch area.
pub(super) struct Bands {
    bands: Vec<Band>,
    stencils: Vec<Arc<Stencil>>,
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
        let mut scratch = 0;
        let stencils = bands
            .iter()
            .map(|band| {
                let inputs = g.inputs_of(&band.rows);
                scratch = scratch.max(band.images.len() * inputs.len() * width);
                // What matters of a band is where the borders of the image are.
                let key = (band.window(), inputs);
                let (window, inputs) = relative(g, key);
                Stencil::forward(g, window, inputs, [target_stride, plan.stride])
            })
            .collect();
        Self {
            bands,
            stencils,
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

    /// Calls `work` for some bands in their order, with the stencil and the expanded input of each.
    pub(super) fn for_each(
        &self,
        plan: &Plan,
        activated: &Activated<'_>,
        bands: Range<usize>,
        mut work: impl FnMut(&Band, &Stencil, &[f32]),
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
            work(band, &self.stencils[i], &scratch);
            before = Some((band.images.start, inputs));
        }
    }
}

/// The same window with its rows moved up as far as the image's borders stay where they are.
fn relative(g: &Geometry, (mut window, inputs): (Window, Range<usize>)) -> (Window, Range<usize>) {
    let is_inside = window.rows.start > 1 && window.rows.end + 1 < g.output[0];
    if !is_inside {
        return (window, inputs);
    }
    let up = window.rows.start - 1;
    window.rows = 1..window.rows.end - up;
    let inputs = inputs.start - up * g.stride..inputs.end - up * g.stride;
    (window, inputs)
}
