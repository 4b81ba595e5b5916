//! Rules of the family "Code and environment"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &CODE_VERSION,
    &IMPOSSIBLE_ORIGIN,
    &ENVIRONMENT_UNLOCKED,
    &NONDETERMINISM,
];

/// A record does not name the code that ran.
pub static CODE_VERSION: Rule = Rule {
    id: "RPR701",
    name: "code-version",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::History],
    summary: "A record does not name the code that ran.",
    explanation: "",
};

/// A run cannot come from the code of its time.
pub static IMPOSSIBLE_ORIGIN: Rule = Rule {
    id: "RPR702",
    name: "impossible-origin",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::History, Input::Code],
    summary: "A run cannot come from the code of its time.",
    explanation: "",
};

/// A record does not say on what the run ran.
pub static ENVIRONMENT_UNLOCKED: Rule = Rule {
    id: "RPR703",
    name: "environment-unlocked",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::History],
    summary: "A record does not say on what the run ran.",
    explanation: "",
};

/// The training code leaves something to chance.
pub static NONDETERMINISM: Rule = Rule {
    id: "RPR704",
    name: "nondeterminism",
    severity: Severity::Warning,
    inputs: &[Input::Code, Input::Runs],
    summary: "The training code leaves something to chance.",
    explanation: "",
};
