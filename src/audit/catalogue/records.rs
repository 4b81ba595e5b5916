//! Rules of the family "Records"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &RECORD_UNPARSEABLE,
    &KEY_OR_TYPE_DRIFT,
    &LABEL_VS_RECORD,
    &DERIVED_FIELD_MISMATCH,
    &MINORITY_MAPPING,
    &DEBUG_RUN,
    &INERT_ARGUMENT,
    &UNREACHABLE_VALUE,
    &MISSING_ESSENTIAL_KEY,
];

/// A record does not follow the literal grammar.
pub static RECORD_UNPARSEABLE: Rule = Rule {
    id: "RPR301",
    name: "record-unparseable",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs],
    summary: "A record does not follow the literal grammar.",
    explanation: "",
};

/// One concept stands under two keys, or one key holds two types.
pub static KEY_OR_TYPE_DRIFT: Rule = Rule {
    id: "RPR302",
    name: "key-or-type-drift",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "One concept stands under two keys, or one key holds two types.",
    explanation: "",
};

/// A row's run is not one that its label stands for.
pub static LABEL_VS_RECORD: Rule = Rule {
    id: "RPR303",
    name: "label-vs-record",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A row's run is not one that its label stands for.",
    explanation: "",
};

/// A field or path that follows from others disagrees with them.
pub static DERIVED_FIELD_MISMATCH: Rule = Rule {
    id: "RPR304",
    name: "derived-field-mismatch",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A field or path that follows from others disagrees with them.",
    explanation: "",
};

/// A label's word goes with another value than in nearly all other rows.
pub static MINORITY_MAPPING: Rule = Rule {
    id: "RPR305",
    name: "minority-mapping",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "A label's word goes with another value than in nearly all other rows.",
    explanation: "",
};

/// A reported run was a debugging run.
pub static DEBUG_RUN: Rule = Rule {
    id: "RPR306",
    name: "debug-run",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs],
    summary: "A reported run was a debugging run.",
    explanation: "",
};

/// A recorded argument has no effect in the training code.
pub static INERT_ARGUMENT: Rule = Rule {
    id: "RPR307",
    name: "inert-argument",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Code],
    summary: "A recorded argument has no effect in the training code.",
    explanation: "",
};

/// A recorded value cannot come out of the training code's argument parser.
pub static UNREACHABLE_VALUE: Rule = Rule {
    id: "RPR308",
    name: "unreachable-value",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Code, Input::History],
    summary: "A recorded value cannot come out of the training code's argument parser.",
    explanation: "",
};

/// A record does not say what repeating the run needs.
pub static MISSING_ESSENTIAL_KEY: Rule = Rule {
    id: "RPR309",
    name: "missing-essential-key",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A record does not say what repeating the run needs.",
    explanation: "",
};
