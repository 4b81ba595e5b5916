//! The depthwise 3×3 convolution on rows in the cache.
//!
//! Layout: channels are innermost; a kernel takes one vector of them at a time through all pixels, so that
//! what it reads more than once is still in the first-level cache. Both directions end their source with a
//! pixel of zeros, which stands for everything outside the image.
//! Numerical order: taps in row-major order per target; sums over targets in ascending order per class.

mod sliding;
mod stencil;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use sliding::{Scope, convolve};
pub use stencil::{Stencil, differentiate};

/// Number of taps of the kernel.
pub(super) const TAPS: usize = 9;

/// Sizes of one convolution with padding 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Input rows and columns.
    pub input: [usize; 2],
    /// Output rows and columns.
    pub output: [usize; 2],
    /// Step of the kernel, along both axes.
    pub stride: usize,
}

impl Geometry {
    /// Of `batch` planes of `input` rows and columns.
    pub fn new(batch: usize, input: [usize; 2], stride: usize) -> Self {
        Self {
            batch,
            input,
            output: input.map(|size| (size - 1) / stride + 1),
            stride,
        }
    }

    /// The output row (or column) that sees input row `at` through offset `tap` of the kernel, if any.
    fn seen_by(&self, at: usize, tap: usize, axis: usize) -> Option<usize> {
        let position = (at + 1).checked_sub(tap)?;
        let is_output =
            position.is_multiple_of(self.stride) && position / self.stride < self.output[axis];
        is_output.then_some(position / self.stride)
    }

    /// The input row (or column) that output row `at` sees through offset `tap` of the kernel, if any.
    fn sees(&self, at: usize, tap: usize, axis: usize) -> Option<usize> {
        let position = (at * self.stride + tap).checked_sub(1)?;
        (position < self.input[axis]).then_some(position)
    }

    /// Input rows that the output rows see.
    pub(super) fn inputs_of(&self, rows: &Range<usize>) -> Range<usize> {
        let end = ((rows.end - 1) * self.stride + 2).min(self.input[0]);
        (rows.start * self.stride).saturating_sub(1)..end
    }

    /// Output rows that see the input rows.
    pub(super) fn outputs_of(&self, rows: &Range<usize>) -> Range<usize> {
        let start = rows.start.saturating_sub(1).div_ceil(self.stride);
        start..(rows.end / self.stride + 1).min(self.output[0])
    }
}

/// Rows of some images, one image after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// How many images.
    pub n_images: usize,
    /// The same rows of each.
    pub rows: Range<usize>,
}

/// Weights `[C, 3, 3]` as `[3·3, width]`, those of a tap side by side, with zeros beyond `C`.
pub(super) fn by_tap(weight: &[f32], width: usize) -> Vec<f32> {
    let mut turned = vec![0.0; TAPS * width];
    for (i, value) in weight.iter().enumerate() {
        turned[(i % TAPS) * width + i / TAPS] = *value;
    }
    turned
}
