//! From a spec and the runs below a results root to a finished table.

use std::path::PathBuf;

use serde_json::Value;

use super::aggregate::{Aggregate, GroupError, aggregate, group, incidental_differences};
use super::footnote::{Group, note_text};
use super::rounding::{decimals_for, decimals_for_count, fixed};
use super::select::{SelectError, Selected, select};
use super::spec::{Column, Filter, FootnoteKind, FootnoteStyle, Row, Spread, TableSpec};
use super::table::{Cell, LABEL_HEADER, Note, Number, Table, TableRow};
use crate::metric::{MetricName, name};
use crate::record::{Kind, RunRecord, Status};
use crate::source::backticked;
use crate::store::{Metrics, RunId, Store, StoreError};

/// Decimals of a column that says none, has no `±` and counts nothing.
const FALLBACK_DECIMALS: usize = 2;

/// A table together with what its reader should know.
#[derive(Debug)]
pub struct Assembled {
    /// The table, its notes not yet numbered.
    pub table: Table,
    /// What is missing or unusual, each naming its row.
    pub warnings: Vec<String>,
    /// Runs whose metrics could not be read; their cells are empty.
    pub unreadable: Vec<StoreError>,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The runs of a row do not belong together.
    #[error("{}:{line}: row `{label}`: {source}", path.display())]
    Row {
        /// The spec.
        path: PathBuf,
        /// Where the row starts.
        line: usize,
        /// Its label.
        label: String,
        /// What is wrong.
        source: GroupError,
    },
    /// The epoch rule takes no value from a run.
    #[error("{}:{line}: row `{label}`, column `{header}`: run `{run}`: {source}", path.display())]
    Cell {
        /// The spec.
        path: PathBuf,
        /// Where the row starts.
        line: usize,
        /// Its label.
        label: String,
        /// The column.
        header: String,
        /// The run.
        run: RunId,
        /// What is wrong.
        source: SelectError,
    },
}

/// Makes the table that `spec` describes out of `runs`; their order does not matter.
///
/// # Errors
/// Runs of a row differ in more than their seed, occur twice, or the epoch rule takes no value.
pub fn assemble(
    spec: &TableSpec,
    store: &Store,
    runs: &[(RunId, RunRecord)],
) -> Result<Assembled, AssembleError> {
    let mut warnings = Vec::new();
    let mut unreadable = Vec::new();
    let mut rows = Vec::new();
    let mut groups = Vec::new();
    for row in &spec.rows {
        let members = members(spec, row, runs, &mut warnings)?;
        let mut reduced = Vec::new();
        match read_metrics(store, &members) {
            Ok(metrics) => {
                for column in &spec.columns {
                    let cell = reduce(spec, row, column, &members, &metrics)?;
                    reduced.push(cell);
                }
            }
            Err(error) => unreadable.push(error),
        }
        reduced.resize(spec.columns.len(), Reduced::Empty);
        rows.push(reduced);
        groups.push(members);
    }
    let decimals: Vec<usize> = (0..spec.columns.len())
        .map(|i| decimals(&spec.columns[i], rows.iter().map(|row| &row[i])))
        .collect();
    let rows: Vec<TableRow> = (spec.rows.iter().zip(rows).zip(&groups))
        .map(|((row, reduced), members)| TableRow {
            label: row.label.clone(),
            runs: members.iter().map(|(run, _)| run.to_string()).collect(),
            notes: notes(spec, row, members),
            cells: (reduced.into_iter().zip(&decimals).zip(&spec.columns))
                .map(|((cell, decimals), column)| {
                    let place = format!(
                        "{}: row `{}`, column `{}`",
                        spec.place(row),
                        row.label,
                        column.header
                    );
                    cell.print(*decimals, &place, &mut warnings)
                })
                .collect(),
        })
        .collect();
    let table = Table {
        name: spec.name.clone(),
        heading: spec.heading.clone(),
        rule: spec.epoch.to_string(),
        header: std::iter::once(LABEL_HEADER.to_owned())
            .chain(spec.columns.iter().map(|column| column.header.clone()))
            .collect(),
        source_notes: source_notes(&rows, &groups),
        rows,
        style: spec.footnote_style,
    };
    Ok(Assembled {
        table,
        warnings,
        unreadable,
    })
}

