//! Which runs belong to a row.

use serde_json::Value;

use super::aggregate::{GroupError, group, incidental_differences, seed};
use super::spec::{Filter, Row, TableSpec};
use crate::record::{RunRecord, Status};
use crate::source::backticked;
use crate::store::RunId;

/// Whether a run fulfils every condition of a filter.
pub fn matches(filter: &Filter, run: &RunId, record: &RunRecord) -> bool {
    let meets = |(key, expected): (&String, &Value)| meets(key, expected, run, record);
    filter.iter().all(meets)
}

/// Whether a run fulfils one condition.
pub fn meets(key: &str, expected: &Value, run: &RunId, record: &RunRecord) -> bool {
    match key {
        "run" => expected.as_str().is_some_and(|text| run.is_named(text)),
        "seed" => seed(record).is_some_and(|seed| equal(expected, &Value::from(seed))),
        "spec" => expected.as_str() == record.spec.as_deref(),
        _ => record
            .hyper_parameters
            .get(key)
            .is_some_and(|found| equal(expected, found)),
    }
}

/// Equality of values, numbers by their size: `1` is `1.0`.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        _ => a == b,
    }
}

/// The completed runs of a row in seed order; others that match are named in the warnings. A planned
/// row without any condition has none: it would take every run there is.
pub(super) fn members<'r>(
    spec: &TableSpec,
    row: &Row,
    runs: &'r [(RunId, RunRecord)],
    warnings: &mut Vec<String>,
) -> Result<Vec<(&'r RunId, &'r RunRecord)>, GroupError> {
    let place = spec.place(row);
    let mut completed = Vec::new();
    let takes_none = row.planned && spec.runs.is_empty() && row.filter.is_empty();
    let is_meant = |(run, record): &&(RunId, RunRecord)| {
        let mut discarded = row.discarded.iter();
        !takes_none
            && matches(&row.filter, run, record)
            && matches(&spec.runs, run, record)
            && !discarded.any(|discarded| discarded.run == run.as_str())
    };
    let mut sorted: Vec<_> = runs.iter().filter(is_meant).collect();
    sorted.sort_by_key(|(run, _)| run);
    for (run, record) in sorted {
        let status = match record.status {
            Status::Completed => {
                completed.push((run, record));
                continue;
            }
            Status::Running => "running",
            Status::Interrupted => "interrupted",
            Status::Failed => "failed",
        };
        warnings.push(format!(
            "{place}: run `{run}` is left out, its status is `{status}`"
        ));
    }
    if completed.is_empty() && !row.planned {
        warnings.push(format!("{place}: no completed run"));
    }
    let members = group(completed)?;
    let differing = incidental_differences(&members);
    if !differing.is_empty() {
        warnings.push(format!(
            "{place}: its runs differ in {}",
            backticked(&differing)
        ));
    }
    Ok(members)
}
