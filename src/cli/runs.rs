//! `repro runs`.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{EXIT_FAILURE, EXIT_OK, Global};
use crate::metric::{MetricName, Split, name};
use crate::record::RunRecord;
use crate::report::aggregate::seed;
use crate::report::render::{csv, terminal};
use crate::report::rounding::fixed;
use crate::store::{METRICS, MetricRow, RunId, Store, StoreError, status_now};

/// Arguments of `repro runs`.
#[derive(Debug, Args)]
pub(super) struct Runs {
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

/// Output formats.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Drawn lines, metrics rounded.
    Terminal,
    /// One line per run.
    Csv,
    /// An array of objects.
    Json,
}

/// The columns before the metrics.
const COLUMNS: [&str; 7] = [
    "run", "status", "kind", "spec", "seed", "epochs", "selected",
];

/// A run as the list shows it.
struct Line {
    /// Values of [`COLUMNS`].
    values: [Value; 7],
    /// Test metrics at the selected epoch, by name.
    metrics: Vec<(String, f64)>,
}

impl Runs {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let project = global.project()?;
        let store = global.store(&project)?;
        let scan = store.scan();
        let mut broken = scan.broken;
        let now = jiff::Timestamp::now();
        let mut lines = Vec::new();
        for (run, record) in &scan.runs {
            let rows = metric_rows(&store, run).unwrap_or_else(|error| {
                broken.push(error);
                Vec::new()
            });
            lines.push(line(run, record, &rows, now));
        }
        let text = match self.format {
            Format::Terminal => drawn(&lines),
            Format::Csv => as_csv(&lines),
            Format::Json => as_json(&lines),
        };
        super::print(&text)?;
        for error in &broken {
            eprintln!("error: {error}");
        }
        Ok(if broken.is_empty() {
            EXIT_OK
        } else {
            EXIT_FAILURE
        })
    }
}

/// The metrics of a run; none where no epoch has ended yet.
fn metric_rows(store: &Store, run: &RunId) -> Result<Vec<MetricRow>, StoreError> {
    if store.file(run, METRICS).exists() {
        Ok(store.metrics(run)?.rows())
    } else {
        Ok(Vec::new())
    }
}

fn line(run: &RunId, record: &RunRecord, rows: &[MetricRow], now: jiff::Timestamp) -> Line {
    let epochs = rows.iter().map(|row| row.epoch).max();
    let chosen = record
        .selection
        .as_ref()
        .and_then(|selection| selection.epoch);
    let selected = chosen.and_then(|epoch| i32::try_from(epoch).ok());
    let metrics = rows
        .iter()
        .filter(|row| Some(row.epoch) == selected.or(epochs) && is_headline(&row.metric))
        .map(|row| (row.metric.clone(), row.value))
        .collect();
    Line {
        values: [
            json!(run.as_str()),
            json!(status_now(record, now)),
            json!(record.kind),
            json!(record.spec),
            json!(seed(record)),
            json!(epochs),
            json!(selected),
        ],
        metrics,
    }
}

/// What a reader looks for first: how good the run is on samples that had no influence on it.
fn is_headline(metric: &str) -> bool {
    metric.parse().is_ok_and(|metric: MetricName| {
        metric.split == Split::Test && matches!(metric.name.as_str(), name::ACCURACY | name::MAE)
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn drawn(lines: &[Line]) -> String {
    let header: Vec<String> = COLUMNS
        .into_iter()
        .chain(["metrics"])
        .map(str::to_owned)
        .collect();
    let rows = lines.iter().map(|line| {
        let metrics: Vec<String> = line
            .metrics
            .iter()
            .map(|(metric, value)| {
                format!(
                    "{} {}",
                    metric.trim_start_matches("test/"),
                    fixed(*value, 4)
                )
            })
            .collect();
        line.values
            .iter()
            .map(text)
            .chain([metrics.join("\n")])
            .collect()
    });
    terminal::grid(&header, rows)
}

fn as_csv(lines: &[Line]) -> String {
    let mut out = format!("{},metrics\n", COLUMNS.join(","));
    for line in lines {
        let metrics: Vec<String> = line
            .metrics
            .iter()
            .map(|(metric, value)| format!("{metric}={value}"))
            .collect();
        let fields: Vec<String> = line
            .values
            .iter()
            .map(text)
            .chain([metrics.join(" ")])
            .map(|field| csv::quoted(&field))
            .collect();
        out.push_str(&fields.join(","));
        out.push('\n');
    }
    out
}

fn as_json(lines: &[Line]) -> String {
    let object = |line: &Line| {
        let mut object: serde_json::Map<String, Value> = COLUMNS
            .into_iter()
            .map(str::to_owned)
            .zip(line.values.iter().cloned())
            .collect();
        let metrics = line
            .metrics
            .iter()
            .map(|(metric, value)| (metric.clone(), json!(value)));
        object.insert("metrics".to_owned(), Value::Object(metrics.collect()));
        Value::Object(object)
    };
    let document = json!({"format": 1, "runs": lines.iter().map(object).collect::<Vec<Value>>()});
    let mut text = serde_json::to_string_pretty(&document).expect("a list is serialisable");
    text.push('\n');
    text
}
