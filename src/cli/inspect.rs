//! `repro inspect`: what the parser understood of a document.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{EXIT_OK, Global, documents};
use crate::document::{Document, Mark, Resolved, Row, Table};

/// Arguments of `repro inspect`.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The markdown document.
    document: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A summary for people.
    Human,
    /// Everything, for programs.
    Json,
}

/// Format 1 of the JSON output.
#[derive(Serialize)]
struct Inspection<'d> {
    format: u32,
    path: String,
    #[serde(flatten)]
    document: &'d Document,
}

impl Inspect {
    pub(super) fn execute(&self, _: &Global) -> anyhow::Result<u8> {
        let path = self.document.display().to_string();
        let text = documents::read(&self.document, &path)?;
        let document = Document::parse(&text);
        let text = match self.format {
            Format::Human => summary(&path, &document),
            Format::Json => {
                let inspection = Inspection {
                    format: 1,
                    path,
                    document: &document,
                };
                serde_json::to_string_pretty(&inspection)? + "\n"
            }
        };
        std::io::stdout().write_all(text.as_bytes())?;
        Ok(EXIT_OK)
    }
}

fn summary(path: &str, document: &Document) -> String {
    let mut out = String::new();
    for table in &document.tables {
        let section = table.section.last().map_or("no heading", String::as_str);
        let columns = match &table.header {
            Some(header) => format!("{} columns", header.len()),
            None => "no header".to_owned(),
        };
        let n_rows = table.rows.len();
        line(
            &mut out,
            format_args!(
                "{path}:{}: table, {columns}, {n_rows} rows ({section})",
                table.line
            ),
        );
        for row in &table.rows {
            line(
                &mut out,
                format_args!("  {}: {}", row.line, describe(document, table, row)),
            );
        }
    }
    for definition in &document.definitions {
        let place = format!("{path}:{}:{}", definition.line, definition.column);
        let kind = definition.kind.as_str();
        let paths = definition.paths.join(", ");
        let keys: usize = definition
            .records
            .iter()
            .map(|record| record.values.len())
            .sum();
        let record = if keys > 0 {
            format!("{keys} keys")
        } else {
            String::new()
        };
        let what = [paths, record].into_iter().filter(|part| !part.is_empty());
        let what = what.collect::<Vec<_>>().join("; ");
        line(
            &mut out,
            format_args!("{place}: definition [{}], {kind} {what}", definition.mark),
        );
        for broken in &definition.broken {
            line(
                &mut out,
                format_args!(
                    "  {}:{}: no record: {}",
                    broken.line, broken.column, broken.message
                ),
            );
        }
    }
    for comment in &document.comments {
        line(
            &mut out,
            format_args!(
                "{path}:{}:{}: comment `{}`",
                comment.line,
                comment.column,
                first_line(&comment.text)
            ),
        );
    }
    for unparsed in &document.unparsed {
        line(
            &mut out,
            format_args!(
                "{path}:{}:{}: not understood `{}`",
                unparsed.line, unparsed.column, unparsed.text
            ),
        );
    }
    let n_rows: usize = document.tables.iter().map(|table| table.rows.len()).sum();
    line(
        &mut out,
        format_args!(
            "{} tables, {n_rows} rows, {} numeric cells, {} definitions, {} records, {} comments, {} lines not understood",
            document.tables.len(),
            document.numeric_cells().count(),
            document.definitions.len(),
            document.records.len(),
            document.comments.len(),
            document.unparsed.len(),
        ),
    );
    out
}

/// The first line of a text, and a sign that there are more.
fn first_line(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, _)) => format!("{} …", first.trim_end()),
        None => text.to_owned(),
    }
}

/// A row as `label [mark → line] header = text → line, …`.
fn describe(document: &Document, table: &Table, row: &Row) -> String {
    let mut parts = vec![row.label.clone()];
    for mark in &row.marks {
        parts.push(format!(
            "[{} → {}]",
            mark.text,
            meaning(document, table, mark)
        ));
    }
    let cells: Vec<String> = row
        .cells
        .iter()
        .filter(|cell| !cell.text.is_empty())
        .map(|cell| {
            let header = cell.header.as_deref().unwrap_or("no header");
            let meanings = cell.marks.iter().map(|mark| {
                let meaning = meaning(document, table, mark);
                format!(" → {meaning}")
            });
            format!("{header} = {}{}", cell.text, meanings.collect::<String>())
        })
        .collect();
    parts.push(cells.join(", "));
    parts.join(" ").trim_end().to_owned()
}

/// Where a mark leads.
fn meaning(document: &Document, table: &Table, mark: &Mark) -> String {
    if let Some(target) = &mark.target {
        return target.clone();
    }
    match document.resolve(table, &mark.text) {
        Resolved::Missing => "undefined".to_owned(),
        Resolved::One(definition) => format!("line {}", definition.line),
        Resolved::Ambiguous(several) => {
            let lines: Vec<String> = several.iter().map(|d| d.line.to_string()).collect();
            format!("lines {}", lines.join(" or "))
        }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let text = text.to_string();
    writeln!(out, "{}", text.trim_end()).expect("writing to a string");
}
