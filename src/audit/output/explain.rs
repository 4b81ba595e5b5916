//! The rules as text: for the terminal, as the page `docs/rules.md`, and for programs.

use std::fmt::Write;

use serde::Serialize;

use crate::audit::catalogue::{self, FAMILIES, Rule};

/// Columns of a line in the terminal.
const WIDTH: usize = 100;

/// How the page begins.
const HEAD: &str = "# Rules\n\nWhat `repro verify` checks. This page is made by `repro verify --explain all --format markdown`: \
edit the texts in `src/audit/catalogue`.\n\nEvery rule counts what it verified, what it found, and what it could not assess for want of \
an input; what is not assessed is never called right. Severities are the defaults; `[audit] severity` in `repro.toml` changes them. Only \
what was parsed is an error: what names and words usually mean is a warning at most, what is merely unusual a note.\n";

#[derive(Serialize)]
struct Object<'r> {
    id: &'r str,
    name: &'r str,
    family: &'r str,
    severity: &'r str,
    inputs: Vec<&'r str>,
    summary: &'r str,
    explanation: &'r str,
}

/// A rule for people.
pub fn human(rule: &Rule) -> String {
    let mut text = format!(
        "{} {}\n{}, from {}\n\n{}\n",
        rule.id,
        rule.name,
        rule.severity.as_str(),
        inputs(rule).join(", "),
        rule.summary,
    );
    for paragraph in rule.explanation.lines() {
        text.push('\n');
        text += &wrapped(paragraph);
    }
    text
}

/// A text in lines of at most [`WIDTH`] columns.
fn wrapped(paragraph: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text += word;
        width += length;
    }
    text + "\n"
}

/// Every rule, as a page.
pub fn page() -> String {
    let mut text = HEAD.to_owned();
    for family in FAMILIES {
        writeln!(text, "\n## {}", family.title).expect("writing to memory");
        for rule in family.rules {
            text.push('\n');
            text += &section(rule);
        }
    }
    text
}

/// A rule as a section of the page.
pub fn section(rule: &Rule) -> String {
    let mut text = format!(
        "### {} {}\n\n{} Default: {}. Needs: {}.\n\n",
        rule.id,
        rule.name,
        rule.summary,
        rule.severity.as_str(),
        inputs(rule).join(", ")
    );
    let mut in_list = false;
    for paragraph in rule.explanation.lines() {
        match paragraph.split_once(": ") {
            Some((label, rest)) if catalogue::LABELS.contains(&label) => {
                if !in_list {
                    text.push('\n');
                }
                in_list = true;
                writeln!(text, "- **{label}:** {rest}").expect("writing to memory");
            }
            _ => writeln!(text, "{paragraph}").expect("writing to memory"),
        }
    }
    text
}

/// Every rule for programs, as one JSON list on one line.
pub fn json<'r>(rules: impl Iterator<Item = &'r Rule>) -> String {
    let family_of = |rule: &Rule| {
        let family = FAMILIES
            .iter()
            .find(|family| family.rules.iter().any(|found| found.id == rule.id));
        family.map_or("", |family| family.title)
    };
    let rules: Vec<Object<'_>> = rules
        .map(|rule| Object {
            id: rule.id,
            name: rule.name,
            family: family_of(rule),
            severity: rule.severity.as_str(),
            inputs: inputs(rule),
            summary: rule.summary,
            explanation: rule.explanation,
        })
        .collect();
    serde_json::to_string(&rules).expect("text is serialisable")
}

fn inputs(rule: &Rule) -> Vec<&'static str> {
    rule.inputs.iter().map(|input| input.as_str()).collect()
}
