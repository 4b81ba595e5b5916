//! `repro inspect`: what the parser understood of a document.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{EXIT_OK, Global, documents};
use crate::audit::output::{counted, visible};
use crate::document::{Definition, Document, Mark, Resolved, Row, Table};

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
        super::print(&text)?;
        Ok(EXIT_OK)
    }
}

fn summary(path: &str, document: &Document) -> String {
    let mut out = String::new();
    for table in &document.tables {
        write_table(&mut out, path, document, table);
    }
    for definition in &document.definitions {
        write_definition(&mut out, path, definition);
    }
    for comment in &document.comments {
        let (row, column) = (comment.line, comment.column);
        let text = first_line(&comment.text);
        line(
            &mut out,
            format_args!("{path}:{row}:{column}: comment `{text}`"),
        );
    }
    for unparsed in &document.unparsed {
        let (row, column, text) = (unparsed.line, unparsed.column, &unparsed.text);
        line(
            &mut out,
            format_args!("{path}:{row}:{column}: not understood `{text}`"),
        );
    }
    line(&mut out, format_args!("{}", totals(document)));
    out
}

fn write_table(out: &mut String, path: &str, document: &Document, table: &Table) {
    let section = table.section.last().map_or("no heading", String::as_str);
    let columns = match &table.header {
        Some(header) => counted(header.len(), "column"),
        None => "no header".to_owned(),
    };
    let rows = counted(table.rows.len(), "row");
    let place = table.line;
    line(
        out,
        format_args!("{path}:{place}: table, {columns}, {rows} ({section})"),
    );
    for row in &table.rows {
        let text = describe(document, table, row);
        line(out, format_args!("  {}: {text}", row.line));
    }
}

fn write_definition(out: &mut String, path: &str, definition: &Definition) {
    let place = format!("{path}:{}:{}", definition.line, definition.column);
    let kind = definition.kind.as_str();
    let paths = definition.paths.join(", ");
    let records = definition.records.iter();
    let record = match records.map(|record| record.values.len()).sum() {
        0 => String::new(),
        keys => counted(keys, "key"),
    };
    let what = [paths, record].into_iter().filter(|part| !part.is_empty());
    let what = what.collect::<Vec<_>>().join("; ");
    line(
        out,
        format_args!("{place}: definition [{}], {kind} {what}", definition.mark),
    );
    for broken in &definition.broken {
        let (row, column, message) = (broken.line, broken.column, &broken.message);
        line(out, format_args!("  {row}:{column}: no record: {message}"));
    }
}

/// How much of everything there is.
fn totals(document: &Document) -> String {
    let n_rows = document.tables.iter().map(|table| table.rows.len()).sum();
    let counts = [
        counted(document.tables.len(), "table"),
        counted(n_rows, "row"),
        counted(document.numeric_cells().count(), "numeric cell"),
        counted(document.definitions.len(), "definition"),
        counted(document.records.len(), "record"),
        counted(document.comments.len(), "comment"),
        counted(document.unparsed.len(), "line") + " not understood",
    ];
    counts.join(", ")
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
    let text = visible(&text.to_string());
    writeln!(out, "{}", text.trim_end()).expect("writing to a string");
}
