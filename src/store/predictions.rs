//! `predictions.parquet`: one row per evaluated sample, from which every reported metric can be recomputed.

use std::path::Path;

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::StoreError;
use super::frame;

/// Column names.
pub mod column {
    /// `test`, string.
    pub const SPLIT: &str = "split";
    /// Task, string.
    pub const TASK: &str = "task";
    /// Path relative to the data root, or `file#row`; string.
    pub const SAMPLE: &str = "sample";
    /// 1-based, int32.
    pub const EPOCH: &str = "epoch";
    /// Class index, for age the years; int32.
    pub const LABEL: &str = "label";
    /// Most probable class, in the same unit; int32.
    pub const PREDICTION: &str = "prediction";
    /// Probability of the label, float64.
    pub const PROBABILITY: &str = "probability";
    /// Its natural logarithm, float64.
    pub const LOG_PROBABILITY: &str = "log_probability";
    /// Expected age in years, float64, null for other tasks.
    pub const EXPECTED: &str = "expected";
    /// Mean of the votes behind the label, float64, null where unknown.
    pub const LABEL_MEAN: &str = "label_mean";
    /// Standard deviation of the votes, float64, null where unknown.
    pub const LABEL_STD: &str = "label_std";
}

/// What the model said of one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionRow {
    /// Split of the sample.
    pub split: String,
    /// Task predicted.
    pub task: String,
    /// Path relative to the data root, or `file#row`.
    pub sample: String,
    /// 1-based.
    pub epoch: i32,
    /// Class index, for age the years.
    pub label: i32,
    /// Most probable class, in the same unit.
    pub prediction: i32,
    /// Probability of the label.
    pub probability: f64,
    /// Its natural logarithm.
    pub log_probability: f64,
    /// Expected age in years; `None` for other tasks.
    pub expected: Option<f64>,
    /// Mean of the votes behind the label, where known.
    pub label_mean: Option<f64>,
    /// Standard deviation of the votes, where known.
    pub label_std: Option<f64>,
}

/// All predictions of a run: a frame sorted by split, task, epoch, sample.
#[derive(Debug, Clone)]
pub struct Predictions {
    frame: DataFrame,
}

impl Predictions {
    /// The rows as a frame, sorted by split, task, epoch, sample.
    pub fn from_rows(rows: &[PredictionRow]) -> Self {
        let mut rows: Vec<&PredictionRow> = rows.iter().collect();
        rows.sort_by_key(|row| (&row.split, &row.task, row.epoch, &row.sample));
        macro_rules! columns {
            ($($name:ident: $value:expr;)*) => {
                vec![$(Column::from(Series::new(
                    column::$name.into(),
                    rows.iter().map($value).collect::<Vec<_>>(),
                ))),*]
            };
        }
        let columns = columns! {
            SPLIT: |row| row.split.as_str();
            TASK: |row| row.task.as_str();
            SAMPLE: |row| row.sample.as_str();
            EPOCH: |row| row.epoch;
            LABEL: |row| row.label;
            PREDICTION: |row| row.prediction;
            PROBABILITY: |row| row.probability;
            LOG_PROBABILITY: |row| row.log_probability;
            EXPECTED: |row| row.expected;
            LABEL_MEAN: |row| row.label_mean;
            LABEL_STD: |row| row.label_std;
        };
        let frame = DataFrame::new(rows.len(), columns).expect("columns of equal length");
        Self { frame }
    }

    /// Reads a predictions file.
    ///
    /// # Errors
    /// Absent, damaged, or a column of the schema is missing or of another type.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let frame = frame::read(path)?;
        let expected = Self::from_rows(&[]);
        for (name, dtype) in expected.frame.schema().iter() {
            let found = frame.schema().get(name);
            if found != Some(dtype) {
                let found = found.map_or("missing".to_owned(), |found| format!("of type {found}"));
                let message = format!("column `{name}` is {found}, expected {dtype}");
                return Err(StoreError::InvalidTable {
                    path: path.to_owned(),
                    message,
                });
            }
        }
        Ok(Self { frame })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_round_trip_sorted() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("predictions.parquet");
        let row = |sample: &str, expected| PredictionRow {
            split: "test".into(),
            task: "age".into(),
            sample: sample.into(),
            epoch: 3,
            label: 31,
            prediction: 29,
            probability: 0.25,
            log_probability: -1.386_294_361_119_890_6,
            expected,
            label_mean: None,
            label_std: None,
        };
        Predictions::from_rows(&[row("b", Some(30.5)), row("a", None)])
            .write(&path)
            .expect("written");
        let read = Predictions::read(&path).expect("readable");
        let samples = read
            .frame()
            .column(column::SAMPLE)
            .expect("present")
            .str()
            .expect("text");
        assert_eq!(samples.iter().collect::<Vec<_>>(), [Some("a"), Some("b")]);
        let expected = read
            .frame()
            .column(column::EXPECTED)
            .expect("present")
            .f64()
            .expect("numbers");
        assert_eq!(expected.iter().collect::<Vec<_>>(), [None, Some(30.5)]);
    }
}
