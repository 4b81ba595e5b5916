//! Rules of the family "Data"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &DATA_FINGERPRINT,
    &SPLIT_OVERLAP,
    &STOCHASTIC_EVALUATION,
    &EVALUATION_COVERAGE,
];

/// A data set has no fingerprint, or another than the run used.
pub static DATA_FINGERPRINT: Rule = Rule {
    id: "RPR601",
    name: "data-fingerprint",
    severity: Severity::Error,
    inputs: &[Input::Manifest, Input::Runs, Input::Document],
    summary: "A data set has no fingerprint, or another than the run used.",
    explanation: "",
};

/// Samples are both in training and in evaluation.
pub static SPLIT_OVERLAP: Rule = Rule {
    id: "RPR602",
    name: "split-overlap",
    severity: Severity::Error,
    inputs: &[Input::Manifest],
    summary: "Samples are both in training and in evaluation.",
    explanation: "",
};

/// Evaluation involves chance.
pub static STOCHASTIC_EVALUATION: Rule = Rule {
    id: "RPR603",
    name: "stochastic-evaluation",
    severity: Severity::Error,
    inputs: &[Input::Code, Input::Runs],
    summary: "Evaluation involves chance.",
    explanation: "",
};

/// A metric counts other samples than there are.
pub static EVALUATION_COVERAGE: Rule = Rule {
    id: "RPR604",
    name: "evaluation-coverage",
    severity: Severity::Error,
    inputs: &[Input::Runs, Input::Manifest],
    summary: "A metric counts other samples than there are.",
    explanation: "",
};
