//! Passes over the rows of an activation in the cache: batch normalisation, ReLU6 and what their gradients need.
//!
//! A row is one pixel, its values the channels. Numerical order: sums run down the rows in f32, in
//! ascending order; who calls keeps tiles short and adds tiles in f64.

#![expect(unsafe_code, reason = "vectors are loaded from pointers")]

use super::product::Rows;
use super::simd::{Vector, vectorized};

/// Limits that change nothing.
pub(super) const UNLIMITED: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];
/// Limits of ReLU6.
pub(super) const RELU6: [f32; 2] = [0.0, 6.0];

/// Whether `n_rows` rows of `width` values, `stride` apart, lie inside a slice of `length`.
fn fits(length: usize, stride: usize, width: usize, n_rows: usize) -> bool {
    n_rows == 0 || (n_rows - 1) * stride + width <= length
}

/// The vector at `from`, of which `n_left` values may be read.
#[inline(always)]
unsafe fn load<V: Vector>(from: *const f32, n_left: usize) -> V {
    // SAFETY: the caller's.
    unsafe {
        if n_left < V::LANES {
            V::load_first(from, n_left)
        } else {
            V::load(from)
        }
    }
}

/// Stores at `to`, where `n_left` values may be written.
#[inline(always)]
unsafe fn store<V: Vector>(value: V, to: *mut f32, n_left: usize) {
    // SAFETY: the caller's.
    unsafe {
        if n_left < V::LANES {
            value.store_first(to, n_left);
        } else {
            value.store(to);
        }
    }
}

vectorized! {
/// `target = clamp(source · scale + shift)`, and `+ addend` unless that is empty.
///
/// # Shapes
/// `scale`, `shift`: `[C]`; the others `[R, C]`, `target` and `addend` without gaps where `C` is their stride.
pub fn affine<V>(
    target: &mut [f32], target_stride: usize, source: Rows<'_>, n_rows: usize, scale: &[f32], shift: &[f32],
    limits: [f32; 2], addend: &[f32],
) {
    let width = scale.len();
    assert!(shift.len() == width && fits(target.len(), target_stride, width, n_rows));
    assert!(fits(source.data.len(), source.stride, width, n_rows));
    assert!(addend.is_empty() || fits(addend.len(), width, width, n_rows));
    // SAFETY: asserted above; `n_left` is what is left of a row.
    unsafe {
        let [low, high] = [V::splat(limits[0]), V::splat(limits[1])];
        for row in 0..n_rows {
            let to = target.as_mut_ptr().add(row * target_stride);
            let from = source.data.as_ptr().add(row * source.stride);
            for c in (0..width).step_by(V::LANES) {
                let n_left = width - c;
                let scale: V = load(scale.as_ptr().add(c), n_left);
                let value: V = load(from.add(c), n_left);
                let mut value = value.mul_add(scale, load(shift.as_ptr().add(c), n_left)).clamp(low, high);
                if !addend.is_empty() {
                    value = value.add(load(addend.as_ptr().add(row * width + c), n_left));
                }
                store(value, to.add(c), n_left);
            }
        }
    }
}
}

/// `a · gradient + b · value + c` per channel: the gradient by what was normalised.
#[derive(Debug, Clone, Default)]
pub(super) struct Coefficients {
    pub(super) a: Vec<f32>,
    pub(super) b: Vec<f32>,
    pub(super) c: Vec<f32>,
}

vectorized! {
/// `target = a · gradient + b · value + c`.
///
/// # Shapes
/// All `[R, C]`, the coefficients `[C]`.
pub(super) fn normalization_gradient<V>(
    target: &mut [f32], target_stride: usize, gradient: Rows<'_>, value: Rows<'_>, n_rows: usize,
    coefficients: &Coefficients,
) {
    let Coefficients { a, b, c } = coefficients;
    let width = a.len();
    assert!(b.len() == width && c.len() == width && fits(target.len(), target_stride, width, n_rows));
    assert!(fits(gradient.data.len(), gradient.stride, width, n_rows));
    assert!(fits(value.data.len(), value.stride, width, n_rows));
    // SAFETY: asserted above; `n_left` is what is left of a row.
    unsafe {
        for row in 0..n_rows {
            let to = target.as_mut_ptr().add(row * target_stride);
            let gradient = gradient.data.as_ptr().add(row * gradient.stride);
            let value = value.data.as_ptr().add(row * value.stride);
            for i in (0..width).step_by(V::LANES) {
                let n_left = width - i;
                let constant: V = load(c.as_ptr().add(i), n_left);
                let value: V = load(value.add(i), n_left);
                let gradient: V = load(gradient.add(i), n_left);
                let sum = value.mul_add(load(b.as_ptr().add(i), n_left), constant);
                store(gradient.mul_add(load(a.as_ptr().add(i), n_left), sum), to.add(i), n_left);
            }
        }
    }
}
}

