//! The documents of a project as `repro tables` writes them and `repro verify` compares them.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::project::{DocumentSettings, Project};
use crate::report::document::{self, Rendered};
use crate::report::table::Table;
use crate::source::{backticked, nearest};
use crate::store::{Scan, Store};

/// The item of that name.
pub(super) fn by_name<'t, T>(
    items: &'t [T],
    name: &str,
    name_of: impl Fn(&T) -> &str,
) -> anyhow::Result<&'t T> {
    if let Some(item) = items.iter().find(|item| name_of(item) == name) {
        return Ok(item);
    }
    let names: Vec<&str> = items.iter().map(&name_of).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => bail!("unknown table `{name}`\nhelp: did you mean `{near}`?"),
        None => bail!(
            "unknown table `{name}`\nhelp: expected one of {}",
            backticked(&names)
        ),
    }
}

/// The text of a document that messages call `name`.
pub(super) fn read(path: &Path, name: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        anyhow!("cannot read document `{name}`: {error}\nhelp: name a markdown file in UTF-8")
    })
}

/// One document: from its template, or in place, or (where there is no file yet) its tables in sequence.
pub(super) fn rendered(
    project: &Project,
    settings: &DocumentSettings,
    store: &Store,
    scan: &Scan,
    tables: &[Table],
) -> anyhow::Result<Rendered> {
    let mut named = Vec::new();
    for name in &settings.tables {
        named.push(by_name(tables, name, |table| &table.name)?.clone());
    }
    let tables = if named.is_empty() { tables } else { &named };
    let to_root = document::to_root(&settings.path);
    let read = |path: &Path| {
        let at = project.root.join(path);
        std::fs::read_to_string(&at).with_context(|| format!("`{}`: reading failed", at.display()))
    };
    Ok(match &settings.template {
        Some(template) => {
            let values = document::values_of(store, &scan.runs);
            document::render_template(template, &read(template)?, tables, values, &to_root)?
        }
        None if project.root.join(&settings.path).exists() => {
            let text = read(&settings.path)?;
            document::update_in_place(&settings.path, &text, tables, &to_root)?
        }
        None => document::in_sequence(&settings.path, tables, &to_root)?,
    })
}
