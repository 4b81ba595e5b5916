//! Exact decimal arithmetic: the audit's own way from a float to the text that a table must print.
//!
//! A float is a whole number times a power of two, so it has a finite decimal expansion. That expansion is
//! written out and rounded as text, half to even: no rounding happens twice, and nothing of it is shared
//! with the renderer.

/// How a number is brought to fewer digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// To the nearest, ties to even, on the exact binary value: Rust, C, Python's `%` and `round`.
    HalfEven,
    /// To the nearest, ties away from zero, on the shortest decimal that reads back: R, spreadsheets, by hand.
    HalfUp,
    /// Times a power of ten, to the nearest whole number, divided again: `numpy.round`.
    Scaled,
    /// Digits dropped.
    Truncated,
    /// Away from zero wherever a digit is dropped that is not 0.
    Ceiled,
}

impl Mode {
    /// The modes that give the nearest text; which of them was used is open where none is declared.
    pub const NEAREST: [Self; 3] = [Self::HalfEven, Self::HalfUp, Self::Scaled];

    /// Every mode, the usual ones first.
    pub const ALL: [Self; 5] = [
        Self::HalfEven,
        Self::HalfUp,
        Self::Scaled,
        Self::Truncated,
        Self::Ceiled,
    ];

    /// What was done to the number, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HalfEven => "rounded half to even",
            Self::HalfUp => "rounded half up",
            Self::Scaled => "rounded after scaling",
            Self::Truncated => "truncated",
            Self::Ceiled => "rounded up",
        }
    }

    /// Whether the text is always among the nearest.
    pub fn is_nearest(self) -> bool {
        Self::NEAREST.contains(&self)
    }

    /// The text of `value` with `decimals` digits behind the point; `None` where it is not finite.
    pub fn text(self, value: f64, decimals: usize) -> Option<String> {
        match self {
            Self::HalfEven => round(value, decimals),
            _ if !value.is_finite() => None,
            Self::HalfUp => {
                let (digits, n_fraction) = shortest(value.abs());
                Some(cut(value, digits, n_fraction, decimals, self))
            }
            Self::Scaled => {
                let power = 10_f64.powi(i32::try_from(decimals).ok()?);
                round((value * power).round_ties_even() / power, decimals)
            }
            Self::Truncated | Self::Ceiled => {
                let (digits, n_fraction) = expand(value.abs());
                Some(cut(value, digits, n_fraction, decimals, self))
            }
        }
    }

    /// The modes that give `printed` for `value`.
    pub fn giving(printed: &str, value: f64, decimals: usize) -> Vec<Self> {
        let gives = |mode: &Self| mode.text(value, decimals).as_deref() == Some(printed);
        Self::ALL.into_iter().filter(gives).collect()
    }
}

/// The text of `value` with `decimals` digits behind the point, half-even on the exact binary value; `None`
/// where it is not finite.
pub fn round(value: f64, decimals: usize) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let (digits, n_fraction) = expand(value.abs());
    Some(cut(value, digits, n_fraction, decimals, Mode::HalfEven))
}

/// The digits, least first, brought to `decimals` behind the point, with the sign of `value`.
fn cut(
    value: f64,
    mut digits: Vec<u8>,
    mut n_fraction: usize,
    decimals: usize,
    mode: Mode,
) -> String {
    while n_fraction < decimals {
        digits.insert(0, 0);
        n_fraction += 1;
    }
    let dropped: Vec<u8> = digits.drain(..n_fraction - decimals).collect();
    if rounds_up(&dropped, digits.first().copied().unwrap_or(0), mode) {
        increment(&mut digits);
    }
    while digits.len() <= decimals {
        digits.push(0);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let text = |digits: &[u8]| -> String {
        let shown = digits.iter().rev().map(|digit| char::from(b'0' + digit));
        shown.collect()
    };
    let (fraction, whole) = digits.split_at(decimals);
    let whole = text(whole).trim_start_matches('0').to_owned();
    let whole = if whole.is_empty() { "0" } else { &whole };
    match decimals {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{}", text(fraction)),
    }
}

/// How far `printed` is from `expected`, in units of the last digit of the longer; `None` beyond 38 digits.
pub fn distance(printed: &str, expected: &str) -> Option<i128> {
    let n_fraction = |text: &str| text.split_once('.').map_or(0, |(_, part)| part.len());
    let width = n_fraction(printed).max(n_fraction(expected));
    let units = |text: &str| -> Option<i128> {
        let padding = "0".repeat(width - n_fraction(text));
        format!("{}{padding}", text.replace('.', "")).parse().ok()
    };
    units(printed)?.checked_sub(units(expected)?)
}

/// The decimal digits of a finite number that is not negative, least first, and how many of them stand
/// behind the point.
fn expand(value: f64) -> (Vec<u8>, usize) {
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7FF).expect("eleven bits");
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    };
    let mut digits: Vec<u8> = mantissa
        .to_string()
        .bytes()
        .rev()
        .map(|b| b - b'0')
        .collect();
    let power = exponent.unsigned_abs() as usize;
    if exponent >= 0 {
        (0..power).for_each(|_| multiply(&mut digits, 2));
        (digits, 0)
    } else {
        // m / 2^p = m * 5^p / 10^p
        (0..power).for_each(|_| multiply(&mut digits, 5));
        if digits.len() < power {
            digits.resize(power, 0);
        }
        (digits, power)
    }
}

