//! RPR306: the runs that a document reports were no debugging runs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::subject;
use crate::audit::bind::{Bound, cited_run};
use crate::audit::catalogue::DEBUG_RUN;
use crate::audit::citation::{Citation, RowIndex, RowRecord, place_of_path};
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::reading::key::{is_debug_key, is_debugging};
use crate::document::Definition;
use crate::literal;

/// What stands before the folder of a debugging run.
const PREFIX: &str = "Debug-";

const HINT: &str = "train the row without debugging and report that run";

pub(super) fn check(
    bound: &Bound<'_>,
    rows: &BTreeMap<RowIndex, RowRecord<'_, '_>>,
    sink: &mut Sink<'_>,
) {
    for citation in &bound.citations {
        if citation.rows.is_empty() || citation.is_quoted(bound) {
            continue;
        }
        match of_citation(bound, citation) {
            Some(finding) => sink.report(finding),
            None if says(citation) => sink.verified(&DEBUG_RUN),
            None => sink.not_assessed(&DEBUG_RUN, "a key such as `debug`, or the run's path"),
        }
    }
    for (&(t, r), known) in rows {
        let (None, Some((run, files))) = (known.printed, known.run) else {
            continue;
        };
        let table = &bound.tables[t];
        let row = &table.rows[r];
        let values = files.record.hyper_parameters.0.iter();
        let key = values.clone().find(|(key, value)| is_debugging(key, value));
        match key {
            Some((key, value)) if !row.is_quoted() => {
                let subject = Subject {
                    table: table.table.name().to_owned(),
                    row: row.row.label.clone(),
                    column: key.clone(),
                    kind: "run",
                };
                let message = format!(
                    "row `{}` reports a debugging run: run.json has `{key}={}`",
                    row.row.label,
                    literal::print(value)
                );
                sink.report(
                    Finding::new(&DEBUG_RUN, Place::of_label(row.row), &subject, message)
                        .with_evidence("run", run.cited())
                        .with_hint(HINT),
                );
            }
            _ => sink.verified(&DEBUG_RUN),
        }
    }
    paths_without_record(bound, rows, sink);
}

/// Whether a citation tells whether its run was for debugging.
fn says(citation: &Citation<'_>) -> bool {
    let mut keys = citation.record.values.keys();
    keys.any(|key| is_debug_key(key)) || citation.path.is_some()
}

fn of_citation(bound: &Bound<'_>, citation: &Citation<'_>) -> Option<Finding> {
    let is_debugging = |(key, value): &(&String, &Value)| is_debugging(key, value);
    let rows = labels(bound, &citation.rows);
    if let Some((key, value)) = citation.record.values.iter().find(is_debugging) {
        let message = format!(
            "{rows} reports a debugging run: `{key}={}` in the record of mark `[{}]`",
            literal::print(value),
            citation.definition.mark
        );
        let subject = subject(bound, citation.definition, key, "key");
        let place = citation.place_of(key);
        return Some(Finding::new(&DEBUG_RUN, place, &subject, message).with_hint(HINT));
    }
    let (definition, path) = citation.path?;
    is_marked(path).then(|| of_path(bound, definition, path, &rows))
}

fn of_path(bound: &Bound<'_>, definition: &Definition, path: &str, rows: &str) -> Finding {
    let message = format!(
        "{rows} reports a debugging run: the path of mark `[{}]` has `{PREFIX}`",
        definition.mark
    );
    let subject = subject(bound, definition, "", "path");
    Finding::new(
        &DEBUG_RUN,
        place_of_path(definition, path),
        &subject,
        message,
    )
    .with_hint(HINT)
}

/// Whether a path has the prefix of debugging runs.
fn is_marked(path: &str) -> bool {
    match cited_run(path) {
        Some(run) => run.as_str().split('/').any(|part| part.starts_with(PREFIX)),
        None => path.split('/').any(|part| part.starts_with(PREFIX)),
    }
}

fn labels(bound: &Bound<'_>, rows: &[RowIndex]) -> String {
    let label = |&(t, r): &RowIndex| &bound.tables[t].rows[r].row.label;
    match rows {
        [] => "the document".to_owned(),
        [one] => format!("row `{}`", label(one)),
        [first, rest @ ..] => format!("row `{}` (and {} more)", label(first), rest.len()),
    }
}

/// Rows that cite a path alone.
fn paths_without_record(
    bound: &Bound<'_>,
    rows: &BTreeMap<RowIndex, RowRecord<'_, '_>>,
    sink: &mut Sink<'_>,
) {
    for (t, table) in bound.tables.iter().enumerate() {
        for (r, row) in table.rows.iter().enumerate() {
            if rows.contains_key(&(t, r)) || row.is_quoted() {
                continue;
            }
            for definition in &row.definitions {
                let label = labels(bound, &[(t, r)]);
                for path in &definition.paths {
                    match is_marked(path) {
                        true => sink.report(of_path(bound, definition, path, &label)),
                        false => sink.verified(&DEBUG_RUN),
                    }
                }
            }
        }
    }
}
