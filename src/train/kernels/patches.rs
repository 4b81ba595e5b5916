//! A dense convolution as a matrix product: the patches that a kernel sees, one row per output position.
//!
//! Only the first layer of a network needs it, so there is no gradient by the input.

use rayon::prelude::*;

/// Side of the square kernel.
pub(super) const KERNEL: usize = 3;
/// Zeros around the image.
const PADDING: usize = 1;

/// Output size along one axis.
pub(super) fn output_size(size: usize, stride: usize) -> usize {
    (size + 2 * PADDING - KERNEL) / stride + 1
}

/// The patches of `input`.
///
/// # Shapes
/// `input: [B, H, W, C]`; the result is `[B·H'·W', C·3·3]`, channels slowest, as a weight `[O, C, 3, 3]`
/// is laid out.
pub(super) fn patches(input: &[f32], shape: [usize; 4], stride: usize) -> Vec<f32> {
    let [batch, height, width, channels] = shape;
    let (out_height, out_width) = (output_size(height, stride), output_size(width, stride));
    let row_length = out_width * channels * KERNEL * KERNEL;
    let mut patches = vec![0.0; batch * out_height * row_length];
    patches
        .par_chunks_mut(row_length)
        .enumerate()
        .for_each(|(row, patches)| {
            let (image, out_y) = (row / out_height, row % out_height);
            for (out_x, patch) in patches
                .chunks_exact_mut(channels * KERNEL * KERNEL)
                .enumerate()
            {
                for tap in 0..KERNEL * KERNEL {
                    let y = (out_y * stride + tap / KERNEL).wrapping_sub(PADDING);
                    let x = (out_x * stride + tap % KERNEL).wrapping_sub(PADDING);
                    if y < height && x < width {
                        let pixel = ((image * height + y) * width + x) * channels;
                        for channel in 0..channels {
                            patch[channel * KERNEL * KERNEL + tap] = input[pixel + channel];
                        }
                    }
                }
            }
        });
    patches
}
