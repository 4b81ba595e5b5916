//! Statistics: how many runs a number rests on, what its uncertainty is, and what chose the epoch.

mod said;
mod selection;
mod single_run;
mod split;
#[cfg(test)]
mod tests;
mod uncertainty;

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundTable};
use crate::audit::catalogue::{BEST_MARKER, WITHIN_NOISE};
use crate::audit::finding::{Place, Sink};
use crate::audit::measured::{Columns, grouped};
use said::Said;

/// Applies the rules of the family; RPR507 is decided where metrics meet predictions, in `numbers`.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let columns = Columns::of(bound);
    let numbers = columns.numbers(bound);
    let said = Said::of(inputs, bound);
    for table in grouped(&numbers, |number| number.table_idx) {
        let said = said.of_table(table[0].table_idx);
        single_run::check(table, sink);
        uncertainty::check(table, said, sink);
        selection::check(bound, table, said, sink);
        split::check(bound, table, sink);
        for rule in [&WITHIN_NOISE, &BEST_MARKER] {
            sink.not_assessed(rule, "tests of significance");
        }
    }
}

/// Where a table's header begins.
fn header_place(table: &BoundTable<'_>) -> Place {
    let first = table.table.header.iter().flatten().next();
    let (column, width) = first.map_or((1, 0), |cell| (cell.column, cell.text.chars().count()));
    Place::of_width(table.table.line, column, width)
}
