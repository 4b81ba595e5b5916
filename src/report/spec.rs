//! Table specs, `tables/*.toml`: which runs become rows, which metrics become columns, by which rule.
//!
//! Owns the keys and their validation; keys that only the audit reads are kept here too, so that every
//! rule finds them in one place.

mod read;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::metric::Goal;

pub use read::read_all;

/// The folder of table specs below the project root.
pub const FOLDER: &str = "tables";

/// Title of the column of labels unless the spec says another, as in the reference's documents.
pub const LABEL_HEADER: &str = "model";

/// Conditions on a run: `run`, `spec`, or a hyper-parameter, and the value it must have.
pub type Filter = BTreeMap<String, Value>;

/// One table.
#[derive(Debug, Clone, Deserialize)]
pub struct TableSpec {
    /// The file's stem; documents place the table by it.
    #[serde(skip)]
    pub name: String,
    /// The file, for messages.
    #[serde(skip)]
    pub path: PathBuf,
    /// The title above the table.
    pub heading: String,
    /// What every run of the table fulfils.
    #[serde(default)]
    pub runs: Filter,
    /// Hyper-parameters that rows may differ in; any other difference is a confound.
    #[serde(default)]
    pub factors: Vec<String>,
    /// How one epoch is taken out of a run's curve.
    pub epoch: EpochRule,
    /// What stands behind `±` where a row has several seeds.
    #[serde(default)]
    pub spread: Spread,
    /// The interval printed with a number; only `none` exists so far.
    #[serde(default)]
    pub interval: Interval,
    /// The notes that every row carries, in the order of their marks.
    #[serde(default = "both_footnotes")]
    pub footnotes: Vec<FootnoteKind>,
    /// How marks and notes are written.
    #[serde(default)]
    pub footnote_style: FootnoteStyle,
    /// Among which notes a number is given once.
    #[serde(default)]
    pub numbering: NumberingScope,
    /// Notes that are not made from a row's runs, with their numbers.
    #[serde(default)]
    pub notes: Vec<FixedNote>,
    /// The title of the column of labels.
    #[serde(default = "label_header")]
    pub label_header: String,
    /// The columns behind the label, in order.
    pub columns: Vec<Column>,
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// For the audit: the label of a run as a text with `{key}` for each value of its record that it names,
    /// such as `{model}-{tasks}`. `{tasks}` are those with a weight, joined; `{model}` is the model without
    /// `MTL` and `model`; any other key is its value as printed; `*` is any text. Case and the characters that
    /// separate words (`-`, `_`, blanks, …) do not count.
    pub label_grammar: Option<String>,
    /// For the audit: the document that the table repeats.
    pub derived_from: Option<String>,
    /// How numbers are rounded.
    #[serde(default)]
    pub rounding: Rounding,
    /// For the audit: how far a re-run may differ, in units of the column.
    pub tolerance: Option<f64>,
}

/// One column of numbers.
#[derive(Debug, Clone, Deserialize)]
pub struct Column {
    /// Its title.
    pub header: String,
    /// The metric, `<split>/<task>/<name>`, or a name of another tracker's file.
    pub metric: String,
    /// Factor between the metric and what is printed: 100 for per cent.
    #[serde(default = "one")]
    pub scale: f64,
    /// Digits behind the point; without it the number behind `±` decides.
    pub decimals: Option<usize>,
    /// Which direction is better.
    pub goal: Option<Goal>,
    /// For the audit: the least and the greatest value possible, as printed.
    pub range: Option<[f64; 2]>,
    /// For the audit: relations to other metrics that hold by definition.
    #[serde(default)]
    pub identities: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// Where `[[rows]]` stands, 1-based.
    #[serde(skip)]
    pub line: usize,
    /// Its label.
    pub label: String,
    /// What its runs fulfil beside the table's own filter.
    #[serde(default, rename = "where")]
    pub filter: Filter,
    /// Footnote numbers, one per note, where they are not to be counted.
    pub marks: Option<Vec<u32>>,
    /// The notes that this row carries, where they are not the table's.
    pub footnotes: Option<Vec<FootnoteKind>>,
    /// For the audit: not trained yet, on purpose.
    #[serde(default)]
    pub planned: bool,
    /// For the audit: where numbers that are not ours come from.
    pub quoted: Option<String>,
    /// For the audit: headers of cells that are empty on purpose.
    #[serde(default)]
    pub expected_empty: Vec<String>,
    /// For the audit: runs of this row that were left out, and why.
    #[serde(default)]
    pub discarded: Vec<Discarded>,
}

/// A note whose number and content the spec fixes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FixedNote {
    /// Its number.
    pub mark: u32,
    /// Its text; or else [`Self::run`].
    pub text: Option<String>,
    /// The run that it is about, `results/<run>` or the path below the results root.
    pub run: Option<String>,
    /// What it says of the run.
    pub footnote: Option<FootnoteKind>,
}

/// A run that was left out of a row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discarded {
    /// Its path below the results root.
    pub run: String,
    /// Why.
    pub reason: String,
}

/// How one epoch is taken out of a run's curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EpochRule {
    /// The epoch where `metric` is best; the first on ties.
    Best {
        /// The deciding metric.
        metric: String,
        /// Its direction.
        goal: Goal,
    },
    /// The last epoch at which the reported metric was measured.
    Last,
    /// A fixed epoch.
    At {
        /// 1-based.
        epoch: i32,
    },
    /// Nobody has said: a table of numbers that were read from a document. No number is taken from a curve.
    Undeclared,
}

