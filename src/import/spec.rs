//! A table spec as text: the keys that an import sets, in the order in which people read them.

use std::fmt::Write;

use crate::metric::Goal;
use crate::report::spec::{
    Column, EpochRule, FixedNote, FootnoteKind, FootnoteStyle, LABEL_HEADER, NumberingScope, Row,
    TableSpec,
};

/// What stands above a rule that no trained run can be read with.
const UNDECLARED: &str = "\
# No trained run is read by this rule. Before a row's `where` names one, say which epoch is taken:
# \"last\", or { rule = \"best\", metric = \"valid/total/loss\", goal = \"min\" }.
";

/// The text of `tables/<name>.toml`.
pub(super) fn text(spec: &TableSpec) -> String {
    let mut out = String::new();
    let mut put = |key: &str, value: String| line(&mut out, key, &value);
    put("heading", quoted(&spec.heading));
    if spec.label_header != LABEL_HEADER {
        put("label_header", quoted(&spec.label_header));
    }
    put_epoch(&mut out, spec);
    let mut put = |key: &str, value: String| line(&mut out, key, &value);
    put("footnotes", kinds(&spec.footnotes));
    if spec.footnote_style == FootnoteStyle::Gfm {
        put("footnote_style", quoted("gfm"));
    }
    if spec.numbering == NumberingScope::Table {
        put("numbering", quoted("table"));
    }
    for column in &spec.columns {
        put_column(&mut out, column);
    }
    for row in &spec.rows {
        put_row(&mut out, row, spec);
    }
    for note in &spec.notes {
        put_note(&mut out, note);
    }
    out
}

/// The epoch rule, and what to do about it before a row can take a trained run.
fn put_epoch(out: &mut String, spec: &TableSpec) {
    if spec.epoch == EpochRule::Undeclared {
        out.push_str(UNDECLARED);
    }
    line(out, "epoch", &quoted(&spec.epoch.to_string()));
}

fn put_column(out: &mut String, column: &Column) {
    out.push_str("\n[[columns]]\n");
    line(out, "header", &quoted(&column.header));
    line(out, "metric", &quoted(&column.metric));
    if column.scale != 1.0 {
        line(out, "scale", &column.scale.to_string());
    }
    if let Some(decimals) = column.decimals {
        line(out, "decimals", &decimals.to_string());
    }
    match column.goal {
        Some(Goal::Min) => line(out, "goal", &quoted("min")),
        Some(Goal::Max) => line(out, "goal", &quoted("max")),
        None => {}
    }
    if let Some([least, most]) = column.range {
        line(out, "range", &format!("[{least}, {most}]"));
    }
}

fn put_row(out: &mut String, row: &Row, spec: &TableSpec) {
    out.push_str("\n[[rows]]\n");
    line(out, "label", &quoted(&row.label));
    if let Some(run) = row.filter.get("run").and_then(|run| run.as_str()) {
        line(out, "where", &format!("{{ run = {} }}", quoted(run)));
    }
    if row.planned {
        line(out, "planned", "true");
    }
    if let Some(marks) = &row.marks {
        let marks: Vec<String> = marks.iter().map(u32::to_string).collect();
        line(out, "marks", &format!("[{}]", marks.join(", ")));
    }
    if let Some(footnotes) = row.footnotes.as_ref().filter(|own| **own != spec.footnotes) {
        line(out, "footnotes", &kinds(footnotes));
    }
}

fn put_note(out: &mut String, note: &FixedNote) {
    out.push_str("\n[[notes]]\n");
    line(out, "mark", &note.mark.to_string());
    for (key, value) in [("text", &note.text), ("run", &note.run)] {
        if let Some(value) = value {
            line(out, key, &quoted(value));
        }
    }
    if let Some(kind) = note.footnote {
        line(out, "footnote", &quoted(kind.as_str()));
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    writeln!(out, "{key} = {value}").expect("writing to a string");
}

fn kinds(kinds: &[FootnoteKind]) -> String {
    let names: Vec<String> = kinds.iter().map(|kind| quoted(kind.as_str())).collect();
    format!("[{}]", names.join(", "))
}

/// The text as TOML writes a string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
