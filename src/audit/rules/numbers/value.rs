//! RPR101 and RPR404: a printed value against what the spec's rule takes out of the runs' metrics; RPR604
//! and RPR507: those metrics against the predictions.

mod predictions;

use super::{At, Cells, HINT};
use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::{
    BIASED_AGGREGATION, EVALUATION_COVERAGE, EXPECTED_CELL_EMPTY, ROUNDING_MODE, VALUE_MISMATCH,
};
use crate::audit::decimal::{Mode, distance, round};
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Finding, Place, Severity, Sink, Subject};
use crate::document::Cell;
use crate::report::aggregate::group;
use crate::report::select::Selected;
use crate::report::spec::{Column, Spread, TableSpec};
use crate::store::RunId;

/// A cell with everything that its number depends on.
pub(super) struct Case<'c> {
    table: &'c BoundTable<'c>,
    row: &'c BoundRow<'c>,
    cell: &'c Cell,
    column: &'c Column,
    spec: &'c TableSpec,
    runs: Vec<(&'c RunId, &'c RunFiles)>,
}

/// What the metrics give for a cell.
struct Expected {
    /// The number, unrounded.
    mean: f64,
    /// The number, as it must be printed.
    text: String,
    /// What must stand behind `±`.
    spread: Option<String>,
    /// What the rule took from each run.
    selected: Vec<Selected>,
}

/// What the runs give for a cell: unrounded, and as it must be printed.
pub(super) struct Given {
    pub(super) value: f64,
    pub(super) text: String,
}

/// What is needed to decide a cell, or why it cannot be decided.
pub(super) fn case<'c>(bound: &'c Bound<'c>, at: At<'c>) -> Result<Case<'c>, String> {
    let At { table, row, cell } = at;
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
    pub(super) fn check_without_number(&self, sink: &mut Sink<'_>, cells: &mut Cells) {
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

    pub(super) fn check(&self, sink: &mut Sink<'_>, cells: &mut Cells) {
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
            sink.report(self.mismatch(&expected));
            return self.check_mode(&expected, sink);
        }
        if let Some(what) = self.misstatement() {
            cells.mismatched += 1;
            return sink.report(self.finding("statement", what).with_hint(HINT));
        }
        sink.verified(&ROUNDING_MODE);
        match self.predictions(&expected) {
            Ok(None) => {
                cells.verified_from_predictions += 1;
                sink.verified(&EVALUATION_COVERAGE);
                sink.verified(&BIASED_AGGREGATION);
            }
            Ok(Some(finding)) => {
                let is_value = finding.rule == VALUE_MISMATCH.id;
                sink.report(finding);
                if is_value {
                    cells.mismatched += 1;
                    return self.check_aggregation(&expected, sink);
                }
                sink.verified(&BIASED_AGGREGATION);
            }
            Err(reason) => {
                sink.not_assessed(&EVALUATION_COVERAGE, reason.clone());
                sink.not_assessed(&BIASED_AGGREGATION, reason.clone());
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
            if let Err(error) = &files.metrics {
                return Err(error.clone());
            }
            let value = files
                .select(&self.column.metric, &self.spec.epoch)
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
            mean,
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
        let mode = self.mode(expected);
        let mode = mode.map_or(String::new(), |mode| format!(": {}", mode.as_str()));
        let mut finding = self
            .finding("value", what + &mode)
            .with_hint(HINT)
            .with_fix(given);
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
        let curve = files.curve(&self.column.metric).unwrap_or_default();
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

    /// How a number was brought to its digits, where it is the run's but not its nearest; the mismatch itself
    /// is reported already, as a spec declares the rounding.
    fn check_mode(&self, expected: &Expected, sink: &mut Sink<'_>) {
        if let Some(mode) = self.mode(expected) {
            let what = format!(
                "{} from {}, the spec rounds half to even",
                mode.as_str(),
                expected.mean
            );
            let (place, subject, message) = self.address("mode", what);
            let finding = Finding::new(&ROUNDING_MODE, place, &subject, message)
                .with_hint(HINT)
                .with_fix(printed(Some(&expected.text), expected.spread.as_deref()));
            sink.report(match mode.is_nearest() {
                true => finding,
                false => finding.with_severity(Severity::Warning),
            });
        }
    }

    /// The other way of rounding that gives the printed number.
    fn mode(&self, expected: &Expected) -> Option<Mode> {
        let number = self.cell.number.as_deref()?;
        let decimals = self.cell.decimals? as usize;
        let modes = Mode::giving(number, expected.mean, decimals);
        modes
            .first()
            .copied()
            .filter(|mode| *mode != Mode::HalfEven)
    }

    /// What the runs give, where they give a number.
    pub(super) fn given(&self) -> Option<Given> {
        let expected = self.expected().ok()??;
        Some(Given {
            value: expected.mean,
            text: printed(Some(&expected.text), expected.spread.as_deref()),
        })
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
