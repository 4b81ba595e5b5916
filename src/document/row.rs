//! Table lines: separators, splitting at pipes, labels with marks.

use super::text::{Text, code_span_end};
use super::{HeaderCell, Mark, Row, cell};

/// How the header of a table is written, which decides what a pipe at the end of a row means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Number of header cells.
    pub(super) n_columns: usize,
    /// Whether the header begins with a pipe.
    pub(super) outer_pipes: bool,
}

/// Byte offsets of the pipes that delimit cells.
fn pipes(line: &str) -> Vec<usize> {
    let mut escaped = false;
    let mut found = Vec::new();
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'\\' => escaped = !escaped,
            b'|' if !escaped => found.push(at),
            _ => {}
        }
        if byte != b'\\' {
            escaped = false;
        }
    }
    found
}

/// Whether a line has a delimiting pipe.
pub(super) fn has_pipe(line: &str) -> bool {
    !pipes(line).is_empty()
}

/// Whether a line has a delimiting pipe outside code spans, as a row has and a shell command in prose has not.
pub(super) fn looks_like_one(line: &str) -> bool {
    let bytes = line.as_bytes();
    let mut at = 0;
    let mut prose = String::new();
    while at < bytes.len() {
        match bytes[at] {
            // What is escaped delimits nothing.
            b'\\' => at += 2,
            b'`' => at = code_span_end(bytes, at),
            byte => {
                // Only ASCII matters here.
                prose.push(char::from(byte));
                at += 1;
            }
        }
    }
    has_pipe(&prose)
}

/// Whether a line separates a header from its rows.
pub(super) fn is_separator(line: &str) -> bool {
    let text = line.trim();
    let cell = |cell: &str| {
        let cell = cell.trim();
        let dashes = cell.strip_prefix(':').unwrap_or(cell);
        let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
        !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
    };
    let inner = text.strip_prefix('|').unwrap_or(text);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    text.contains('|') && inner.split('|').all(cell)
}

/// Byte ranges of a line's cells, relative to the line, blanks included.
fn split(line: &str, style: Option<Style>) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    let mut start = 0;
    for pipe in pipes(line) {
        cells.push((start, pipe));
        start = pipe + 1;
    }
    cells.push((start, line.len()));
    let is_blank = |&(start, end): &(usize, usize)| line[start..end].trim().is_empty();
    let leads = cells.len() > 1
        && cells.first().is_some_and(is_blank)
        && style.is_none_or(|style| style.outer_pipes || cells.len() > style.n_columns);
    if leads {
        cells.remove(0);
    }
    let trails = cells.len() > 1
        && cells.last().is_some_and(is_blank)
        && style.is_none_or(|style| leads || cells.len() > style.n_columns);
    if trails {
        cells.pop();
    }
    cells
}

/// A cell's range without surrounding blanks; of a blank cell, its beginning.
fn trimmed(line: &str, (start, end): (usize, usize)) -> (usize, usize) {
    let text = &line[start..end];
    let left = start + (text.len() - text.trim_start().len());
    match text.trim().len() {
        0 => (start, start),
        length => (left, left + length),
    }
}

/// The header cells of a line, and how they are written.
pub(super) fn header(text: &Text<'_>, line: usize) -> (Vec<HeaderCell>, Style) {
    let content = text.line(line);
    let cells: Vec<HeaderCell> = split(content, None)
        .into_iter()
        .map(|range| {
            let (start, end) = trimmed(content, range);
            HeaderCell {
                column: text.position(text.start(line) + start).1,
                text: unescape(&content[start..end]),
            }
        })
        .collect();
    let style = Style {
        n_columns: cells.len(),
        outer_pipes: content.trim_start().starts_with('|'),
    };
    (cells, style)
}

/// The row on a line of a table with this header.
pub(super) fn read(text: &Text<'_>, line: usize, header: Option<(&[HeaderCell], Style)>) -> Row {
    let content = text.line(line);
    let offset = text.start(line);
    let mut ranges = split(content, header.map(|(_, style)| style)).into_iter();
    let first = ranges.next().expect("splitting gives at least one cell");
    let (start, end) = trimmed(content, first);
    let (label, marks) = marks_at_end(&content[start..end]);
    let placed = |start: usize, marks: Vec<FoundMark>| -> Vec<Mark> {
        let mark = |(at, name, target)| Mark {
            column: text.position(offset + start + at).1,
            text: name,
            target,
        };
        marks.into_iter().map(mark).collect()
    };
    let mut row = Row {
        line: line + 1,
        label: unescape(label),
        marks: placed(start, marks),
        cells: Vec::new(),
        column: text.position(offset + start).1,
    };
    for (idx, range) in ranges.enumerate() {
        let (start, end) = trimmed(content, range);
        let raw = &content[start..end];
        let mut cell = cell::read(raw);
        let (number, marks) = marks_at_end(raw);
        let mut end = end;
        if !marks.is_empty() && cell::read(number).value.is_some() {
            cell = cell::read(number);
            cell.text = unescape(raw);
            cell.flags.push("marked");
            cell.flags.sort_unstable();
            cell.marks = placed(start, marks);
            end = start + number.len();
        }
        cell.line = row.line;
        cell.column = text.position(offset + start).1;
        cell.end_column = text.position(offset + end).1;
        cell.header =
            header.and_then(|(names, _)| names.get(idx + 1).map(|name| name.text.clone()));
        row.cells.push(cell);
    }
    row
}

/// A mark in a cell: its byte offset, its text, and where it leads.
type FoundMark = (usize, String, Option<String>);

/// A cell's text without the marks at its end, and those.
fn marks_at_end(text: &str) -> (&str, Vec<FoundMark>) {
    let mut rest = text;
    let mut marks = Vec::new();
    loop {
        let (bracket, target) = match rest
            .strip_suffix(')')
            .and_then(|link| link.rsplit_once("]("))
        {
            Some((inner, target)) => (&rest[..=inner.len()], Some(target.to_owned())),
            None => (rest, None),
        };
        let Some(inner) = bracket.strip_suffix(']') else {
            break;
        };
        let Some(open) = inner.rfind('[') else { break };
        let names: Vec<&str> = inner[open + 1..].split(',').map(str::trim).collect();
        let is_escaped = inner[..open].ends_with('\\');
        let is_empty = names == [""];
        if is_escaped || !(is_empty || names.iter().all(|name| is_mark(name))) {
            break;
        }
        let mark = |name: &&str| (open, (*name).to_owned(), target.clone());
        marks.extend(names.iter().rev().map(mark));
        rest = rest[..open].trim_end();
    }
    marks.reverse();
    (rest, marks)
}

/// Whether a text between brackets is a mark: a number, or a footnote's name after `^`.
pub(super) fn is_mark(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    match text.strip_prefix('^') {
        Some(name) => !name.is_empty() && name.chars().all(word),
        None => (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Resolves backslash escapes of ASCII punctuation.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = characters.next_if(|next| character == '\\' && next.is_ascii_punctuation());
        plain.push(escaped.unwrap_or(character));
    }
    plain
}
