//! The depthwise 3×3 convolution on rows in the cache, as lists of who reads whom.
//!
//! A [`Stencil`] says for every target pixel which source pixels it reads, tap by tap; a tap that falls
//! outside the image reads a pixel of zeros behind the last one. So every border, stride and size is data.
//! Numerical order: taps in row-major order per target; sums over targets in ascending order per class.

#![expect(unsafe_code, reason = "vectors are loaded from pointers")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::simd::{Vector, vectorized};

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

/// Target pixels that read through the same taps.
#[derive(Debug)]
struct Class {
    /// The taps, nine or four (filled up with taps that read zeros).
    taps: Vec<usize>,
    /// First value of each target pixel.
    targets: Vec<u32>,
    /// First value of each source pixel, a row of `taps.len()` per target.
    sources: Vec<u32>,
}

/// Who reads whom in a window.
#[derive(Debug)]
pub struct Stencil {
    classes: Vec<Class>,
    /// Values of the target and source that are reached, but for the width of a pixel.
    reach: [usize; 2],
}

impl Stencil {
    /// Outputs of `window` read the inputs of rows `inputs`; pixels lie `strides` apart (target, source).
    /// Made once.
    pub fn forward(
        g: &Geometry,
        window: Window,
        inputs: Range<usize>,
        strides: [usize; 2],
    ) -> Arc<Self> {
        Self::cached(true, g, window, inputs, strides)
    }

    /// Inputs of `window` read the outputs of rows `outputs` that saw them. Made once.
    pub fn backward(
        g: &Geometry,
        window: Window,
        outputs: Range<usize>,
        strides: [usize; 2],
    ) -> Arc<Self> {
        Self::cached(false, g, window, outputs, strides)
    }

    fn cached(
        is_forward: bool,
        g: &Geometry,
        window: Window,
        sources: Range<usize>,
        strides: [usize; 2],
    ) -> Arc<Self> {
        let key = Key {
            is_forward,
            plane: [g.input[0], g.input[1], g.output[0], g.output[1], g.stride],
            n_images: window.n_images,
            rows: [
                window.rows.start,
                window.rows.end,
                sources.start,
                sources.end,
            ],
            strides,
        };
        let mut made = MADE.lock().expect("nobody panicked with the lock");
        let make = || match is_forward {
            true => Self::new_forward(g, &window, &sources, strides),
            false => Self::new_backward(g, &window, &sources, strides),
        };
        made.entry(key).or_insert_with(|| Arc::new(make())).clone()
    }

    fn new_forward(
        g: &Geometry,
        window: &Window,
        inputs: &Range<usize>,
        strides: [usize; 2],
    ) -> Self {
        let mut builder = Builder::new(window, [g.output[1], g.input[1]], inputs.clone(), strides);
        let all = (0..TAPS).collect::<Vec<_>>();
        builder.add(&all, [0, 0], [1, 1], |[y, x], tap| {
            Some([g.sees(y, tap / 3, 0)?, g.sees(x, tap % 3, 1)?])
        });
        builder.stencil
    }

    fn new_backward(
        g: &Geometry,
        window: &Window,
        outputs: &Range<usize>,
        strides: [usize; 2],
    ) -> Self {
        let mut builder = Builder::new(window, [g.input[1], g.output[1]], outputs.clone(), strides);
        let seen = |[y, x]: [usize; 2], tap: usize| {
            Some([g.seen_by(y, tap / 3, 0)?, g.seen_by(x, tap % 3, 1)?])
        };
        let step = g.stride;
        for offset in (0..step * step).map(|i| [i / step, i % step]) {
            let phase =
                |tap: usize, axis: usize| (offset[axis] + 1 + step * 3 - tap).is_multiple_of(step);
            let mut taps: Vec<usize> = (0..TAPS)
                .filter(|tap| phase(tap / 3, 0) && phase(tap % 3, 1))
                .collect();
            let n_taps = if taps.len() > 4 { TAPS } else { 4 };
            // Taps that see no pixel of this class.
            let others: Vec<usize> = (0..TAPS).filter(|tap| !taps.contains(tap)).collect();
            taps.extend(&others[..n_taps - taps.len()]);
            builder.add(&taps, offset, [step, step], seen);
        }
        builder.stencil
    }
}

struct Builder<'a> {
    window: &'a Window,
    /// Columns of target and source.
    widths: [usize; 2],
    sources: Range<usize>,
    strides: [usize; 2],
    stencil: Stencil,
}

