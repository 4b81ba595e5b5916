//! Characters that look like others: they are read as what they look like, and remembered.

use super::text::Text;

/// A character in a table or a definition that looks like another one, or like none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OddCharacter {
    /// Its line.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// The character.
    pub character: char,
    /// `ideographic-space`, `no-break-space`, `zero-width` or `full-width`.
    pub name: &'static str,
}

/// What kind of odd character this is.
pub(super) fn name(character: char) -> Option<&'static str> {
    match character {
        '\u{3000}' => Some("ideographic-space"),
        '\u{a0}' => Some("no-break-space"),
        '０'..='９' | '．' | '，' | '％' => Some("full-width"),
        _ if is_zero_width(character) => Some("zero-width"),
        _ => None,
    }
}

/// Whether a character takes no room.
pub(super) fn is_zero_width(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Whether a cell may be padded with a character.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace() || is_zero_width(character)
}

/// Adds the kinds of odd characters in a text to the flags of a cell.
pub(super) fn flag(text: &str, flags: &mut Vec<&'static str>) {
    if !text.is_ascii() {
        flags.extend(text.chars().filter_map(name));
    }
}

/// The odd characters on the lines from `line` up to `next`, 0-based.
pub(super) fn find(text: &Text<'_>, line: usize, next: usize) -> Vec<OddCharacter> {
    let mut found = Vec::new();
    for line in line..next {
        let content = text.line(line);
        if content.is_ascii() {
            continue;
        }
        for (at, character) in content.char_indices() {
            if let Some(name) = name(character) {
                let (line, column) = text.position(text.start(line) + at);
                found.push(OddCharacter {
                    line,
                    column,
                    character,
                    name,
                });
            }
        }
    }
    found
}
