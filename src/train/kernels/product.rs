//! Matrix products over row tiles: the 1×1 convolution and its two gradients.
//!
//! Row-major throughout: `input: [R, I]`, `weight: [O, I]`, `output: [R, O]`. Numerical order: within a
//! product that of the `gemm` crate; the weight gradient sums row parts in ascending order.

use gemm::Parallelism;
use rayon::prelude::*;

use super::partition::parts;

/// Rows of a tile: its operands stay in the second-level cache.
const TILE_ROWS: usize = 512;
/// Fewer tiles than this and the product itself is spread over the threads.
const FEW_TILES: usize = 4;

/// A matrix in a slice.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    fn row_major(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self {
            data,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    fn assert_inside(&self) {
        let last = self.rows.saturating_sub(1) * self.row_stride
            + self.columns.saturating_sub(1) * self.column_stride;
        assert!(
            self.rows * self.columns == 0 || last < self.data.len(),
            "matrix exceeds its slice"
        );
    }
}

/// `output = left · right`, row-major.
#[expect(unsafe_code, reason = "the gemm crate takes pointers")]
fn multiply(output: &mut [f32], left: Matrix<'_>, right: Matrix<'_>, parallelism: Parallelism) {
    let (m, k, n) = (left.rows, left.columns, right.columns);
    assert_eq!(k, right.rows, "inner sizes differ");
    assert_eq!(output.len(), m * n, "output has another size");
    left.assert_inside();
    right.assert_inside();
    let stride =
        |stride: usize| isize::try_from(stride).expect("a slice is smaller than isize::MAX");
    // SAFETY: both operands lie inside their slices (asserted above) and `output` is exactly m × n,
    // borrowed exclusively.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            output.as_mut_ptr(),
            1,
            stride(n),
            false,
            left.data.as_ptr(),
            stride(left.column_stride),
            stride(left.row_stride),
            right.data.as_ptr(),
            stride(right.column_stride),
            stride(right.row_stride),
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// `output = left · right` over tiles of `left`'s rows.
fn multiply_tiled(output: &mut [f32], left: &[f32], k: usize, right: Matrix<'_>) {
    let n = right.columns;
    let rows = output.len() / n;
    if rows < FEW_TILES * TILE_ROWS {
        let left = Matrix::row_major(left, rows, k);
        return multiply(output, left, right, Parallelism::Rayon(0));
    }
    let tiles = output
        .par_chunks_mut(TILE_ROWS * n)
        .zip(left.par_chunks(TILE_ROWS * k));
    tiles.for_each(|(output, left)| {
        let left = Matrix::row_major(left, output.len() / n, k);
        multiply(output, left, right, Parallelism::None);
    });
}

/// `output = input · weightᵀ`.
///
/// # Shapes
/// `input: [R, I]`, `weight: [O, I]`, `output: [R, O]`.
pub(super) fn forward(output: &mut [f32], input: &[f32], weight: &[f32], n_inputs: usize) {
    let weight = Matrix::row_major(weight, weight.len() / n_inputs, n_inputs);
    multiply_tiled(output, input, n_inputs, weight.transposed());
}

/// Gradient by the input: `output_gradient · weight`.
pub(super) fn input_gradient(
    gradient: &mut [f32],
    output_gradient: &[f32],
    weight: &[f32],
    n_inputs: usize,
) {
    let n_outputs = weight.len() / n_inputs;
    let weight = Matrix::row_major(weight, n_outputs, n_inputs);
    multiply_tiled(gradient, output_gradient, n_outputs, weight);
}

/// Gradient by the weight: `output_gradientᵀ · input`.
pub(super) fn weight_gradient(
    gradient: &mut [f32],
    output_gradient: &[f32],
    input: &[f32],
    n_inputs: usize,
) {
    let n_outputs = gradient.len() / n_inputs;
    let rows = input.len() / n_inputs;
    let parts = parts(rows, TILE_ROWS);
    let product = |gradient: &mut [f32], rows: std::ops::Range<usize>, parallelism| {
        let output_gradient = &output_gradient[rows.start * n_outputs..rows.end * n_outputs];
        let input = &input[rows.start * n_inputs..rows.end * n_inputs];
        let left = Matrix::row_major(output_gradient, rows.len(), n_outputs).transposed();
        multiply(
            gradient,
            left,
            Matrix::row_major(input, rows.len(), n_inputs),
            parallelism,
        );
    };
    if parts.len() < FEW_TILES {
        return product(gradient, 0..rows, Parallelism::Rayon(0));
    }
    let partial: Vec<Vec<f32>> = parts
        .into_par_iter()
        .map(|rows| {
            let mut partial = vec![0.0; gradient.len()];
            product(&mut partial, rows, Parallelism::None);
            partial
        })
        .collect();
    gradient.fill(0.0);
    for partial in partial {
        gradient
            .iter_mut()
            .zip(partial)
            .for_each(|(sum, part)| *sum += part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::rng::Generator;

    fn random(n: usize, position: u64) -> Vec<f32> {
        let mut generator = Generator::new(0, "test", &[position]);
        (0..n).map(|_| generator.normal() as f32).collect()
    }

    fn close(found: &[f32], expected: impl Fn(usize) -> f64) {
        for (i, found) in found.iter().enumerate() {
            let expected = expected(i);
            assert!(
                (f64::from(*found) - expected).abs() < 1e-3,
                "{i}: {found} {expected}"
            );
        }
    }

    #[test]
    fn products_equal_their_definition() {
        for (rows, inputs, outputs) in [(5, 3, 7), (3000, 17, 9), (4100, 8, 24)] {
            let (input, weight) = (random(rows * inputs, 1), random(outputs * inputs, 2));
            let dot = |a: &dyn Fn(usize) -> f32, b: &dyn Fn(usize) -> f32, n: usize| {
                (0..n)
                    .map(|i| f64::from(a(i)) * f64::from(b(i)))
                    .sum::<f64>()
            };
            let mut output = vec![0.0; rows * outputs];
            forward(&mut output, &input, &weight, inputs);
            close(&output, |i| {
                let (r, o) = (i / outputs, i % outputs);
                dot(
                    &|k| input[r * inputs + k],
                    &|k| weight[o * inputs + k],
                    inputs,
                )
            });
            let output_gradient = random(rows * outputs, 3);
            let mut gradient = vec![0.0; input.len()];
            input_gradient(&mut gradient, &output_gradient, &weight, inputs);
            close(&gradient, |i| {
                let (r, k) = (i / inputs, i % inputs);
                dot(
                    &|o| output_gradient[r * outputs + o],
                    &|o| weight[o * inputs + k],
                    outputs,
                )
            });
            let mut gradient = vec![0.0; weight.len()];
            weight_gradient(&mut gradient, &output_gradient, &input, inputs);
            close(&gradient, |i| {
                let (o, k) = (i / inputs, i % inputs);
                dot(
                    &|r| output_gradient[r * outputs + o],
                    &|r| input[r * inputs + k],
                    rows,
                )
            });
        }
    }
}
