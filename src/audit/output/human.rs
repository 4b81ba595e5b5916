//! Findings and a summary for people.

use std::fmt::{self, Display, Formatter};

use crate::audit::Verification;
use crate::audit::finding::Finding;

/// A verification as lines of text.
#[derive(Debug)]
pub struct Human<'v>(pub &'v Verification);

impl Display for Human<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(verification) = self;
        for finding in &verification.findings {
            write_finding(f, finding)?;
        }
        let cells = &verification.cells;
        writeln!(
            f,
            "{}: {} numeric cells: {} verified from metrics, {} of them from predictions too, {} mismatched, \
             {} not assessed; {} runs checked",
            verification.document,
            cells.numeric,
            cells.verified,
            cells.verified_from_predictions,
            cells.mismatched,
            cells.not_assessed,
            verification.n_runs
        )?;
        for (reason, n) in &cells.reasons {
            writeln!(f, "  {n} not assessed: {reason}")?;
        }
        for (reason, n) in &cells.without_predictions {
            writeln!(f, "  {n} not verified from predictions: {reason}")?;
        }
        Ok(())
    }
}

fn write_finding(f: &mut Formatter<'_>, finding: &Finding) -> fmt::Result {
    writeln!(
        f,
        "{}[{} {}]: {}:{}:{}: {}",
        finding.severity.as_str(),
        finding.rule,
        finding.name,
        finding.path,
        finding.line,
        finding.column,
        finding.message
    )?;
    for evidence in &finding.evidence {
        writeln!(f, "  {}: {}", evidence.kind, evidence.text)?;
    }
    match &finding.hint {
        Some(hint) => writeln!(f, "help: {hint}\n"),
        None => writeln!(f),
    }
}
