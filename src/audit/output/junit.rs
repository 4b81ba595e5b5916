//! Verifications as JUnit's XML: a suite per document, a case per table and family of rules.
//!
//! Rules count per document and not per cell, so that a case per cell would say the same many times. A case fails
//! where a finding at or above the given severity is about its table, and is skipped where a rule of its family could
//! not assess everything in the document, so that nothing passes for want of inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::Verified;
use crate::audit::Verification;
use crate::audit::catalogue::{FAMILIES, Family};
use crate::audit::finding::{Finding, RuleCount, Severity};

/// What became of a case.
enum Outcome {
    Passed,
    Skipped(String),
    Failed(Vec<String>),
}

struct Case {
    table: String,
    family: &'static str,
    outcome: Outcome,
}

/// The verifications as one XML document.
pub fn junit(verified: &[Verified], fail_on: Severity) -> String {
    let mut text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"repro verify\">\n"
            .to_owned();
    for Verified { verification, .. } in verified {
        text += &suite(verification, fail_on);
    }
    text + "</testsuites>\n"
}

fn suite(verification: &Verification, fail_on: Severity) -> String {
    let cases: Vec<Case> = cases(verification, fail_on);
    let n = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count();
    let mut text = format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
        escaped(&verification.document),
        cases.len() + verification.mistakes.len(),
        n(|outcome| matches!(outcome, Outcome::Failed(_))),
        verification.mistakes.len(),
        n(|outcome| matches!(outcome, Outcome::Skipped(_))),
    );
    for mistake in &verification.mistakes {
        let place = format!("line {}:{}", mistake.line, mistake.column);
        let body = element(
            "error",
            &mistake.message,
            std::slice::from_ref(&mistake.help),
        );
        text += &case("waiver", &place, &body);
    }
    for Case {
        table,
        family,
        outcome,
    } in &cases
    {
        let body = match outcome {
            Outcome::Passed => String::new(),
            Outcome::Skipped(missing) => {
                format!("      <skipped message=\"{}\"/>\n", escaped(missing))
            }
            Outcome::Failed(findings) => {
                let first = findings.first().map_or("", String::as_str);
                element("failure", first, findings)
            }
        };
        text += &case(table, family, &body);
    }
    text + "  </testsuite>\n"
}

fn cases(verification: &Verification, fail_on: Severity) -> Vec<Case> {
    let counts: BTreeMap<&str, &RuleCount> = verification
        .rules
        .iter()
        .map(|count| (count.rule, count))
        .collect();
    let mut cases = Vec::new();
    for (idx, level) in verification.levels.iter().enumerate() {
        let about = verification.findings.iter().zip(&verification.attribution);
        let open: Vec<&Finding> = about
            .filter(|(finding, tables)| finding.is_new() && tables.contains(&idx))
            .map(|(finding, _)| finding)
            .filter(|finding| finding.severity >= fail_on)
            .collect();
        for family in FAMILIES {
            cases.push(Case {
                table: format!("{} (line {})", level.table, level.line),
                family: family.title,
                outcome: outcome(family, &open, &counts),
            });
        }
    }
    cases
}

fn outcome(family: &Family, open: &[&Finding], counts: &BTreeMap<&str, &RuleCount>) -> Outcome {
    let is_of_family = |rule: &str| family.rules.iter().any(|found| found.id == rule);
    let failures: Vec<String> = open
        .iter()
        .filter(|finding| is_of_family(finding.rule))
        .map(|finding| {
            let Finding {
                rule,
                path,
                line,
                column,
                message,
                ..
            } = finding;
            format!("{rule}: {path}:{line}:{column}: {message}")
        })
        .collect();
    if !failures.is_empty() {
        return Outcome::Failed(failures);
    }
    let counts = || family.rules.iter().filter_map(|rule| counts.get(rule.id));
    let missing: BTreeSet<&str> = counts()
        .flat_map(|count| count.missing.iter().map(String::as_str))
        .collect();
    if missing.is_empty() {
        let assessed: usize = counts().map(|count| count.verified + count.findings).sum();
        return match assessed {
            0 => Outcome::Skipped("nothing to assess".to_owned()),
            _ => Outcome::Passed,
        };
    }
    let missing: Vec<&str> = missing.into_iter().collect();
    Outcome::Skipped(format!("not assessed for want of {}", missing.join("; ")))
}

fn case(class: &str, name: &str, body: &str) -> String {
    let mut text = format!(
        "    <testcase classname=\"{}\" name=\"{}\"",
        escaped(class),
        escaped(name)
    );
    if body.is_empty() {
        text += "/>\n";
    } else {
        write!(text, ">\n{body}    </testcase>\n").expect("writing to memory");
    }
    text
}

fn element(name: &str, message: &str, lines: &[String]) -> String {
    let body = escaped(&lines.join("\n"));
    format!(
        "      <{name} message=\"{}\">{body}</{name}>\n",
        escaped(message)
    )
}

/// A text within XML; characters that XML cannot hold are shown as in every other text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in super::visible(text).chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            _ => escaped.push(character),
        }
    }
    escaped
}
