//! RPR404 from the document alone: a row's record trains a task, and the task's column is empty.
//!
//! Where runs, a spec's row and its column are there, `numbers` decides empty cells by what was measured.

use super::compare::Side;
use super::config::trained;
use crate::audit::bind::{Bound, BoundTable};
use crate::audit::catalogue::EXPECTED_CELL_EMPTY;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::document::Cell;

pub(super) fn check(
    bound: &Bound<'_>,
    table: &BoundTable<'_>,
    sides: &[Side<'_, '_>],
    sink: &mut Sink<'_>,
) {
    for side in sides {
        let Some(tasks) = trained(side) else {
            continue;
        };
        let has_runs = side.row.files(&bound.runs).is_ok() && side.row.spec.is_some();
        for (idx, cell) in side.row.row.cells.iter().enumerate() {
            let meaning = table
                .meaning(idx)
                .filter(|meaning| meaning.quantity.is_some());
            let Some(task) = meaning.and_then(|meaning| meaning.task.as_deref()) else {
                continue;
            };
            let header = cell.header.as_deref().unwrap_or_default();
            let is_decided_by_runs = has_runs && table.column(header).is_some();
            if !tasks.iter().any(|trained| trained == task) {
                continue;
            }
            if cell.value.is_some() {
                sink.verified(&EXPECTED_CELL_EMPTY);
            } else if cell.text.is_empty() && !is_decided_by_runs {
                match is_expected(side, header) {
                    true => sink.verified(&EXPECTED_CELL_EMPTY),
                    false => sink.report(finding(table, side, cell, task)),
                }
            }
        }
    }
}

/// Whether the spec says that a row has no number here.
fn is_expected(side: &Side<'_, '_>, header: &str) -> bool {
    let row = side.row.spec;
    row.is_some_and(|row| row.planned || row.expected_empty.iter().any(|found| found == header))
}

fn finding(table: &BoundTable<'_>, side: &Side<'_, '_>, cell: &Cell, task: &str) -> Finding {
    let label = &side.row.row.label;
    let header = cell.header.clone().unwrap_or_default();
    let message =
        format!("row `{label}`, column `{header}`: empty, but the row's record trains `{task}`");
    let subject = Subject {
        table: table.table.name().to_owned(),
        row: label.clone(),
        column: header,
        kind: "empty",
    };
    let place = Place {
        end_column: cell.column + 1,
        ..Place::of_cell(cell)
    };
    let finding = Finding::new(&EXPECTED_CELL_EMPTY, place, &subject, message)
        .with_hint("fill it, or list the header in the row's `expected_empty`");
    let known = side
        .known
        .as_ref()
        .and_then(|known| known.place_of("loss_weights"));
    match known {
        Some(place) => finding.with_evidence_at("definition", place, format!("trains `{task}`")),
        None => finding,
    }
}
