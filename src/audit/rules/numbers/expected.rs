//! RPR404 from the document alone: the tasks that a row's printed record trains against the columns that are
//! filled. Where spec and runs say what a cell holds, `value` decides instead.

use super::At;
use crate::audit::bind::{Bound, BoundRow};
use crate::audit::catalogue::EXPECTED_CELL_EMPTY;
use crate::audit::finding::{Confidence, Finding, Place, Sink, Subject};
use crate::audit::measured::Columns;
use crate::audit::reading::key::active_tasks;

/// Checks the rows whose runs cannot be read.
pub(super) fn check(bound: &Bound<'_>, columns: &Columns<'_>, sink: &mut Sink<'_>) {
    for (table_idx, table) in bound.tables.iter().enumerate() {
        for row in &table.rows {
            let is_decided = row.spec.is_some() && row.files(&bound.runs).is_ok();
            if is_decided || row.n_numeric() == 0 {
                continue;
            }
            let Some(tasks) = tasks(row) else {
                continue;
            };
            let cells = row.row.cells.iter().zip(columns.of_table(table_idx));
            for (cell, column) in cells {
                if let Some(task) = column.as_ref().and_then(|column| column.task())
                    && (tasks.iter().any(|found| found == task) || cell.text.is_empty())
                {
                    let at = At { table, row, cell };
                    check_cell(at, task, &tasks, sink);
                }
            }
        }
    }
}

/// The active tasks of a row's one printed record, in lower case.
fn tasks(row: &BoundRow<'_>) -> Option<Vec<String>> {
    let mut records = row.definitions.iter().flat_map(|found| &found.records);
    let (record, None) = (records.next()?, records.next()) else {
        return None;
    };
    let tasks = active_tasks(&record.values)?.into_iter();
    Some(tasks.map(str::to_lowercase).collect())
}

fn check_cell(at: At<'_>, task: &str, tasks: &[String], sink: &mut Sink<'_>) {
    let header = at.cell.header.as_deref().unwrap_or_default();
    let is_active = tasks.iter().any(|found| found == task);
    let is_expected = is_active && !is_declared_empty(at.row, header);
    if !is_expected || !at.cell.text.is_empty() {
        return sink.verified(&EXPECTED_CELL_EMPTY);
    }
    let label = &at.row.row.label;
    let subject = Subject {
        table: at.table.table.name().to_owned(),
        row: label.clone(),
        column: header.to_owned(),
        kind: "empty",
    };
    let message =
        format!("row `{label}`, column `{header}`: empty, its record trains the task `{task}`");
    sink.report(
        Finding::new(
            &EXPECTED_CELL_EMPTY,
            Place::of_cell(at.cell),
            &subject,
            message,
        )
        .with_confidence(Confidence::Inferred)
        .with_hint("fill it, or list the header in the row's `expected_empty`"),
    );
}

fn is_declared_empty(row: &BoundRow<'_>, header: &str) -> bool {
    let spec = row.spec;
    spec.is_some_and(|row| row.expected_empty.iter().any(|found| found == header))
}
