//! What the text around a table says of it: its uncertainties, and which epoch it reports.

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundTable};
use crate::audit::reading::uncertainty::Definition;
use crate::document::Document;

/// What is said of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OfTable {
    /// What stands behind `±`.
    pub(super) uncertainty: Definition,
    /// Whether a rule for the reported epoch is named.
    pub(super) names_epoch: bool,
}

/// What is said of every table.
pub(super) struct Said(Vec<OfTable>);

/// Phrases that name a rule for the reported epoch.
const EPOCH_RULES: &[&str] = &[
    "last epoch",
    "final epoch",
    "best epoch",
    "last checkpoint",
    "final checkpoint",
    "best checkpoint",
    "epoch rule",
    "selection rule",
    "checkpoint selection",
    "early stopping",
    "lowest validation",
    "highest validation",
    "smallest validation",
    "best validation",
    "best on validation",
    "epoch with the lowest",
    "epoch with the highest",
    "epoch with the best",
    "averaged over the last",
    "select: ",
];

impl Said {
    pub(super) fn of(inputs: &Inputs<'_>, bound: &Bound<'_>) -> Self {
        let lines = said_by_line(inputs.text, bound.document);
        let before_sections = preamble(bound.document);
        let tables = bound.tables.iter().enumerate().map(|(idx, table)| {
            let (first, end) = region(bound, idx);
            let near = &lines[below(&lines, first)..below(&lines, end)];
            let above = &lines[..below(&lines, before_sections.min(first))];
            let mut said = OfTable::default();
            above
                .iter()
                .chain(near)
                .for_each(|(_, line)| said.add(*line));
            let header = table.table.header.iter().flatten();
            header.for_each(|cell| said.add(OfTable::of(&cell.text)));
            said
        });
        Self(tables.collect())
    }

    pub(super) fn of_table(&self, table_idx: usize) -> OfTable {
        self.0[table_idx]
    }
}

impl OfTable {
    fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        Self {
            uncertainty: Definition::of(text),
            names_epoch: EPOCH_RULES.iter().any(|rule| lower.contains(rule)),
        }
    }

    fn add(&mut self, other: Self) {
        self.uncertainty = self.uncertainty.and(other.uncertainty);
        self.names_epoch |= other.names_epoch;
    }
}

/// The lines that say something, with their numbers; rows of tables are no prose.
fn said_by_line(text: &str, document: &Document) -> Vec<(usize, OfTable)> {
    let mut rows = document.tables.iter().flat_map(|table| &table.rows);
    let mut next_row = rows.next();
    let mut said = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        let number = idx + 1;
        while next_row.is_some_and(|row| row.line < number) {
            next_row = rows.next();
        }
        let is_row = next_row.is_some_and(|row| row.line == number);
        let found = OfTable::of(line);
        if !is_row && found != OfTable::default() {
            said.push((number, found));
        }
    }
    said
}

/// The index of the first entry at or below a line.
fn below(lines: &[(usize, OfTable)], line: usize) -> usize {
    lines.partition_point(|(number, _)| *number < line)
}

/// The line of the second heading: what stands above it is said of the whole document.
fn preamble(document: &Document) -> usize {
    document
        .headings
        .get(1)
        .map_or(usize::MAX, |heading| heading.line)
}

/// The lines of a table's section and what follows it, up to the section of another table.
fn region(bound: &Bound<'_>, idx: usize) -> (usize, usize) {
    let begin = |table: &BoundTable<'_>| match table.table.heading {
        Some(heading) => bound.document.headings[heading].line,
        None => table.table.line,
    };
    let own = &bound.tables[idx];
    let others = bound.tables[idx + 1..].iter();
    let mut others = others.filter(|other| other.table.heading != own.table.heading);
    let end = others.next().map_or(usize::MAX, begin);
    (begin(own), end)
}
