//! Reading and validating a table spec, with positions.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{FOLDER, FootnoteKind, TableSpec};
use crate::source::{Source, SourceError, lookup, position};

const KEYS: &[&str] = &[
    "heading",
    "runs",
    "factors",
    "epoch",
    "spread",
    "interval",
    "footnotes",
    "footnote_style",
    "numbering",
    "notes",
    "label_header",
    "columns",
    "rows",
    "label_grammar",
    "derived_from",
    "rounding",
    "tolerance",
];
const COLUMN_KEYS: &[&str] = &[
    "header",
    "metric",
    "scale",
    "decimals",
    "goal",
    "range",
    "identities",
];
const ROW_KEYS: &[&str] = &[
    "label",
    "where",
    "marks",
    "footnotes",
    "planned",
    "quoted",
    "expected_empty",
    "discarded",
];
const NOTE_KEYS: &[&str] = &["mark", "text", "run", "footnote"];
const DISCARDED_KEYS: &[&str] = &["run", "reason"];
const EPOCH_KEYS: &[&str] = &["rule", "metric", "goal", "epoch"];

/// More digits than any float has are a mistake.
const MAX_DECIMALS: i64 = 17;

impl TableSpec {
    /// Reads and validates a table spec.
    ///
    /// # Errors
    /// It cannot be read, is not TOML, or has an unknown key, a value of the wrong type or an impossible one.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        Self::from_source(&Source::read(path)?)
    }

    /// The table spec of a text.
    ///
    /// # Errors
    /// As [`TableSpec::read`], but for reading.
    pub fn from_source(source: &Source) -> Result<Self, SourceError> {
        let table = source.table()?;
        source.check_keys(&table, KEYS)?;
        if let Some((DeValue::Table(epoch), _)) = lookup(&table, &["epoch"]) {
            source.check_keys(epoch, EPOCH_KEYS)?;
        }
        for_each_table(&table, "columns", |column, _| {
            source.check_keys(column, COLUMN_KEYS)
        })?;
        for_each_table(&table, "notes", |note, _| {
            source.check_keys(note, NOTE_KEYS)
        })?;
        let mut lines = Vec::new();
        for_each_table(&table, "rows", |row, start| {
            lines.push(position(&source.text, start).0);
            source.check_keys(row, ROW_KEYS)?;
            for_each_table(row, "discarded", |run, _| {
                source.check_keys(run, DISCARDED_KEYS)
            })
        })?;
        let mut spec: Self = source.parse()?;
        spec.path.clone_from(&source.path);
        spec.name = source
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for (row, line) in spec.rows.iter_mut().zip(lines) {
            row.line = line;
        }
        spec.check_values(source, &table)?;
        Ok(spec)
    }

    fn check_values(&self, source: &Source, table: &DeTable<'_>) -> Result<(), SourceError> {
        let at = |path: &[&str]| lookup(table, path).map_or(0, |(_, span)| span.start);
        let fail = |path: &[&str], message: String, help: &str| {
            Err(source.error_at(at(path), message, Some(help.into())))
        };
        for (list, is_empty) in [
            ("columns", self.columns.is_empty()),
            ("rows", self.rows.is_empty()),
        ] {
            if is_empty {
                return fail(
                    &[list],
                    format!("`{list}` is empty"),
                    "a table has rows and columns",
                );
            }
        }
        for (i, column) in self.columns.iter().enumerate() {
            let i = i.to_string();
            let twice = self.columns.iter().filter(|c| c.header == column.header);
            if twice.count() > 1 {
                let message = format!("header `{}` occurs twice", column.header);
                return fail(
                    &["columns", &i, "header"],
                    message,
                    "cells are found by their header",
                );
            }
            if !column.scale.is_finite() || column.scale == 0.0 {
                let message = format!("scale {} makes no number", column.scale);
                return fail(&["columns", &i, "scale"], message, "100 prints per cent");
            }
            if column.range.is_some_and(|[least, most]| least >= most) {
                return fail(
                    &["columns", &i, "range"],
                    "this range is empty".into(),
                    "write `[least, greatest]`",
                );
            }
            if column.decimals.is_some_and(|d| d as i64 > MAX_DECIMALS) {
                let message = format!("more than {MAX_DECIMALS} decimals");
                return fail(
                    &["columns", &i, "decimals"],
                    message,
                    "a float has at most 17 digits",
                );
            }
        }
        self.check_notes(source, table)
    }

    /// Every row has one mark per note, and every note that is not of runs is given once.
    fn check_notes(&self, source: &Source, table: &DeTable<'_>) -> Result<(), SourceError> {
        let fail = |path: &[&str], message: String, help: &str| {
            let at = lookup(table, path).map_or(0, |(_, span)| span.start);
            Err(source.error_at(at, message, Some(help.into())))
        };
        for (i, note) in self.notes.iter().enumerate() {
            let at = ["notes", &i.to_string(), "mark"];
            let mark = note.mark;
            if self.notes.iter().filter(|other| other.mark == mark).count() > 1 {
                return fail(
                    &at,
                    format!("mark {mark} has two notes"),
                    "one note per number",
                );
            }
            let is_of_run = note.run.is_some()
                && note
                    .footnote
                    .is_some_and(|kind| kind != FootnoteKind::Fixed);
            let is_text = note.text.is_some() && note.run.is_none() && note.footnote.is_none();
            if is_text == (is_of_run && note.text.is_none()) {
                let help = "give a note either `text`, or `run` and `footnote`";
                return fail(&at, format!("note {mark} has no content of one kind"), help);
            }
        }
        for (i, row) in self.rows.iter().enumerate() {
            let at = ["rows", &i.to_string(), "marks"];
            let footnotes = self.footnotes_of(row);
            let marks = row.marks.as_deref();
            if marks.is_some_and(|marks| marks.len() != footnotes.len()) {
                let (n, expected) = (marks.map_or(0, <[u32]>::len), footnotes.len());
                let message = format!("{n} marks, expected {expected}");
                return fail(&at, message, "one mark per entry of `footnotes`");
            }
            for (kind, i) in footnotes.iter().zip(0..) {
                let mark = marks.and_then(|marks| marks.get::<usize>(i));
                let is_known = |mark| self.notes.iter().any(|note| note.mark == mark);
                if *kind == FootnoteKind::Fixed && !mark.is_some_and(|mark| is_known(*mark)) {
                    let message = format!("row `{}` has a note without text", row.label);
                    return fail(&at, message, "pin the number of an entry of `[[notes]]`");
                }
            }
        }
        Ok(())
    }
}

