//! Findings and a summary for people.

use std::fmt::{self, Display, Formatter};

use crate::audit::Verification;
use crate::audit::catalogue::{EVALUATION_COVERAGE, VALUE_MISMATCH};
use crate::audit::finding::{Finding, Severity};

/// A verification as lines of text.
#[derive(Debug)]
pub struct Human<'v> {
    /// The verification.
    pub verification: &'v Verification,
    /// Whether severities are painted, as terminals show them.
    pub is_colored: bool,
}

impl Display for Human<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verification = self.verification;
        for finding in &verification.findings {
            write_finding(f, finding, self.is_colored)?;
        }
        let cells = &verification.cells;
        writeln!(
            f,
            "{}: {} numeric cells: {} verified from metrics, {} of them from predictions too, {} mismatched, \
             {} not assessed{}; {} runs checked",
            verification.document,
            cells.numeric,
            cells.verified,
            cells.verified_from_predictions,
            cells.mismatched,
            cells.not_assessed,
            reported(cells.reported),
            verification.n_runs
        )?;
        if cells.verified_from_lock > 0 {
            let n = cells.verified_from_lock;
            writeln!(f, "  {n} verified from `repro.lock` only")?;
        }
        for (reason, n) in &cells.reasons {
            writeln!(f, "  {n} not assessed: {reason}")?;
        }
        for (reason, n) in &cells.without_predictions {
            writeln!(f, "  {n} not verified from predictions: {reason}")?;
        }
        self.write_rules(f)
    }
}

impl Human<'_> {
    /// What an outcome without errors does not say: the rules that had something left to decide.
    fn write_rules(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut findings = self.verification.findings.iter();
        if findings.any(|finding| finding.severity == Severity::Error) {
            return Ok(());
        }
        let counted_above = [VALUE_MISMATCH.id, EVALUATION_COVERAGE.id];
        for count in &self.verification.rules {
            if count.not_assessed > 0 && !counted_above.contains(&count.rule) {
                let (rule, n, missing) = (count.rule, count.not_assessed, count.missing.join("; "));
                writeln!(f, "  {rule}: {n} not assessed: {missing}")?;
            }
        }
        Ok(())
    }
}

/// The count of numbers that were read from documents, where there are any.
fn reported(n: usize) -> String {
    match n {
        0 => String::new(),
        n => format!(", {n} reported"),
    }
}

/// A severity in bold and its color.
fn painted(severity: Severity) -> String {
    let color = match severity {
        Severity::Error => 31,
        Severity::Warning => 33,
        Severity::Note => 36,
    };
    format!("\x1b[1;{color}m{}\x1b[0m", severity.as_str())
}

fn write_finding(f: &mut Formatter<'_>, finding: &Finding, is_colored: bool) -> fmt::Result {
    let severity = if is_colored {
        painted(finding.severity)
    } else {
        finding.severity.as_str().to_owned()
    };
    writeln!(
        f,
        "{severity}[{} {}]: {}:{}:{}: {}",
        finding.rule, finding.name, finding.path, finding.line, finding.column, finding.message
    )?;
    for evidence in &finding.evidence {
        writeln!(f, "  {}: {}", evidence.kind, evidence.text)?;
    }
    match &finding.hint {
        Some(hint) => writeln!(f, "help: {hint}\n"),
        None => writeln!(f),
    }
}