vectorized! {
/// Sums of every channel: `sums[0..C] += Σ gradient`, `sums[C..2C] += Σ gradient · (value - mean)`.
///
/// # Shapes
/// `gradient`, `value`: `[R, C]`; `mean: [C]`; `sums: [2, C]`.
pub(super) fn plain_sums<V>(
    sums: &mut [f32], gradient: Rows<'_>, value: Rows<'_>, mean: &[f32], n_rows: usize,
) {
    let width = mean.len();
    assert!(sums.len() == 2 * width && fits(gradient.data.len(), gradient.stride, width, n_rows));
    assert!(fits(value.data.len(), value.stride, width, n_rows));
    // SAFETY: asserted above; `n_left` is what is left of a row.
    unsafe {
        for c in (0..width).step_by(V::LANES) {
            let n_left = width - c;
            let mut pair: ColumnSums<V> = ColumnSums::new(mean.as_ptr().add(c), n_left);
            for row in 0..n_rows {
                let gradient = load(gradient.data.as_ptr().add(row * gradient.stride + c), n_left);
                pair.add(gradient, load(value.data.as_ptr().add(row * value.stride + c), n_left));
            }
            pair.add_to(sums.as_mut_ptr().add(c), width, n_left);
        }
    }
}
}

vectorized! {
/// As [`plain_sums`] of the gradient where `gate` is inside `limits`; elsewhere it is set to 0.
///
/// # Shapes
/// `gradient`, `value`, `gate`: `[R, C]`; `mean: [C]`; `sums: [2, C]`.
pub(super) fn gated_sums<V>(
    sums: &mut [f32], gradient: &mut [f32], gradient_stride: usize, value: Rows<'_>, mean: &[f32],
    gate: Rows<'_>, limits: [f32; 2], n_rows: usize,
) {
    let width = mean.len();
    assert!(sums.len() == 2 * width && fits(gradient.len(), gradient_stride, width, n_rows));
    assert!(fits(value.data.len(), value.stride, width, n_rows));
    assert!(fits(gate.data.len(), gate.stride, width, n_rows));
    // SAFETY: asserted above; `n_left` is what is left of a row.
    unsafe {
        let [low, high] = [V::splat(limits[0]), V::splat(limits[1])];
        for c in (0..width).step_by(V::LANES) {
            let n_left = width - c;
            let mut pair: ColumnSums<V> = ColumnSums::new(mean.as_ptr().add(c), n_left);
            for row in 0..n_rows {
                let at = gradient.as_mut_ptr().add(row * gradient_stride + c);
                let gate = load(gate.data.as_ptr().add(row * gate.stride + c), n_left);
                let passed = load::<V>(at, n_left).gated(gate, low, high);
                store(passed, at, n_left);
                pair.add(passed, load(value.data.as_ptr().add(row * value.stride + c), n_left));
            }
            pair.add_to(sums.as_mut_ptr().add(c), width, n_left);
        }
    }
}
}

/// Sums of some columns of a gradient, alone and times centred values.
struct ColumnSums<V> {
    mean: V,
    plain: V,
    centred: V,
}

impl<V: Vector> ColumnSums<V> {
    #[inline(always)]
    unsafe fn new(mean: *const f32, n_left: usize) -> Self {
        // SAFETY: the caller's, as in the methods below.
        unsafe {
            Self {
                mean: load(mean, n_left),
                plain: V::splat(0.0),
                centred: V::splat(0.0),
            }
        }
    }

    #[inline(always)]
    unsafe fn add(&mut self, gradient: V, value: V) {
        unsafe {
            self.plain = self.plain.add(gradient);
            self.centred = gradient.mul_add(value.sub(self.mean), self.centred);
        }
    }

    #[inline(always)]
    unsafe fn add_to(self, sums: *mut f32, width: usize, n_left: usize) {
        unsafe {
            let second = sums.add(width);
            store(self.plain.add(load(sums, n_left)), sums, n_left);
            store(self.centred.add(load(second, n_left)), second, n_left);
        }
    }
}

