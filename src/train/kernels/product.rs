//! Matrix products over rows in the cache: the 1×1 convolution and its two gradients.
//!
//! Activations stay as they lie, row-major with any stride; only weights are packed. Numerical order:
//! every output sums over the inner index in ascending order, in one accumulator.

#![expect(unsafe_code, reason = "vectors are loaded from pointers")]

use std::ops::Range;

use super::packed::Packed;
use super::simd::{Vector, vectorized};

/// Rows of a matrix that lie `stride` values apart.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// At least up to the end of the last row.
    pub data: &'a [f32],
    /// Values from the start of a row to that of the next.
    pub stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows that lie `stride` values apart, from the start of `data`.
    pub fn new(data: &'a [f32], stride: usize) -> Self {
        Self { data, stride }
    }

    /// Some rows of a matrix with rows of `width` values without gaps.
    pub fn of(matrix: &'a [f32], width: usize, rows: &Range<usize>) -> Self {
        Self::new(&matrix[rows.start * width..rows.end * width], width)
    }
}

/// What an output block starts from and is clamped to.
#[derive(Clone, Copy)]
struct Finish {
    /// Per column, or null for 0.
    shift: *const f32,
    limits: [f32; 2],
    /// Values of the last vector that are stored.
    n_last: usize,
}

/// `output = clamp(shift + left · right)` for `R` rows and `C` vectors.
///
/// # Safety
/// As `multiply` asserts it.
#[inline(always)]
unsafe fn product_block<V: Vector, const R: usize, const C: usize>(
    output: *mut f32,
    output_stride: usize,
    left: *const f32,
    left_stride: usize,
    mut right: *const f32,
    n_inner: usize,
    finish: Finish,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[V::splat(0.0); C]; R];
        if !finish.shift.is_null() {
            for row in &mut sums {
                for (j, sum) in row.iter_mut().enumerate() {
                    *sum = V::load(finish.shift.add(j * V::LANES));
                }
            }
        }
        for k in 0..n_inner {
            let mut factors = [V::splat(0.0); C];
            for (j, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(right.add(j * V::LANES));
            }
            right = right.add(C * V::LANES);
            for (r, row) in sums.iter_mut().enumerate() {
                let value = V::splat(*left.add(r * left_stride + k));
                for (sum, factor) in row.iter_mut().zip(factors) {
                    *sum = value.mul_add(factor, *sum);
                }
            }
        }
        let [low, high] = [V::splat(finish.limits[0]), V::splat(finish.limits[1])];
        for (r, row) in sums.into_iter().enumerate() {
            for (j, sum) in row.into_iter().enumerate() {
                let to = output.add(r * output_stride + j * V::LANES);
                if j + 1 == C && finish.n_last < V::LANES {
                    sum.clamp(low, high).store_first(to, finish.n_last);
                } else {
                    sum.clamp(low, high).store(to);
                }
            }
        }
    }
}

/// [`product_block`] for all rows and one panel.
///
/// # Safety
/// As `multiply` asserts it.
#[inline(always)]
unsafe fn product_panel<V: Vector, const C: usize>(
    output: *mut f32,
    output_stride: usize,
    left: *const f32,
    left_stride: usize,
    right: *const f32,
    n_inner: usize,
    n_rows: usize,
    finish: Finish,
) {
    let mut row = 0;
    while row < n_rows {
        // SAFETY: the caller's; the blocks end at `n_rows`.
        unsafe {
            let (to, from) = (output.add(row * output_stride), left.add(row * left_stride));
            let (o, l) = (output_stride, left_stride);
            row += match n_rows - row {
                8.. if V::ROWS == 8 => {
                    product_block::<V, 8, C>(to, o, from, l, right, n_inner, finish);
                    8
                }
                4.. => {
                    product_block::<V, 4, C>(to, o, from, l, right, n_inner, finish);
                    4
                }
                _ => {
                    product_block::<V, 1, C>(to, o, from, l, right, n_inner, finish);
                    1
                }
            };
        }
    }
}

