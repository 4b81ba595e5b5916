//! A dense convolution as a matrix product: the patches that a kernel sees, one row per output position.
//!
//! Only the first layer of a network needs it, so there is no gradient by the input.

use rayon::prelude::*;

use super::buffer::Buffer;

/// Side of the square kernel.
const KERNEL: usize = 3;
/// Zeros around the image.
const PADDING: usize = 1;

/// Output size along one axis.
fn output_size(size: usize, stride: usize) -> usize {
    (size + 2 * PADDING - KERNEL) / stride + 1
}

/// The patches of `input`.
///
/// # Shapes
/// `input: [B, H, W, C]`; the result is `[B, H', W', C·3·3]` (given with it), channels slowest, as a weight
/// `[O, C, 3, 3]` is laid out.
pub(super) fn of(input: &[f32], shape: [usize; 4], stride: usize) -> (Buffer, [usize; 4]) {
    let [batch, height, width, channels] = shape;
    let (out_height, out_width) = (output_size(height, stride), output_size(width, stride));
    let row_length = out_width * channels * KERNEL * KERNEL;
    let mut patches = Buffer::stale(batch * out_height * row_length);
    patches
        .par_chunks_mut(row_length)
        .enumerate()
        .for_each(|(row, patches)| {
            let (image, out_y) = (row / out_height, row % out_height);
            let rows = [0, 1, 2].map(|tap| {
                let y = (out_y * stride + tap).wrapping_sub(PADDING);
                let first = (image * height + y.min(height)) * width * channels;
                (y < height).then(|| &input[first..first + width * channels])
            });
            for (out_x, patch) in patches
                .chunks_exact_mut(channels * KERNEL * KERNEL)
                .enumerate()
            {
                write_patch(
                    patch,
                    rows,
                    (out_x * stride).wrapping_sub(PADDING),
                    channels,
                );
            }
        });
    let shape = [batch, out_height, out_width, channels * KERNEL * KERNEL];
    (patches, shape)
}

/// Writes the patch whose first column is `x` (just before 0 at the border); `rows` are the image's, where there are any.
fn write_patch(patch: &mut [f32], rows: [Option<&[f32]>; KERNEL], x: usize, channels: usize) {
    for (tap_y, row) in rows.into_iter().enumerate() {
        let columns = row.and_then(|row| {
            row.get(x.wrapping_mul(channels)..)?
                .get(..KERNEL * channels)
        });
        if let (Some(columns), 3) = (columns, channels) {
            // Images in colour, away from the border: all sizes are known.
            for (i, value) in columns[..9].iter().enumerate() {
                patch[..27][i % 3 * 9 + tap_y * 3 + i / 3] = *value;
            }
            continue;
        }
        for tap_x in 0..KERNEL {
            let pixel = x.wrapping_add(tap_x).wrapping_mul(channels);
            let pixel = row.and_then(|row| row.get(pixel..pixel.wrapping_add(channels)));
            let taps = patch[tap_y * KERNEL + tap_x..].iter_mut();
            let taps = taps.step_by(KERNEL * KERNEL);
            match pixel {
                Some(pixel) => taps.zip(pixel).for_each(|(tap, value)| *tap = *value),
                None => taps.for_each(|tap| *tap = 0.0),
            }
        }
    }
}
