//! A small project is rendered and verified; then one thing at a time is broken, and exactly that is found.

mod attacks;

use std::path::Path;

use serde_json::json;

use super::*;
use crate::record::{RunRecord, Status};
use crate::report::assemble::assemble;
use crate::report::document::in_sequence;
use crate::report::lock::LockedRun;
use crate::source::Source;
use crate::store::{
    METRICS, MetricRow, PREDICTIONS, PredictionRow, RECORD, RunId, RunWriter, artifact_of,
};

const SPEC: &str = r#"
heading = "results"
runs    = { model = "M" }
factors = ["loss_weights"]
epoch   = { rule = "best", metric = "valid/total/loss", goal = "min" }
[[columns]]
header = "Gender(%)"
metric = "test/gender/accuracy"
scale = 100
decimals = 1
[[columns]]
header = "Age MAE"
metric = "test/age/mae_expected"
decimals = 2
[[columns]]
header = "Age loss"
metric = "test/age/loss"
decimals = 3
[[rows]]
label = "M-Gender_Age"
where = { loss_weights = [1, 1] }
[[rows]]
label = "M-Gender"
where = { loss_weights = [1, 0] }
[[rows]]
label = "M-Age"
where = { loss_weights = [0, 1] }
"#;

const N_SAMPLES: i32 = 40;
const N_EPOCHS: i32 = 5;
const BEST_EPOCH: i32 = 3;

/// The rules that these tests are about; the others have tests of their own.
const ABOUT: &[&str] = &[
    "RPR001", "RPR101", "RPR201", "RPR202", "RPR203", "RPR204", "RPR206", "RPR208", "RPR301",
    "RPR303", "RPR404", "RPR604", "RPR904",
];

/// Settings that switch the other rules off.
fn settings() -> Settings {
    let others = catalogue::all().filter(|rule| !ABOUT.contains(&rule.id));
    Settings {
        severities: others.map(|rule| (rule.id.to_owned(), None)).collect(),
        ..Settings::default()
    }
}

/// A lock that holds these records.
fn lock_of(records: impl IntoIterator<Item = (String, String)>) -> Lock {
    let locked = |(run, record)| {
        let artifacts = BTreeMap::new();
        let cited = None;
        let locked = LockedRun {
            record,
            artifacts,
            cited,
        };
        (run, locked)
    };
    Lock {
        format: crate::report::lock::FORMAT,
        documents: BTreeMap::new(),
        runs: records.into_iter().map(locked).collect(),
        cells: Vec::new(),
    }
}

/// A project on disk: results, the spec, and the document as rendered.
struct Project {
    _folder: tempfile::TempDir,
    store: Store,
    specs: Vec<TableSpec>,
    text: String,
    runs: Vec<RunId>,
}

impl Project {
    fn new() -> Self {
        Self::of(&[([1, 1], 0), ([1, 0], 0), ([0, 1], 0)])
    }

    /// With runs of these loss weights and seeds.
    fn of(runs: &[([i32; 2], i32)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path().join("results"));
        let runs = runs.iter();
        let runs = runs
            .map(|&(weights, seed)| train(&store, weights, seed))
            .collect();
        let spec = TableSpec::from_source(&Source {
            path: "tables/results.toml".into(),
            text: SPEC.into(),
        });
        let specs = vec![spec.expect("a valid spec")];
        let mut project = Self {
            _folder: folder,
            store,
            specs,
            text: String::new(),
            runs,
        };
        project.text = project.render();
        project
    }

    fn render(&self) -> String {
        let table = assemble(&self.specs[0], &self.store, &self.store.scan().runs);
        let table = table.expect("a table").table;
        let rendered = in_sequence(Path::new("RESULTS.md"), &[table], "");
        rendered.expect("a document").text
    }

