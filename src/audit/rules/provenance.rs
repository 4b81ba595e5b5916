//! Provenance: from a row through marks and definitions to runs that are there and as they were left.

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundRow, cited_run};
use crate::audit::catalogue::{
    DUPLICATE_DEFINITION, FOOTNOTE_HYGIENE, MISSING_PROVENANCE, RUN_UNAVAILABLE, UNRESOLVED_MARKER,
};
use crate::audit::evidence::{NO_RESULTS, RunState};
use crate::audit::finding::{Finding, Place, Severity, Sink, Subject};
use crate::document::{Definition, Document, Kind, Mark, Resolved, Table};
use crate::report::spec::FootnoteKind;
use crate::store::{RECORD, RunId};

/// Applies the rules of the family.
pub fn check(_: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for table in &bound.tables {
        let needs_record = table
            .spec
            .is_none_or(|spec| spec.footnotes.contains(&FootnoteKind::HyperParameters));
        for row in &table.rows {
            let unresolved = marks(table.table, row, sink);
            if !unresolved {
                provenance(table.table, row, needs_record, sink);
            }
        }
    }
    duplicates(bound.document, sink);
    unused(bound, sink);
    for definition in &bound.document.definitions {
        for path in &definition.paths {
            cited(bound, definition, path, sink);
        }
    }
    linked(bound, sink);
}

/// Marks without a definition; whether there are any.
fn marks(table: &Table, row: &BoundRow<'_>, sink: &mut Sink<'_>) -> bool {
    let mut found = false;
    for (mark, resolved) in &row.marks {
        let what = match resolved {
            _ if mark.target.is_some() => None,
            Resolved::Missing if mark.text.is_empty() => Some("is empty".to_owned()),
            Resolved::Missing => Some("has no definition in scope".to_owned()),
            Resolved::One(definition) if definition.kind == Kind::Empty => {
                Some(format!("is defined at line {} by nothing", definition.line))
            }
            Resolved::One(_) | Resolved::Ambiguous(_) => None,
        };
        match what {
            None => sink.verified(&UNRESOLVED_MARKER),
            Some(what) => {
                found = true;
                let label = &row.row.label;
                let message = format!("row `{label}`: mark `[{}]` {what}", mark.text);
                let subject = subject(table, label, &mark.text, "undefined");
                let hint = "define the mark below the table, or run `repro tables --write`";
                sink.report(
                    Finding::new(&UNRESOLVED_MARKER, place_of(row, mark), &subject, message)
                        .with_hint(hint),
                );
            }
        }
    }
    found
}

fn place_of(row: &BoundRow<'_>, mark: &Mark) -> Place {
    Place {
        line: row.row.line,
        column: mark.column,
        end_column: mark.column + mark.text.chars().count() + 2,
    }
}

fn subject(table: &Table, row: &str, column: &str, kind: &'static str) -> Subject {
    Subject {
        table: table.name().to_owned(),
        row: row.to_owned(),
        column: column.to_owned(),
        kind,
    }
}

/// Numeric rows that lead to no run, or to no record of it.
fn provenance(table: &Table, row: &BoundRow<'_>, needs_record: bool, sink: &mut Sink<'_>) {
    let is_ambiguous = row
        .marks
        .iter()
        .any(|(_, resolved)| matches!(resolved, Resolved::Ambiguous(_)));
    if row.n_numeric() == 0 || row.is_quoted() || is_ambiguous {
        return;
    }
    let cites_path = row
        .definitions
        .iter()
        .any(|definition| !definition.paths.is_empty())
        || row.row.marks.iter().any(|mark| mark.target.is_some());
    let has_record = row.definitions.iter().any(|definition| {
        !(definition.records.is_empty() && definition.broken.is_empty())
            || definition.paths.iter().any(|path| path.ends_with(RECORD))
    }) || row.row.marks.iter().any(|mark| mark.target.is_some());
    let (kind, what) = match (cites_path, has_record) {
        _ if row.row.marks.is_empty() => ("none", "has no mark"),
        (false, false) => (
            "narrative-only",
            "has marks that lead to neither a run nor a record",
        ),
        (false, true) => ("no-path", "has no mark that leads to a run"),
        (true, false) if needs_record => ("no-record", "has no mark that leads to a record"),
        (true, _) => return sink.verified(&MISSING_PROVENANCE),
    };
    let label = &row.row.label;
    let place = Place::of_label(row.row);
    let message = format!("row `{label}` prints {} and {what}", row.numbers());
    sink.report(
        Finding::new(
            &MISSING_PROVENANCE,
            place,
            &subject(table, label, "", kind),
            message,
        )
        .with_hint("cite the run's folder and its record, as `[1][2]` behind the label"),
    );
}

