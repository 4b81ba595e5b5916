//! `metrics.parquet`: one row per metric and epoch.

use std::path::Path;

use polars::prelude::{Column, DataFrame, DataType, NamedFrom, Series};

use super::StoreError;
use super::frame::{self, damaged};

/// Column names.
pub mod column {
    /// `<split>/<task>/<name>`, string, not null.
    pub const METRIC: &str = "metric";
    /// 1-based, int32.
    pub const EPOCH: &str = "epoch";
    /// Optimiser steps so far, int64.
    pub const STEP: &str = "step";
    /// float64, not null; NaN is a value.
    pub const VALUE: &str = "value";
    /// Samples behind the value, int64, null where it has no meaning.
    pub const COUNT: &str = "count";
}

/// One value of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricRow {
    /// `<split>/<task>/<name>`; other people's files may have other names.
    pub metric: String,
    /// 1-based.
    pub epoch: i32,
    /// Optimiser steps so far.
    pub step: i64,
    /// The value, unrounded.
    pub value: f64,
    /// Samples behind it.
    pub count: Option<i64>,
}

/// All metrics of a run: a frame in the long schema, sorted by metric, then epoch.
#[derive(Debug, Clone)]
pub struct Metrics {
    frame: DataFrame,
}

impl Metrics {
    /// The rows as a frame, sorted by metric, then epoch.
    pub fn from_rows(rows: &[MetricRow]) -> Self {
        let mut rows: Vec<&MetricRow> = rows.iter().collect();
        rows.sort_by(|a, b| (&a.metric, a.epoch).cmp(&(&b.metric, b.epoch)));
        let text: Vec<&str> = rows.iter().map(|row| row.metric.as_str()).collect();
        let columns = vec![
            Column::from(Series::new(column::METRIC.into(), text)),
            series(
                column::EPOCH,
                rows.iter().map(|row| row.epoch).collect::<Vec<i32>>(),
            ),
            series(
                column::STEP,
                rows.iter().map(|row| row.step).collect::<Vec<i64>>(),
            ),
            series(
                column::VALUE,
                rows.iter().map(|row| row.value).collect::<Vec<f64>>(),
            ),
            series(
                column::COUNT,
                rows.iter()
                    .map(|row| row.count)
                    .collect::<Vec<Option<i64>>>(),
            ),
        ];
        let frame = DataFrame::new(rows.len(), columns).expect("columns of equal length");
        Self { frame }
    }

    /// Reads a metrics file: the long schema, or any wide table with `epoch` or `step` and numeric columns
    /// named as metrics.
    ///
    /// # Errors
    /// Absent, damaged, neither shape, or a (metric, epoch) that occurs twice.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let frame = frame::read(path)?;
        let is_long =
            frame.schema().contains(column::METRIC) && frame.schema().contains(column::VALUE);
        let rows = if is_long {
            long_rows(path, &frame)?
        } else {
            wide_rows(path, &frame)?
        };
        let metrics = Self::from_rows(&rows);
        let sorted = metrics.rows();
        match sorted
            .windows(2)
            .find(|w| w[0].metric == w[1].metric && w[0].epoch == w[1].epoch)
        {
            None => Ok(metrics),
            Some(twice) => Err(invalid(
                path,
                format!(
                    "metric `{}` occurs twice at epoch {}",
                    twice[0].metric, twice[0].epoch
                ),
            )),
        }
    }

    /// Writes them to `path`, atomically.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        frame::write(path, &self.frame)
    }

    /// The frame, columns as in [`mod@column`].
    pub fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// The rows, sorted by metric, then epoch.
    pub fn rows(&self) -> Vec<MetricRow> {
        long_rows(Path::new(""), &self.frame).expect("a frame of the long schema")
    }
}

fn series<T, P>(name: &str, values: T) -> Column
where
    Series: NamedFrom<T, P>,
    P: ?Sized,
{
    Column::from(Series::new(name.into(), values))
}

fn long_rows(path: &Path, frame: &DataFrame) -> Result<Vec<MetricRow>, StoreError> {
    let typed = |name: &str, dtype: DataType| cast(path, frame, name, dtype);
    let (metric, value) = (
        typed(column::METRIC, DataType::String)?,
        typed(column::VALUE, DataType::Float64)?,
    );
    let epoch = epoch_column(path, frame)?;
    let step = optional(path, frame, column::STEP)?;
    let count = optional(path, frame, column::COUNT)?;
    let (metric, value) = (
        metric.str().map_err(damaged(path))?,
        value.f64().map_err(damaged(path))?,
    );
    let row = |i: usize| {
        let missing = |name| invalid(path, format!("column `{name}` is null in row {i}"));
        Ok(MetricRow {
            metric: metric
                .get(i)
                .ok_or_else(|| missing(column::METRIC))?
                .to_owned(),
            epoch: epoch[i].ok_or_else(|| missing(column::EPOCH))?,
            step: step.as_ref().and_then(|s| s[i]).unwrap_or(0),
            value: value.get(i).ok_or_else(|| missing(column::VALUE))?,
            count: count.as_ref().and_then(|c| c[i]),
        })
    };
    (0..frame.height()).map(row).collect()
}