/// Whether a run fulfils every condition of a filter.
pub fn matches(filter: &Filter, run: &RunId, record: &RunRecord) -> bool {
    filter.iter().all(|(key, expected)| match key.as_str() {
        "run" => expected.as_str().is_some_and(|text| {
            text == run.as_str() || RunId::from_cited(text).is_some_and(|cited| cited == *run)
        }),
        "spec" => expected.as_str() == record.spec.as_deref(),
        _ => record
            .hyper_parameters
            .get(key)
            .is_some_and(|found| equal(expected, found)),
    })
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

/// The completed runs of a row in seed order; others that match are named in the warnings.
fn members<'r>(
    spec: &TableSpec,
    row: &Row,
    runs: &'r [(RunId, RunRecord)],
    warnings: &mut Vec<String>,
) -> Result<Vec<(&'r RunId, &'r RunRecord)>, AssembleError> {
    let place = format!("{}: row `{}`", spec.place(row), row.label);
    let mut completed = Vec::new();
    let mut sorted: Vec<_> = runs.iter().collect();
    sorted.sort_by_key(|(run, _)| run);
    for (run, record) in sorted {
        let discarded = row
            .discarded
            .iter()
            .any(|discarded| discarded.run == run.as_str());
        if discarded || !matches(&spec.runs, run, record) || !matches(&row.filter, run, record) {
            continue;
        }
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
    let members = group(completed).map_err(|source| AssembleError::Row {
        path: spec.path.clone(),
        line: row.line,
        label: row.label.clone(),
        source,
    })?;
    let differing = incidental_differences(&members);
    if !differing.is_empty() {
        warnings.push(format!(
            "{place}: its runs differ in {}",
            backticked(&differing)
        ));
    }
    Ok(members)
}

/// The metrics of each run; a reported run has none.
fn read_metrics(store: &Store, members: &Group<'_>) -> Result<Vec<Option<Metrics>>, StoreError> {
    let read = |(run, record): &(&RunId, &RunRecord)| match record.kind {
        Kind::Reported => Ok(None),
        Kind::Trained | Kind::Imported => store.metrics(run).map(Some),
    };
    members.iter().map(read).collect()
}

/// A cell before the digits of its column are known.
#[derive(Debug, Clone)]
enum Reduced {
    Empty,
    Partly {
        n: usize,
        of: usize,
    },
    Text(String),
    Number {
        aggregate: Aggregate,
        spread: Option<f64>,
        count: Option<i64>,
        epochs: Vec<i32>,
    },
}

fn reduce(
    spec: &TableSpec,
    row: &Row,
    column: &Column,
    members: &Group<'_>,
    metrics: &[Option<Metrics>],
) -> Result<Reduced, AssembleError> {
    let mut selected: Vec<Selected> = Vec::new();
    for ((run, record), metrics) in members.iter().zip(metrics) {
        let Some(metrics) = metrics else {
            let reported = record
                .reported
                .as_ref()
                .and_then(|texts| texts.get(&column.metric));
            return Ok(reported.map_or(Reduced::Empty, |text| Reduced::Text(text.clone())));
        };
        let value =
            select(metrics, &column.metric, &spec.epoch).map_err(|source| AssembleError::Cell {
                path: spec.path.clone(),
                line: row.line,
                label: row.label.clone(),
                header: column.header.clone(),
                run: (*run).clone(),
                source,
            })?;
        selected.extend(value);
    }
    if !selected.is_empty() && selected.len() < members.len() {
        return Ok(Reduced::Partly {
            n: selected.len(),
            of: members.len(),
        });
    }
    let values: Vec<f64> = selected
        .iter()
        .map(|one| one.value * column.scale)
        .collect();
    Ok(
        aggregate(&values).map_or(Reduced::Empty, |aggregate| Reduced::Number {
            aggregate,
            spread: aggregate.sd.filter(|_| spec.spread == Spread::Sd),
            count: selected.iter().filter_map(|one| one.count).min(),
            epochs: selected.iter().map(|one| one.epoch).collect(),
        }),
    )
}

impl Reduced {
    fn print(self, decimals: usize, place: &str, warnings: &mut Vec<String>) -> Cell {
        match self {
            Self::Empty => Cell::Empty,
            Self::Partly { n, of } => {
                warnings.push(format!("{place}: measured in {n} of {of} runs, left empty"));
                Cell::Empty
            }
            Self::Text(text) => Cell::Text(text),
            Self::Number {
                aggregate,
                spread,
                epochs,
                ..
            } => {
                if !aggregate.mean.is_finite() {
                    warnings.push(format!(
                        "{place}: the value is {}",
                        fixed(aggregate.mean, 0)
                    ));
                }
                let mean = fixed(aggregate.mean, decimals);
                Cell::Number(Number {
                    text: match spread {
                        Some(spread) => format!("{mean} ± {}", fixed(spread, decimals)),
                        None => mean,
                    },
                    value: aggregate.mean,
                    spread,
                    n: aggregate.n,
                    epochs,
                })
            }
        }
    }
}

/// One number of decimals for the whole column: the spec's, else the fewest that any row's `±` asks for, never
/// more than one sample justifies.
fn decimals<'c>(column: &Column, cells: impl Iterator<Item = &'c Reduced> + Clone) -> usize {
    if let Some(decimals) = column.decimals {
        return decimals;
    }
    let spreads = cells.clone().filter_map(|cell| match cell {
        Reduced::Number { spread, .. } => decimals_for((*spread)?),
        _ => None,
    });
    let is_share = column
        .metric
        .parse()
        .is_ok_and(|metric: MetricName| metric.name == name::ACCURACY);
    let steps = cells.filter_map(|cell| match cell {
        Reduced::Number { count, .. } if is_share => decimals_for_count((*count)?, column.scale),
        _ => None,
    });
    spreads
        .min()
        .into_iter()
        .chain(steps.min())
        .min()
        .unwrap_or(FALLBACK_DECIMALS)
}

