//! Documents: tables placed by a template, in place between markers, or one after another.
//!
//! Rendering is strict: an unknown name is an error. Reading and writing files is the caller's.

mod places;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use self::places::{Places, Undefined, pinned_in_document};
use super::footnote::{Numbering, PinnedTwice};
use super::render::markdown;
use super::rounding::fixed;
use super::select::select;
use super::spec::EpochRule;
use super::table::Table;
use crate::record::RunRecord;
use crate::store::{RunId, Store};

/// Start of the marker line above a table: `<!-- repro:table NAME -->`.
const TABLE_MARKER: &str = "<!-- repro:table ";
/// The marker line below it.
const END_MARKER: &str = "<!-- repro:end -->";

/// A rendered document.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Its text.
    pub text: String,
    /// The tables in it, their notes numbered, in the order of their places.
    pub tables: Vec<Table>,
}

/// Why a document cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The template is wrong, or names what is not there.
    #[error("{}:{line}: {message}", path.display())]
    Template {
        /// The template.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A marker is wrong, or names what is not there.
    #[error("{}:{line}: {message}", path.display())]
    Marker {
        /// The document.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A document without template holds no markers: whose text it is cannot be told.
    #[error("{}: holds no table markers\nhelp: put `<!-- repro:table NAME -->` and `{END_MARKER}` where a table goes", path.display())]
    NoMarkers {
        /// The document.
        path: PathBuf,
    },
    /// Marks would be left without definitions.
    #[error("{}: table `{table}` is placed without its references\nhelp: add `{{{{ references(\"{table}\") }}}}` below it", path.display())]
    NoReferences {
        /// The template.
        path: PathBuf,
        /// The table.
        table: String,
    },
    /// One mark would be left without definition.
    #[error("{}: note {mark} of table `{table}` is placed nowhere\nhelp: add `{{{{ note(\"{table}\", {mark}) }}}}`", path.display())]
    NoteNowhere {
        /// The template.
        path: PathBuf,
        /// The table.
        table: String,
        /// The number.
        mark: u32,
    },
    /// Two notes are pinned to one number.
    #[error("{}: {source}", path.display())]
    PinnedTwice {
        /// The document.
        path: PathBuf,
        /// The notes.
        source: PinnedTwice,
    },
}

/// What `value(run=…, metric=…)` gives: the run's value, unrounded, or a message.
pub type Values = Arc<dyn Fn(&str, &str) -> Result<f64, String> + Send + Sync>;

/// The values of runs below a results root: at the run's selected epoch, else at its last.
pub fn values_of(store: &Store, runs: &[(RunId, RunRecord)]) -> Values {
    let (store, runs) = (store.clone(), runs.to_vec());
    Arc::new(move |name, metric| {
        let cited = RunId::from_cited(name);
        let found = runs
            .iter()
            .find(|(run, _)| run.as_str() == name || cited.as_ref() == Some(run));
        let (run, record) = found.ok_or_else(|| format!("unknown run `{name}`"))?;
        let epoch = record
            .selection
            .as_ref()
            .and_then(|selection| selection.epoch);
        let rule = match epoch.map(i32::try_from) {
            Some(Ok(epoch)) => EpochRule::At { epoch },
            _ => EpochRule::Last,
        };
        let metrics = store.metrics(run).map_err(|error| error.to_string())?;
        match select(&metrics, metric, &rule).map_err(|error| error.to_string())? {
            Some(selected) => Ok(selected.value),
            None => Err(format!("run `{run}` did not measure `{metric}`")),
        }
    })
}

/// The way from a document's folder to the project root: empty, or `../` per folder.
pub fn to_root(document: &Path) -> String {
    let folders = document.components().count().saturating_sub(1);
    "../".repeat(folders)
}

/// Renders `template`; it calls `table(name)`, `references(name)` (or `note(name, number)` for each of its
/// notes) and `value(run=…, metric=…, scale=1, decimals=…)`.
///
/// # Errors
/// The template is wrong, names an unknown table, run or metric, or places a table without its references.
pub fn render_template(
    path: &Path,
    template: &str,
    tables: &[Table],
    values: Values,
    to_root: &str,
) -> Result<Rendered, DocumentError> {
    let places = Arc::new(Mutex::new(Places::new(tables)));
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
    environment.set_syntax(syntax.expect("the default delimiters"));
    let (shared, to_root) = (Arc::clone(&places), to_root.to_owned());
    environment.add_function("table", move |name: String| {
        let mut places = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let text = places
            .table(&name)
            .map(|table| markdown::table(table, &to_root));
        text.map(|text| text.trim_end().to_owned()).map_err(invalid)
    });
    let shared = Arc::clone(&places);
    environment.add_function("references", move |name: String| {
        let mut places = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let text = places.references(&name);
        text.map(|text| text.trim_end().to_owned()).map_err(invalid)
    });
    let shared = Arc::clone(&places);
    environment.add_function("note", move |name: String, mark: u32| {
        let mut places = shared.lock().unwrap_or_else(PoisonError::into_inner);
        places.note(&name, mark).map_err(invalid)
    });
    environment.add_function("value", move |arguments: Kwargs| value(&values, &arguments));
    let text = environment
        .render_named_str(&path.to_string_lossy(), template, ())
        .map_err(|error| DocumentError::Template {
            path: path.to_owned(),
            line: error.line().unwrap_or(1),
            message: error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned),
        })?;
    drop(environment);
    let places = places.lock().unwrap_or_else(PoisonError::into_inner);
    let path = path.to_owned();
    match places.undefined() {
        Some(Undefined::Table(table)) => Err(DocumentError::NoReferences { path, table }),
        Some(Undefined::Mark(table, mark)) => Err(DocumentError::NoteNowhere { path, table, mark }),
        None => Ok(Rendered {
            text,
            tables: places.placed(),
        }),
    }
}

