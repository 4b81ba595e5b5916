//! Where people write sentences about marks: comments, notes, and lines with results in them.

use crate::document::{Concealment, Document, Kind};

/// A piece of the document in which somebody may say something of a mark.
pub(super) struct Source {
    pub(super) origin: &'static str,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) text: String,
}

impl Source {
    /// Line and column of a byte offset.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset];
        let line = self.line + before.matches('\n').count();
        match before.rfind('\n') {
            Some(at) => (line, before[at + 1..].chars().count() + 1),
            None => (line, self.column + before.chars().count()),
        }
    }
}

/// Comments, notes that are words, and sentences with results in them.
pub(super) fn sources(document: &Document, lines: &[&str]) -> Vec<Source> {
    let cut = |origin, (line, column): (usize, usize), (end_line, end_column): (usize, usize)| {
        let mut text = String::new();
        for at in line..=end_line {
            let content = at
                .checked_sub(1)
                .and_then(|idx| lines.get(idx))
                .copied()
                .unwrap_or_default();
            let skipped = if at == line { column - 1 } else { 0 };
            let kept = if at == end_line {
                end_column.saturating_sub(skipped + 1)
            } else {
                usize::MAX
            };
            text.extend(content.chars().skip(skipped).take(kept));
            if at < end_line {
                text.push('\n');
            }
        }
        Source {
            origin,
            line,
            column,
            text,
        }
    };
    let comments = document
        .comments
        .iter()
        .filter(|comment| {
            comment.concealment == Concealment::Comment && comment.directive().is_none()
        })
        .map(|found| {
            cut(
                "comment",
                (found.line, found.column),
                (found.end_line, found.end_column),
            )
        });
    let notes = document
        .definitions
        .iter()
        .filter(|definition| definition.kind == Kind::Narrative)
        .map(|found| {
            cut(
                "note",
                (found.line, found.column),
                (found.end_line, usize::MAX),
            )
        });
    let sentences = document.unparsed.iter().map(|found| Source {
        origin: "sentence",
        line: found.line,
        column: found.column,
        text: found.text.clone(),
    });
    comments.chain(notes).chain(sentences).collect()
}
