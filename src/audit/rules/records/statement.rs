//! What a printed record says against the run's own record, `run.json` (RPR208).

use std::collections::BTreeSet;

use serde_json::Value;

use super::subject;
use crate::audit::bind::{Bound, BoundRow, cited_run};
use crate::audit::catalogue::STATEMENT_CONTRADICTION;
use crate::audit::citation::place_of_key;
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Finding, Sink};
use crate::document::{Definition, Record};
use crate::literal;
use crate::report::footnote::expected_record;
use crate::store::RunId;

/// Every cited record, once for the runs of each row that cites it.
pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for row in bound.tables.iter().flat_map(|table| &table.rows) {
        for definition in &row.definitions {
            for record in &definition.records {
                if seen.insert((record.line, record.column, &row.runs)) {
                    contradictions(bound, row, definition, record, sink);
                }
            }
        }
    }
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
            place_of_key(record, key),
            &subject(bound, definition, key, kind),
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
