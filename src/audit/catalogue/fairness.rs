//! Rules of the family "Fairness of the comparison"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &CONFIG_CONFOUND,
    &MACHINE_CONFOUND,
    &PROTOCOL_MISMATCH,
    &EXPECTED_CELL_EMPTY,
    &UNREPORTED_RUNS,
];

/// Rows that are compared differ in more than the table's factors.
pub static CONFIG_CONFOUND: Rule = Rule {
    id: "RPR401",
    name: "config-confound",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Spec],
    summary: "Rows that are compared differ in more than the table's factors.",
    explanation: "",
};

/// Rows that are compared come from different machines or builds.
pub static MACHINE_CONFOUND: Rule = Rule {
    id: "RPR402",
    name: "machine-confound",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs],
    summary: "Rows that are compared come from different machines or builds.",
    explanation: "",
};

/// Compared numbers do not measure the same thing.
pub static PROTOCOL_MISMATCH: Rule = Rule {
    id: "RPR403",
    name: "protocol-mismatch",
    severity: Severity::Error,
    inputs: &[Input::Runs, Input::Manifest, Input::Code],
    summary: "Compared numbers do not measure the same thing.",
    explanation: "",
};

/// A cell is empty although the run measured its metric.
pub static EXPECTED_CELL_EMPTY: Rule = Rule {
    id: "RPR404",
    name: "expected-cell-empty",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Spec],
    summary: "A cell is empty although the run measured its metric.",
    explanation: "",
};

/// More runs of a recipe were completed than are reported.
pub static UNREPORTED_RUNS: Rule = Rule {
    id: "RPR405",
    name: "unreported-runs",
    severity: Severity::Warning,
    inputs: &[Input::Runs, Input::Document],
    summary: "More runs of a recipe were completed than are reported.",
    explanation: "",
};
