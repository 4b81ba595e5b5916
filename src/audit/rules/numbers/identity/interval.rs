//! Intervals of numbers, and relations between them.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};

/// Relative distance that binary digits may make.
const SLACK: f64 = 1e-9;

/// Every number from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    low: f64,
    high: f64,
}

/// How two sides are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    AtMost,
    AtLeast,
}

impl Interval {
    pub(super) fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    pub(super) fn exact(value: f64) -> Self {
        Self::new(value, value)
    }

    /// The least interval that holds all of `ends`.
    fn around(ends: [f64; 4]) -> Self {
        let low = ends.into_iter().fold(f64::INFINITY, f64::min);
        let high = ends.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Self::new(low, high)
    }

    /// `2ab / (a + b)`, which grows with both.
    pub(super) fn harmonic_mean(self, other: Self) -> Self {
        let of = |a: f64, b: f64| {
            let (a, b) = (a.max(0.0), b.max(0.0));
            if a + b > 0.0 {
                2.0 * a * b / (a + b)
            } else {
                0.0
            }
        };
        Self::new(of(self.low, other.low), of(self.high, other.high))
    }
}

impl Relation {
    /// Whether some number of one side is related to some number of the other.
    pub(super) fn can_hold(self, left: Interval, right: Interval) -> bool {
        let greatest = [left.low, left.high, right.low, right.high]
            .into_iter()
            .filter(|end| end.is_finite())
            .fold(0.0, |greatest: f64, end| greatest.max(end.abs()));
        let slack = SLACK * greatest;
        let at_most = left.low <= right.high + slack;
        let at_least = left.high + slack >= right.low;
        match self {
            Self::Equal => at_most && at_least,
            Self::AtMost => at_most,
            Self::AtLeast => at_least,
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::AtMost => "≤",
            Self::AtLeast => "≥",
        })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            write!(f, "{:.4}", self.low)
        } else {
            write!(f, "[{:.4}, {:.4}]", self.low, self.high)
        }
    }
}

impl Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }
}

impl Sub for Interval {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::new(self.low - other.high, self.high - other.low)
    }
}

impl Mul for Interval {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::around([
            self.low * other.low,
            self.low * other.high,
            self.high * other.low,
            self.high * other.high,
        ])
    }
}

impl Div for Interval {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        if other.low <= 0.0 && other.high >= 0.0 {
            return Self::new(f64::NEG_INFINITY, f64::INFINITY);
        }
        self * Self::new(1.0 / other.high, 1.0 / other.low)
    }
}
