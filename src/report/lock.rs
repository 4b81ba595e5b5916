//! `repro.lock`: the values and content hashes that committed documents were made from.
//!
//! Written by `tables --write`; read by the audit, which without it cannot tell whether a record was altered.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::document::Rendered;
use super::table::{Cell, Table, TableRow};
use crate::record::{Kind, RunRecord};
use crate::store::{RECORD, RunId, Store, StoreError, artifact_of};

/// The file at the project root.
pub const FILE_NAME: &str = "repro.lock";
/// The format this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// The contents of `repro.lock`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// Always [`FORMAT`] in what this build writes.
    pub format: u32,
    /// blake3 of each document, by path relative to the project root.
    pub documents: BTreeMap<String, String>,
    /// The runs behind the documents, by path below the results root.
    pub runs: BTreeMap<String, LockedRun>,
    /// Every cell that is not empty, in the order of documents, tables, rows and columns.
    pub cells: Vec<LockedCell>,
}

/// What a run's files held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedRun {
    /// blake3 of `run.json`.
    pub record: String,
    /// blake3 of each artifact that is meant to stay, by path relative to the run.
    pub artifacts: BTreeMap<String, String>,
    /// Of a run that was read from a document: what documents cite in its stead, empty where they cite nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cited: Option<String>,
}

/// A printed cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockedCell {
    /// The document's path.
    pub document: String,
    /// The table's name.
    pub table: String,
    /// The row's label.
    pub row: String,
    /// The column's header.
    pub header: String,
    /// As printed.
    pub text: String,
    /// The scaled, unrounded value as the shortest decimal that reads back; `null` for text.
    pub value: Option<String>,
    /// The runs behind it, in seed order.
    pub runs: Vec<String>,
    /// The epoch rule.
    pub rule: String,
}

/// A lock file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file system refused.
    #[error("`{path}`: reading failed: {source}")]
    Io {
        /// The file.
        path: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Not JSON, or not a lock.
    #[error("`{path}`:{}:{}: no lock: {source}\nhelp: run `repro tables --write`", source.line(), source.column())]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A newer version wrote it.
    #[error(
        "`{path}` has format {found}, this build reads up to {FORMAT}\nhelp: use the repro version that wrote it, or newer"
    )]
    FormatTooNew {
        /// The file.
        path: String,
        /// Its format.
        found: u32,
    },
}

impl Lock {
    /// The lock of rendered documents, each with its path relative to the project root.
    ///
    /// # Errors
    /// A record or artifact cannot be read. An artifact that is meant to stay and does not exist is left out.
    pub fn of(
        documents: &[(String, Rendered)],
        store: &Store,
        runs: &[(RunId, RunRecord)],
    ) -> Result<Self, StoreError> {
        let cells: Vec<LockedCell> = documents
            .iter()
            .flat_map(|(path, rendered)| cells(path, rendered))
            .collect();
        let tables = || documents.iter().flat_map(|(_, rendered)| &rendered.tables);
        let mut locked = BTreeMap::new();
        for (run, record) in runs {
            if tables().any(|table| uses(table, run)) {
                let cited = (record.kind == Kind::Reported).then(|| cited(tables(), run, record));
                let files = lock_run(store, run, record)?;
                locked.insert(run.to_string(), LockedRun { cited, ..files });
            }
        }
        let hash = |(path, rendered): &(String, Rendered)| {
            let hash = blake3::hash(rendered.text.as_bytes()).to_hex().to_string();
            (path.clone(), hash)
        };
        Ok(Self {
            format: FORMAT,
            documents: documents.iter().map(hash).collect(),
            runs: locked,
            cells,
        })
    }

