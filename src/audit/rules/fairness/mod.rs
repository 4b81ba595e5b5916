//! Fairness: whether the rows of a table may be compared.
//!
//! `compare` finds the odd rows; `config`, `machine` and `protocol` say what is compared. Cells that should not
//! be empty (RPR404) are found by `numbers`, which knows what runs give.

mod compare;
mod config;
mod machine;
mod protocol;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::UNREPORTED_RUNS;
use crate::audit::citation::records_of_rows;
use crate::audit::finding::Sink;
use compare::sides;

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let rows = records_of_rows(bound);
    for (t, table) in bound.tables.iter().enumerate() {
        let sides = sides(t, table, &rows);
        config::check(inputs, table, &sides, sink);
        machine::check(table, &sides, sink);
        protocol::check(inputs, table, &sides, sink);
    }
    sink.not_assessed(&UNREPORTED_RUNS, "the runs in the store that no row cites");
}

#[cfg(test)]
mod tests;
