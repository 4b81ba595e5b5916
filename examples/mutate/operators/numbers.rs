//! Defects of numbers.

use repro::document::{Cell, Row, Table};

use repro::store::MetricRow;

use super::data::metrics;
use super::{of_all, own_numbers};
use crate::beside::{Beside, ChangedRun};
use crate::corpus::{Base, Corpus, LABELS, Mutant, OWN};
use crate::edit;

/// One cell of our own document with another number.
pub(super) fn value(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let mut mutants = Vec::new();
    for (_, row, cell) in base.numeric_cells() {
        let changed = edit::last_digit(&cell.text);
        let what = format!("line {}: {} → {changed}", cell.line, cell.text);
        mutants.push(base.mutant(base.with_cell(cell, &changed), what));
        let others = row.cells.iter().filter(|other| other.value.is_some());
        for other in others.filter(|other| other.column > cell.column && other.text != cell.text) {
            let half = base.with_cell(other, &cell.text);
            let text = edit::replace(
                &half,
                cell.line,
                (cell.column, cell.end_column),
                &other.text,
            );
            mutants.push(base.mutant(text, format!("line {}: two cells swapped", cell.line)));
        }
    }
    mutants
}

/// One cell of our own document cut or raised instead of rounded: the text, or the metric behind it.
pub(super) fn rounding(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let mut mutants = Vec::new();
    for own in own_numbers(corpus) {
        let cell = own.cell;
        let Some(row) = own.rows.iter().find(|row| row.epoch == own.epoch) else {
            continue;
        };
        let tenths = row.value * own.column.scale * 10.0;
        for (what, other) in [("cut", tenths.floor()), ("raised", tenths.ceil())] {
            let text = format!("{:.1}", other / 10.0);
            if text != cell.text && (tenths - tenths.round()).abs() > 1e-6 {
                let what = format!("line {}: {} {what} to {text}", cell.line, cell.text);
                mutants.push(base.mutant(base.with_cell(cell, &text), what));
            }
        }
        for (what, by) in [("cut", 0.07), ("raised", -0.07)] {
            let value = cell.value.expect("a number") + by;
            let text = format!("line {}: {} {what} from {value}", cell.line, cell.text);
            let record = corpus.store.record(&own.run).expect("our own record");
            let mut changed = ChangedRun {
                run: own.run.clone(),
                record,
                metrics: None,
            };
            let is_reported =
                |row: &&mut MetricRow| row.metric == own.column.metric && row.epoch == own.epoch;
            for row in metrics(corpus, &mut changed).iter_mut().filter(is_reported) {
                row.value = value / own.column.scale;
            }
            mutants.push(base.mutant_beside(Beside::run(changed), text));
        }
    }
    mutants
}

/// A number of our own document that no number of its test images gives.
pub(super) fn impossible_share(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let mut mutants = Vec::new();
    for own in own_numbers(corpus) {
        let cell = own.cell;
        let Some(n) = own.rows.first().and_then(|row| row.count) else {
            continue;
        };
        let gives = |value: f64, k: i64| {
            (own.column.scale * k as f64 / n as f64 - value).abs() <= 0.05 + 1e-9
        };
        // Years of error: their sum may be that of as many images as there are, and of a century each.
        let most = if own.column.scale == 100.0 {
            n
        } else {
            100 * n
        };
        for off in -4..=4 {
            let text = format!(
                "{:.1}",
                cell.value.expect("a number") + 0.1 * f64::from(off)
            );
            let value: f64 = text.parse().expect("a number");
            if !(0..=most).any(|k| gives(value, k)) {
                let what = format!("line {}: {text} of {n}", cell.line);
                mutants.push(base.mutant(base.with_cell(cell, &text), what));
            }
        }
    }
    mutants
}

/// A digit less or two more than the column has.
pub(super) fn precision(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (table, _, cell) in base
            .numeric_cells()
            .filter(|(_, _, cell)| cell.spread.is_none())
        {
            let decimals = decimals_in_column(table, cell);
            // Another number of digits is a defect only where all have the same.
            if decimals.len() < 2 || decimals.iter().any(|other| *other != decimals[0]) {
                continue;
            }
            let less = cell.text.split('.').next().unwrap_or_default().to_owned();
            for text in [less, format!("{}37", cell.text)] {
                let what = format!("line {}: {} → {text}", cell.line, cell.text);
                mutants.push(base.mutant(base.with_cell(cell, &text), what));
            }
        }
        mutants
    })
}

