//! Records: what a document says of a run's hyper-parameters against the run's own record.

use serde_json::Value;

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundRow, BoundTable, cited_run};
use crate::audit::catalogue::{LABEL_VS_RECORD, RECORD_UNPARSEABLE, STATEMENT_CONTRADICTION};
use crate::audit::citation::place_of_key;
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::document::{Definition, Record};
use crate::literal;
use crate::report::footnote::expected_record;
use crate::store::RunId;

/// Applies the rules of the family.
pub fn check(_: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for definition in &bound.document.definitions {
        unparseable(definition, sink);
    }
    let mut seen: Vec<(usize, usize)> = Vec::new();
    for table in &bound.tables {
        for row in &table.rows {
            label(bound, table, row, sink);
            for definition in &row.definitions {
                for record in &definition.records {
                    let place = (record.line, record.column);
                    if !seen.contains(&place) {
                        seen.push(place);
                        contradictions(bound, row, definition, record, sink);
                    }
                }
            }
        }
    }
}

fn unparseable(definition: &Definition, sink: &mut Sink<'_>) {
    for _ in &definition.records {
        sink.verified(&RECORD_UNPARSEABLE);
    }
    for broken in &definition.broken {
        let place = Place {
            line: broken.line,
            column: broken.column,
            end_column: broken.column + 1,
        };
        let message = format!(
            "record of mark `[{}]` cannot be read: {}",
            definition.mark, broken.message
        );
        sink.report(
            Finding::new(
                &RECORD_UNPARSEABLE,
                place,
                &subject(definition, "", "literal"),
                message,
            )
            .with_hint("write the record as Python prints it: `Namespace(key=value, …)`"),
        );
    }
}

fn subject(definition: &Definition, key: &str, kind: &'static str) -> Subject {
    Subject {
        table: String::new(),
        row: definition.mark.clone(),
        column: key.to_owned(),
        kind,
    }
}

/// Rows whose run is not one that the table or the row's label stands for.
fn label(bound: &Bound<'_>, table: &BoundTable<'_>, row: &BoundRow<'_>, sink: &mut Sink<'_>) {
    let (Some(spec), Some(_), false) = (table.spec, row.spec, row.runs.is_empty()) else {
        return;
    };
    let Some((run, key, wanted)) = row.mistaken_run(spec, &bound.runs) else {
        return sink.verified(&LABEL_VS_RECORD);
    };
    let label = &row.row.label;
    let place = Place::of_label(row.row);
    let subject = Subject {
        table: table.table.name().to_owned(),
        row: label.clone(),
        column: key.to_owned(),
        kind: "condition",
    };
    let message = format!(
        "row `{label}` cites run `{}`, whose `{key}` is not {}",
        run.cited(),
        literal::print(wanted)
    );
    sink.report(
        Finding::new(&LABEL_VS_RECORD, place, &subject, message)
            .with_evidence("file", spec.path.display().to_string())
            .with_hint("run `repro tables --write` and commit the result"),
    );
}

/// A record against `run.json` of the runs that it describes: those of its own definition, else the row's.
fn contradictions(
    bound: &Bound<'_>,
    row: &BoundRow<'_>,
    definition: &Definition,
    record: &Record,
    sink: &mut Sink<'_>,
) {
    let files = match row.files(&bound.runs) {
        Ok(files) => files,
        Err(reason) => return sink.not_assessed(&STATEMENT_CONTRADICTION, reason),
    };
    let own: Vec<RunId> = definition
        .paths
        .iter()
        .filter_map(|path| cited_run(path))
        .collect();
    let described: Vec<(&RunId, &RunFiles)> = files
        .into_iter()
        .filter(|(run, _)| own.is_empty() || own.contains(run))
        .collect();
    let group: Vec<_> = described
        .iter()
        .map(|(run, files)| (*run, &files.record))
        .collect();
    let expected = expected_record(&group);
    let runs: Vec<String> = group.iter().map(|(run, _)| run.cited()).collect();
    let differing = differences(record, &expected);
    if differing.is_empty() {
        return sink.verified(&STATEMENT_CONTRADICTION);
    }
    for (key, stated, given) in differing {
        let (kind, what) = match (stated, given) {
            (Some(stated), Some(given)) => (
                "contradicts",
                format!(
                    "`{key}={}`, run.json gives `{key}={}`",
                    literal::print(stated),
                    literal::print(given)
                ),
            ),
            (Some(stated), None) => (
                "key-absent",
                format!(
                    "`{key}={}`, run.json has no such key",
                    literal::print(stated)
                ),
            ),
            (None, given) => {
                let given = given.map(literal::print).unwrap_or_default();
                (
                    "key-left-out",
                    format!("nothing of `{key}`, run.json gives `{key}={given}`"),
                )
            }
        };
        let message = format!("record of mark `[{}]` says {what}", definition.mark);
        let finding = Finding::new(
            &STATEMENT_CONTRADICTION,
            place_of_key(definition, record, key),
            &subject(definition, key, kind),
            message,
        )
        .with_evidence("run", runs.join(", "))
        .with_hint("run `repro tables --write` and commit the result");
        sink.report(finding);
    }
}

/// A key with what the document and what the record on disk say of it.
type Difference<'v> = (&'v str, Option<&'v Value>, Option<&'v Value>);

/// The keys in which a record differs from what it should be, sorted.
fn differences<'v>(record: &'v Record, expected: &'v literal::Record) -> Vec<Difference<'v>> {
    let stated = record.values.keys().map(String::as_str);
    let mut keys: Vec<&str> = stated
        .chain(expected.values.iter().map(|(key, _)| key.as_str()))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| (key, record.values.get(key), expected.get(key)))
        .filter(|(_, stated, given)| stated != given)
        .collect()
}
