//! Definitions of marks: which lines they take, and the paths and records in them.

use serde::Serialize;

use super::row::{self, is_mark};
use super::text::Text;
use super::{BrokenRecord, Definition, Record};
use crate::literal;

/// What a definition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// Paths of runs.
    #[serde(rename = "path")]
    Path,
    /// A record.
    #[serde(rename = "record")]
    Record,
    /// Both.
    #[serde(rename = "path+record")]
    PathAndRecord,
    /// Words.
    #[serde(rename = "narrative")]
    Narrative,
    /// A publication.
    #[serde(rename = "bibliographic")]
    Bibliographic,
    /// `quoted: <DOI, URL or table>`: numbers taken from elsewhere.
    #[serde(rename = "quoted")]
    Quoted,
    /// Nothing.
    #[serde(rename = "empty")]
    Empty,
}

impl Kind {
    /// The name in `repro inspect`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Record => "record",
            Self::PathAndRecord => "path+record",
            Self::Narrative => "narrative",
            Self::Bibliographic => "bibliographic",
            Self::Quoted => "quoted",
            Self::Empty => "empty",
        }
    }
}

/// The beginning of a definition's line.
struct Opening<'l> {
    /// Byte offset of the bracket in the line.
    bracket: usize,
    mark: &'l str,
    /// Byte offset in the line of what follows the mark.
    rest: usize,
    /// Whether a point follows the bracket, as in bibliographies.
    dotted: bool,
}

fn opening(line: &str) -> Option<Opening<'_>> {
    let bracket = line.len() - line.trim_start().len();
    let inner = line[bracket..].strip_prefix('[')?;
    let close = inner.find(']')?;
    let mark = inner[..close].trim();
    let after = bracket + 1 + close + 1;
    let follows = line[after..].chars().next();
    if !is_mark(mark) || matches!(follows, Some('(' | '[')) {
        return None;
    }
    let dotted = follows == Some('.');
    let rest = after + usize::from(matches!(follows, Some('.' | ':')));
    Some(Opening {
        bracket,
        mark,
        rest,
        dotted,
    })
}

/// Whether a line begins with a bracket as definitions do.
pub(super) fn looks_like_one(line: &str) -> bool {
    let text = line.trim_start();
    let link = text
        .find(']')
        .is_some_and(|close| text[close + 1..].starts_with('('));
    text.starts_with('[') && !link
}

/// The definition that begins at a line, and the line after it.
pub(super) fn read(text: &Text<'_>, line: usize) -> Option<(Definition, usize)> {
    let content = text.line(line);
    let opening = opening(content)?;
    let start = text.start(line) + opening.rest;
    let mut next = line + 1;
    while continues(text, start, next) {
        next += 1;
    }
    let body = text.slice(start, text.end(next - 1));
    let offset = start + (body.len() - body.trim_start().len());
    let body = body.trim();
    let (number, column) = text.position(text.start(line) + opening.bracket);
    let mut definition = Definition {
        line: number,
        column,
        mark: opening.mark.to_owned(),
        text: body.to_owned(),
        kind: Kind::Empty,
        paths: Vec::new(),
        records: Vec::new(),
        broken: Vec::new(),
        end_column: text.position(text.start(line) + content.trim_end().len()).1,
        heading: None,
        block: 0,
    };
    if !is_quoted(body) {
        for (at, part) in split_outermost(body, ';') {
            read_part(text, offset + at, part, &mut definition);
        }
    }
    definition.kind = kind(&definition, opening.dotted);
    Some((definition, next))
}

/// Whether a line belongs to the definition whose text begins at byte `start`: an open parenthesis of a
/// record, or a paragraph, goes on.
fn continues(text: &Text<'_>, start: usize, line: usize) -> bool {
    let content = text.line(line);
    if content.trim().is_empty() || opening(content).is_some() || text.heading(line).is_some() {
        return false;
    }
    let begins_another = row::has_pipe(content) || looks_like_one(content);
    !begins_another || depth(text.slice(start, text.end(line - 1))) > 0
}

/// Walks a text outside strings; calls `visit` with offset, character and the bracket depth before it.
fn walk(text: &str, mut visit: impl FnMut(usize, char, usize)) -> usize {
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    let mut escaped = false;
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == open {
                quote = None;
            }
            before = character;
            continue;
        }
        visit(at, character, depth);
        match character {
            // An apostrophe inside a word opens nothing.
            '\'' | '"' if !before.is_alphanumeric() => quote = Some(character),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = character;
    }
    depth
}

fn depth(text: &str) -> usize {
    walk(text, |_, _, _| {})
}

