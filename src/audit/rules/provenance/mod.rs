//! Provenance: from a row through marks and definitions to runs that are there and as they were left.
//!
//! Owns the rules RPR201 to RPR208; what a printed record says against `run.json` is the one part of RPR208 that
//! lies with the records.

mod definitions;
mod marks;
mod path;
mod runs;
mod shared;
mod statements;

#[cfg(test)]
mod tests;

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundRow};
use crate::audit::finding::{Place, Sink, Subject};
use crate::document::{Definition, Document, Mark};

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let usage = definitions::Usage::of(inputs, bound);
    marks::check(bound, &usage, sink);
    definitions::check(bound, &usage, sink);
    shared::check(bound, sink);
    runs::check(bound, sink);
    path::check(inputs, bound, sink);
    statements::check(inputs, bound, sink);
}

fn place_of(row: &BoundRow<'_>, mark: &Mark) -> Place {
    Place {
        line: row.row.line,
        column: mark.column,
        end_column: mark.column + mark.text.chars().count() + 2,
    }
}

fn mark_place(definition: &Definition) -> Place {
    Place {
        line: definition.line,
        column: definition.column,
        end_column: definition.column + definition.mark.chars().count() + 2,
    }
}

fn defined(document: &Document, definition: &Definition, kind: &'static str) -> Subject {
    let heading = definition
        .heading
        .and_then(|idx| document.headings[idx].path.last());
    Subject {
        table: heading.cloned().unwrap_or_default(),
        row: definition.mark.clone(),
        column: String::new(),
        kind,
    }
}

/// `[4]`, `[1][2]` in a sentence: "`[1]` and `[2]`".
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
