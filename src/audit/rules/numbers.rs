//! Numbers: each printed value against the run's metrics, and those against the predictions.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::{EVALUATION_COVERAGE, EXPECTED_CELL_EMPTY, VALUE_MISMATCH};
use crate::audit::decimal::{distance, round};
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::recompute::{agree, from_predictions};
use crate::document::Cell;
use crate::metric::MetricName;
use crate::record::Kind;
use crate::report::aggregate::group;
use crate::report::select::{Selected, curve, select};
use crate::report::spec::{Column, Spread, TableSpec};
use crate::store::RunId;

/// What to do about a number that is not the run's.
const HINT: &str = "run `repro tables --write` and commit the result";

/// What became of the numeric cells of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cells {
    /// Cells with a number, or with a text where the run gives one: the sum of verified, mismatched and not
    /// assessed.
    pub numeric: usize,
    /// Equal to what the metrics give.
    pub verified: usize,
    /// Of the verified, those whose metric the predictions give again.
    pub verified_from_predictions: usize,
    /// Equal to nothing that they should be.
    pub mismatched: usize,
    /// Not decidable.
    pub not_assessed: usize,
    /// Why not: reason → number of cells.
    #[serde(skip)]
    pub reasons: BTreeMap<String, usize>,
    /// Why verified cells were not verified from predictions.
    #[serde(skip)]
    pub without_predictions: BTreeMap<String, usize>,
}

/// A cell with everything that its number depends on.
struct Case<'c> {
    table: &'c BoundTable<'c>,
    row: &'c BoundRow<'c>,
    cell: &'c Cell,
    column: &'c Column,
    spec: &'c TableSpec,
    runs: Vec<(&'c RunId, &'c RunFiles)>,
}

/// What the metrics give for a cell.
struct Expected {
    /// The number, as it must be printed.
    text: String,
    /// What must stand behind `±`.
    spread: Option<String>,
    /// What the rule took from each run.
    selected: Vec<Selected>,
}

/// Checks every numeric cell.
pub fn check(_: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) -> Cells {
    let mut cells = Cells::default();
    for table in &bound.tables {
        for row in &table.rows {
            for cell in &row.row.cells {
                match (case(bound, table, row, cell), cell.value) {
                    (Ok(case), Some(_)) => case.check(sink, &mut cells),
                    (Err(reason), Some(_)) => cells.leave(reason, sink),
                    (Ok(case), None) => case.check_without_number(sink, &mut cells),
                    (Err(_), None) => {}
                }
            }
        }
    }
    cells
}

impl Cells {
    fn leave(&mut self, reason: String, sink: &mut Sink<'_>) {
        self.numeric += 1;
        self.not_assessed += 1;
        sink.not_assessed(&VALUE_MISMATCH, reason.clone());
        *self.reasons.entry(reason).or_default() += 1;
    }
}

/// What is needed to decide a cell, or why it cannot be decided.
fn case<'c>(
    bound: &'c Bound<'c>,
    table: &'c BoundTable<'c>,
    row: &'c BoundRow<'c>,
    cell: &'c Cell,
) -> Result<Case<'c>, String> {
    let runs = row.files(&bound.runs)?;
    let spec = table.spec.ok_or_else(|| {
        format!(
            "no table spec has the headers of the table at line {}",
            table.table.line
        )
    })?;
    let header = cell.header.as_deref().unwrap_or_default();
    let column = table
        .column(header)
        .ok_or_else(|| format!("table spec `{}` has no column `{header}`", spec.name))?;
    if row.spec.is_none() {
        return Err(format!(
            "table spec `{}` has no row `{}`",
            spec.name, row.row.label
        ));
    }
    if row.mistaken_run(spec, &bound.runs).is_some() {
        return Err(format!(
            "row `{}` cites a run of another row",
            row.row.label
        ));
    }
    if let Some((run, _)) = runs
        .iter()
        .find(|(_, files)| files.record.kind == Kind::Reported)
    {
        return Err(format!(
            "run `{run}` was read from a document and has no metrics"
        ));
    }
    if let Some(run) = row.run_of_cell_alone(cell) {
        return Err(format!(
            "a mark in the cell leads to run `{run}`, which is not its row's"
        ));
    }
    let records = runs.iter().map(|(run, files)| (*run, &files.record));
    if let Err(error) = group(records.collect()) {
        let error = error.to_string();
        return Err(error.lines().next().unwrap_or_default().to_owned());
    }
    Ok(Case {
        table,
        row,
        cell,
        column,
        spec,
        runs,
    })
}

