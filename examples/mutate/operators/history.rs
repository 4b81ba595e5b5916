//! Defects that only earlier versions of a document, or what rendering gives, tell.

use repro::document::{Cell, Row, Table};

use super::of_all;
use crate::beside::{Beside, committed};
use crate::corpus::{Base, Corpus, Mutant, OWN};
use crate::edit;

impl Base {
    /// Another text, after the base's own was committed.
    fn after(&self, text: String, what: String) -> Mutant {
        Mutant {
            beside: committed(&self.text),
            ..self.mutant(text, what)
        }
    }
}

/// A number that changes without its source, a source that changes without its number.
pub(super) fn number(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (table, row, cell) in base.numeric_cells().filter(|found| has_source(base, found)) {
            let changed = edit::last_digit(&cell.text);
            let what = format!("line {}: {} → {changed}", cell.line, cell.text);
            mutants.push(base.after(base.with_cell(cell, &changed), what));
            for mark in &row.marks {
                let Some(definition) = base.definition_of(table, &mark.text) else {
                    continue;
                };
                for path in &definition.paths {
                    let to = edit::last_digit(path);
                    if let Some(text) = base.with_in_definition(definition, path, &to) {
                        let what = format!("[{}]: {to}, line {} stays", mark.text, cell.line);
                        mutants.push(base.after(text, what));
                    }
                }
            }
        }
        mutants
    })
}

/// Whether the number's row leads to the path of a run.
fn has_source(base: &Base, (table, row, _): &(&Table, &Row, &Cell)) -> bool {
    let mut marks = row.marks.iter();
    marks.any(|mark| {
        let found = base.definition_of(table, &mark.text);
        found.is_some_and(|found| !found.paths.is_empty())
    })
}

/// The record of a past run edited, its path respelt.
pub(super) fn record(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (from, to) in [
            ("epoch=", "epoch=1"),
            ("batch_size=", "batch_size=1"),
            ("lr_rate=0.0", "lr_rate=0.1"),
            ("debug=False, ", ""),
            ("working_machine='narvi'", "working_machine='Narvi'"),
            ("working_machine='a'", "working_machine='A'"),
            ("weight_decay=1e-06", "weight_decay=1e-05"),
            ("loss_weights=[1", "loss_weights=[2"),
            ("loss_weights=[0", "loss_weights=[3"),
            ("Namespace(", "Namespace(a_key_more=1, "),
            ("model='", "model='Old_"),
        ] {
            mutants.extend(base.in_records(from, to));
        }
        for (table, row) in base.cited_rows() {
            let has_record = |mark: &str| {
                let found = base.definition_of(table, mark);
                found.is_some_and(|found| !found.records.is_empty())
            };
            let described = row.marks.iter().any(|mark| has_record(&mark.text));
            for mark in row.marks.iter().filter(|_| described) {
                let definition = base.definition_of(table, &mark.text).expect("as above");
                for (from, to) in [("results/", "results/Old-"), ("results/", "old/results/")] {
                    if let Some(text) = base
                        .with_in_definition(definition, from, to)
                        .filter(|_| definition.paths.len() == 1)
                    {
                        mutants.push(base.mutant(text, format!("[{}]: {to}", mark.text)));
                    }
                }
            }
        }
        for mutant in &mut mutants {
            mutant.beside = committed(&base.text);
        }
        mutants
    })
}

/// Our own document other than what rendering gives, where nothing else is wrong with it.
pub(super) fn stale(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let is_prose = |line: &&str| {
        !(line.is_empty()
            || line.contains('|')
            || line.contains("---")
            || line.starts_with(['[', '#']))
    };
    let mut mutants = Vec::new();
    let mut add = |text: String, what: String| {
        let beside = Beside {
            rendered: Some(base.text.clone()),
            ..Beside::default()
        };
        let mutant = base.mutant(text, what);
        mutants.push(Mutant { beside, ..mutant });
    };
    for (idx, line) in base
        .text
        .split('\n')
        .enumerate()
        .filter(|(_, line)| is_prose(line))
    {
        let number = idx + 1;
        let changed = |to: String| edit::on_line(&base.text, number, |_| Some(to));
        add(
            edit::without(&base.text, &[number]),
            format!("line {number} removed"),
        );
        add(
            changed(format!("{line} ")),
            format!("line {number}: a blank more"),
        );
        add(
            changed(format!("{line} and more")),
            format!("line {number}: words more"),
        );
        let (first, _) = line.rsplit_once(' ').unwrap_or((line, ""));
        add(
            changed(first.to_owned()),
            format!("line {number}: a word less"),
        );
    }
    add(format!("{}\n", base.text), "a line more".to_owned());
    mutants
}