    fn verify_against(
        &self,
        text: &str,
        lock: Option<&Lock>,
        rendered: Option<&str>,
    ) -> Verification {
        verify(&Inputs {
            store: Some(&self.store),
            specs: &self.specs,
            rendered: rendered.map(Ok),
            lock,
            ..Inputs::alone("RESULTS.md", text, &settings())
        })
    }

    fn verify(&self, text: &str) -> Verification {
        self.verify_against(text, None, Some(&self.text))
    }

    /// Line and column, 1-based, of the first occurrence of `needle` in the rendered text.
    fn position(&self, needle: &str) -> (usize, usize) {
        let at = self.text.find(needle).expect("present");
        crate::source::position(&self.text, at)
    }
}

fn predictions(task: &str, epoch: i32, weights: [i32; 2], seed: i32) -> Vec<PredictionRow> {
    let shift = weights[0] + 2 * weights[1] + seed;
    let row = |i: i32| {
        let is_age = task == "age";
        let label = if is_age { 20 + i % 30 } else { i % 2 };
        // A seed costs that many right samples, so that seeds differ.
        let is_right = (i * 7 + epoch * 3 + shift) % 10 < 5 + epoch && i >= seed;
        let prediction = match (is_age, is_right) {
            (true, _) => label + (i + epoch + shift) % 5 - 2,
            (false, true) => label,
            (false, false) => 1 - label,
        };
        let probability = f64::from(i + epoch + shift) / f64::from(N_SAMPLES + 10);
        PredictionRow {
            split: "test".into(),
            task: task.into(),
            sample: format!("{i:03}.jpg"),
            epoch,
            label,
            prediction,
            probability,
            log_probability: probability.ln(),
            expected: is_age.then(|| f64::from(prediction) + f64::from(i) / 64.0),
            label_mean: None,
            label_std: None,
        }
    };
    (0..N_SAMPLES).map(row).collect()
}

/// Metrics of one epoch as a trainer would sum them.
fn metrics(task: &str, epoch: i32, rows: &[PredictionRow]) -> Vec<MetricRow> {
    let n = f64::from(N_SAMPLES);
    let mean = |value: &dyn Fn(&PredictionRow) -> f64| rows.iter().map(value).sum::<f64>() / n;
    let mut named = vec![("loss", mean(&|row| -row.log_probability))];
    if task == "age" {
        let error =
            |row: &PredictionRow| (row.expected.expect("an age") - f64::from(row.label)).abs();
        named.push(("mae_expected", mean(&error)));
    } else {
        named.push((
            "accuracy",
            mean(&|row| {
                if row.label == row.prediction {
                    1.0
                } else {
                    0.0
                }
            }),
        ));
    }
    let metric = |(name, value)| MetricRow {
        metric: format!("test/{task}/{name}"),
        epoch,
        step: i64::from(epoch),
        value,
        count: Some(i64::from(N_SAMPLES)),
    };
    named.into_iter().map(metric).collect()
}

fn train(store: &Store, weights: [i32; 2], seed: i32) -> RunId {
    let record: RunRecord = serde_json::from_value(json!({
        "format": 1, "run": "", "spec": null, "status": "running", "kind": "trained", "seed": seed,
        "hyper_parameters": { "model": "M", "loss_weights": weights, "lr_rate": 1e-3, "epoch": N_EPOCHS },
        "started": null, "finished": null, "duration_secs": null, "process": null, "resumed": [],
        "command": [], "code": null, "environment": null, "parent": null, "data": { "gender": {
            "name": "D", "synthetic": true, "split_protocol": "three-way", "undecodable": [], "out_of_range": [],
            "splits": { "test": { "n": N_SAMPLES, "labels": {}, "fingerprint": "" } }
        } },
        "selection": null, "artifacts": {}, "reported": null
    }))
    .expect("a record");
    let wanted: RunId = format!(
        "M/_gender_{}_age_{}_D/2026-11-24-10-00-0{seed}",
        weights[0], weights[1]
    )
    .parse()
    .expect("a run path");
    let mut writer = RunWriter::create(store, &wanted, record).expect("created");
    let (mut rows, mut kept) = (Vec::new(), Vec::new());
    for epoch in 1..=N_EPOCHS {
        rows.push(MetricRow {
            metric: "valid/total/loss".into(),
            epoch,
            step: i64::from(epoch),
            value: f64::from((epoch - BEST_EPOCH).abs()),
            count: None,
        });
        for (task, weight) in ["gender", "age"].into_iter().zip(weights) {
            if weight > 0 {
                let predicted = predictions(task, epoch, weights, seed);
                rows.extend(metrics(task, epoch, &predicted));
                if epoch == BEST_EPOCH || epoch == N_EPOCHS {
                    kept.extend(predicted);
                }
            }
        }
    }
    writer.write_metrics(&rows).expect("written");
    writer.write_predictions(&kept).expect("written");
    complete(&mut writer);
    wanted
}

