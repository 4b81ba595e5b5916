//! History and integrity: whether the committed text is what the project gives now, and what became of numbers and
//! records that were committed before.

mod changed;
mod explained;
mod past;
mod rewritten;
mod stale;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{ATTESTATION, NUMBER_CHANGED, RECORD_REWRITTEN};
use crate::audit::finding::{Finding, Place, Sink, Subject};

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    unsigned(sink);
    stale::check(inputs, bound, sink);
    match past::versions(inputs) {
        Ok(past) => {
            changed::check(inputs, bound, &past, sink);
            rewritten::check(inputs, bound, &past, sink);
        }
        Err(missing) => {
            sink.not_assessed(&NUMBER_CHANGED, missing);
            sink.not_assessed(&RECORD_REWRITTEN, missing);
        }
    }
}

/// No document can be signed yet, so none carries a statement.
fn unsigned(sink: &mut Sink<'_>) {
    let message = "the document carries no signed statement".to_owned();
    let place = Place::of_width(1, 1, 0);
    let subject = Subject {
        kind: "missing",
        ..Subject::default()
    };
    sink.report(Finding::new(&ATTESTATION, place, &subject, message));
}

#[cfg(test)]
mod tests;
