//! `repro.toml`: results root, data sets, documents and audit settings of a project.
//!
//! Owns the settings' types and their validation; who uses them owns their meaning (`train::data` the
//! layouts, `report` the documents, `audit` severities).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::metric::Split;
use crate::source::{Source, SourceError, lookup, position};

/// The name of the settings file at the project root.
pub const FILE_NAME: &str = "repro.toml";

/// A project: its root folder and its settings.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder that holds `repro.toml`; every relative path of the project starts here.
    pub root: PathBuf,
    /// What `repro.toml` says.
    pub settings: Settings,
}

/// The contents of `repro.toml`; every key has a default, so that an empty file is a project.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Results root, relative to the project root.
    pub results: PathBuf,
    /// `[data]`: the data root and the data sets below it.
    pub data: DataSettings,
    /// `[[documents]]`: committed documents with rendered tables.
    pub documents: Vec<DocumentSettings>,
    /// `[audit]`: what fails a verification.
    pub audit: AuditSettings,
    /// `[aliases]`: keys of records that mean another key, for the audit.
    pub aliases: BTreeMap<String, String>,
    /// `[constants]`: hyper-parameters that the code fixes, so that records need not name them.
    pub constants: BTreeMap<String, serde_json::Value>,
    /// `[[waivers]]`: findings that are accepted.
    #[serde(skip)]
    pub waivers: Vec<WaiverSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            results: PathBuf::from("results"),
            data: DataSettings::default(),
            documents: Vec::new(),
            audit: AuditSettings::default(),
            aliases: BTreeMap::new(),
            constants: BTreeMap::new(),
            waivers: Vec::new(),
        }
    }
}

/// `[data]`.
#[derive(Debug, Clone, Default)]
pub struct DataSettings {
    /// Data root, relative to the project root; the flag and `REPRO_DATA` go before it.
    pub root: Option<PathBuf>,
    /// `[data.<dataset>]`: per data set its sources by task, or `all` for one that labels every task.
    pub sets: BTreeMap<String, BTreeMap<String, SourceSettings>>,
}

impl<'de> Deserialize<'de> for DataSettings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut table = toml::Table::deserialize(deserializer)?;
        let root = match table.remove("root") {
            None => None,
            Some(toml::Value::String(text)) => Some(PathBuf::from(text)),
            Some(other) => {
                return Err(D::Error::custom(format!(
                    "`root` is a {}, expected a path",
                    other.type_str()
                )));
            }
        };
        let sets = table
            .into_iter()
            .map(|(name, value)| Ok((name, value.try_into().map_err(D::Error::custom)?)))
            .collect::<Result<_, D::Error>>()?;
        Ok(Self { root, sets })
    }
}

/// One source of labelled images.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SourceSettings {
    /// How files and labels are laid out.
    pub layout: Layout,
    /// Folder or file, relative to the data root; demo faces need none.
    #[serde(default)]
    pub path: PathBuf,
    /// Sub-folder (or usage value) per split; what a layout fixes itself may be left out.
    #[serde(default)]
    pub splits: BTreeMap<Split, String>,
}

/// Layouts that `train::data` reads, one file there each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `<split>/<class>/<image>`; classes are the sorted folder names.
    ImageFolder,
    /// `<split>/<age>/<image>`; the folder is the age in years.
    AgeFolder,
    /// `fer2013.csv`: `emotion,pixels,Usage`.
    FerCsv,
    /// `<split>/<age>_<gender>_<name>.jpg`, gender 0 female, 1 male.
    AgeGenderName,
    /// Synthetic faces drawn by `repro` itself.
    DemoFaces,
}

/// `[[documents]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DocumentSettings {
    /// The committed document, relative to the project root.
    pub path: PathBuf,
    /// The template it is rendered from; without one, tables are updated in place between markers.
    pub template: Option<PathBuf>,
    /// The tables it holds, by name; empty means those the template names.
    #[serde(default)]
    pub tables: Vec<String>,
}

