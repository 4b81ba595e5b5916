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
    path: String,
    values: Map<String, Value>,
}

pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    past: &[Past<'_>],
    sink: &mut Sink<'_>,
) {
    let mut first: BTreeMap<String, Described<'_>> = BTreeMap::new();
    for version in past {
        let earlier = bind_alone(inputs, &version.document);
        for citation in &earlier.citations {
            if let Some((run, path)) = identity(citation) {
                first.entry(run).or_insert_with(|| Described {
                    commit: version.commit,
                    path: path.to_owned(),
                    values: citation.record.values.clone(),
                });
            }
        }
    }
    for citation in &bound.citations {
        let described = identity(citation).and_then(|(run, path)| Some((first.get(&run)?, path)));
        let Some((before, path)) = described else {
            continue;
        };
        let changes = changes(&before.values, &citation.record.values);
        if changes.is_empty() && before.path == path {
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
            sink.report(finding(
                citation,
                path,
                place,
                "record",
                message,
                before.commit,
            ));
        }
        if before.path != path {
            let (definition, _) = citation.path.expect("the identity is of the path");
            let message = format!(
                "path of a past run was rewritten: `{path}` was `{}`",
                before.path
            );
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

/// What stays of a run's path when it is moved or respelt: its last two parts in lower case.
fn identity<'c>(citation: &Citation<'c>) -> Option<(String, &'c str)> {
    let (_, path) = citation.path?;
    let mut parts = path.trim_end_matches('/').rsplit('/');
    let (time, folder) = (parts.next()?, parts.next()?);
    Some((format!("{folder}/{time}").to_lowercase(), path))
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
