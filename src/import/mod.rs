//! Documents that people wrote, turned into records, table specs and a template.
//!
//! Owns the way from a parsed document to runs of kind `reported` and to specs that render it again; what
//! cannot be rendered as it stood is a [`Remark`] with its place. Reads no file and writes none: the text comes
//! from `cli`, which also writes what comes out. The document parser knows nothing of this, and neither do the
//! modules that render.

mod columns;
mod compare;
mod definition;
mod header;
mod join;
mod name;
mod plan;
mod run;
mod spec;
mod template;
mod unmarked;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::plan::Plan;
use crate::document::Document;
use crate::record::RunRecord;
use crate::report::assemble::{AssembleError, assemble};
use crate::report::document::{DocumentError, render_template, to_root};
use crate::report::spec::{FOLDER, NumberingScope, TableSpec};
use crate::report::table::{Note, Table};
use crate::source::{Source, SourceError};
use crate::store::{RunId, Store};

/// The folder of imported templates below the project root.
const TEMPLATES: &str = "templates";

/// What a document was turned into.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The runs behind its rows, in the order of the text.
    pub runs: Vec<(RunId, RunRecord)>,
    /// Table specs and template: the path below the project root, and the text.
    pub files: Vec<(String, String)>,
    /// The template's path below the project root.
    pub template: String,
    /// What `repro tables` makes of all this.
    pub rendered: String,
    /// What is not rendered as it stood, in the order of the text.
    pub remarks: Vec<Remark>,
}

/// Something of a document that could not be taken over as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Its line, 1-based.
    pub line: usize,
    /// Its column, 1-based, in Unicode scalar values.
    pub column: usize,
    /// What it is, and what is printed instead.
    pub message: String,
    /// Numbers that no record holds because of it.
    pub lost_numbers: usize,
}

impl Remark {
    fn new(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            column,
            message: message.into(),
            lost_numbers: 0,
        }
    }
}

/// Why a document cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is nothing to import.
    #[error(
        "`{path}` holds no table with a header and rows\nhelp: `repro inspect {path}` shows what is understood of it"
    )]
    NoTable {
        /// The document.
        path: String,
    },
    /// The spec made of a table is refused.
    #[error(transparent)]
    Spec(#[from] SourceError),
    /// The table does not come out of its spec.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The document does not come out of its template.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// Turns the document at `path`, relative to the project root, into records, table specs and a template.
///
/// # Errors
/// It holds no table that can be imported. What it cannot keep of one that can is no error but a remark.
pub fn import(path: &str, text: &str) -> Result<Imported, ImportError> {
    let (document, mut remarks) = join::joined(Document::parse(text));
    let stem = Path::new(path).file_stem().unwrap_or_default();
    let stem = name::path_part(&stem.to_string_lossy(), "document");
    let mut plan = plan::plan(&document, &stem, path);
    if plan.specs.is_empty() {
        return Err(ImportError::NoTable { path: path.into() });
    }
    settle_notes(&mut plan)?;
    let template = template::template(text, &plan.replaced);
    let at = format!("{TEMPLATES}/{stem}.md");
    let mut files: Vec<(String, String)> = (plan.specs.iter())
        .map(|spec| (format!("{FOLDER}/{}.toml", spec.name), spec::text(spec)))
        .collect();
    let specs: Vec<TableSpec> = files.iter().map(read_back).collect::<Result<_, _>>()?;
    let tables = assembled(&specs, &plan.runs)?;
    let rendered = rendered(path, &at, &template, &tables)?;
    files.push((at.clone(), template));
    remarks.extend(plan.remarks);
    remarks.extend(compare::differences(text, &document, &rendered));
    remarks.sort();
    Ok(Imported {
        runs: plan.runs,
        files,
        template: at,
        rendered,
        remarks,
    })
}

/// The spec that a file says: what is written is what was tried.
fn read_back((path, text): &(String, String)) -> Result<TableSpec, SourceError> {
    TableSpec::from_source(&Source {
        path: PathBuf::from(path),
        text: text.clone(),
    })
}

/// The tables; reported runs have no files beside their record, so that none is read.
fn assembled(
    specs: &[TableSpec],
    runs: &[(RunId, RunRecord)],
) -> Result<Vec<Table>, AssembleError> {
    let store = Store::new(PathBuf::new());
    let by_name: BTreeMap<String, &(RunId, RunRecord)> =
        runs.iter().map(|found| (found.0.cited(), found)).collect();
    let assembled = |spec: &TableSpec| {
        // Every row names its run: with the others, a table would take the square of its size.
        let of_rows = spec
            .rows
            .iter()
            .filter_map(|row| row.filter.get("run")?.as_str());
        let of_notes = spec.notes.iter().filter_map(|note| note.run.as_deref());
        let names: BTreeSet<&str> = of_rows.chain(of_notes).collect();
        let named = names.into_iter().filter_map(|name| by_name.get(name));
        let runs: Vec<_> = named.map(|found| (*found).clone()).collect();
        assemble(spec, &store, &runs).map(|assembled| assembled.table)
    };
    specs.iter().map(assembled).collect()
}

/// The document at `path`, made from the template at `at`.
fn rendered(
    path: &str,
    at: &str,
    template: &str,
    tables: &[Table],
) -> Result<String, DocumentError> {
    let values = Arc::new(|_: &str, _: &str| Err("no value was imported".to_owned()));
    let to_root = to_root(Path::new(path));
    let rendered = render_template(Path::new(at), template, tables, values, &to_root)?;
    Ok(rendered.text)
}

/// Gives one number one meaning. A definition that is read in two ways keeps its own text; tables that define
/// a number otherwise are numbered apart.
fn settle_notes(plan: &mut Plan) -> Result<(), AssembleError> {
    let tables = assembled(&plan.specs, &plan.runs)?;
    for (spec, table) in plan.specs.iter_mut().zip(&tables) {
        for mark in ambiguous(table.notes()) {
            plan::fix_note(spec, mark, &plan.texts);
        }
    }
    let tables = assembled(&plan.specs, &plan.runs)?;
    for mark in ambiguous(tables.iter().flat_map(Table::notes)) {
        let texts = &plan.texts;
        let text = |spec: &TableSpec| texts.get(&(spec.name.clone(), mark)).cloned();
        let found: Vec<String> = plan.specs.iter().filter_map(text).collect();
        for spec in &mut plan.specs {
            let Some(own) = text(spec) else { continue };
            if found.iter().filter(|other| **other == own).count() > 1 {
                plan::fix_note(spec, mark, texts);
            }
            if found.iter().any(|other| *other != own) {
                spec.numbering = NumberingScope::Table;
            }
        }
    }
    Ok(())
}

/// The pinned numbers that stand for more than one text.
fn ambiguous<'n>(notes: impl Iterator<Item = &'n Note>) -> BTreeSet<u32> {
    let mut texts = BTreeMap::new();
    notes
        .filter_map(|note| {
            let mark = note.pin?;
            let first = texts.entry(mark).or_insert(&note.text);
            (**first != note.text).then_some(mark)
        })
        .collect()
}

#[cfg(test)]
mod tests;