/// The table specs of a project, sorted by name; none where there is no folder.
///
/// # Errors
/// The first file that is wrong, or a folder that cannot be listed.
pub fn read_all(root: &Path) -> Result<Vec<TableSpec>, SourceError> {
    let folder = root.join(FOLDER);
    let unreadable = |error: std::io::Error| SourceError {
        path: folder.clone(),
        position: None,
        message: format!("cannot be listed: {error}"),
        help: None,
    };
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let mut source = Source::read(path)?;
            source.path = path.strip_prefix(root).unwrap_or(path).to_owned();
            TableSpec::from_source(&source)
        })
        .collect()
}

/// Calls `check` with every table of the array `key`, and the offset where it starts.
fn for_each_table<'i>(
    table: &DeTable<'i>,
    key: &str,
    mut check: impl FnMut(&DeTable<'i>, usize) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    if let Some((DeValue::Array(items), _)) = lookup(table, &[key]) {
        for item in items {
            if let DeValue::Table(inner) = item.get_ref() {
                check(inner, item.span().start)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::spec::EpochRule;

    const DESIGN: &str = r#"
heading = "experiment results, load_IMDB_WIKI_pretrained_model = False"
runs    = { model = "MTL_MobileNet_V2_model", dataset = "CVPR_16_ChaLearn", load_pretrained_model = false }
factors = ["loss_weights", "folder_sub_name"]
epoch   = { rule = "best", metric = "valid/total/loss", goal = "min" }
spread  = "sd"
footnotes = ["data source", "hyper-parameters"]

[[columns]]
header = "Gender(%)(Chalearn_2016)"
metric = "test/gender/accuracy"
scale  = 100
decimals = 1
goal   = "max"
range  = [0, 100]

[[rows]]
label = "MobileNet-V2-Gender_Smile_Emotion_Age"
where = { loss_weights = [1, 1, 1, 1] }
marks = [4, 5]
"#;

    fn spec(text: &str) -> Result<TableSpec, SourceError> {
        TableSpec::from_source(&Source {
            path: "tables/mobilenet-v2.toml".into(),
            text: text.into(),
        })
    }

    #[test]
    fn the_design_example_is_read() {
        let spec = spec(DESIGN).expect("valid");
        assert_eq!(spec.name, "mobilenet-v2");
        assert_eq!(spec.epoch.to_string(), "best valid/total/loss min");
        assert_eq!(spec.columns[0].scale, 100.0);
        assert_eq!(
            (spec.rows[0].line, spec.path.as_path()),
            (17, Path::new("tables/mobilenet-v2.toml"))
        );
        let weights = serde_json::json!([1, 1, 1, 1]);
        assert_eq!(spec.rows[0].filter["loss_weights"], weights);
    }

    #[test]
    fn epoch_rules() {
        for (text, rule) in [
            ("\"last\"", EpochRule::Last),
            ("{ rule = \"last\" }", EpochRule::Last),
            ("{ rule = \"at\", epoch = 40 }", EpochRule::At { epoch: 40 }),
        ] {
            let text = DESIGN.replace(
                r#"{ rule = "best", metric = "valid/total/loss", goal = "min" }"#,
                text,
            );
            assert_eq!(spec(&text).expect("valid").epoch, rule);
        }
    }

    #[test]
    fn mistakes_have_their_position() {
        for (from, to, message) in [
            (
                "spread ",
                "spred ",
                "6:1: unknown key `spred`\nhelp: did you mean `spread`?",
            ),
            (
                "decimals",
                "decimal",
                "13:1: unknown key `decimal`\nhelp: did you mean `decimals`?",
            ),
            (
                "where",
                "were",
                "19:1: unknown key `were`\nhelp: did you mean `where`?",
            ),
            (
                "decimals = 1",
                "decimals = 20",
                "13:12: more than 17 decimals\nhelp: a float has at most 17 digits",
            ),
            (
                "scale  = 100",
                "scale  = 0",
                "12:10: scale 0 makes no number\nhelp: 100 prints per cent",
            ),
            (
                "[0, 100]",
                "[100, 0]",
                "15:10: this range is empty\nhelp: write `[least, greatest]`",
            ),
            (
                "[4, 5]",
                "[4]",
                "20:9: 1 marks, expected 2\nhelp: one mark per entry of `footnotes`",
            ),
        ] {
            let error = spec(&DESIGN.replace(from, to)).expect_err(to);
            assert_eq!(
                error.to_string(),
                format!("tables/mobilenet-v2.toml:{message}")
            );
        }
        for (added, message) in [
            (
                "[[notes]]\nmark = 1\ntext = \"\"\n[[notes]]\nmark = 1\ntext = \"\"\n",
                "22:8: mark 1 has two notes\nhelp: one note per number",
            ),
            (
                "[[notes]]\nmark = 1\ntext = \"\"\nrun = \"results/a\"\n",
                "22:8: note 1 has no content of one kind\n\
                 help: give a note either `text`, or `run` and `footnote`",
            ),
            (
                "[[rows]]\nlabel = \"a\"\nmarks = [2]\nfootnotes = [\"note\"]\n",
                "23:9: row `a` has a note without text\n\
                 help: pin the number of an entry of `[[notes]]`",
            ),
        ] {
            let error = spec(&format!("{DESIGN}{added}")).expect_err(added);
            assert_eq!(
                error.to_string(),
                format!("tables/mobilenet-v2.toml:{message}")
            );
        }
        for (from, to, position) in [
            ("\"sd\"", "\"se\"", (6, 11)),
            ("rule = \"best\"", "rule = \"bets\"", (5, 11)),
            ("scale  = 100", "scale  = true", (12, 10)),
        ] {
            let error = spec(&DESIGN.replace(from, to)).expect_err(to);
            assert_eq!(error.position, Some(position), "{error}");
        }
    }
}
