//! Batch normalisation over rows, joined with the clamp that follows it.
//!
//! Layout `[R, C]`: every row is one pixel. Numerical order: tiles of 64 rows in f32, tiles in f64 (mean
//! and squared deviations merged as Chan et al. 1983 do, which is stable), parts in ascending order.

use rayon::prelude::*;

use super::partition::parts;
use super::simd::vectorized;

/// Rows that are summed in f32.
const TILE_ROWS: usize = 64;
/// Rows below which a pass is not worth a thread of its own.
const MIN_ROWS: usize = 128;

/// Mean and biased variance per channel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
}

vectorized! {
/// Mean and summed squared deviations of one tile.
fn tile_moments(tile: &[f32], mean: &mut [f32], squares: &mut [f32]) {
    let channels = mean.len();
    mean.fill(0.0);
    squares.fill(0.0);
    for row in tile.chunks_exact(channels) {
        for (mean, x) in mean.iter_mut().zip(row) {
            *mean += x;
        }
    }
    let share = 1.0 / (tile.len() / channels) as f32;
    for mean in mean.iter_mut() {
        *mean *= share;
    }
    for row in tile.chunks_exact(channels) {
        for ((square, mean), x) in squares.iter_mut().zip(mean.iter()).zip(row) {
            let deviation = x - mean;
            *square += deviation * deviation;
        }
    }
}
}

/// Count, mean and summed squared deviations of some rows.
struct Sums {
    n: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    fn none(channels: usize) -> Self {
        Self {
            n: 0.0,
            mean: vec![0.0; channels],
            squares: vec![0.0; channels],
        }
    }

    /// Merges other rows into these.
    fn merge(
        &mut self,
        n: f64,
        mean: impl Iterator<Item = f64>,
        squares: impl Iterator<Item = f64>,
    ) {
        let total = self.n + n;
        for (((own_mean, own_squares), mean), squares) in self
            .mean
            .iter_mut()
            .zip(&mut self.squares)
            .zip(mean)
            .zip(squares)
        {
            let difference = mean - *own_mean;
            *own_mean += difference * n / total;
            *own_squares += squares + difference * difference * self.n * n / total;
        }
        self.n = total;
    }
}

/// Mean and biased variance of every channel of `input: [R, C]`.
pub(super) fn moments(input: &[f32], channels: usize) -> Moments {
    let of_rows = |rows: std::ops::Range<usize>| {
        let mut sums = Sums::none(channels);
        let (mut mean, mut squares) = (vec![0.0; channels], vec![0.0; channels]);
        for tile in input[rows.start * channels..rows.end * channels].chunks(TILE_ROWS * channels) {
            tile_moments(tile, &mut mean, &mut squares);
            let n = (tile.len() / channels) as f64;
            sums.merge(
                n,
                mean.iter().map(|m| f64::from(*m)),
                squares.iter().map(|s| f64::from(*s)),
            );
        }
        sums
    };
    let partial: Vec<Sums> = parts(input.len() / channels, MIN_ROWS)
        .into_par_iter()
        .map(of_rows)
        .collect();
    let mut all = Sums::none(channels);
    for part in partial.into_iter().filter(|part| part.n > 0.0) {
        all.merge(part.n, part.mean.into_iter(), part.squares.into_iter());
    }
    let variance = all.squares.iter().map(|squares| squares / all.n).collect();
    Moments {
        mean: all.mean,
        variance,
    }
}

vectorized! {
/// `target = clamp(source · scale + shift, low, high)` over rows.
fn affine_rows(target: &mut [f32], source: &[f32], scale: &[f32], shift: &[f32], limits: [f32; 2]) {
    let channels = scale.len();
    for (target, source) in target.chunks_exact_mut(channels).zip(source.chunks_exact(channels)) {
        for (((target, source), scale), shift) in target.iter_mut().zip(source).zip(scale).zip(shift) {
            *target = (source * scale + shift).max(limits[0]).min(limits[1]);
        }
    }
}
}

