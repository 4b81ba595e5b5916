//! Table lines: separators, splitting at pipes, labels with marks.

use serde::{Serialize, Serializer};

use super::header::HeaderCell;
use super::text::{Text, code_span_end};
use super::{Cell, cell, character};

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
    /// Column after the label, marks apart.
    #[serde(skip)]
    pub label_end_column: usize,
    /// Column after the last character of the line that is no blank.
    #[serde(skip)]
    pub end_column: usize,
    /// Kinds of odd characters in the first cell, such as `ideographic-space`.
    #[serde(skip)]
    pub flags: Vec<&'static str>,
}

/// A reference to a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Column of its bracket.
    pub column: usize,
    /// Column after its bracket, or after its target.
    pub end_column: usize,
    /// What stands between the brackets, without blanks.
    pub text: String,
    /// Where it leads, for a mark that is a link and needs no definition.
    pub target: Option<String>,
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

    /// Number of its cells, the label among them, to be compared with that of the header.
    pub fn n_cells(&self) -> usize {
        1 + self.cells.len()
    }
}

/// How the header of a table is written, which decides what a pipe at either end of a row means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Number of header cells.
    pub(super) n_columns: usize,
    /// Whether the header begins with a pipe.
    pub(super) outer_pipes: bool,
}

/// A line whose columns are asked for many times.
pub(super) struct Line<'t> {
    text: &'t Text<'t>,
    pub(super) content: &'t str,
    offset: usize,
    is_ascii: bool,
}

impl<'t> Line<'t> {
    pub(super) fn new(text: &'t Text<'_>, line: usize) -> Self {
        Self {
            text,
            content: text.line(line),
            offset: text.start(line),
            is_ascii: text.is_ascii(line),
        }
    }

    /// 1-based column of a byte offset within the line.
    pub(super) fn column(&self, at: usize) -> usize {
        if self.is_ascii {
            at + 1
        } else {
            self.text.position(self.offset + at).1
        }
    }
}

/// Byte offsets of the pipes that delimit cells.
fn pipes(line: &str) -> impl Iterator<Item = usize> {
    let mut escaped = false;
    line.bytes().enumerate().filter_map(move |(at, byte)| {
        let delimits = byte == b'|' && !escaped;
        escaped = byte == b'\\' && !escaped;
        delimits.then_some(at)
    })
}

/// Whether a line has a delimiting pipe.
pub(super) fn has_pipe(line: &str) -> bool {
    pipes(line).next().is_some()
}

/// Whether a line has a delimiting pipe outside code spans, as a row has and a shell command in prose has not.
pub(super) fn looks_like_one(line: &str) -> bool {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'|' => return true,
            // What is escaped delimits nothing.
            b'\\' => at += 2,
            b'`' => at = code_span_end(bytes, at),
            _ => at += 1,
        }
    }
    false
}

/// Whether a line separates a header from its rows.
pub(super) fn is_separator(line: &str) -> bool {
    let text = line.trim();
    if !text.starts_with(['-', '|', ':']) || !text.contains('|') {
        return false;
    }
    let cell = |cell: &str| {
        let cell = cell.trim();
        let dashes = cell.strip_prefix(':').unwrap_or(cell);
        let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
        !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
    };
    separator_cells(text).all(cell)
}

/// The cells of a separator, whose outer pipes delimit nothing.
fn separator_cells(line: &str) -> impl Iterator<Item = &str> {
    let text = line.trim();
    let inner = text.strip_prefix('|').unwrap_or(text);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner.split('|')
}

/// Number of cells of a separator.
pub(super) fn n_separator_cells(line: &str) -> usize {
    separator_cells(line).count()
}

type Range = (usize, usize);

/// Byte ranges of what stands between the pipes of a line, and whether the first and the last are blank.
fn pieces(line: &str) -> (Vec<Range>, bool, bool) {
    let mut cells = Vec::with_capacity(8);
    let mut start = 0;
    for pipe in pipes(line) {
        cells.push((start, pipe));
        start = pipe + 1;
    }
    cells.push((start, line.len()));
    let is_blank = |&(start, end): &Range| line[start..end].chars().all(character::is_blank);
    let leads = cells.len() > 1 && is_blank(&cells[0]);
    let trails = cells.len() > 1 && cells.last().is_some_and(is_blank);
    (cells, leads, trails)
}

/// Byte ranges of a row's cells, blanks included.
fn split(line: &str, style: Option<Style>) -> Vec<Range> {
    let (mut cells, leads, trails) = pieces(line);
    let exceeds = |cells: &[Range]| style.is_some_and(|style| cells.len() > style.n_columns);
    let leads = leads
        && match style {
            Some(style) => style.outer_pipes || exceeds(&cells),
            None => is_indent(line, cells[0]),
        };
    if leads {
        cells.remove(0);
    }
    if trails && cells.len() > 1 && (leads || style.is_none() || exceeds(&cells)) {
        cells.pop();
    }
    cells
}

