//! The document parser: text → tables, rows, cells, marks, definitions, each with its place.
//!
//! Owns the reading of committed markdown and nothing else: it knows no run, no spec and no rule. Every form
//! that real result documents have is accepted, nothing panics, and what looks like results but is not understood
//! is kept as [`Unparsed`]. Text comes from a file, the [`Document`] goes to `audit` and to `repro inspect`. The
//! time it takes grows with the length of the text and no faster.

mod brackets;
mod cell;
mod character;
mod command;
mod comment;
mod definition;
mod header;
mod heading;
mod mapping;
mod path;
mod prose;
mod record;
mod row;
mod scope;
mod statement;
mod table;
mod text;

use serde::Serialize;

pub use cell::Cell;
pub use character::OddCharacter;
pub use comment::{Comment, Concealment};
pub use definition::{Definition, Kind, PathPlace};
pub use header::{HeaderCell, Parts};
pub use heading::Heading;
pub use record::{BrokenRecord, EntryPlace, Record};
pub use row::{Mark, Row};
pub use scope::Resolved;
pub use statement::{Origin, Statement};
pub use table::{Separator, Table};

use heading::Outline;
use row::Style;
use text::Text;

/// What was understood of a document. Lines and columns are 1-based, columns count Unicode scalar values.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Document {
    /// Tables in the order of the text.
    pub tables: Vec<Table>,
    /// Definitions of marks in the order of the text.
    pub definitions: Vec<Definition>,
    /// Every record of the definitions, in the order of the text.
    pub records: Vec<Record>,
    /// HTML comments and other hidden text, in the order of the text.
    pub comments: Vec<Comment>,
    /// Lines that look like results but are nothing that is understood, in the order of the text.
    pub unparsed: Vec<Unparsed>,
    /// Headings in the order of the text.
    #[serde(skip)]
    pub headings: Vec<Heading>,
    /// `key = value` in headings and comments, in the order of the text.
    #[serde(skip)]
    pub statements: Vec<Statement>,
    /// Characters in tables and definitions that look like others, in the order of the text.
    #[serde(skip)]
    pub odd_characters: Vec<OddCharacter>,
    #[serde(skip)]
    index: scope::Index,
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unparsed {
    /// Its line.
    pub line: usize,
    /// Column of its first character that is no blank.
    pub column: usize,
    /// Its text without surrounding blanks.
    pub text: String,
}

impl Document {
    /// Reads a document; every text is one.
    pub fn parse(text: &str) -> Self {
        let text = Text::new(text);
        let document = Self {
            comments: text.comments.clone(),
            unparsed: text.unclosed.clone(),
            statements: text.statements.clone(),
            ..Self::default()
        };
        let mut reading = Reading {
            text: &text,
            document,
            outline: Outline::default(),
            above: None,
            refused: 0,
        };
        let mut line = 0;
        while line < text.lines() {
            line = reading.step(line);
        }
        let mut document = reading.document;
        document.headings = reading.outline.headings;
        document.comments.extend(comment::elements(&text));
        document
            .comments
            .sort_by_key(|item| (item.line, item.column));
        document
            .statements
            .sort_by_key(|item| (item.line, item.column));
        document
            .unparsed
            .sort_by_key(|item| (item.line, item.column));
        document.index();
        document
    }

    /// The heading that each heading lies under, by index.
    pub fn parents(&self) -> Vec<Option<usize>> {
        let mut open: Vec<usize> = Vec::new();
        let mut parents = Vec::new();
        for (idx, heading) in self.headings.iter().enumerate() {
            let level = |above: &usize| self.headings[*above].level;
            while open
                .last()
                .is_some_and(|above| level(above) >= heading.level)
            {
                open.pop();
            }
            parents.push(open.last().copied());
            open.push(idx);
        }
        parents
    }

    /// The cells that hold a number, with their tables and rows, in the order of the text.
    pub fn numeric_cells(&self) -> impl Iterator<Item = (&Table, &Row, &Cell)> {
        self.tables.iter().flat_map(|table| {
            table.rows.iter().flat_map(move |row| {
                let numeric = row.cells.iter().filter(|cell| cell.value.is_some());
                numeric.map(move |cell| (table, row, cell))
            })
        })
    }
}

/// A document while it is read.
struct Reading<'t> {
    text: &'t Text<'t>,
    document: Document,
    outline: Outline,
    /// How the table is written that only blank lines part from the line to be read.
    above: Option<Style>,
    /// The line before which no table without a header begins, since none began with the lines above.
    refused: usize,
}

impl Reading<'_> {
    /// Reads what begins at a line; returns the line after it.
    fn step(&mut self, line: usize) -> usize {
        if self.text.line(line).trim().is_empty() {
            return line + 1;
        }
        let above = self.above.take();
        self.heading(line)
            .or_else(|| self.tables(line, above))
            .or_else(|| self.definition(line))
            .unwrap_or_else(|| {
                self.other(line);
                line + 1
            })
    }

    fn heading(&mut self, line: usize) -> Option<usize> {
        let found = heading::read(self.text, line)?;
        let stated = statement::find(self.text, found.start, &found.title, Origin::Heading);
        self.document.statements.extend(stated);
        self.outline.add(self.text, line, &found);
        Some(found.next)
    }

    fn tables(&mut self, line: usize, above: Option<Style>) -> Option<usize> {
        let found = table::read(self.text, line, above, line >= self.refused)?;
        if found.tables.is_empty() {
            self.refused = found.next;
            return None;
        }
        let (heading, section) = (self.outline.current(), self.outline.path());
        let placed = found.tables.into_iter().map(|table| Table {
            heading,
            section: section.clone(),
            ..table
        });
        self.document.tables.extend(placed);
        self.odd_characters(line, found.next);
        self.above = found.style;
        Some(found.next)
    }

    fn definition(&mut self, line: usize) -> Option<usize> {
        let (mut definition, next) = definition::read(self.text, line)?;
        definition.heading = self.outline.current();
        definition.block = self.document.tables.len();
        self.document
            .records
            .extend(definition.records.iter().cloned());
        self.document.definitions.push(definition);
        self.odd_characters(line, next);
        Some(next)
    }

    fn odd_characters(&mut self, line: usize, next: usize) {
        let found = character::find(self.text, line, next);
        self.document.odd_characters.extend(found);
    }

    fn other(&mut self, line: usize) {
        let content = self.text.line(line);
        let is_result = row::looks_like_one(content)
            || definition::looks_like_one(content)
            || prose::looks_like_results(content);
        if is_result {
            self.document.unparsed.push(self.text.unparsed(line));
        }
    }
}

#[cfg(test)]
mod tests;