/// The digits behind the point of every number in the column of a cell.
fn decimals_in_column(table: &Table, cell: &Cell) -> Vec<Option<u32>> {
    let cells = table.rows.iter().flat_map(|row| &row.cells);
    let of_column = cells.filter(|other| other.header == cell.header && other.value.is_some());
    of_column.map(|cell| cell.decimals).collect()
}

/// A number of a column in the place of another column's.
pub(super) fn outlier(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(LABELS);
    let mut mutants = Vec::new();
    for (table, _, cell) in base.numeric_cells() {
        for header in table.header.iter().flatten().skip(1) {
            // Only what is in the middle of a column is known to belong to it.
            let middle = middle_of_column(table, &header.text);
            if cell.header.as_ref() != Some(&header.text) {
                let mutant = |number: &String| {
                    let what = format!("line {}: {} → {number}", cell.line, cell.text);
                    base.mutant(base.with_cell(cell, number), what)
                };
                mutants.extend(middle.iter().map(mutant));
            }
        }
    }
    mutants
}

/// The two numbers in the middle of a column.
fn middle_of_column(table: &Table, header: &str) -> Vec<String> {
    let cells = table.rows.iter().flat_map(|row| &row.cells);
    let of_column = cells.filter(|cell| cell.header.as_deref() == Some(header));
    let mut numbers: Vec<(f64, String)> = of_column
        .filter_map(|cell| Some((cell.value?, cell.text.clone())))
        .collect();
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = numbers.len() / 2;
    let middle = numbers.iter().skip(half.saturating_sub(1)).take(2);
    middle.map(|(_, text)| text.clone()).collect()
}

/// A share above 100 or a negative error.
pub(super) fn out_of_range(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mutant = |(_, _, cell): (&Table, &Row, &Cell)| {
            let is_share = cell
                .header
                .as_ref()
                .is_some_and(|header| header.contains('%'));
            let text = if is_share { "104.2" } else { "-0.4" };
            let what = format!("line {}: {text}", cell.line);
            base.mutant(base.with_cell(cell, text), what)
        };
        base.numeric_cells().map(mutant).collect()
    })
}

/// Gender, smile and age of our own document no better than guessing.
pub(super) fn trivial(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let mut mutants = Vec::new();
    for (_, _, cell) in base.numeric_cells() {
        let header = cell.header.as_deref().unwrap_or_default();
        let guesses: &[&str] = match header {
            _ if header.starts_with("Gender") => &["50.0", "49.2"],
            _ if header.starts_with("Smile") => &["50.0", "51.0"],
            _ if header.starts_with("Emotion") => &["14.2", "10.0"],
            _ if header.contains("MAE") => &["35.0", "40.0"],
            _ => &["0.4"],
        };
        for guess in guesses {
            let what = format!("line {}: {header} {guess}", cell.line);
            mutants.push(base.mutant(base.with_cell(cell, guess), what));
        }
    }
    mutants
}

/// An error of integer labels below the share of wrong answers.
pub(super) fn identity(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (_, row) in base.numeric_rows() {
            let named = |name: &str| {
                row.cells.iter().find(|cell| {
                    let header = cell.header.as_deref().unwrap_or_default();
                    cell.value.is_some() && header.contains(name)
                })
            };
            if let (Some(_), Some(error)) = (named("Age Acc"), named("MAE")) {
                for text in ["0.1", "0.3", "0.5", "0.7"] {
                    let what = format!("line {}: MAE {text}", row.line);
                    mutants.push(base.mutant(base.with_cell(error, text), what));
                }
            }
        }
        mutants.extend(added_error_rates(base));
        mutants
    })
}

/// A column of error rates that do not complete the accuracies to 100.
fn added_error_rates(base: &Base) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for table in base
        .document
        .tables
        .iter()
        .filter(|table| table.header.is_some())
    {
        for row in &table.rows {
            let Some(cell) = row.cells.iter().find(|cell| {
                cell.value.is_some()
                    && cell
                        .header
                        .as_ref()
                        .is_some_and(|header| header.contains("(%)"))
            }) else {
                continue;
            };
            let header = cell
                .header
                .as_deref()
                .unwrap_or_default()
                .replacen("(%)", " Error(%)", 1);
            let header = header.replacen(" Acc Error", " Error", 1);
            let mut text = base.text.clone();
            for (line, added) in [
                (table.line, header.as_str()),
                (table.line + 1, "---"),
                (row.line, "2.5"),
            ] {
                text = edit::on_line(&text, line, |content| {
                    Some(format!("{} | {added}", content.trim_end()))
                });
            }
            mutants.push(base.mutant(text, format!("line {}: error rate 2.5", row.line)));
        }
    }
    mutants
}
