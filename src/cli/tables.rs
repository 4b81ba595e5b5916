//! `repro tables`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::documents::{by_name, rendered};
use super::{EXIT_FAILURE, EXIT_FINDINGS, EXIT_OK, Global};
use crate::project::{DocumentSettings, Project};
use crate::report::assemble::assemble;
use crate::report::document;
use crate::report::lock::{self, Lock};
use crate::report::render::{csv, html, json, latex, markdown, terminal};
use crate::report::spec::{TableSpec, read_all};
use crate::report::table::Table;
use crate::store::{Scan, Store, write_atomically};

/// Arguments of `repro tables`.
#[derive(Debug, Args)]
pub(super) struct Tables {
    /// Tables by name; without one, the project's document, or every table.
    #[arg(value_name = "TABLE", conflicts_with_all = ["write", "check"])]
    names: Vec<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// Update the project's documents and repro.lock.
    #[arg(long)]
    write: bool,
    /// Exit 1 if `--write` would change anything, printing the lines that differ.
    #[arg(long, conflicts_with = "write")]
    check: bool,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The layout of the documents.
    Markdown,
    /// A `tabular`, no package needed.
    Latex,
    /// A table with linked notes.
    Html,
    /// One line per cell, unrounded.
    Csv,
    /// Everything, unrounded.
    Json,
    /// Drawn lines.
    Terminal,
}

impl Tables {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let project = global.project()?;
        let store = global.store(&project)?;
        let specs = read_all(&project.root)?;
        let specs = self.chosen(&specs)?;
        let scan = store.scan();
        let (tables, failed) = assembled(&specs, &store, &scan, global.quiet);
        let code = if failed { EXIT_FAILURE } else { EXIT_OK };
        let incomplete = tables.len() < specs.len();
        if self.write || self.check {
            if incomplete || (self.write && failed) {
                bail!("no document can be rendered before the errors above are gone");
            }
            let files = rendered_files(&project, &store, &scan, &tables, global.quiet)?;
            return if self.write {
                write(&project.root, &files, global.quiet).map(|()| code)
            } else {
                check(&project.root, &files).map(|found| code.max(found))
            };
        }
        let text = match project.settings.documents.as_slice() {
            [settings] if self.prints_document(settings) && !incomplete => {
                rendered(&project, settings, &store, &scan, &tables)?.text
            }
            _ => self.print(tables)?,
        };
        super::print(&text)?;
        Ok(code)
    }

    /// The specs that were asked for, in that order; all of them where none was.
    fn chosen<'s>(&self, specs: &'s [TableSpec]) -> anyhow::Result<Vec<&'s TableSpec>> {
        if specs.is_empty() {
            bail!("no table specs\nhelp: put one at `tables/NAME.toml`");
        }
        if self.names.is_empty() {
            return Ok(specs.iter().collect());
        }
        self.names
            .iter()
            .map(|name| by_name(specs, name, |spec| &spec.name))
            .collect()
    }

    fn prints_document(&self, settings: &DocumentSettings) -> bool {
        self.names.is_empty() && self.format == Format::Markdown && settings.template.is_some()
    }

    fn print(&self, tables: Vec<Table>) -> anyhow::Result<String> {
        let tables = document::numbered(tables)?;
        let sections = |render: &dyn Fn(&Table) -> String| {
            let sections: Vec<String> = tables.iter().map(render).collect();
            sections.join("\n")
        };
        Ok(match self.format {
            Format::Markdown => sections(&|table| markdown::section(table, "")),
            Format::Latex => sections(&latex::section),
            Format::Html => sections(&html::section),
            Format::Terminal => sections(&terminal::section),
            Format::Csv => csv::tables(&tables),
            Format::Json => json::tables(&tables),
        })
    }
}

