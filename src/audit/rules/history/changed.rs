//! RPR901: a number that changed while its source did not, and a number that stayed while its source changed.

use std::collections::BTreeMap;

use super::past::{Past, bind_alone};
use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::NUMBER_CHANGED;
use crate::audit::finding::{Finding, Place, Severity, Sink, Subject};
use crate::document::Cell;

/// What keeps a cell the same over versions: headers, label with its occurrence, and the cell's header.
type Key = (Vec<String>, String, usize, String);

/// What a version says in a cell.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    number: String,
    /// The paths of its runs, or else the texts of its definitions; empty without.
    source: Vec<String>,
}

/// What earlier versions said in a cell, with the commit that began to, oldest first.
type Told<'h> = BTreeMap<Key, Vec<(&'h str, Said)>>;

pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    past: &[Past<'_>],
    sink: &mut Sink<'_>,
) {
    let mut told: Told<'_> = BTreeMap::new();
    for version in past {
        let earlier = bind_alone(inputs, &version.document);
        for (key, said, ..) in cells(&earlier) {
            let before = told.entry(key).or_default();
            if before.last().is_none_or(|(_, last)| *last != said) {
                before.push((version.commit, said));
            }
        }
    }
    for (key, said, table, row, cell) in cells(bound) {
        let Some(before) = told.get(&key) else {
            continue;
        };
        match judge(before, &said) {
            None => sink.verified(&NUMBER_CHANGED),
            Some((severity, kind, message, evidence)) => {
                let subject = Subject {
                    table: table.table.name().to_owned(),
                    row: row.row.label.clone(),
                    column: key.3.clone(),
                    kind,
                };
                let message = format!("row `{}`, column `{}`: {message}", row.row.label, key.3);
                let finding =
                    Finding::new(&NUMBER_CHANGED, Place::of_cell(cell), &subject, message)
                        .with_severity(severity)
                        .with_evidence("history", evidence);
                sink.report(finding.with_hint("cite the run that the number comes from"));
            }
        }
    }
}

type Judgement = (Severity, &'static str, String, String);

/// What is wrong with a cell, given what was said in it.
fn judge(before: &[(&str, Said)], now: &Said) -> Option<Judgement> {
    let of_source = |(_, said): &&(&str, Said)| said.source == now.source && !now.source.is_empty();
    if let Some((commit, said)) = before.iter().find(of_source)
        && said.number != now.number
    {
        let message = format!(
            "{} was {} before, from the same source",
            now.number, said.number
        );
        let evidence = format!(
            "commit {commit} says {}; source: {}",
            said.number,
            now.source.join(", ")
        );
        return Some((Severity::Error, "value", message, evidence));
    }
    let other = |(_, said): &&(&str, Said)| said.source != now.source;
    let (commit, said) = before.iter().rev().find(other)?;
    let is_first = !before
        .iter()
        .any(|entry| of_source(&entry) && entry.1.number != said.number);
    (said.number == now.number && is_first && !now.source.is_empty()).then(|| {
        let before = match said.source.is_empty() {
            true => "none".to_owned(),
            false => said.source.join(", "),
        };
        let message = format!("{} stayed when its source changed", now.number);
        let evidence = format!(
            "commit {commit} gives as source: {before}; now: {}",
            now.source.join(", ")
        );
        (Severity::Note, "source", message, evidence)
    })
}

/// Every numeric cell that has a header, with what it says.
fn cells<'b, 'd>(
    bound: &'b Bound<'d>,
) -> Vec<(Key, Said, &'b BoundTable<'d>, &'b BoundRow<'d>, &'d Cell)> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<(Vec<String>, String), usize> = BTreeMap::new();
    for table in &bound.tables {
        let headers: Vec<String> = table
            .table
            .header
            .iter()
            .flatten()
            .map(|cell| words(&cell.text))
            .collect();
        for row in &table.rows {
            let label = words(&row.row.label);
            let occurrence = seen.entry((headers.clone(), label.clone())).or_default();
            *occurrence += 1;
            let source = source(row);
            for cell in &row.row.cells {
                let (Some(_), Some(header)) = (cell.value, &cell.header) else {
                    continue;
                };
                let key = (headers.clone(), label.clone(), *occurrence, words(header));
                let said = Said {
                    number: cell.text.trim().to_owned(),
                    source: source.clone(),
                };
                found.push((key, said, table, row, cell));
            }
        }
    }
    found
}

fn source(row: &BoundRow<'_>) -> Vec<String> {
    let paths = row
        .definitions
        .iter()
        .flat_map(|definition| &definition.paths);
    let linked = row.row.marks.iter().filter_map(|mark| mark.target.as_ref());
    let paths: Vec<String> = paths.chain(linked).map(|path| words(path)).collect();
    match paths.is_empty() {
        true => {
            let texts = row
                .definitions
                .iter()
                .map(|definition| words(&definition.text));
            texts.filter(|text| !text.is_empty()).collect()
        }
        false => paths,
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