/// Marks that are defined twice: in one scope, or in sections that share a number.
fn duplicates(document: &Document, sink: &mut Sink<'_>) {
    for (idx, definition) in document.definitions.iter().enumerate() {
        let earlier = document.definitions[..idx]
            .iter()
            .rev()
            .find(|earlier| earlier.mark == definition.mark);
        let Some(earlier) = earlier else {
            sink.verified(&DUPLICATE_DEFINITION);
            continue;
        };
        let (severity, kind, what) = if earlier.text == definition.text {
            (Severity::Note, "equal", "with the same text")
        } else if earlier.block == definition.block {
            (Severity::Error, "contradictory", "with another text")
        } else {
            (Severity::Warning, "other-section", "in another section")
        };
        let line = earlier.line;
        let message = format!(
            "mark `[{}]` is already defined at line {line} {what}",
            definition.mark
        );
        sink.report(
            Finding::new(
                &DUPLICATE_DEFINITION,
                mark_place(definition),
                &defined(document, definition, kind),
                message,
            )
            .with_severity(severity)
            .with_evidence("definition", format!("line {line}: {}", earlier.text))
            .with_hint("give every definition its own number"),
        );
    }
}

fn mark_place(definition: &Definition) -> Place {
    Place {
        line: definition.line,
        column: definition.column,
        end_column: definition.column + definition.mark.chars().count() + 2,
    }
}

fn defined(document: &Document, definition: &Definition, kind: &'static str) -> Subject {
    let heading = definition
        .heading
        .and_then(|idx| document.headings[idx].path.last());
    Subject {
        table: heading.cloned().unwrap_or_default(),
        row: definition.mark.clone(),
        column: String::new(),
        kind,
    }
}

/// Definitions that no mark leads to; a bibliography may hold more than is cited.
fn unused(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let mut used: Vec<&Definition> = Vec::new();
    let rows = bound.tables.iter().flat_map(|table| &table.rows);
    for (_, resolved) in rows.flat_map(|row| &row.marks) {
        match resolved {
            Resolved::Missing => {}
            Resolved::One(definition) => used.push(definition),
            Resolved::Ambiguous(several) => used.extend(several),
        }
    }
    for definition in &bound.document.definitions {
        let is_used = used.iter().any(|found| {
            std::ptr::eq(*found, definition)
                || (found.mark == definition.mark && found.block == definition.block)
        });
        if is_used || definition.kind == Kind::Bibliographic {
            sink.verified(&FOOTNOTE_HYGIENE);
            continue;
        }
        let message = format!("mark `[{}]` is defined and never used", definition.mark);
        sink.report(
            Finding::new(
                &FOOTNOTE_HYGIENE,
                mark_place(definition),
                &defined(bound.document, definition, "unused"),
                message,
            )
            .with_hint("remove the definition, or add the mark to the row it belongs to"),
        );
    }
}

/// A path in a definition: whether a run lies there, whole and unchanged.
fn cited(bound: &Bound<'_>, definition: &Definition, path: &str, sink: &mut Sink<'_>) {
    let place = path_place(definition, path);
    let report = |(kind, message, evidence): Trouble, sink: &mut Sink<'_>| {
        let subject = defined(bound.document, definition, kind);
        let finding = Finding::new(&RUN_UNAVAILABLE, place, &subject, message);
        let with = |finding: Finding, text| finding.with_evidence("file", text);
        let hint =
            "restore the run from history, or train its spec again and render the document anew";
        sink.report(evidence.into_iter().fold(finding, with).with_hint(hint));
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

fn path_place(definition: &Definition, path: &str) -> Place {
    let first_line = definition
        .text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end();
    let offset = first_line
        .find(path)
        .map(|at| first_line[..at].chars().count());
    match offset {
        Some(offset) => {
            let width = first_line.chars().count();
            let column = definition.end_column.saturating_sub(width) + offset;
            Place {
                line: definition.line,
                column,
                end_column: column + path.chars().count(),
            }
        }
        None => mark_place(definition),
    }
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
                        let subject = subject(table.table, &row.row.label, &mark.text, kind);
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
