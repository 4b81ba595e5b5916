//! The table as data: heading, header, rows, notes. No format, no file.

use serde::Serialize;

use super::footnote::{Numbering, PinnedTwice};
use super::spec::{FootnoteStyle, NumberingScope};

/// A finished table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Name of its spec.
    pub name: String,
    /// The title above it.
    pub heading: String,
    /// The epoch rule of its numbers.
    pub rule: String,
    /// Titles of the columns, that of the labels first.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<TableRow>,
    /// Notes on the table as a whole.
    pub source_notes: Vec<String>,
    /// Notes with numbers that no row need carry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixed_notes: Vec<Note>,
    /// Among which notes a number is given once.
    #[serde(skip)]
    pub numbering: NumberingScope,
    /// How marks and notes are written.
    #[serde(skip)]
    pub style: FootnoteStyle,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableRow {
    /// Its label, without marks.
    pub label: String,
    /// Its runs' paths below the results root, in seed order; none where nothing was trained.
    pub runs: Vec<String>,
    /// Its notes, in the order of their marks.
    pub notes: Vec<Note>,
    /// One cell per column behind the label.
    pub cells: Vec<Cell>,
}

/// A note that a row carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The number of its mark; 0 until the table is placed in a document.
    pub mark: u32,
    /// The number that the spec pins.
    #[serde(skip)]
    pub pin: Option<u32>,
    /// Its text, without the mark.
    pub text: String,
    /// The run whose record a link leads to.
    #[serde(skip)]
    pub run: String,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// No run, or a metric that the runs did not measure.
    Empty,
    /// Text that was reported elsewhere.
    Text(String),
    /// A number.
    Number(Number),
}

/// A number and how it is printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Number {
    /// As printed.
    pub text: String,
    /// Scaled mean over the runs, unrounded; in JSON `null` where it is not finite.
    pub value: f64,
    /// What stands behind `±`, unrounded.
    pub spread: Option<f64>,
    /// Number of runs behind it.
    pub n: usize,
    /// The epoch taken from each run, in seed order.
    pub epochs: Vec<i32>,
}

impl Cell {
    /// The cell as printed; empty for an empty one.
    pub fn text(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) => text,
            Self::Number(number) => &number.text,
        }
    }
}

impl Table {
    /// Gives every note its number, row by row: among those of the document, or among its own.
    ///
    /// # Errors
    /// Two notes are pinned to one number.
    pub fn number_notes(&mut self, of_document: &mut Numbering) -> Result<(), PinnedTwice> {
        let mut own = Numbering::new(self.pinned());
        let numbering = match self.numbering {
            NumberingScope::Document => of_document,
            NumberingScope::Table => &mut own,
        };
        let notes = self.rows.iter_mut().flat_map(|row| &mut row.notes);
        for note in notes.chain(&mut self.fixed_notes) {
            note.mark = numbering.number(&note.text, note.pin)?;
        }
        Ok(())
    }

    /// The numbers that the spec pins.
    pub fn pinned(&self) -> impl Iterator<Item = u32> {
        self.notes().filter_map(|note| note.pin)
    }

    /// The notes of its rows, then those that the spec fixes; a note that several rows carry comes as often.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        let of_rows = self.rows.iter().flat_map(|row| &row.notes);
        of_rows.chain(&self.fixed_notes)
    }

    /// Every note once, in blocks as the rows use them; what no row carries comes last.
    pub fn notes_by_row(&self) -> Vec<Vec<&Note>> {
        let mut seen = Vec::new();
        let mut blocks = Vec::new();
        let of_rows = self.rows.iter().map(|row| &row.notes);
        for notes in of_rows.chain([&self.fixed_notes]) {
            let mut block = Vec::new();
            for note in notes {
                if !seen.contains(&note.mark) {
                    seen.push(note.mark);
                    block.push(note);
                }
            }
            if !block.is_empty() {
                blocks.push(block);
            }
        }
        blocks
    }
}