impl<'a> Builder<'a> {
    fn new(
        window: &'a Window,
        widths: [usize; 2],
        sources: Range<usize>,
        strides: [usize; 2],
    ) -> Self {
        let pixels = |n_rows: usize, width: usize| window.n_images * n_rows * width;
        let targets = pixels(window.rows.len(), widths[0]);
        let reach = [
            targets.saturating_sub(1) * strides[0],
            pixels(sources.len(), widths[1]) * strides[1],
        ];
        assert!(
            reach.iter().all(|reach| u32::try_from(*reach).is_ok()),
            "a window of more than 16 GiB"
        );
        Self {
            window,
            widths,
            sources,
            strides,
            stencil: Stencil {
                classes: Vec::new(),
                reach,
            },
        }
    }

    /// Adds the targets at every `step`th position of the plane from `offset`.
    fn add(
        &mut self,
        taps: &[usize],
        offset: [usize; 2],
        step: [usize; 2],
        source: impl Fn([usize; 2], usize) -> Option<[usize; 2]>,
    ) {
        let rows = &self.window.rows;
        let zeros = self.stencil.reach[1] as u32;
        let mut class = Class {
            taps: taps.to_vec(),
            targets: Vec::new(),
            sources: Vec::new(),
        };
        let first = rows.start + (offset[0] + step[0] - rows.start % step[0]) % step[0];
        for image in 0..self.window.n_images {
            for y in (first..rows.end).step_by(step[0]) {
                for x in (offset[1]..self.widths[0]).step_by(step[1]) {
                    let pixel = (image * rows.len() + y - rows.start) * self.widths[0] + x;
                    class.targets.push((pixel * self.strides[0]) as u32);
                    class
                        .sources
                        .extend(taps.iter().map(|tap| match source([y, x], *tap) {
                            Some([row, column]) if self.sources.contains(&row) => {
                                let row = image * self.sources.len() + row - self.sources.start;
                                ((row * self.widths[1] + column) * self.strides[1]) as u32
                            }
                            _ => zeros,
                        }));
                }
            }
        }
        self.stencil.classes.push(class);
    }
}

/// Weights `[C, 3, 3]` as `[3·3, width]`, those of a tap side by side, with zeros beyond `C`.
pub(super) fn by_tap(weight: &[f32], width: usize) -> Vec<f32> {
    let mut turned = vec![0.0; TAPS * width];
    for (i, value) in weight.iter().enumerate() {
        turned[(i % TAPS) * width + i / TAPS] = *value;
    }
    turned
}

vectorized! {
/// `target = clamp(shift + Σ_taps weight · source)` for every target pixel of the stencil.
///
/// # Shapes
/// `weight: [3·3, C]`, `shift: [C]`, `C` a whole number of vectors; `source` ends with a pixel of zeros.
pub fn convolve<V>(
    target: &mut [f32], source: &[f32], weight: &[f32], stencil: &Stencil, shift: &[f32], limits: [f32; 2],
) {
    let width = shift.len();
    assert!(width.is_multiple_of(V::LANES) && weight.len() == TAPS * width);
    assert!(stencil.reach[0] + width <= target.len() && stencil.reach[1] + width <= source.len());
    let mut c = 0;
    while c < width {
        // SAFETY: asserted above; the stencil's offsets are within its reach.
        unsafe {
            let n = if V::LANES == 16 && c + 2 * V::LANES <= width { 2 } else { 1 };
            let (to, from) = (target.as_mut_ptr().add(c), source.as_ptr().add(c));
            let (weight, shift) = (weight.as_ptr().add(c), shift.as_ptr().add(c));
            for class in &stencil.classes {
                match n {
                    2 => convolve_class::<V, 2>(to, from, weight, width, class, shift, limits),
                    _ => convolve_class::<V, 1>(to, from, weight, width, class, shift, limits),
                }
            }
            c += n * V::LANES;
        }
    }
}
}