/// Whether what stands before the first pipe is an indent rather than an empty cell.
fn is_indent(line: &str, (start, end): Range) -> bool {
    end - start <= 3 && !line[start..end].contains('\t')
}

/// Byte ranges of a header's cells, blanks included, and whether its first pipe is an outer one. The separator
/// below decides, where there is one.
fn split_header(line: &str, separator: Option<&str>) -> (Vec<Range>, bool) {
    let (mut cells, leads, trails) = pieces(line);
    let outer_leads = leads
        && match separator {
            Some(separator) => {
                let n = n_separator_cells(separator);
                let fits = cells.len() == n || (trails && cells.len() == n + 1);
                separator.trim_start().starts_with('|') || !fits
            }
            None => is_indent(line, cells[0]),
        };
    if outer_leads {
        cells.remove(0);
    }
    let is_cell = separator.is_some_and(|separator| cells.len() <= n_separator_cells(separator));
    if trails && cells.len() > 1 && !is_cell {
        cells.pop();
    }
    (cells, outer_leads)
}

/// A cell's range without surrounding blanks; of a blank cell, its beginning.
fn trimmed(line: &str, (start, end): Range) -> Range {
    let text = line[start..end].trim_end_matches(character::is_blank);
    let inner = text.trim_start_matches(character::is_blank);
    match inner.len() {
        0 => (start, start),
        length => (start + text.len() - length, start + text.len()),
    }
}

/// The header cells of a line, and how they are written.
pub(super) fn header(text: &Text<'_>, line: usize) -> (Vec<HeaderCell>, Style) {
    let placed = Line::new(text, line);
    let below = text.line(line + 1);
    let separator = is_separator(below).then_some(below);
    let (ranges, outer_pipes) = split_header(placed.content, separator);
    let cells: Vec<HeaderCell> = ranges
        .into_iter()
        .map(|range| {
            let (start, end) = trimmed(placed.content, range);
            HeaderCell {
                column: placed.column(start),
                end_column: placed.column(end),
                text: unescape(&placed.content[start..end]),
            }
        })
        .collect();
    let style = Style {
        n_columns: cells.len(),
        outer_pipes,
    };
    (cells, style)
}

/// The row on a line, below a header with these cells, split as `style` says.
pub(super) fn read(
    text: &Text<'_>,
    line: usize,
    names: &[HeaderCell],
    style: Option<Style>,
) -> Row {
    let placed = Line::new(text, line);
    let content = placed.content;
    let mut ranges = split(content, style).into_iter();
    let first = ranges.next().expect("splitting gives at least one cell");
    let (start, end) = trimmed(content, first);
    let (label, marks) = marks_at_end(&content[start..end]);
    let mut row = Row {
        line: line + 1,
        label: unescape(label),
        marks: place(&placed, start, marks),
        cells: Vec::with_capacity(ranges.len()),
        column: placed.column(start),
        label_end_column: placed.column(start + label.len()),
        end_column: placed.column(content.trim_end().len()),
        flags: Vec::new(),
    };
    character::flag(&content[first.0..first.1], &mut row.flags);
    row.flags.sort_unstable();
    row.flags.dedup();
    for (idx, range) in ranges.enumerate() {
        let mut cell = read_cell(&placed, range);
        cell.line = row.line;
        cell.header = names.get(idx + 1).map(|name| name.text.clone());
        row.cells.push(cell);
    }
    row
}

fn read_cell(line: &Line<'_>, range: Range) -> Cell {
    let (start, end) = trimmed(line.content, range);
    let raw = &line.content[start..end];
    let (number, marks) = marks_at_end(raw);
    let is_marked = !marks.is_empty();
    let mut cell = cell::read(number);
    let mut end_column = line.column(start + number.len());
    if is_marked && cell.value.is_some() {
        cell.text = unescape(raw);
        cell.flags.push("marked");
        cell.marks = place(line, start, marks);
    } else if is_marked {
        cell = cell::read(raw);
        end_column = line.column(end);
    }
    character::flag(&line.content[range.0..range.1], &mut cell.flags);
    cell.flags.sort_unstable();
    cell.flags.dedup();
    cell.column = line.column(start);
    cell.end_column = end_column;
    cell
}

fn place(line: &Line<'_>, start: usize, marks: Vec<FoundMark>) -> Vec<Mark> {
    let mark = |found: FoundMark| Mark {
        column: line.column(start + found.start),
        end_column: line.column(start + found.end),
        text: found.text,
        target: found.target,
    };
    marks.into_iter().map(mark).collect()
}

/// A mark in a cell, with byte offsets.
struct FoundMark {
    start: usize,
    end: usize,
    text: String,
    target: Option<String>,
}

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
        let mark = |name: &&str| FoundMark {
            start: open,
            end: rest.len(),
            text: (*name).to_owned(),
            target: target.clone(),
        };
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
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = characters.next_if(|next| character == '\\' && next.is_ascii_punctuation());
        plain.push(escaped.unwrap_or(character));
    }
    plain
}
