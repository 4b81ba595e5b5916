//! The forward pass: a window of 3×3 vectors slides along each output row.

#![expect(unsafe_code, reason = "vectors are loaded from pointers")]

use std::ops::Range;

use super::{Geometry, TAPS, Window};
use crate::train::kernels::simd::{Vector, vectorized};

/// Which outputs are written, and where what they see lies.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Sizes of the planes.
    pub geometry: Geometry,
    /// The output rows.
    pub window: Window,
    /// The input rows that the source holds, of every image; they cover what the outputs see.
    pub inputs: Range<usize>,
    /// Values from pixel to pixel, of target and source.
    pub strides: [usize; 2],
}

impl Scope {
    /// Pixels of target and source.
    fn n_pixels(&self) -> [usize; 2] {
        let g = &self.geometry;
        let rows = [self.window.rows.len(), self.inputs.len()];
        let widths = [g.output[1], g.input[1]];
        std::array::from_fn(|i| self.window.n_images * rows[i] * widths[i])
    }

    /// The source row, counted over all images, that an output row sees through each row of the kernel.
    fn rows_seen(&self, image: usize, row: usize) -> [Option<usize>; 3] {
        [0, 1, 2].map(|tap| {
            let input = self.geometry.sees(row, tap, 0)?;
            Some(image * self.inputs.len() + input - self.inputs.start)
        })
    }
}

vectorized! {
/// `target = clamp(shift + Σ_taps weight · source)` for every output pixel of the scope.
///
/// # Shapes
/// `weight: [3·3, C]`, `shift: [C]`, `C` a whole number of vectors; `source` ends with a pixel of zeros.
pub fn convolve<V>(
    target: &mut [f32], source: &[f32], weight: &[f32], scope: &Scope, shift: &[f32], limits: [f32; 2],
) {
    let (g, [to_step, from_step]) = (&scope.geometry, scope.strides);
    let [n_targets, n_sources] = scope.n_pixels();
    let width = shift.len();
    assert!(width.is_multiple_of(V::LANES) && weight.len() == TAPS * width);
    assert!(n_targets == 0 || (n_targets - 1) * to_step + width <= target.len());
    assert!(n_sources * from_step + width <= source.len());
    let seen = g.inputs_of(&scope.window.rows);
    assert!(n_targets == 0 || (scope.inputs.start <= seen.start && seen.end <= scope.inputs.end));
    for c in (0..width).step_by(V::LANES) {
        // SAFETY: asserted above; the rows seen are among the inputs, and what is not seen is the last pixel.
        unsafe {
            let line = Line {
                weight: std::array::from_fn(|tap| V::load(weight.as_ptr().add(tap * width + c))),
                shift: V::load(shift.as_ptr().add(c)),
                limits: limits.map(|limit| V::splat(limit)),
                n: [g.output[1], g.input[1]],
                to_step,
            };
            let from = source.as_ptr().add(c);
            let mut to = target.as_mut_ptr().add(c);
            for image in 0..scope.window.n_images {
                for row in scope.window.rows.clone() {
                    let rows = scope.rows_seen(image, row).map(|row| match row {
                        Some(row) => (from.add(row * g.input[1] * from_step), from_step),
                        None => (from.add(n_sources * from_step), 0),
                    });
                    match g.stride {
                        1 => line.convolve::<1>(to, rows, 1),
                        2 => line.convolve::<2>(to, rows, 2),
                        step => line.convolve::<0>(to, rows, step),
                    }
                    to = to.wrapping_add(g.output[1] * to_step);
                }
            }
        }
    }
}
}

/// What all output rows of one vector of channels share.
struct Line<V> {
    weight: [V; TAPS],
    shift: V,
    limits: [V; 2],
    /// Output and input pixels in a row.
    n: [usize; 2],
    /// Values from output to output.
    to_step: usize,
}

impl<V: Vector> Line<V> {
    /// Writes an output row; `rows` are the inputs' first pixels and steps. The kernel's step is `S`, or
    /// `step` if that is 0.
    ///
    /// # Safety
    /// As `convolve` asserts it.
    #[inline(always)]
    unsafe fn convolve<const S: usize>(
        &self,
        to: *mut f32,
        rows: [(*const f32, usize); 3],
        step: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let outside = [V::splat(0.0); 3];
            let [mut left, mut middle] = [outside, self.column(rows, 0)];
            for x in 0..self.n[0] {
                let right;
                match S {
                    1 => right = self.column(rows, x + 1),
                    2 => {
                        middle = self.column(rows, 2 * x);
                        right = self.column(rows, 2 * x + 1);
                    }
                    _ => {
                        left = self.column(rows, (x * step).wrapping_sub(1));
                        middle = self.column(rows, x * step);
                        right = self.column(rows, x * step + 1);
                    }
                }
                let mut sum = self.shift;
                for (i, weight) in self.weight.chunks_exact(3).enumerate() {
                    sum = left[i].mul_add(weight[0], sum);
                    sum = middle[i].mul_add(weight[1], sum);
                    sum = right[i].mul_add(weight[2], sum);
                }
                sum.clamp(self.limits[0], self.limits[1])
                    .store(to.add(x * self.to_step));
                left = if S == 1 { middle } else { right };
                middle = right;
            }
        }
    }

    /// The three inputs in column `x`.
    ///
    /// # Safety
    /// As `convolve` asserts it.
    #[inline(always)]
    unsafe fn column(&self, rows: [(*const f32, usize); 3], x: usize) -> [V; 3] {
        // SAFETY: the caller's.
        unsafe {
            let mut column = [V::splat(0.0); 3];
            if x < self.n[1] {
                for (value, (row, step)) in column.iter_mut().zip(rows) {
                    *value = V::load(row.add(x * step));
                }
            }
            column
        }
    }
}
