//! `schemas/run.schema.json` describes what is written: every record in the repository is valid by it, and it
//! names exactly the keys of the record.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use repro::store::{METRICS, Metrics, PREDICTIONS, Predictions, RECORD, artifact_of, parse_record};
use serde_json::{Value, json};
use walkdir::WalkDir;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn json(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

fn schema() -> Value {
    json(&repository("schemas/run.schema.json"))
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).expect("a valid schema")
}

/// Every mistake, as `/pointer: message`.
fn mistakes(validator: &Validator, record: &Value) -> Vec<String> {
    validator
        .iter_errors(record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn records(below: &str) -> Vec<PathBuf> {
    let root = repository(below);
    if !root.is_dir() {
        println!("no `{below}` in this checkout: nothing to validate there");
        return Vec::new();
    }
    WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("a readable entry").into_path())
        .filter(|path| path.ends_with(RECORD))
        .collect()
}

/// A record in which no key is null, so that every part of the schema is exercised.
fn full() -> Value {
    let hash = "0".repeat(64);
    json!({
        "format": 1, "run": "pretrained_m/_a_1_d/2026-01-02-03-04-05", "spec": "s",
        "status": "running", "kind": "trained", "hyper_parameters": { "batch_size": 8 },
        "seed": 0, "started": "2026-01-02T03:04:05Z", "finished": "2026-01-02T03:05:05Z",
        "duration_secs": 60.0,
        "process": { "pid": 7, "host": "h", "heartbeat": "2026-01-02T03:04:06Z" },
        "resumed": [{ "at": "2026-01-02T03:04:05Z", "step": 3, "command": ["repro"] }],
        "command": ["repro", "train"],
        "code": { "commit": "0".repeat(40), "dirty": true, "diff_blake3": hash, "repro": "0.1.0" },
        "environment": {
            "os": "linux", "arch": "x86_64", "cpu": "c", "features": ["avx2"],
            "instruction_set": "avx2", "threads": 2, "device": "cpu", "rustc": "1.95.0",
            "lockfile_blake3": hash
        },
        "data": { "a": {
            "name": "d", "synthetic": true, "split_protocol": "three-way",
            "splits": { "test": { "n": 1, "labels": { "x": 1 }, "fingerprint": hash } },
            "undecodable": ["a.png"], "out_of_range": ["b.png"]
        } },
        "parent": { "run": "p/q/r", "checkpoint": "checkpoints/best.safetensors", "blake3": hash },
        "selection": { "rule": "best", "metric": "valid/total/loss", "goal": "min", "epoch": 1 },
        "artifacts": { "metrics.parquet": { "bytes": 1, "blake3": hash, "kept": true } },
        "reported": { "test/a/accuracy": "82.5" },
        "cited": "/home/somebody/results/m/_a_1_d/2019-04-17-12-57-39"
    })
}

#[test]
fn every_committed_record_is_valid() {
    let validator = validator();
    for root in ["results", "schemas/example", "tests/suite/project"] {
        for path in records(root) {
            let found = mistakes(&validator, &json(&path));
            assert!(
                found.is_empty(),
                "{}:\n{}",
                path.display(),
                found.join("\n")
            );
        }
    }
}

#[test]
fn schema_and_record_name_the_same_keys() {
    let full = full();
    assert_eq!(mistakes(&validator(), &full), [""; 0]);
    let record = parse_record(Path::new(RECORD), &full.to_string()).expect("a record");
    let written = serde_json::to_value(&record).expect("serialisable");
    assert!(record.unknown.is_empty(), "{:?}", record.unknown);
    assert_eq!(written, full);
    let keys = |object: &Value| -> BTreeSet<String> {
        let object = object.as_object().expect("an object");
        object.keys().cloned().collect()
    };
    assert_eq!(keys(&schema()["properties"]), keys(&full));
}

/// The example is also the oldest run that every later version must read.
#[test]
fn the_example_run_is_readable_and_whole() {
    let folder = repository("schemas/example");
    let path = folder.join(RECORD);
    let text = fs::read_to_string(&path).expect("readable");
    let record = parse_record(&path, &text).expect("a record");
    for (name, artifact) in record.artifacts.iter().filter(|(_, file)| file.kept) {
        let found = artifact_of(&folder.join(name), true).expect("readable");
        assert_eq!(found, *artifact, "{name}");
    }
    let metrics = Metrics::read(&folder.join(METRICS))
        .expect("metrics")
        .rows();
    assert!(
        metrics
            .iter()
            .any(|row| row.metric == "test/gender/accuracy")
    );
    let predictions = Predictions::read(&folder.join(PREDICTIONS)).expect("predictions");
    assert!(predictions.frame().height() > 0);
}

#[test]
fn mistakes_are_found() {
    let validator = validator();
    let mistaken = |pointer: &str, value: Value| {
        let mut record = full();
        *record.pointer_mut(pointer).expect("present") = value;
        mistakes(&validator, &record)
    };
    for (pointer, value) in [
        ("/format", json!(2)),
        ("/status", json!("done")),
        ("/started", json!("yesterday")),
        ("/code/commit", json!("abc")),
        ("/data/a/splits/test/n", json!(-1)),
        ("/artifacts/metrics.parquet/blake3", json!(null)),
        ("/run", json!("/absolute")),
    ] {
        let found = mistaken(pointer, value.clone());
        assert_eq!(found.len(), 1, "{pointer} = {value}: {found:?}");
        assert!(found[0].starts_with(pointer), "{found:?}");
    }
    let mut without = full();
    without.as_object_mut().expect("an object").remove("seed");
    assert_eq!(
        mistakes(&validator, &without),
        [": \"seed\" is a required property"]
    );
    let mut unknown = full();
    unknown["later"] = json!(1);
    assert_eq!(mistakes(&validator, &unknown), [""; 0]);
}