vectorized! {
/// `sums = Σ clamp(rows · scale + shift)` down the rows.
///
/// # Shapes
/// `rows: [R, C]`; `sums`, `scale`, `shift`: `[C]`.
pub(super) fn clamped_sums<V>(
    sums: &mut [f32], rows: Rows<'_>, n_rows: usize, scale: &[f32], shift: &[f32], limits: [f32; 2],
) {
    let width = scale.len();
    assert!(shift.len() == width && sums.len() == width);
    assert!(fits(rows.data.len(), rows.stride, width, n_rows));
    // SAFETY: asserted above; `n_left` is what is left of a row.
    unsafe {
        let [low, high] = [V::splat(limits[0]), V::splat(limits[1])];
        for c in (0..width).step_by(V::LANES) {
            let n_left = width - c;
            let scale: V = load(scale.as_ptr().add(c), n_left);
            let shift: V = load(shift.as_ptr().add(c), n_left);
            let mut sum = V::splat(0.0);
            for row in 0..n_rows {
                let value: V = load(rows.data.as_ptr().add(row * rows.stride + c), n_left);
                sum = sum.add(value.mul_add(scale, shift).clamp(low, high));
            }
            store(sum, sums.as_mut_ptr().add(c), n_left);
        }
    }
}
}

vectorized! {
/// Gives every row the same gradient where `value · scale + shift` is inside `limits`, else 0; the sums of
/// [`plain_sums`] of that.
///
/// # Shapes
/// `target`, `value`: `[R, C]`, `target` without gaps; `gradient`, scale, shift, `mean`: `[C]`; `sums: [2, C]`.
pub(super) fn spread<V>(
    target: &mut [f32], sums: &mut [f32], gradient: &[f32], value: Rows<'_>, folded: &(Vec<f32>, Vec<f32>),
    mean: &[f32], limits: [f32; 2],
) {
    let (scale, shift) = folded;
    let width = mean.len();
    let n_rows = target.len() / width;
    assert!(sums.len() == 2 * width && gradient.len() == width && scale.len() == width && shift.len() == width);
    assert!(fits(value.data.len(), value.stride, width, n_rows));
    // SAFETY: asserted above; `n_left` is what is left of a row.
    unsafe {
        let [low, high] = [V::splat(limits[0]), V::splat(limits[1])];
        for c in (0..width).step_by(V::LANES) {
            let n_left = width - c;
            let scale: V = load(scale.as_ptr().add(c), n_left);
            let shift: V = load(shift.as_ptr().add(c), n_left);
            let gradient: V = load(gradient.as_ptr().add(c), n_left);
            let mut pair: ColumnSums<V> = ColumnSums::new(mean.as_ptr().add(c), n_left);
            for row in 0..n_rows {
                let value: V = load(value.data.as_ptr().add(row * value.stride + c), n_left);
                let passed = gradient.gated(value.mul_add(scale, shift), low, high);
                store(passed, target.as_mut_ptr().add(row * width + c), n_left);
                pair.add(passed, value);
            }
            pair.add_to(sums.as_mut_ptr().add(c), width, n_left);
        }
    }
}
}

vectorized! {
/// `target += addend`.
pub(super) fn add<V>(target: &mut [f32], addend: &[f32]) {
    assert_eq!(target.len(), addend.len());
    for (target, addend) in target.iter_mut().zip(addend) {
        *target += addend;
    }
}
}

vectorized! {
/// Mean and summed squared deviations of the rows of one tile.
///
/// # Shapes
/// `rows: [R, C]`, `mean`, `squares`: `[C]`.
pub fn tile_moments<V>(mean: &mut [f32], squares: &mut [f32], rows: Rows<'_>, n_rows: usize) {
    let width = mean.len();
    assert!(squares.len() == width && fits(rows.data.len(), rows.stride, width, n_rows));
    // SAFETY: asserted above; `n_left` is what is left of a row.
    unsafe {
        let share = V::splat(1.0 / n_rows as f32);
        for c in (0..width).step_by(V::LANES) {
            let n_left = width - c;
            let column = rows.data.as_ptr().add(c);
            let mut sum = V::splat(0.0);
            for row in 0..n_rows {
                sum = sum.add(load(column.add(row * rows.stride), n_left));
            }
            let tile_mean = sum.mul_add(share, V::splat(0.0));
            // What rounding left of the sum of deviations corrects the mean.
            let (mut rest, mut sum) = (V::splat(0.0), V::splat(0.0));
            for row in 0..n_rows {
                let value: V = load(column.add(row * rows.stride), n_left);
                let deviation = value.sub(tile_mean);
                rest = rest.add(deviation);
                sum = deviation.mul_add(deviation, sum);
            }
            let tile_mean = rest.mul_add(share, tile_mean);
            store(tile_mean, mean.as_mut_ptr().add(c), n_left);
            store(sum, squares.as_mut_ptr().add(c), n_left);
        }
    }
}
}

