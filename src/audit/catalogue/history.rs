//! Rules of the family "History and integrity"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &NUMBER_CHANGED,
    &RECORD_REWRITTEN,
    &ATTESTATION,
    &STALE_DOCUMENT,
];

/// A number changed without its source, or its source without the number.
pub static NUMBER_CHANGED: Rule = Rule {
    id: "RPR901",
    name: "number-changed",
    severity: Severity::Error,
    inputs: &[Input::History],
    summary: "A number changed without its source, or its source without the number.",
    explanation: "Over the history of a document, a number changes together with the run that it cites. A new \
        number with the old source is an error, as is a new source with the old number; a new number with a new run \
        is a note.\n\
        Bad: A cell that goes from 4.9 to 5.1 while its mark cites the same run.\n\
        Good: Number and citation change in one commit.\n\
        Exceptions: Rows that moved: they are followed by label.\n\
        Remedy: Restore the number, or cite the run that it is from.",
};

/// What identifies a past run was rewritten.
pub static RECORD_REWRITTEN: Rule = Rule {
    id: "RPR902",
    name: "record-rewritten",
    severity: Severity::Error,
    inputs: &[Input::History],
    summary: "What identifies a past run was rewritten.",
    explanation: "What identifies a past run is never rewritten: the text of a record or path, blanks apart, is the \
        same in every commit.\n\
        Bad: A search and replace over 37 records that changes the machine's name.\n\
        Good: Definitions that are only added.\n\
        Exceptions: A migration with a stored mapping.\n\
        Remedy: Restore the text from history.",
};

/// The document carries no valid signed statement.
pub static ATTESTATION: Rule = Rule {
    id: "RPR903",
    name: "attestation",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Runs],
    summary: "The document carries no valid signed statement.",
    explanation: "A signed statement binds the document and its runs to a result of this audit: who says it, with \
        which rules, at which level. Its absence is a note, an invalid one an error.\n\
        Bad: A statement whose hash is that of another version of the document.\n\
        Good: A statement in in-toto's form, whose subjects have the hashes of document and runs.\n\
        Exceptions: None.\n\
        Remedy: Sign the document once it is final.\n\
        State: signatures cannot be made or checked yet; that there is none is all that is said.",
};

/// Rendering again would change the document.
pub static STALE_DOCUMENT: Rule = Rule {
    id: "RPR904",
    name: "stale-document",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "Rendering again would change the document.",
    explanation: "A document of the project must be what its template, specs and runs give now, but for line ends. \
        It is only reported where no other error explains the difference.\n\
        Bad: A sentence in the document that was changed after rendering, and not in the template.\n\
        Good: What `repro tables --write` leaves.\n\
        Exceptions: Documents that `repro.toml` does not list are not assessed.\n\
        Remedy: Change the template, run `repro tables --write`, and commit the result.",
};
