//! Batch statistics: mean and variance per channel.
//!
//! Numerical order: tiles in f32, tiles and parts merged in f64 and in ascending order as Chan et al. 1983
//! do, which is stable however far the mean is from zero.

use super::band::tiles;
use super::partition::parts;
use super::product::Rows;
use super::rows;
use super::simd::InstructionSet;
use rayon::prelude::*;

/// Added to variances, as PyTorch's `BatchNorm2d` does.
const EPSILON: f64 = 1e-5;
/// Rows below which a pass is not worth a thread of its own.
const MIN_ROWS: usize = 128;

/// Batch statistics of one forward pass.
#[derive(Debug, Clone)]
pub struct Statistics {
    /// Per channel.
    pub mean: Vec<f64>,
    /// Per channel, biased (divided by the number of rows).
    pub variance: Vec<f64>,
    /// Number of rows they were taken over.
    pub n_rows: usize,
}

/// Scale and shift that normalise by the given statistics.
pub fn fold(scale: &[f32], shift: &[f32], mean: &[f64], variance: &[f64]) -> (Vec<f32>, Vec<f32>) {
    let folded = scale.iter().zip(shift).zip(mean).zip(variance).map(
        |(((scale, shift), mean), variance)| {
            let scale = f64::from(*scale) / (variance + EPSILON).sqrt();
            (scale as f32, (f64::from(*shift) - mean * scale) as f32)
        },
    );
    folded.unzip()
}

/// Statistics in the making: count, mean and summed squared deviations.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    n_rows: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
    /// Mean and squares of the newest tile.
    tile: [Vec<f32>; 2],
}

impl Moments {
    pub(super) fn none(channels: usize) -> Self {
        Self {
            n_rows: 0.0,
            mean: vec![0.0; channels],
            squares: vec![0.0; channels],
            tile: [vec![0.0; channels], vec![0.0; channels]],
        }
    }

    /// Takes in some rows, few enough to be summed in f32.
    pub(super) fn add(&mut self, set: InstructionSet, values: Rows<'_>, n_rows: usize) {
        let [mean, squares] = &mut self.tile;
        rows::tile_moments(set, mean, squares, values, n_rows);
        let n = n_rows as f64;
        let (total, own) = (self.n_rows + n, self.n_rows);
        let tile = mean.iter().zip(&*squares);
        for ((all_mean, all_squares), (mean, squares)) in
            self.mean.iter_mut().zip(&mut self.squares).zip(tile)
        {
            let difference = f64::from(*mean) - *all_mean;
            *all_mean += difference * (n / total);
            *all_squares += f64::from(*squares) + difference * difference * (own * n / total);
        }
        self.n_rows = total;
    }

    /// The statistics of all parts, in their order.
    pub(super) fn merged(parts: Vec<Self>) -> Statistics {
        let mut parts = parts.into_iter();
        let mut all = parts.next().expect("there is at least one part");
        for part in parts {
            let (own, n) = (all.n_rows, part.n_rows);
            let total = own + n;
            for i in 0..all.mean.len() {
                let difference = part.mean[i] - all.mean[i];
                all.mean[i] += difference * n / total;
                all.squares[i] += part.squares[i] + difference * difference * own * n / total;
            }
            all.n_rows = total;
        }
        let n = all.n_rows;
        Statistics {
            mean: all.mean,
            variance: all.squares.iter().map(|squares| squares / n).collect(),
            n_rows: n as usize,
        }
    }
}

impl Statistics {
    /// Of every channel of `values: [R, C]`.
    pub(super) fn of(set: InstructionSet, values: &[f32], channels: usize) -> Self {
        let n_rows = values.len() / channels;
        let of_rows = |rows: std::ops::Range<usize>| {
            let mut moments = Moments::none(channels);
            for tile in tiles(rows, channels) {
                let rows = Rows::of(values, channels, &tile);
                moments.add(set, rows, tile.len());
            }
            moments
        };
        let parts = parts(n_rows, MIN_ROWS).into_par_iter();
        Moments::merged(parts.map(of_rows).collect())
    }

    /// The gradient by what was normalised, from the sums of the gradient `passed` on to the normalised
    /// values, alone and times the centred values. Gives also the gradients by scale and shift.
    ///
    /// # Source
    /// Ioffe and Szegedy 2015, section 3, collapsed to `a · gradient + b · value + c` per channel.
    pub(super) fn gradient(&self, scale: &[f32], plain: &[f64], centred: &[f64]) -> NormGradient {
        let n = self.n_rows as f64;
        let mut found = NormGradient::default();
        for (i, scale) in scale.iter().enumerate() {
            let inverse = 1.0 / (self.variance[i] + EPSILON).sqrt();
            found.by_scale.push((centred[i] * inverse) as f32);
            found.by_shift.push(plain[i] as f32);
            let a = f64::from(*scale) * inverse;
            let b = -a * inverse * inverse * centred[i] / n;
            found.a.push(a);
            found.b.push(b);
            found.constant.push(-a * plain[i] / n);
        }
        found
    }
}

/// `a · gradient + b · (value - mean) + constant` per channel.
#[derive(Debug, Default)]
pub(super) struct NormGradient {
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
    pub(super) constant: Vec<f64>,
    pub(super) by_scale: Vec<f32>,
    pub(super) by_shift: Vec<f32>,
}

impl NormGradient {
    /// With the mean folded into the constant, for rows of `width` channels (0 beyond the last).
    pub(super) fn coefficients(&self, mean: &[f64], width: usize) -> rows::Coefficients {
        let padded = |values: &mut dyn Iterator<Item = f64>| {
            let mut values: Vec<f32> = values.map(|x| x as f32).collect();
            values.resize(width, 0.0);
            values
        };
        let folded = self.constant.iter().zip(&self.b).zip(mean);
        rows::Coefficients {
            a: padded(&mut self.a.iter().copied()),
            b: padded(&mut self.b.iter().copied()),
            c: padded(&mut folded.map(|((constant, b), mean)| constant - b * mean)),
        }
    }
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
        for set in InstructionSet::available() {
            let found = Statistics::of(set, &input, channels);
            for c in 0..channels {
                let values = || {
                    let column = input.iter().skip(c).step_by(channels);
                    column.map(|x| f64::from(*x))
                };
                let mean = values().sum::<f64>() / rows as f64;
                let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
                let what = format!("{}: {found:?}, {mean} {variance}", set.name());
                assert!((found.mean[c] - mean).abs() < 1e-4, "{what}");
                assert!((found.variance[c] / variance - 1.0).abs() < 1e-3, "{what}");
            }
        }
    }
}
