//! Defects of statistics.

use repro::store::MetricRow;

use super::{Own, own_numbers};
use crate::corpus::{Corpus, GROUPS, Mutant, OWN};
use crate::edit;

/// A row of a document of groups that rests on one run.
pub(super) fn single_run(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(GROUPS);
    let mut mutants = Vec::new();
    for definition in base
        .document
        .definitions
        .iter()
        .filter(|found| found.paths.len() > 1)
    {
        for path in &definition.paths {
            let line = format!("[{}] data source: \"{path}\"", definition.mark);
            let path_alone = edit::on_line(&base.text, definition.line, |_| Some(line));
            let mut text = path_alone.clone();
            let seed = &path[path.len() - 1..];
            let next = definition.line + 1;
            for seeds in ["seed=[0, 1, 2]", "seed=[0, 1, 2],"] {
                text = edit::on_line(&text, next, |line| {
                    Some(line.replacen(seeds, &format!("seed={seed}"), 1))
                });
            }
            let row = base
                .numeric_rows()
                .find(|(_, row)| row.marks.iter().any(|mark| mark.text == definition.mark));
            let (_, row) = row.expect("every definition is used");
            // With the seed of the run in the record, and with those of all.
            for (what, mut text) in [("its seed", text), ("all seeds", path_alone)] {
                for cell in row.cells.iter().filter(|cell| cell.value.is_some()).rev() {
                    let alone = cell.number.clone().unwrap_or_default();
                    let end = cell.column + cell.text.chars().count();
                    text = edit::replace(&text, cell.line, (cell.column, end), &alone);
                }
                let what = format!("[{}]: {path} alone, {what}", definition.mark);
                mutants.push(base.mutant(text, what));
            }
        }
    }
    mutants
}

/// A spread that nothing explains, or none.
pub(super) fn undefined_spread(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(GROUPS);
    let note = base
        .text
        .lines()
        .position(|line| line.starts_with("mean ±"))
        .expect("a note")
        + 1;
    let mut mutants = Vec::new();
    for with in ["", "mean ± something", "n = 3", "± over seeds"] {
        let bare = edit::on_line(&base.text, note, |_| Some(with.to_owned()));
        for (_, _, cell) in base.numeric_cells() {
            let end = cell.column + cell.text.chars().count();
            let other = edit::last_digit(&cell.text);
            let text = edit::replace(&bare, cell.line, (cell.column, end), &other);
            mutants.push(base.mutant(text, format!("note `{with}`, line {}", cell.line)));
        }
    }
    mutants
}

/// A cell of a row with several, from an epoch at which the others are not as printed.
pub(super) fn other_epoch(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let numbers = own_numbers(corpus);
    let mut mutants = Vec::new();
    for own in &numbers {
        let others = numbers
            .iter()
            .filter(|other| other.row.line == own.row.line && other.cell.column != own.cell.column);
        let others: Vec<&Own<'_>> = others.collect();
        for point in own.rows.iter().filter(|point| point.epoch % 5 == 0) {
            let text = own.printed(point);
            // The same epoch may give all numbers again by chance.
            let explains = |epoch: i32| {
                own.prints_at(epoch, &text)
                    && others
                        .iter()
                        .all(|other| other.prints_at(epoch, &other.cell.text))
            };
            let is_mixed = !own.rows.iter().any(|row| explains(row.epoch));
            if is_mixed && !others.is_empty() {
                let what = format!("line {}: epoch {}", own.cell.line, point.epoch);
                mutants.push(base.mutant(base.with_cell(own.cell, &text), what));
            }
        }
    }
    mutants
}

impl Own<'_> {
    /// How a value of the metric is printed.
    fn printed(&self, row: &MetricRow) -> String {
        format!("{:.1}", row.value * self.column.scale)
    }

    fn prints_at(&self, epoch: i32, text: &str) -> bool {
        let mut at = self.rows.iter().filter(|row| row.epoch == epoch);
        at.any(|row| self.printed(row) == text)
    }
}
