//! Numbers: each printed value against the run's metrics, those against the predictions, all of them against
//! the lock, and every number against what its metric can be.

mod baseline;
mod grim;
mod identity;
pub mod locked;
mod outlier;
mod precision;
mod range;
mod reported;
mod rounding;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::{BIASED_AGGREGATION, EVALUATION_COVERAGE, VALUE_MISMATCH};
use crate::audit::finding::Sink;
use crate::audit::measured::Columns;
use crate::audit::reading::uncertainty::Definition;
use crate::document::Cell;
use locked::Locked;

/// What to do about a number that is not the run's.
const HINT: &str = "run `repro tables --write` and commit the result";

/// What became of the numeric cells of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cells {
    /// Cells with a number, or with a text where the run gives one: the sum of verified, mismatched, not
    /// assessed and reported.
    pub numeric: usize,
    /// Equal to what the metrics give, or the lock where there are no runs.
    pub verified: usize,
    /// Of the verified, those whose metric the predictions give again.
    pub verified_from_predictions: usize,
    /// Of the verified, those that were compared with the lock only, for want of runs.
    pub verified_from_lock: usize,
    /// Equal to nothing that they should be.
    pub mismatched: usize,
    /// Not decidable.
    pub not_assessed: usize,
    /// Equal to a text that was read from a document: nothing was measured.
    pub reported: usize,
    /// Why not: reason → number of cells.
    #[serde(skip)]
    pub reasons: BTreeMap<String, usize>,
    /// Why verified cells were not verified from predictions.
    #[serde(skip)]
    pub without_predictions: BTreeMap<String, usize>,
}

/// Checks every numeric cell.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) -> Cells {
    let mut cells = Cells::default();
    let mut locked = Locked::of(inputs);
    for table in &bound.tables {
        for row in &table.rows {
            for cell in &row.row.cells {
                let place = At { table, row, cell };
                check_cell(inputs, bound, place, &mut locked, sink, &mut cells);
            }
        }
    }
    locked.check_rest(bound, sink);
    let columns = Columns::of(bound);
    let numbers = columns.numbers(bound);
    rounding::check(inputs, bound, &numbers, sink);
    grim::check(inputs, bound, &numbers, sink);
    precision::check(inputs, bound, &numbers, sink);
    range::check(&numbers, sink);
    outlier::check(&numbers, sink);
    baseline::check(inputs, bound, &numbers, sink);
    let has_spread = numbers.iter().any(|number| number.cell.spread.is_some());
    let mut said = inputs.text.lines().map(Definition::of);
    let names_deviation = has_spread && said.any(|line| line.is_deviation);
    identity::check(names_deviation, &numbers, sink);
    cells
}

/// A cell with its row and table.
#[derive(Debug, Clone, Copy)]
struct At<'c> {
    table: &'c BoundTable<'c>,
    row: &'c BoundRow<'c>,
    cell: &'c Cell,
}

fn check_cell<'c>(
    inputs: &Inputs<'_>,
    bound: &'c Bound<'c>,
    at: At<'c>,
    locked: &mut Locked<'_>,
    sink: &mut Sink<'_>,
    cells: &mut Cells,
) {
    if let Some(column) = reported::column(bound, at) {
        return reported::check(bound, (at, column), locked, sink, cells);
    }
    match (value::case(bound, at), at.cell.value) {
        (Ok(case), number) => {
            match number {
                Some(_) => case.check(sink, cells),
                None => case.check_without_number(sink, cells),
            }
            if let Some(given) = case.given() {
                locked.compare(at, &given, sink);
            }
        }
        (Err(reason), Some(_)) if inputs.store.is_none() => {
            locked.check(at, &reason, sink, cells);
        }
        (Err(reason), Some(_)) => {
            locked.check_text(at, sink);
            cells.leave(reason, sink);
        }
        (Err(_), None) => locked.check_text(at, sink),
    }
}

impl Cells {
    fn leave(&mut self, reason: impl Into<String>, sink: &mut Sink<'_>) {
        let reason = reason.into();
        self.numeric += 1;
        self.not_assessed += 1;
        sink.not_assessed(&VALUE_MISMATCH, reason.clone());
        sink.not_assessed(&EVALUATION_COVERAGE, reason.clone());
        sink.not_assessed(&BIASED_AGGREGATION, reason.clone());
        *self.reasons.entry(reason).or_default() += 1;
    }
}