/// [`convolve`] for one class of nine taps and `C` vectors of channels.
///
/// # Safety
/// As `convolve` asserts it.
#[inline(always)]
unsafe fn convolve_class<V: Vector, const C: usize>(
    target: *mut f32,
    source: *const f32,
    weight: *const f32,
    width: usize,
    class: &Class,
    shift: *const f32,
    limits: [f32; 2],
) {
    // SAFETY: the caller's.
    unsafe {
        let [low, high] = [V::splat(limits[0]), V::splat(limits[1])];
        let mut weights = [[V::splat(0.0); C]; TAPS];
        for (t, weights) in weights.iter_mut().enumerate() {
            for (j, value) in weights.iter_mut().enumerate() {
                *value = V::load(weight.add(t * width + j * V::LANES));
            }
        }
        let shift: [V; C] = std::array::from_fn(|j| V::load(shift.add(j * V::LANES)));
        for (to, from) in class
            .targets
            .iter()
            .zip(class.sources.as_chunks::<TAPS>().0)
        {
            let mut sums = shift;
            for (weights, from) in weights.iter().zip(from) {
                let from = source.add(*from as usize);
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(from.add(j * V::LANES)).mul_add(weights[j], *sum);
                }
            }
            for (j, sum) in sums.into_iter().enumerate() {
                sum.clamp(low, high)
                    .store(target.add(*to as usize + j * V::LANES));
            }
        }
    }
}

vectorized! {
/// Both gradients of the convolution and that of the clamp before it, in one pass over its input.
///
/// `activated` holds the clamped input and is replaced by the gradient before the clamp;
/// `by_weight += Σ activated · gradient`, `sums += Σ` of the new values.
///
/// # Shapes
/// `weight`, `by_weight`: `[3·3, C]`; `sums: [C]`, `C` a whole number of vectors; `gradient` is by the
/// output and ends with a pixel of zeros.
pub fn differentiate<V>(
    activated: &mut [f32], gradient: &[f32], weight: &[f32], stencil: &Stencil, limits: [f32; 2],
    by_weight: &mut [f32], sums: &mut [f32],
) {
    let width = sums.len();
    assert!(width.is_multiple_of(V::LANES) && weight.len() == TAPS * width && by_weight.len() == TAPS * width);
    assert!(stencil.reach[0] + width <= activated.len() && stencil.reach[1] + width <= gradient.len());
    for c in (0..width).step_by(V::LANES) {
        for class in &stencil.classes {
            // SAFETY: asserted above; the stencil's offsets are within its reach.
            unsafe {
                let (to, from) = (activated.as_mut_ptr().add(c), gradient.as_ptr().add(c));
                let weights = (weight.as_ptr().add(c), by_weight.as_mut_ptr().add(c));
                let sum = sums.as_mut_ptr().add(c);
                match class.taps.len() {
                    4 => differentiate_class::<V, 4>(to, from, weights, width, class, limits, sum),
                    _ => differentiate_class::<V, TAPS>(to, from, weights, width, class, limits, sum),
                }
            }
        }
    }
}
}

/// [`differentiate`] for one class of `N` taps and one vector of channels.
///
/// # Safety
/// As `differentiate` asserts it.
#[inline(always)]
unsafe fn differentiate_class<V: Vector, const N: usize>(
    activated: *mut f32,
    gradient: *const f32,
    (weight, by_weight): (*const f32, *mut f32),
    width: usize,
    class: &Class,
    limits: [f32; 2],
    sum: *mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let [low, high] = [V::splat(limits[0]), V::splat(limits[1])];
        let at = |i: usize| class.taps[i] * width;
        let weights: [V; N] = std::array::from_fn(|i| V::load(weight.add(at(i))));
        let mut by_weights: [V; N] = std::array::from_fn(|i| V::load(by_weight.add(at(i))));
        let mut total = V::load(sum);
        for (pixel, from) in class.targets.iter().zip(class.sources.as_chunks::<N>().0) {
            let pixel = activated.add(*pixel as usize);
            let value = V::load(pixel);
            let mut by_value = V::splat(0.0);
            for i in 0..N {
                let gradient = V::load(gradient.add(from[i] as usize));
                by_value = gradient.mul_add(weights[i], by_value);
                by_weights[i] = gradient.mul_add(value, by_weights[i]);
            }
            let passed = by_value.gated(value, low, high);
            total = total.add(passed);
            passed.store(pixel);
        }
        for (i, value) in by_weights.into_iter().enumerate() {
            value.store(by_weight.add(at(i)));
        }
        total.store(sum);
    }
}

/// What a stencil depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    is_forward: bool,
    /// Sizes of the planes and the step.
    plane: [usize; 5],
    n_images: usize,
    /// First row and end of targets and sources.
    rows: [usize; 4],
    strides: [usize; 2],
}

