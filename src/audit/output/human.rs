//! Findings and a summary for people.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use super::excerpt::Excerpts;
use super::{Verified, counted, visible};
use crate::audit::finding::{Finding, RuleCount, Severity};
use crate::audit::waiver::Applied;
use crate::audit::{Verification, level};

/// From how many on, notes or warnings of one kind are told together.
const MANY: usize = 3;

/// Columns that lists of rules take.
const WIDTH: usize = 120;

/// A verification as lines of text.
#[derive(Debug)]
pub struct Human<'v> {
    /// The verification and the document's text.
    pub verified: &'v Verified,
    /// Whether severities are painted, as terminals show them.
    pub is_colored: bool,
}

impl Display for Human<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verification = &self.verified.verification.visible();
        let lines: Vec<String> = self.verified.text.lines().map(visible).collect();
        let text = &lines.join("\n");
        let excerpts = Excerpts::new(&verification.document, text, self.is_colored);
        for mistake in &verification.mistakes {
            writeln!(f, "{}\n", excerpts.mistake(mistake))?;
        }
        for group in groups(&verification.findings) {
            writeln!(f, "{}\n", excerpts.finding(group[0], &group[1..]))?;
        }
        write_cells(f, verification)?;
        write_findings(f, verification)?;
        write_rules(f, verification)?;
        write_levels(f, verification)?;
        for applied in &verification.waivers {
            // The project's own may cover something in another document; `unused` says it of all at once.
            if applied.waiver.path == verification.document {
                write_waiver(f, applied)?;
            }
        }
        Ok(())
    }
}

/// The findings that count; many notes or warnings of one kind are one group, at the place of the first.
fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let kind = |finding: &Finding| (finding.rule, finding.kind, finding.severity);
    let mut n_of_kind: BTreeMap<_, usize> = BTreeMap::new();
    let shown = || findings.iter().filter(|finding| finding.is_new());
    for finding in shown() {
        *n_of_kind.entry(kind(finding)).or_default() += 1;
    }
    let mut group_of: BTreeMap<_, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in shown() {
        let is_alone = finding.severity == Severity::Error || n_of_kind[&kind(finding)] < MANY;
        match group_of.get(&kind(finding)) {
            Some(&group) if !is_alone => groups[group].push(finding),
            _ => {
                group_of.insert(kind(finding), groups.len());
                groups.push(vec![finding]);
            }
        }
    }
    groups
}

/// What became of the numeric cells.
fn write_cells(f: &mut Formatter<'_>, verification: &Verification) -> fmt::Result {
    let cells = &verification.cells;
    writeln!(
        f,
        "{}: {} numeric cells: {} verified from metrics, {} of them from predictions too, {} mismatched, \
         {} not assessed{}; {} runs checked",
        verification.document,
        cells.numeric,
        cells.verified - cells.verified_from_lock,
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
    Ok(())
}

/// The count of numbers that were read from documents, where there are any.
fn reported(n: usize) -> String {
    match n {
        0 => String::new(),
        n => format!(", {n} reported"),
    }
}

fn write_findings(f: &mut Formatter<'_>, verification: &Verification) -> fmt::Result {
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    let counts =
        severities.map(|severity| counted(verification.n_new(severity), severity.as_str()));
    let n_waived = verification.n_waived();
    let n_baselined = verification.n_baselined();
    write!(f, "  findings: {}", counts.join(", "))?;
    if n_waived > 0 {
        write!(f, "; {n_waived} waived")?;
    }
    if n_baselined > 0 {
        write!(f, "; {n_baselined} in the baseline")?;
    }
    writeln!(f)
}

/// The three counters of every rule, by what they say.
fn write_rules(f: &mut Formatter<'_>, verification: &Verification) -> fmt::Result {
    let with = |n: &dyn Fn(&RuleCount) -> usize| {
        let counts = verification.rules.iter().filter(|count| n(count) > 0);
        let counts = counts.map(|count| format!("{} ({})", count.rule, n(count)));
        counts.collect::<Vec<_>>()
    };
    write_list(f, "verified", &with(&|count| count.verified))?;
    write_list(f, "found", &with(&|count| count.findings))?;
    write_list(f, "any value would pass", &with(&|count| count.no_power))?;
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for count in verification
        .rules
        .iter()
        .filter(|count| count.not_assessed > 0)
    {
        let rules = missing.entry(count.missing.join("; ")).or_default();
        rules.push(format!("{} ({})", count.rule, count.not_assessed));
    }
    for (missing, rules) in &missing {
        write_list(f, &format!("not assessed ({missing})"), rules)?;
    }
    Ok(())
}

/// `title: a, b, c`, broken where it becomes too wide.
fn write_list(f: &mut Formatter<'_>, title: &str, items: &[String]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    let mut line = format!("  {title}:");
    for (idx, item) in items.iter().enumerate() {
        let sign = if idx + 1 < items.len() { "," } else { "" };
        if line.chars().count() + item.len() + 2 > WIDTH {
            writeln!(f, "{line}")?;
            line = "   ".to_owned();
        }
        line = format!("{line} {item}{sign}");
    }
    writeln!(f, "{line}")
}

fn write_levels(f: &mut Formatter<'_>, verification: &Verification) -> fmt::Result {
    for reached in &verification.levels {
        let (table, line, name) = (&reached.table, reached.line, reached.level);
        let title = level::title(name);
        write!(f, "  table `{table}` (line {line}): level {name}, {title}")?;
        match level::next(name) {
            Some(next) => writeln!(f, "; {next} needs {}", reached.blocked_by.join(", "))?,
            None => writeln!(f)?,
        }
    }
    Ok(())
}

fn write_waiver(f: &mut Formatter<'_>, applied: &Applied) -> fmt::Result {
    match unused_waiver(applied) {
        Some(text) => writeln!(f, "  {text}"),
        None => Ok(()),
    }
}

/// What there is to say of a waiver that covers nothing.
fn unused_waiver(applied: &Applied) -> Option<String> {
    let waiver = &applied.waiver;
    let what = match (applied.state(), waiver.until) {
        ("expired", Some(until)) => format!("expired on {until}"),
        ("unused", _) => "covers nothing".to_owned(),
        _ => return None,
    };
    Some(format!(
        "{}:{}:{}: the waiver of {} {what}: {}",
        waiver.path, waiver.line, waiver.column, waiver.rule, waiver.reason
    ))
}

/// The project's waivers that are expired, or cover nothing in any of the documents.
pub fn unused(verified: &[Verified]) -> Vec<String> {
    let mut found: BTreeMap<(usize, usize, &str), (&Applied, bool)> = BTreeMap::new();
    for Verified { verification, .. } in verified {
        for applied in &verification.waivers {
            let waiver = &applied.waiver;
            if waiver.path != verification.document {
                let key = (waiver.line, waiver.column, waiver.rule.as_str());
                let entry = found.entry(key).or_insert((applied, false));
                entry.1 |= applied.state() == "used";
            }
        }
    }
    let without_use = found.into_values().filter(|(_, is_used)| !is_used);
    without_use
        .filter_map(|(applied, _)| unused_waiver(applied))
        .map(|text| visible(&text))
        .collect()
}
