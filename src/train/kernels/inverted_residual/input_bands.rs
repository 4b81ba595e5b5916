//! Bands of input rows, and the output rows that saw them.

use std::ops::Range;
use std::sync::Arc;

use super::Plan;
use crate::train::kernels::band::{Band, bands};
use crate::train::kernels::depthwise::{Geometry, Stencil, Window};
use crate::train::kernels::partition::parts;

/// Bands of input rows, and who of the output saw them.
pub(super) struct InputBands {
    pub(super) bands: Vec<Band>,
    pub(super) parts: Vec<Range<usize>>,
    pub(super) stencils: Vec<Arc<Stencil>>,
    /// Values of the largest scratch areas, for input and output.
    pub(super) scratch: [usize; 2],
}

impl InputBands {
    pub(super) fn new(plan: &Plan) -> Self {
        let g = &plan.geometry;
        let values = |n: usize| {
            let outputs = (n / g.stride + 2).min(g.output[0]);
            (n * g.input[1] + outputs * g.output[1]) * plan.stride
        };
        let bands = bands(g.batch, g.input[0], values);
        let mut pixels = [0, 0];
        let stencils = bands
            .iter()
            .map(|band| {
                let outputs = g.outputs_of(&band.rows);
                let n = [band.rows.len() * g.input[1], outputs.len() * g.output[1]];
                for (most, n) in pixels.iter_mut().zip(n) {
                    *most = (*most).max(band.images.len() * n);
                }
                let (window, outputs) = relative(g, (band.window(), outputs));
                Stencil::new(g, window, outputs, [plan.stride; 2])
            })
            .collect();
        Self {
            parts: parts(bands.len(), 1),
            bands,
            stencils,
            scratch: [
                pixels[0] * plan.stride,
                pixels[1] * plan.stride + plan.width,
            ],
        }
    }

    /// Input pixels of the parts.
    pub(super) fn n_pixels(&self, plan: &Plan) -> Vec<usize> {
        let of = |band: &Band| band.images.len() * band.rows.len() * plan.geometry.input[1];
        let parts = self.parts.iter();
        parts
            .map(|part| self.bands[part.clone()].iter().map(of).sum())
            .collect()
    }
}

/// The same window with its rows moved up as far as the image's borders stay where they are.
fn relative(g: &Geometry, (mut window, outputs): (Window, Range<usize>)) -> (Window, Range<usize>) {
    let step = g.stride;
    let is_inside = window.rows.start > 2 * step && window.rows.end + 2 * step < g.input[0];
    if !is_inside {
        return (window, outputs);
    }
    // By whole strides, so that every row keeps its phase.
    let up = (window.rows.start - 2) / step;
    window.rows = window.rows.start - up * step..window.rows.end - up * step;
    (window, outputs.start - up..outputs.end - up)
}
