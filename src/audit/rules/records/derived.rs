//! RPR304: fields and paths that follow from others agree with them.
//!
//! `folder_sub_name` joins tasks and weights; a run's path joins model, `folder_sub_name`, data set and time,
//! with a prefix per flag; a run on disk has as many epochs as it says, and the epoch that its rule gives.

mod epochs;
mod path;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::subject;
use crate::audit::bind::Bound;
use crate::audit::catalogue::DERIVED_FIELD_MISMATCH;
use crate::audit::citation::Citation;
use crate::audit::finding::{Finding, Sink};
use crate::audit::reading::key::weighted_tasks;
use crate::literal;
use path::RunPath;

/// The key of the name that joins tasks and weights.
const SUB_NAME: &str = "folder_sub_name";

/// What disagrees, and the keys or the path that it stands in.
struct Mismatch {
    at: At,
    kind: &'static str,
    what: String,
    /// The key on the other side.
    other: Option<&'static str>,
}

/// Where a mismatch is shown.
enum At {
    Key(&'static str),
    Path,
}

pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let unmarked = data_sets_without_prefix(bound);
    for citation in &bound.citations {
        if citation.is_quoted(bound) {
            continue;
        }
        let values = &citation.record.values;
        let mut n_checks = 0;
        let mut found = of_sub_name(values, &mut n_checks);
        if let Some((_, path)) = citation.path {
            let is_ours = citation.files(bound).is_some();
            let convention = path::Convention {
                is_ours,
                unmarked: &unmarked,
            };
            found.extend(path::check(path, values, &convention, &mut n_checks));
        }
        match (found.is_empty(), n_checks) {
            (true, 0) => {
                let missing = "`subtasks` and `loss_weights`, or a path with model and data set";
                sink.not_assessed(&DERIVED_FIELD_MISMATCH, missing);
            }
            (true, _) => sink.verified(&DERIVED_FIELD_MISMATCH),
            (false, _) => {
                for mismatch in found {
                    sink.report(finding(bound, citation, mismatch));
                }
            }
        }
    }
    epochs::check(bound, sink);
}

fn finding(bound: &Bound<'_>, citation: &Citation<'_>, mismatch: Mismatch) -> Finding {
    use crate::audit::citation::place_of_path;
    let definition = match (&mismatch.at, citation.path) {
        (At::Path, Some((definition, _))) => definition,
        _ => citation.definition,
    };
    let (place, column) = match (&mismatch.at, citation.path) {
        (At::Path, Some((definition, path))) => (place_of_path(definition, path), ""),
        (At::Path, None) => (citation.place(), ""),
        (At::Key(key), _) => (citation.place_of(key), *key),
    };
    let subject = subject(bound, definition, column, mismatch.kind);
    let message = format!("mark `[{}]`: {}", definition.mark, mismatch.what);
    let finding = Finding::new(&DERIVED_FIELD_MISMATCH, place, &subject, message).with_hint(
        "one of the two was edited, or belongs to another run: cite the run that gave the numbers",
    );
    match mismatch
        .other
        .and_then(|key| Some((key, citation.record.values.get(key)?)))
    {
        Some((key, value)) => {
            let text = format!("{key}={}", literal::print(value));
            finding.with_evidence_at("definition", citation.place_of(key), text)
        }
        None => finding,
    }
}

/// The name that tasks and weights give.
fn sub_name(values: &Map<String, Value>) -> Option<String> {
    let tasks = weighted_tasks(values)?.into_iter();
    Some(
        tasks
            .map(|(task, weight)| format!("_{task}_{}", weight_text(weight)))
            .collect(),
    )
}

/// A weight in a folder's name: text without its quotes.
fn weight_text(weight: &Value) -> String {
    weight
        .as_str()
        .map_or_else(|| literal::print(weight), str::to_owned)
}

/// `1` and `1.0` are one weight.
fn same_name(a: &str, b: &str) -> bool {
    let mut parts = (a.split('_'), b.split('_'));
    loop {
        match (parts.0.next(), parts.1.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) if a == b => {}
                _ => return false,
            },
            _ => return false,
        }
    }
}

fn of_sub_name(values: &Map<String, Value>, n_checks: &mut usize) -> Vec<Mismatch> {
    let list = |key: &str| values.get(key).and_then(Value::as_array).map(Vec::len);
    if let (Some(n_tasks), Some(n_weights)) = (list("subtasks"), list("loss_weights")) {
        *n_checks += 1;
        if n_tasks != n_weights {
            return vec![Mismatch {
                at: At::Key("loss_weights"),
                kind: "lengths",
                what: format!("{n_weights} `loss_weights` for {n_tasks} `subtasks`"),
                other: Some("subtasks"),
            }];
        }
    }
    let (Some(expected), Some(found)) = (sub_name(values), values.get(SUB_NAME)) else {
        return Vec::new();
    };
    *n_checks += 1;
    match found.as_str() {
        Some(found) if same_name(found, &expected) => Vec::new(),
        _ => vec![Mismatch {
            at: At::Key(SUB_NAME),
            kind: "sub-name",
            what: format!(
                "`{SUB_NAME}={}`, `subtasks` and `loss_weights` give '{expected}'",
                literal::print(found)
            ),
            other: Some("loss_weights"),
        }],
    }
}

/// The data sets that some path of the document has without the prefix of pre-training.
fn data_sets_without_prefix(bound: &Bound<'_>) -> BTreeSet<String> {
    let unmarked = |citation: &Citation<'_>| {
        let run = RunPath::of(citation.path?.1)?;
        let dataset = citation.record.values.get("dataset")?.as_str()?;
        (!run.is_pretraining).then(|| dataset.to_owned())
    };
    bound.citations.iter().filter_map(unmarked).collect()
}