/// Copies rows of `width` values to `stride` apart.
pub(super) fn copy(target: &mut [f32], stride: usize, source: &[f32], width: usize) {
    for (target, source) in target.chunks_mut(stride).zip(source.chunks_exact(width)) {
        target[..width].copy_from_slice(source);
    }
}

/// The reverse of [`copy`].
pub(super) fn copy_back(target: &mut [f32], source: &[f32], stride: usize, width: usize) {
    for (target, source) in target.chunks_exact_mut(width).zip(source.chunks(stride)) {
        target.copy_from_slice(&source[..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::InstructionSet;
    use super::*;
    use crate::train::rng::Generator;

    const N_ROWS: usize = 7;

    fn random(width: usize, position: u64) -> Vec<f32> {
        let mut generator = Generator::new(0, "test", &[position]);
        (0..N_ROWS * width)
            .map(|_| generator.normal() as f32)
            .collect()
    }

    fn assert_close(what: &str, found: f32, expected: f64) {
        let error = (f64::from(found) - expected).abs();
        assert!(error < 1e-5, "{what}: {found}, expected {expected}");
    }

    #[test]
    fn passes_equal_their_definition() {
        for width in [1, 7, 16, 37] {
            let [value, gradient, gate] = [1, 2, 3].map(|position| random(width, position));
            let [scale, shift, mean] =
                [4, 5, 6].map(|position| random(width, position)[..width].to_vec());
            let rows = |data| Rows::new(data, width);
            let limits = [-0.5, 0.5];
            let is_inside = |x: f32| x > limits[0] && x < limits[1];
            for set in InstructionSet::available() {
                let what = format!("{} {width}", set.name());
                let mut target = vec![0.0; N_ROWS * width];
                affine(
                    set,
                    &mut target,
                    width,
                    rows(&value),
                    N_ROWS,
                    &scale,
                    &shift,
                    limits,
                    &gradient,
                );
                let coefficients = Coefficients {
                    a: scale.clone(),
                    b: shift.clone(),
                    c: mean.clone(),
                };
                let mut normalized = vec![0.0; N_ROWS * width];
                normalization_gradient(
                    set,
                    &mut normalized,
                    width,
                    rows(&gradient),
                    rows(&value),
                    N_ROWS,
                    &coefficients,
                );
                let (mut passed, mut sums) = (gradient.clone(), vec![0.0; 2 * width]);
                gated_sums(
                    set,
                    &mut sums,
                    &mut passed,
                    width,
                    rows(&value),
                    &mean,
                    rows(&gate),
                    limits,
                    N_ROWS,
                );
                let mut plain = vec![0.0; 2 * width];
                plain_sums(
                    set,
                    &mut plain,
                    rows(&gradient),
                    rows(&value),
                    &mean,
                    N_ROWS,
                );
                let wide = |x: f32| f64::from(x);
                for c in 0..width {
                    let column = || (0..N_ROWS).map(move |row| row * width + c);
                    for i in column() {
                        let mapped = wide(value[i]) * wide(scale[c]) + wide(shift[c]);
                        let clamped = mapped.clamp(wide(limits[0]), wide(limits[1]));
                        assert_close(&what, target[i], clamped + wide(gradient[i]));
                        let sum = wide(scale[c]) * wide(gradient[i])
                            + wide(shift[c]) * wide(value[i])
                            + wide(mean[c]);
                        assert_close(&what, normalized[i], sum);
                        assert_eq!(
                            passed[i],
                            if is_inside(gate[i]) { gradient[i] } else { 0.0 },
                            "{what}"
                        );
                    }
                    let centred = |i: usize| wide(value[i]) - wide(mean[c]);
                    assert_close(&what, plain[c], column().map(|i| wide(gradient[i])).sum());
                    assert_close(
                        &what,
                        plain[width + c],
                        column().map(|i| wide(gradient[i]) * centred(i)).sum(),
                    );
                    assert_close(&what, sums[c], column().map(|i| wide(passed[i])).sum());
                    assert_close(
                        &what,
                        sums[width + c],
                        column().map(|i| wide(passed[i]) * centred(i)).sum(),
                    );
                }
            }
        }
    }
}
