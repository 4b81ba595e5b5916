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
        let mut document = Self {
            comments: text.comments.clone(),
            unparsed: text.unclosed.clone(),
            statements: text.statements.clone(),
            ..Self::default()
        };
        let mut outline = Outline::default();
        let mut above = None;
        let mut line = 0;
        while line < text.lines() {
            line = document.read_line(&text, line, &mut outline, &mut above);
        }
        document.headings = outline.headings;
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

    /// Reads what begins at a line; returns the line after it. `above` is how the table is written that only blank
    /// lines part from the line.
    fn read_line(
        &mut self,
        text: &Text<'_>,
        line: usize,
        outline: &mut Outline,
        above: &mut Option<Style>,
    ) -> usize {
        let content = text.line(line);
        if content.trim().is_empty() {
            return line + 1;
        }
        let style = above.take();
        if let Some(found) = heading::read(text, line) {
            let origin = Origin::Heading;
            let stated = statement::find(text, found.start, &found.title, origin);
            self.statements.extend(stated);
            outline.add(text, line, &found);
            return found.next;
        }
        if let Some(found) = table::read(text, line, style) {
            let (heading, section) = (outline.current(), outline.path());
            self.tables
                .extend(found.tables.into_iter().map(|table| Table {
                    heading,
                    section: section.clone(),
                    ..table
                }));
            let characters = character::find(text, line, found.next);
            self.odd_characters.extend(characters);
            *above = found.style;
            return found.next;
        }
        if let Some((mut definition, next)) = definition::read(text, line) {
            definition.heading = outline.current();
            definition.block = self.tables.len();
            self.records.extend(definition.records.iter().cloned());
            self.definitions.push(definition);
            let characters = character::find(text, line, next);
            self.odd_characters.extend(characters);
            return next;
        }
        let is_result = row::looks_like_one(content)
            || definition::looks_like_one(content)
            || prose::looks_like_results(content);
        if is_result {
            self.unparsed.push(text.unparsed(line));
        }
        line + 1
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

#[cfg(test)]
mod tests;
