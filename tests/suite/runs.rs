//! Runs of fixtures: reviewable CSV beside `run.json` becomes what `repro` finds on disk.
//!
//! Uses the library's own store, so that a fixture can never have a schema that a real run has not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use repro::record::Artifact;
use repro::store::{
    METRICS, MetricRow, Metrics, PREDICTIONS, PredictionRow, Predictions, RECORD, artifact_of,
};
use serde_json::Value;
use walkdir::WalkDir;

/// Completes every run below `results`: parquet from CSV, then the record's `artifacts`.
pub(crate) fn complete_all(results: &Path) {
    for entry in WalkDir::new(results) {
        let path = entry.expect("a readable entry").into_path();
        if path.ends_with(RECORD) {
            complete(path.parent().expect("a folder"));
        }
    }
}

fn complete(run: &Path) {
    let metrics = run.join("metrics.csv");
    let predictions = run.join("predictions.csv");
    let mut artifacts = BTreeMap::new();
    if metrics.is_file() {
        Metrics::from_rows(&rows(&metrics, metric_row))
            .write(&run.join(METRICS))
            .expect("written");
        artifacts.insert(METRICS, kept(run, METRICS));
        fs::remove_file(&metrics).expect("removed");
    }
    if predictions.is_file() {
        Predictions::from_rows(&rows(&predictions, prediction_row))
            .write(&run.join(PREDICTIONS))
            .expect("written");
        artifacts.insert(PREDICTIONS, kept(run, PREDICTIONS));
        fs::remove_file(&predictions).expect("removed");
    }
    state_artifacts(&run.join(RECORD), &artifacts);
}

fn kept(run: &Path, name: &str) -> Artifact {
    artifact_of(&run.join(name), true).expect("readable")
}

/// Fills in the placeholder `"artifacts": {}`; a record that is no JSON on purpose stays as it is.
fn state_artifacts(path: &Path, artifacts: &BTreeMap<&str, Artifact>) {
    let text = fs::read_to_string(path).expect("readable");
    let Ok(mut record) = serde_json::from_str::<Value>(&text) else {
        return;
    };
    if record["artifacts"] == Value::Object(serde_json::Map::new()) {
        record["artifacts"] = serde_json::to_value(artifacts).expect("serialisable");
        let mut text = serde_json::to_string_pretty(&record).expect("serialisable");
        text.push('\n');
        fs::write(path, text).expect("written");
    }
}

/// The rows of a CSV file without quoting: a header, then one row a line; an empty field is null.
fn rows<R>(path: &Path, row: impl Fn(&Fields<'_>) -> R) -> Vec<R> {
    let text = fs::read_to_string(path).expect("readable");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines
        .map(|line| {
            let values: Vec<&str> = line.split(',').collect();
            assert_eq!(header.len(), values.len(), "{}: `{line}`", path.display());
            let by_name = header.iter().copied().zip(values).collect();
            row(&Fields { by_name, line })
        })
        .collect()
}

struct Fields<'t> {
    by_name: BTreeMap<&'t str, &'t str>,
    line: &'t str,
}

impl Fields<'_> {
    fn text(&self, column: &str) -> &str {
        self.by_name
            .get(column)
            .unwrap_or_else(|| panic!("no column `{column}`"))
    }

    fn number<N: std::str::FromStr>(&self, column: &str) -> N {
        self.optional(column)
            .unwrap_or_else(|| panic!("`{column}` is empty in `{}`", self.line))
    }

    fn optional<N: std::str::FromStr>(&self, column: &str) -> Option<N> {
        let text = self.text(column);
        (!text.is_empty()).then(|| match text.parse() {
            Ok(number) => number,
            Err(_) => panic!("`{column}` is `{text}` in `{}`", self.line),
        })
    }
}

fn metric_row(fields: &Fields<'_>) -> MetricRow {
    MetricRow {
        metric: fields.text("metric").to_owned(),
        epoch: fields.number("epoch"),
        step: fields.number("step"),
        value: fields.number("value"),
        count: fields.optional("count"),
    }
}

fn prediction_row(fields: &Fields<'_>) -> PredictionRow {
    PredictionRow {
        split: fields.text("split").to_owned(),
        task: fields.text("task").to_owned(),
        sample: fields.text("sample").to_owned(),
        epoch: fields.number("epoch"),
        label: fields.number("label"),
        prediction: fields.number("prediction"),
        probability: fields.number("probability"),
        log_probability: fields.number("log_probability"),
        expected: fields.optional("expected"),
        label_mean: fields.optional("label_mean"),
        label_std: fields.optional("label_std"),
    }
}
