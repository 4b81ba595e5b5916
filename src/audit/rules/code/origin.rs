//! RPR702: a run that its code cannot have made: other arguments, a model that was not there, a time that does
//! not fit.
//!
//! The code of a run is that of the newest ancestor of HEAD at its start, by the clocks of the machine that ran and
//! of the committer. A rebase changes when a commit was made, so that a run is impossible only if it is so by the
//! author's dates, too.

use std::collections::BTreeSet;

use super::training_code::{self, NO_CODE, start_of};
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::IMPOSSIBLE_ORIGIN;
use crate::audit::citation::{Citation, place_of_path};
use crate::audit::finding::{Finding, Sink};
use crate::audit::git::{Commit, History, Snapshot};
use crate::audit::python::Entry;

const HINT: &str = "cite the run that the numbers come from, or commit the code that made them";

/// Keys that name a model.
const MODEL_KEYS: &[&str] = &["model", "arch", "network", "net", "backbone", "model_name"];

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for citation in training_code::foreign(bound) {
        match judge(inputs, citation) {
            Err(missing) => sink.not_assessed(&IMPOSSIBLE_ORIGIN, missing),
            Ok(reasons) if reasons.is_empty() => sink.verified(&IMPOSSIBLE_ORIGIN),
            Ok(reasons) => sink.report(finding(inputs, bound, citation, &reasons)),
        }
    }
    if bound.citations.is_empty() {
        sink.not_assessed(&IMPOSSIBLE_ORIGIN, "a record");
    }
}

/// Why the run is impossible, and what shows it.
struct Reason {
    text: String,
    evidence: String,
}

fn judge(inputs: &Inputs<'_>, citation: &Citation<'_>) -> Result<Vec<Reason>, &'static str> {
    let history = inputs.history.ok_or("the git history")?;
    if history.is_shallow {
        return Err("the whole git history: this clone is shallow");
    }
    if history.code.is_empty() {
        return Err(NO_CODE);
    }
    let (_, path) = citation.path.ok_or("the path of the run")?;
    let start = start_of(path).ok_or("the start of the run")?;
    let mut reasons = by_code(history, citation, &|commit| commit.wall_clock() <= start);
    if !reasons.is_empty() {
        let written = |commit: &Commit| commit.author_time + commit.offset * 60 <= start;
        if by_code(history, citation, &written).is_empty() {
            reasons.clear();
        }
    }
    reasons.extend(cited_before(history, path, start));
    Ok(reasons)
}

/// What of the record the code at that time could not give.
fn by_code(
    history: &History,
    citation: &Citation<'_>,
    is_before: &dyn Fn(&Commit) -> bool,
) -> Vec<Reason> {
    let Some(snapshot) = history.code_when(is_before) else {
        let first = &history.commits[history.code[0].commit];
        return vec![Reason {
            text: "the run is older than the first commit of the code".to_owned(),
            evidence: format!("commit {} is the first", first.short()),
        }];
    };
    let commit = history.commits[snapshot.commit].short();
    let keys = keys_of(citation);
    match snapshot.code().entry_for(&keys) {
        None => vec![Reason {
            text: "there was no script with a command line".to_owned(),
            evidence: format!("commit {commit} was the newest"),
        }],
        Some(entry) => mistakes(entry, citation)
            .into_iter()
            .map(|(text, place)| Reason {
                text,
                evidence: format!("{place} (commit {commit})"),
            })
            .collect(),
    }
}

fn keys_of<'c>(citation: &'c Citation<'_>) -> BTreeSet<&'c str> {
    citation.record.values.keys().map(String::as_str).collect()
}

/// Where the record does not fit a script, with the place that shows it.
fn mistakes(entry: &Entry, citation: &Citation<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let keys = keys_of(citation);
    if entry.arguments.replaced.is_empty() {
        let known = entry.arguments.keys();
        let declared: BTreeSet<&str> = entry
            .arguments
            .declared
            .iter()
            .map(|declared| &*declared.key)
            .collect();
        let quoted = |names: Vec<&&str>| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let unknown: Vec<&&str> = keys.difference(&known).collect();
        if !unknown.is_empty() {
            let text = format!("its parser had no {}", quoted(unknown));
            found.push((text, entry.path.clone()));
        }
        let absent: Vec<&&str> = declared.difference(&keys).collect();
        if !absent.is_empty() {
            let text = format!("the record lacks {} of its parser", quoted(absent));
            found.push((text, entry.path.clone()));
        }
    }
    found.extend(undispatched(entry, citation));
    found
}

/// A model that the code of the time does not choose by that name.
fn undispatched(entry: &Entry, citation: &Citation<'_>) -> Option<(String, String)> {
    let key = MODEL_KEYS
        .iter()
        .find(|key| citation.record.values.contains_key(**key))?;
    let model = citation.record.values[*key].as_str()?;
    let dispatch = entry.dispatch.get(*key)?;
    let is_there = dispatch.options.contains_key(model)
        || (dispatch.is_dynamic && entry.definitions.contains(model));
    let (_, place) = dispatch.options.iter().next()?;
    let options: Vec<String> = dispatch
        .options
        .keys()
        .map(|option| format!("`{option}`"))
        .collect();
    (!is_there && !dispatch.is_partial).then(|| {
        let text = format!(
            "its code had no {key} `{model}`, only {}",
            options.join(", ")
        );
        (text, place.to_string())
    })
}

/// A document that cites a run before it began.
fn cited_before(history: &History, path: &str, start: i64) -> Option<Reason> {
    let version = history
        .document
        .iter()
        .find(|version| version.text.contains(path))?;
    let commit = &history.commits[version.commit];
    (commit.wall_clock() < start).then(|| Reason {
        text: "it was cited before it began".to_owned(),
        evidence: format!("commit {} cites it", commit.short()),
    })
}

fn finding(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    citation: &Citation<'_>,
    reasons: &[Reason],
) -> Finding {
    let (definition, path) = citation.path.expect("a run without a path is not judged");
    let texts: Vec<&str> = reasons.iter().map(|reason| reason.text.as_str()).collect();
    let message = format!(
        "run `{path}` cannot come from the code of its time: {}",
        texts.join("; ")
    );
    let place = place_of_path(definition, path);
    let mut subject = training_code::subject(bound, citation, "", "origin");
    subject.column = path.to_owned();
    let mut finding = Finding::new(&IMPOSSIBLE_ORIGIN, place, &subject, message).with_evidence_at(
        "record",
        citation.place(),
        format!("[{}]", citation.definition.mark),
    );
    for reason in reasons {
        finding = finding.with_evidence("code", reason.evidence.clone());
    }
    let fitting = inputs
        .history
        .map(|history| fitting(history, citation))
        .unwrap_or_default();
    let fitting = match fitting.is_empty() {
        true => "no commit of the code fits the record".to_owned(),
        false => format!("the code of {} would fit the record", fitting.join(", ")),
    };
    finding.with_evidence("history", fitting).with_hint(HINT)
}

/// Commits whose code could have made the record, oldest first.
fn fitting(history: &History, citation: &Citation<'_>) -> Vec<String> {
    let keys = keys_of(citation);
    let fits = |snapshot: &&Snapshot| {
        let entry = snapshot.code().entry_for(&keys);
        entry.is_some_and(|entry| mistakes(entry, citation).is_empty())
    };
    let fitting = history.code.iter().filter(fits);
    fitting
        .map(|snapshot| format!("commit {}", history.commits[snapshot.commit].short()))
        .collect()
}