/// `[audit]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuditSettings {
    /// Lowest severity that makes `verify` exit 1; `error` unless set.
    pub fail_on: Option<String>,
    /// `severity.RPRnnn`: `error`, `warning`, `note` or `off`.
    pub severity: BTreeMap<String, String>,
    /// Folder or file of Python training code, relative to the project root.
    pub code: Option<PathBuf>,
}

/// `[[waivers]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverSettings {
    /// Id of the rule.
    pub rule: String,
    /// What is waived: a document's path, `path:line`, a row's label, or a finding's fingerprint.
    pub at: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Where in the file it begins: line and column.
    pub position: (usize, usize),
}

const KEYS: &[&str] = &[
    "results",
    "data",
    "documents",
    "audit",
    "aliases",
    "constants",
    "waivers",
];
const SOURCE_KEYS: &[&str] = &["layout", "path", "splits"];
const DOCUMENT_KEYS: &[&str] = &["path", "template", "tables"];
const WAIVER_KEYS: &[&str] = &["rule", "at", "reason", "until"];
const AUDIT_KEYS: &[&str] = &["fail_on", "severity", "code"];

impl Settings {
    /// Reads and validates a settings file.
    ///
    /// # Errors
    /// It cannot be read, is not TOML, or has an unknown key or a value of the wrong type.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let source = Source::read(path)?;
        let table = source.table()?;
        source.check_keys(&table, KEYS)?;
        check_nested(&source, &table)?;
        Ok(Self {
            waivers: waivers(&source, &table)?,
            ..source.parse()?
        })
    }
}

fn waivers(source: &Source, table: &DeTable<'_>) -> Result<Vec<WaiverSettings>, SourceError> {
    let Some((DeValue::Array(waivers), _)) = lookup(table, &["waivers"]) else {
        return Ok(Vec::new());
    };
    let waivers = waivers.iter();
    waivers
        .map(|waiver| match waiver.get_ref() {
            DeValue::Table(keys) => waiver_of(source, keys, waiver.span().start),
            _ => Err(source.error_at(waiver.span().start, "a waiver is a table", None)),
        })
        .collect()
}

