//! `repro import`: documents that people wrote become records, table specs and a template.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::{EXIT_FINDINGS, EXIT_OK, Global, documents};
use crate::import::{Imported, import};
use crate::project::{FILE_NAME, Project};
use crate::store::{RECORD, Store, record_bytes, write_atomically};

/// Arguments of `repro import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Markdown documents with tables.
    #[arg(required = true, value_name = "DOC")]
    documents: Vec<PathBuf>,
    /// Replace files that are there with another content.
    #[arg(long)]
    force: bool,
    /// Name the files that would be written, and write none.
    #[arg(long)]
    dry_run: bool,
}

/// Files to write: as messages name them, where they go, and their content.
type Files = BTreeMap<String, (PathBuf, Vec<u8>)>;

impl Import {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let project = global.project()?;
        let store = global.store_to_fill(&project)?;
        let mut files = Files::new();
        let mut entries = String::new();
        let mut lost_numbers = 0;
        for document in &self.documents {
            let shown = document.display().to_string();
            let text = documents::read(document, &shown)?;
            let path = path_in_project(&project, document)?;
            let imported = import(&path, &text)?;
            lost_numbers += say(&shown, &imported, global.quiet);
            entries.push_str(&entry(&project, &path, &imported.template));
            collect(&project, &store, imported, &mut files)?;
        }
        let settings = project.root.join(FILE_NAME);
        if !settings.exists() {
            let content = entries.trim_start().as_bytes().to_vec();
            files.insert(FILE_NAME.to_owned(), (settings, content));
        } else if !entries.is_empty() && !global.quiet {
            eprintln!("help: add to {FILE_NAME}, so that `repro tables` renders it:\n{entries}");
        }
        self.write(files)?;
        if lost_numbers > 0 {
            eprintln!("error: {lost_numbers} numbers are in no record, see above");
            return Ok(EXIT_FINDINGS);
        }
        Ok(EXIT_OK)
    }

    /// Writes what is new and names it on stdout; nothing at all where a file would be replaced unasked.
    fn write(&self, mut files: Files) -> anyhow::Result<()> {
        files.retain(|_, (at, content)| std::fs::read(at).ok().as_ref() != Some(content));
        let taken: Vec<&String> = files
            .iter()
            .filter(|(_, (at, _))| at.exists())
            .map(|(name, _)| name)
            .collect();
        if !taken.is_empty() && !self.force {
            let taken: Vec<String> = taken.iter().map(|name| format!("\n  {name}")).collect();
            bail!(
                "these files are there with another content, nothing was written:{}\n\
                 help: `--force` replaces them",
                taken.concat()
            );
        }
        for (name, (at, content)) in &files {
            if !self.dry_run {
                let folder = at.parent().unwrap_or(Path::new("."));
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("`{}`: creating failed", folder.display()))?;
                write_atomically(at, content)?;
            }
            super::print(&format!("{name}\n"))?;
        }
        Ok(())
    }
}

/// The document's path relative to the project root; that of one from elsewhere is its name.
fn path_in_project(project: &Project, document: &Path) -> anyhow::Result<String> {
    let absolute = |path: &Path| {
        std::fs::canonicalize(path).with_context(|| format!("`{}`: not found", path.display()))
    };
    let (at, root) = (absolute(document)?, absolute(&project.root)?);
    let name = at.file_name().map(Path::new).unwrap_or(&at);
    let path = at.strip_prefix(&root).unwrap_or(name);
    Ok(path.to_string_lossy().into_owned())
}

/// Prints what is not taken over as it stands; returns how many numbers are in no record.
fn say(shown: &str, imported: &Imported, quiet: bool) -> usize {
    let mut lost_numbers = 0;
    for remark in &imported.remarks {
        lost_numbers += remark.lost_numbers;
        if !quiet || remark.lost_numbers > 0 {
            let (line, column, message) = (remark.line, remark.column, &remark.message);
            eprintln!("{shown}:{line}:{column}: {message}");
        }
    }
    lost_numbers
}

/// What repro.toml lacks of the document.
fn entry(project: &Project, path: &str, template: &str) -> String {
    let is_it = |settings: &crate::project::DocumentSettings| {
        settings.path == Path::new(path)
            && settings.template.as_deref() == Some(Path::new(template))
    };
    if project.settings.documents.iter().any(is_it) {
        return String::new();
    }
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let (path, template) = (quoted(path), quoted(template));
    format!("\n[[documents]]\npath = {path}\ntemplate = {template}\n")
}

/// Adds the files of a document.
fn collect(
    project: &Project,
    store: &Store,
    imported: Imported,
    files: &mut Files,
) -> anyhow::Result<()> {
    let runs = imported.runs.iter().map(|(run, record)| {
        let name = format!("{}/{RECORD}", run.cited());
        (name, store.file(run, RECORD), record_bytes(record))
    });
    let others = imported.files.into_iter().map(|(name, text)| {
        let at = project.root.join(&name);
        (name, at, text.into_bytes())
    });
    for (name, at, content) in runs.chain(others) {
        let before = files.insert(name.clone(), (at, content));
        if before.is_some_and(|before| before.1 != files[&name].1) {
            bail!(
                "two documents would be imported to `{name}`\n\
                 help: give the documents names that differ, or import them into projects of their own"
            );
        }
    }
    Ok(())
}