/// A row's notes; the link style leads to each run's record and says nothing else.
fn notes(spec: &TableSpec, row: &Row, members: &Group<'_>) -> Vec<Note> {
    if members.is_empty() {
        return Vec::new();
    }
    if spec.footnote_style == FootnoteStyle::Link {
        let note = |member: &(&RunId, &RunRecord)| Note {
            mark: 0,
            pin: None,
            text: note_text(FootnoteKind::DataSource, &[*member]),
            run: member.0.to_string(),
        };
        return members.iter().map(note).collect();
    }
    let note = |(i, kind): (usize, &FootnoteKind)| Note {
        mark: 0,
        pin: row.marks.as_ref().and_then(|marks| marks.get(i).copied()),
        text: note_text(*kind, members),
        run: members[0].0.to_string(),
    };
    spec.footnotes.iter().enumerate().map(note).collect()
}

/// What holds for the table as a whole: what `±` means, and which data is synthetic.
fn source_notes(rows: &[TableRow], groups: &[Vec<(&RunId, &RunRecord)>]) -> Vec<String> {
    let mut notes = Vec::new();
    let n = rows
        .iter()
        .flat_map(|row| &row.cells)
        .filter_map(|cell| match cell {
            Cell::Number(number) if number.spread.is_some() => Some(number.n),
            _ => None,
        });
    if let (Some(least), Some(most)) = (n.clone().min(), n.max()) {
        let n = if least == most {
            least.to_string()
        } else {
            format!("{least} to {most}")
        };
        notes.push(format!(
            "mean ± sample standard deviation over seeds, n = {n}"
        ));
    }
    let mut synthetic: Vec<&str> = groups
        .iter()
        .flatten()
        .flat_map(|(_, record)| record.data.values())
        .filter(|data| data.synthetic)
        .map(|data| data.name.as_str())
        .collect();
    synthetic.sort_unstable();
    synthetic.dedup();
    if !synthetic.is_empty() {
        notes.push(format!("synthetic data: {}", synthetic.join(", ")));
    }
    notes
}
