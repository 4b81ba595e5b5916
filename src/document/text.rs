//! The document's lines, with code and comments blanked out, and positions in them.
//!
//! Blanking keeps every byte offset, so that what is found in the blanked text has its place in the original.

use super::{Comment, Concealment, Statement, Unparsed, statement};

/// Bytes between two counts of characters, so that a position costs the same wherever it lies.
const BLOCK: usize = 256;

/// Longer runs of backticks open no code span: each length that is never closed costs a walk along the line.
const LONGEST_CODE_FENCE: usize = 16;

/// What some editors put before the first line.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A document's text.
pub(super) struct Text<'t> {
    original: &'t str,
    /// Same length as `original`; fenced code and comments are blanks.
    blanked: String,
    /// Byte ranges of the lines, without line ends.
    ranges: Vec<(usize, usize)>,
    /// Whether a line has ASCII characters only, so that byte and character offsets agree on it.
    ascii: Vec<bool>,
    /// Characters that begin before each whole [`BLOCK`].
    characters: Vec<usize>,
    /// The comments that were blanked.
    pub(super) comments: Vec<Comment>,
    /// The `key = value` in them.
    pub(super) statements: Vec<Statement>,
    /// Comments without an end, which hide nothing, and the fence without one, which hides all below it.
    pub(super) unclosed: Vec<Unparsed>,
    /// Blocks of fenced code in the order of the text.
    fences: Vec<Fenced>,
}

/// Lines of a block of fenced code, 0-based.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fenced {
    /// The line that opens it.
    pub(super) open: usize,
    /// The line after its last line of code: the one that closes it, or the end of the document.
    pub(super) close: usize,
}

/// Opening of fenced code.
struct Fence {
    character: u8,
    length: usize,
}

impl<'t> Text<'t> {
    pub(super) fn new(original: &'t str) -> Self {
        let ranges = line_ranges(original);
        let is_ascii = |&(start, end): &(usize, usize)| original.as_bytes()[start..end].is_ascii();
        let mut text = Self {
            original,
            blanked: String::new(),
            ascii: ranges.iter().map(is_ascii).collect(),
            ranges,
            characters: character_counts(original),
            comments: Vec::new(),
            statements: Vec::new(),
            unclosed: Vec::new(),
            fences: Vec::new(),
        };
        let mut bytes = original.as_bytes().to_vec();
        if original.starts_with(BYTE_ORDER_MARK) {
            blank(&mut bytes[..BYTE_ORDER_MARK.len_utf8()]);
        }
        let mut fence: Option<(Fence, usize)> = None;
        // Where the last comment ended: lines before it lie inside the comment.
        let mut resume = 0;
        for line in 0..text.ranges.len() {
            let (start, end) = text.ranges[line];
            if end < resume {
                continue;
            }
            let opening = Fence::at(&original[start..end]).filter(|_| start >= resume);
            match (&fence, opening) {
                (Some((opened, open)), found) => {
                    let closes = found
                        .is_some_and(|found| opened.is_closed_by(&found, &original[start..end]));
                    blank(&mut bytes[start..end]);
                    if closes {
                        let (open, close) = (*open, line);
                        text.fences.push(Fenced { open, close });
                        fence = None;
                    }
                }
                (None, Some(opening)) => {
                    blank(&mut bytes[start..end]);
                    fence = Some((opening, line));
                }
                (None, None) => resume = text.blank_comments(start.max(resume), end, &mut bytes),
            }
        }
        if let Some((_, open)) = fence {
            let close = text.ranges.len();
            text.fences.push(Fenced { open, close });
            text.add_unclosed_fence(open);
        }
        text.blanked = String::from_utf8(bytes).expect("whole characters were replaced by blanks");
        text
    }

    /// Keeps the fence that opens on a line and is never closed, where anything is below it.
    fn add_unclosed_fence(&mut self, line: usize) {
        let (start, end) = self.ranges[line];
        if self.original[end..].trim().is_empty() {
            return;
        }
        let opening = &self.original[start..end];
        let indent = opening.len() - opening.trim_start().len();
        let (line, column) = self.position(start + indent);
        let text = opening.trim().to_owned();
        self.unclosed.push(Unparsed { line, column, text });
    }

    /// Blanks the comments that begin in `start..end`; returns where the last of them ends.
    fn blank_comments(&mut self, start: usize, mut end: usize, bytes: &mut [u8]) -> usize {
        let original = self.original.as_bytes();
        let mut at = start;
        while at < end {
            if original[at] == b'\\' {
                at += 2;
            } else if original[at] == b'`' {
                at = code_span_end(&original[..end], at);
            } else if original[at..end].starts_with(b"<!--") {
                // Where one is not closed, nothing that opens behind it is.
                let may_close = self.unclosed.is_empty();
                let found = may_close.then(|| comment(&self.original[at..])).flatten();
                match found {
                    Some((text, length)) => {
                        let after = at + length;
                        self.add_comment(at, after, text);
                        blank(&mut bytes[at..after]);
                        at = after;
                        end = self.ranges[self.line_of(at)].1.max(at);
                    }
                    None => {
                        let (line, column) = self.position(at);
                        let text = self.original[at..end].trim().to_owned();
                        self.unclosed.push(Unparsed { line, column, text });
                        at = end;
                    }
                }
            } else {
                at += 1;
            }
        }
        // An escape may reach past the line.
        at.min(end)
    }

