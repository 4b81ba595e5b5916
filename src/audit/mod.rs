//! Verification: binds a committed document to runs, recomputes its numbers, and applies the rules.
//!
//! Owns the walk back from text to data. The document is parsed as if nothing were known of how it was
//! made; what cannot be decided is counted as not assessed, never as passed. Documents come from
//! `document`, specs and selection from `report`, runs from `store`; findings go to `audit::output`.

pub mod baseline;
pub mod bind;
pub mod catalogue;
pub mod citation;
pub mod decimal;
pub mod evidence;
pub mod finding;
pub mod git;
pub mod level;
pub mod measured;
pub mod output;
pub mod python;
pub mod reading;
pub mod recompute;
pub mod rules;
pub mod waiver;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::document::Document;
use crate::record::Kind;
use crate::report::lock::Lock;
use crate::report::spec::TableSpec;
use crate::store::Store;
use evidence::manifest::Manifest;
use evidence::{ReadRuns, RunState};
use finding::{Finding, RuleCount, Severities, Severity, Sink};
use level::{Attribution, Level};
use rules::numbers::Cells;
use waiver::{Applied, Mistake, Waiver};

/// What a document is verified against. What is `None` is not there, and whatever needs it is not assessed.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The document, as findings name it.
    pub path: &'a str,
    /// Its path below the project root, by which the lock knows it.
    pub document: &'a str,
    /// Its text.
    pub text: &'a str,
    /// The runs; `None` where there is no results root, or the document is audited alone.
    pub store: Option<&'a Store>,
    /// Runs of this store that were read before.
    pub read_runs: Option<&'a ReadRuns>,
    /// Every table spec of the project.
    pub specs: &'a [TableSpec],
    /// What the settings say.
    pub settings: &'a Settings,
    /// What `repro tables` would write now: the document's text, or why there is none.
    pub rendered: Option<Result<&'a str, &'a str>>,
    /// `repro.lock`.
    pub lock: Option<&'a Lock>,
    /// The history of the repository.
    pub history: Option<&'a git::History>,
    /// The training code of the work tree.
    pub code: Option<&'a python::TrainingCode>,
    /// `data.lock.json`.
    pub manifest: Option<&'a Manifest>,
}

impl<'a> Inputs<'a> {
    /// A document with nothing but its text and the settings.
    pub fn alone(path: &'a str, text: &'a str, settings: &'a Settings) -> Self {
        Self {
            path,
            document: path,
            text,
            store: None,
            read_runs: None,
            specs: &[],
            settings,
            rendered: None,
            lock: None,
            manifest: None,
            history: None,
            code: None,
        }
    }
}

/// What the settings say about the audit.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Severities by rule.
    pub severities: Severities,
    /// Keys of records that mean another key: alias → key.
    pub aliases: BTreeMap<String, String>,
    /// Hyper-parameters that the code fixes, and records need not repeat.
    pub constants: BTreeMap<String, serde_json::Value>,
    /// Waivers of the project; a document has its own.
    pub waivers: Vec<Waiver>,
    /// The day for which waivers are judged; by default one before all others.
    pub today: Date,
}

impl Settings {
    /// The key that `key` stands for.
    pub fn canonical<'k>(&'k self, key: &'k str) -> &'k str {
        self.aliases.get(key).map_or(key, String::as_str)
    }
}

/// The outcome of verifying one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// The document.
    pub document: String,
    /// What became of the numeric cells.
    pub cells: Cells,
    /// Runs cited and read.
    pub n_runs: usize,
    /// What the tables may claim.
    pub levels: Vec<Level>,
    /// In the order of the document.
    pub findings: Vec<Finding>,
    /// Which tables each finding is about, as indices of `levels`.
    pub attribution: Vec<Vec<usize>>,
    /// Per rule.
    pub rules: Vec<RuleCount>,
    /// Waivers of the project, then those of the document, and what became of them.
    pub waivers: Vec<Applied>,
    /// Waivers of the document that cannot be read.
    pub mistakes: Vec<Mistake>,
}

/// Verifies one document.
pub fn verify(inputs: &Inputs<'_>) -> Verification {
    let document = Document::parse(inputs.text);
    let bound = bind::bind(&document, inputs);
    let mut sink = Sink::new(inputs.path, &inputs.settings.severities, catalogue::all());
    let cells = rules::check(inputs, &bound, &mut sink);
    let n_runs = bound
        .runs
        .values()
        .filter(|state| matches!(state, RunState::Present(files) if files.record.kind != Kind::Reported))
        .count();
    let (mut findings, rules) = sink.finish();
    let (own, mistakes) = waiver::in_document(&bound, inputs);
    let waivers = inputs.settings.waivers.iter().cloned().chain(own);
    let waivers = waiver::apply(waivers, &mut findings, &bound, inputs.settings.today);
    let tables = Attribution::new(&bound);
    let attribution: Vec<Vec<usize>> = findings
        .iter()
        .map(|finding| tables.of_line(finding.line))
        .collect();
    Verification {
        document: inputs.path.to_owned(),
        cells,
        n_runs,
        levels: level::levels(inputs, &bound, (&findings, &attribution), &rules),
        findings,
        attribution,
        rules,
        waivers,
        mistakes,
    }
}

impl Verification {
    /// Whether a finding at or above `fail_on` stands, a waiver cannot be read, or no cell at all was verified.
    pub fn fails(&self, fail_on: Severity) -> bool {
        self.cells.verified == 0 || self.has_new(fail_on)
    }

    /// Whether a finding at or above `fail_on` stands that is neither waived nor in the baseline, or a waiver
    /// cannot be read.
    pub fn has_new(&self, fail_on: Severity) -> bool {
        let bad = |finding: &Finding| finding.is_new() && finding.severity >= fail_on;
        !self.mistakes.is_empty() || self.findings.iter().any(bad)
    }

    /// Whether every numeric cell is verified from metrics and from predictions.
    pub fn is_complete(&self) -> bool {
        let cells = &self.cells;
        cells.verified == cells.numeric && cells.verified_from_predictions == cells.numeric
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
