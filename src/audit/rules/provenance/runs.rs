//! RPR206: whether a run lies where a definition or a link says, whole and unchanged.

use super::{defined, mark_place, place_of};
use crate::audit::bind::{Bound, BoundTable, cited_run, was_read};
use crate::audit::catalogue::RUN_UNAVAILABLE;
use crate::audit::evidence::{NO_RESULTS, RunState};
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::document::{Definition, Resolved};
use crate::record::Kind;
use crate::store::RunId;

/// What brings a run back.
const HINT: &str =
    "restore the run from history, or train its spec again and render the document anew";

pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for definition in &bound.document.definitions {
        for (idx, path) in definition.paths.iter().enumerate() {
            cited(bound, definition, (idx, path), sink);
        }
    }
    linked(bound, sink);
    for table in &bound.tables {
        for row in &table.rows {
            if let Some(run) = row.reported.iter().chain(&row.unusable).next() {
                let place = Place {
                    line: row.row.line,
                    column: row.row.column,
                    end_column: row.row.label_end_column,
                };
                named(bound, table, (run, place, &row.row.label), sink);
            }
        }
        for (mark, run) in &table.noted {
            let mark = mark.to_string();
            let place = match bound.document.resolve(table.table, &mark) {
                Resolved::One(definition) => mark_place(definition),
                _ => Place::of_width(table.table.line, 1, 0),
            };
            named(bound, table, (run, place, &mark), sink);
        }
    }
}

/// A run that the spec names, at the label of its row or at its note; the document need not have its path.
fn named(
    bound: &Bound<'_>,
    table: &BoundTable<'_>,
    (run, place, name): (&RunId, Place, &str),
    sink: &mut Sink<'_>,
) {
    match trouble(bound, run).or_else(|| not_reported(bound, run)) {
        None => sound(bound, run, sink),
        Some((kind, message, evidence)) => {
            let subject = Subject::in_table(table.table, name, "", kind);
            let finding = Finding::new(&RUN_UNAVAILABLE, place, &subject, message);
            let with = |finding: Finding, text| finding.with_evidence("file", text);
            sink.report(evidence.into_iter().fold(finding, with).with_hint(HINT));
        }
    }
}

/// A record that holds what a document said and names another kind.
fn not_reported(bound: &Bound<'_>, run: &RunId) -> Option<Trouble> {
    let Some(RunState::Present(files)) = bound.runs.get(run) else {
        return None;
    };
    (was_read(&files.record) && files.record.kind != Kind::Reported).then(|| {
        let cited = run.cited();
        let message =
            format!("run `{cited}` holds what a document said, its kind is not `reported`");
        ("not-reported", message, Vec::new())
    })
}

/// A path in a definition.
fn cited(
    bound: &Bound<'_>,
    definition: &Definition,
    (idx, path): (usize, &str),
    sink: &mut Sink<'_>,
) {
    let place = path_place(definition, idx);
    let report = |(kind, message, evidence): Trouble, sink: &mut Sink<'_>| {
        let subject = defined(bound.document, definition, kind);
        let finding = Finding::new(&RUN_UNAVAILABLE, place, &subject, message);
        let with = |finding: Finding, text| finding.with_evidence("file", text);
        sink.report(evidence.into_iter().fold(finding, with).with_hint(HINT));
    };
    let Some(run) = cited_run(path) else {
        let message = format!("`{path}` is not below `results/`");
        return report(("not-a-run", message, Vec::new()), sink);
    };
    match trouble(bound, &run) {
        None => sound(bound, &run, sink),
        Some(trouble) => report(trouble, sink),
    }
}

/// Where a path of a definition stands.
pub(super) fn path_place(definition: &Definition, idx: usize) -> Place {
    definition.path_places.get(idx).map_or_else(
        || mark_place(definition),
        |place| Place {
            line: place.line,
            column: place.column,
            end_column: place.end_column,
        },
    )
}

/// A run in which nothing is wrong; without a lock, that holds for its files but not for its record.
fn sound(bound: &Bound<'_>, run: &RunId, sink: &mut Sink<'_>) {
    match bound.runs.get(run) {
        Some(RunState::Unknown) => sink.not_assessed(&RUN_UNAVAILABLE, NO_RESULTS),
        Some(RunState::Present(files)) if !files.is_locked => {
            sink.not_assessed(&RUN_UNAVAILABLE, "the hash of run.json in repro.lock");
        }
        _ => sink.verified(&RUN_UNAVAILABLE),
    }
}

/// Kind, message and evidence of what is wrong with a run.
type Trouble = (&'static str, String, Vec<String>);

fn trouble(bound: &Bound<'_>, run: &RunId) -> Option<Trouble> {
    let cited = run.cited();
    let files = match bound.runs.get(run)? {
        RunState::Unknown => return None,
        RunState::Missing => {
            return Some(("missing", format!("run `{cited}` is not there"), Vec::new()));
        }
        RunState::Unreadable(error) => {
            let message = format!("run `{cited}` cannot be read");
            return Some(("unreadable", message, vec![error.clone()]));
        }
        RunState::Unfinished(status) => {
            let message = format!("run `{cited}` is {status}, tables use completed runs only");
            return Some(("unfinished", message, Vec::new()));
        }
        RunState::Present(files) => files,
    };
    if files.altered.is_empty() {
        return None;
    }
    let what = files.altered.join("; ");
    let message = format!("run `{cited}` was altered after it was completed: {what}");
    Some(("altered", message, files.altered.clone()))
}

/// Runs cited by marks that are links.
fn linked(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for table in &bound.tables {
        for row in &table.rows {
            for (mark, _) in &row.marks {
                let Some(run) = mark.target.as_deref().and_then(cited_run) else {
                    continue;
                };
                match trouble(bound, &run) {
                    None => sound(bound, &run, sink),
                    Some((kind, message, evidence)) => {
                        let subject =
                            Subject::in_table(table.table, &row.row.label, &mark.text, kind);
                        let finding =
                            Finding::new(&RUN_UNAVAILABLE, place_of(row, mark), &subject, message);
                        let with = |finding: Finding, text| finding.with_evidence("file", text);
                        sink.report(evidence.into_iter().fold(finding, with));
                    }
                }
            }
        }
    }
}
