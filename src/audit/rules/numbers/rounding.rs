//! RPR102 for tables without a spec, which declare no rounding: every way to the nearest text is accepted,
//! digits that were dropped or rounded up are not. Tables with a spec are decided by `value`.
//!
//! The epoch is that of the run's own selection and the metric that of the header's words, so that findings
//! are inferred; a number that fits no way is left to the rules that know what it should be.

use std::collections::BTreeSet;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::ROUNDING_MODE;
use crate::audit::decimal::Mode;
use crate::audit::evidence::NO_RESULTS;
use crate::audit::finding::{Confidence, Finding, Severity, Sink};
use crate::audit::measured::{Measured, grouped};

const HINT: &str = "round to the nearest, and say how";

/// Applies the rule.
pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    numbers: &[Measured<'_>],
    sink: &mut Sink<'_>,
) {
    for table in grouped(numbers, |number| number.table_idx) {
        let mut needed: Vec<(&Measured<'_>, BTreeSet<Mode>)> = Vec::new();
        for number in table {
            match exact(number, bound) {
                _ if number.column.spec.is_some() && inputs.store.is_some() => {}
                None if inputs.store.is_none() => sink.not_assessed(&ROUNDING_MODE, NO_RESULTS),
                None => sink.not_assessed(&ROUNDING_MODE, "the value behind the number"),
                Some(value) => {
                    let modes = Mode::giving(number.printed(), value, number.decimals());
                    check_number(number, value, &modes, sink);
                    needed.push((number, modes.into_iter().collect()));
                }
            }
        }
        check_table(&needed, sink);
    }
}

/// The value of the header's metric at the epoch that the row's one run selected, scaled.
fn exact(number: &Measured<'_>, bound: &Bound<'_>) -> Option<f64> {
    let files = number.files(bound)?;
    let [files] = files[..] else {
        return None;
    };
    let metric = number.column.quantity?.metric_name()?;
    let task = number.column.task()?;
    let epoch = i32::try_from(files.record.selection.as_ref()?.epoch?).ok()?;
    let curve = files.curve(&format!("test/{task}/{metric}")).ok()?;
    let selected = curve.iter().find(|one| one.epoch == epoch)?;
    Some(selected.value * number.column.scale)
}

fn check_number(number: &Measured<'_>, value: f64, modes: &[Mode], sink: &mut Sink<'_>) {
    match modes.first() {
        Some(mode) if mode.is_nearest() => sink.verified(&ROUNDING_MODE),
        Some(mode) => {
            let message = format!("{}: {} from {value}", number.address(), mode.as_str());
            let nearest = Mode::HalfEven.text(value, number.decimals());
            let finding = Finding::new(
                &ROUNDING_MODE,
                number.place(),
                &number.subject(if *mode == Mode::Truncated {
                    "truncated"
                } else {
                    "ceiled"
                }),
                message,
            )
            .with_severity(Severity::Warning)
            .with_confidence(Confidence::Inferred)
            .with_hint(HINT);
            sink.report(match nearest {
                Some(text) => finding.with_fix(text),
                None => finding,
            });
        }
        None => sink.not_assessed(&ROUNDING_MODE, "a value that rounds to the number"),
    }
}

/// Whether one way of rounding gives every number of a table that some nearest way gives.
fn check_table(numbers: &[(&Measured<'_>, BTreeSet<Mode>)], sink: &mut Sink<'_>) {
    let nearest = || {
        numbers
            .iter()
            .filter(|(_, modes)| modes.first().is_some_and(|mode| mode.is_nearest()))
    };
    let serves = |mode: &&Mode| nearest().all(|(_, modes)| modes.contains(mode));
    if Mode::NEAREST.iter().any(|mode| serves(&mode)) {
        return;
    }
    let odd = nearest().find(|(_, modes)| !modes.contains(&Mode::HalfEven));
    if let Some((number, _)) = odd {
        let message = format!(
            "{}: `{}` needs another rounding than other numbers of the table",
            number.address(),
            number.printed()
        );
        let subject = number.subject("two-modes");
        let finding = Finding::new(&ROUNDING_MODE, number.place(), &subject, message);
        sink.report(
            finding
                .with_confidence(Confidence::Inferred)
                .with_hint(HINT),
        );
    }
}