/// The tables that could be made, and whether a run or a table failed; everything odd goes to stderr.
fn assembled(specs: &[&TableSpec], store: &Store, scan: &Scan, quiet: bool) -> (Vec<Table>, bool) {
    let mut errors: BTreeSet<String> = scan.broken.iter().map(ToString::to_string).collect();
    let mut warnings = Vec::new();
    let mut tables = Vec::new();
    for spec in specs {
        match assemble(spec, store, &scan.runs) {
            Ok(assembled) => {
                errors.extend(assembled.unreadable.iter().map(ToString::to_string));
                warnings.extend(assembled.warnings);
                tables.push(assembled.table);
            }
            Err(error) => {
                errors.insert(error.to_string());
            }
        }
    }
    for warning in warnings.iter().filter(|_| !quiet) {
        eprintln!("warning: {warning}");
    }
    for error in &errors {
        eprintln!("error: {error}");
    }
    (tables, !errors.is_empty())
}

/// Every file that `--write` is about, with its path relative to the project root.
fn rendered_files(
    project: &Project,
    store: &Store,
    scan: &Scan,
    tables: &[Table],
    quiet: bool,
) -> anyhow::Result<Vec<(String, String)>> {
    let settings = &project.settings.documents;
    if settings.is_empty() {
        bail!("repro.toml names no document\nhelp: add `[[documents]]` with a `path`");
    }
    let mut documents = Vec::new();
    for settings in settings {
        let rendered = rendered(project, settings, store, scan, tables)?;
        documents.push((settings.path.to_string_lossy().into_owned(), rendered));
    }
    for table in tables {
        let mut placed = documents.iter().flat_map(|(_, rendered)| &rendered.tables);
        if !quiet && !placed.any(|other| other.name == table.name) {
            eprintln!("warning: table `{}` is placed in no document", table.name);
        }
    }
    let lock = Lock::of(&documents, store, &scan.runs)?;
    let mut files: Vec<(String, String)> = documents
        .into_iter()
        .map(|(path, rendered)| (path, rendered.text))
        .collect();
    files.push((lock::FILE_NAME.to_owned(), lock.to_text()));
    Ok(files)
}

/// Writes what changed.
fn write(root: &Path, files: &[(String, String)], quiet: bool) -> anyhow::Result<()> {
    for (path, text) in files {
        let at = root.join(path);
        if std::fs::read(&at).is_ok_and(|old| old == text.as_bytes()) {
            continue;
        }
        if let Some(folder) = at.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("`{}`: creating failed", folder.display()))?;
        }
        write_atomically(&at, text.as_bytes())?;
        if !quiet {
            eprintln!("wrote {path}");
        }
    }
    Ok(())
}

/// Prints the lines in which files differ from what they would be.
fn check(root: &Path, files: &[(String, String)]) -> anyhow::Result<u8> {
    let mut out = String::new();
    for (path, text) in files {
        let old = match std::fs::read_to_string(root.join(path)) {
            Ok(old) => old,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("`{path}`: reading failed")),
        };
        out.push_str(&differences(path, &old, text));
    }
    super::print(&out)?;
    if out.is_empty() {
        return Ok(EXIT_OK);
    }
    eprintln!("help: run `repro tables --write` and commit the result");
    Ok(EXIT_FINDINGS)
}