/// Stencils that were made before: a network asks for the same few at every step.
static MADE: Mutex<BTreeMap<Key, Arc<Stencil>>> = Mutex::new(BTreeMap::new());

#[cfg(test)]
mod tests {
    use super::super::rows::UNLIMITED;
    use super::super::simd::InstructionSet;
    use super::*;
    use crate::train::rng::Generator;

    /// The definition: calls `visit(output, input, tap)` with the pixels of every term.
    fn reference(g: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
        let [height, width] = g.input;
        for output in 0..g.batch * g.output[0] * g.output[1] {
            let (plane, at) = (
                output / (g.output[0] * g.output[1]),
                output % (g.output[0] * g.output[1]),
            );
            let (out_y, out_x) = (at / g.output[1], at % g.output[1]);
            for tap in 0..TAPS {
                let (y, x) = (out_y * g.stride + tap / 3, out_x * g.stride + tap % 3);
                if (1..=height).contains(&y) && (1..=width).contains(&x) {
                    visit(output, (plane * height + y - 1) * width + x - 1, tap);
                }
            }
        }
    }

    fn random(n: usize, position: u64) -> Vec<f32> {
        let mut generator = Generator::new(0, "test", &[position]);
        (0..n).map(|_| generator.normal() as f32).collect()
    }

    fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = (f64::from(*found) - expected).abs();
            assert!(error < 1e-4, "{what}[{i}]: {found}, expected {expected}");
        }
    }

    /// Images, rows, columns, channels and step.
    const CASES: [[usize; 5]; 7] = [
        [2, 5, 7, 16, 1],
        [2, 5, 7, 48, 2],
        [1, 6, 4, 32, 2],
        [3, 1, 1, 16, 1],
        [1, 1, 2, 16, 2],
        [2, 2, 2, 64, 2],
        [1, 9, 13, 16, 2],
    ];

    #[test]
    fn the_convolution_and_its_gradients_equal_their_definition() {
        for [batch, height, width, channels, stride] in CASES {
            let g = Geometry::new(batch, [height, width], stride);
            let (n_in, n_out) = (batch * height * width, batch * g.output[0] * g.output[1]);
            let mut input = random(n_in * channels, 1);
            let mut gradient = random(n_out * channels, 2);
            let weight = random(TAPS * channels, 3);
            let mut output = vec![0.0; n_out * channels];
            let mut by_input = vec![0.0; n_in * channels];
            let mut by_weight = vec![0.0; TAPS * channels];
            reference(&g, |o, i, tap| {
                for c in 0..channels {
                    let [o, i, w] = [o, i, tap].map(|pixel| pixel * channels + c);
                    output[o] += f64::from(input[i]) * f64::from(weight[w]);
                    by_input[i] += f64::from(gradient[o]) * f64::from(weight[w]);
                    by_weight[w] += f64::from(gradient[o]) * f64::from(input[i]);
                }
            });
            // The pixels of zeros.
            input.extend(vec![0.0; channels]);
            gradient.extend(vec![0.0; channels]);
            let window = |n_rows: usize| Window {
                n_images: batch,
                rows: 0..n_rows,
            };
            let forward = Stencil::forward(&g, window(g.output[0]), 0..height, [channels; 2]);
            let backward = Stencil::backward(&g, window(height), 0..g.output[0], [channels; 2]);
            for set in InstructionSet::available() {
                let what = format!("{} {g:?}", set.name());
                let mut found = vec![0.0; n_out * channels];
                let shift = vec![0.0; channels];
                convolve(
                    set, &mut found, &input, &weight, &forward, &shift, UNLIMITED,
                );
                assert_close(&what, &found, &output);
                let mut found = input[..n_in * channels].to_vec();
                let (mut found_weight, mut sums) =
                    (vec![0.0; TAPS * channels], vec![0.0; channels]);
                differentiate(
                    set,
                    &mut found,
                    &gradient,
                    &weight,
                    &backward,
                    UNLIMITED,
                    &mut found_weight,
                    &mut sums,
                );
                assert_close(&format!("{what}: by input"), &found, &by_input);
                assert_close(&format!("{what}: by weight"), &found_weight, &by_weight);
                for (c, sum) in sums.iter().enumerate() {
                    let expected: f64 = by_input[c..].iter().step_by(channels).sum();
                    assert_close(&format!("{what}: sum"), &[*sum], &[expected]);
                }
            }
        }
    }
}
