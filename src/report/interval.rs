//! Intervals around a printed number.
//!
//! Owns the formulas; a caller says in words what an interval covers. It knows neither runs nor tables.

/// 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % score interval of a proportion, `successes` of `n`: the uncertainty from the choice of test samples,
/// not that from the seed. `None` without samples.
///
/// # Source
/// Newcombe 1998, "Two-sided confidence intervals for the single proportion", method 3.
///
/// # Panics
/// There are more successes than samples.
pub fn wilson(successes: u64, n: u64) -> Option<(f64, f64)> {
    assert!(successes <= n, "successes are among the samples");
    if n == 0 {
        return None;
    }
    let (p, n) = (successes as f64 / n as f64, n as f64);
    let center = p + Z * Z / (2.0 * n);
    let half_width = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    // At 0 and n of n the exact bounds are 0 and 1; rounding may step over them.
    let low = ((center - half_width) / scale).max(0.0);
    let high = ((center + half_width) / scale).min(1.0);
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe 1998, table I, method 3.
    #[test]
    fn published_values() {
        for (successes, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = wilson(successes, n).expect("samples");
            assert!((found.0 - low).abs() < 5e-5, "{successes}/{n}: {found:?}");
            assert!((found.1 - high).abs() < 5e-5, "{successes}/{n}: {found:?}");
        }
    }

    #[test]
    fn bounds_are_proportions() {
        assert_eq!(wilson(0, 0), None);
        let (low, high) = wilson(10, 10).expect("samples");
        assert!(low > 0.7 && high <= 1.0);
        assert_eq!(wilson(0, 10).expect("samples").0, 0.0);
    }
}
