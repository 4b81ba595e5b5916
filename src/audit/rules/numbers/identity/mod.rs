//! RPR108: relations between the metrics of one row that hold by definition, and those that a spec declares.
//! A printed number stands for every value that is printed like it, so only a contradiction of intervals is
//! one.

mod expression;
mod interval;

use expression::Identity;
use interval::{Interval, Relation};

use super::range::range;
use crate::audit::catalogue::METRIC_IDENTITY;
use crate::audit::evidence::manifest::plain;
use crate::audit::finding::{Confidence, Finding, Place, Sink};
use crate::audit::measured::{Measured, by_column, grouped};
use crate::audit::reading::header::Quantity;
use crate::metric::MetricName;

const HINT: &str = "check both numbers: they cannot both be right";
/// Labels of rows that hold the mean of the rows above.
const MEAN_LABELS: &[&str] = &["mean", "average", "avg", "avg."];

/// Two sides that must be related, and the other cells that one of them was made from.
struct Case<'c> {
    kind: &'static str,
    /// In words.
    text: String,
    left: Interval,
    relation: Relation,
    right: Interval,
    /// Where the finding points.
    at: &'c Measured<'c>,
    others: Vec<&'c Measured<'c>>,
    confidence: Confidence,
}

/// Applies the rule.
pub(super) fn check(names_deviation: bool, numbers: &[Measured<'_>], sink: &mut Sink<'_>) {
    for row in grouped(numbers, |number| (number.table_idx, number.row_idx)) {
        for number in row {
            for other in row {
                pair(number, other)
                    .into_iter()
                    .for_each(|case| case.decide(sink));
            }
            harmonic_mean(number, row)
                .into_iter()
                .for_each(|case| case.decide(sink));
            deviation(number, names_deviation)
                .into_iter()
                .for_each(|case| case.decide(sink));
        }
    }
    declared(numbers, sink);
}

impl Case<'_> {
    fn decide(self, sink: &mut Sink<'_>) {
        if self.relation.can_hold(self.left, self.right) {
            return sink.verified(&METRIC_IDENTITY);
        }
        let message = format!(
            "{}: `{}` contradicts {}: {} {} {} is impossible",
            self.at.address(),
            self.at.cell.text,
            self.text,
            self.left,
            self.relation,
            self.right
        );
        let subject = self.at.subject(self.kind);
        let finding = Finding::new(&METRIC_IDENTITY, self.at.place(), &subject, message)
            .with_confidence(self.confidence)
            .with_hint(HINT);
        let cite = |finding: Finding, other: &&Measured<'_>| {
            let text = format!(
                "column `{}`: `{}`",
                other.column.header.text, other.cell.text
            );
            finding.with_evidence_at("value", Place::of_cell(other.cell), text)
        };
        sink.report(self.others.iter().fold(finding, cite));
    }
}

/// What a number stands for, in the unit of its metric.
fn value(number: &Measured<'_>) -> Interval {
    let [low, high] = number.interval();
    Interval::new(low, high) / Interval::exact(number.column.scale)
}

/// Whether two numbers of a row are of one task and data set, as far as their headers tell.
fn belong_together(a: &Measured<'_>, b: &Measured<'_>) -> bool {
    let dataset = |number: &Measured<'_>| number.column.meaning.dataset.as_deref().map(plain);
    let split = |number: &Measured<'_>| number.column.metric.as_ref().map(|metric| metric.split);
    same_or_unsaid(dataset(a), dataset(b))
        && a.column.task() == b.column.task()
        && same_or_unsaid(split(a), split(b))
}