vectorized! {
/// As [`affine_rows`], in place.
fn affine_rows_in_place(rows: &mut [f32], scale: &[f32], shift: &[f32], limits: [f32; 2]) {
    for row in rows.chunks_exact_mut(scale.len()) {
        for ((value, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
            *value = (*value * scale + shift).max(limits[0]).min(limits[1]);
        }
    }
}
}

/// Elements of a chunk of whole rows that one task works on.
fn chunk(channels: usize) -> usize {
    channels * MIN_ROWS
}

/// `output = clamp(input · scale + shift)` per channel.
pub(super) fn affine(
    output: &mut [f32],
    input: &[f32],
    scale: &[f32],
    shift: &[f32],
    limits: [f32; 2],
) {
    let chunk = chunk(scale.len());
    output
        .par_chunks_mut(chunk)
        .zip(input.par_chunks(chunk))
        .for_each(|(output, input)| {
            affine_rows(output, input, scale, shift, limits);
        });
}

/// As [`affine`], in place.
pub(super) fn affine_in_place(values: &mut [f32], scale: &[f32], shift: &[f32], limits: [f32; 2]) {
    values
        .par_chunks_mut(chunk(scale.len()))
        .for_each(|values| {
            affine_rows_in_place(values, scale, shift, limits);
        });
}

vectorized! {
/// Adds up the gradient that passes the clamp, alone and times the centred input.
fn tile_gradient_sums(
    plain: &mut [f32], centred: &mut [f32], gradient: &[f32], output: &[f32], input: &[f32],
    mean: &[f32], limits: [f32; 2],
) {
    let (channels, [low, high]) = (plain.len(), limits);
    plain.fill(0.0);
    centred.fill(0.0);
    let rows = gradient.chunks_exact(channels).zip(output.chunks_exact(channels)).zip(input.chunks_exact(channels));
    for ((gradient, output), input) in rows {
        for c in 0..channels {
            let passed = if output[c] > low && output[c] < high { gradient[c] } else { 0.0 };
            plain[c] += passed;
            centred[c] += passed * (input[c] - mean[c]);
        }
    }
}
}

/// Sums over all rows of the gradient that passes the clamp, alone and times the centred input.
///
/// # Shapes
/// `gradient`, `output`, `input`: `[R, C]`; `mean: [C]`.
pub(super) fn gradient_sums(
    gradient: &[f32],
    output: &[f32],
    input: &[f32],
    mean: &[f32],
    limits: [f32; 2],
) -> (Vec<f64>, Vec<f64>) {
    let channels = mean.len();
    let of_rows = |rows: std::ops::Range<usize>| {
        let (mut plain, mut centred) = (vec![0.0_f32; channels], vec![0.0_f32; channels]);
        let mut sums = (vec![0.0_f64; channels], vec![0.0_f64; channels]);
        for start in rows.clone().step_by(TILE_ROWS) {
            let tile = start * channels..(start + TILE_ROWS).min(rows.end) * channels;
            let [gradient, output, input] = [gradient, output, input].map(|all| &all[tile.clone()]);
            tile_gradient_sums(
                &mut plain,
                &mut centred,
                gradient,
                output,
                input,
                mean,
                limits,
            );
            add(&mut sums.0, plain.iter().map(|x| f64::from(*x)));
            add(&mut sums.1, centred.iter().map(|x| f64::from(*x)));
        }
        sums
    };
    let partial: Vec<(Vec<f64>, Vec<f64>)> = parts(input.len() / channels, MIN_ROWS)
        .into_par_iter()
        .map(of_rows)
        .collect();
    let mut sums = (vec![0.0; channels], vec![0.0; channels]);
    for (plain, centred) in partial {
        add(&mut sums.0, plain.into_iter());
        add(&mut sums.1, centred.into_iter());
    }
    sums
}

fn add(sums: &mut [f64], terms: impl Iterator<Item = f64>) {
    sums.iter_mut()
        .zip(terms)
        .for_each(|(sum, term)| *sum += term);
}

vectorized! {
/// `input = a · passed gradient + b · input + c` over rows, in place.
fn gradient_rows(
    input: &mut [f32], gradient: &[f32], output: &[f32], coefficients: &[Vec<f32>; 3], limits: [f32; 2],
) {
    let [a, b, c] = coefficients.each_ref().map(Vec::as_slice);
    let [low, high] = limits;
    let channels = a.len();
    let rows = input.chunks_exact_mut(channels).zip(gradient.chunks_exact(channels)).zip(output.chunks_exact(channels));
    for ((input, gradient), output) in rows {
        for i in 0..channels {
            let passed = if output[i] > low && output[i] < high { gradient[i] } else { 0.0 };
            input[i] = a[i] * passed + b[i] * input[i] + c[i];
        }
    }
}
}

/// Turns `input` into its gradient: `a · passed gradient + b · input + c` per channel.
pub(super) fn input_gradient_in_place(
    input: &mut [f32],
    gradient: &[f32],
    output: &[f32],
    coefficients: &[Vec<f32>; 3],
    limits: [f32; 2],
) {
    let chunk = chunk(coefficients[0].len());
    let tasks = input
        .par_chunks_mut(chunk)
        .zip(gradient.par_chunks(chunk))
        .zip(output.par_chunks(chunk));
    tasks.for_each(|((input, gradient), output)| {
        gradient_rows(input, gradient, output, coefficients, limits);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::rng::Generator;

    #[test]
    fn moments_are_stable_far_from_zero() {
        let mut generator = Generator::new(0, "test", &[]);
        let (rows, channels) = (1000, 3);
        let input: Vec<f32> = (0..rows * channels)
            .map(|i| (1000.0 * (i % channels) as f64 + generator.normal()) as f32)
            .collect();
        let found = moments(&input, channels);
        for c in 0..channels {
            let values = || {
                input
                    .iter()
                    .skip(c)
                    .step_by(channels)
                    .map(|x| f64::from(*x))
            };
            let mean = values().sum::<f64>() / rows as f64;
            let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
            assert!(
                (found.mean[c] - mean).abs() < 1e-4,
                "{} {mean}",
                found.mean[c]
            );
            assert!(
                (found.variance[c] / variance - 1.0).abs() < 1e-3,
                "{} {variance}",
                found.variance[c]
            );
        }
    }
}
