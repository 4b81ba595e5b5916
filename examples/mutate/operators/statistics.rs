//! Defects of statistics.

use repro::document::{Cell, Row, Table};
use repro::report::select::curve;

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
            let mut text = edit::on_line(&base.text, definition.line, |_| Some(line));
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
            for cell in row.cells.iter().filter(|cell| cell.value.is_some()).rev() {
                let alone = cell.number.clone().unwrap_or_default();
                let end = cell.column + cell.text.chars().count();
                text = edit::replace(&text, cell.line, (cell.column, end), &alone);
            }
            mutants.push(base.mutant(text, format!("[{}]: {path} alone", definition.mark)));
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

/// A cell of a row with several, from another epoch than the others.
pub(super) fn other_epoch(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let several = |(_, row, _): &(&Table, &Row, &Cell)| {
        row.cells.iter().filter(|cell| cell.value.is_some()).count() > 1
    };
    let mut mutants = Vec::new();
    for (table, row, cell) in base.numeric_cells().filter(several) {
        let repro::document::Resolved::One(found) =
            base.document.resolve(table, &row.marks[0].text)
        else {
            continue;
        };
        let run = found
            .paths
            .first()
            .and_then(|path| repro::audit::bind::cited_run(path));
        let Some(metrics) = run.and_then(|run| corpus.store.metrics(&run).ok()) else {
            continue;
        };
        let columns = corpus.specs.iter().flat_map(|spec| &spec.columns);
        let column = columns
            .into_iter()
            .find(|column| Some(&column.header) == cell.header.as_ref());
        let Some(column) = column else { continue };
        for point in curve(metrics.frame(), &column.metric).unwrap_or_default() {
            let text = format!("{:.1}", point.value * column.scale);
            if text != cell.text && point.epoch % 5 == 0 {
                let what = format!("line {}: epoch {}", cell.line, point.epoch);
                mutants.push(base.mutant(base.with_cell(cell, &text), what));
            }
        }
    }
    mutants
}
