//! RPR107: a result that always giving the same answer would reach. The answer is the largest class, or the
//! median for errors of numbers; both follow from the labels that were evaluated.

use super::precision::standard_error;
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::TRIVIAL_BASELINE;
use crate::audit::finding::{Confidence, Finding, Severity, Sink};
use crate::audit::measured::{Evaluated, Measured};
use crate::audit::reading::header::Quantity;
use crate::record::SplitRecord;

const HINT: &str = "say so beside the number, or report the baseline in a row of its own";
/// Standard errors by which an accuracy must exceed the share of the largest class.
const MARGIN: f64 = 2.0;

/// Applies the rule.
pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    numbers: &[Measured<'_>],
    sink: &mut Sink<'_>,
) {
    for number in numbers {
        let baseline: fn(&Measured<'_>, &SplitRecord) -> Option<Outcome> =
            match number.column.quantity {
                Some(Quantity::Accuracy) => accuracy,
                Some(Quantity::MeanAbsoluteError) => error,
                _ => continue,
            };
        let evaluated = number.evaluated(inputs, bound);
        let outcome = evaluated.and_then(|found| Some((found, baseline(number, found.split)?)));
        match outcome {
            None => sink.not_assessed(&TRIVIAL_BASELINE, "the labels that were evaluated"),
            Some((_, Outcome::Better)) => sink.verified(&TRIVIAL_BASELINE),
            Some((found, Outcome::NoBetter(what))) => sink.report(finding(number, &found, &what)),
        }
    }
}

/// How a number compares with the trivial answer.
enum Outcome {
    Better,
    NoBetter(String),
}

fn accuracy(number: &Measured<'_>, split: &SplitRecord) -> Option<Outcome> {
    let n: u64 = split.labels.values().sum();
    let (label, most) = split.labels.iter().max_by_key(|(_, n)| **n)?;
    let share = *most as f64 / n as f64;
    let needed = share + MARGIN * standard_error(share, n as f64)?;
    let scale = number.column.scale;
    if number.value / scale > needed {
        return Some(Outcome::Better);
    }
    let constant = share * scale;
    let given = format!("always answering `{label}`, which gives {constant:.1} ({most} of {n})");
    Some(Outcome::NoBetter(match number.value <= constant {
        true => format!("no better than {given}"),
        false => format!(
            "not clearly better than {given}: two standard errors above it are {:.1}",
            needed * scale
        ),
    }))
}

fn error(number: &Measured<'_>, split: &SplitRecord) -> Option<Outcome> {
    let (constant, baseline) = median_baseline(split)?;
    let scale = number.column.scale;
    if number.value / scale < baseline {
        return Some(Outcome::Better);
    }
    Some(Outcome::NoBetter(format!(
        "no better than always answering {constant}, which gives {:.1}",
        baseline * scale
    )))
}

/// The median label and the mean distance of the labels from it, the least that a constant can have; `None`
/// where the labels are no numbers.
pub(super) fn median_baseline(split: &SplitRecord) -> Option<(f64, f64)> {
    let labels = split.labels.iter();
    let labels: Option<Vec<(f64, u64)>> = labels
        .map(|(label, n)| Some((label.parse().ok()?, *n)))
        .collect();
    let mut labels = labels?;
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n: u64 = labels.iter().map(|(_, n)| n).sum();
    let mut below = 0;
    let (median, _) = *labels.iter().find(|(_, n_here)| {
        below += n_here;
        2 * below >= n
    })?;
    let distances = labels
        .iter()
        .map(|(label, n)| (label - median).abs() * *n as f64);
    Some((median, distances.sum::<f64>() / n as f64))
}

fn finding(number: &Measured<'_>, evaluated: &Evaluated<'_>, what: &str) -> Finding {
    let message = format!("{}: `{}` is {what}", number.address(), number.printed());
    Finding::new(
        &TRIVIAL_BASELINE,
        number.place(),
        &number.subject("baseline"),
        message,
    )
    .with_severity(Severity::Warning)
    .with_confidence(match evaluated.confidence {
        Confidence::Parsed => Confidence::Parsed,
        _ => Confidence::Inferred,
    })
    .with_evidence(
        "value",
        format!("labels as {} counts them", evaluated.source),
    )
    .with_hint(HINT)
}