/// A column that the spec lacks says no split, and a header need not name a data set.
fn same_or_unsaid<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// A relation between two kinds of metric.
fn pair<'c>(a: &'c Measured<'c>, b: &'c Measured<'c>) -> Option<Case<'c>> {
    use Quantity::{Accuracy, ErrorRate, MeanAbsoluteError, RootMeanSquaredError, TopFive};
    let quantities = (a.column.quantity?, b.column.quantity?);
    let one = Interval::exact(1.0);
    let (kind, text, relation, right) = match quantities {
        (ErrorRate, Accuracy) => (
            "error-rate",
            "error = 100 % − accuracy",
            Relation::Equal,
            one - value(b),
        ),
        (TopFive, Accuracy) => ("top-five", "top-5 ≥ top-1", Relation::AtLeast, value(b)),
        (MeanAbsoluteError, RootMeanSquaredError) => {
            ("mae-rmse", "MAE ≤ RMSE", Relation::AtMost, value(b))
        }
        (MeanAbsoluteError, Accuracy) if a.column.is_granular() => (
            "mae-accuracy",
            "MAE ≥ 1 − accuracy of whole labels",
            Relation::AtLeast,
            one - value(b),
        ),
        _ => return None,
    };
    let says = |number: &Measured<'_>| {
        let is_named = kind != "mae-accuracy" && number.column.meaning.names_metric;
        number.column.metric.is_some() || is_named
    };
    belong_together(a, b).then(|| Case {
        kind,
        text: text.to_owned(),
        left: value(a),
        relation,
        right,
        at: a,
        others: vec![b],
        confidence: confidence(says(a) && says(b)),
    })
}

fn confidence(is_parsed: bool) -> Confidence {
    match is_parsed {
        true => Confidence::Parsed,
        false => Confidence::Inferred,
    }
}

/// F1 is the harmonic mean of precision and recall; not so for means over classes or runs.
fn harmonic_mean<'c>(f1: &'c Measured<'c>, row: &'c [Measured<'c>]) -> Option<Case<'c>> {
    let is_macro = f1.column.header.text.to_lowercase().contains("macro");
    if f1.column.quantity != Some(Quantity::F1) || is_macro || f1.n_runs() > 1 {
        return None;
    }
    let of = |quantity| {
        row.iter()
            .find(|other| other.column.quantity == Some(quantity) && belong_beside(f1, other))
    };
    let (precision, recall) = (of(Quantity::Precision)?, of(Quantity::Recall)?);
    Some(Case {
        kind: "f1",
        text: "F1 = 2PR / (P + R)".to_owned(),
        left: value(f1),
        relation: Relation::Equal,
        right: value(precision).harmonic_mean(value(recall)),
        at: f1,
        others: vec![precision, recall],
        confidence: Confidence::Parsed,
    })
}

/// As [`belong_together`]; `P` and `R` may name no task.
fn belong_beside(a: &Measured<'_>, b: &Measured<'_>) -> bool {
    let (task_a, task_b) = (a.column.task(), b.column.task());
    task_a == task_b || task_a.is_none() || task_b.is_none()
}

/// A standard deviation is at most that of values at both ends of the range (Bhatia and Davis).
fn deviation<'c>(number: &'c Measured<'c>, names_deviation: bool) -> Option<Case<'c>> {
    let spread = number.cell.spread?;
    let n = number.n_runs();
    let [low, high] = range(number).filter(|[_, high]| high.is_finite())?;
    if n < 2 {
        return None;
    }
    let text = number.cell.spread_number.as_deref().unwrap_or_default();
    let decimals = text.split_once('.').map_or(0, |(_, part)| part.len());
    let half = 10_f64.powi(-i32::try_from(decimals).ok()?) / 2.0;
    let [from, to] = number.interval();
    let mean = f64::midpoint(low, high).clamp(from, to).clamp(low, high);
    let n = n as f64;
    let greatest = ((mean - low) * (high - mean) * n / (n - 1.0)).sqrt();
    Some(Case {
        kind: "deviation",
        text: format!("SD ≤ √((mean − {low})({high} − mean)·n/(n − 1)), n = {n}"),
        left: Interval::new(spread - half, spread + half),
        relation: Relation::AtMost,
        right: Interval::exact(greatest),
        at: number,
        others: Vec::new(),
        confidence: confidence(names_deviation),
    })
}

/// The identities that specs declare.
fn declared(numbers: &[Measured<'_>], sink: &mut Sink<'_>) {
    for row in grouped(numbers, |number| (number.table_idx, number.row_idx)) {
        for number in row {
            let texts = number.column.spec.map_or(&[][..], |spec| &spec.identities);
            for text in texts {
                match declared_case(text, number, row, numbers) {
                    Ok(Some(case)) => case.decide(sink),
                    Ok(None) => {}
                    Err(missing) => sink.not_assessed(&METRIC_IDENTITY, missing),
                }
            }
        }
    }
}

/// What an identity says of a row; `None` where it is about a row of means and this is none.
fn declared_case<'c>(
    text: &str,
    number: &'c Measured<'c>,
    row: &'c [Measured<'c>],
    numbers: &'c [Measured<'c>],
) -> Result<Option<Case<'c>>, String> {
    let identity: Identity = text
        .parse()
        .map_err(|error| format!("identity `{text}`: {error}"))?;
    let label = number.row.row.label.to_lowercase();
    if identity.uses("mean(column)") && !MEAN_LABELS.contains(&label.as_str()) {
        return Ok(None);
    }
    let mut others = Vec::new();
    let mut resolve = |name: &str| {
        let found = match name {
            "mean(row)" => others_of_row(number, row),
            "mean(column)" => others_of_column(number, numbers),
            _ => row
                .iter()
                .filter(|other| is_named(other, name, number))
                .collect(),
        };
        others.extend(
            found.iter().filter(|other| {
                other.cell_idx != number.cell_idx || other.row_idx != number.row_idx
            }),
        );
        mean(&found).ok_or_else(|| format!("identity `{text}`: a column of `{name}` in the row"))
    };
    let (left, right) = (
        identity.left.value(&mut resolve)?,
        identity.right.value(&mut resolve)?,
    );
    Ok(Some(Case {
        kind: "declared",
        text: format!("`{text}`"),
        left,
        relation: identity.relation,
        right,
        at: number,
        others,
        confidence: Confidence::Parsed,
    }))
}

