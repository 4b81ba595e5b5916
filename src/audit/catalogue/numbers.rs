//! Rules of the family "Numbers"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &VALUE_MISMATCH,
    &ROUNDING_MODE,
    &GRIM_IMPOSSIBLE,
    &PRECISION,
    &OUT_OF_RANGE,
    &COLUMN_OUTLIER,
    &TRIVIAL_BASELINE,
    &METRIC_IDENTITY,
];

/// A printed number is not what the run gives.
pub static VALUE_MISMATCH: Rule = Rule {
    id: "RPR101",
    name: "value-mismatch",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A printed number is not what the run gives.",
    explanation: "",
};

/// A number is truncated, or rounded in another way than the rest.
pub static ROUNDING_MODE: Rule = Rule {
    id: "RPR102",
    name: "rounding-mode",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Runs],
    summary: "A number is truncated, or rounded in another way than the rest.",
    explanation: "",
};

/// A share is printed that no whole number of samples gives.
pub static GRIM_IMPOSSIBLE: Rule = Rule {
    id: "RPR103",
    name: "grim-impossible",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Manifest],
    summary: "A share is printed that no whole number of samples gives.",
    explanation: "",
};

/// A column mixes numbers of decimals, or prints more digits than its uncertainty bears.
pub static PRECISION: Rule = Rule {
    id: "RPR104",
    name: "precision",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Runs],
    summary: "A column mixes numbers of decimals, or prints more digits than its uncertainty bears.",
    explanation: "",
};

/// A value lies outside what its metric can be.
pub static OUT_OF_RANGE: Rule = Rule {
    id: "RPR105",
    name: "out-of-range",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Spec],
    summary: "A value lies outside what its metric can be.",
    explanation: "",
};

/// A value lies far from its column and among those of another metric.
pub static COLUMN_OUTLIER: Rule = Rule {
    id: "RPR106",
    name: "column-outlier",
    severity: Severity::Note,
    inputs: &[Input::Document],
    summary: "A value lies far from its column and among those of another metric.",
    explanation: "",
};

/// A result is no better than the trivial answer.
pub static TRIVIAL_BASELINE: Rule = Rule {
    id: "RPR107",
    name: "trivial-baseline",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Manifest],
    summary: "A result is no better than the trivial answer.",
    explanation: "",
};

/// Numbers contradict a relation that holds by definition.
pub static METRIC_IDENTITY: Rule = Rule {
    id: "RPR108",
    name: "metric-identity",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Spec],
    summary: "Numbers contradict a relation that holds by definition.",
    explanation: "",
};