    /// Reads a lock; `None` where there is no file.
    ///
    /// # Errors
    /// The file is unreadable, no lock, or of a newer format.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        let name = || path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(LockError::Io {
                    path: name(),
                    source,
                });
            }
        };
        let invalid = |source| LockError::Invalid {
            path: name(),
            source,
        };
        let format: Format = serde_json::from_str(&text).map_err(invalid)?;
        if format.format > FORMAT {
            return Err(LockError::FormatTooNew {
                path: name(),
                found: format.format,
            });
        }
        serde_json::from_str(&text).map(Some).map_err(invalid)
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a lock is serialisable");
        text.push('\n');
        text
    }
}

/// The one key that is read before the rest is trusted.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn cells(path: &str, rendered: &Rendered) -> Vec<LockedCell> {
    let mut cells = Vec::new();
    for table in &rendered.tables {
        for row in &table.rows {
            for (header, cell) in table.header[1..].iter().zip(&row.cells) {
                let value = match cell {
                    Cell::Empty => continue,
                    Cell::Text(_) => None,
                    Cell::Number(number) => Some(number.value.to_string()),
                };
                cells.push(LockedCell {
                    document: path.to_owned(),
                    table: table.name.clone(),
                    row: row.label.clone(),
                    header: header.clone(),
                    text: cell.text().to_owned(),
                    value,
                    runs: row.runs.clone(),
                    rule: table.rule.clone(),
                });
            }
        }
    }
    cells
}

/// Whether a table prints a run, or says something of it in a note.
fn uses(table: &Table, run: &RunId) -> bool {
    let noted = table.fixed_notes.iter().map(|note| &note.run);
    let mut used = table.rows.iter().flat_map(|row| &row.runs).chain(noted);
    used.any(|name| name == run.as_str())
}

/// The path by which every row with a reported run cites it.
fn cited<'t>(tables: impl Iterator<Item = &'t Table>, run: &RunId, record: &RunRecord) -> String {
    let path = record.cited.clone().unwrap_or_else(|| run.cited());
    let has_run = |row: &&TableRow| row.runs.iter().any(|name| name == run.as_str());
    let cites = |row: &TableRow| row.notes.iter().any(|note| note.text.contains(&path));
    let mut rows = tables.flat_map(|table| &table.rows).filter(has_run);
    if rows.all(cites) { path } else { String::new() }
}

fn lock_run(store: &Store, run: &RunId, record: &RunRecord) -> Result<LockedRun, StoreError> {
    let hash = |name: &str| artifact_of(&store.file(run, name), true).map(|file| file.blake3);
    let mut artifacts = BTreeMap::new();
    for (name, artifact) in &record.artifacts {
        if artifact.kept && store.file(run, name).exists() {
            artifacts.insert(name.clone(), hash(name)?);
        }
    }
    Ok(LockedRun {
        record: hash(RECORD)?,
        artifacts,
        cited: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::render::example;
    use serde_json::json;

    #[test]
    fn a_lock_round_trips_and_names_runs_and_cells() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path().join("results"));
        fixture::write(
            &store,
            "m/b/1",
            fixture::record(json!({"seed": 0})),
            &[("a", 1, 0.5)],
        );
        let rendered = Rendered {
            text: "text".into(),
            tables: vec![example()],
        };
        let documents = [("RESULTS.md".to_owned(), rendered)];
        let lock = Lock::of(&documents, &store, &store.scan().runs).expect("a lock");
        assert_eq!(lock.cells.len(), 3);
        assert_eq!(lock.cells[0].value.as_deref(), Some("82.46"));
        let bytes = std::fs::read(folder.path().join("results/m/b/1/run.json")).expect("readable");
        assert_eq!(
            lock.runs["m/b/1"].record,
            blake3::hash(&bytes).to_hex().to_string()
        );
        let path = folder.path().join(FILE_NAME);
        assert_eq!(Lock::read(&path).expect("no error"), None);
        std::fs::write(&path, lock.to_text()).expect("written");
        assert_eq!(Lock::read(&path).expect("readable"), Some(lock));
        std::fs::write(&path, "{\"format\": 2}").expect("written");
        assert!(matches!(
            Lock::read(&path),
            Err(LockError::FormatTooNew { found: 2, .. })
        ));
    }
}
