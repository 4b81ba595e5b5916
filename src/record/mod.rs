//! The run record, `run.json` format 1: what was trained, on what, by which code, with which outcome.
//!
//! Owns the record's types and their JSON form. Reading and writing files is `store`'s; filling a record
//! while training is `train`'s.

mod hyper_parameters;
pub mod provenance;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use hyper_parameters::{HyperParameters, NOT_PART_OF_THE_RECIPE};

use crate::metric::{Goal, Split};

/// The record format this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// One training execution: a configuration and a seed, executed once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Always [`FORMAT`] in what this build writes.
    pub format: u32,
    /// The run's path below the results root, with `/` between its parts.
    pub run: String,
    /// Name of the run spec it came from.
    pub spec: Option<String>,
    /// What became of it.
    pub status: Status,
    /// Where its numbers come from.
    pub kind: Kind,
    /// What the user set, defaults included.
    pub hyper_parameters: HyperParameters,
    /// Seed of every generator of the run.
    pub seed: Option<u64>,
    /// Start, UTC, RFC 3339 with whole seconds.
    pub started: Option<String>,
    /// End, UTC, RFC 3339 with whole seconds.
    pub finished: Option<String>,
    /// Seconds spent training, interruptions not counted.
    pub duration_secs: Option<f64>,
    /// The process that trains it, while status is `running`.
    pub process: Option<Process>,
    /// Every continuation of an interrupted run.
    pub resumed: Vec<Resumption>,
    /// The command line, program name first.
    pub command: Vec<String>,
    /// The code that ran.
    pub code: Option<Code>,
    /// The machine and build that it ran on.
    pub environment: Option<Environment>,
    /// Per task, the data it was trained and evaluated on.
    pub data: BTreeMap<String, DataRecord>,
    /// The run whose checkpoint it started from.
    pub parent: Option<Parent>,
    /// Which epoch was chosen, and how.
    pub selection: Option<Selection>,
    /// Files beside the record, by path relative to the run.
    pub artifacts: BTreeMap<String, Artifact>,
    /// For `reported` runs: metric → printed text.
    pub reported: Option<BTreeMap<String, String>>,
    /// For `reported` runs: the path that the document names as the source of its numbers, as printed. It is
    /// evidence of what was said, not a place to look: no rule takes it for a run that is there.
    pub cited: Option<String>,
    /// Keys of newer or foreign writers, kept as they are. The one use of `flatten`: nothing of a record is lost.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, Value>,
}

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A process trains it, or died doing so (see `store::life`).
    Running,
    /// Stopped before its end; can be resumed.
    Interrupted,
    /// Trained to its end; never changed again.
    Completed,
    /// Ended by an error.
    Failed,
}

/// Where a run's numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Trained by `repro`.
    Trained,
    /// Another tracker's run.
    Imported,
    /// Numbers read from a document.
    Reported,
}

/// The process behind a running run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Process id on `host`.
    pub pid: u32,
    /// Host name.
    pub host: String,
    /// Last sign of life, UTC, RFC 3339.
    pub heartbeat: String,
}

/// One continuation of an interrupted run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumption {
    /// When, UTC, RFC 3339.
    pub at: String,
    /// Optimiser steps done before.
    pub step: u64,
    /// The command line that continued it.
    pub command: Vec<String>,
}

/// The code that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Commit of the project's repository, 40 hex digits.
    pub commit: Option<String>,
    /// Whether the work tree differed from it.
    pub dirty: Option<bool>,
    /// Hash of `git diff HEAD` where dirty.
    pub diff_blake3: Option<String>,
    /// Version of `repro`.
    pub repro: String,
}

/// The machine and build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system family.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Processor model as the system names it.
    pub cpu: Option<String>,
    /// Vector extensions present, of those our kernels know.
    pub features: Vec<String>,
    /// The instruction set the kernels used.
    pub instruction_set: String,
    /// Worker threads of the training step.
    pub threads: usize,
    /// `cpu`, or the accelerator.
    pub device: String,
    /// Compiler of this build.
    pub rustc: String,
    /// Hash of the `Cargo.lock` of this build.
    pub lockfile_blake3: String,
}

/// What a task was trained and evaluated on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Name of the data set.
    pub name: String,
    /// Whether the images were drawn by a program.
    pub synthetic: bool,
    /// `three-way` or `reference`.
    pub split_protocol: String,
    /// Per split, what is in it.
    pub splits: BTreeMap<Split, SplitRecord>,
    /// Images that could not be decoded and were left out, sorted.
    pub undecodable: Vec<String>,
    /// Images left out because their label is outside the task's range, sorted.
    pub out_of_range: Vec<String>,
}

/// One split of one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// Number of samples.
    pub n: u64,
    /// Number of samples per label.
    pub labels: BTreeMap<String, u64>,
    /// blake3 over the sorted lines `path TAB size TAB blake3 TAB label LF`.
    pub fingerprint: String,
}

/// The run whose checkpoint a run started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its path below the results root.
    pub run: String,
    /// The file, relative to that run.
    pub checkpoint: String,
    /// Hash of the file.
    pub blake3: String,
}

/// How the epoch of the reported checkpoint was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// `best` or `last`.
    pub rule: String,
    /// The deciding metric.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The epoch, 1-based; `None` before the first ended.
    pub epoch: Option<u32>,
}

/// A file beside the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Size in bytes.
    pub bytes: u64,
    /// Content hash.
    pub blake3: String,
    /// Whether it is meant to stay; checkpoints need not.
    pub kept: bool,
}
