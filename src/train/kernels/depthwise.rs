//! The depthwise 3×3 convolution with padding 1 and its two gradients.
//!
//! Layout NHWC, weight `[C, 3, 3]`. Numerical order: taps in row-major order per output; the weight
//! gradient sums an output row in f32 and rows in f64, images in fixed parts in ascending order.

use rayon::prelude::*;

use super::partition::parts;
use super::simd::vectorized;

/// Number of taps of the kernel.
const TAPS: usize = 9;
/// Channels per inner block: a vector register or two.
const BLOCK: usize = 16;

/// Sizes of one convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Images.
    pub(super) batch: usize,
    /// Input rows and columns.
    pub(super) input: [usize; 2],
    /// Output rows and columns.
    pub(super) output: [usize; 2],
    /// Channels.
    pub(super) channels: usize,
    /// Step of the kernel, along both axes.
    pub(super) stride: usize,
}

impl Geometry {
    /// The geometry over `[batch, height, width, channels]`.
    pub(super) fn new(shape: [usize; 4], stride: usize) -> Self {
        let [batch, height, width, channels] = shape;
        let output = [height, width].map(|size| (size - 1) / stride + 1);
        Self {
            batch,
            input: [height, width],
            output,
            channels,
            stride,
        }
    }

    fn input_row(&self) -> usize {
        self.input[1] * self.channels
    }

    fn output_row(&self) -> usize {
        self.output[1] * self.channels
    }
}

/// `[C, 3, 3]` → `[3·3, C]`, so that the weights of a tap lie side by side.
fn by_tap(weight: &[f32], channels: usize) -> Vec<f32> {
    let mut turned = vec![0.0; weight.len()];
    for (i, value) in weight.iter().enumerate() {
        turned[(i % TAPS) * channels + i / TAPS] = *value;
    }
    turned
}

/// One term of an output pixel: where the pixel's channels begin in the source, and the tap.
type Term = (usize, usize);

vectorized! {
/// `target[c] = Σ_terms source[term.0 + c] · weight[term.1 · C + c]`.
fn gather(target: &mut [f32], source: &[f32], weight: &[f32], terms: &[Term]) {
    let channels = target.len();
    let mut blocks = target.chunks_exact_mut(BLOCK);
    let mut channel = 0;
    for block in &mut blocks {
        let mut sums = [0.0_f32; BLOCK];
        for (pixel, tap) in terms {
            let source = &source[pixel + channel..][..BLOCK];
            let weight = &weight[tap * channels + channel..][..BLOCK];
            for i in 0..BLOCK {
                sums[i] += source[i] * weight[i];
            }
        }
        block.copy_from_slice(&sums);
        channel += BLOCK;
    }
    for target in blocks.into_remainder() {
        *target = terms
            .iter()
            .fold(0.0, |sum, (pixel, tap)| sum + source[pixel + channel] * weight[tap * channels + channel]);
        channel += 1;
    }
}
}

/// The convolution.
///
/// # Shapes
/// `input: [B, H, W, C]`, `weight: [C, 3, 3]`, `output: [B, H', W', C]`.
pub(super) fn forward(output: &mut [f32], input: &[f32], weight: &[f32], g: Geometry) {
    let weight = by_tap(weight, g.channels);
    output
        .par_chunks_mut(g.output_row())
        .enumerate()
        .for_each(|(row, output)| {
            let (image, out_y) = (row / g.output[0], row % g.output[0]);
            let image = image * g.input[0] * g.input_row();
            let mut terms = Vec::with_capacity(TAPS);
            for (out_x, pixel) in output.chunks_exact_mut(g.channels).enumerate() {
                terms.clear();
                for tap in 0..TAPS {
                    let y = (out_y * g.stride + tap / 3).wrapping_sub(1);
                    let x = (out_x * g.stride + tap % 3).wrapping_sub(1);
                    if y < g.input[0] && x < g.input[1] {
                        terms.push((image + y * g.input_row() + x * g.channels, tap));
                    }
                }
                gather(pixel, input, &weight, &terms);
            }
        });
}

/// Gradient by the input: every input pixel gathers from the outputs that saw it.
pub(super) fn input_gradient(
    gradient: &mut [f32],
    output_gradient: &[f32],
    weight: &[f32],
    g: Geometry,
) {
    let weight = by_tap(weight, g.channels);
    // The output position that saw input position `at` through `offset` of the kernel, if any.
    let seen_by = |at: usize, offset: usize, size: usize| {
        let position = (at + 1).checked_sub(offset)?;
        (position % g.stride == 0 && position / g.stride < size).then_some(position / g.stride)
    };
    gradient
        .par_chunks_mut(g.input_row())
        .enumerate()
        .for_each(|(row, gradient)| {
            let (image, y) = (row / g.input[0], row % g.input[0]);
            let image = image * g.output[0] * g.output_row();
            let mut terms = Vec::with_capacity(TAPS);
            for (x, pixel) in gradient.chunks_exact_mut(g.channels).enumerate() {
                terms.clear();
                for tap in 0..TAPS {
                    if let Some(out_y) = seen_by(y, tap / 3, g.output[0])
                        && let Some(out_x) = seen_by(x, tap % 3, g.output[1])
                    {
                        terms.push((image + out_y * g.output_row() + out_x * g.channels, tap));
                    }
                }
                gather(pixel, output_gradient, &weight, &terms);
            }
        });
}