/// The other numbers of the row of the same kind.
fn others_of_row<'c>(number: &Measured<'c>, row: &'c [Measured<'c>]) -> Vec<&'c Measured<'c>> {
    let is_other = |other: &&Measured<'_>| {
        other.cell_idx != number.cell_idx && other.column.quantity == number.column.quantity
    };
    row.iter().filter(is_other).collect()
}

/// The other numbers of the column.
fn others_of_column<'c>(
    number: &Measured<'c>,
    numbers: &'c [Measured<'c>],
) -> Vec<&'c Measured<'c>> {
    let columns = by_column(numbers);
    let column = columns.get(&(number.table_idx, number.cell_idx));
    let column = column.into_iter().flatten().copied();
    column
        .filter(|other| other.row_idx != number.row_idx)
        .collect()
}

/// Whether a name means a number: its metric, the last part of it under the same split and task, or its header.
fn is_named(other: &Measured<'_>, name: &str, declaring: &Measured<'_>) -> bool {
    let Some(column) = other.column.spec else {
        return false;
    };
    let parsed = |metric: &str| metric.parse::<MetricName>().ok();
    let is_short_for = match (&declaring.column.metric, parsed(&column.metric)) {
        (Some(own), Some(found)) => {
            found.name == name && found.split == own.split && found.task == own.task
        }
        _ => false,
    };
    column.metric == name || is_short_for || column.header == name
}

/// The mean of what numbers stand for; `None` of none.
fn mean(numbers: &[&Measured<'_>]) -> Option<Interval> {
    let sum = numbers
        .iter()
        .map(|number| value(number))
        .reduce(|a, b| a + b)?;
    Some(sum / Interval::exact(numbers.len() as f64))
}
