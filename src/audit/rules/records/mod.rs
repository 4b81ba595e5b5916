//! Records: whether they can be read, agree with each other, with the labels and paths beside them and with the
//! run's own record, and say what repeating a run needs.
//!
//! One file per rule; each works from the citations that `bind` made.

mod debug;
mod derived;
mod drift;
mod essential;
mod label;
mod minority;
mod statement;
mod unparseable;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{INERT_ARGUMENT, UNREACHABLE_VALUE};
use crate::audit::citation::records_of_rows;
use crate::audit::finding::{Sink, Subject};
use crate::document::Definition;

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let rows = records_of_rows(bound);
    unparseable::check(bound, sink);
    drift::check(inputs, bound, sink);
    label::check(bound, &rows, sink);
    derived::check(bound, sink);
    minority::check(bound, &rows, sink);
    debug::check(bound, &rows, sink);
    against_code(sink);
    essential::check(inputs, bound, &rows, sink);
    statement::check(bound, sink);
}

/// What only the training code decides: whether an argument has an effect, and whether a value can arise.
fn against_code(sink: &mut Sink<'_>) {
    for rule in [&INERT_ARGUMENT, &UNREACHABLE_VALUE] {
        sink.not_assessed(rule, "the training code");
    }
}

/// A definition's record, or a key of it, with the headings that tell it from one of the same mark.
fn subject(bound: &Bound<'_>, definition: &Definition, key: &str, kind: &'static str) -> Subject {
    let heading = definition.heading.map(|idx| &bound.document.headings[idx]);
    Subject {
        table: heading.map_or_else(String::new, |heading| heading.path.join(" / ")),
        row: definition.mark.clone(),
        column: key.to_owned(),
        kind,
    }
}

#[cfg(test)]
mod tests;