vectorized! {
/// `output = clamp(left · right + shift)`.
///
/// # Shapes
/// `left: [R, K]`, `right: [K, N]`, `output: [R, N]`; `shift` is empty (0) or as long as `N` rounded up
/// to whole vectors.
pub fn multiply<V>(
    output: &mut [f32], output_stride: usize, left: Rows<'_>, right: &Packed, n_rows: usize,
    shift: &[f32], limits: [f32; 2],
) {
    let n_vectors = right.n_columns.div_ceil(V::LANES);
    let reaches = |stride: usize, width: usize| n_rows.saturating_sub(1) * stride + width * usize::from(n_rows > 0);
    assert!(reaches(output_stride, right.n_columns) <= output.len(), "output is too short");
    assert!(reaches(left.stride, right.n_inner) <= left.data.len(), "left operand is too short");
    assert!(right.data.len() == right.n_inner * n_vectors * V::LANES, "packed for other instructions");
    assert!(shift.is_empty() || shift.len() >= n_vectors * V::LANES, "shift is too short");
    let mut first = 0;
    while first < n_vectors {
        let width = V::COLUMNS.min(n_vectors - first);
        let is_last = first + width == n_vectors;
        let start = first * V::LANES;
        let finish = Finish {
            shift: if shift.is_empty() { std::ptr::null() } else { shift[start..].as_ptr() },
            limits,
            n_last: if is_last { right.n_columns - (n_vectors - 1) * V::LANES } else { V::LANES },
        };
        let panel = right.data[start * right.n_inner..].as_ptr();
        let (from, stride, k) = (left.data.as_ptr(), left.stride, right.n_inner);
        // SAFETY: asserted above; `n_rows` rows of every operand lie inside its slice, a panel is as
        // long as its vectors times `K`, and no more than `n_last` values of the last vector are stored.
        unsafe {
            let to = output.as_mut_ptr().add(start.min(output.len()));
            match width {
                1 => product_panel::<V, 1>(to, output_stride, from, stride, panel, k, n_rows, finish),
                2 => product_panel::<V, 2>(to, output_stride, from, stride, panel, k, n_rows, finish),
                _ => product_panel::<V, 3>(to, output_stride, from, stride, panel, k, n_rows, finish),
            }
        }
        first += width;
    }
}
}

/// `sums += leftᵀ · right` for `R` rows of `sums` and `C` vectors.
///
/// # Safety
/// As `accumulate` asserts it.
#[inline(always)]
unsafe fn outer_block<V: Vector, const R: usize, const C: usize>(
    output: *mut f32,
    output_stride: usize,
    mut left: *const f32,
    left_stride: usize,
    mut right: *const f32,
    right_stride: usize,
    n_rows: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[V::splat(0.0); C]; R];
        for (r, row) in sums.iter_mut().enumerate() {
            for (j, sum) in row.iter_mut().enumerate() {
                *sum = V::load(output.add(r * output_stride + j * V::LANES));
            }
        }
        for _ in 0..n_rows {
            let mut factors = [V::splat(0.0); C];
            for (j, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(right.add(j * V::LANES));
            }
            for (r, row) in sums.iter_mut().enumerate() {
                let value = V::splat(*left.add(r));
                for (sum, factor) in row.iter_mut().zip(factors) {
                    *sum = value.mul_add(factor, *sum);
                }
            }
            left = left.wrapping_add(left_stride);
            right = right.wrapping_add(right_stride);
        }
        for (r, row) in sums.into_iter().enumerate() {
            for (j, sum) in row.into_iter().enumerate() {
                sum.store(output.add(r * output_stride + j * V::LANES));
            }
        }
    }
}

/// [`outer_block`] for all rows of `sums` and `C` of their vectors.
///
/// # Safety
/// As `accumulate` asserts it.
#[inline(always)]
unsafe fn outer_panel<V: Vector, const C: usize>(
    output: *mut f32,
    output_stride: usize,
    left: *const f32,
    left_stride: usize,
    right: *const f32,
    right_stride: usize,
    n_rows: usize,
    n_outputs: usize,
) {
    let mut row = 0;
    while row < n_outputs {
        // SAFETY: the caller's; the blocks end at `n_outputs`.
        unsafe {
            let (to, from) = (output.add(row * output_stride), left.add(row));
            let (o, l, r) = (output_stride, left_stride, right_stride);
            row += match n_outputs - row {
                8.. if V::ROWS == 8 => {
                    outer_block::<V, 8, C>(to, o, from, l, right, r, n_rows);
                    8
                }
                4.. => {
                    outer_block::<V, 4, C>(to, o, from, l, right, r, n_rows);
                    4
                }
                _ => {
                    outer_block::<V, 1, C>(to, o, from, l, right, r, n_rows);
                    1
                }
            };
        }
    }
}

vectorized! {
/// `sums += leftᵀ · right`, summed over rows.
///
/// # Shapes
/// `left: [R, M]`, `right: [R, N]`, `sums: [M, N]` without gaps; `N` is a whole number of vectors.
pub fn accumulate<V>(
    sums: &mut [f32], shape: [usize; 2], left: Rows<'_>, right: Rows<'_>, n_rows: usize,
) {
    let [n_outputs, n_columns] = shape;
    let reaches = |stride: usize, width: usize| n_rows.saturating_sub(1) * stride + width * usize::from(n_rows > 0);
    assert!(n_columns.is_multiple_of(V::LANES), "columns are no whole vectors");
    assert!(n_outputs * n_columns <= sums.len(), "sums are too short");
    assert!(reaches(left.stride, n_outputs) <= left.data.len(), "left operand is too short");
    assert!(reaches(right.stride, n_columns) <= right.data.len(), "right operand is too short");
    let n_vectors = n_columns / V::LANES;
    let mut first = 0;
    while first < n_vectors {
        let width = V::COLUMNS.min(n_vectors - first);
        let (from, stride) = (left.data.as_ptr(), left.stride);
        // SAFETY: asserted above; every row that is read or written lies inside its slice.
        unsafe {
            let to = sums.as_mut_ptr().add(first * V::LANES);
            let columns = right.data.as_ptr().wrapping_add(first * V::LANES);
            let (n, m) = (n_columns, n_outputs);
            match width {
                1 => outer_panel::<V, 1>(to, n, from, stride, columns, right.stride, n_rows, m),
                2 => outer_panel::<V, 2>(to, n, from, stride, columns, right.stride, n_rows, m),
                _ => outer_panel::<V, 3>(to, n, from, stride, columns, right.stride, n_rows, m),
            }
        }
        first += width;
    }
}
}

