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
    explanation: "Rows that share a metric column are compared. Their records may differ in the table's factors and \
        in nothing else: another number of epochs, steps, batch size or amount of data is an error, any other key a \
        warning. Where the other key always changes together with the factor, the finding says so.\n\
        Bad: A joint model trained for 40 epochs over single ones trained for 60.\n\
        Good: Only `loss_weights` and `folder_sub_name` differ.\n\
        Exceptions: Budgets matched on purpose, for instance in operations: declare the key as a factor.\n\
        Remedy: Train with equal budgets, or declare the factor.",
};

/// Rows that are compared come from different machines or builds.
pub static MACHINE_CONFOUND: Rule = Rule {
    id: "RPR402",
    name: "machine-confound",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs],
    summary: "Rows that are compared come from different machines or builds.",
    explanation: "Rows that are compared should come from one machine, device, precision and set of library \
        versions. Where equal bits on both machines were shown, it is a note.\n\
        Bad: One row from `working_machine='narvi'`, the others from another.\n\
        Good: One machine for the whole table.\n\
        Exceptions: A crossed design, in which every row ran on every machine.\n\
        Remedy: Run the rows on one machine, or show that the machine changes nothing.",
};

/// Compared numbers do not measure the same thing.
pub static PROTOCOL_MISMATCH: Rule = Rule {
    id: "RPR403",
    name: "protocol-mismatch",
    severity: Severity::Error,
    inputs: &[Input::Runs, Input::Manifest, Input::Code],
    summary: "Compared numbers do not measure the same thing.",
    explanation: "Compared numbers must measure the same thing: one definition of the metric, one class space, \
        split, number of samples, source of labels and initialization.\n\
        Bad: An age accuracy over 88 classes beside one over 100; ImageNet weights in one document, random ones in \
        another.\n\
        Good: Equal metrics on equal splits.\n\
        Exceptions: What records and code do not say is not assessed.\n\
        Remedy: Evaluate the rows under one protocol, or put them into separate tables.",
};

/// A cell is empty although the run measured its metric.
pub static EXPECTED_CELL_EMPTY: Rule = Rule {
    id: "RPR404",
    name: "expected-cell-empty",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Spec],
    summary: "A cell is empty although the run measured its metric.",
    explanation: "If the run trained a task, its metric belongs into the table: an empty cell under a column that \
        the record's active tasks imply may hide a result.\n\
        Bad: A row with gender and age weights, and an empty age column.\n\
        Good: All columns of active tasks filled.\n\
        Exceptions: A metric that was not logged then; columns under `expected_empty` in the spec.\n\
        Remedy: Fill the cell from the run, or say in the spec that it stays empty.",
};

/// More runs of a recipe were completed than are reported.
pub static UNREPORTED_RUNS: Rule = Rule {
    id: "RPR405",
    name: "unreported-runs",
    severity: Severity::Warning,
    inputs: &[Input::Runs, Input::Document],
    summary: "More runs of a recipe were completed than are reported.",
    explanation: "Of the completed runs that differ in seed, time and machine alone, all must be reported or none \
        picked: a reported maximum of three or more is an error.\n\
        Bad: The best of five seeds printed as the result.\n\
        Good: The mean of all five, with `n = 5`.\n\
        Exceptions: Runs that are listed as `discarded`, with reasons, in the row's spec.\n\
        Remedy: Report the mean of all runs, or list the discarded ones.\n\
        State: not assessed yet; it comes with the statistics over runs.",
};
