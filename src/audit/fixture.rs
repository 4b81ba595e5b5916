//! Runs, specs and documents for tests of rules: small, on disk, and verified as a project is.

use serde_json::Value;

use super::evidence::manifest::Manifest;
use super::finding::{Finding, RuleCount, Severity};
use super::{Inputs, Settings, Verification, verify};
use crate::record::RunRecord;
use crate::report::fixture;
use crate::report::lock::Lock;
use crate::report::spec::TableSpec;
use crate::source::Source;
use crate::store::{
    METRICS, PREDICTIONS, PredictionRow, Predictions, RunId, RunWriter, Store, artifact_of,
};

/// Everything that a document is verified against.
pub(super) struct Fixture {
    _folder: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) specs: Vec<TableSpec>,
    pub(super) manifest: Option<Manifest>,
    pub(super) lock: Option<Lock>,
    /// Whether there are runs.
    pub(super) has_results: bool,
}

/// Line, column, severity and message of a finding.
pub(super) type Found = (usize, usize, Severity, String);

impl Fixture {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            store: Store::new(folder.path().join("results")),
            _folder: folder,
            specs: Vec::new(),
            manifest: None,
            lock: None,
            has_results: true,
        }
    }

    /// Adds the spec `results`.
    pub(super) fn with_spec(mut self, text: &str) -> Self {
        let source = Source {
            path: "tables/results.toml".into(),
            text: text.into(),
        };
        self.specs
            .push(TableSpec::from_source(&source).expect("a valid spec"));
        self
    }

    /// Adds a run with these metrics (name, epoch, value) and predictions; its record is changed first.
    pub(super) fn with_run(
        self,
        run: &str,
        hyper_parameters: Value,
        change: impl FnOnce(&mut RunRecord),
        metrics: &[(&str, i32, f64)],
        predictions: &[PredictionRow],
    ) -> Self {
        let mut record = fixture::record(hyper_parameters);
        change(&mut record);
        let run: RunId = fixture::write(&self.store, run, record, metrics);
        let mut names = vec![METRICS];
        if !predictions.is_empty() {
            let path = self.store.file(&run, PREDICTIONS);
            let predictions = Predictions::from_rows(predictions);
            predictions.write(&path).expect("written");
            names.push(PREDICTIONS);
        }
        let mut writer = RunWriter::reopen(&self.store, &run).expect("readable");
        let artifact = |name: &str| artifact_of(&writer.file(name), true).expect("readable");
        let artifacts: Vec<_> = names
            .iter()
            .map(|name| ((*name).to_owned(), artifact(name)))
            .collect();
        writer
            .update(|record| record.artifacts.extend(artifacts))
            .expect("written");
        self
    }

    pub(super) fn verify(&self, text: &str) -> Verification {
        verify(&Inputs {
            store: self.has_results.then_some(&self.store),
            specs: &self.specs,
            lock: self.lock.as_ref(),
            manifest: self.manifest.as_ref(),
            ..Inputs::alone("RESULTS.md", text, &Settings::default())
        })
    }

    /// What one rule finds.
    pub(super) fn found(&self, text: &str, rule: &str) -> Vec<Found> {
        found(&self.verify(text), rule)
    }
}

/// The findings of one rule.
pub(super) fn found(verification: &Verification, rule: &str) -> Vec<Found> {
    let findings = verification.findings.iter();
    findings
        .filter(|finding| finding.rule == rule)
        .map(
            |Finding {
                 line,
                 column,
                 severity,
                 message,
                 ..
             }| { (*line, *column, *severity, message.clone()) },
        )
        .collect()
}

/// The counts of one rule.
pub(super) fn count<'v>(verification: &'v Verification, rule: &str) -> &'v RuleCount {
    let mut counts = verification.rules.iter();
    counts.find(|count| count.rule == rule).expect("a rule")
}
