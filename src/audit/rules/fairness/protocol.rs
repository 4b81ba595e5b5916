//! RPR403: compared numbers measure the same thing: one metric, on the same samples and classes, from networks
//! that begin alike.

use std::collections::BTreeSet;

use super::compare::{Difference, Fact, Side, differences};
use super::config::{compared, tasks};
use crate::audit::Inputs;
use crate::audit::bind::BoundTable;
use crate::audit::catalogue::PROTOCOL_MISMATCH;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::reading::key::PROTOCOL_KEYS;
use crate::audit::reading::label::{read, says_pretrained};
use crate::literal;
use crate::metric::MetricName;

/// The fact that decides a column.
const SAMPLES: &str = "samples";

pub(super) fn check(
    inputs: &Inputs<'_>,
    table: &BoundTable<'_>,
    sides: &[Side<'_, '_>],
    sink: &mut Sink<'_>,
) {
    let factors = factors(inputs, table, sides);
    let facts: Vec<Vec<Fact>> = sides
        .iter()
        .map(|side| {
            let mut facts = recorded(inputs, side, &factors);
            facts.extend(
                side.columns
                    .iter()
                    .filter_map(|column| samples(table, side, *column)),
            );
            facts
        })
        .collect();
    let odd = differences(sides, &facts);
    for (idx, found) in &odd {
        sink.report(finding(table, sides, *idx, found));
    }
    count_columns(sides, &facts, &odd.into_keys().collect(), sink);
}

/// Columns that two rows share at least: right, or not decided for want of data.
fn count_columns(
    sides: &[Side<'_, '_>],
    facts: &[Vec<Fact>],
    odd: &BTreeSet<usize>,
    sink: &mut Sink<'_>,
) {
    let columns: BTreeSet<usize> = sides
        .iter()
        .flat_map(|side| &side.columns)
        .copied()
        .collect();
    for column in columns {
        let rows = || (0..sides.len()).filter(|idx| sides[*idx].columns.contains(&column));
        if rows().count() < 2 || rows().any(|idx| odd.contains(&idx)) {
            continue;
        }
        let is_decided = |idx: usize| {
            let mut facts = facts[idx].iter();
            facts.any(|fact| fact.key == SAMPLES && fact.column == Some(column))
        };
        match rows().all(is_decided) {
            true => sink.verified(&PROTOCOL_MISMATCH),
            false => sink.not_assessed(
                &PROTOCOL_MISMATCH,
                "the fingerprints of what the rows' runs were evaluated on",
            ),
        }
    }
}

fn finding(
    table: &BoundTable<'_>,
    sides: &[Side<'_, '_>],
    idx: usize,
    found: &[Difference<'_>],
) -> Finding {
    let row = sides[idx].row.row;
    let label = &row.label;
    let mut keys: Vec<String> = found.iter().map(Difference::words).collect();
    keys.dedup();
    let message = format!(
        "row `{label}` does not measure what the rows measure that it is compared with: {}",
        keys.join(", ")
    );
    let column = found.iter().find_map(|one| one.fact.column);
    let cell = column.map(|column| &row.cells[column]);
    let subject = Subject {
        table: table.table.name().to_owned(),
        row: label.clone(),
        column: cell
            .and_then(|cell| cell.header.clone())
            .unwrap_or_default(),
        kind: "protocol",
    };
    let place = cell.map_or_else(|| Place::of_label(row), Place::of_cell);
    let finding = Finding::new(&PROTOCOL_MISMATCH, place, &subject, message)
        .with_hint("evaluate the rows alike, or put them into tables of their own");
    found
        .iter()
        .fold(finding, |finding, one| one.support(finding, sides, idx))
}

/// Keys of the protocol that the table is about.
fn factors(
    inputs: &Inputs<'_>,
    table: &BoundTable<'_>,
    sides: &[Side<'_, '_>],
) -> BTreeSet<String> {
    let declared = table.spec.map_or(&[][..], |spec| &spec.factors);
    let canonical = |key: &str| inputs.settings.canonical(key).to_owned();
    let mut keys: BTreeSet<String> = declared.iter().map(|key| canonical(key)).collect();
    let tasks = tasks(sides);
    let labels = || sides.iter().map(|side| side.row.row.label.as_str());
    if labels().any(|label| says_pretrained(label).is_some()) {
        let weights = PROTOCOL_KEYS
            .iter()
            .filter(|key| key.contains("pretrained") || key.contains("init"));
        keys.extend(weights.map(|key| canonical(key)));
    }
    let rest = labels()
        .filter_map(|label| read(label, &tasks))
        .flat_map(|label| label.rest);
    let words: BTreeSet<String> = rest.map(str::to_lowercase).collect();
    if ["class", "classes"]
        .iter()
        .any(|word| words.contains(*word))
    {
        let classes = PROTOCOL_KEYS.iter().filter(|key| key.contains("classes"));
        keys.extend(classes.map(|key| canonical(key)));
    }
    keys
}

/// What a row's record says of the protocol.
fn recorded(inputs: &Inputs<'_>, side: &Side<'_, '_>, factors: &BTreeSet<String>) -> Vec<Fact> {
    let values = side.known.iter().flat_map(|known| known.values());
    let is_told = |key: &str| {
        let key = inputs.settings.canonical(key);
        PROTOCOL_KEYS.contains(&key) && !factors.contains(key)
    };
    values
        .filter(|(key, value)| is_told(key) && !value.is_null())
        .map(|(key, value)| Fact {
            key: inputs.settings.canonical(key).to_owned(),
            column: None,
            value: compared(value),
            shown: literal::print(value),
        })
        .collect()
}

/// What a row's number in a column was measured on, by the run's record.
fn samples(table: &BoundTable<'_>, side: &Side<'_, '_>, column: usize) -> Option<Fact> {
    let (_, files) = side.known?.run?;
    let header = side.row.row.cells.get(column)?.header.as_deref()?;
    let metric: MetricName = table.column(header)?.metric.parse().ok()?;
    let data = files.record.data.get(&metric.task)?;
    let split = data.splits.get(&metric.split)?;
    if split.fingerprint.is_empty() {
        return None;
    }
    let short = split.fingerprint.get(..8).unwrap_or(&split.fingerprint);
    Some(Fact {
        key: SAMPLES.to_owned(),
        column: Some(column),
        value: format!("{} {} {}", data.split_protocol, split.n, split.fingerprint),
        shown: format!(
            "{} of `{}/{}`, fingerprint {short}…",
            split.n, metric.split, metric.task
        ),
    })
}