impl std::fmt::Display for EpochRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Best { metric, goal } => {
                let goal = match goal {
                    Goal::Min => "min",
                    Goal::Max => "max",
                };
                write!(f, "best {metric} {goal}")
            }
            Self::Last => f.write_str("last"),
            Self::At { epoch } => write!(f, "at {epoch}"),
            Self::Undeclared => f.write_str("undeclared"),
        }
    }
}

/// What stands behind `±`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Sample standard deviation over seeds.
    #[default]
    Sd,
    /// Nothing: the mean alone.
    None,
}

/// The interval printed with a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// None.
    #[default]
    None,
}

/// A note that a row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum FootnoteKind {
    /// The runs' paths: `data source: "results/…"`.
    #[serde(rename = "data source")]
    DataSource,
    /// The runs' hyper-parameters as Python prints them: `hyper-parameters: Namespace(…)`.
    #[serde(rename = "hyper-parameters")]
    HyperParameters,
    /// The paths alone: `results/…`.
    #[serde(rename = "path")]
    Path,
    /// The hyper-parameters alone: `Namespace(…)`.
    #[serde(rename = "record")]
    Record,
    /// Both: `results/…; Namespace(…)`.
    #[serde(rename = "path; record")]
    PathAndRecord,
    /// Both: `Namespace(…); results/…`.
    #[serde(rename = "record; path")]
    RecordAndPath,
    /// The note of the table's `[[notes]]` that has the number pinned here.
    #[serde(rename = "note")]
    Fixed,
}

/// Among which notes a number is given once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberingScope {
    /// The notes of all tables of the document that say so.
    #[default]
    Document,
    /// The table's own notes.
    Table,
}

impl FootnoteKind {
    /// Every kind, in the order in which they are tried on a definition.
    pub const ALL: [Self; 7] = [
        Self::DataSource,
        Self::HyperParameters,
        Self::Path,
        Self::Record,
        Self::PathAndRecord,
        Self::RecordAndPath,
        Self::Fixed,
    ];

    /// The name in table specs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataSource => "data source",
            Self::HyperParameters => "hyper-parameters",
            Self::Path => "path",
            Self::Record => "record",
            Self::PathAndRecord => "path; record",
            Self::RecordAndPath => "record; path",
            Self::Fixed => "note",
        }
    }

    /// Whether the note prints the paths of runs.
    pub fn has_path(self) -> bool {
        matches!(
            self,
            Self::DataSource | Self::Path | Self::PathAndRecord | Self::RecordAndPath
        )
    }

    /// Whether the note prints hyper-parameters.
    pub fn has_record(self) -> bool {
        matches!(
            self,
            Self::HyperParameters | Self::Record | Self::PathAndRecord | Self::RecordAndPath
        )
    }
}

/// How marks and notes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FootnoteStyle {
    /// `[4]`, defined by `[4] data source: "results/…"`.
    #[default]
    Reference,
    /// `[4](results/…/run.json)`: a link to the record, without definitions.
    Link,
    /// `[^4]`, defined by `[^4]: data source: "results/…"`.
    Gfm,
}

/// How numbers are rounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// To the nearest, ties to even, on the exact binary value.
    #[default]
    HalfEven,
}

impl TableSpec {
    /// A row, for messages: ``path:line: row `label` ``.
    pub fn place(&self, row: &Row) -> String {
        format!("{}:{}: row `{}`", self.path.display(), row.line, row.label)
    }

    /// The notes that a row carries.
    pub fn footnotes_of<'s>(&'s self, row: &'s Row) -> &'s [FootnoteKind] {
        row.footnotes.as_ref().unwrap_or(&self.footnotes)
    }

    /// A cell, for messages.
    pub fn place_of_cell(&self, row: &Row, column: &Column) -> String {
        format!("{}, column `{}`", self.place(row), column.header)
    }
}

fn one() -> f64 {
    1.0
}

fn label_header() -> String {
    LABEL_HEADER.to_owned()
}

fn both_footnotes() -> Vec<FootnoteKind> {
    vec![FootnoteKind::DataSource, FootnoteKind::HyperParameters]
}

/// The keys of the long form of [`EpochRule`].
#[derive(Deserialize)]
struct EpochRuleKeys {
    rule: String,
    metric: Option<String>,
    goal: Option<Goal>,
    epoch: Option<i32>,
}

impl<'de> Deserialize<'de> for EpochRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let keys = match toml::Value::deserialize(deserializer)? {
            toml::Value::String(rule) => EpochRuleKeys {
                rule,
                metric: None,
                goal: None,
                epoch: None,
            },
            other => other.try_into().map_err(D::Error::custom)?,
        };
        match (keys.rule.as_str(), keys.metric, keys.goal, keys.epoch) {
            ("best", Some(metric), Some(goal), None) => Ok(Self::Best { metric, goal }),
            ("last", None, None, None) => Ok(Self::Last),
            ("at", None, None, Some(epoch)) if epoch >= 1 => Ok(Self::At { epoch }),
            ("undeclared", None, None, None) => Ok(Self::Undeclared),
            _ => Err(D::Error::custom(
                "no epoch rule, expected `{ rule = \"best\", metric = \"…\", goal = \"min\" }`, \
                 `\"last\"` or `{ rule = \"at\", epoch = 40 }`",
            )),
        }
    }
}
