//! The records that a document prints, each with the path of the run that it describes and the rows that cite it.
//!
//! A definition may hold both, or a pair of definitions may: path `[4]` and record `[5]`. Also owns where keys
//! and paths stand in a definition, and what is known of a row's run from both sides. Comes from `bind`, goes
//! to the rules.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{Definition, Document, Kind, Record};
use crate::report::lock::Lock;
use crate::store::RunId;

use super::bind::{Bound, BoundTable, cited_run};
use super::evidence::{RunFiles, RunState};
use super::finding::Place;

/// What is missing where a run that the lock knows cannot be looked at.
pub const NO_RUN: &str = "the run";

/// A path as printed, with its definition.
pub type CitedPath<'d> = (&'d Definition, &'d str);

/// A row: indices of its table and of itself.
pub type RowIndex = (usize, usize);

/// A printed record and what it belongs to.
#[derive(Debug)]
pub struct Citation<'d> {
    /// The definition that holds it.
    pub definition: &'d Definition,
    /// The record.
    pub record: &'d Record,
    /// The paths of the runs that it describes, as printed, with their definitions.
    pub paths: Vec<CitedPath<'d>>,
    /// The rows that cite it: indices of table and row.
    pub rows: Vec<RowIndex>,
}

impl<'d> Citation<'d> {
    /// The path of the run that it describes, where it is one.
    pub fn path(&self) -> Option<CitedPath<'d>> {
        match self.paths[..] {
            [path] => Some(path),
            _ => None,
        }
    }

    /// The run that it describes, where it is one.
    pub fn run(&self) -> Option<RunId> {
        cited_run(self.path()?.1)
    }

    /// Where a key of the record stands; the record's beginning where it cannot be found.
    pub fn place_of(&self, key: &str) -> Place {
        place_of_key(self.record, key)
    }

    /// Where the record begins: its constructor.
    pub fn place(&self) -> Place {
        let width = self.record.constructor.chars().count().max(1);
        Place::of_width(self.record.line, self.record.column, width)
    }

    /// Its run as far as it can be read.
    pub fn files<'b>(&self, bound: &'b Bound<'d>) -> Option<&'b RunFiles> {
        files_of(bound, &self.run()?)
    }

    /// Whether `lock` knows a run that it describes, and none of them can be looked at: what it does not print, the
    /// run's own record may say.
    pub fn is_out_of_sight(&self, bound: &Bound<'_>, lock: Option<&Lock>) -> bool {
        let of_paths = self.paths.iter().filter_map(|(_, path)| cited_run(path));
        let rows = self.rows.iter();
        let of_rows = rows.flat_map(|&(t, r)| bound.tables[t].rows[r].runs.iter().cloned());
        let runs: Vec<RunId> = of_paths.chain(of_rows).collect();
        let is_locked = |run: &RunId| lock.is_some_and(|lock| lock.runs.contains_key(run.as_str()));
        runs.iter().any(is_locked) && runs.iter().all(|run| files_of(bound, run).is_none())
    }

    /// Whether all rows that cite it say that their numbers are somebody else's.
    pub fn is_quoted(&self, bound: &Bound<'_>) -> bool {
        let is_quoted = |&(t, r): &RowIndex| bound.tables[t].rows[r].is_quoted();
        !self.rows.is_empty() && self.rows.iter().all(is_quoted)
    }
}

/// A run's files, where it is there.
pub fn files_of<'b>(bound: &'b Bound<'_>, run: &RunId) -> Option<&'b RunFiles> {
    match bound.runs.get(run) {
        Some(RunState::Present(files)) => Some(files),
        _ => None,
    }
}

/// What is known of how a row's numbers came about.
#[derive(Debug, Clone, Copy)]
pub struct RowRecord<'b, 'd> {
    /// The printed record.
    pub printed: Option<&'b Citation<'d>>,
    /// The first of its runs that is there.
    pub run: Option<(&'b RunId, &'b RunFiles)>,
}

impl<'b> RowRecord<'b, '_> {
    /// Hyper-parameters by key: those on disk, else those printed.
    pub fn values(&self) -> Vec<(&'b str, &'b Value)> {
        let pair = |(key, value): (&'b String, &'b Value)| (key.as_str(), value);
        match (self.run, self.printed) {
            (Some((_, files)), _) => {
                let values = files.record.hyper_parameters.0.iter();
                values.map(pair).collect()
            }
            (None, Some(citation)) => citation.record.values.iter().map(pair).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.printed.is_none() && self.run.is_none()
    }

    /// Where a key is printed.
    pub fn place_of(&self, key: &str) -> Option<Place> {
        let citation = self.printed?;
        let is_printed = citation.record.values.contains_key(key);
        is_printed.then(|| citation.place_of(key))
    }
}

