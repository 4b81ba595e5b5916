//! RPR501: numbers that rest on one run each, one finding per table.

use crate::audit::catalogue::SINGLE_RUN;
use crate::audit::finding::{Finding, Sink, Subject};
use crate::audit::measured::Measured;

/// Runs per number that are enough to see how much they differ.
const ENOUGH: usize = 3;

/// Applies the rule to the numbers of one table.
pub(super) fn check(table: &[Measured<'_>], sink: &mut Sink<'_>) {
    let mut single: Vec<&Measured<'_>> = Vec::new();
    for number in table {
        if number.row.is_quoted() {
            sink.not_assessed(&SINGLE_RUN, "how many runs are behind a quoted number");
        } else if number.n_runs() >= 2 {
            sink.verified(&SINGLE_RUN);
        } else if number.cell.spread.is_some() {
            sink.not_assessed(&SINGLE_RUN, "how many runs are behind `±`");
        } else {
            single.push(number);
        }
    }
    if let [first, rest @ ..] = &single[..] {
        let message = match rest.len() + 1 {
            1 => "1 number rests on one run".to_owned(),
            n => format!("{n} numbers rest on one run each"),
        };
        let subject = Subject {
            table: first.table.table.name().to_owned(),
            kind: "single",
            ..Subject::default()
        };
        let finding = Finding::new(&SINGLE_RUN, first.place(), &subject, message);
        sink.report(finding.with_hint(format!(
            "train with other seeds: {ENOUGH} at least, to see how much they differ"
        )));
    }
}
