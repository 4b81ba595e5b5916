//! Data sets with and without fingerprints.

use serde_json::json;

use crate::audit::evidence::manifest::Manifest;
use crate::audit::finding::Severity::{Error, Warning};
use crate::audit::fixture::{Fixture, count, found};
use crate::audit::rules::fixture::{alone, seed};
use crate::metric::Split;
use crate::record::{DataRecord, RunRecord, SplitRecord};

const TEXT: &str = "# results\n\nmodel | Smile(%)(GENKI-4K) | Age MAE(UTKFace)\n--- | --- | ---\na [1] | 82.5 | \n\n\
                    [1] data source: \"results/m/f/1\"\n";

fn trained_on(record: &mut RunRecord) {
    let split = |fingerprint: &str| SplitRecord {
        n: 8,
        labels: [("0".to_owned(), 4), ("1".to_owned(), 4)].into(),
        fingerprint: fingerprint.into(),
    };
    let data = DataRecord {
        name: "FACES".into(),
        synthetic: false,
        split_protocol: "three-way".into(),
        splits: [(Split::Train, split("aaaa")), (Split::Test, split("bbbb"))].into(),
        undecodable: Vec::new(),
        out_of_range: Vec::new(),
    };
    record.data.insert("smile".into(), data);
}

fn manifest(text: &str) -> Manifest {
    let text = format!(r#"{{"format": 1, "datasets": {text}}}"#);
    Manifest::parse(&text).expect("a manifest")
}

fn fixture(datasets: Option<&str>) -> Fixture {
    let metrics = [("test/smile/accuracy", 1, 0.825)];
    let mut fixture =
        Fixture::new().with_run("m/f/1", json!({"seed": 0}), trained_on, &metrics, &[]);
    fixture.manifest = datasets.map(manifest);
    fixture
}

const LISTED: &str = r#"{"FACES": {"smile": {"splits": {
    "train": {"n": 8, "bytes": 1, "labels": {}, "fingerprint": "aaaa"},
    "test": {"n": 8, "bytes": 1, "labels": {}, "fingerprint": "bbbb"}}}}}"#;

#[test]
fn fingerprints_of_runs_are_those_of_the_manifest() {
    let outcome = fixture(Some(LISTED)).verify(TEXT);
    // The header names what the manifest lists under another name; the run's record knows.
    assert_eq!(count(&outcome, "RPR601").verified, 2);
    assert_eq!(
        found(&outcome, "RPR601"),
        [(
            3,
            30,
            Warning,
            "data set `UTKFace` has no fingerprint: `data.lock.json` does not list it".to_owned()
        )]
    );
    let other = LISTED.replace("bbbb", "cccc");
    let message = "data set `FACES`, task `smile`, split `test`: the run used bbbb…, `data.lock.json` has cccc…";
    assert_eq!(
        fixture(Some(&other)).found(TEXT, "RPR601")[0],
        (3, 9, Error, message.to_owned())
    );
    let more = LISTED.replacen(r#""n": 8"#, r#""n": 9"#, 1);
    let message = "data set `FACES`, task `smile`, split `train`: the run used 8 samples, `data.lock.json` has 9 samples";
    assert_eq!(
        fixture(Some(&more)).found(TEXT, "RPR601")[0],
        (3, 9, Error, message.to_owned())
    );
}

#[test]
fn what_the_manifest_lacks() {
    let found = |datasets| fixture(datasets).found(TEXT, "RPR601");
    let message = |what: &str| format!("data set `FACES` has no fingerprint{what}");
    assert_eq!(
        found(None)[0],
        (3, 9, Warning, message(": there is no `data.lock.json`"))
    );
    assert_eq!(
        found(Some("{}"))[0],
        (
            3,
            9,
            Warning,
            message(": `data.lock.json` does not list it")
        )
    );
    let partly = LISTED.replace("train", "valid");
    assert_eq!(
        found(Some(&partly))[0],
        (3, 9, Warning, message(" of task `smile`, split `train`"))
    );
}

#[test]
fn headers_name_data_sets_where_there_are_no_runs() {
    let text = "model | Smile(%)(ChaLearn_2016) | Age MAE (Chalearn_2016) | Emotion Acc(%)(FER_2013)\n\
                --- | --- | --- | ---\na | 82.5 | 7.1 | 50.0\n";
    let places: Vec<(usize, usize)> = found(&alone(text), "RPR601")
        .iter()
        .map(|found| (found.0, found.1))
        .collect();
    assert_eq!(places, [(1, 9), (1, 61)]);
    let mut listed = Fixture::new();
    listed.has_results = false;
    listed.manifest = Some(manifest(&LISTED.replace("FACES", "FER-2013")));
    let outcome = listed.verify(text);
    assert_eq!(found(&outcome, "RPR601").len(), 1);
    assert_eq!(count(&outcome, "RPR601").not_assessed, 1);
}

#[test]
fn a_printed_record_names_the_data_set_of_the_manifest() {
    let mut listed = Fixture::new();
    listed.has_results = false;
    listed.manifest = Some(manifest(LISTED));
    let text = TEXT.replace("Age MAE(UTKFace)", "Note");
    let text = format!(
        "{}[2] Namespace(dataset='FACES')\n",
        text.replace("[1] |", "[1][2] |")
    );
    let outcome = listed.verify(&text);
    assert_eq!(found(&outcome, "RPR601"), []);
    assert_eq!(count(&outcome, "RPR601").missing, ["what the runs used"]);
}

#[test]
fn the_seed_lacks_three_data_sets() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let outcome = alone(&text);
    let places: Vec<_> = found(&outcome, "RPR601")
        .into_iter()
        .map(|(line, column, severity, _)| (line, column, severity))
        .collect();
    assert_eq!(
        places,
        [(5, 57, Warning), (5, 110, Warning), (40, 57, Warning)]
    );
    for rule in ["RPR602", "RPR603"] {
        assert_eq!(count(&outcome, rule).not_assessed, 1, "{rule}");
    }
}
