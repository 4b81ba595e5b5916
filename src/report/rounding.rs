//! How many digits a number is printed with, and its text.
//!
//! Rounding is to the nearest, ties to even, on the exact binary value, as Rust, C and Python print.

/// `value` with `decimals` digits behind the point; what is not finite as Python prints it.
pub fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        "nan".into()
    } else {
        format!("{value:.decimals$}")
    }
}

/// Decimals by the rule of the Particle Data Group for an uncertainty; `None` for one that says nothing.
///
/// The leading three digits 100 to 354 give two significant digits, 355 to 949 one, 950 to 999 are rounded
/// up to 1000 and give two.
///
/// # Source
/// Particle Data Group, Review of Particle Physics, introduction, 5.3 Rounding.
pub fn decimals_for(uncertainty: f64) -> Option<usize> {
    if !(uncertainty.is_finite() && uncertainty > 0.0) {
        return None;
    }
    let scientific = format!("{uncertainty:.2e}");
    let (mantissa, exponent) = scientific.split_once('e')?;
    let leading: u32 = mantissa.replace('.', "").parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let decimals = if leading < 355 {
        1 - exponent
    } else {
        -exponent
    };
    Some(usize::try_from(decimals).unwrap_or(0))
}

/// Decimals that a share of `count` samples can have, times `scale`: no more than one sample justifies.
pub fn decimals_for_count(count: i64, scale: f64) -> Option<usize> {
    let step = scale.abs() / count as f64;
    (count > 0 && step.is_finite()).then(|| {
        let decimals = (-step.log10()).ceil();
        if decimals > 0.0 { decimals as usize } else { 0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_even_on_the_exact_value() {
        for (value, decimals, text) in [
            (0.25, 1, "0.2"),
            (0.35, 1, "0.3"),
            (82.45, 1, "82.5"),
            (82.55, 1, "82.5"),
            (88.125, 2, "88.12"),
            (0.5, 0, "0"),
            (1.5, 0, "2"),
            (f64::NAN, 1, "nan"),
            (f64::NEG_INFINITY, 1, "-inf"),
        ] {
            assert_eq!(fixed(value, decimals), text);
        }
    }

    #[test]
    fn the_uncertainty_decides() {
        for (value, uncertainty, text) in [
            (82.47, 1.03, "82.5 ± 1.0"),
            (7.23, 0.70, "7.2 ± 0.7"),
            (88.798, 0.336, "88.80 ± 0.34"),
            (1.0, 0.0963, "1.00 ± 0.10"),
            (1.0, 0.354, "1.00 ± 0.35"),
            (1.0, 0.355, "1.0 ± 0.4"),
            (123.0, 34.0, "123 ± 34"),
        ] {
            let d = decimals_for(uncertainty).expect("positive");
            assert_eq!(
                format!("{} ± {}", fixed(value, d), fixed(uncertainty, d)),
                text
            );
        }
        for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(decimals_for(nothing), None);
        }
    }

    #[test]
    fn one_sample_is_the_finest_step() {
        assert_eq!(decimals_for_count(500, 100.0), Some(1));
        assert_eq!(decimals_for_count(1000, 100.0), Some(1));
        assert_eq!(decimals_for_count(3589, 100.0), Some(2));
        assert_eq!(decimals_for_count(50, 100.0), Some(0));
        assert_eq!(decimals_for_count(0, 100.0), None);
    }
}
