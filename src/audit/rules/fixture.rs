//! For tests of rules: a small clean document, runs in a temporary folder, and what a rule said of them.

use std::path::Path;

use serde_json::{Value, json};

use crate::audit::finding::Severity;
use crate::audit::{Inputs, Settings, Verification, verify};
use crate::record::{RunRecord, Status};
use crate::report::spec::TableSpec;
use crate::source::Source;
use crate::store::{METRICS, MetricRow, RunId, RunWriter, Store, artifact_of};

/// Three rows with path and record, without a mistake.
pub(super) fn clean() -> String {
    let mut text = String::from(
        "## results\n\n\
         model | Gender(%)(ChaLearn_2016) | Age MAE (ChaLearn_2016)\n\
         ----- | ------------------------ | -----------------------\n\
         MobileNet-V2-Gender_Age [1][2] | 82.5 | 6.7\n\
         MobileNet-V2-Gender [3][4]     | 77.8 |\n\
         MobileNet-V2-Age [5][6]        |      | 7.1\n\n\
         ### reference\n\n",
    );
    for (idx, [gender, age]) in [[1, 1], [1, 0], [0, 1]].into_iter().enumerate() {
        let sub = format!("_gender_{gender}_age_{age}");
        let (path, record) = (2 * idx + 1, 2 * idx + 2);
        text += &format!(
            "[{path}] results/MTL_MobileNet_V2_model/{sub}_CVPR_16_ChaLearn/2019-04-17-12-57-3{idx}\n\
             [{record}] Namespace(augment=True, batch_size=8, commit='1be65cf', dataset='CVPR_16_ChaLearn', \
             debug=False, epoch=60, folder_sub_name='{sub}', init='random', load_pretrained_model=False, \
             loss_weights=[{gender}, {age}], lr_rate=0.001, model='MTL_MobileNet_V2_model', momentum=0.9, \
             multitask_training_type='Train_Valid', seed=0, selection='last', split_protocol='three-way', \
             subtasks=['gender', 'age'], working_machine='narvi')\n\n"
        );
    }
    text
}

/// The text with the `n`th occurrence of `from`, from 0, replaced.
pub(super) fn replace_nth(text: &str, n: usize, from: &str, to: &str) -> String {
    let (at, _) = text.match_indices(from).nth(n).expect("occurs");
    format!("{}{to}{}", &text[..at], &text[at + from.len()..])
}

/// Line and column of the `n`th occurrence of `needle`, from 0.
pub(super) fn position(text: &str, n: usize, needle: &str) -> (usize, usize) {
    let (at, _) = text.match_indices(needle).nth(n).expect("occurs");
    crate::source::position(text, at)
}

/// Verifies a text with nothing beside it.
pub(super) fn alone(text: &str) -> Verification {
    against(text, None, &[], &Settings::default())
}

pub(super) fn against(
    text: &str,
    store: Option<&Store>,
    specs: &[TableSpec],
    settings: &Settings,
) -> Verification {
    verify(&Inputs {
        store,
        specs,
        ..Inputs::alone("RESULTS.md", text, settings)
    })
}

/// A document of the seed; `None`, with a word, where it is absent.
pub(super) fn seed(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/seed")
        .join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: {} is absent", path.display());
    }
    text
}

/// Place, severity and message of what one rule found.
pub(super) fn found<'v>(
    verification: &'v Verification,
    rule: &str,
) -> Vec<(usize, usize, Severity, &'v str)> {
    let findings = verification
        .findings
        .iter()
        .filter(|finding| finding.rule == rule);
    findings
        .map(|finding| {
            (
                finding.line,
                finding.column,
                finding.severity,
                &*finding.message,
            )
        })
        .collect()
}

/// Rule and place of what the rules of a family found, such as `RPR3`.
pub(super) fn places(
    verification: &Verification,
    family: &str,
) -> Vec<(&'static str, usize, usize)> {
    let findings = verification
        .findings
        .iter()
        .filter(|finding| finding.rule.starts_with(family));
    findings
        .map(|finding| (finding.rule, finding.line, finding.column))
        .collect()
}

/// How many subjects of a rule were verified, found wrong, and not assessed.
pub(super) fn counts(verification: &Verification, rule: &str) -> (usize, usize, usize) {
    let mut counts = verification.rules.iter();
    let count = counts.find(|count| count.rule == rule).expect("a rule");
    (count.verified, count.findings, count.not_assessed)
}

