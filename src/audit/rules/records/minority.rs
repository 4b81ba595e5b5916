//! RPR305: a word of a label goes with one value of a key in nearly all rows; a row where it does not is suspect.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::audit::bind::Bound;
use crate::audit::catalogue::MINORITY_MAPPING;
use crate::audit::citation::{RowIndex, RowRecord};
use crate::audit::finding::{Confidence, Finding, Place, Sink, Subject};
use crate::audit::reading::key::{MACHINE_KEYS, NEUTRAL_KEYS};
use crate::audit::reading::label::{read, variants};
use crate::literal;

/// A mapping needs as many rows, and this share of those with the word.
const LEAST: usize = 4;
const SHARE: f64 = 0.8;

/// Rows by value of one key.
type ByValue = BTreeMap<String, Vec<RowIndex>>;

pub(super) fn check(
    bound: &Bound<'_>,
    rows: &BTreeMap<RowIndex, RowRecord<'_, '_>>,
    sink: &mut Sink<'_>,
) {
    let tasks = tasks(rows);
    let mut all: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    let mut mapped: BTreeMap<(String, &str), ByValue> = BTreeMap::new();
    for (&(t, r), known) in rows {
        let row = &bound.tables[t].rows[r];
        if row.is_quoted() {
            continue;
        }
        let label = read(&row.row.label, &tasks);
        let mut words = label.map_or_else(Vec::new, |label| variants(&label.rest));
        words.sort_unstable();
        words.dedup();
        let keys = known
            .values()
            .into_iter()
            .filter(|(key, value)| is_told(key, value));
        for (key, value) in keys {
            let value = literal::print(value);
            *all.entry(key)
                .or_default()
                .entry(value.clone())
                .or_default() += 1;
            for word in &words {
                let by_value = mapped.entry((word.clone(), key)).or_default();
                by_value.entry(value.clone()).or_default().push((t, r));
            }
        }
    }
    let mut n_decided = 0;
    for ((word, key), by_value) in &mapped {
        let Some(usual) = usual(by_value, &all[key]) else {
            continue;
        };
        n_decided += 1;
        let odd = by_value.iter().filter(|(value, _)| *value != usual);
        let mut is_clean = true;
        for (value, rows) in odd {
            for &row in rows {
                is_clean = false;
                let mapping = (word.as_str(), *key, usual.as_str(), by_value[usual].len());
                sink.report(finding(bound, row, mapping, value));
            }
        }
        if is_clean {
            sink.verified(&MINORITY_MAPPING);
        }
    }
    if n_decided == 0 {
        let missing = format!(
            "a word that the labels of {LEAST} rows share behind their tasks, and others lack"
        );
        sink.not_assessed(&MINORITY_MAPPING, missing);
    }
}

/// The tasks of all records, in lower case.
fn tasks(rows: &BTreeMap<RowIndex, RowRecord<'_, '_>>) -> Vec<String> {
    let lists = rows.values().flat_map(RowRecord::values);
    let lists = lists.filter(|(key, _)| *key == "subtasks");
    let names = lists.filter_map(|(_, value)| value.as_array()).flatten();
    let mut tasks: Vec<String> = names
        .filter_map(Value::as_str)
        .map(str::to_lowercase)
        .collect();
    tasks.sort_unstable();
    tasks.dedup();
    tasks
}

/// Whether a label could mean the value.
fn is_told(key: &str, value: &Value) -> bool {
    let is_neutral = NEUTRAL_KEYS.contains(&key) || MACHINE_KEYS.contains(&key);
    !(is_neutral || value.is_null() || key.ends_with("weights") || key == "folder_sub_name")
}

/// The value that nearly all rows with the word have, and not all rows of the document.
fn usual<'v>(by_value: &'v ByValue, all: &BTreeMap<String, usize>) -> Option<&'v String> {
    let n: usize = by_value.values().map(Vec::len).sum();
    let (value, rows) = by_value.iter().max_by_key(|(_, rows)| rows.len())?;
    let needed = (SHARE * n as f64).ceil() as usize;
    let is_usual = rows.len() >= LEAST.max(needed);
    // The word tells nothing where rows without it have the value just as well.
    let n_elsewhere = all.get(value).copied().unwrap_or(0) - rows.len();
    let n_all: usize = all.values().sum();
    let n_without = n_all - n;
    let distinguishes = n_without > 0 && n_elsewhere * 2 < n_without;
    (is_usual && distinguishes).then_some(value)
}

fn finding(
    bound: &Bound<'_>,
    (t, r): RowIndex,
    (word, key, usual, n): (&str, &str, &str, usize),
    value: &str,
) -> Finding {
    let table = &bound.tables[t];
    let row = table.rows[r].row;
    let message = format!(
        "row `{}` has `{word}` in its label and `{key}={value}` in its record; {n} other rows with `{word}` \
         have `{key}={usual}`",
        row.label
    );
    let subject = Subject {
        table: table.table.name().to_owned(),
        row: row.label.clone(),
        column: format!("{word} {key}"),
        kind: "mapping",
    };
    Finding::new(&MINORITY_MAPPING, Place::of_label(row), &subject, message)
        .with_confidence(Confidence::Inferred)
        .with_hint("cite the run that the label stands for, or correct the label")
}
