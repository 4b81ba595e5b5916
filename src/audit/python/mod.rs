//! Facts of training code: what a Python program does with its arguments, its data and its random numbers.
//!
//! Owns parsing and what can be said without running anything; knows nothing of documents, runs or rules. Texts come
//! from a folder or from the repository's history, facts go to the rules as plain values with positions.

mod aggregation;
mod arguments;
mod dispatch;
mod evaluation;
mod flow;
mod nesting;
mod parameters;
mod parse;
mod phases;
mod program;
mod randomness;
mod selection;
mod splits;
mod syntax;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

pub use aggregation::BatchMean;
pub use arguments::{Arguments, Declared};
pub use dispatch::{Constant, Dispatch};
pub use evaluation::{Chance, Stochastic};
pub use parameters::InertParameter;
pub use parse::SyntaxError;
pub use randomness::{Generator, Randomness};
pub use selection::{Decision, DecisionKind, Selection};
pub use syntax::At;

use arguments::Namespace;
use program::{File, Program, Unit};
use syntax::StatementKind;

/// A place in a file of the training code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodePlace {
    /// The file, as it was given.
    pub path: String,
    /// Where in it.
    pub at: At,
}

impl fmt::Display for CodePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}:{}",
            self.path, self.at.line, self.at.column
        )
    }
}

fn place(unit: &Unit<'_>, at: At) -> CodePlace {
    CodePlace {
        path: unit.path.to_owned(),
        at,
    }
}

/// A file, and where it is not Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// As it was given.
    pub path: String,
    /// Errors of syntax; the rest of the file was read all the same.
    pub errors: Vec<SyntaxError>,
}

/// What is known of one entry script and all that it imports.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The script.
    pub path: String,
    /// Its command line.
    pub arguments: Arguments,
    /// Values that its calls give and nothing reads.
    pub inert: Vec<InertParameter>,
    /// Per key, the values that code tells apart.
    pub dispatch: BTreeMap<String, Dispatch>,
    /// Functions and classes that can run.
    pub definitions: BTreeSet<String>,
    /// Numbers of classes and initial weights that are fixed in code.
    pub constants: Vec<Constant>,
    /// What decides and what is evaluated.
    pub selection: Selection,
    /// Plain means over batches.
    pub batch_means: Vec<BatchMean>,
    /// What makes evaluations depend on chance.
    pub stochastic: Vec<Stochastic>,
    /// Generators, seeds and order.
    pub randomness: Randomness,
}

/// Training code: its files and its entry scripts, both sorted by path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrainingCode {
    /// Every file.
    pub files: Vec<Module>,
    /// Scripts that are started from the command line.
    pub entries: Vec<Entry>,
}

impl TrainingCode {
    /// Gathers the facts of files, given as path and text.
    pub fn parse<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut modules = Vec::new();
        let mut parsed = Vec::new();
        for (path, text) in files {
            let (statements, errors) = parse::parse(text);
            let path = path.to_owned();
            modules.push(Module {
                path: path.clone(),
                errors,
            });
            parsed.push(File { path, statements });
        }
        modules.sort_by(|a, b| a.path.cmp(&b.path));
        parsed.sort_by(|a, b| a.path.cmp(&b.path));
        let entries = (0..parsed.len()).filter(|index| is_script(&parsed[*index]));
        let entries = entries.filter_map(|index| entry(&parsed, index)).collect();
        Self {
            files: modules,
            entries,
        }
    }

    /// Reads a file, or every `.py` below a folder, with paths as they follow `root`.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn read(root: &Path, code: &Path) -> std::io::Result<Self> {
        let mut files = Vec::new();
        for found in walkdir::WalkDir::new(root.join(code)).sort_by_file_name() {
            let found = found?;
            let is_python = found.path().extension().is_some_and(|end| end == "py");
            if found.file_type().is_file() && is_python {
                let below = found.path().strip_prefix(root).unwrap_or(found.path());
                let text = std::fs::read(found.path())?;
                files.push((
                    below.to_string_lossy().replace('\\', "/"),
                    String::from_utf8_lossy(&text).into_owned(),
                ));
            }
        }
        Ok(Self::parse(
            files.iter().map(|(path, text)| (&**path, &**text)),
        ))
    }

    /// The entry script whose arguments are most like the keys of a record.
    pub fn entry_for(&self, keys: &BTreeSet<&str>) -> Option<&Entry> {
        let likeness = |entry: &&Entry| {
            let own = entry.arguments.keys();
            let (common, all) = (own.intersection(keys).count(), own.union(keys).count());
            // The first of several that are equally alike.
            (common * 1000).checked_div(all).unwrap_or(0)
        };
        let mut best: Option<&Entry> = None;
        for entry in &self.entries {
            if best.is_none_or(|best| likeness(&entry) > likeness(&best)) {
                best = Some(entry);
            }
        }
        best
    }
}

/// Whether a file does something when it is started.
fn is_script(file: &File) -> bool {
    let parses = |statement: &syntax::Statement| {
        let found = syntax::expressions(std::slice::from_ref(statement));
        found.iter().any(|expression| {
            let called = expression
                .as_call()
                .and_then(|(function, _)| function.last_name());
            matches!(called, Some("parse_args" | "parse_known_args"))
        })
    };
    file.statements.iter().any(|statement| {
        let defines = matches!(
            statement.kind,
            StatementKind::Function(_) | StatementKind::Class(_)
        );
        program::is_main_test(statement) || (!defines && parses(statement))
    })
}

/// The facts of a script, if it has a command line.
fn entry(files: &[File], index: usize) -> Option<Entry> {
    let program = Program::reached_from(files, index);
    if !program
        .units
        .iter()
        .any(|unit| unit.calls_any(&["ArgumentParser"]))
    {
        return None;
    }
    let namespace = Namespace::of(&program);
    Some(Entry {
        path: files[index].path.clone(),
        arguments: arguments::gather(&program, &namespace),
        inert: parameters::gather(&program),
        dispatch: dispatch::gather(&program, &namespace),
        definitions: dispatch::definitions(&program),
        constants: dispatch::constants(&program),
        selection: selection::gather(&program),
        batch_means: aggregation::gather(&program),
        stochastic: evaluation::gather(&program),
        randomness: randomness::gather(&program),
    })
}

#[cfg(test)]
pub(super) mod tests;
