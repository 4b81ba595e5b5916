//! The numeric cells of metric columns, each with what it measures: by the table spec where there is one, by
//! the header otherwise. Several families of rules look at numbers this way.

use std::collections::BTreeMap;

use crate::document::{Cell, HeaderCell};
use crate::metric::{MetricName, Split, name};
use crate::record::SplitRecord;
use crate::report::spec::Column;

use super::Inputs;
use super::bind::{Bound, BoundRow, BoundTable};
use super::evidence::{RunFiles, RunState};
use super::finding::{Confidence, Place, Subject};
use super::reading::header::{Meaning, Quantity};

/// What a column of numbers measures.
#[derive(Debug)]
pub struct MeasuredColumn<'b> {
    /// Its header.
    pub header: &'b HeaderCell,
    /// What the header says.
    pub meaning: &'b Meaning,
    /// The spec's column.
    pub spec: Option<&'b Column>,
    /// The metric that the spec names, where it has a split and a task.
    pub metric: Option<MetricName>,
    /// The kind of metric.
    pub quantity: Option<Quantity>,
    /// Factor between the metric and what is printed: 100 for per cent.
    pub scale: f64,
}

/// A number and what it measures.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'b> {
    /// Index of its table.
    pub table_idx: usize,
    /// Index of its row in the table.
    pub row_idx: usize,
    /// Index of its cell in the row.
    pub cell_idx: usize,
    /// Its table.
    pub table: &'b BoundTable<'b>,
    /// Its row.
    pub row: &'b BoundRow<'b>,
    /// Its cell, which has a value.
    pub cell: &'b Cell,
    /// Its column.
    pub column: &'b MeasuredColumn<'b>,
    /// The number.
    pub value: f64,
}

/// The split that a number was evaluated on.
#[derive(Debug, Clone, Copy)]
pub struct Evaluated<'b> {
    /// What is in it.
    pub split: &'b SplitRecord,
    /// Who says so.
    pub source: &'static str,
    /// Whether the number was bound to it, or only names fit.
    pub confidence: Confidence,
}

/// The metric columns of every table: per cell behind the label, `None` where it measures nothing.
#[derive(Debug)]
pub struct Columns<'b>(Vec<Vec<Option<MeasuredColumn<'b>>>>);

impl<'b> Columns<'b> {
    /// Of every table of a document.
    pub fn of(bound: &'b Bound<'b>) -> Self {
        Self(bound.tables.iter().map(columns).collect())
    }

    /// Those of a table.
    pub fn of_table(&self, table_idx: usize) -> &[Option<MeasuredColumn<'b>>] {
        &self.0[table_idx]
    }

    /// Every number that measures something, in the order of the text.
    pub fn numbers(&'b self, bound: &'b Bound<'b>) -> Vec<Measured<'b>> {
        let mut found = Vec::new();
        for (table_idx, table) in bound.tables.iter().enumerate() {
            for (row_idx, row) in table.rows.iter().enumerate() {
                for (cell_idx, cell) in row.row.cells.iter().enumerate() {
                    let column = self.0[table_idx].get(cell_idx).and_then(Option::as_ref);
                    if let (Some(column), Some(value)) = (column, cell.value) {
                        found.push(Measured {
                            table_idx,
                            row_idx,
                            cell_idx,
                            table,
                            row,
                            cell,
                            column,
                            value,
                        });
                    }
                }
            }
        }
        found
    }
}

/// Numbers of one table or one row after another: consecutive ones with the same key together.
pub fn grouped<'m, 'b, K: PartialEq>(
    numbers: &'m [Measured<'b>],
    key: impl Fn(&Measured<'b>) -> K,
) -> Vec<&'m [Measured<'b>]> {
    numbers.chunk_by(|a, b| key(a) == key(b)).collect()
}

/// The numbers of each column, by the place of its header.
pub fn by_column<'m, 'b>(
    numbers: &'m [Measured<'b>],
) -> BTreeMap<(usize, usize), Vec<&'m Measured<'b>>> {
    let mut columns: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for number in numbers {
        let place = (number.table_idx, number.cell_idx);
        columns.entry(place).or_default().push(number);
    }
    columns
}

fn columns<'b>(table: &'b BoundTable<'b>) -> Vec<Option<MeasuredColumn<'b>>> {
    let header = table.table.header.iter().flatten().skip(1);
    let has_f1 = table
        .meanings
        .iter()
        .any(|meaning| meaning.quantity == Some(Quantity::F1));
    let measured = |(idx, header): (usize, &'b HeaderCell)| {
        let meaning = table.meaning(idx)?;
        let spec = table.column(&header.text);
        let metric: Option<MetricName> = spec.and_then(|column| column.metric.parse().ok());
        let quantity = match metric.as_ref().and_then(quantity_of) {
            None => beside_f1(meaning, &header.text, has_f1),
            known => known,
        };
        (quantity.is_some() || spec.is_some()).then(|| MeasuredColumn {
            header,
            meaning,
            spec,
            scale: scale(spec, meaning),
            quantity,
            metric,
        })
    };
    header.enumerate().map(measured).collect()
}

fn scale(spec: Option<&Column>, meaning: &Meaning) -> f64 {
    match spec {
        Some(column) => column.scale,
        None if meaning.is_percent => 100.0,
        None => 1.0,
    }
}

