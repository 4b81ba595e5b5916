//! RPR104: one number of decimals per column, and no more than the uncertainty bears.

use std::collections::BTreeMap;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::PRECISION;
use crate::audit::finding::{Finding, Severity, Sink};
use crate::audit::measured::{Measured, by_column};
use crate::report::rounding::decimals_for;

/// Applies the rule.
pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    numbers: &[Measured<'_>],
    sink: &mut Sink<'_>,
) {
    for column in by_column(numbers).values() {
        let usual = usual_decimals(column);
        let mut is_mixed = false;
        for number in column {
            let uneven = (number.decimals() != usual && !is_mixed).then(|| uneven(number, usual));
            is_mixed |= uneven.is_some();
            let found = uneven
                .or_else(|| over_precise(number, inputs, bound))
                .or_else(|| unlike_its_spread(number));
            match found {
                Some(finding) => sink.report(finding),
                None => sink.verified(&PRECISION),
            }
        }
    }
}

/// The number of decimals of most numbers of a column; of several, the least.
fn usual_decimals(column: &[&Measured<'_>]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for number in column {
        *counts.entry(number.decimals()).or_default() += 1;
    }
    let most = counts.iter().rev().max_by_key(|(_, n)| **n);
    most.map_or(0, |(decimals, _)| *decimals)
}

fn uneven(number: &Measured<'_>, usual: usize) -> Finding {
    let message = format!(
        "{}: `{}` has {}, the column has {usual}",
        number.address(),
        number.printed(),
        in_words(number.decimals())
    );
    let subject = number.subject("mixed");
    Finding::new(&PRECISION, number.place(), &subject, message)
        .with_hint("print one number of decimals per column")
}

fn in_words(decimals: usize) -> String {
    match decimals {
        1 => "1 decimal".to_owned(),
        n => format!("{n} decimals"),
    }
}

/// More decimals than the rule of the Particle Data Group gives for the uncertainty.
fn over_precise(number: &Measured<'_>, inputs: &Inputs<'_>, bound: &Bound<'_>) -> Option<Finding> {
    let (uncertainty, source) = uncertainty(number, inputs, bound)?;
    let enough = decimals_for(uncertainty)?;
    (number.decimals() > enough).then(|| {
        let message = format!(
            "{}: `{}` has {}, its uncertainty of {uncertainty:.2} bears {enough}",
            number.address(),
            number.printed(),
            in_words(number.decimals())
        );
        Finding::new(
            &PRECISION,
            number.place(),
            &number.subject("over-precise"),
            message,
        )
        .with_severity(Severity::Warning)
        .with_evidence("value", source)
        .with_hint(format!("print {}", in_words(enough)))
    })
}

/// The greater of the standard error over seeds and that of a share of N samples, in units of the column.
fn uncertainty(
    number: &Measured<'_>,
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
) -> Option<(f64, String)> {
    let n_runs = number.n_runs();
    let of_seeds = number.cell.spread.filter(|_| n_runs >= 2).map(|spread| {
        let text = format!("{spread} over {n_runs} runs");
        (spread / (n_runs as f64).sqrt(), text)
    });
    let of_samples = || {
        let quantity = number.column.quantity?;
        let n = number.evaluated(inputs, bound)?.split.n as f64;
        let share = number.value / number.column.scale;
        let error = standard_error(share, n)?;
        let text = format!(
            "a share of {n} samples has a standard error of {:.2}",
            error * number.column.scale
        );
        quantity
            .is_proportion()
            .then_some((error * number.column.scale, text))
    };
    let greater = |a: &(f64, String), b: &(f64, String)| a.0.total_cmp(&b.0);
    of_seeds.into_iter().chain(of_samples()).max_by(greater)
}

/// Standard error of a share of `n` independent samples.
pub(super) fn standard_error(share: f64, n: f64) -> Option<f64> {
    let error = (share * (1.0 - share) / n).sqrt();
    (n > 0.0 && error.is_finite()).then_some(error)
}

/// A number and what stands behind its `±` with different decimals.
fn unlike_its_spread(number: &Measured<'_>) -> Option<Finding> {
    let spread = number.cell.spread_number.as_deref()?;
    let decimals = spread.split_once('.').map_or(0, |(_, part)| part.len());
    (decimals != number.decimals()).then(|| {
        let message = format!(
            "{}: `{}` has {}, its `{spread}` has {decimals}",
            number.address(),
            number.printed(),
            in_words(number.decimals())
        );
        Finding::new(
            &PRECISION,
            number.place(),
            &number.subject("spread"),
            message,
        )
        .with_hint("print a number and its uncertainty to the same place")
    })
}
