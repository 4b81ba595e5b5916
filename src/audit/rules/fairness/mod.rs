//! Fairness: whether the rows of a table may be compared, and whether anything is left out of them.
//!
//! `compare` finds the odd rows; `config`, `machine` and `protocol` say what is compared; `empty` looks for
//! numbers that should be there.

mod compare;
mod config;
mod empty;
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
        empty::check(bound, table, &sides, sink);
    }
    sink.not_assessed(&UNREPORTED_RUNS, "the runs in the store that no row cites");
}

#[cfg(test)]
mod tests;