/// Hashes the files into the record, as the end of training does.
fn complete(writer: &mut RunWriter) {
    let artifacts = [METRICS, PREDICTIONS].map(|name| {
        let artifact = artifact_of(&writer.file(name), true).expect("readable");
        (name.to_owned(), artifact)
    });
    writer
        .update(|record| {
            record.status = Status::Completed;
            record.artifacts.extend(artifacts);
        })
        .expect("written");
}

/// Changes a run as nobody should, and makes its hashes fit again.
fn forge(project: &Project, run: usize, change: impl FnOnce(&RunWriter)) {
    let mut writer = RunWriter::reopen(&project.store, &project.runs[run]).expect("readable");
    change(&writer);
    complete(&mut writer);
}

fn rules(verification: &Verification) -> Vec<&'static str> {
    verification
        .findings
        .iter()
        .map(|finding| finding.rule)
        .collect()
}

fn places(verification: &Verification) -> Vec<(usize, usize)> {
    verification
        .findings
        .iter()
        .map(|finding| (finding.line, finding.column))
        .collect()
}

#[test]
fn a_rendered_document_is_clean() {
    let project = Project::new();
    let outcome = project.verify(&project.text);
    assert_eq!(outcome.findings, []);
    let cells = &outcome.cells;
    assert_eq!(
        (
            cells.numeric,
            cells.verified,
            cells.verified_from_predictions
        ),
        (6, 6, 6)
    );
    assert_eq!(
        (cells.mismatched, cells.not_assessed, outcome.n_runs),
        (0, 0, 3)
    );
    assert!(outcome.is_complete() && !outcome.fails(Severity::Note));
}

#[test]
fn one_changed_digit_is_found_with_the_epoch_where_it_occurs() {
    let project = Project::new();
    assert!(
        project.text.contains("M-Gender [3][4]     | 80.0"),
        "{}",
        project.text
    );
    let edited = project.text.replacen("80.0", "70.0", 1);
    let outcome = project.verify(&edited);
    assert_eq!(rules(&outcome), ["RPR101"]);
    assert_eq!(places(&outcome), [project.position("80.0")]);
    assert_eq!(
        outcome.findings[0].message,
        "row `M-Gender_Age`, column `Gender(%)`: printed 70.0, run gives 80.0 (epoch 3; 70.0 occurs at epoch 2)"
    );
    assert_eq!(outcome.findings[0].fix.as_deref(), Some("80.0"));
    assert_eq!(
        outcome.findings[0].evidence[1].text,
        "-100 in the last digit"
    );
    assert_eq!((outcome.cells.verified, outcome.cells.mismatched), (5, 1));
}

#[test]
fn a_number_that_is_gone_is_missed() {
    let project = Project::new();
    let outcome = project.verify(&project.text.replacen("80.0", "8x.0", 1));
    assert_eq!(rules(&outcome), ["RPR101"]);
    assert!(
        outcome.findings[0]
            .message
            .ends_with("printed `8x.0`, run gives 80.0")
    );
    assert_eq!((outcome.cells.numeric, outcome.cells.mismatched), (6, 1));
    let outcome = project.verify_against(&project.text.replacen("80.0", "    ", 1), None, None);
    assert_eq!(
        (rules(&outcome), outcome.cells.numeric),
        (vec!["RPR404"], 5)
    );
    assert_eq!(outcome.findings[0].severity, Severity::Note);
}

