//! Findings as annotations of GitHub's workflow commands.

use std::fmt::Write;

use crate::audit::Verification;
use crate::audit::finding::{Finding, Severity};

/// One line per finding that counts, and per waiver that cannot be read.
pub fn github(verification: &Verification) -> String {
    let verification = &verification.visible();
    let mut text = String::new();
    for mistake in &verification.mistakes {
        writeln!(
            text,
            "::error file={},line={},col={},title=waiver::{}",
            property(&verification.document),
            mistake.line,
            mistake.column,
            message(&format!("{}\nhelp: {}", mistake.message, mistake.help))
        )
        .expect("writing to memory");
    }
    for finding in verification.findings.iter().filter(|found| found.is_new()) {
        text += &annotation(finding);
    }
    text
}

fn annotation(finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let evidence = finding.evidence.iter();
    let evidence = evidence.map(|evidence| format!("\n{}: {}", evidence.kind, evidence.text));
    let hint = finding.hint.iter().map(|hint| format!("\nhelp: {hint}"));
    let below: String = evidence.chain(hint).collect();
    format!(
        "::{command} file={},line={},col={},endColumn={},title={}::{}\n",
        property(&finding.path),
        finding.line,
        finding.column,
        finding.end_column,
        property(&format!("{} {}", finding.rule, finding.name)),
        message(&format!("{}{below}", finding.message))
    )
}

/// A text as a command's message.
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A text as a command's property.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