/// The parts of a text between separators outside strings and brackets, with their byte offsets, blanks
/// around them removed.
fn split_outermost(text: &str, separator: char) -> Vec<(usize, &str)> {
    let mut cuts = Vec::new();
    walk(text, |at, character, depth| {
        if character == separator && depth == 0 {
            cuts.push(at);
        }
    });
    cuts.push(text.len());
    let mut start = 0;
    let mut found = Vec::new();
    for cut in cuts {
        let part = &text[start..cut];
        let indent = part.len() - part.trim_start().len();
        if !part.trim().is_empty() {
            found.push((start + indent, part.trim()));
        }
        start = cut + separator.len_utf8();
    }
    found
}

fn read_part(text: &Text<'_>, offset: usize, part: &str, definition: &mut Definition) {
    let unprefixed = without_prefix(part);
    for (skipped, content) in [(0, part), (part.len() - unprefixed.len(), unprefixed)] {
        if let Some(length) = record_length(content) {
            match record(text, offset + skipped, &content[..length]) {
                Ok(record) => definition.records.push(record),
                Err(broken) => definition.broken.push(broken),
            }
            return;
        }
        if let Some(paths) = paths(content) {
            definition.paths.extend(paths);
            return;
        }
    }
}

/// The text after words such as `data source:` or `hyper-parameters:`.
fn without_prefix(part: &str) -> &str {
    match part.split_once(':') {
        Some((words, rest))
            if !rest.starts_with("//")
                && words.len() <= 40
                && words
                    .chars()
                    .all(|c| c.is_alphabetic() || " -_".contains(c)) =>
        {
            rest.trim_start()
        }
        _ => part,
    }
}

/// Length of the record that a text begins with, up to its closing bracket or to the end.
fn record_length(text: &str) -> Option<usize> {
    let name = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .unwrap_or(text.len());
    let opens = if name == 0 { '{' } else { '(' };
    let is_name = text.chars().next().is_none_or(|c| !c.is_numeric());
    if !text[name..].starts_with(opens) || !is_name {
        return None;
    }
    let mut end = None;
    walk(text, |at, character, depth| {
        if end.is_none() && depth == 1 && matches!(character, ')' | '}') {
            end = Some(at + 1);
        }
    });
    Some(end.unwrap_or(text.len()))
}

/// The record that a text is: JSON, or a literal of Python.
fn record(text: &Text<'_>, offset: usize, content: &str) -> Result<Record, BrokenRecord> {
    let (line, column) = text.position(offset);
    if let Ok(values) = serde_json::from_str(content) {
        return Ok(Record {
            line,
            column,
            constructor: String::new(),
            values,
        });
    }
    match literal::parse_record(content) {
        Ok(record) => Ok(Record {
            line,
            column,
            constructor: record.constructor,
            values: record.values.into_iter().collect(),
        }),
        Err(error) => {
            let within = content.floor_char_boundary(error.offset);
            let (line, column) = text.position(offset + within);
            Err(BrokenRecord {
                line,
                column,
                message: error.message,
            })
        }
    }
}

/// The paths that a text consists of, quoted or bare, separated by commas; or a markdown link to one.
fn paths(text: &str) -> Option<Vec<String>> {
    split_outermost(text, ',')
        .into_iter()
        .map(|(_, item)| path(item))
        .collect()
}

fn path(item: &str) -> Option<String> {
    let quoted = ['"', '\'', '`']
        .iter()
        .find_map(|&quote| item.strip_prefix(quote)?.strip_suffix(quote));
    let linked = item
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rest| rest.split_once("]("))
        .map(|(_, target)| target);
    let bare = (!item.contains(char::is_whitespace)).then_some(item);
    let path = quoted.or(linked).or(bare)?;
    (is_path(path) && !path.contains(['"', '`', '(', ')', '\n'])).then(|| path.to_owned())
}

/// Whether a text is a path: it has a `/` and is no address, or begins with a time as old run folders do.
fn is_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    let dated = bytes.len() > 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
        && bytes[10] == b'-';
    !text.contains("://")
        && !text.starts_with("doi:")
        && (dated || text.trim_matches('/').contains('/'))
}

/// Whether a definition says that the numbers are somebody else's.
fn is_quoted(text: &str) -> bool {
    text.starts_with("quoted:")
}

fn kind(definition: &Definition, dotted: bool) -> Kind {
    let text = definition.text.to_ascii_lowercase();
    let has_record = !(definition.records.is_empty() && definition.broken.is_empty());
    match (!definition.paths.is_empty(), has_record) {
        (true, true) => Kind::PathAndRecord,
        (true, false) => Kind::Path,
        (false, true) => Kind::Record,
        _ if text.is_empty() => Kind::Empty,
        _ if is_quoted(&text) => Kind::Quoted,
        _ if dotted
            || ["doi", "arxiv", "http://", "https://"]
                .iter()
                .any(|sign| text.contains(sign)) =>
        {
            Kind::Bibliographic
        }
        _ => Kind::Narrative,
    }
}
