//! Rules over Python training code: what a program would do with the arguments, the data and the metrics of a run.
//!
//! Owns the choice of the code behind a record: that of the run's time where the history has it, else that of the
//! work tree. The code is parsed and never run. Runs that `repro` trained have no Python behind them, and are left
//! to the families.

mod aggregation;
mod inert;
mod protocol;
mod selection;
mod stochastic;
mod unreachable;

use std::collections::BTreeSet;

use super::super::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::Rule;
use crate::audit::citation::Citation;
use crate::audit::finding::{Finding, Sink, Subject};
use crate::audit::git::Commit;
use crate::audit::python::Entry;
use crate::record::Kind;

/// What is named as missing where no code is known.
pub(super) const NO_CODE: &str = "the training code (`code` below `[audit]` in repro.toml)";
/// What is named where the code has no entry script.
const NO_SCRIPT: &str = "a script with a command line in the training code";

/// The script that a record's arguments are of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script<'i> {
    /// Its facts.
    pub(super) entry: &'i Entry,
    /// The commit it was taken from; the work tree without.
    pub(super) commit: Option<&'i Commit>,
}

/// A script and the records that are of its arguments, in the order of the document.
pub(super) struct Group<'g, 'i, 'd> {
    pub(super) script: Script<'i>,
    pub(super) citations: Vec<&'g Citation<'d>>,
}

/// Applies the rules.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let (groups, missing) = groups(inputs, bound);
    inert::check(bound, &groups, missing, sink);
    unreachable::check(bound, &groups, missing, sink);
    protocol::check(bound, &groups, missing, sink);
    selection::check(bound, &groups, missing, sink);
    aggregation::check(bound, &groups, missing, sink);
    stochastic::check(bound, &groups, missing, sink);
}

/// The records of runs that `repro` did not train, nor are quoted.
pub(super) fn foreign<'b, 'd>(bound: &'b Bound<'d>) -> impl Iterator<Item = &'b Citation<'d>> {
    bound.citations.iter().filter(|citation| {
        let is_ours = |citation: &Citation<'d>| {
            citation
                .files(bound)
                .is_some_and(|files| files.record.kind == Kind::Trained)
        };
        !citation.is_quoted(bound) && !is_ours(citation)
    })
}

/// The records by the script behind them, and what is missing of those without one.
pub(super) fn groups<'g, 'i, 'd>(
    inputs: &Inputs<'i>,
    bound: &'g Bound<'d>,
) -> (Vec<Group<'g, 'i, 'd>>, Option<&'static str>) {
    let mut groups: Vec<Group<'g, 'i, 'd>> = Vec::new();
    let mut missing = None;
    for citation in foreign(bound) {
        let script = match script_of(inputs, citation) {
            Ok(script) => script,
            Err(reason) => {
                missing = Some(reason);
                continue;
            }
        };
        let same = |group: &&mut Group<'g, 'i, 'd>| std::ptr::eq(group.script.entry, script.entry);
        match groups.iter_mut().find(same) {
            Some(group) => group.citations.push(citation),
            None => groups.push(Group {
                script,
                citations: vec![citation],
            }),
        }
    }
    if bound.citations.is_empty() {
        missing = Some("a record");
    }
    (groups, missing)
}

/// The script whose arguments a record is of.
fn script_of<'i>(inputs: &Inputs<'i>, citation: &Citation<'_>) -> Result<Script<'i>, &'static str> {
    let keys: BTreeSet<&str> = citation.record.values.keys().map(String::as_str).collect();
    let start = citation.path.and_then(|(_, path)| start_of(path));
    if let (Some(history), Some(start)) = (inputs.history, start) {
        let snapshot = history.code_when(|commit| commit.wall_clock() <= start);
        let entry = snapshot.and_then(|snapshot| snapshot.code().entry_for(&keys));
        if let (Some(snapshot), Some(entry)) = (snapshot, entry) {
            let commit = Some(&history.commits[snapshot.commit]);
            return Ok(Script { entry, commit });
        }
    }
    let code = inputs.code.ok_or(NO_CODE)?;
    let entry = code.entry_for(&keys).ok_or(NO_SCRIPT)?;
    Ok(Script {
        entry,
        commit: None,
    })
}

/// When a run began by the clock of its machine, as its folder `<YYYY-MM-DD-HH-MM-SS>[_suffix]` is named: in seconds
/// since 1970, as if the clock showed UTC.
pub(super) fn start_of(path: &str) -> Option<i64> {
    let name = path.trim_end_matches('/').rsplit('/').next()?;
    let stamp = name.get(..19)?;
    let moment = jiff::civil::DateTime::strptime("%Y-%m-%d-%H-%M-%S", stamp).ok()?;
    let timestamp = jiff::tz::TimeZone::UTC.to_timestamp(moment).ok()?;
    Some(timestamp.as_second())
}

/// A record, or a key of it, with the headings that tell it from one of the same mark.
pub(super) fn subject(
    bound: &Bound<'_>,
    citation: &Citation<'_>,
    key: &str,
    kind: &'static str,
) -> Subject {
    let heading = citation
        .definition
        .heading
        .map(|idx| &bound.document.headings[idx]);
    Subject {
        table: heading.map_or_else(String::new, |heading| heading.path.join(" / ")),
        row: citation.definition.mark.clone(),
        column: key.to_owned(),
        kind,
    }
}

impl Script<'_> {
    /// Where a place of the code is to be looked up.
    fn version(&self) -> String {
        match self.commit {
            Some(commit) => format!(" (commit {})", commit.short()),
            None => String::new(),
        }
    }

    /// The finding with a place of the code and what is there.
    pub(super) fn support(
        &self,
        finding: Finding,
        place: &crate::audit::python::CodePlace,
        what: &str,
    ) -> Finding {
        finding.with_evidence("code", format!("{place}: {what}{}", self.version()))
    }
}

/// Counts what could not be decided once, where some record has no code.
fn not_assessed(rule: &'static Rule, missing: Option<&'static str>, sink: &mut Sink<'_>) {
    if let Some(missing) = missing {
        sink.not_assessed(rule, missing);
    }
}

/// Marks of records, as findings list them.
fn marks(citations: &[&Citation<'_>]) -> String {
    let marks: Vec<String> = citations
        .iter()
        .map(|citation| format!("[{}]", citation.definition.mark))
        .collect();
    marks.join(", ")
}

#[cfg(test)]
mod tests;
