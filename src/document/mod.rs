//! The document parser: text → tables, rows, cells, marks, definitions, each with its place.
//!
//! Owns the reading of committed markdown and nothing else: it knows no run, no spec and no rule. Every form
//! that real result documents have is accepted, nothing panics, and what looks like a row or a definition
//! but is not understood is kept as [`Unparsed`]. Text comes from a file, the [`Document`] goes to `audit`
//! and to `repro inspect`.

mod cell;
mod definition;
mod row;
mod scope;
mod table;
mod text;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub use definition::Kind;
pub use scope::Resolved;
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
    /// HTML comments in the order of the text.
    pub comments: Vec<Comment>,
    /// Lines that look like a row or a definition but are neither, in the order of the text.
    pub unparsed: Vec<Unparsed>,
    /// Headings in the order of the text.
    #[serde(skip)]
    pub headings: Vec<Heading>,
}

/// A heading and the sections it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Line of its text.
    pub line: usize,
    /// 1 for the outermost.
    pub level: usize,
    /// The texts from the outermost heading to this one.
    pub path: Vec<String>,
}

/// A header with its rows, or rows without a header.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Line of the header, or of the first row.
    pub line: usize,
    /// Texts of the headings it lies under, outermost first.
    pub section: Vec<String>,
    /// Header cells, that of the labels first; `None` for rows outside any table.
    pub header: Option<Vec<HeaderCell>>,
    /// Rows in the order of the text; dividers are no rows.
    pub rows: Vec<Row>,
    /// Index of the heading it lies under.
    #[serde(skip)]
    pub heading: Option<usize>,
    /// Lines of separators inside the body.
    #[serde(skip)]
    pub dividers: Vec<usize>,
}

/// The name of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderCell {
    /// Column of its first character.
    pub column: usize,
    /// Text without surrounding blanks, escapes resolved.
    pub text: String,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its line.
    pub line: usize,
    /// The first cell without marks and surrounding blanks.
    pub label: String,
    /// Marks at the end of the first cell; an empty one is `[]` or `[ ]`.
    pub marks: Vec<Mark>,
    /// Every cell after the label.
    pub cells: Vec<Cell>,
    /// Column of the label.
    #[serde(skip)]
    pub column: usize,
}

/// A reference to a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Column of its bracket.
    pub column: usize,
    /// What stands between the brackets, without blanks.
    pub text: String,
    /// Where it leads, for a mark that is a link and needs no definition.
    pub target: Option<String>,
}

/// One cell after the label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Its line.
    pub line: usize,
    /// Column of its first character that is no blank; of an empty cell, the one after its delimiter.
    pub column: usize,
    /// Name of its column; `None` outside the header.
    pub header: Option<String>,
    /// Text without surrounding blanks, escapes resolved.
    pub text: String,
    /// The number in it.
    pub value: Option<f64>,
    /// Digits after the decimal point.
    pub decimals: Option<u32>,
    /// What stands after `±` or in parentheses.
    pub spread: Option<f64>,
    /// Number of runs, where the cell says so.
    pub n: Option<u64>,
    /// Whether it is printed bold.
    pub bold: bool,
    /// What else was seen, such as `percent`, `thousands`, `decimal-comma`, `marked`, `placeholder`.
    pub flags: Vec<&'static str>,
    /// Marks behind its number, which has the flag `marked` then.
    #[serde(skip)]
    pub marks: Vec<Mark>,
    /// Column after its last character, marks apart.
    #[serde(skip)]
    pub end_column: usize,
    /// The number in plain decimal or exponent notation, as printed otherwise.
    #[serde(skip)]
    pub number: Option<String>,
    /// The spread likewise.
    #[serde(skip)]
    pub spread_number: Option<String>,
}

/// What a mark means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Definition {
    /// Its line.
    pub line: usize,
    /// Column of its bracket.
    pub column: usize,
    /// The mark, as it stands between the brackets.
    pub mark: String,
    /// Everything after the mark, without surrounding blanks.
    pub text: String,
    /// What it holds.
    pub kind: Kind,
    /// Run folders or files it names, without quotes.
    pub paths: Vec<String>,
    /// Records it holds.
    pub records: Vec<Record>,
    /// Records that could not be read.
    #[serde(skip)]
    pub broken: Vec<BrokenRecord>,
    /// Column after the last character of its first line.
    #[serde(skip)]
    pub end_column: usize,
    /// Index of the heading it lies under.
    #[serde(skip)]
    pub heading: Option<usize>,
    /// Number of its block, a run of definitions without a table between them: the tables before it.
    #[serde(skip)]
    pub block: usize,
}

/// A record as printed by a training program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Its line.
    pub line: usize,
    /// Column of its first character.
    pub column: usize,
    /// The name before the parenthesis, such as `Namespace`.
    pub constructor: String,
    /// Keys and values in the order of the text.
    pub values: Map<String, Value>,
}

/// A record that does not follow the literal grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRecord {
    /// Line of the mistake.
    pub line: usize,
    /// Column of the mistake.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// An HTML comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Its line.
    pub line: usize,
    /// Column of `<!--`.
    pub column: usize,
    /// What stands in it, without surrounding blanks.
    pub text: String,
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

impl Serialize for HeaderCell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Row {
    /// The marks of its label, then those of its cells.
    pub fn all_marks(&self) -> impl Iterator<Item = &Mark> {
        let of_cells = self.cells.iter().flat_map(|cell| &cell.marks);
        self.marks.iter().chain(of_cells)
    }
}

impl Document {
    /// Reads a document; every text is one.
    pub fn parse(text: &str) -> Self {
        let text = Text::new(text);
        let mut document = Self {
            comments: text.comments.clone(),
            unparsed: text.unclosed.clone(),
            ..Self::default()
        };
        let mut line = 0;
        while line < text.lines() {
            let heading = document.headings.len().checked_sub(1);
            if let Some((level, title, next)) = text.heading(line) {
                let path = section(&document.headings, level, title);
                let number = line + 1;
                document.headings.push(Heading {
                    line: number,
                    level,
                    path,
                });
                line = next;
            } else if let Some((tables, next)) = table::read(&text, line) {
                let section =
                    heading.map_or_else(Vec::new, |idx| document.headings[idx].path.clone());
                document
                    .tables
                    .extend(tables.into_iter().map(|table| Table {
                        heading,
                        section: section.clone(),
                        ..table
                    }));
                line = next;
            } else if let Some((mut definition, next)) = definition::read(&text, line) {
                definition.heading = heading;
                definition.block = document.tables.len();
                document.records.extend(definition.records.iter().cloned());
                document.definitions.push(definition);
                line = next;
            } else {
                if row::looks_like_one(text.line(line))
                    || definition::looks_like_one(text.line(line))
                {
                    document.unparsed.push(text.unparsed(line));
                }
                line += 1;
            }
        }
        document
            .unparsed
            .sort_by_key(|item| (item.line, item.column));
        document
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

/// The path of a heading of `level` after `headings`.
fn section(headings: &[Heading], level: usize, title: String) -> Vec<String> {
    let mut above = level;
    let mut path = Vec::new();
    for heading in headings.iter().rev() {
        if heading.level < above {
            above = heading.level;
            path.extend(heading.path.last().cloned());
        }
    }
    path.reverse();
    path.push(title);
    path
}

#[cfg(test)]
mod tests;
