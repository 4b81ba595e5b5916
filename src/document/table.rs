//! Tables: where they begin and end, what in their body is a row, a divider or another header.

use super::row::{self, Style};
use super::text::Text;
use super::{HeaderCell, Row, Table};

/// The tables that begin at a line without a gap between them, and the line after the last.
pub(super) fn read(text: &Text<'_>, line: usize) -> Option<(Vec<Table>, usize)> {
    let content = text.line(line);
    let has_header = row::has_pipe(content)
        && !row::is_separator(content)
        && row::is_separator(text.line(line + 1));
    if !has_header {
        let (table, next) = without_header(text, line)?;
        return Some((vec![table], next));
    }
    let mut tables = Vec::new();
    let mut next = line;
    loop {
        let separators = usize::from(row::is_separator(text.line(next + 1)));
        let (table, end, ends_at_header) = with_header(text, next, next + 1 + separators);
        tables.push(table);
        next = end;
        if !ends_at_header {
            return Some((tables, next));
        }
    }
}

/// The table with its header at `line` and its body from `first`, the line after it, and whether that is
/// the header of another.
fn with_header(text: &Text<'_>, line: usize, first: usize) -> (Table, usize, bool) {
    let (header, style) = row::header(text, line);
    let mut table = empty(line);
    let mut next = first;
    let mut ends_at_header = false;
    while !ends_at_header && is_body(text, next) {
        if row::is_separator(text.line(next)) {
            table.dividers.push(next + 1);
        } else if is_header(text, next, &header, style) {
            ends_at_header = true;
            continue;
        } else {
            table
                .rows
                .push(row::read(text, next, Some((&header, style))));
        }
        next += 1;
    }
    table.header = Some(header);
    (table, next, ends_at_header)
}

/// Consecutive lines with pipes that no header stands above.
fn without_header(text: &Text<'_>, line: usize) -> Option<(Table, usize)> {
    let mut table = empty(line);
    let mut next = line;
    while row::looks_like_one(text.line(next)) && text.heading(next).is_none() {
        let begins_another = next > line
            && !row::is_separator(text.line(next))
            && row::is_separator(text.line(next + 1));
        if begins_another {
            break;
        }
        if row::is_separator(text.line(next)) {
            table.dividers.push(next + 1);
        } else {
            table.rows.push(row::read(text, next, None));
        }
        next += 1;
    }
    table.rows.iter().any(is_result).then_some((table, next))
}

fn empty(line: usize) -> Table {
    Table {
        line: line + 1,
        section: Vec::new(),
        header: None,
        rows: Vec::new(),
        heading: None,
        dividers: Vec::new(),
    }
}

/// Whether a row without header is one of results rather than prose with a pipe in it.
fn is_result(row: &Row) -> bool {
    !row.marks.is_empty() || row.cells.iter().any(|cell| cell.value.is_some())
}

fn is_body(text: &Text<'_>, line: usize) -> bool {
    row::has_pipe(text.line(line)) && text.heading(line).is_none()
}

/// Whether a line in the body of a table is the header of another: it repeats the name of the first column,
/// or a separator follows and all its cells are words.
fn is_header(text: &Text<'_>, line: usize, above: &[HeaderCell], style: Style) -> bool {
    let found = row::read(text, line, Some((above, style)));
    let is_words = found.marks.is_empty()
        && !found.label.is_empty()
        && found
            .cells
            .iter()
            .all(|cell| cell.value.is_none() && !cell.text.is_empty());
    let repeats = above
        .first()
        .is_some_and(|name| !name.text.is_empty() && name.text.eq_ignore_ascii_case(&found.label));
    is_words && !found.cells.is_empty() && (repeats || row::is_separator(text.line(line + 1)))
}