vectorized! {
/// Adds `Σ_x row_gradient[x, c] · row_input[x · stride + tap_x - 1, c]` to `sums[tap_x · C + c]`, for the
/// three taps of one kernel row.
fn correlate_row(sums: &mut [f64], row_gradient: &[f32], row_input: &[f32], channels: usize, stride: usize) {
    let width = row_input.len() / channels;
    let out_width = row_gradient.len() / channels;
    let mut channel = 0;
    while channel < channels {
        let block = BLOCK.min(channels - channel);
        for tap in 0..3 {
            let mut partial = [0.0_f32; BLOCK];
            let first = usize::from(tap == 0);
            // One past the last output whose input lies inside the row.
            let end = out_width.min((width + stride).saturating_sub(tap) / stride);
            if block == BLOCK {
                for x in first..end {
                    let gradient = &row_gradient[x * channels + channel..][..BLOCK];
                    let input = &row_input[(x * stride + tap - 1) * channels + channel..][..BLOCK];
                    for i in 0..BLOCK {
                        partial[i] += gradient[i] * input[i];
                    }
                }
            } else {
                for x in first..end {
                    let gradient = &row_gradient[x * channels + channel..][..block];
                    let input = &row_input[(x * stride + tap - 1) * channels + channel..][..block];
                    for i in 0..block {
                        partial[i] += gradient[i] * input[i];
                    }
                }
            }
            let sums = &mut sums[tap * channels + channel..][..block];
            for (sum, partial) in sums.iter_mut().zip(partial) {
                *sum += f64::from(partial);
            }
        }
        channel += block;
    }
}
}

/// Gradient by the weight, `[C, 3, 3]`.
pub(super) fn weight_gradient(
    gradient: &mut [f32],
    output_gradient: &[f32],
    input: &[f32],
    g: Geometry,
) {
    let rows = g.batch * g.output[0];
    let partial: Vec<Vec<f64>> = parts(rows, 4)
        .into_par_iter()
        .map(|rows| {
            let mut sums = vec![0.0; TAPS * g.channels];
            for row in rows {
                let row_gradient = &output_gradient[row * g.output_row()..][..g.output_row()];
                let (image, out_y) = (row / g.output[0], row % g.output[0]);
                for tap_y in 0..3 {
                    let y = (out_y * g.stride + tap_y).wrapping_sub(1);
                    if y < g.input[0] {
                        let start = (image * g.input[0] + y) * g.input_row();
                        let row_input = &input[start..start + g.input_row()];
                        let sums = &mut sums[tap_y * 3 * g.channels..][..3 * g.channels];
                        correlate_row(sums, row_gradient, row_input, g.channels, g.stride);
                    }
                }
            }
            sums
        })
        .collect();
    for (i, value) in gradient.iter_mut().enumerate() {
        let at = (i % TAPS) * g.channels + i / TAPS;
        *value = partial.iter().map(|sums| sums[at]).sum::<f64>() as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::rng::Generator;

    /// The definition, in f64: calls `visit(output index, input index, weight index)` for every term.
    fn reference(g: Geometry, mut visit: impl FnMut(usize, usize, usize)) {
        let [height, width] = g.input;
        for (i, (image, out_y, out_x)) in (0..g.batch)
            .flat_map(|b| {
                (0..g.output[0]).flat_map(move |y| (0..g.output[1]).map(move |x| (b, y, x)))
            })
            .enumerate()
        {
            for tap in 0..TAPS {
                let (y, x) = (out_y * g.stride + tap / 3, out_x * g.stride + tap % 3);
                if (1..=height).contains(&y) && (1..=width).contains(&x) {
                    for c in 0..g.channels {
                        let input = ((image * height + y - 1) * width + x - 1) * g.channels + c;
                        visit(i * g.channels + c, input, c * TAPS + tap);
                    }
                }
            }
        }
    }

    fn random(n: usize, position: u64) -> Vec<f32> {
        let mut generator = Generator::new(0, "test", &[position]);
        (0..n).map(|_| generator.normal() as f32).collect()
    }

    fn assert_close(found: &[f32], expected: &[f64]) {
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!(
                (f64::from(*found) - expected).abs() < 1e-4,
                "{i}: {found} {expected}"
            );
        }
    }

    #[test]
    fn equals_its_definition_at_odd_sizes() {
        for (shape, stride) in [
            ([2, 5, 7, 3], 1),
            ([2, 5, 7, 19], 2),
            ([1, 6, 4, 32], 2),
            ([3, 1, 1, 16], 1),
            ([1, 1, 2, 5], 2),
            ([2, 2, 2, 17], 2),
            ([1, 97, 61, 4], 2),
        ] {
            let g = Geometry::new(shape, stride);
            let n_outputs = g.batch * g.output[0] * g.output_row();
            let n_inputs = g.batch * g.input[0] * g.input_row();
            let (input, weight) = (random(n_inputs, 1), random(TAPS * g.channels, 2));
            let output_gradient = random(n_outputs, 3);
            let (mut output, mut by_input, mut by_weight) = (
                vec![0.0; n_outputs],
                vec![0.0; n_inputs],
                vec![0.0; weight.len()],
            );
            reference(g, |o, i, w| {
                output[o] += f64::from(input[i]) * f64::from(weight[w]);
                by_input[i] += f64::from(output_gradient[o]) * f64::from(weight[w]);
                by_weight[w] += f64::from(output_gradient[o]) * f64::from(input[i]);
            });
            let mut found = vec![0.0; n_outputs];
            forward(&mut found, &input, &weight, g);
            assert_close(&found, &output);
            let mut found = vec![0.0; n_inputs];
            input_gradient(&mut found, &output_gradient, &weight, g);
            assert_close(&found, &by_input);
            let mut found = vec![0.0; weight.len()];
            weight_gradient(&mut found, &output_gradient, &input, g);
            assert_close(&found, &by_weight);
        }
    }
}