/// The kind of one of our own metrics.
fn quantity_of(metric: &MetricName) -> Option<Quantity> {
    match metric.name.as_str() {
        name::ACCURACY => Some(Quantity::Accuracy),
        name::MAE | name::MAE_EXPECTED => Some(Quantity::MeanAbsoluteError),
        name::LOSS => Some(Quantity::Loss),
        name::EPSILON => Some(Quantity::Epsilon),
        _ => None,
    }
}

/// `P` and `R` beside a column of F1 are precision and recall.
fn beside_f1(meaning: &Meaning, header: &str, has_f1: bool) -> Option<Quantity> {
    let word: String = header.chars().take_while(|c| c.is_alphanumeric()).collect();
    match word.as_str() {
        "P" | "p" if has_f1 => Some(Quantity::Precision),
        "R" | "r" if has_f1 => Some(Quantity::Recall),
        _ => meaning.quantity,
    }
}

impl MeasuredColumn<'_> {
    /// The task, by the spec or by the header.
    pub fn task(&self) -> Option<&str> {
        let of_metric = self.metric.as_ref().map(|metric| metric.task.as_str());
        of_metric.or(self.meaning.task.as_deref())
    }

    /// Whether what is measured is a whole number over the number of samples: right answers, or years.
    pub fn is_granular(&self) -> bool {
        match (&self.metric, self.quantity) {
            (Some(metric), _) => [name::ACCURACY, name::MAE].contains(&metric.name.as_str()),
            (None, Some(Quantity::MeanAbsoluteError)) => true,
            (None, quantity) => quantity.is_some_and(Quantity::is_proportion),
        }
    }

    /// Where the header stands.
    pub fn place(&self, table: &BoundTable<'_>) -> Place {
        let width = self.header.text.chars().count();
        Place::of_width(table.table.line, self.header.column, width)
    }
}

impl<'b> Measured<'b> {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place::of_cell(self.cell)
    }

    /// What a finding on it is about.
    pub fn subject(&self, kind: &'static str) -> Subject {
        Subject {
            table: self.table.table.name().to_owned(),
            row: self.row.row.label.clone(),
            column: self.column.header.text.clone(),
            kind,
        }
    }

    /// ``row `…`, column `…` ``.
    pub fn address(&self) -> String {
        let (label, header) = (&self.row.row.label, &self.column.header.text);
        format!("row `{label}`, column `{header}`")
    }

    /// Digits behind its point.
    pub fn decimals(&self) -> usize {
        self.cell.decimals.unwrap_or(0) as usize
    }

    /// One unit of its last digit.
    pub fn unit(&self) -> f64 {
        10_f64.powi(-i32::try_from(self.decimals()).unwrap_or(i32::MAX))
    }

    /// The least and the greatest value that is printed like this, whatever the rounding.
    pub fn interval(&self) -> [f64; 2] {
        let half = self.unit() / 2.0;
        [self.value - half, self.value + half]
    }

    /// The number as printed.
    pub fn printed(&self) -> &str {
        self.cell.number.as_deref().unwrap_or(&self.cell.text)
    }

    /// How many runs it says, or its row cites, to be behind it.
    pub fn n_runs(&self) -> usize {
        let said = self.cell.n.and_then(|n| usize::try_from(n).ok());
        said.unwrap_or(self.row.runs.len())
    }

    /// The files of its runs, where all of them are there.
    pub fn files(&self, bound: &'b Bound<'_>) -> Option<Vec<&'b RunFiles>> {
        let files = |run| match bound.runs.get(run) {
            Some(RunState::Present(files)) => Some(&**files),
            _ => None,
        };
        let found: Option<Vec<_>> = self.row.runs.iter().map(files).collect();
        found.filter(|files| !files.is_empty())
    }

    /// The split it was evaluated on: of its runs' records, else of the manifest.
    pub fn evaluated(&self, inputs: &Inputs<'b>, bound: &'b Bound<'_>) -> Option<Evaluated<'b>> {
        let task = self.column.task()?;
        let of_metric = self.column.metric.as_ref().map(|metric| metric.split);
        let splits = of_metric.map_or(vec![Split::Test, Split::Valid], |split| vec![split]);
        if let Some(files) = self.files(bound) {
            let data = files[0].record.data.get(task)?;
            let split = splits.iter().find_map(|split| data.splits.get(split))?;
            return Some(Evaluated {
                split,
                source: "the run's record",
                confidence: match of_metric {
                    Some(_) => Confidence::Parsed,
                    None => Confidence::Inferred,
                },
            });
        }
        let mut names = self.datasets().into_iter();
        let tasks = names.find_map(|name| inputs.manifest?.named(name));
        let splits_of_task = &tasks?.1.get(task)?.splits;
        Some(Evaluated {
            split: splits.iter().find_map(|split| splits_of_task.get(split))?,
            source: "`data.lock.json`",
            confidence: Confidence::Inferred,
        })
    }

    /// What its header, then its row's printed records, call the data set.
    pub fn datasets(&self) -> Vec<&'b str> {
        let of_records = self
            .row
            .definitions
            .iter()
            .flat_map(|found| &found.records)
            .filter_map(|record| record.values.get("dataset")?.as_str());
        let of_header = self.column.meaning.dataset.as_deref();
        of_header.into_iter().chain(of_records).collect()
    }
}
