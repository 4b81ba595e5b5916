//! Headings, and the sections that they open.

use super::text::{Text, offset_in};

/// A heading and the sections it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Line of its text.
    pub line: usize,
    /// 1 for the outermost.
    pub level: usize,
    /// The texts from the outermost heading to this one.
    pub path: Vec<String>,
    /// Column of its text.
    pub column: usize,
    /// Column after its text.
    pub end_column: usize,
}

/// A heading before it is known what it lies in.
pub(super) struct Found {
    /// 1 for the outermost; `None` for a bracketed word, which lies below whatever stands above it.
    level: Option<usize>,
    /// Byte offset of its text.
    pub(super) start: usize,
    pub(super) title: String,
    /// The line after it, 0-based.
    pub(super) next: usize,
}

/// The headings so far, and which of them are open.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) headings: Vec<Heading>,
    /// Indices of the open headings, outermost first; their levels grow.
    open: Vec<usize>,
    /// Level of the last heading that has one of its own.
    level: usize,
}

impl Outline {
    /// Index of the innermost open heading.
    pub(super) fn current(&self) -> Option<usize> {
        self.open.last().copied()
    }

    /// Texts of the open headings, outermost first.
    pub(super) fn path(&self) -> Vec<String> {
        self.current()
            .map_or_else(Vec::new, |idx| self.headings[idx].path.clone())
    }

    pub(super) fn add(&mut self, text: &Text<'_>, line: usize, found: &Found) {
        self.level = found.level.unwrap_or(self.level);
        let level = found.level.unwrap_or(self.level + 1);
        while self
            .current()
            .is_some_and(|idx| self.headings[idx].level >= level)
        {
            self.open.pop();
        }
        let mut path = self.path();
        path.push(found.title.clone());
        let column = text.position(found.start).1;
        self.open.push(self.headings.len());
        self.headings.push(Heading {
            line: line + 1,
            level,
            path,
            column,
            end_column: column + found.title.chars().count(),
        });
    }
}

/// Whether a heading begins at a line.
pub(super) fn begins(text: &Text<'_>, line: usize) -> bool {
    let content = text.line(line);
    hashes(content).is_some() || underlined(text, line).is_some()
}

/// The heading that begins at a line.
pub(super) fn read(text: &Text<'_>, line: usize) -> Option<Found> {
    let content = text.line(line);
    let (level, title, next) = if let Some((level, title)) = hashes(content) {
        (Some(level), title, line + 1)
    } else if let Some(level) = underlined(text, line) {
        (Some(level), content.trim(), line + 2)
    } else {
        (None, bracketed(content)?, line + 1)
    };
    let within = offset_in(content, title);
    Some(Found {
        level,
        start: text.start(line) + within,
        title: title.to_owned(),
        next,
    })
}

/// Level and text of a heading that begins with `#`.
fn hashes(line: &str) -> Option<(usize, &str)> {
    let text = line.trim();
    let level = text.bytes().take_while(|&byte| byte == b'#').count();
    let rest = &text[level..];
    if !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let closed = rest.trim_end_matches('#');
    let title = if closed.is_empty() || closed.ends_with([' ', '\t']) {
        closed
    } else {
        rest
    };
    Some((level, title.trim()))
}

/// Level of the heading that the next line makes of a line by underlining it.
fn underlined(text: &Text<'_>, line: usize) -> Option<usize> {
    let level = underline_level(text.line(line + 1))?;
    let content = text.line(line).trim();
    let is_paragraph = !content.is_empty()
        && !content.contains('|')
        && !content.starts_with(['[', '-', '>', '*', '+'])
        && underline_level(content).is_none();
    is_paragraph.then_some(level)
}

/// Level of the heading that a line of `=` or `-` makes of the line above it.
fn underline_level(line: &str) -> Option<usize> {
    let text = line.trim();
    let only = |character: u8| text.len() >= 3 && text.bytes().all(|byte| byte == character);
    match text {
        _ if only(b'=') => Some(1),
        _ if only(b'-') => Some(2),
        _ => None,
    }
}

/// The word of a line such as `[references]`, which some documents have for a heading.
fn bracketed(line: &str) -> Option<&str> {
    let word = line.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let lower = word.to_ascii_lowercase();
    let is_known = ["ref", "note", "footnote", "bibliograph"]
        .iter()
        .any(|beginning| lower.starts_with(beginning));
    (is_known && lower.len() <= 16 && word.chars().all(char::is_alphabetic)).then_some(word)
}
