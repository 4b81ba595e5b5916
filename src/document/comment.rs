//! What a reader of the rendered page does not see: HTML comments, folded blocks, white text.

use serde::Serialize;

use super::text::{Text, code_span_end};

/// An HTML comment, or another piece of text that is not seen at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Its line.
    pub line: usize,
    /// Column of `<!--`, or of the tag.
    pub column: usize,
    /// What stands in it, without surrounding blanks; of a tag, the whole element.
    pub text: String,
    /// How it is hidden.
    #[serde(skip)]
    pub concealment: Concealment,
    /// Line of its end.
    #[serde(skip)]
    pub end_line: usize,
    /// Column after its end.
    #[serde(skip)]
    pub end_column: usize,
}

/// How a text is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concealment {
    /// In `<!-- -->`.
    Comment,
    /// In `<details>`, whose tables and definitions are read like any others.
    Details,
    /// White on white.
    White,
}

impl Comment {
    /// What a comment tells this program: the text after `repro:`.
    pub fn directive(&self) -> Option<&str> {
        let text = self.text.strip_prefix("repro:")?;
        (self.concealment == Concealment::Comment).then(|| text.trim())
    }
}

/// The elements that hide their text, outside code and comments, in the order of the text.
pub(super) fn elements(text: &Text<'_>) -> Vec<Comment> {
    let mut found = Vec::new();
    // Byte offset of the outermost open block, and how many are open.
    let mut open = (0, 0_usize);
    for line in 0..text.lines() {
        let content = text.line(line);
        let offset = text.start(line);
        let mut at = 0;
        while let Some(next) = content[at..].find(['<', '`']).map(|found| at + found) {
            let rest = &content[next..];
            at = next + 1;
            if rest.starts_with('`') {
                at = code_span_end(content.as_bytes(), next);
            } else if is_tag(rest, "<details") {
                if open.1 == 0 {
                    open.0 = offset + next;
                }
                open.1 += 1;
            } else if is_tag(rest, "</details") && open.1 > 0 {
                open.1 -= 1;
                if open.1 == 0 {
                    let end = offset + next + tag_end(rest).unwrap_or(rest.len());
                    found.push(element(text, open.0, end, Concealment::Details));
                }
            } else if let Some(length) = white(rest) {
                found.push(element(
                    text,
                    offset + next,
                    offset + next + length,
                    Concealment::White,
                ));
                at = next + length;
            }
        }
    }
    if open.1 > 0 {
        let end = text.end(text.lines() - 1);
        found.push(element(text, open.0, end, Concealment::Details));
    }
    found
}

fn element(text: &Text<'_>, start: usize, end: usize, concealment: Concealment) -> Comment {
    let (line, column) = text.position(start);
    let (end_line, end_column) = text.position(end);
    Comment {
        line,
        column,
        text: text.original(start, end).trim().to_owned(),
        concealment,
        end_line,
        end_column,
    }
}

fn is_tag(text: &str, tag: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = bytes
        .get(..tag.len())
        .is_some_and(|found| found.eq_ignore_ascii_case(tag.as_bytes()));
    begins
        && bytes
            .get(tag.len())
            .is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// Length of the tag that a text begins with; longer ones than this are none.
fn tag_end(text: &str) -> Option<usize> {
    const LONGEST: usize = 256;
    let end = text
        .as_bytes()
        .iter()
        .take(LONGEST)
        .position(|&byte| byte == b'>');
    end.map(|at| at + 1)
}

/// Length of the element of white text that a line goes on with.
fn white(text: &str) -> Option<usize> {
    let name = ["<font", "<span", "<p", "<div"]
        .into_iter()
        .find(|name| is_tag(text, name))?;
    let tag_end = tag_end(text)?;
    let tag: String = text[..tag_end]
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_white = ["color=white", "color:white", "color=#fff", "color:#fff"]
        .iter()
        .any(|style| {
            tag.match_indices(style)
                .any(|(at, _)| !tag[..at].ends_with("background-"))
        });
    let close = format!("</{}", &name[1..]);
    let length = text[tag_end..]
        .match_indices('<')
        .map(|(at, _)| tag_end + at)
        .find(|&at| is_tag(&text[at..], &close))
        .and_then(|at| Some(at + self::tag_end(&text[at..])?));
    is_white.then(|| length.unwrap_or(text.len()))
}