fn waiver_of(
    source: &Source,
    keys: &DeTable<'_>,
    start: usize,
) -> Result<WaiverSettings, SourceError> {
    source.check_keys(keys, WAIVER_KEYS)?;
    let text = |key: &str| match lookup(keys, &[key]) {
        Some((DeValue::String(text), _)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Some((_, at)) => Err(source.error_at(
            at.start,
            format!("`{key}` is not a text that says anything"),
            None,
        )),
        None => Err(source.error_at(start, format!("a waiver without `{key}`"), None)),
    };
    let until = match lookup(keys, &["until"]) {
        None => None,
        Some((value, at)) => {
            let written = match value {
                DeValue::String(text) => text.to_string(),
                DeValue::Datetime(date) => date.to_string(),
                _ => String::new(),
            };
            let date = written.parse().map_err(|_| {
                let help = Some("write a day as 2027-01-31".to_owned());
                source.error_at(at.start, "`until` is not a day", help)
            });
            Some(date?)
        }
    };
    Ok(WaiverSettings {
        rule: text("rule")?,
        at: text("at")?,
        reason: text("reason")?,
        until,
        position: position(&source.text, start),
    })
}

fn check_nested(source: &Source, table: &DeTable<'_>) -> Result<(), SourceError> {
    if let Some((DeValue::Table(audit), _)) = lookup(table, &["audit"]) {
        source.check_keys(audit, AUDIT_KEYS)?;
    }
    if let Some((DeValue::Array(documents), _)) = lookup(table, &["documents"]) {
        for document in documents {
            if let DeValue::Table(document) = document.get_ref() {
                source.check_keys(document, DOCUMENT_KEYS)?;
            }
        }
    }
    if let Some((DeValue::Table(data), _)) = lookup(table, &["data"]) {
        for set in data.values() {
            let DeValue::Table(set) = set.get_ref() else {
                continue;
            };
            for task in set.values() {
                if let DeValue::Table(task) = task.get_ref() {
                    source.check_keys(task, SOURCE_KEYS)?;
                }
            }
        }
    }
    Ok(())
}

impl Project {
    /// The project around `start`: the nearest folder upwards that holds `repro.toml`, or `start` itself
    /// with default settings.
    ///
    /// # Errors
    /// A settings file is there but wrong.
    pub fn find(start: &Path) -> Result<Self, SourceError> {
        let root = start
            .ancestors()
            .find(|folder| folder.join(FILE_NAME).is_file());
        match root {
            Some(root) => Ok(Self {
                root: root.to_owned(),
                settings: Settings::read(&root.join(FILE_NAME))?,
            }),
            None => Ok(Self {
                root: start.to_owned(),
                settings: Settings::default(),
            }),
        }
    }

    /// The results root.
    pub fn results(&self) -> PathBuf {
        self.root.join(&self.settings.results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_design_example_is_read() {
        let settings: Settings = toml::from_str(
            r#"
            results = "results"
            [data]
            root = "../shared/data"
            [data.CVPR_16_ChaLearn]
            gender = { layout = "image_folder", path = "G", splits = { train = "TRAIN", test = "VALID" } }
            emotion = { layout = "fer_csv", path = "fer2013/fer2013.csv" }
            [[documents]]
            path = "RESULTS.md"
            template = "templates/RESULTS.md"
            [audit]
            severity.RPR006 = "off"
            "#,
        )
        .expect("valid settings");
        let set = &settings.data.sets["CVPR_16_ChaLearn"];
        assert_eq!(set["gender"].splits[&Split::Test], "VALID");
        assert_eq!(set["emotion"].layout, Layout::FerCsv);
        assert_eq!(settings.documents[0].path, Path::new("RESULTS.md"));
    }
    fn read(text: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, text).expect("written");
        Settings::read(&path).map_err(|mut error| {
            error.path = FILE_NAME.into();
            error.to_string()
        })
    }

    #[test]
    fn waivers_have_a_reason_and_perhaps_an_end() {
        let text = "[[waivers]]\nrule = \"RPR204\"\nat = \"RESULTS.md\"\nreason = \" old \"\nuntil = 2027-01-31\n\
                    [[waivers]]\nrule = \"RPR003\"\nat = \"M\"\nreason = \"r\"\nuntil = \"2027-02-01\"\n";
        let waivers = read(text).expect("valid").waivers;
        let expected = |rule: &str, at: &str, reason: &str, until, line| WaiverSettings {
            rule: rule.into(),
            at: at.into(),
            reason: reason.into(),
            until: Some(until),
            position: (line, 1),
        };
        assert_eq!(
            waivers,
            [
                expected(
                    "RPR204",
                    "RESULTS.md",
                    "old",
                    jiff::civil::date(2027, 1, 31),
                    1
                ),
                expected("RPR003", "M", "r", jiff::civil::date(2027, 2, 1), 6),
            ]
        );
    }

    #[test]
    fn wrong_waivers_have_a_position() {
        let wrong = |rest: &str| {
            read(&format!(
                "[[waivers]]\nrule = \"RPR204\"\nat = \"x\"\n{rest}"
            ))
            .expect_err("wrong")
        };
        assert_eq!(wrong(""), "repro.toml:1:1: a waiver without `reason`");
        assert_eq!(
            wrong("reason = \" \""),
            "repro.toml:4:10: `reason` is not a text that says anything"
        );
        assert_eq!(
            wrong("reason = \"r\"\nuntil = \"soon\""),
            "repro.toml:5:9: `until` is not a day\nhelp: write a day as 2027-01-31"
        );
        assert_eq!(
            wrong("reasons = \"r\""),
            "repro.toml:4:1: unknown key `reasons`\nhelp: did you mean `reason`?"
        );
    }
}
