//! The backward pass, as lists of who reads whom.
//!
//! A [`Stencil`] says for every input pixel which output pixels saw it, tap by tap; a tap that nobody saw
//! it through reads the pixel of zeros. So every border, stride and size is data.

#![expect(unsafe_code, reason = "vectors are loaded from pointers")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::{Geometry, TAPS, Window};
use crate::train::kernels::simd::{Vector, vectorized};

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
    /// Inputs of `window` read the outputs of rows `outputs` that saw them. Made once.
    pub fn new(
        g: &Geometry,
        window: Window,
        outputs: Range<usize>,
        strides: [usize; 2],
    ) -> Arc<Self> {
        let key = Key {
            plane: [g.input[0], g.input[1], g.output[0], g.output[1], g.stride],
            n_images: window.n_images,
            rows: [
                window.rows.start,
                window.rows.end,
                outputs.start,
                outputs.end,
            ],
            strides,
        };
        let mut made = MADE.lock().expect("nobody panicked with the lock");
        let make = || Arc::new(Self::make(g, &window, &outputs, strides));
        made.entry(key).or_insert_with(make).clone()
    }

    fn make(g: &Geometry, window: &Window, outputs: &Range<usize>, strides: [usize; 2]) -> Self {
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
    /// Sizes of the planes and the step.
    plane: [usize; 5],
    n_images: usize,
    /// First row and end of targets and sources.
    rows: [usize; 4],
    strides: [usize; 2],
}

/// Stencils that were made before: a network asks for the same few at every step.
static MADE: Mutex<BTreeMap<Key, Arc<Stencil>>> = Mutex::new(BTreeMap::new());