    /// Keeps the comment with this text between two byte offsets, and what it claims.
    fn add_comment(&mut self, start: usize, end: usize, text: &'t str) {
        let (line, column) = self.position(start);
        let (end_line, end_column) = self.position(end);
        let comment = Comment {
            line,
            column,
            text: text.trim().to_owned(),
            concealment: Concealment::Comment,
            end_line,
            end_column,
        };
        if comment.directive().is_none() {
            let within = offset_in(self.original, text);
            let found = statement::find(self, within, text, statement::Origin::Comment);
            self.statements.extend(found);
        }
        self.comments.push(comment);
    }

    /// Number of lines.
    pub(super) fn lines(&self) -> usize {
        self.ranges.len()
    }

    /// A line, 0-based, with code and comments blanked; empty after the last.
    pub(super) fn line(&self, line: usize) -> &str {
        self.ranges
            .get(line)
            .map_or("", |&(start, end)| &self.blanked[start..end])
    }

    /// Byte offset of the beginning of a line.
    pub(super) fn start(&self, line: usize) -> usize {
        self.ranges[line].0
    }

    /// Byte offset of the end of a line, without its line end.
    pub(super) fn end(&self, line: usize) -> usize {
        self.ranges[line].1
    }

    /// The blanked text between two byte offsets.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        &self.blanked[start..end]
    }

    /// The text between two byte offsets, code and comments included.
    pub(super) fn original(&self, start: usize, end: usize) -> &'t str {
        &self.original[start..end]
    }

    /// The block of fenced code that opens at a line.
    pub(super) fn fence_at(&self, line: usize) -> Option<Fenced> {
        let found = self.fences.binary_search_by_key(&line, |block| block.open);
        found.ok().map(|idx| self.fences[idx])
    }

    /// Whether byte and character offsets agree on a line.
    pub(super) fn is_ascii(&self, line: usize) -> bool {
        self.ascii[line]
    }

    /// 1-based line and column of a byte offset.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_of(offset);
        let start = self.ranges[line].0;
        if self.ascii[line] {
            return (line + 1, offset - start + 1);
        }
        let column = self.characters_before(offset) - self.characters_before(start);
        (line + 1, column + 1)
    }

    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        self.characters[block] + n_characters(&self.original.as_bytes()[block * BLOCK..offset])
    }

    fn line_of(&self, offset: usize) -> usize {
        self.ranges
            .partition_point(|&(start, _)| start <= offset)
            .saturating_sub(1)
    }

    /// The whole line as something not understood.
    pub(super) fn unparsed(&self, line: usize) -> Unparsed {
        let text = self.line(line);
        let indent = text.len() - text.trim_start().len();
        let (line, column) = self.position(self.start(line) + indent);
        Unparsed {
            line,
            column,
            text: text.trim().to_owned(),
        }
    }
}

impl Fence {
    fn at(line: &str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let character = *text.as_bytes().first()?;
        if line.len() - text.len() > 3 || !matches!(character, b'`' | b'~') {
            return None;
        }
        let length = text.bytes().take_while(|&byte| byte == character).count();
        let is_inline = character == b'`' && text[length..].contains('`');
        (length >= 3 && !is_inline).then_some(Self { character, length })
    }

    fn is_closed_by(&self, found: &Self, line: &str) -> bool {
        let rest = line.trim().trim_start_matches(char::from(found.character));
        found.character == self.character && found.length >= self.length && rest.is_empty()
    }
}

/// Byte offset in `whole` of a slice of it.
pub(super) fn offset_in(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

/// The text of the comment that a text begins with, and the length of the whole; `<!-->` is one, too.
fn comment(text: &str) -> Option<(&str, usize)> {
    if let Some(length) = ["<!-->", "<!--->"]
        .iter()
        .find_map(|empty| text.starts_with(empty).then_some(empty.len()))
    {
        return Some((&text[..0], length));
    }
    let inner = &text["<!--".len()..];
    let end = inner.find("-->")?;
    Some((&inner[..end], "<!--".len() + end + "-->".len()))
}

/// Characters that begin before each whole block of `text`, that of its length included.
fn character_counts(text: &str) -> Vec<usize> {
    let mut before = 0;
    let mut counts = vec![0];
    for block in text.as_bytes().chunks_exact(BLOCK) {
        before += n_characters(block);
        counts.push(before);
    }
    counts
}

/// How many characters begin in these bytes.
fn n_characters(bytes: &[u8]) -> usize {
    let continues = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    bytes.len() - bytes.iter().filter(continues).count()
}

fn line_ranges(text: &str) -> Vec<(usize, usize)> {
    let mut start = 0;
    let mut ranges = Vec::new();
    for line in text.split('\n') {
        let end = start + line.strip_suffix('\r').unwrap_or(line).len();
        ranges.push((start, end));
        start += line.len() + 1;
    }
    ranges
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes
        .iter_mut()
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
    {
        *byte = b' ';
    }
}

/// Where the code span that opens at `at` ends; after its backticks where it is not closed on the line.
pub(super) fn code_span_end(line: &[u8], at: usize) -> usize {
    let run = |from: usize| {
        line[from..]
            .iter()
            .take_while(|&&byte| byte == b'`')
            .count()
    };
    let length = run(at);
    let mut next = at + length;
    if length > LONGEST_CODE_FENCE {
        return next;
    }
    while next < line.len() {
        match run(next) {
            0 => next += 1,
            found if found == length => return next + found,
            found => next += found,
        }
    }
    at + length
}