/// What is known of every row that cites a record or a run.
pub fn records_of_rows<'b, 'd>(bound: &'b Bound<'d>) -> BTreeMap<RowIndex, RowRecord<'b, 'd>> {
    let mut found = BTreeMap::new();
    for citation in &bound.citations {
        for row in &citation.rows {
            found.entry(*row).or_insert(RowRecord {
                printed: Some(citation),
                run: None,
            });
        }
    }
    for (t, table) in bound.tables.iter().enumerate() {
        for (r, row) in table.rows.iter().enumerate() {
            let present = |run: &'b RunId| Some((run, files_of(bound, run)?));
            let Some(run) = row.runs.iter().find_map(present) else {
                continue;
            };
            let known = found.entry((t, r)).or_insert(RowRecord {
                printed: None,
                run: None,
            });
            known.run = Some(run);
        }
    }
    found
}

/// Every record of `document`, in the order of the text.
pub(super) fn citations<'d>(
    document: &'d Document,
    tables: &[BoundTable<'d>],
) -> Vec<Citation<'d>> {
    let mut citations = Vec::new();
    let mut rows = rows_by_definition(tables);
    for (idx, definition) in document.definitions.iter().enumerate() {
        let cited = rows.remove(&key_of(definition)).unwrap_or_default();
        for record in &definition.records {
            let mut paths = own_paths(definition);
            if paths.is_empty() {
                paths = paths_of_rows(&cited, tables);
            }
            if paths.is_empty() && cited.is_empty() {
                paths = paths_before(document, idx).unwrap_or_default();
            }
            citations.push(Citation {
                definition,
                record,
                paths,
                rows: cited.clone(),
            });
        }
    }
    citations
}

/// A definition by its place.
fn key_of(definition: &Definition) -> (usize, usize) {
    (definition.line, definition.column)
}

/// The rows that cite each definition, by its place.
fn rows_by_definition(tables: &[BoundTable<'_>]) -> BTreeMap<(usize, usize), Vec<RowIndex>> {
    let mut found: BTreeMap<_, Vec<RowIndex>> = BTreeMap::new();
    for (t, table) in tables.iter().enumerate() {
        for (r, row) in table.rows.iter().enumerate() {
            for definition in &row.definitions {
                let rows = found.entry(key_of(definition)).or_default();
                if rows.last() != Some(&(t, r)) {
                    rows.push((t, r));
                }
            }
        }
    }
    found
}

/// The paths of a definition.
fn own_paths(definition: &Definition) -> Vec<CitedPath<'_>> {
    let paths = definition.paths.iter();
    paths.map(|path| (definition, path.as_str())).collect()
}

/// The paths that the rows of a record cite, where all of them cite the same.
fn paths_of_rows<'d>(rows: &[RowIndex], tables: &[BoundTable<'d>]) -> Vec<CitedPath<'d>> {
    let of_row = |&(t, r): &RowIndex| -> Vec<CitedPath<'d>> {
        let definitions = tables[t].rows[r].definitions.iter();
        definitions.flat_map(|&found| own_paths(found)).collect()
    };
    let mut paths = rows.iter().map(of_row);
    let first = paths.next().unwrap_or_default();
    let texts =
        |paths: &[CitedPath<'d>]| -> Vec<&'d str> { paths.iter().map(|(_, path)| *path).collect() };
    if paths.all(|other| texts(&other) == texts(&first)) {
        first
    } else {
        Vec::new()
    }
}

/// The path in the definition just before, of a record that nobody cites: path *n*, record *n* + 1.
fn paths_before(document: &Document, idx: usize) -> Option<Vec<CitedPath<'_>>> {
    let definition = &document.definitions[idx];
    let before = &document.definitions[idx.checked_sub(1)?];
    let number = |definition: &Definition| definition.mark.parse::<u64>().ok();
    let follows = number(before)?.checked_add(1)? == number(definition)?;
    let is_pair = follows && before.block == definition.block && before.kind == Kind::Path;
    is_pair.then(|| own_paths(before))
}

/// Where a key stands in a record; the record's beginning where it has no such key.
pub fn place_of_key(record: &Record, key: &str) -> Place {
    let (line, column) = record
        .key_place(key)
        .unwrap_or((record.line, record.column));
    Place::of_width(line, column, key.chars().count())
}

/// Where a path stands in its definition; the definition's mark where it cannot be found.
pub fn place_of_path(definition: &Definition, path: &str) -> Place {
    let first = definition.text.lines().next().unwrap_or_default();
    match first.find(path) {
        Some(at) => {
            let column = first_column(definition, first) + first[..at].chars().count();
            Place::of_width(definition.line, column, path.chars().count())
        }
        None => {
            let width = definition.mark.chars().count() + 2;
            Place::of_width(definition.line, definition.column, width)
        }
    }
}

/// Column of a definition's text behind its mark.
fn first_column(definition: &Definition, first_line: &str) -> usize {
    let width = first_line.trim_end().chars().count();
    definition.end_column.saturating_sub(width)
}
