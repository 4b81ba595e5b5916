//! Layout: whether what looks like results stands, once and in plain sight, in a table that says what it is.
//!
//! Owns the rules RPR001 to RPR007, which need nothing but the document; a table spec only adds what is declared.

mod duplicates;
mod hidden;
mod rows;
mod shape;
mod style;

#[cfg(test)]
mod tests;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::finding::Sink;

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    rows::check(bound, sink);
    shape::check(inputs, bound, sink);
    duplicates::check(bound, sink);
    style::check(inputs, bound, sink);
    hidden::check(inputs, bound, sink);
}

/// A line of the text, 1-based, without its end; empty where there is none.
fn line_of<'t>(lines: &[&'t str], line: usize) -> &'t str {
    line.checked_sub(1)
        .and_then(|idx| lines.get(idx))
        .map_or("", |line| line.trim_end_matches('\r'))
}
