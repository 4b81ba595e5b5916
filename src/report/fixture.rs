//! Runs for tests of this module.

use serde_json::{Value, json};

use crate::record::RunRecord;
use crate::store::{MetricRow, RunId, RunWriter, Store};

/// A completed run with these hyper-parameters; `seed` among them is the run's.
pub(crate) fn record(hyper_parameters: Value) -> RunRecord {
    serde_json::from_value(json!({
        "format": 1, "run": "", "spec": null, "status": "completed", "kind": "trained",
        "seed": hyper_parameters.get("seed"), "hyper_parameters": hyper_parameters,
        "started": null, "finished": null, "duration_secs": null, "process": null, "resumed": [],
        "command": [], "code": null, "environment": null, "data": {}, "parent": null,
        "selection": null, "artifacts": {}, "reported": null
    }))
    .expect("a record")
}

/// Writes a run with its metrics: name, epoch, value.
pub(crate) fn write(
    store: &Store,
    run: &str,
    record: RunRecord,
    metrics: &[(&str, i32, f64)],
) -> RunId {
    let wanted: RunId = run.parse().expect("a run path");
    let writer = RunWriter::create(store, &wanted, record).expect("created");
    let rows: Vec<MetricRow> = metrics
        .iter()
        .map(|&(metric, epoch, value)| MetricRow {
            metric: metric.into(),
            epoch,
            step: i64::from(epoch),
            value,
            count: Some(500),
        })
        .collect();
    writer.write_metrics(&rows).expect("written");
    writer.run().clone()
}