impl Case<'_> {
    /// A text where the run gives a number is wrong; an empty cell leaves something out.
    fn check_without_number(&self, sink: &mut Sink<'_>, cells: &mut Cells) {
        let Ok(Some(expected)) = self.expected() else {
            return sink.verified(&EXPECTED_CELL_EMPTY);
        };
        let given = printed(Some(&expected.text), expected.spread.as_deref());
        if !self.cell.text.is_empty() {
            cells.numeric += 1;
            cells.mismatched += 1;
            let what = format!("printed `{}`, run gives {given}", self.cell.text);
            return sink.report(self.finding("text", what).with_hint(HINT).with_fix(given));
        }
        let row = self.row.spec;
        if row.is_some_and(|row| row.expected_empty.contains(&self.column.header)) {
            return sink.verified(&EXPECTED_CELL_EMPTY);
        }
        let (place, subject, message) = self.address("empty", format!("empty, run gives {given}"));
        sink.report(
            Finding::new(&EXPECTED_CELL_EMPTY, place, &subject, message)
                .with_hint("fill it, or list the header in the row's `expected_empty`"),
        );
    }

    fn check(&self, sink: &mut Sink<'_>, cells: &mut Cells) {
        let expected = match self.expected() {
            Err(reason) => return cells.leave(reason, sink),
            Ok(expected) => expected,
        };
        cells.numeric += 1;
        let Some(expected) = expected else {
            cells.mismatched += 1;
            return sink.report(self.not_measured());
        };
        let printed = self.cell.number.as_deref();
        if printed != Some(&expected.text) || self.cell.spread_number != expected.spread {
            cells.mismatched += 1;
            return sink.report(self.mismatch(&expected));
        }
        if let Some(what) = self.misstatement() {
            cells.mismatched += 1;
            return sink.report(self.finding("statement", what).with_hint(HINT));
        }
        match self.predictions(&expected) {
            Ok(None) => {
                cells.verified_from_predictions += 1;
                sink.verified(&EVALUATION_COVERAGE);
            }
            Ok(Some(finding)) => {
                let is_value = finding.rule == VALUE_MISMATCH.id;
                sink.report(finding);
                if is_value {
                    cells.mismatched += 1;
                    return;
                }
            }
            Err(reason) => {
                sink.not_assessed(&EVALUATION_COVERAGE, reason.clone());
                *cells.without_predictions.entry(reason).or_default() += 1;
            }
        }
        cells.verified += 1;
        sink.verified(&VALUE_MISMATCH);
    }

    /// What the metrics give; `None` where no run measured it.
    fn expected(&self) -> Result<Option<Expected>, String> {
        let mut selected = Vec::new();
        for (run, files) in &self.runs {
            let metrics = files.metrics.as_ref().map_err(Clone::clone)?;
            let value = select(metrics, &self.column.metric, &self.spec.epoch)
                .map_err(|error| format!("run `{run}`: {error}"))?;
            selected.extend(value);
        }
        if selected.is_empty() {
            return Ok(None);
        }
        if selected.len() < self.runs.len() {
            let metric = &self.column.metric;
            return Err(format!(
                "`{metric}` was measured in some of the row's runs only"
            ));
        }
        let values: Vec<f64> = selected
            .iter()
            .map(|one| one.value * self.column.scale)
            .collect();
        let decimals = self
            .column
            .decimals
            .unwrap_or(self.cell.decimals.unwrap_or(0) as usize);
        let (mean, deviation) = mean_and_deviation(&values);
        let text = round(mean, decimals)
            .ok_or_else(|| format!("`{}` is {mean} at the selected epoch", self.column.metric))?;
        let deviation = deviation.filter(|_| self.spec.spread == Spread::Sd);
        Ok(Some(Expected {
            text,
            spread: deviation.and_then(|deviation| round(deviation, decimals)),
            selected,
        }))
    }

    /// What the cell says beside its right number and is wrong.
    fn misstatement(&self) -> Option<String> {
        let n_runs = self.runs.len();
        let text = &self.cell.text;
        if self
            .cell
            .n
            .is_some_and(|n| usize::try_from(n) != Ok(n_runs))
        {
            return Some(format!("printed `{text}`, runs behind it: {n_runs}"));
        }
        let is_percent = self.cell.flags.contains(&"percent");
        (is_percent && self.column.scale != 100.0)
            .then(|| format!("printed `{text}`, the column is not in percent"))
    }

    fn mismatch(&self, expected: &Expected) -> Finding {
        let printed = printed(
            self.cell.number.as_deref(),
            self.cell.spread_number.as_deref(),
        );
        let given = self::printed(Some(&expected.text), expected.spread.as_deref());
        let what = match &expected.selected[..] {
            [one] => format!(
                "printed {printed}, run gives {given} (epoch {}; {})",
                one.epoch,
                self.occurrence(one.epoch)
            ),
            several => {
                let epochs: Vec<String> = several.iter().map(|one| one.epoch.to_string()).collect();
                let n = several.len();
                format!(
                    "printed {printed}, {n} runs give {given} (epochs {}{})",
                    epochs.join(", "),
                    self.of_one_run(several)
                )
            }
        };
        let mut finding = self.finding("value", what).with_hint(HINT).with_fix(given);
        for ((run, _), one) in self.runs.iter().zip(&expected.selected) {
            let text = format!("{} {} = {}", run.cited(), self.column.metric, one.value);
            finding = finding.with_evidence("run", text);
        }
        let number = self.cell.number.as_deref().unwrap_or_default();
        match distance(number, &expected.text) {
            None | Some(0) => finding,
            Some(units) => {
                finding.with_evidence("distance", format!("{units:+} in the last digit"))
            }
        }
    }

    /// Where in the run's curve the printed number does occur, nearest to the selected epoch.
    fn occurrence(&self, selected: i32) -> String {
        let number = self.cell.number.as_deref().unwrap_or_default();
        let decimals = self.cell.decimals.unwrap_or(0) as usize;
        let (_, files) = self.runs[0];
        let curve = match &files.metrics {
            Ok(metrics) => curve(metrics.frame(), &self.column.metric).unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        let nearest = curve
            .iter()
            .filter(|one| round(one.value * self.column.scale, decimals).as_deref() == Some(number))
            .map(|one| one.epoch)
            .min_by_key(|epoch| epoch.abs_diff(selected));
        match nearest {
            Some(epoch) => format!("{number} occurs at epoch {epoch}"),
            None => format!("{number} occurs at no epoch"),
        }
    }

    /// The run of a group that alone gives the printed number.
    fn of_one_run(&self, selected: &[Selected]) -> String {
        let decimals = self.cell.decimals.unwrap_or(0) as usize;
        let gives = |one: &Selected| round(one.value * self.column.scale, decimals);
        let mut alone = self.runs.iter().zip(selected);
        match (
            alone.find(|(_, one)| gives(one) == self.cell.number),
            &self.cell.number,
        ) {
            (Some(((run, _), _)), Some(number)) => {
                format!("; {number} is that of `{}` alone", run.cited())
            }
            _ => String::new(),
        }
    }

    fn not_measured(&self) -> Finding {
        let printed = printed(
            self.cell.number.as_deref(),
            self.cell.spread_number.as_deref(),
        );
        let metric = &self.column.metric;
        let finding = self
            .finding(
                "not-measured",
                format!("printed {printed}, run did not measure `{metric}`"),
            )
            .with_hint(HINT);
        let cite = |finding: Finding, (run, _): &(&RunId, &RunFiles)| {
            finding.with_evidence("run", run.cited())
        };
        self.runs.iter().fold(finding, cite)
    }

    /// Derives the metric again from each run's predictions: `None` where they agree, a finding where they
    /// do not.
    fn predictions(&self, expected: &Expected) -> Result<Option<Finding>, String> {
        let name = &self.column.metric;
        let metric: MetricName = name.parse().map_err(|error| format!("{error}"))?;
        for ((run, files), one) in self.runs.iter().zip(&expected.selected) {
            let predictions = files.predictions.as_ref().map_err(Clone::clone)?;
            let found = from_predictions(predictions, &metric, one.epoch)
                .map_err(|error| format!("run `{run}`: {error}"))?
                .ok_or_else(|| {
                    format!(
                        "predictions of run `{run}` do not give `{name}` at epoch {}",
                        one.epoch
                    )
                })?;
            if !agree(one.value, found.value) {
                let what = format!(
                    "`metrics.parquet` says {}, `predictions.parquet` gives {} (epoch {}, {} samples)",
                    one.value, found.value, one.epoch, found.n
                );
                let finding = self
                    .finding("predictions", what)
                    .with_evidence("run", run.cited())
                    .with_hint("the run's files contradict each other; train it again");
                return Ok(Some(finding));
            }
            if let Some(what) = found.gap(one.count, &files.record, &metric) {
                let (place, subject, message) = self.address("count", what);
                let finding = Finding::new(&EVALUATION_COVERAGE, place, &subject, message);
                return Ok(Some(finding.with_evidence("run", run.cited())));
            }
        }
        Ok(None)
    }

    fn finding(&self, kind: &'static str, what: String) -> Finding {
        let (place, subject, message) = self.address(kind, what);
        Finding::new(&VALUE_MISMATCH, place, &subject, message)
    }

    fn address(&self, kind: &'static str, what: String) -> (Place, Subject, String) {
        let label = &self.row.row.label;
        let header = &self.column.header;
        let place = Place {
            line: self.cell.line,
            column: self.cell.column,
            end_column: self.cell.end_column,
        };
        let subject = Subject {
            table: self.table.table.name().to_owned(),
            row: label.clone(),
            column: header.clone(),
            kind,
        };
        (
            place,
            subject,
            format!("row `{label}`, column `{header}`: {what}"),
        )
    }
}

fn printed(number: Option<&str>, spread: Option<&str>) -> String {
    let number = number.unwrap_or_default();
    match spread {
        Some(spread) => format!("{number} ± {spread}"),
        None => number.to_owned(),
    }
}

/// Arithmetic mean, and the sample standard deviation over seeds (n − 1) of more than one value.
fn mean_and_deviation(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = match values {
        [one] => return (*one, None),
        _ => values.iter().sum::<f64>() / n,
    };
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    (mean, Some((squares / (n - 1.0)).sqrt()))
}
