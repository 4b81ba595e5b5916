//! The one source of randomness in training: ChaCha8, keyed by the run's seed and a purpose.
//!
//! A generator is derived anew for every use from (seed, purpose, position), so that nothing needs to be
//! saved for resuming and no thread can take another's numbers. Logarithm and cosine come from the
//! `libm` crate: the same bits on every platform.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A seeded generator for one purpose.
#[derive(Debug, Clone)]
pub struct Generator(ChaCha8Rng);

impl Generator {
    /// The generator of `purpose` (such as `"shuffle"`) at `position` (such as epoch and sample index).
    /// Different purposes or positions give independent streams.
    pub fn new(seed: u64, purpose: &str, position: &[u64]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("repro 2026 train generator v1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(&(purpose.len() as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
        for part in position {
            hasher.update(&part.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// Uniform over all 64-bit values.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0..bound`, without modulo bias (Lemire's rejection).
    ///
    /// # Panics
    /// `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no value is below zero");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// Uniform in `0.0..1.0`, 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `low..high`.
    pub fn uniform_in(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Standard normal (Box–Muller; one value per two uniforms).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Shuffles in place (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_purpose_and_position() {
        let first =
            |seed, purpose, position: &[u64]| Generator::new(seed, purpose, position).next_u64();
        assert_eq!(first(1, "shuffle", &[2]), first(1, "shuffle", &[2]));
        let others = [
            first(2, "shuffle", &[2]),
            first(1, "dropout", &[2]),
            first(1, "shuffle", &[3]),
        ];
        assert!(
            others
                .iter()
                .all(|other| *other != first(1, "shuffle", &[2]))
        );
    }

    #[test]
    fn normal_has_mean_zero_and_variance_one() {
        let mut generator = Generator::new(0, "test", &[]);
        let draws: Vec<f64> = (0..100_000).map(|_| generator.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(
            mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02,
            "{mean} {variance}"
        );
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let mut items: Vec<u32> = (0..100).collect();
        Generator::new(0, "test", &[]).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
