//! Baselines: what was already found when a project took the audit up, and does not fail from then on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Verification;

/// Version of the file.
const FORMAT: u32 = 1;

/// Findings that are known. Sorted, so that two baselines of one state are the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`FORMAT`].
    format: u32,
    /// Documents of which no number was verified.
    unverified: BTreeSet<String>,
    /// The findings.
    findings: BTreeSet<Known>,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The document.
    pub path: String,
    /// Id of the rule.
    pub rule: String,
    /// The finding's.
    pub fingerprint: String,
    /// What it said then.
    pub message: String,
}

/// Why a baseline cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Not this file's JSON.
    #[error("is no baseline: {0}")]
    Malformed(#[from] serde_json::Error),
    /// From another version.
    #[error("has format {0}, this build reads {FORMAT}")]
    Format(u32),
}

impl Baseline {
    /// The findings of these verifications that no waiver covers.
    pub fn of(verifications: &[&Verification]) -> Self {
        let unverified = verifications
            .iter()
            .filter(|verification| verification.cells.verified == 0);
        let findings = verifications
            .iter()
            .flat_map(|verification| &verification.findings);
        Self {
            format: FORMAT,
            unverified: unverified
                .map(|verification| verification.document.clone())
                .collect(),
            findings: findings
                .filter(|finding| !finding.waived)
                .map(|finding| Known {
                    path: finding.path.clone(),
                    rule: finding.rule.to_owned(),
                    fingerprint: finding.fingerprint.clone(),
                    message: finding.message.clone(),
                })
                .collect(),
        }
    }

    /// Reads a baseline's text.
    ///
    /// # Errors
    /// It is not JSON of this form, or of another version.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        match value["format"].as_u64() {
            Some(format) if format != u64::from(FORMAT) => Err(BaselineError::Format(
                u32::try_from(format).unwrap_or(u32::MAX),
            )),
            _ => Ok(serde_json::from_value(value)?),
        }
    }

    /// Its text, with a line end.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("text and numbers are serialisable");
        text + "\n"
    }

    /// Marks the findings that are known.
    pub fn apply(&self, verification: &mut Verification) {
        let known: BTreeSet<(&str, &str)> = self
            .findings
            .iter()
            .map(|known| (known.path.as_str(), known.fingerprint.as_str()))
            .collect();
        for finding in &mut verification.findings {
            finding.baselined =
                known.contains(&(finding.path.as_str(), finding.fingerprint.as_str()));
        }
    }

    /// Whether the document had no verified number then either.
    pub fn is_unverified(&self, document: &str) -> bool {
        self.unverified.contains(document)
    }

    /// What is known of these documents and is not found any more.
    pub fn gone<'b>(&'b self, verifications: &[&Verification]) -> Vec<&'b Known> {
        let documents: BTreeSet<&str> = verifications
            .iter()
            .map(|verification| verification.document.as_str())
            .collect();
        let found: BTreeSet<(&str, &str)> = verifications
            .iter()
            .flat_map(|verification| &verification.findings)
            .map(|finding| (finding.path.as_str(), finding.fingerprint.as_str()))
            .collect();
        let is_gone = |known: &&Known| {
            documents.contains(known.path.as_str())
                && !found.contains(&(known.path.as_str(), known.fingerprint.as_str()))
        };
        self.findings.iter().filter(is_gone).collect()
    }
}

#[cfg(test)]
mod tests;
