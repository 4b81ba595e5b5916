//! RPR506: which epoch a table reports: said by its spec, by the text around it or by its records, and the
//! same for every cell of a row.

use std::collections::{BTreeMap, BTreeSet};

use super::header_place;
use super::said::OfTable;
use crate::audit::bind::Bound;
use crate::audit::catalogue::SELECTION_RULE_UNDECLARED;
use crate::audit::decimal::Mode;
use crate::audit::finding::{Finding, Severity, Sink, Subject};
use crate::audit::measured::{Measured, grouped};
use crate::audit::reading::key::{Concept, SYNONYMS};
use crate::report::spec::{EpochRule, TableSpec};

const HINT: &str =
    "say which epoch is reported, for example: last epoch, or lowest validation loss";

/// Applies the rule to the numbers of one table.
pub(super) fn check(bound: &Bound<'_>, table: &[Measured<'_>], said: OfTable, sink: &mut Sink<'_>) {
    let first = &table[0];
    let declares = |spec: &&TableSpec| spec.epoch != EpochRule::Undeclared;
    if first.table.spec.as_ref().is_some_and(declares) || said.names_epoch || is_in_records(table) {
        sink.verified(&SELECTION_RULE_UNDECLARED);
    } else {
        let subject = Subject {
            table: first.table.table.name().to_owned(),
            kind: "undeclared",
            ..Subject::default()
        };
        let message = "nothing says which epoch the table reports".to_owned();
        let place = header_place(first.table);
        let finding = Finding::new(&SELECTION_RULE_UNDECLARED, place, &subject, message);
        sink.report(finding.with_hint(HINT));
    }
    for row in grouped(table, |number| number.row_idx) {
        if row.len() > 1 {
            check_row(bound, row, sink);
        }
    }
}

/// Whether every row with a printed record has a key for the rule in it.
fn is_in_records(table: &[Measured<'_>]) -> bool {
    let names = SYNONYMS
        .iter()
        .filter(|(concept, _)| *concept == Concept::SelectionRule);
    let names: Vec<&str> = names.flat_map(|(_, names)| *names).copied().collect();
    let mut n_records = 0;
    let all = table
        .iter()
        .flat_map(|number| &number.row.definitions)
        .flat_map(|definition| &definition.records)
        .inspect(|_| n_records += 1)
        .all(|record| names.iter().any(|name| record.values.contains_key(*name)));
    all && n_records > 0
}

/// Whether one epoch gives every number of a row that some epoch gives.
fn check_row(bound: &Bound<'_>, row: &[Measured<'_>], sink: &mut Sink<'_>) {
    let found = row.iter().map(|number| (number, epochs(bound, number)));
    let found: Vec<_> = found.filter(|(_, epochs)| !epochs.is_empty()).collect();
    if found.len() < 2 {
        return;
    }
    let mut n_at: BTreeMap<i32, usize> = BTreeMap::new();
    for epoch in found.iter().flat_map(|(_, epochs)| epochs) {
        *n_at.entry(*epoch).or_default() += 1;
    }
    if n_at.values().any(|n| *n == found.len()) {
        return sink.verified(&SELECTION_RULE_UNDECLARED);
    }
    sink.report(mixed(&found));
}

/// The epochs at which the run's metric is printed like the number.
fn epochs(bound: &Bound<'_>, number: &Measured<'_>) -> BTreeSet<i32> {
    let curve = || {
        let files = number.files(bound)?;
        let [files] = files[..] else {
            return None;
        };
        let column = number.column;
        let metric = match column.spec {
            Some(spec) => spec.metric.clone(),
            None => format!(
                "test/{}/{}",
                column.task()?,
                column.quantity?.metric_name()?
            ),
        };
        files.curve(&metric).ok()
    };
    let is_printed = |value: f64| {
        let is_near = (value - number.value).abs() <= number.unit();
        let gives = |mode: Mode| mode.text(value, number.decimals());
        is_near
            && Mode::NEAREST
                .iter()
                .any(|mode| gives(*mode).as_deref() == Some(number.printed()))
    };
    let points = curve().unwrap_or_default();
    points
        .iter()
        .filter(|point| is_printed(point.value * number.column.scale))
        .map(|point| point.epoch)
        .collect()
}

fn mixed(found: &[(&Measured<'_>, BTreeSet<i32>)]) -> Finding {
    let (first, _) = &found[0];
    let label = &first.row.row.label;
    let message = format!("row `{label}`: no epoch gives all of its numbers");
    let subject = Subject {
        row: label.clone(),
        ..first.subject("mixed")
    };
    let finding = Finding::new(&SELECTION_RULE_UNDECLARED, first.place(), &subject, message)
        .with_severity(Severity::Error)
        .with_hint("take every number of a row from one epoch");
    found.iter().fold(finding, |finding, (number, epochs)| {
        let epochs: Vec<String> = epochs.iter().map(i32::to_string).collect();
        let text = format!(
            "column `{}`: `{}` at epoch {}",
            number.column.header.text,
            number.printed(),
            epochs.join(", ")
        );
        finding.with_evidence_at("value", number.place(), text)
    })
}
