//! RPR105: a number lies within what its metric can be, and a column has one unit.

use crate::audit::catalogue::OUT_OF_RANGE;
use crate::audit::finding::{Confidence, Finding, Sink};
use crate::audit::measured::{Measured, by_column};
use crate::audit::reading::header::Quantity;

/// Applies the rule.
pub(super) fn check(numbers: &[Measured<'_>], sink: &mut Sink<'_>) {
    for column in by_column(numbers).values() {
        let median = median_of(column);
        for number in column {
            let Some(range) = range(number) else {
                continue;
            };
            let found = outside(number, range)
                .or_else(|| foreign_unit(number))
                .or_else(|| fraction_among_percents(number, median))
                .or_else(|| interval_outside(number, range));
            match found {
                Some(finding) => sink.report(finding),
                None => sink.verified(&OUT_OF_RANGE),
            }
        }
    }
}

/// The least and the greatest value possible as printed: the spec's, else that of the kind of metric.
pub(super) fn range(number: &Measured<'_>) -> Option<[f64; 2]> {
    let column = number.column;
    if let Some(range) = column.spec.and_then(|spec| spec.range) {
        return Some(range);
    }
    Some(match column.quantity? {
        Quantity::PValue => [0.0, 1.0],
        quantity if quantity.is_share() => match column.spec {
            Some(spec) => [0.0, spec.scale],
            None => [0.0, 100.0],
        },
        _ => [0.0, f64::INFINITY],
    })
}

fn median_of(column: &[&Measured<'_>]) -> f64 {
    let mut values: Vec<f64> = column.iter().map(|number| number.value).collect();
    median(&mut values).unwrap_or(f64::NAN)
}

/// The median; `None` of nothing.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some(f64::midpoint(values[low], values[high]))
}

fn outside(number: &Measured<'_>, [low, high]: [f64; 2]) -> Option<Finding> {
    let is_within = (low..=high).contains(&number.value);
    (!is_within).then(|| {
        let bounds = match high {
            f64::INFINITY => format!("at least {low}"),
            _ => format!("{low} to {high}"),
        };
        let message = format!(
            "{}: `{}` is impossible, the metric is {bounds}",
            number.address(),
            number.printed()
        );
        finding(number, "outside", message)
    })
}

/// A per cent sign in a column of something else.
fn foreign_unit(number: &Measured<'_>) -> Option<Finding> {
    let quantity = number.column.quantity?;
    let is_percent = number.cell.flags.contains(&"percent");
    (is_percent && !quantity.is_share()).then(|| {
        let message = format!(
            "{}: `{}` is in per cent, the metric is no share",
            number.address(),
            number.cell.text
        );
        finding(number, "unit", message)
    })
}

/// A number of at most 1 among per cents, much nearer to them when it is times 100.
fn fraction_among_percents(number: &Measured<'_>, median: f64) -> Option<Finding> {
    let is_share = number.column.quantity?.is_share();
    let is_fraction = number.value > 0.0 && number.value <= 1.0 && 10.0 * number.value < median;
    (is_share && is_fraction).then(|| {
        let message = format!(
            "{}: `{}` is a fraction, the column is in per cent",
            number.address(),
            number.printed()
        );
        let is_unlike = number.decimals() >= 2;
        let found = finding(number, "fraction", message);
        match is_unlike {
            true => found,
            false => found.with_confidence(Confidence::Inferred),
        }
    })
}

/// An uncertainty that reaches beyond what the metric can be. A standard deviation may, so that it is inferred.
fn interval_outside(number: &Measured<'_>, [low, high]: [f64; 2]) -> Option<Finding> {
    let spread = number.cell.spread?;
    let is_outside = number.value - spread < low || number.value + spread > high;
    is_outside.then(|| {
        let message = format!(
            "{}: `{}` reaches beyond what the metric can be",
            number.address(),
            number.cell.text
        );
        finding(number, "interval", message).with_confidence(Confidence::Inferred)
    })
}

fn finding(number: &Measured<'_>, kind: &'static str, message: String) -> Finding {
    let subject = number.subject(kind);
    Finding::new(&OUT_OF_RANGE, number.place(), &subject, message)
        .with_hint("check the number and the unit of the column")
}
