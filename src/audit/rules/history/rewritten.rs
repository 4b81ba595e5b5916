//! RPR902: the record or the path of a past run reads otherwise than in an earlier version.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::past::{Past, bind_alone};
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::RECORD_REWRITTEN;
use crate::audit::citation::{Citation, place_of_path};
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::literal;

const HINT: &str =
    "restore what the earlier version says: the record of a past run is never edited";

/// How a version describes a run.
struct Described<'h> {
    commit: &'h str,
    paths: Vec<String>,
    values: Map<String, Value>,
}

pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    past: &[Past<'_>],
    sink: &mut Sink<'_>,
) {
    let mut first: BTreeMap<Vec<String>, Described<'_>> = BTreeMap::new();
    for version in past {
        let earlier = bind_alone(inputs, &version.document);
        for citation in &earlier.citations {
            if let Some(runs) = identity(citation) {
                first.entry(runs).or_insert_with(|| Described {
                    commit: version.commit,
                    paths: paths(citation).map(str::to_owned).collect(),
                    values: citation.record.values.clone(),
                });
            }
        }
    }
    for citation in &bound.citations {
        let Some(before) = identity(citation).and_then(|runs| first.get(&runs)) else {
            continue;
        };
        let changes = changes(&before.values, &citation.record.values);
        let pairs = before.paths.iter().zip(&citation.paths);
        let moved: Vec<_> = pairs.filter(|(old, (_, path))| old != path).collect();
        if changes.is_empty() && moved.is_empty() {
            sink.verified(&RECORD_REWRITTEN);
        }
        if let Some((key, _)) = changes.first() {
            let place = match citation.record.values.contains_key(key) {
                true => citation.place_of(key),
                false => citation.place(),
            };
            let texts: Vec<&str> = changes.iter().map(|(_, text)| text.as_str()).collect();
            let message = format!(
                "record [{}] was rewritten: {}",
                citation.definition.mark,
                texts.join(", ")
            );
            let path = paths(citation).next().unwrap_or_default();
            sink.report(finding(
                citation,
                path,
                place,
                "record",
                message,
                before.commit,
            ));
        }
        for (old, (definition, path)) in moved {
            let message = format!("path of a past run was rewritten: `{path}` was `{old}`");
            let place = place_of_path(definition, path);
            sink.report(finding(
                citation,
                path,
                place,
                "path",
                message,
                before.commit,
            ));
        }
    }
}

fn finding(
    citation: &Citation<'_>,
    path: &str,
    place: Place,
    kind: &'static str,
    message: String,
    commit: &str,
) -> Finding {
    let subject = Subject {
        table: String::new(),
        row: citation.definition.mark.clone(),
        column: path.to_owned(),
        kind,
    };
    Finding::new(&RECORD_REWRITTEN, place, &subject, message)
        .with_evidence(
            "history",
            format!("commit {commit} is the first that cites the run"),
        )
        .with_hint(HINT)
}

/// The paths of the runs that a record describes.
fn paths<'c>(citation: &Citation<'c>) -> impl Iterator<Item = &'c str> {
    citation.paths.iter().map(|(_, path)| *path)
}

/// What stays of each run's path when it is moved or respelt: its last two parts in lower case. `None` where the
/// record describes no run.
fn identity(citation: &Citation<'_>) -> Option<Vec<String>> {
    let of_path = |path: &str| {
        let mut parts = path.trim_end_matches('/').rsplit('/');
        let (time, folder) = (parts.next()?, parts.next()?);
        Some(format!("{folder}/{time}").to_lowercase())
    };
    let runs: Option<Vec<String>> = paths(citation).map(of_path).collect();
    runs.filter(|runs| !runs.is_empty())
}

/// Keys whose values differ, each as `key=now was before`; white space and order do not count.
fn changes(before: &Map<String, Value>, now: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let shown = |value: Option<&Value>| value.map_or_else(|| "absent".to_owned(), literal::print);
    for (key, value) in now {
        if before.get(key) != Some(value) {
            let was = shown(before.get(key));
            found.push((
                key.clone(),
                format!("`{key}={}` was {was}", literal::print(value)),
            ));
        }
    }
    for (key, value) in before {
        if !now.contains_key(key) {
            found.push((
                key.clone(),
                format!("`{key}={}` is gone", literal::print(value)),
            ));
        }
    }
    found
}
