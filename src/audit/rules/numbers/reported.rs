//! Numbers of reported runs: read from a document, never measured. They are compared with the text that was
//! read and counted apart; nothing here counts as verified.

use super::locked::Locked;
use super::{At, Cells, HINT};
use crate::audit::bind::Bound;
use crate::audit::catalogue::{
    BIASED_AGGREGATION, EVALUATION_COVERAGE, EXPECTED_CELL_EMPTY, Rule, VALUE_MISMATCH,
};
use crate::audit::evidence::{RunFiles, RunState};
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::record::Kind;
use crate::report::spec::Column;
use crate::store::RunId;

/// Why nothing more can be said of such a number.
const MISSING: &str = "a trained run: the number was read from a document";

/// The column of a cell whose row rests on a reported run.
pub(super) fn column<'c>(bound: &'c Bound<'c>, at: At<'c>) -> Option<&'c Column> {
    let is_reported =
        |run| files(bound, run).is_some_and(|files| files.record.kind == Kind::Reported);
    let header = at.cell.header.as_deref()?;
    let column = at.table.column(header)?;
    (at.row.spec.is_some() && runs(at).any(is_reported)).then_some(column)
}

/// The runs that a row cites, and the one that it was read into.
fn runs<'c>(at: At<'c>) -> impl Iterator<Item = &'c RunId> {
    at.row.runs.iter().chain(&at.row.reported)
}

fn files<'c>(bound: &'c Bound<'_>, run: &RunId) -> Option<&'c RunFiles> {
    match bound.runs.get(run) {
        Some(RunState::Present(files)) => Some(files),
        _ => None,
    }
}

/// Compares a cell with the text that was reported, and where it has that, with the lock.
pub(super) fn check(
    bound: &Bound<'_>,
    (at, column): (At<'_>, &Column),
    locked: &mut Locked<'_>,
    sink: &mut Sink<'_>,
    cells: &mut Cells,
) {
    let mut records = runs(at).filter_map(|run| files(bound, run));
    let text = records.find_map(|files| files.record.reported.as_ref()?.get(&column.metric));
    let printed = &at.cell.text;
    let is_number = at.cell.value.is_some();
    match text.map(String::as_str) {
        text if text.unwrap_or_default() == printed => {
            locked.compare_text(at, sink);
            if is_number {
                cells.numeric += 1;
                cells.reported += 1;
                for rule in [&VALUE_MISMATCH, &EVALUATION_COVERAGE, &BIASED_AGGREGATION] {
                    sink.not_assessed(rule, MISSING);
                }
            }
        }
        // An empty one is left to what the lock has beyond the document.
        Some(text) if printed.is_empty() => sink.report(empty(at, column, text)),
        text => {
            cells.numeric += 1;
            cells.mismatched += 1;
            locked.visit(at);
            sink.report(mismatch(at, column, text));
        }
    }
}

fn empty(at: At<'_>, column: &Column, text: &str) -> Finding {
    let what = format!("empty, the reported run says `{text}`");
    finding(&EXPECTED_CELL_EMPTY, at, column, "empty", &what).with_fix(text)
}

fn mismatch(at: At<'_>, column: &Column, text: Option<&str>) -> Finding {
    let said = match text {
        Some(text) => format!("the reported run says `{text}`"),
        None => format!("the reported run says nothing of `{}`", column.metric),
    };
    let what = format!("printed `{}`, {said}", at.cell.text);
    let finding = finding(&VALUE_MISMATCH, at, column, "reported", &what);
    match text {
        Some(text) => finding.with_fix(text),
        None => finding,
    }
}

fn finding(
    rule: &'static Rule,
    at: At<'_>,
    column: &Column,
    kind: &'static str,
    what: &str,
) -> Finding {
    let (label, header) = (&at.row.row.label, &column.header);
    let message = format!("row `{label}`, column `{header}`: {what}");
    let subject = Subject {
        table: at.table.table.name().to_owned(),
        row: label.clone(),
        column: header.clone(),
        kind,
    };
    Finding::new(rule, Place::of_cell(at.cell), &subject, message).with_hint(HINT)
}
