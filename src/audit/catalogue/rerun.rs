//! Rules of the family "Running again"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &RERUN_FAILED,
    &RERUN_OUT_OF_TOLERANCE,
    &CLAIM_FLIP,
    &NOT_BITWISE,
    &VACUOUS_TOLERANCE,
];

/// Training again fails.
pub static RERUN_FAILED: Rule = Rule {
    id: "RPR801",
    name: "rerun-failed",
    severity: Severity::Error,
    inputs: &[Input::Rerun],
    summary: "Training again fails.",
    explanation: "",
};

/// Training again gives another value.
pub static RERUN_OUT_OF_TOLERANCE: Rule = Rule {
    id: "RPR802",
    name: "rerun-out-of-tolerance",
    severity: Severity::Error,
    inputs: &[Input::Rerun, Input::Spec],
    summary: "Training again gives another value.",
    explanation: "",
};

/// Training again changes the order of two rows.
pub static CLAIM_FLIP: Rule = Rule {
    id: "RPR803",
    name: "claim-flip",
    severity: Severity::Error,
    inputs: &[Input::Rerun],
    summary: "Training again changes the order of two rows.",
    explanation: "",
};

/// Training again gives other bits.
pub static NOT_BITWISE: Rule = Rule {
    id: "RPR804",
    name: "not-bitwise",
    severity: Severity::Note,
    inputs: &[Input::Rerun],
    summary: "Training again gives other bits.",
    explanation: "",
};

/// A tolerance is so wide that every re-run passes.
pub static VACUOUS_TOLERANCE: Rule = Rule {
    id: "RPR805",
    name: "vacuous-tolerance",
    severity: Severity::Warning,
    inputs: &[Input::Spec, Input::Document],
    summary: "A tolerance is so wide that every re-run passes.",
    explanation: "",
};