#[test]
fn marks_and_definitions() {
    let project = Project::new();
    let definition = |start: &str| {
        let line = project.text.lines().find(|line| line.starts_with(start));
        format!("{}\n", line.expect("present"))
    };
    let without = project.text.replacen(&definition("[4]"), "", 1);
    let outcome = project.verify(&without);
    assert_eq!(
        (rules(&outcome), outcome.cells.verified),
        (vec!["RPR202"], 6)
    );
    let (line, column) = project.position("M-Gender [3][4]");
    assert_eq!(places(&outcome), [(line, column + 12)]);

    let unused = project
        .text
        .replacen("[4] hyper", "[9] results/a/b/c\n[4] hyper", 1);
    let outcome = project.verify(&unused);
    assert_eq!(rules(&outcome), ["RPR204", "RPR206"]);

    let unmarked = project.text.replacen("M-Gender [3][4]", "M-Gender", 1);
    let outcome = project.verify(&unmarked);
    assert_eq!(rules(&outcome), ["RPR201", "RPR204", "RPR204"]);
    assert_eq!(places(&outcome)[0], project.position("M-Gender [3]"));
    assert_eq!(outcome.cells.not_assessed, 1);

    let no_record = project.text.replacen("M-Gender [3][4]", "M-Gender [3]", 1);
    assert_eq!(rules(&project.verify(&no_record)), ["RPR201", "RPR204"]);

    let twice = project.text.replacen(
        "[4] hyper",
        "[3] results/M/_gender_1_age_1_D/2026-11-24-10-00-00\n[4] hyper",
        1,
    );
    let outcome = project.verify(&twice);
    assert_eq!(
        (rules(&outcome), outcome.cells.not_assessed),
        (vec!["RPR203"], 1)
    );
}

#[test]
fn records_in_the_document() {
    let project = Project::new();
    let outcome = project.verify(&project.text.replacen("lr_rate=0.001", "lr_rate=0.01", 1));
    assert_eq!(rules(&outcome), ["RPR208"]);
    assert_eq!(places(&outcome), [project.position("lr_rate=0.001")]);
    assert_eq!(
        outcome.findings[0].message,
        "record of mark `[2]` says `lr_rate=0.01`, run.json gives `lr_rate=0.001`"
    );
    let outcome = project.verify(&project.text.replacen("lr_rate=0.001, ", "", 1));
    assert_eq!(rules(&outcome), ["RPR208"]);
    let outcome = project.verify(&project.text.replacen("lr_rate=0.001", "lr_rate=<x>", 1));
    assert_eq!(rules(&outcome), ["RPR301"]);

    let other = project
        .text
        .replacen("M-Gender [3][4]", "M-Gender [1][2]", 1);
    let outcome = project.verify(&other);
    assert_eq!(rules(&outcome), ["RPR303", "RPR204", "RPR204"]);
    assert_eq!(outcome.cells.not_assessed, 1);
}

#[test]
fn cells_outside_the_spec_are_not_assessed() {
    let project = Project::new();
    for (from, to, n) in [
        ("Age loss", "Age Loss", 2),
        ("M-Gender [3]", "M-Sex    [3]", 1),
    ] {
        let outcome = project.verify_against(&project.text.replacen(from, to, 1), None, None);
        assert_eq!(outcome.findings, [], "{from}");
        assert_eq!(
            (outcome.cells.numeric, outcome.cells.not_assessed),
            (6, n),
            "{from}"
        );
    }
    let outcome = project.verify_against("no table", None, None);
    assert!(outcome.fails(Severity::Error));
}

