//! Verifications for programs, format 1 of `schemas/verify.schema.json`: one object on one line per document.

use serde::Serialize;

use crate::audit::Verification;
use crate::audit::finding::{Finding, RuleCount};
use crate::audit::level::{self, Level};
use crate::audit::rules::numbers::Cells;
use crate::audit::waiver::{Applied, Mistake};

/// Version of the schema.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Object<'v> {
    format: u32,
    document: &'v str,
    cells: &'v Cells,
    runs: usize,
    level: Option<&'static str>,
    levels: &'v [Level],
    findings: &'v [Finding],
    rules: &'v [RuleCount],
    waivers: Vec<Waiver<'v>>,
    mistakes: &'v [Mistake],
}

/// A waiver with what became of it.
#[derive(Serialize)]
struct Waiver<'v> {
    rule: &'v str,
    reason: &'v str,
    until: Option<String>,
    path: &'v str,
    line: usize,
    column: usize,
    state: &'static str,
    findings: usize,
}

impl<'v> From<&'v Applied> for Waiver<'v> {
    fn from(applied: &'v Applied) -> Self {
        let waiver = &applied.waiver;
        Self {
            rule: &waiver.rule,
            reason: &waiver.reason,
            until: waiver.until.map(|until| until.to_string()),
            path: &waiver.path,
            line: waiver.line,
            column: waiver.column,
            state: applied.state(),
            findings: applied.findings.len(),
        }
    }
}

/// A verification as one JSON object without a line end.
pub fn json(verification: &Verification) -> String {
    let object = Object {
        format: FORMAT,
        document: &verification.document,
        cells: &verification.cells,
        runs: verification.n_runs,
        level: level::lowest(&verification.levels),
        levels: &verification.levels,
        findings: &verification.findings,
        rules: &verification.rules,
        waivers: verification.waivers.iter().map(Waiver::from).collect(),
        mistakes: &verification.mistakes,
    };
    serde_json::to_string(&object).expect("text, numbers and lists are serialisable")
}