/// Line and column of what supports the first finding of a rule.
pub(super) fn evidence(verification: &Verification, rule: &str) -> Vec<(usize, usize)> {
    let mut findings = verification.findings.iter();
    let finding = findings
        .find(|finding| finding.rule == rule)
        .expect("a finding");
    let places = finding
        .evidence
        .iter()
        .filter_map(|evidence| evidence.place);
    places.map(|place| (place.line, place.column)).collect()
}

/// The spec of a text.
pub(super) fn spec(text: &str) -> TableSpec {
    let source = Source {
        path: "tables/results.toml".into(),
        text: text.into(),
    };
    TableSpec::from_source(&source).expect("a valid spec")
}

/// The runs of [`clean`] on disk.
pub(super) struct Runs {
    _folder: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) runs: Vec<RunId>,
}

impl Runs {
    /// With `n_epochs` of metrics each, the records as `change` leaves them; its first argument is the index.
    pub(super) fn new(n_epochs: i32, change: impl Fn(usize, &mut Value)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path().join("results"));
        let weights = [[1, 1], [1, 0], [0, 1]];
        let train = |(idx, weights)| {
            let mut record = record(weights);
            change(idx, &mut record);
            let sub = record["hyper_parameters"]["folder_sub_name"]
                .as_str()
                .expect("a text")
                .to_owned();
            let path =
                format!("MTL_MobileNet_V2_model/{sub}_CVPR_16_ChaLearn/2019-04-17-12-57-3{idx}");
            train(&store, &path, n_epochs, record)
        };
        let runs = weights.into_iter().enumerate().map(train).collect();
        Self {
            _folder: folder,
            store,
            runs,
        }
    }
}

fn record([gender, age]: [i32; 2]) -> Value {
    let data = |fingerprint: &str| {
        json!({
            "name": "CVPR_16_ChaLearn", "synthetic": true, "split_protocol": "three-way", "undecodable": [],
            "out_of_range": [],
            "splits": { "test": { "n": 40, "labels": {}, "fingerprint": fingerprint } }
        })
    };
    json!({
        "format": 1, "run": "", "spec": null, "status": "running", "kind": "trained", "seed": 0,
        "hyper_parameters": {
            "augment": true, "batch_size": 8, "dataset": "CVPR_16_ChaLearn", "debug": false, "epoch": 4,
            "folder_sub_name": format!("_gender_{gender}_age_{age}"), "init": "random",
            "load_pretrained_model": false, "loss_weights": [gender, age], "lr_rate": 0.001,
            "model": "MTL_MobileNet_V2_model", "momentum": 0.9, "multitask_training_type": "Train_Valid",
            "split_protocol": "three-way", "subtasks": ["gender", "age"]
        },
        "started": null, "finished": null, "duration_secs": null, "process": null, "resumed": [], "command": [],
        "code": { "commit": "1be65cf", "dirty": false, "diff_blake3": null, "repro": "0.1.0" },
        "environment": {
            "os": "linux", "arch": "x86_64", "cpu": "A", "features": [], "instruction_set": "avx2",
            "threads": 2, "device": "cpu", "rustc": "1", "lockfile_blake3": "0"
        },
        "parent": null, "data": { "gender": data("a"), "age": data("b") },
        "selection": { "rule": "best", "metric": "valid/total/loss", "goal": "min", "epoch": 2 },
        "artifacts": {}, "reported": null
    })
}

/// A run whose validation loss is least at epoch 2.
fn train(store: &Store, path: &str, n_epochs: i32, record: Value) -> RunId {
    let record: RunRecord = serde_json::from_value(record).expect("a record");
    let run: RunId = path.parse().expect("a run path");
    let mut writer = RunWriter::create(store, &run, record).expect("created");
    let row = |epoch: i32| MetricRow {
        metric: "valid/total/loss".into(),
        epoch,
        step: i64::from(epoch),
        value: f64::from((epoch - 2).abs()),
        count: None,
    };
    let rows: Vec<MetricRow> = (1..=n_epochs).map(row).collect();
    writer.write_metrics(&rows).expect("written");
    let artifact = artifact_of(&writer.file(METRICS), true).expect("readable");
    writer
        .update(|record| {
            record.status = Status::Completed;
            record.artifacts.insert(METRICS.to_owned(), artifact);
        })
        .expect("written");
    run
}