#[cfg(test)]
mod tests {
    use super::super::packed::Weight;
    use super::super::rows::UNLIMITED;
    use super::super::simd::InstructionSet;
    use super::*;
    use crate::train::rng::Generator;

    fn random(n: usize, position: u64) -> Vec<f32> {
        let mut generator = Generator::new(0, "test", &[position]);
        (0..n).map(|_| generator.normal() as f32).collect()
    }

    fn assert_close(what: &str, found: f32, expected: f64) {
        let error = (f64::from(found) - expected).abs();
        assert!(error < 1e-4, "{what}: {found}, expected {expected}");
    }

    /// Rows, inner size, columns, and what strides exceed the widths by.
    const SIZES: [[usize; 4]; 5] = [
        [1, 1, 1, 0],
        [5, 3, 7, 2],
        [13, 17, 50, 0],
        [8, 40, 97, 16],
        [31, 9, 16, 3],
    ];

    #[test]
    fn products_equal_their_definition() {
        for [n_rows, k, n, gap] in SIZES {
            let (left, weight) = (random(n_rows * (k + gap), 1), random(k * n, 2));
            let (row_factors, shift) = (random(n, 3), random(n.next_multiple_of(16), 4));
            let left = Rows::new(&left, k + gap);
            for set in InstructionSet::available() {
                let turned = Weight {
                    data: &weight,
                    columns: k,
                    factors: &row_factors,
                };
                let turned = Packed::turned(set, turned, n);
                let straight = Packed::straight(set, Weight::new(&weight, n), n);
                let mut output = vec![7.0; n_rows * (n + gap)];
                let mut clamped = output.clone();
                multiply(
                    set,
                    &mut output,
                    n + gap,
                    left,
                    &straight,
                    n_rows,
                    &[],
                    UNLIMITED,
                );
                multiply(
                    set,
                    &mut clamped,
                    n + gap,
                    left,
                    &turned,
                    n_rows,
                    &shift,
                    [0.0, 2.0],
                );
                for (i, (output, clamped)) in output.iter().zip(&clamped).enumerate() {
                    let (r, c) = (i / (n + gap), i % (n + gap));
                    let what = format!("{} {n_rows}×{k}×{n} [{r}, {c}]", set.name());
                    if c >= n {
                        assert_eq!((*output, *clamped), (7.0, 7.0), "{what}: written beyond");
                        continue;
                    }
                    let value = |i: usize| f64::from(left.data[r * (k + gap) + i]);
                    let sum: f64 = (0..k)
                        .map(|i| value(i) * f64::from(weight[i * n + c]))
                        .sum();
                    assert_close(&what, *output, sum);
                    let terms =
                        (0..k).map(|i| value(i) * f64::from(weight[c * k + i] * row_factors[c]));
                    let sum = terms.sum::<f64>() + f64::from(shift[c]);
                    assert_close(&what, *clamped, sum.clamp(0.0, 2.0));
                }
            }
        }
    }

    #[test]
    fn outer_products_equal_their_definition() {
        for [n_rows, m, n, gap] in SIZES {
            let n = n.next_multiple_of(16);
            let (left, right) = (random(n_rows * (m + gap), 1), random(n_rows * (n + gap), 2));
            let before = random(m * n, 3);
            for set in InstructionSet::available() {
                let mut sums = before.clone();
                let rows = |data, width| Rows::new(data, width + gap);
                accumulate(
                    set,
                    &mut sums,
                    [m, n],
                    rows(&left, m),
                    rows(&right, n),
                    n_rows,
                );
                for (i, sum) in sums.iter().enumerate() {
                    let (r, c) = (i / n, i % n);
                    let terms = (0..n_rows).map(|row| {
                        f64::from(left[row * (m + gap) + r]) * f64::from(right[row * (n + gap) + c])
                    });
                    let what = format!("{} {n_rows}×{m}×{n} [{r}, {c}]", set.name());
                    assert_close(&what, *sum, terms.sum::<f64>() + f64::from(before[i]));
                }
            }
        }
    }

    #[test]
    fn not_a_number_stays_one() {
        let left = Rows {
            data: &[f32::NAN],
            stride: 1,
        };
        for set in InstructionSet::available() {
            let weight = Packed::straight(set, Weight::new(&[1.0], 1), 1);
            let mut output = [0.0];
            multiply(set, &mut output, 1, left, &weight, 1, &[], [0.0, 6.0]);
            assert!(output[0].is_nan(), "{}", set.name());
        }
    }
}
