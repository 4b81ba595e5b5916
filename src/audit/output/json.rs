//! Verifications for programs, format 1: one object on one line per document.

use serde::Serialize;

use crate::audit::finding::{Finding, RuleCount};
use crate::audit::rules::numbers::Cells;
use crate::audit::{Level, Verification};

/// Version of the schema.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Object<'v> {
    format: u32,
    document: &'v str,
    cells: &'v Cells,
    runs: usize,
    levels: &'v [Level],
    findings: &'v [Finding],
    rules: &'v [RuleCount],
}

/// A verification as one JSON object without a line end.
pub fn json(verification: &Verification) -> String {
    let object = Object {
        format: FORMAT,
        document: &verification.document,
        cells: &verification.cells,
        runs: verification.n_runs,
        levels: &verification.levels,
        findings: &verification.findings,
        rules: &verification.rules,
    };
    serde_json::to_string(&object).expect("text, numbers and lists are serialisable")
}
