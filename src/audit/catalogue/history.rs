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
    explanation: "",
};

/// What identifies a past run was rewritten.
pub static RECORD_REWRITTEN: Rule = Rule {
    id: "RPR902",
    name: "record-rewritten",
    severity: Severity::Error,
    inputs: &[Input::History],
    summary: "What identifies a past run was rewritten.",
    explanation: "",
};

/// The document carries no valid signed statement.
pub static ATTESTATION: Rule = Rule {
    id: "RPR903",
    name: "attestation",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Runs],
    summary: "The document carries no valid signed statement.",
    explanation: "",
};

/// Rendering again would change the document.
pub static STALE_DOCUMENT: Rule = Rule {
    id: "RPR904",
    name: "stale-document",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "Rendering again would change the document.",
    explanation: "",
};
