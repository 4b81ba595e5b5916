//! Rules of the family "Layout of the document"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &UNATTACHED_ROW,
    &MALFORMED_TABLE,
    &EMPTY_OR_PLACEHOLDER_ROW,
    &DUPLICATE_ROW_LABEL,
    &DUPLICATED_TABLE,
    &LABEL_STYLE,
    &HIDDEN_RESULT_TEXT,
];

/// A row of numbers belongs to no table with a header.
pub static UNATTACHED_ROW: Rule = Rule {
    id: "RPR001",
    name: "unattached-row",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A row of numbers belongs to no table with a header.",
    explanation: "",
};

/// A table's rows, separators or headers do not fit together.
pub static MALFORMED_TABLE: Rule = Rule {
    id: "RPR002",
    name: "malformed-table",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "A table's rows, separators or headers do not fit together.",
    explanation: "",
};

/// A row has a label and no number, or a placeholder instead of one.
pub static EMPTY_OR_PLACEHOLDER_ROW: Rule = Rule {
    id: "RPR003",
    name: "empty-or-placeholder-row",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Spec],
    summary: "A row has a label and no number, or a placeholder instead of one.",
    explanation: "",
};

/// Two rows have the same label and different numbers.
pub static DUPLICATE_ROW_LABEL: Rule = Rule {
    id: "RPR004",
    name: "duplicate-row-label",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "Two rows have the same label and different numbers.",
    explanation: "",
};

/// Rows stand in two tables with the same values, or with values that disagree.
pub static DUPLICATED_TABLE: Rule = Rule {
    id: "RPR005",
    name: "duplicated-table",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::History],
    summary: "Rows stand in two tables with the same values, or with values that disagree.",
    explanation: "",
};

/// One name is spelled in several ways, or a header lacks metric, unit or data set.
pub static LABEL_STYLE: Rule = Rule {
    id: "RPR006",
    name: "label-style",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Spec],
    summary: "One name is spelled in several ways, or a header lacks metric, unit or data set.",
    explanation: "",
};

/// Text that readers do not see says something about results.
pub static HIDDEN_RESULT_TEXT: Rule = Rule {
    id: "RPR007",
    name: "hidden-result-text",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "Text that readers do not see says something about results.",
    explanation: "",
};
