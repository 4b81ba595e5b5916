//! RPR106: a number far from the others of its metric and among those of another was probably put into the
//! wrong column.

use std::collections::BTreeMap;

use super::range::median;
use crate::audit::catalogue::COLUMN_OUTLIER;
use crate::audit::evidence::manifest::plain;
use crate::audit::finding::{Confidence, Finding, Severity, Sink};
use crate::audit::measured::Measured;
use crate::audit::reading::header::Quantity;

/// Numbers of a metric below which nothing is said.
const LEAST: usize = 6;
/// Numbers of another metric that make a median to compare with.
const LEAST_OF_OTHER: usize = 3;
/// Deviations from the median beyond which a number is far from it.
const FAR: f64 = 6.0;
/// Deviations from the median of another metric within which a number is near to it.
const NEAR: f64 = 2.0;
/// Standard deviation of a normal distribution over its median absolute deviation.
const NORMAL: f64 = 1.4826;

/// Task, kind of metric and data set: what makes numbers comparable.
type Key = (Option<String>, Option<Quantity>, Option<String>);

/// Median, median absolute deviation and number of the values of a metric.
#[derive(Clone, Copy)]
struct Center {
    median: f64,
    deviation: f64,
    n: usize,
}

/// Applies the rule.
pub(super) fn check(numbers: &[Measured<'_>], sink: &mut Sink<'_>) {
    let mut values: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for number in numbers {
        values.entry(key(number)).or_default().push(number.value);
    }
    let centers: BTreeMap<&Key, Center> = values
        .iter()
        .filter_map(|(key, values)| Some((key, center(values)?)))
        .collect();
    for number in numbers {
        let own = key(number);
        let center = centers[&own];
        if center.n < LEAST || center.deviation == 0.0 {
            sink.no_power(&COLUMN_OUTLIER);
            continue;
        }
        let is_far = (number.value - center.median).abs() > FAR * NORMAL * center.deviation;
        let others = centers.iter().filter(|(key, _)| ***key != own);
        let near = others.filter(|(_, other)| is_near(number.value, **other));
        match near.map(|(key, other)| (*key, *other)).next() {
            Some((key, other)) if is_far => sink.report(finding(number, center, key, other)),
            _ => sink.verified(&COLUMN_OUTLIER),
        }
    }
}

fn key(number: &Measured<'_>) -> Key {
    let column = number.column;
    let dataset = column.meaning.dataset.as_deref().map(plain);
    (column.task().map(str::to_owned), column.quantity, dataset)
}

fn center(values: &[f64]) -> Option<Center> {
    let center = median(&mut values.to_vec())?;
    let mut distances: Vec<f64> = values.iter().map(|value| (value - center).abs()).collect();
    Some(Center {
        median: center,
        deviation: median(&mut distances)?,
        n: values.len(),
    })
}

fn is_near(value: f64, center: Center) -> bool {
    center.n >= LEAST_OF_OTHER && (value - center.median).abs() <= NEAR * center.deviation
}

fn finding(number: &Measured<'_>, own: Center, key: &Key, other: Center) -> Finding {
    let task = key.0.as_deref().unwrap_or("another metric");
    let message = format!(
        "{}: `{}` is far from the others of its metric (median {}) and among those of `{task}` (median {})",
        number.address(),
        number.printed(),
        own.median,
        other.median
    );
    let finding = Finding::new(
        &COLUMN_OUTLIER,
        number.place(),
        &number.subject("outlier"),
        message,
    )
    .with_hint("check whether it stands in the right column");
    match is_neighbour(number, task) {
        true => finding
            .with_severity(Severity::Warning)
            .with_confidence(Confidence::Inferred),
        false => finding.with_confidence(Confidence::Heuristic),
    }
}

/// Whether a column beside the number's is that of the task.
fn is_neighbour(number: &Measured<'_>, task: &str) -> bool {
    let beside = [
        number.cell_idx.checked_sub(1),
        number.cell_idx.checked_add(1),
    ];
    beside.into_iter().flatten().any(|idx| {
        let meaning = number.table.meaning(idx);
        meaning.is_some_and(|meaning| meaning.task.as_deref() == Some(task))
    })
}
