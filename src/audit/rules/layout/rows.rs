//! Rows by themselves: whether a header says what their numbers are, and whether they hold any.

use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::{EMPTY_OR_PLACEHOLDER_ROW, UNATTACHED_ROW};
use crate::audit::finding::{Finding, Place, Severity, Sink, Subject};
use crate::audit::reading::spelling::{is_dash, is_placeholder, is_to_come};
use crate::document::Cell;

pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for table in &bound.tables {
        for row in &table.rows {
            attached(table, row, sink);
            filled(table, row, sink);
        }
    }
}

/// RPR001: a row of results under no header.
fn attached(table: &BoundTable<'_>, row: &BoundRow<'_>, sink: &mut Sink<'_>) {
    let is_numeric = row.n_numeric() > 0;
    if table.table.header.is_some() {
        if is_numeric {
            sink.verified(&UNATTACHED_ROW);
        }
        return;
    }
    // A line of words without a mark may be a header that lost its separator.
    let is_row = table.table.continues || !row.row.marks.is_empty();
    let is_nothing = !is_row || row.row.label.is_empty();
    if !is_numeric && is_nothing {
        return;
    }
    let label = &row.row.label;
    let (severity, what) = match is_numeric {
        true => (Severity::Error, format!("prints {}", row.numbers())),
        false => (Severity::Warning, "stands".to_owned()),
    };
    let message = format!("row `{label}` {what} under no header");
    let hint = if table.table.continues {
        "remove the blank lines between the row and the table above it"
    } else {
        "put the row below a header and its separator, without a gap"
    };
    let subject = Subject::in_table(table.table, label, "", "no-header");
    sink.report(
        Finding::new(&UNATTACHED_ROW, Place::of_label(row.row), &subject, message)
            .with_severity(severity)
            .with_hint(hint),
    );
}

/// RPR003: a row without a number, or with something that stands for one.
fn filled(table: &BoundTable<'_>, row: &BoundRow<'_>, sink: &mut Sink<'_>) {
    if row.row.label.is_empty() || is_planned(row) {
        return;
    }
    let mut is_right = true;
    for (idx, cell) in row.row.cells.iter().enumerate() {
        let stands_in = if is_result(table, idx) {
            is_placeholder(&cell.text)
        } else {
            is_to_come(&cell.text)
        };
        if stands_in {
            is_right = false;
            sink.report(placeholder(table, row, cell));
        }
    }
    if is_right && is_empty(table, row) {
        is_right = false;
        sink.report(empty(table, row));
    }
    if is_right {
        sink.verified(&EMPTY_OR_PLACEHOLDER_ROW);
    }
}

/// Whether a cell is one of results, as far as the header tells.
fn is_result(table: &BoundTable<'_>, idx: usize) -> bool {
    !table.has_metrics() || table.is_metric(idx)
}

/// Whether spec, label or a cell say that the row is still to be trained.
fn is_planned(row: &BoundRow<'_>) -> bool {
    let label = row.row.label.to_lowercase();
    let says = |cell: &Cell| {
        cell.text
            .trim_matches(['(', ')', '*', '_'])
            .eq_ignore_ascii_case("planned")
    };
    row.spec.is_some_and(|spec| spec.planned)
        || label.contains("(planned)")
        || row.row.cells.iter().any(says)
}

/// Whether every result of a row is missing, apart from those that its spec says are.
fn is_empty(table: &BoundTable<'_>, row: &BoundRow<'_>) -> bool {
    let expected = |cell: &Cell| {
        let header = cell.header.as_deref().unwrap_or_default();
        let declared = row.spec.map_or(&[][..], |spec| &spec.expected_empty);
        declared.iter().any(|name| name == header)
    };
    let results = || {
        let cells = row.row.cells.iter().enumerate();
        cells
            .filter(|(idx, _)| is_result(table, *idx))
            .map(|(_, cell)| cell)
    };
    let is_bare =
        |cell: &Cell| cell.value.is_none() && (cell.text.is_empty() || is_dash(&cell.text));
    let is_declared = row.spec.is_some() && results().next().is_some() && results().all(expected);
    !is_declared && results().all(is_bare)
}

fn placeholder(table: &BoundTable<'_>, row: &BoundRow<'_>, cell: &Cell) -> Finding {
    let label = &row.row.label;
    let header = cell.header.as_deref().unwrap_or_default();
    let message = format!("row `{label}` holds `{}` in place of a number", cell.text);
    let subject = Subject::in_table(table.table, label, header, "placeholder");
    Finding::new(
        &EMPTY_OR_PLACEHOLDER_ROW,
        Place::of_cell(cell),
        &subject,
        message,
    )
    .with_severity(Severity::Warning)
    .with_hint("print the number, or `–` where there is none")
    .with_fix("–")
}

fn empty(table: &BoundTable<'_>, row: &BoundRow<'_>) -> Finding {
    let label = &row.row.label;
    let message = format!("row `{label}` holds no number");
    let subject = Subject::in_table(table.table, label, "", "empty");
    let place = Place::of_label(row.row);
    Finding::new(&EMPTY_OR_PLACEHOLDER_ROW, place, &subject, message)
        .with_hint("remove the row, or set `planned = true` for it in the table spec")
}
