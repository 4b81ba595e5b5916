//! A document of 1 MB and ten thousand rows: reading it, and verifying it against fifty runs.
//!
//! `cargo bench --bench verify`. The runs lie in a temporary folder and are read anew by every verification.

use std::path::Path;

use divan::Bencher;
use divan::counter::BytesCount;
use repro::audit::{Inputs, Settings, verify};
use repro::document::Document;
use repro::record::{RunRecord, Status};
use repro::report::assemble::assemble;
use repro::report::document::in_sequence;
use repro::report::spec::TableSpec;
use repro::source::Source;
use repro::store::{METRICS, MetricRow, RunId, RunWriter, Store, artifact_of};

const N_ROWS: usize = 10_000;
const N_RUNS: usize = 50;
const N_EPOCHS: i32 = 60;
const TASKS: [&str; 4] = ["gender", "smile", "emotion", "age"];

fn main() {
    divan::main();
}

/// Ten thousand rows, each with four numbers of one of fifty runs.
struct Large {
    _folder: tempfile::TempDir,
    store: Store,
    specs: Vec<TableSpec>,
    text: String,
}

impl Large {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path());
        for run in 0..N_RUNS {
            train(&store, run);
        }
        let spec = TableSpec::from_source(&Source {
            path: "tables/large.toml".into(),
            text: spec_text(),
        });
        let specs = vec![spec.expect("a valid spec")];
        let table = assemble(&specs[0], &store, &store.scan().runs);
        let table = table.expect("a table").table;
        let rendered = in_sequence(Path::new("LARGE.md"), &[table], "");
        Self {
            _folder: folder,
            store,
            specs,
            text: rendered.expect("a document").text,
        }
    }
}

fn spec_text() -> String {
    let mut text = "heading = \"large\"\nepoch = \"last\"\n".to_owned();
    for task in TASKS {
        let column = format!(
            "[[columns]]\nheader = \"{task} Acc(%)(D)\"\nmetric = \"test/{task}/accuracy\"\nscale = 100\ndecimals = 1\n"
        );
        text.push_str(&column);
    }
    for row in 0..N_ROWS {
        let run = path(row % N_RUNS);
        let row = format!(
            "[[rows]]\nlabel = \"variant-{row:05}-of-the-model-with-a-long-name\"\nwhere = {{ run = \"{run}\" }}\n"
        );
        text.push_str(&row);
    }
    text
}

fn path(run: usize) -> String {
    format!("M/_gender_1_smile_1_D/2026-01-01-00-00-{run:02}")
}

fn train(store: &Store, run: usize) {
    let record: RunRecord = serde_json::from_value(serde_json::json!({
        "format": 1, "run": "", "spec": null, "status": "running", "kind": "trained", "seed": run,
        "hyper_parameters": { "model": "M", "dataset": "D", "trial": run, "epoch": N_EPOCHS, "seed": run },
        "started": null, "finished": null, "duration_secs": null, "process": null, "resumed": [],
        "command": [], "code": null, "environment": null, "parent": null, "data": {},
        "selection": null, "artifacts": {}, "reported": null
    }))
    .expect("a record");
    let wanted: RunId = path(run).parse().expect("a run path");
    let mut writer = RunWriter::create(store, &wanted, record).expect("created");
    let mut rows = Vec::new();
    for task in TASKS {
        for epoch in 1..=N_EPOCHS {
            let right = (run * 31 + epoch as usize * 7 + task.len() * 13) % 500;
            rows.push(MetricRow {
                metric: format!("test/{task}/accuracy"),
                epoch,
                step: i64::from(epoch),
                value: right as f64 / 500.0,
                count: Some(500),
            });
        }
    }
    writer.write_metrics(&rows).expect("written");
    let artifact = artifact_of(&writer.file(METRICS), true).expect("readable");
    writer
        .update(|record| {
            record.status = Status::Completed;
            record.artifacts.insert(METRICS.to_owned(), artifact);
        })
        .expect("written");
}

#[divan::bench]
fn parse(bencher: Bencher) {
    let large = Large::new();
    bencher
        .counter(BytesCount::of_str(&large.text))
        .bench(|| Document::parse(&large.text));
}

#[divan::bench]
fn verify_all(bencher: Bencher) {
    let large = Large::new();
    let settings = Settings::default();
    let inputs = Inputs {
        store: Some(&large.store),
        specs: &large.specs,
        ..Inputs::alone("LARGE.md", &large.text, &settings)
    };
    let outcome = verify(&inputs);
    assert_eq!(outcome.cells.verified, N_ROWS * TASKS.len());
    bencher
        .counter(BytesCount::of_str(&large.text))
        .bench(|| verify(&inputs));
}
