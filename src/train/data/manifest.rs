//! `data.lock.json`: what the data root held, by data set, task and split, down to every file.
//!
//! Owns the file's form and its comparison with what is there now; the command line decides when it is
//! written.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::{Dataset, Opened};
use crate::metric::Split;

/// The name of the file at the project root.
pub const FILE_NAME: &str = "data.lock.json";

const FORMAT: u32 = 1;

/// What data sets hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// By name of the data set, then task.
    pub datasets: BTreeMap<String, BTreeMap<String, TaskManifest>>,
}

/// One task of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskManifest {
    /// Whether the images are drawn by a program; such files are not listed one by one.
    pub synthetic: bool,
    /// How `valid` comes about.
    pub split_protocol: String,
    /// Images that cannot be decoded, sorted.
    pub undecodable: Vec<String>,
    /// Images with a label that the task does not have, sorted.
    pub out_of_range: Vec<String>,
    /// What is used.
    pub splits: BTreeMap<Split, SplitManifest>,
}

/// One split of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitManifest {
    /// Number of samples.
    pub n: u64,
    /// Bytes that they are decoded from.
    pub bytes: u64,
    /// Number of samples per label.
    pub labels: BTreeMap<String, u64>,
    /// As in the run record.
    pub fingerprint: String,
    /// Size in bytes, blake3 and label by path (or `file#row`); `None` where they are not listed.
    pub files: Option<BTreeMap<String, (u64, String, String)>>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            format: FORMAT,
            datasets: BTreeMap::new(),
        }
    }
}

impl Manifest {
    /// Reads the text of `data.lock.json`.
    ///
    /// # Errors
    /// It is not a manifest, or one of a newer format.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match manifest.format {
            ..=FORMAT => Ok(manifest),
            newer => Err(format!(
                "has format {newer}, this build reads up to {FORMAT}"
            )),
        }
    }

    /// Adds or replaces a data set.
    pub fn insert(&mut self, name: &str, opened: &Opened) {
        let tasks = opened.datasets.iter().flat_map(|dataset| {
            let tasks = dataset.tasks.iter().enumerate();
            tasks.map(move |(idx, task)| {
                (task.name.clone(), TaskManifest::new(opened, dataset, idx))
            })
        });
        self.datasets.insert(name.to_owned(), tasks.collect());
    }

    /// The same without the list of files.
    pub fn summary(&self) -> Self {
        let mut summary = self.clone();
        let tasks = summary.datasets.values_mut().flat_map(BTreeMap::values_mut);
        for split in tasks.flat_map(|task| task.splits.values_mut()) {
            split.files = None;
        }
        summary
    }

    /// How the data sets of `self` differ from what `locked` says of them, one line per split.
    pub fn differences(&self, locked: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (name, tasks) in &self.datasets {
            for (task, now) in tasks {
                let then = locked.datasets.get(name).and_then(|tasks| tasks.get(task));
                for (split, now) in &now.splits {
                    let what = match then.and_then(|then| then.splits.get(split)) {
                        None => "is not in it".to_owned(),
                        Some(then) if then.fingerprint == now.fingerprint => continue,
                        Some(then) => now.difference(then),
                    };
                    differences.push(format!("`{name}`, task `{task}`, split `{split}`: {what}"));
                }
            }
        }
        differences
    }

    /// The text of `data.lock.json`: one line per file, everything sorted.
    pub fn to_json(&self) -> String {
        let mut text = Vec::new();
        let mut serializer =
            Serializer::with_formatter(&mut text, LineFormatter(PrettyFormatter::new()));
        self.serialize(&mut serializer)
            .expect("maps with text keys are JSON");
        text.push(b'\n');
        String::from_utf8(text).expect("JSON is UTF-8")
    }
}

impl TaskManifest {
    fn new(opened: &Opened, dataset: &Dataset, task_idx: usize) -> Self {
        let record = &opened.records[&dataset.tasks[task_idx].name];
        let splits = dataset.samples.iter().map(|(split, samples)| {
            let files = samples.iter().map(|sample| {
                let hash = sample.content.blake3.to_hex().to_string();
                let label = dataset.label(task_idx, sample).to_owned();
                (sample.id.clone(), (sample.content.bytes, hash, label))
            });
            let described = &record.splits[split];
            let of_split = SplitManifest {
                n: described.n,
                bytes: samples.iter().map(|sample| sample.content.bytes).sum(),
                labels: described.labels.clone(),
                fingerprint: described.fingerprint.clone(),
                files: (!record.synthetic).then(|| files.collect()),
            };
            (*split, of_split)
        });
        Self {
            synthetic: record.synthetic,
            split_protocol: record.split_protocol.clone(),
            undecodable: record.undecodable.clone(),
            out_of_range: record.out_of_range.clone(),
            splits: splits.collect(),
        }
    }
}

impl SplitManifest {
    fn difference(&self, then: &Self) -> String {
        let (Some(now), Some(then)) = (&self.files, &then.files) else {
            return "the fingerprint is another".to_owned();
        };
        let changed: Vec<&String> = now
            .iter()
            .filter(|(path, file)| then.get(*path) != Some(file))
            .map(|(path, _)| path)
            .chain(then.keys().filter(|path| !now.contains_key(*path)))
            .collect();
        let Some(first) = changed.first() else {
            return "the fingerprint is another, though every file is the same".to_owned();
        };
        let what = match (now.contains_key(*first), then.contains_key(*first)) {
            (true, true) => "changed",
            (true, false) => "was added",
            _ => "is gone",
        };
        match changed.len() - 1 {
            0 => format!("`{first}` {what}"),
            more => format!("`{first}` {what}, and {more} more differ"),
        }
    }
}

/// Objects over several lines, arrays on one.
struct LineFormatter(PrettyFormatter<'static>);

impl Formatter for LineFormatter {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}
