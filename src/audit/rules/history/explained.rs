//! Which differences between a document and its rendering follow from errors that were found.
//!
//! A missing run empties its row, takes its notes along and numbers all later ones anew, so lines are compared
//! without marks and blanks: rows with rows, notes with notes, and everything else with everything else.

use std::collections::BTreeSet;

use crate::audit::bind::Bound;
use crate::document::Document;

/// Lines with errors, and what is printed anew with them: a row with its notes, a note with its rows.
pub(super) struct Explained {
    lines: BTreeSet<usize>,
    /// Whether any row is among them, whose notes may be gone.
    has_rows: bool,
    /// Whether any table is, whose rows may be gone.
    has_tables: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Row,
    Note,
    Other,
}

/// A line that is not empty, a note as a whole.
struct Line {
    number: usize,
    kind: Kind,
    /// Without blanks and marks.
    essence: String,
    text: String,
}

/// The lines of a text.
pub(super) struct Text(Vec<Line>);

impl Text {
    pub(super) fn of(text: &str, document: &Document) -> Self {
        let rows = document.tables.iter().flat_map(|table| &table.rows);
        let rows: Vec<_> = rows.collect();
        let notes = &document.definitions;
        let line = |(idx, text): (usize, &str)| {
            let number = idx + 1;
            let n_before = notes.partition_point(|note| note.line <= number);
            let note = n_before.checked_sub(1).map(|at| &notes[at]);
            let note = note.filter(|note| number <= note.end_line);
            let (kind, essence) = if let Ok(at) = rows.binary_search_by_key(&number, |row| row.line)
            {
                let cells = rows[at].cells.iter().map(|cell| cell.text.as_str());
                let cells: Vec<&str> = std::iter::once(&*rows[at].label).chain(cells).collect();
                (Kind::Row, cells.join("|"))
            } else if let Some(note) = note {
                // The lines below its first are part of it.
                let is_first = note.line == number;
                (
                    Kind::Note,
                    if is_first {
                        note.text.clone()
                    } else {
                        String::new()
                    },
                )
            } else {
                (Kind::Other, text.to_owned())
            };
            let essence = essence_of(&essence);
            (!essence.is_empty()).then(|| Line {
                number,
                kind,
                essence,
                text: text.to_owned(),
            })
        };
        Self(text.split('\n').enumerate().filter_map(line).collect())
    }

    /// The lines of a kind that the other text does not have.
    fn without<'t>(&'t self, other: &'t Self, kind: Kind) -> impl Iterator<Item = &'t Line> {
        let there = other.essences(kind);
        let there: BTreeSet<&str> = there.into_iter().collect();
        let lines = self.0.iter().filter(move |line| line.kind == kind);
        lines.filter(move |line| !there.contains(&*line.essence))
    }

    fn essences(&self, kind: Kind) -> Vec<&str> {
        let lines = self.0.iter().filter(|line| line.kind == kind);
        lines.map(|line| &*line.essence).collect()
    }

    /// The first line of a kind that stands elsewhere than in the other text, among those that both have.
    fn moved<'t>(&'t self, other: &'t Self, kind: Kind) -> Option<(&'t Line, &'t Line)> {
        let common = |text: &'t Self, other: &'t Self| {
            let there: BTreeSet<&str> = other.essences(kind).into_iter().collect();
            let lines = text.0.iter().filter(move |line| line.kind == kind);
            lines.filter(move |line| there.contains(&*line.essence))
        };
        let mut pairs = common(self, other).zip(common(other, self));
        pairs.find(|(a, b)| a.essence != b.essence)
    }
}

/// A line without blanks; separators are alike whatever their length.
fn essence_of(line: &str) -> String {
    let kept: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    match kept.contains('-') && kept.chars().all(|c| "-|:".contains(c)) {
        true => "-|".repeat(kept.matches('|').count()),
        false => kept,
    }
}

impl Explained {
    /// What errors at these lines explain.
    pub(super) fn of(bound: &Bound<'_>, errors: &BTreeSet<usize>) -> Self {
        let mut lines = errors.clone();
        let mut has_rows = false;
        for row in bound.tables.iter().flat_map(|table| &table.rows) {
            let notes = row.definitions.iter().map(|note| note.line);
            if errors.contains(&row.row.line) || notes.clone().any(|line| errors.contains(&line)) {
                has_rows = true;
                lines.insert(row.row.line);
                lines.extend(notes);
            }
        }
        let has_tables = (bound.tables.iter()).any(|table| errors.contains(&table.table.line));
        Self {
            lines,
            has_rows,
            has_tables,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn has(&self, line: usize) -> bool {
        self.lines.contains(&line)
    }

    pub(super) fn has_any(&self, mut lines: impl Iterator<Item = usize>) -> bool {
        lines.any(|line| self.has(line))
    }

    /// Whether any line that differs is explained.
    pub(super) fn is_any(&self, committed: &Text, rendered: &Text) -> bool {
        let kinds = [Kind::Row, Kind::Note, Kind::Other];
        let differing = |kind| committed.without(rendered, kind);
        let is_gone = |kind| rendered.without(committed, kind).next().is_some();
        self.has_any(
            kinds
                .into_iter()
                .flat_map(differing)
                .map(|line| line.number),
        ) || (self.has_rows && is_gone(Kind::Note))
            || (self.has_tables && is_gone(Kind::Row))
    }

    /// The first difference that nothing explains: its line, as committed and as rendered.
    pub(super) fn rest(
        &self,
        committed: &Text,
        rendered: &Text,
    ) -> Option<(usize, String, String)> {
        let kinds = [Kind::Other, Kind::Row, Kind::Note];
        let found = kinds
            .into_iter()
            .filter_map(|kind| self.rest_of(committed, rendered, kind));
        found.min_by_key(|(line, ..)| *line)
    }

    fn rest_of(
        &self,
        committed: &Text,
        rendered: &Text,
        kind: Kind,
    ) -> Option<(usize, String, String)> {
        let given: Vec<&Line> = rendered.without(committed, kind).collect();
        let said: Vec<&Line> = committed.without(rendered, kind).collect();
        let unexplained = |line: &&Line| !self.has(line.number);
        if let Some(at) = said.iter().position(unexplained) {
            let given = given
                .get(at)
                .map_or(String::new(), |line| line.text.clone());
            return Some((said[at].number, said[at].text.clone(), given));
        }
        let may_lack = match kind {
            Kind::Row => self.has_tables,
            Kind::Note => self.has_rows,
            Kind::Other => false,
        };
        if let Some(lacking) = given.get(said.len()).filter(|_| !may_lack) {
            let next = committed
                .0
                .iter()
                .find(|line| line.number >= lacking.number);
            let number = next.or(committed.0.last()).map_or(1, |line| line.number);
            return Some((number, String::new(), lacking.text.clone()));
        }
        // Notes go with the first row that carries them.
        let moved = committed
            .moved(rendered, kind)
            .filter(|_| kind != Kind::Note);
        moved.map(|(a, b)| (a.number, a.text.clone(), b.text.clone()))
    }
}
