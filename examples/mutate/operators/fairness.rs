//! Defects of the comparison.

use repro::document::{Cell, Row, Table};

use super::of_compared;
use crate::corpus::{Corpus, Mutant, OWN};

/// One record per table with another value: rows that share a column differ in it.
fn in_one_record(corpus: &Corpus, changes: &[(&str, &str)]) -> Vec<Mutant> {
    let mutants = of_compared(corpus, |base| {
        changes
            .iter()
            .flat_map(|(from, to)| base.in_records(from, to))
            .collect()
    });
    // Where the runs are there, they say what was trained, and the printed record contradicts them.
    mutants
        .into_iter()
        .filter(|mutant| mutant.base != OWN)
        .collect()
}

/// Another budget or another recipe.
pub(super) fn configuration(corpus: &Corpus) -> Vec<Mutant> {
    in_one_record(
        corpus,
        &[
            ("epoch=40", "epoch=80"),
            ("epoch=20", "epoch=30"),
            ("epoch=60", "epoch=90"),
            ("batch_size=8", "batch_size=64"),
            ("batch_size=16", "batch_size=64"),
            ("lr_rate=0.001", "lr_rate=0.1"),
            ("weight_decay=1e-06", "weight_decay=0.01"),
        ],
    )
}

/// Another machine.
pub(super) fn machine(corpus: &Corpus) -> Vec<Mutant> {
    in_one_record(
        corpus,
        &[
            ("working_machine='narvi'", "working_machine='other'"),
            ("working_machine='Narvi'", "working_machine='other'"),
            ("working_machine='thinkstation'", "working_machine='other'"),
            ("working_machine='a'", "working_machine='b'"),
        ],
    )
}

/// Another class space or protocol.
pub(super) fn protocol(corpus: &Corpus) -> Vec<Mutant> {
    let mut mutants = in_one_record(
        corpus,
        &[
            ("age_classes=100", "age_classes=88"),
            ("split_protocol='three-way'", "split_protocol='reference'"),
        ],
    );
    mutants.extend(super::code::classes(corpus));
    mutants
}

/// A cell emptied whose task the record trains.
pub(super) fn empty_cell(corpus: &Corpus) -> Vec<Mutant> {
    of_compared(corpus, |base| {
        let cited = |(_, row, _): &(&Table, &Row, &Cell)| {
            let n = row.cells.iter().filter(|cell| cell.value.is_some()).count();
            row.marks.len() == 2 && n > 1
        };
        let emptied = |(_, _, cell): (&Table, &Row, &Cell)| {
            let blank = " ".repeat(cell.text.chars().count());
            base.mutant(
                base.with_cell(cell, &blank),
                format!("line {} emptied", cell.line),
            )
        };
        base.numeric_cells().filter(cited).map(emptied).collect()
    })
}