/// The lines between the first and the last that differ: `-` as committed, `+` as it should be.
fn differences(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old.split_inclusive('\n').collect(),
        new.split_inclusive('\n').collect(),
    );
    let same =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let start = same(&mut old.iter().zip(&new));
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = same(&mut old_rest.iter().rev().zip(new_rest.iter().rev()));
    let mut out = format!("{path}:{}: differs\n", start + 1);
    for (sign, lines) in [
        ('-', &old_rest[..old_rest.len() - end]),
        ('+', &new_rest[..new_rest.len() - end]),
    ] {
        for line in lines {
            out.push(sign);
            out.push_str(line.trim_end_matches('\n'));
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::project::Settings;
    use crate::report::fixture;

    const SPEC: &str = r#"
heading = "results"
epoch = "last"
[[columns]]
header = "A(%)"
metric = "test/a/accuracy"
scale = 100
decimals = 1
[[rows]]
label = "one"
where = { lr_rate = 0.1 }
"#;

    /// A project with one run, one table, and two documents: one by template, one in place.
    fn project(root: &Path) -> Project {
        let put = |path: &str, text: &str| {
            let at = root.join(path);
            std::fs::create_dir_all(at.parent().expect("a folder")).expect("created");
            std::fs::write(at, text).expect("written");
        };
        put("tables/t.toml", SPEC);
        put(
            "templates/R.md",
            "# R\n\n{{ table(\"t\") }}\n\n{{ references(\"t\") }}\n",
        );
        put(
            "README.md",
            "# mine\n<!-- repro:table t -->\n<!-- repro:end -->\n",
        );
        let record = fixture::record(json!({"lr_rate": 0.1, "seed": 0}));
        let store = Store::new(root.join("results"));
        fixture::write(&store, "m/one/1", record, &[("test/a/accuracy", 1, 0.8246)]);
        let document = |path: &str, template: Option<&str>| DocumentSettings {
            path: path.into(),
            template: template.map(Into::into),
            tables: Vec::new(),
        };
        Project {
            root: root.to_owned(),
            settings: Settings {
                documents: vec![
                    document("docs/R.md", Some("templates/R.md")),
                    document("README.md", None),
                ],
                ..Settings::default()
            },
        }
    }

    fn files(project: &Project) -> Vec<(String, String)> {
        let store = Store::new(project.results());
        let specs = read_all(&project.root).expect("valid specs");
        let (tables, failed) = assembled(
            &specs.iter().collect::<Vec<_>>(),
            &store,
            &store.scan(),
            true,
        );
        assert!(!failed);
        rendered_files(project, &store, &store.scan(), &tables, true).expect("rendered")
    }

    #[test]
    fn what_is_written_passes_the_check_until_a_digit_changes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (root, project) = (folder.path(), project(folder.path()));
        assert_eq!(
            check(root, &files(&project)).expect("checked"),
            EXIT_FINDINGS
        );
        write(root, &files(&project), true).expect("written");
        let written = files(&project);
        assert_eq!(check(root, &written).expect("checked"), EXIT_OK);
        let text = std::fs::read_to_string(root.join("docs/R.md")).expect("readable");
        assert_eq!(
            text,
            "# R\n\nmodel      | A(%)\n---------- | ----\none [1][2] | 82.5\n\n\
             [1] data source: \"results/m/one/1\"\n[2] hyper-parameters: Namespace(lr_rate=0.1, seed=0)\n"
        );
        let readme = std::fs::read_to_string(root.join("README.md")).expect("readable");
        assert!(readme.starts_with("# mine\n<!-- repro:table t -->\n\nmodel "));
        let lock = Lock::read(&root.join(lock::FILE_NAME))
            .expect("readable")
            .expect("there");
        assert_eq!(
            (lock.documents.len(), lock.cells.len(), lock.runs.len()),
            (2, 2, 1)
        );
        assert_eq!(lock.cells[0].value, Some((0.8246_f64 * 100.0).to_string()));
        std::fs::write(root.join("docs/R.md"), text.replace("82.5", "82.4")).expect("written");
        assert_eq!(check(root, &written).expect("checked"), EXIT_FINDINGS);
    }

    #[test]
    fn names_are_looked_up_with_a_hint() {
        let names = ["mobilenet-v2", "imdb-wiki"].map(str::to_owned);
        let error = by_name(&names, "mobilnet-v2", |name| name).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "unknown table `mobilnet-v2`\nhelp: did you mean `mobilenet-v2`?"
        );
    }

    #[test]
    fn only_the_lines_that_differ_are_shown() {
        assert_eq!(differences("R.md", "a\nb\n", "a\nb\n"), "");
        assert_eq!(
            differences("R.md", "a\nb\nc\nd\n", "a\nB\nC\nd\n"),
            "R.md:2: differs\n-b\n-c\n+B\n+C\n"
        );
        assert_eq!(differences("R.md", "", "a\n"), "R.md:1: differs\n+a\n");
        assert_eq!(
            differences("R.md", "a\na\n", "a\n"),
            "R.md:2: differs\n-a\n"
        );
        assert_eq!(differences("R.md", "a", "a\n"), "R.md:1: differs\n-a\n+a\n");
    }
}
