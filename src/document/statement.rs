//! `key = value` in headings and comments.

use super::text::{Text, offset_in};

/// A configuration that a heading or a comment claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its line.
    pub line: usize,
    /// Column of the key.
    pub column: usize,
    /// Column after the value.
    pub end_column: usize,
    /// What is left of `=`.
    pub key: String,
    /// What is right of `=`, as printed.
    pub value: String,
    /// Where it stands.
    pub origin: Origin,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In a heading.
    Heading,
    /// In an HTML comment.
    Comment,
}

/// The statements in `content`, which begins at byte `start` of the document.
pub(super) fn find(text: &Text<'_>, start: usize, content: &str, origin: Origin) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(sign) = content[from..].find('=').map(|at| from + at) {
        let key = key_before(&content[from..sign]);
        let after = &content[sign + 1..];
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        let value_start = sign + 1 + blanks;
        let value = value_at(&content[value_start..]);
        let is_comparison =
            content[..sign].ends_with(['=', '!', '<', '>']) || after.starts_with('=');
        from = sign + 1;
        if let (Some(key), false, false) = (key, value.is_empty(), is_comparison) {
            let key_start = offset_in(content, key);
            let (line, column) = text.position(start + key_start);
            from = value_start + value.len();
            found.push(Statement {
                line,
                column,
                end_column: text.position(start + from).1,
                key: key.to_owned(),
                value: value.to_owned(),
                origin,
            });
        }
    }
    found
}

/// The name that a text ends with.
fn key_before(text: &str) -> Option<&str> {
    let text = text.trim_end_matches([' ', '\t']);
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let key = &text[text.trim_end_matches(word).len()..];
    key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        .then_some(key)
}

/// The value that a text begins with: quoted, in brackets, or one word.
fn value_at(text: &str) -> &str {
    let first = text.chars().next().unwrap_or(' ');
    let close = match first {
        '\'' | '"' | '`' => first,
        '[' => ']',
        '(' => ')',
        '{' => '}',
        _ => {
            let end = text
                .find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')'))
                .unwrap_or(text.len());
            return text[..end].trim_end_matches(['.', ':']);
        }
    };
    let line = text.lines().next().unwrap_or("");
    let rest = &line[first.len_utf8()..];
    rest.find(close).map_or(line, |end| {
        &line[..first.len_utf8() + end + close.len_utf8()]
    })
}
