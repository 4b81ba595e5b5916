//! A dense 3×3 convolution as a matrix product: the patches that a kernel sees, one row per output pixel.
//!
//! Only the first layer of a network needs it, so there is no gradient by the input.
//!
//! A patch lies as the image does, `[3, 3, C]`: three runs of an image's rows. Weights come as
//! `[O, C, 3, 3]`; [`in_patch_order`] and [`from_patch_order`] go there and back.

use std::ops::Range;

use rayon::prelude::*;

use super::buffer::Buffer;
use super::depthwise::{Geometry, TAPS};

/// Side of the square kernel.
const KERNEL: usize = 3;

/// Images `[B, H, W, C]` that a kernel with padding 1 goes over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Images<'a> {
    data: &'a [f32],
    geometry: Geometry,
    channels: usize,
}

impl<'a> Images<'a> {
    pub(super) fn new(data: &'a [f32], shape: [usize; 4], stride: usize) -> Self {
        let [batch, height, width, channels] = shape;
        let geometry = Geometry::new(batch, [height, width], stride);
        Self {
            data,
            geometry,
            channels,
        }
    }

    /// Shape of the patches, `[B, H', W', 3·3·C]`.
    pub(super) fn patches_shape(&self) -> [usize; 4] {
        let Geometry { batch, output, .. } = self.geometry;
        [batch, output[0], output[1], TAPS * self.channels]
    }

    /// All patches.
    pub(super) fn patches(&self) -> Buffer {
        let [batch, height, width, length] = self.patches_shape();
        let mut patches = Buffer::stale(batch * height * width * length);
        let rows = patches.par_chunks_mut(width * length).enumerate();
        rows.for_each(|(row, patches)| self.write_row(patches, row));
        patches
    }

    /// Writes the patches of some output pixels, counted over all images, which are whole rows.
    pub(super) fn write(&self, patches: &mut [f32], pixels: Range<usize>) {
        let [_, _, width, length] = self.patches_shape();
        debug_assert!(pixels.start.is_multiple_of(width) && pixels.end.is_multiple_of(width));
        let rows = patches.chunks_exact_mut(width * length);
        for (row, patches) in (pixels.start / width..pixels.end / width).zip(rows) {
            self.write_row(patches, row);
        }
    }

    /// Writes the patches of an output row, counted over all images.
    fn write_row(&self, patches: &mut [f32], row: usize) {
        let g = &self.geometry;
        let (image, out_y) = (row / g.output[0], row % g.output[0]);
        let length = g.input[1] * self.channels;
        for tap in 0..KERNEL {
            let y = (out_y * g.stride + tap).wrapping_sub(1);
            let row = match y < g.input[0] {
                true => &self.data[(image * g.input[0] + y) * length..][..length],
                false => &[],
            };
            match self.channels {
                // Images in colour: all lengths are known.
                3 => write_runs::<9>(patches, row, tap, g.stride),
                channels => write_any_runs(patches, row, tap, g.stride, channels),
            }
        }
    }
}

/// Writes a row of the kernel into every patch: `RUN` values of the image's row, which is empty outside.
fn write_runs<const RUN: usize>(patches: &mut [f32], row: &[f32], tap: usize, stride: usize) {
    let channels = RUN / KERNEL;
    for (x, patch) in patches.chunks_exact_mut(RUN * KERNEL).enumerate() {
        let run = patch[tap * RUN..].first_chunk_mut::<RUN>();
        let run = run.expect("a patch has three runs");
        let first = (x * stride).wrapping_sub(1).wrapping_mul(channels);
        match row.get(first..).and_then(<[f32]>::first_chunk) {
            Some(values) => *run = *values,
            None => write_border(run, row, x * stride, channels),
        }
    }
}

/// [`write_runs`] for any number of channels.
fn write_any_runs(patches: &mut [f32], row: &[f32], tap: usize, stride: usize, channels: usize) {
    let length = KERNEL * channels;
    for (x, patch) in patches.chunks_exact_mut(length * KERNEL).enumerate() {
        write_border(
            &mut patch[tap * length..][..length],
            row,
            x * stride,
            channels,
        );
    }
}

/// Writes the run around column `x`, zeros outside the row.
fn write_border(run: &mut [f32], row: &[f32], x: usize, channels: usize) {
    for (tap, pixel) in run.chunks_exact_mut(channels).enumerate() {
        let first = (x + tap).wrapping_sub(1).wrapping_mul(channels);
        match row.get(first..first.wrapping_add(channels)) {
            Some(values) => pixel.copy_from_slice(values),
            None => pixel.fill(0.0),
        }
    }
}

/// `[O, C, 3, 3]` → `[O, 3, 3, C]`.
pub(super) fn in_patch_order(weight: &[f32], channels: usize) -> Vec<f32> {
    turned(weight, channels, TAPS)
}

/// `[O, 3, 3, C]` → `[O, C, 3, 3]`.
pub(super) fn from_patch_order(weight: &[f32], channels: usize) -> Vec<f32> {
    turned(weight, TAPS, channels)
}

/// `[O, R, C]` → `[O, C, R]`.
fn turned(weight: &[f32], n_rows: usize, n_columns: usize) -> Vec<f32> {
    let square = n_rows * n_columns;
    let source = |i: usize| i / square * square + i % n_rows * n_columns + i % square / n_rows;
    (0..weight.len()).map(|i| weight[source(i)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images, rows, columns, channels and step.
    const CASES: [[usize; 5]; 5] = [
        [2, 5, 7, 3, 1],
        [2, 6, 5, 3, 2],
        [1, 1, 1, 3, 2],
        [1, 4, 3, 2, 2],
        [1, 2, 4, 1, 1],
    ];

    #[test]
    fn patches_hold_what_a_kernel_sees() {
        for [batch, height, width, channels, stride] in CASES {
            let values: Vec<f32> = (1..=batch * height * width * channels)
                .map(|value| value as f32)
                .collect();
            let images = Images::new(&values, [batch, height, width, channels], stride);
            let [_, rows, columns, length] = images.patches_shape();
            let patches = images.patches();
            assert_eq!(patches.len(), batch * rows * columns * length);
            for (i, value) in patches.iter().enumerate() {
                let (pixel, place) = (i / length, i % length);
                let (tap, channel) = (place / channels, place % channels);
                let (image, y, x) = (
                    pixel / (rows * columns),
                    pixel / columns % rows * stride + tap / 3,
                    pixel % columns * stride + tap % 3,
                );
                let is_inside = (1..=height).contains(&y) && (1..=width).contains(&x);
                let source = || ((image * height + y - 1) * width + x - 1) * channels + channel;
                let expected = if is_inside { values[source()] } else { 0.0 };
                assert_eq!(*value, expected, "{images:?}, value {i}");
            }
            let last_row = (batch * rows - 1) * columns..batch * rows * columns;
            let mut some = vec![-1.0; columns * length];
            images.write(&mut some, last_row.clone());
            assert_eq!(some, patches[last_row.start * length..]);
        }
    }

    #[test]
    fn orders_of_weights_are_inverse() {
        let weight: Vec<f32> = (0..2 * 3 * 9).map(|value| value as f32).collect();
        let turned = in_patch_order(&weight, 3);
        assert_eq!(turned[..4], [0.0, 9.0, 18.0, 1.0]);
        assert_eq!(from_patch_order(&turned, 3), weight);
    }
}
