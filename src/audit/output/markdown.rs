//! Verifications as markdown, for the summary of a job or the comment of a review.

use std::fmt::Write;

use super::{Verified, counted};
use crate::audit::finding::{Finding, Severity};
use crate::audit::{Verification, level};

/// The verifications, one section per document.
pub fn markdown(verified: &[Verified]) -> String {
    let sections = verified
        .iter()
        .map(|Verified { verification, .. }| section(&verification.visible()));
    sections.collect::<Vec<_>>().join("\n")
}

fn section(verification: &Verification) -> String {
    let cells = &verification.cells;
    let mut text = format!(
        "## {}\n\n{} numeric cells: {} verified from metrics, {} of them from predictions too, {} mismatched, {} not \
         assessed. {}, {}, {}, {} waived, {} in the baseline.\n",
        escaped(&verification.document),
        cells.numeric,
        cells.verified,
        cells.verified_from_predictions,
        cells.mismatched,
        cells.not_assessed,
        counted(verification.n_new(Severity::Error), "error"),
        counted(verification.n_new(Severity::Warning), "warning"),
        counted(verification.n_new(Severity::Note), "note"),
        verification.n_waived(),
        verification.n_baselined(),
    );
    text += &levels(verification);
    text += &findings(verification);
    text
}

fn levels(verification: &Verification) -> String {
    if verification.levels.is_empty() {
        return String::new();
    }
    let mut text =
        "\n| table | line | level | the next needs |\n| --- | ---: | --- | --- |\n".to_owned();
    for reached in &verification.levels {
        writeln!(
            text,
            "| {} | {} | {} {} | {} |",
            escaped(&reached.table),
            reached.line,
            reached.level,
            level::title(reached.level),
            reached.blocked_by.join(", ")
        )
        .expect("writing to memory");
    }
    text
}

fn findings(verification: &Verification) -> String {
    let new: Vec<&Finding> = verification
        .findings
        .iter()
        .filter(|finding| finding.is_new())
        .collect();
    if new.is_empty() && verification.mistakes.is_empty() {
        return String::new();
    }
    let mut text =
        "\n| severity | rule | place | finding |\n| --- | --- | --- | --- |\n".to_owned();
    for mistake in &verification.mistakes {
        writeln!(
            text,
            "| error | waiver | {}:{} | {} |",
            mistake.line,
            mistake.column,
            escaped(&mistake.message)
        )
        .expect("writing to memory");
    }
    for finding in new {
        writeln!(
            text,
            "| {} | {} {} | {}:{} | {} |",
            finding.severity.as_str(),
            finding.rule,
            finding.name,
            finding.line,
            finding.column,
            escaped(&finding.message)
        )
        .expect("writing to memory");
    }
    text
}

/// A text as a cell that shows it as it is, code spans apart. What begins as code and does not end is no code.
fn escaped(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('`') {
        escaped += &plain(&rest[..at]);
        rest = &rest[at..];
        let length = length_of_fence(rest);
        let (fence, after) = rest.split_at(length);
        rest = match end_of_code(after, length) {
            Some(end) => {
                escaped += &(fence.to_owned() + &after[..end].replace('|', "\\|") + fence);
                &after[end + length..]
            }
            None => {
                escaped += &"\\`".repeat(length);
                after
            }
        };
    }
    escaped + &plain(rest)
}

/// Number of backticks that a text begins with.
fn length_of_fence(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Where the next run of exactly so many backticks begins.
fn end_of_code(text: &str, length: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find('`').map(|at| from + at) {
        let found = length_of_fence(&text[at..]);
        if found == length {
            return Some(at);
        }
        from = at + found;
    }
    None
}

/// A text without code, with everything escaped that is more than itself.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => plain += "&lt;",
            '&' => plain += "&amp;",
            '|' | '*' | '_' | '[' | ']' | '\\' | '~' => {
                plain.push('\\');
                plain.push(character);
            }
            _ => plain.push(character),
        }
    }
    plain
}