#[test]
fn a_text_that_rendering_would_change_is_stale() {
    let project = Project::new();
    let edited = project.text.replacen("## results", "## our results", 1);
    let outcome = project.verify(&edited);
    assert_eq!(
        (rules(&outcome), places(&outcome)),
        (vec!["RPR904"], vec![(1, 4)])
    );
    assert_eq!(outcome.cells.verified, 6);
}

#[test]
fn severities_can_be_set_and_rules_switched_off() {
    let project = Project::new();
    let edited = project.text.replacen("80.0", "70.0", 1);
    let verify = |severity: Option<Severity>| {
        let mut settings = settings();
        settings.severities.insert("RPR101".to_owned(), severity);
        verify(&Inputs {
            store: Some(&project.store),
            specs: &project.specs,
            ..Inputs::alone("RESULTS.md", &edited, &settings)
        })
    };
    assert!(verify(Some(Severity::Error)).fails(Severity::Error));
    assert!(!verify(Some(Severity::Warning)).fails(Severity::Error));
    assert_eq!(rules(&verify(None)), Vec::<&str>::new());
}

#[test]
fn fingerprints_survive_moved_lines() {
    let project = Project::new();
    let edited = project.text.replacen("80.0", "70.0", 1);
    let moved = edited.replacen("## results\n", "## results\n\nWords.\n", 1);
    let verify = |text: &str| project.verify_against(text, None, None);
    let fingerprint = |text: &str| verify(text).findings[0].fingerprint.clone();
    assert_eq!(fingerprint(&edited), fingerprint(&moved));
}

/// What people see of a verification.
fn human(verification: &Verification, text: &str) -> String {
    let verified = output::Verified {
        verification: verification.clone(),
        text: text.to_owned(),
    };
    let human = output::human::Human {
        verified: &verified,
        is_colored: false,
    };
    human.to_string()
}

#[test]
fn what_people_and_programs_see() {
    let project = Project::new();
    let outcome = project.verify(&project.text.replacen("80.0", "70.0", 1));
    let human = human(&outcome, &project.text.replacen("80.0", "70.0", 1));
    let (line, column) = project.position("80.0");
    let run = project.runs[0].cited();
    let printed = "row `M-Gender_Age`, column `Gender(%)`: printed 70.0, run gives 80.0 (epoch 3; 70.0 occurs at epoch 2)";
    let source = project.text.lines().nth(line - 1).expect("a line");
    let source = source.replacen("80.0", "70.0", 1);
    let carets = format!("{}^^^^", " ".repeat(column - 1));
    assert_eq!(
        human.split("  findings").next().expect("a beginning"),
        format!(
            "error[RPR101 value-mismatch]: {printed}\n \
             --> RESULTS.md:{line}:{column}\n  |\n{line} | {source}\n  | {carets}\n  |\n  \
             = run: {run} test/gender/accuracy = 0.8\n  \
             = distance: -100 in the last digit\n  \
             = help: run `repro tables --write` and commit the result\n\n\
             RESULTS.md: 6 numeric cells: 5 verified from metrics, 5 of them from predictions too, 1 mismatched, \
             0 not assessed; 3 runs checked\n"
        )
    );
    let json: serde_json::Value =
        serde_json::from_str(&output::json::json(&outcome)).expect("JSON");
    assert_eq!(json["cells"]["mismatched"], 1);
    assert_eq!(json["findings"][0]["rule"], "RPR101");
    assert_eq!(json["findings"][0]["severity"], "error");
    assert_eq!(json["findings"][0]["waived"], false);
    let counts = json["rules"].as_array().expect("a list");
    let of_values = counts.iter().find(|count| count["rule"] == "RPR101");
    assert_eq!(of_values.expect("counted")["verified"], 5);
    let keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        [
            "format", "document", "cells", "runs", "level", "levels", "findings", "rules",
            "waivers", "mistakes"
        ]
    );
}