/// Replaces what stands between the markers of `text` by the tables they name.
///
/// # Errors
/// No marker, one without end, or an unknown table.
pub fn update_in_place(
    path: &Path,
    text: &str,
    tables: &[Table],
    to_root: &str,
) -> Result<Rendered, DocumentError> {
    let wrong = |line: usize, message: String| DocumentError::Marker {
        path: path.to_owned(),
        line: line + 1,
        message,
    };
    let mut places = Places::new(tables);
    let mut out = String::new();
    let mut open: Option<usize> = None;
    for (i, line) in text.split_inclusive('\n').enumerate() {
        match (open, marker(line)) {
            (None, Some(Marker::Table(name))) => {
                let block = places
                    .block(name, to_root)
                    .map_err(|message| wrong(i, message))?;
                out.push_str(line);
                out.push_str(&block);
                open = Some(i);
            }
            (None, Some(Marker::End)) => {
                return Err(wrong(
                    i,
                    format!("`{END_MARKER}` without a table marker above"),
                ));
            }
            (Some(_), Some(Marker::End)) => {
                out.push_str(line);
                open = None;
            }
            (Some(start), Some(Marker::Table(_))) => {
                return Err(wrong(
                    start,
                    format!("this table marker has no `{END_MARKER}`"),
                ));
            }
            (None, None) => out.push_str(line),
            (Some(_), None) => {}
        }
    }
    match open {
        Some(start) => Err(wrong(
            start,
            format!("this table marker has no `{END_MARKER}`"),
        )),
        None if places.placed().is_empty() => Err(DocumentError::NoMarkers {
            path: path.to_owned(),
        }),
        None => Ok(Rendered {
            text: out,
            tables: places.placed(),
        }),
    }
}

/// The tables one after another under their headings, between markers, so that the text can be updated in place.
///
/// # Errors
/// Two notes are pinned to one number.
pub fn in_sequence(
    path: &Path,
    tables: &[Table],
    to_root: &str,
) -> Result<Rendered, DocumentError> {
    let mut places = Places::new(tables);
    let mut sections = Vec::new();
    for table in tables {
        // Only a pinned number can be wrong here: every name is known.
        let block =
            places
                .block(&table.name, to_root)
                .map_err(|message| DocumentError::Marker {
                    path: path.to_owned(),
                    line: 1,
                    message,
                })?;
        let (heading, name) = (&table.heading, &table.name);
        sections.push(format!(
            "## {heading}\n\n{TABLE_MARKER}{name} -->\n{block}{END_MARKER}\n"
        ));
    }
    Ok(Rendered {
        text: sections.join("\n"),
        tables: places.placed(),
    })
}

/// The tables with their notes numbered as one document would, in the order given.
///
/// # Errors
/// Two notes are pinned to one number.
pub fn numbered(mut tables: Vec<Table>) -> Result<Vec<Table>, PinnedTwice> {
    let mut numbering = Numbering::new(pinned_in_document(&tables));
    for table in &mut tables {
        table.number_notes(&mut numbering)?;
    }
    Ok(tables)
}

enum Marker<'l> {
    Table(&'l str),
    End,
}

fn marker(line: &str) -> Option<Marker<'_>> {
    let line = line.trim();
    if line == END_MARKER {
        return Some(Marker::End);
    }
    let name = line.strip_prefix(TABLE_MARKER)?.strip_suffix("-->")?;
    Some(Marker::Table(name.trim()))
}

fn value(values: &Values, arguments: &Kwargs) -> Result<String, Error> {
    let (run, metric): (&str, &str) = (arguments.get("run")?, arguments.get("metric")?);
    let scale: Option<f64> = arguments.get("scale")?;
    let decimals: Option<usize> = arguments.get("decimals")?;
    arguments.assert_all_used()?;
    let value = values(run, metric).map_err(invalid)? * scale.unwrap_or(1.0);
    Ok(match decimals {
        Some(decimals) => fixed(value, decimals),
        None => value.to_string(),
    })
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

#[cfg(test)]
mod tests;
