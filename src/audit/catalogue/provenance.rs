//! Rules of the family "Footnotes and provenance"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &MISSING_PROVENANCE,
    &UNRESOLVED_MARKER,
    &DUPLICATE_DEFINITION,
    &FOOTNOTE_HYGIENE,
    &SHARED_RUN,
    &RUN_UNAVAILABLE,
    &NON_PORTABLE_PATH,
    &STATEMENT_CONTRADICTION,
];

/// A numeric row leads to no run or to no record.
pub static MISSING_PROVENANCE: Rule = Rule {
    id: "RPR201",
    name: "missing-provenance",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A numeric row leads to no run or to no record.",
    explanation: "",
};

/// A mark has no definition, or an empty one.
pub static UNRESOLVED_MARKER: Rule = Rule {
    id: "RPR202",
    name: "unresolved-marker",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A mark has no definition, or an empty one.",
    explanation: "",
};

/// A mark is defined twice.
pub static DUPLICATE_DEFINITION: Rule = Rule {
    id: "RPR203",
    name: "duplicate-definition",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A mark is defined twice.",
    explanation: "",
};

/// Definitions are unused, skip a number, or are not in the order of their use.
pub static FOOTNOTE_HYGIENE: Rule = Rule {
    id: "RPR204",
    name: "footnote-hygiene",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "Definitions are unused, skip a number, or are not in the order of their use.",
    explanation: "",
};

/// Rows with different labels use one run and contradict each other.
pub static SHARED_RUN: Rule = Rule {
    id: "RPR205",
    name: "shared-run",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs],
    summary: "Rows with different labels use one run and contradict each other.",
    explanation: "",
};

/// A cited run is missing, unreadable, unfinished or altered.
pub static RUN_UNAVAILABLE: Rule = Rule {
    id: "RPR206",
    name: "run-unavailable",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::History],
    summary: "A cited run is missing, unreadable, unfinished or altered.",
    explanation: "",
};

/// A path leads to a place on somebody's machine.
pub static NON_PORTABLE_PATH: Rule = Rule {
    id: "RPR207",
    name: "non-portable-path",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "A path leads to a place on somebody's machine.",
    explanation: "",
};

/// A heading, comment, note or printed record says something else than the record.
pub static STATEMENT_CONTRADICTION: Rule = Rule {
    id: "RPR208",
    name: "statement-contradiction",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs],
    summary: "A heading, comment, note or printed record says something else than the record.",
    explanation: "",
};
