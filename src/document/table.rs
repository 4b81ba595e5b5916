//! Tables: where they begin and end, what in their body is a row, a divider or another header.

use serde::Serialize;

use super::header::HeaderCell;
use super::row::{self, Row, Style};
use super::text::Text;
use super::{definition, heading};

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
    /// Every separator, those of [`Self::dividers`] among them: one on the line after the header is as it should be.
    #[serde(skip)]
    pub separators: Vec<Separator>,
    /// Whether its header stands in the body of the table above, without a blank line between.
    #[serde(skip)]
    pub is_glued: bool,
    /// Whether its rows, which have no header, follow a table with nothing but blank lines between.
    #[serde(skip)]
    pub continues: bool,
    /// Its last line.
    #[serde(skip)]
    pub end_line: usize,
}

/// A line of dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separator {
    /// Its line.
    pub line: usize,
    /// Column of its first character that is no blank.
    pub column: usize,
    /// Column after its last character that is no blank.
    pub end_column: usize,
    /// Number of its cells.
    pub n_cells: usize,
}

/// Tables without a gap between them, or lines that are none.
pub(super) struct Found {
    pub(super) tables: Vec<Table>,
    /// The line after the last, 0-based.
    pub(super) next: usize,
    /// How the last is written.
    pub(super) style: Option<Style>,
}

/// The tables that begin at a line; none in [`Found`] where the lines up to `next` only look like rows. `above` is how
/// the table is written that only blank lines part from the line. Rows without a header are looked for only if they
/// `may_lack_header`.
pub(super) fn read(
    text: &Text<'_>,
    line: usize,
    above: Option<Style>,
    may_lack_header: bool,
) -> Option<Found> {
    // A separator above the header belongs to the table.
    let stray = usize::from(row::is_separator(text.line(line)) && has_header(text, line + 1));
    if !has_header(text, line + stray) {
        return may_lack_header
            .then(|| without_header(text, line, above))
            .flatten();
    }
    let mut found = Found {
        tables: Vec::new(),
        next: line + stray,
        style: None,
    };
    loop {
        let ends_at_header = with_header(text, &mut found);
        if let (1, 1) = (found.tables.len(), stray) {
            found.tables[0].separators.insert(0, separator(text, line));
        }
        if !ends_at_header {
            return Some(found);
        }
    }
}

fn has_header(text: &Text<'_>, line: usize) -> bool {
    let content = text.line(line);
    row::is_separator(text.line(line + 1)) && row::has_pipe(content) && !row::is_separator(content)
}

/// Adds the table whose header stands at `found.next`; returns whether another header ends it.
fn with_header(text: &Text<'_>, found: &mut Found) -> bool {
    let line = found.next;
    let (header, style) = row::header(text, line);
    let mut table = empty(line);
    table.is_glued = !found.tables.is_empty();
    let mut next = line + 1;
    if row::is_separator(text.line(next)) {
        table.separators.push(separator(text, next));
        next += 1;
    }
    let mut ends_at_header = false;
    while is_body(text, next) {
        if row::is_separator(text.line(next)) {
            divide(text, next, &mut table);
        } else {
            let row = row::read(text, next, &header, Some(style));
            ends_at_header = is_header(text, next, &row, &header);
            if ends_at_header {
                break;
            }
            table.rows.push(row);
        }
        next += 1;
    }
    table.header = Some(header);
    table.end_line = next;
    found.tables.push(table);
    found.next = next;
    found.style = Some(style);
    ends_at_header
}

/// Consecutive lines with pipes that no header stands above.
fn without_header(text: &Text<'_>, line: usize, above: Option<Style>) -> Option<Found> {
    let mut table = empty(line);
    table.continues = above.is_some();
    let mut next = line;
    while row::looks_like_one(text.line(next)) && !heading::begins(text, next) {
        if next > line && (has_header(text, next) || definition::begins(text, next)) {
            break;
        }
        if row::is_separator(text.line(next)) {
            divide(text, next, &mut table);
        } else {
            table.rows.push(row::read(text, next, &[], above));
        }
        next += 1;
    }
    if next == line {
        return None;
    }
    let fits = |row: &Row| above.is_some_and(|above| row.n_cells() == above.n_columns);
    let is_table = table.rows.iter().any(|row| is_result(row) || fits(row));
    table.end_line = next;
    Some(Found {
        tables: if is_table { vec![table] } else { Vec::new() },
        next,
        style: above,
    })
}

fn empty(line: usize) -> Table {
    Table {
        line: line + 1,
        section: Vec::new(),
        header: None,
        rows: Vec::new(),
        heading: None,
        dividers: Vec::new(),
        separators: Vec::new(),
        is_glued: false,
        continues: false,
        end_line: line + 1,
    }
}

fn divide(text: &Text<'_>, line: usize, table: &mut Table) {
    table.dividers.push(line + 1);
    table.separators.push(separator(text, line));
}

fn separator(text: &Text<'_>, line: usize) -> Separator {
    let content = text.line(line);
    let indent = content.len() - content.trim_start().len();
    Separator {
        line: line + 1,
        column: text.position(text.start(line) + indent).1,
        end_column: text.position(text.start(line) + content.trim_end().len()).1,
        n_cells: row::n_separator_cells(content),
    }
}

/// Whether a row without header is one of results rather than prose with a pipe in it.
fn is_result(row: &Row) -> bool {
    !row.marks.is_empty() || row.cells.iter().any(|cell| cell.value.is_some())
}

fn is_body(text: &Text<'_>, line: usize) -> bool {
    row::has_pipe(text.line(line)) && !heading::begins(text, line)
}

/// Whether a row in the body of a table is the header of another: it repeats the name of the first column and
/// holds no number, or a separator follows and all its cells are words.
fn is_header(text: &Text<'_>, line: usize, row: &Row, above: &[HeaderCell]) -> bool {
    if !row.marks.is_empty() || row.label.is_empty() || row.cells.is_empty() {
        return false;
    }
    let repeats = above
        .first()
        .is_some_and(|name| name.text.eq_ignore_ascii_case(&row.label));
    let is_followed = row::is_separator(text.line(line + 1));
    let holds_none = row.cells.iter().all(|cell| cell.value.is_none());
    let is_filled = row.cells.iter().all(|cell| !cell.text.is_empty());
    let is_any_filled = row.cells.iter().any(|cell| !cell.text.is_empty());
    match (repeats, is_followed) {
        (true, true) => is_any_filled,
        (true, false) => holds_none && is_any_filled,
        (false, true) => holds_none && is_filled,
        (false, false) => false,
    }
}
