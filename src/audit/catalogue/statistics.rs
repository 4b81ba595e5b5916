//! Rules of the family "Statistics"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &SINGLE_RUN,
    &UNCERTAINTY_UNDEFINED,
    &WITHIN_NOISE,
    &BEST_MARKER,
    &SELECTION_ON_REPORTED_SPLIT,
    &SELECTION_RULE_UNDECLARED,
    &BIASED_AGGREGATION,
];

/// Numbers rest on one run each.
pub static SINGLE_RUN: Rule = Rule {
    id: "RPR501",
    name: "single-run",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs],
    summary: "Numbers rest on one run each.",
    explanation: "",
};

/// There is no spread, or nothing says what it is.
pub static UNCERTAINTY_UNDEFINED: Rule = Rule {
    id: "RPR502",
    name: "uncertainty-undefined",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "There is no spread, or nothing says what it is.",
    explanation: "",
};

/// A difference is smaller than its uncertainty.
pub static WITHIN_NOISE: Rule = Rule {
    id: "RPR503",
    name: "within-noise",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::Manifest],
    summary: "A difference is smaller than its uncertainty.",
    explanation: "",
};

/// The emphasised value is not the best of its column.
pub static BEST_MARKER: Rule = Rule {
    id: "RPR504",
    name: "best-marker",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "The emphasised value is not the best of its column.",
    explanation: "",
};

/// What is reported also decided something.
pub static SELECTION_ON_REPORTED_SPLIT: Rule = Rule {
    id: "RPR505",
    name: "selection-on-reported-split",
    severity: Severity::Error,
    inputs: &[Input::Runs, Input::Code, Input::Spec],
    summary: "What is reported also decided something.",
    explanation: "",
};

/// Nothing says which epoch a table reports, or its cells come from several.
pub static SELECTION_RULE_UNDECLARED: Rule = Rule {
    id: "RPR506",
    name: "selection-rule-undeclared",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "Nothing says which epoch a table reports, or its cells come from several.",
    explanation: "",
};

/// A metric is a mean of means over unequal parts.
pub static BIASED_AGGREGATION: Rule = Rule {
    id: "RPR507",
    name: "biased-aggregation",
    severity: Severity::Warning,
    inputs: &[Input::Runs, Input::Code],
    summary: "A metric is a mean of means over unequal parts.",
    explanation: "",
};
