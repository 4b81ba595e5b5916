//! Definitions of marks: which lines they take, and the paths and records in them.

use serde::Serialize;

use super::brackets::{Brackets, split_outermost};
use super::record::{BrokenRecord, Record};
use super::row::{self, is_mark};
use super::text::{Fenced, Text};
use super::{heading, path, record};

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
    /// Places of `paths`.
    #[serde(skip)]
    pub path_places: Vec<PathPlace>,
    /// Records that could not be read.
    #[serde(skip)]
    pub broken: Vec<BrokenRecord>,
    /// Column after the last character of its first line.
    #[serde(skip)]
    pub end_column: usize,
    /// Its last line.
    #[serde(skip)]
    pub end_line: usize,
    /// Index of the heading it lies under.
    #[serde(skip)]
    pub heading: Option<usize>,
    /// Number of its block, a run of definitions without a table between them: the tables before it.
    #[serde(skip)]
    pub block: usize,
}

/// Where a path of a definition stands, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathPlace {
    /// Its line.
    pub line: usize,
    /// Column of its first character.
    pub column: usize,
    /// Column after its last character.
    pub end_column: usize,
}

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

/// Whether a definition begins at a line.
pub(super) fn begins(text: &Text<'_>, line: usize) -> bool {
    opening(text.line(line)).is_some()
}

/// The definition that begins at a line, and the line after it.
pub(super) fn read(text: &Text<'_>, line: usize) -> Option<(Definition, usize)> {
    let content = text.line(line);
    let opening = opening(content)?;
    let start = text.start(line) + opening.rest;
    let mut next = end_of(text, line, start);
    let mut body = text.slice(start, text.end(next - 1));
    let fence = record_in_fence(text, next, body);
    if let Some(fence) = fence {
        next = text.lines().min(fence.close + 1);
        body = text.original(start, text.end(fence.close - 1));
    }
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
        path_places: Vec::new(),
        broken: Vec::new(),
        end_column: text.position(text.start(line) + content.trim_end().len()).1,
        end_line: next,
        heading: None,
        block: 0,
    };
    if let Some(fence) = fence {
        let code = text.start(fence.open + 1);
        let code = (code, text.original(code, text.end(fence.close - 1)));
        read_part(text, code.0, code.1, &mut definition);
    } else if !is_quoted(body) {
        for (at, part) in split_outermost(body, ';') {
            read_part(text, offset + at, part, &mut definition);
        }
    }
    definition.kind = kind(&definition, opening.dotted);
    Some((definition, next))
}

/// The line after the definition on `line` whose text begins at byte `start`: an open bracket of a record, or a
/// paragraph, goes on. What looks like something else is part of it only if the bracket is closed in the end.
fn end_of(text: &Text<'_>, line: usize, start: usize) -> usize {
    let mut brackets = Brackets::new();
    brackets.walk(text.slice(start, text.end(line)));
    let mut doubtful = None;
    let mut next = line + 1;
    loop {
        let content = text.line(next);
        let ends = content.trim().is_empty()
            || opening(content).is_some()
            || heading::begins(text, next)
            || (row::has_pipe(content) && row::is_separator(text.line(next + 1)));
        if ends {
            break;
        }
        if row::has_pipe(content) || looks_like_one(content) {
            if brackets.depth() == 0 {
                break;
            }
            doubtful = doubtful.or(Some(next));
        }
        brackets.step('\n');
        brackets.walk(content);
        next += 1;
    }
    doubtful.filter(|_| brackets.depth() > 0).unwrap_or(next)
}

/// The fenced code below a definition that says nothing but what the code is, if that holds a record.
fn record_in_fence(text: &Text<'_>, line: usize, body: &str) -> Option<Fenced> {
    let announces = body.trim().is_empty() || body.trim().ends_with(':');
    let fence = text.fence_at(line).filter(|_| announces)?;
    if fence.close <= fence.open + 1 {
        return None;
    }
    let start = text.start(fence.open + 1);
    let code = text.original(start, text.end(fence.close - 1));
    record::read(text, start, code).map(|_| fence)
}

/// Adds what a part of a definition, at byte `offset` of the document, holds.
fn read_part(text: &Text<'_>, offset: usize, part: &str, definition: &mut Definition) {
    let unprefixed = without_prefix(part);
    for (skipped, content) in [(0, part), (part.len() - unprefixed.len(), unprefixed)] {
        let offset = offset + skipped;
        let paths = if record::is_call(content) {
            Vec::new()
        } else {
            path::all(content)
        };
        if !paths.is_empty() {
            add_paths(text, offset, paths, definition);
            return;
        }
        if let Some(found) = record::read(text, offset, content) {
            let (before, after) = (found.length, &content[found.length..]);
            add_record(found, definition);
            add_paths(text, offset + before, path::runs_within(after), definition);
            return;
        }
    }
    // A record or a run's path among other words.
    let at = record::find(part).unwrap_or(part.len());
    add_paths(text, offset, path::runs_within(&part[..at]), definition);
    if let Some(found) = record::read(text, offset + at, &part[at..]).filter(|_| at < part.len()) {
        let rest = at + found.length;
        add_record(found, definition);
        add_paths(
            text,
            offset + rest,
            path::runs_within(&part[rest..]),
            definition,
        );
    }
}

fn add_record(found: record::Found, definition: &mut Definition) {
    match found.record {
        Ok(record) => definition.records.push(record),
        Err(broken) => definition.broken.push(broken),
    }
}

fn add_paths(
    text: &Text<'_>,
    offset: usize,
    paths: Vec<(usize, &str)>,
    definition: &mut Definition,
) {
    for (at, path) in paths {
        let (line, column) = text.position(offset + at);
        definition.paths.push(path.to_owned());
        definition.path_places.push(PathPlace {
            line,
            column,
            end_column: column + path.chars().count(),
        });
    }
}

/// The text after words such as `data source:` or `hyper-parameters:`.
fn without_prefix(part: &str) -> &str {
    match part.split_once(':') {
        Some((words, rest))
            if !(rest.starts_with("//") || words == "doi")
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
