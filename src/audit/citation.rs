//! The records that a document prints, each with the path of the run that it describes and the rows that cite it.
//!
//! A definition may hold both, or a pair of definitions may: path `[4]` and record `[5]`.

use crate::document::{Definition, Document, Kind, Record};
use crate::store::RunId;

use super::bind::{BoundTable, cited_run};
use super::finding::Place;

/// A printed record and what it belongs to.
#[derive(Debug)]
pub struct Citation<'d> {
    /// The definition that holds it.
    pub definition: &'d Definition,
    /// The record.
    pub record: &'d Record,
    /// The path of the run that it describes, as printed, with its definition.
    pub path: Option<(&'d Definition, &'d str)>,
    /// The rows that cite it: indices of table and row.
    pub rows: Vec<(usize, usize)>,
}

impl Citation<'_> {
    /// The run that it describes.
    pub fn run(&self) -> Option<RunId> {
        cited_run(self.path?.1)
    }

    /// Where a key of the record stands; the record's beginning where it cannot be found.
    pub fn place_of(&self, key: &str) -> Place {
        place_of_key(self.definition, self.record, key)
    }
}

/// Every record of `document`, in the order of the text.
pub(super) fn citations<'d>(
    document: &'d Document,
    tables: &[BoundTable<'d>],
) -> Vec<Citation<'d>> {
    let mut citations = Vec::new();
    for (idx, definition) in document.definitions.iter().enumerate() {
        let cited = rows_citing(definition, tables);
        for record in &definition.records {
            let path = own_path(definition)
                .or_else(|| path_of_rows(&cited, tables))
                .or_else(|| path_before(document, idx).filter(|_| cited.is_empty()));
            citations.push(Citation {
                definition,
                record,
                path,
                rows: cited.clone(),
            });
        }
    }
    citations
}

fn rows_citing(definition: &Definition, tables: &[BoundTable<'_>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (t, table) in tables.iter().enumerate() {
        for (r, row) in table.rows.iter().enumerate() {
            let cites = |other: &&Definition| std::ptr::eq(*other, definition);
            if row.definitions.iter().any(cites) {
                found.push((t, r));
            }
        }
    }
    found
}

/// The one path of a definition.
fn own_path(definition: &Definition) -> Option<(&Definition, &str)> {
    match &definition.paths[..] {
        [path] => Some((definition, path)),
        _ => None,
    }
}

/// The one path that the rows of a record cite.
fn path_of_rows<'d>(
    rows: &[(usize, usize)],
    tables: &[BoundTable<'d>],
) -> Option<(&'d Definition, &'d str)> {
    let paths = rows.iter().flat_map(|&(t, r)| {
        let definitions = tables[t].rows[r].definitions.iter();
        definitions.flat_map(|&found| found.paths.iter().map(move |path| (found, path.as_str())))
    });
    let mut paths: Vec<_> = paths.collect();
    paths.dedup_by_key(|(_, path)| *path);
    match paths[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// The path in the definition just before, of a record that nobody cites: path *n*, record *n* + 1.
fn path_before(document: &Document, idx: usize) -> Option<(&Definition, &str)> {
    let definition = &document.definitions[idx];
    let before = &document.definitions[idx.checked_sub(1)?];
    let number = |definition: &Definition| definition.mark.parse::<u64>().ok();
    let follows = number(before)?.checked_add(1)? == number(definition)?;
    let is_pair = follows && before.block == definition.block && before.kind == Kind::Path;
    is_pair.then(|| own_path(before)).flatten()
}

/// Where a key stands in a record on one line; the record's beginning otherwise.
pub fn place_of_key(definition: &Definition, record: &Record, key: &str) -> Place {
    let text = definition.text.lines().next().unwrap_or_default();
    let needle = format!("{key}=");
    let starts_word = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let found = text
        .match_indices(&needle)
        .map(|(at, _)| at)
        .find(|&at| starts_word(at));
    let column = match found {
        Some(at) if record.line == definition.line => {
            let width = text.trim_end().chars().count();
            definition.end_column.saturating_sub(width) + text[..at].chars().count()
        }
        _ => record.column,
    };
    Place {
        line: record.line,
        column,
        end_column: column + key.chars().count(),
    }
}
