//! Verifications as text: for people, for programs, for what runs in CI; and the rules as text.

pub mod badge;
mod excerpt;
pub mod explain;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;

use std::collections::BTreeMap;

use super::Verification;
use super::finding::{Finding, Severity};
use super::waiver::Waiver;

/// A verification with the text of its document.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The verification.
    pub verification: Verification,
    /// The text that was verified.
    pub text: String,
}

impl Verification {
    /// Number of findings of a severity that count.
    fn n_new(&self, severity: Severity) -> usize {
        let counts = |finding: &&Finding| finding.is_new() && finding.severity == severity;
        self.findings.iter().filter(counts).count()
    }

    fn n_waived(&self) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.waived).count()
    }

    fn n_baselined(&self) -> usize {
        let is_known = |finding: &&Finding| finding.baselined && !finding.waived;
        self.findings.iter().filter(is_known).count()
    }

    /// The waiver that covers each waived finding, by the finding's index.
    fn waivers_by_finding(&self) -> BTreeMap<usize, &Waiver> {
        let used = self.waivers.iter().filter(|applied| !applied.is_expired);
        used.flat_map(|applied| applied.findings.iter().map(|&idx| (idx, &applied.waiver)))
            .collect()
    }
}

/// A number of things, such as `1 error` or `2 errors`.
fn counted(n: usize, thing: &str) -> String {
    match n {
        1 => format!("1 {thing}"),
        _ => format!("{n} {thing}s"),
    }
}

#[cfg(test)]
mod tests;