fn multiply(digits: &mut Vec<u8>, factor: u8) {
    let mut carry = 0;
    for digit in digits.iter_mut() {
        let product = *digit * factor + carry;
        *digit = product % 10;
        carry = product / 10;
    }
    if carry > 0 {
        digits.push(carry);
    }
}

/// The digits, least first, of the shortest decimal that reads back as this number, and how many of them
/// stand behind the point.
fn shortest(value: f64) -> (Vec<u8>, usize) {
    let text = value.to_string();
    let n_fraction = text.split_once('.').map_or(0, |(_, part)| part.len());
    let digits = text.bytes().rev().filter(u8::is_ascii_digit);
    (digits.map(|byte| byte - b'0').collect(), n_fraction)
}

/// Whether dropping these digits, least first, moves the digit before them up.
fn rounds_up(dropped: &[u8], last_kept: u8, mode: Mode) -> bool {
    let Some((first, rest)) = dropped.split_last() else {
        return false;
    };
    let is_exact_half = *first == 5 && rest.iter().all(|digit| *digit == 0);
    match mode {
        Mode::Truncated => false,
        Mode::Ceiled => dropped.iter().any(|digit| *digit != 0),
        Mode::HalfEven | Mode::Scaled if is_exact_half => last_kept % 2 == 1,
        Mode::HalfEven | Mode::HalfUp | Mode::Scaled => *first >= 5,
    }
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.push(1);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_go_to_even_on_the_exact_value() {
        let cases = [
            (0.125, 2, "0.12"),
            (0.375, 2, "0.38"),
            (2.5, 0, "2"),
            (3.5, 0, "4"),
            (0.5, 0, "0"),
            (82.35, 1, "82.3"),
            (0.15, 1, "0.1"),
            (0.25, 1, "0.2"),
            (9.96, 1, "10.0"),
            (0.0, 1, "0.0"),
            (-0.04, 1, "-0.0"),
            (1e22, 1, "10000000000000000000000.0"),
            (83.0, 3, "83.000"),
        ];
        for (value, decimals, text) in cases {
            assert_eq!(round(value, decimals).as_deref(), Some(text), "{value}");
        }
        assert_eq!(round(f64::NAN, 1), None);
        assert_eq!(round(f64::INFINITY, 1), None);
    }

    #[test]
    fn distances_are_signed_and_in_last_digits() {
        assert_eq!(distance("84.0", "83.7"), Some(3));
        assert_eq!(distance("83", "83.7"), Some(-7));
        assert_eq!(distance("-0.5", "0.5"), Some(-10));
    }

    proptest! {
        #[test]
        fn agrees_with_the_formatter_of_the_standard_library(bits in any::<u64>(), decimals in 0_usize..20) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(round(value, decimals), Some(format!("{value:.decimals$}")));
        }

        #[test]
        fn agrees_near_ties(thousandths in 0_u32..2_000_000, decimals in 0_usize..4) {
            let value = f64::from(thousandths) / 1000.0;
            prop_assert_eq!(round(value, decimals), Some(format!("{value:.decimals$}")));
        }
    }
}