fn wide_rows(path: &Path, frame: &DataFrame) -> Result<Vec<MetricRow>, StoreError> {
    let epoch = epoch_column(path, frame)?;
    let step = optional(path, frame, column::STEP)?;
    let mut rows = Vec::new();
    for values in frame.columns() {
        let name = values.name().as_str();
        if matches!(name, column::EPOCH | column::STEP) || !values.dtype().is_primitive_numeric() {
            continue;
        }
        let values = cast(path, frame, name, DataType::Float64)?;
        for (i, value) in values.f64().map_err(damaged(path))?.iter().enumerate() {
            let (Some(value), Some(epoch)) = (value, epoch[i]) else {
                continue;
            };
            let step = step.as_ref().and_then(|s| s[i]).unwrap_or(0);
            rows.push(MetricRow {
                metric: name.to_owned(),
                epoch,
                step,
                value,
                count: None,
            });
        }
    }
    Ok(rows)
}

/// The epochs; where there are only steps, those stand for epochs.
fn epoch_column(path: &Path, frame: &DataFrame) -> Result<Vec<Option<i32>>, StoreError> {
    let name = [column::EPOCH, column::STEP]
        .into_iter()
        .find(|name| frame.schema().contains(name))
        .ok_or_else(|| invalid(path, "no column `epoch` or `step`".into()))?;
    let cast = cast(path, frame, name, DataType::Int32)?;
    Ok(cast.i32().map_err(damaged(path))?.iter().collect())
}

fn optional(
    path: &Path,
    frame: &DataFrame,
    name: &str,
) -> Result<Option<Vec<Option<i64>>>, StoreError> {
    if !frame.schema().contains(name) {
        return Ok(None);
    }
    let cast = cast(path, frame, name, DataType::Int64)?;
    Ok(Some(cast.i64().map_err(damaged(path))?.iter().collect()))
}

fn cast(path: &Path, frame: &DataFrame, name: &str, dtype: DataType) -> Result<Column, StoreError> {
    frame
        .column(name)
        .and_then(|column| column.strict_cast(&dtype))
        .map_err(damaged(path))
}

fn invalid(path: &Path, message: String) -> StoreError {
    StoreError::InvalidTable {
        path: path.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(metric: &str, epoch: i32, value: f64) -> MetricRow {
        MetricRow {
            metric: metric.into(),
            epoch,
            step: i64::from(epoch) * 10,
            value,
            count: Some(7),
        }
    }

    #[test]
    fn rows_round_trip_sorted_and_bytes_repeat() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("metrics.parquet");
        let rows = [
            row("valid/total/loss", 2, 0.1 + 0.2),
            row("test/a/mae", 1, f64::MIN_POSITIVE),
        ];
        Metrics::from_rows(&rows).write(&path).expect("written");
        let bytes = std::fs::read(&path).expect("readable");
        let read = Metrics::read(&path).expect("readable");
        assert_eq!(read.rows(), [rows[1].clone(), rows[0].clone()]);
        read.write(&path).expect("written");
        assert_eq!(std::fs::read(&path).expect("readable"), bytes);
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("repro.format") && !text.contains("ARROW:schema"));
    }

    #[test]
    fn nan_is_a_value() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("metrics.parquet");
        Metrics::from_rows(&[row("train/total/loss", 1, f64::NAN)])
            .write(&path)
            .expect("written");
        assert!(
            Metrics::read(&path).expect("readable").rows()[0]
                .value
                .is_nan()
        );
    }

    #[test]
    fn a_pair_that_occurs_twice_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("metrics.parquet");
        let rows = [row("train/a/loss", 1, 1.0), row("train/a/loss", 1, 2.0)];
        Metrics::from_rows(&rows).write(&path).expect("written");
        let error = Metrics::read(&path).expect_err("twice");
        assert!(
            error
                .to_string()
                .ends_with("metric `train/a/loss` occurs twice at epoch 1"),
            "{error}"
        );
    }

    #[test]
    fn wide_tables_become_long() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("metrics.parquet");
        let columns = vec![
            series("step", vec![1_i64, 2]),
            series("accuracy", vec![Some(0.5_f64), None]),
            series("note", vec!["a", "b"]),
        ];
        frame::write(&path, &DataFrame::new(2, columns).expect("valid")).expect("written");
        let read = Metrics::read(&path).expect("readable");
        let expected = MetricRow {
            metric: "accuracy".into(),
            epoch: 1,
            step: 1,
            value: 0.5,
            count: None,
        };
        assert_eq!(read.rows(), [expected]);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("metrics.parquet");
        std::fs::write(&path, b"PAR1 truncated").expect("written");
        assert!(
            Metrics::read(&path)
                .expect_err("damaged")
                .to_string()
                .contains("metrics.parquet")
        );
    }
}
