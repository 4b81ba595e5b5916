//! From a spec and the runs below a results root to a finished table.

use std::path::PathBuf;

use super::aggregate::GroupError;
use super::cell::{Reduced, decimals, read_metrics, reduce};
use super::footnote::{Group, note_text};
use super::members::members;
use super::select::SelectError;
use super::spec::{FixedNote, FootnoteKind, FootnoteStyle, Row, TableSpec};
use super::table::{Cell, Note, Table, TableRow};
use crate::record::RunRecord;
use crate::store::{RunId, Store, StoreError};

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
    #[error("{place}: {source}")]
    Row {
        /// Spec, line and row.
        place: String,
        /// What is wrong.
        source: GroupError,
    },
    /// The epoch rule takes no value from a run.
    #[error("{place}: run `{run}`: {source}")]
    Cell {
        /// Spec, line, row and column.
        place: String,
        /// The run.
        run: RunId,
        /// What is wrong.
        source: SelectError,
    },
    /// A note of `[[notes]]` is about a run that is not there.
    #[error("{}: note [{mark}] is about run `{run}`, which is not there", spec.display())]
    NoteWithoutRun {
        /// The spec.
        spec: PathBuf,
        /// The note's number.
        mark: u32,
        /// The run it names.
        run: String,
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
    let fixed_notes = fixed_notes(spec, runs)?;
    for row in &spec.rows {
        let members =
            members(spec, row, runs, &mut warnings).map_err(|source| AssembleError::Row {
                place: spec.place(row),
                source,
            })?;
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
            notes: notes(spec, row, members, &fixed_notes),
            cells: (reduced.into_iter().zip(&decimals).zip(&spec.columns))
                .map(|((cell, decimals), column)| {
                    let place = spec.place_of_cell(row, column);
                    cell.print(*decimals, &place, &mut warnings)
                })
                .collect(),
        })
        .collect();
    let table = Table {
        name: spec.name.clone(),
        heading: spec.heading.clone(),
        rule: spec.epoch.to_string(),
        header: std::iter::once(spec.label_header.clone())
            .chain(spec.columns.iter().map(|column| column.header.clone()))
            .collect(),
        source_notes: source_notes(&rows, &groups),
        rows,
        fixed_notes,
        numbering: spec.numbering,
        style: spec.footnote_style,
    };
    Ok(Assembled {
        table,
        warnings,
        unreadable,
    })
}

/// The notes of `[[notes]]`.
fn fixed_notes(spec: &TableSpec, runs: &[(RunId, RunRecord)]) -> Result<Vec<Note>, AssembleError> {
    let note = |fixed: &FixedNote| {
        let note = |text: String, run: &str| Note {
            mark: 0,
            pin: Some(fixed.mark),
            text,
            run: run.to_owned(),
        };
        let Some(name) = &fixed.run else {
            return Ok(note(fixed.text.clone().unwrap_or_default(), ""));
        };
        let found = runs.iter().find(|(run, _)| run.is_named(name));
        let kind = fixed.footnote.unwrap_or(FootnoteKind::DataSource);
        let text = found.and_then(|(run, record)| note_text(kind, &[(run, record)]));
        match (found, text) {
            (Some((run, _)), Some(text)) => Ok(note(text, run.as_str())),
            _ => Err(AssembleError::NoteWithoutRun {
                spec: spec.path.clone(),
                mark: fixed.mark,
                run: name.clone(),
            }),
        }
    };
    spec.notes.iter().map(note).collect()
}

/// A row's notes; the link style leads to each run's record and says nothing else.
fn notes(spec: &TableSpec, row: &Row, members: &Group<'_>, fixed: &[Note]) -> Vec<Note> {
    if members.is_empty() {
        return Vec::new();
    }
    if spec.footnote_style == FootnoteStyle::Link {
        let note = |member: &(&RunId, &RunRecord)| Note {
            mark: 0,
            pin: None,
            text: note_text(FootnoteKind::DataSource, &[*member]).unwrap_or_default(),
            run: member.0.to_string(),
        };
        return members.iter().map(note).collect();
    }
    let note = |(i, kind): (usize, &FootnoteKind)| {
        let pin = row.marks.as_ref().and_then(|marks| marks.get(i).copied());
        match note_text(*kind, members) {
            Some(text) => Some(Note {
                mark: 0,
                pin,
                text,
                run: members[0].0.to_string(),
            }),
            None => fixed.iter().find(|note| note.pin == pin).cloned(),
        }
    };
    let footnotes = spec.footnotes_of(row);
    footnotes.iter().enumerate().filter_map(note).collect()
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

#[cfg(test)]
mod tests;
