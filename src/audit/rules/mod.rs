//! The rules, one file per family of the catalogue. A rule is a function from the inputs and what was bound to
//! findings and counts; it reads nothing, and what it cannot decide it counts as not assessed.

pub mod code;
pub mod data;
pub mod fairness;
pub mod history;
pub mod layout;
pub mod numbers;
pub mod provenance;
pub mod records;
pub mod rerun;
pub mod statistics;

#[cfg(test)]
mod fixture;

use super::Inputs;
use super::bind::Bound;
use super::finding::Sink;
use numbers::Cells;

/// Applies every rule of the catalogue.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) -> Cells {
    layout::check(inputs, bound, sink);
    let cells = numbers::check(inputs, bound, sink);
    provenance::check(inputs, bound, sink);
    records::check(inputs, bound, sink);
    fairness::check(inputs, bound, sink);
    statistics::check(inputs, bound, sink);
    data::check(inputs, bound, sink);
    code::check(inputs, bound, sink);
    rerun::check(inputs, bound, sink);
    // Last, as a stale document is only worth a finding where nothing else explains it.
    history::check(inputs, bound, sink);
    cells
}
