//! One cell: what a column's metric and rule make of a row's runs, and with how many digits it is printed.

use super::aggregate::{Aggregate, aggregate};
use super::assemble::AssembleError;
use super::footnote::Group;
use super::rounding::{decimals_for, decimals_for_count, fixed};
use super::select::{Selected, select};
use super::spec::{Column, Row, Spread, TableSpec};
use super::table::{Cell, Number};
use crate::metric::{MetricName, name};
use crate::record::{Kind, RunRecord};
use crate::store::{Metrics, RunId, Store, StoreError};

/// Decimals of a column that says none, has no `±` and counts nothing.
const FALLBACK_DECIMALS: usize = 2;

/// The metrics of each run; a reported run has none.
pub(super) fn read_metrics(
    store: &Store,
    members: &Group<'_>,
) -> Result<Vec<Option<Metrics>>, StoreError> {
    let read = |(run, record): &(&RunId, &RunRecord)| match record.kind {
        Kind::Reported => Ok(None),
        Kind::Trained | Kind::Imported => store.metrics(run).map(Some),
    };
    members.iter().map(read).collect()
}

/// A cell before the digits of its column are known.
#[derive(Debug, Clone)]
pub(super) enum Reduced {
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

/// The column's value over the runs of a row, scaled.
pub(super) fn reduce(
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
                place: spec.place_of_cell(row, column),
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
    /// The cell with its text.
    pub(super) fn print(self, decimals: usize, place: &str, warnings: &mut Vec<String>) -> Cell {
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
pub(super) fn decimals<'c>(
    column: &Column,
    cells: impl Iterator<Item = &'c Reduced> + Clone,
) -> usize {
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
