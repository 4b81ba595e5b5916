//! Records in definitions: constructor calls, JSON, mappings over several lines, command lines.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value};

use super::brackets::end_of_first;
use super::text::Text;
use super::{command, mapping};
use crate::literal::{self, Dialect, PlacedRecord};

/// A record as printed by a training program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Its line.
    pub line: usize,
    /// Column of its first character.
    pub column: usize,
    /// The name before the parenthesis, such as `Namespace`; empty for every other form.
    pub constructor: String,
    /// Keys and values in the order of the text.
    pub values: Map<String, Value>,
    /// Places of the entries, in the order of `values`.
    #[serde(skip)]
    places: Vec<EntryPlace>,
}

/// Where an entry of a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryPlace {
    /// Its line.
    pub line: usize,
    /// Column of its key.
    pub column: usize,
    /// Column after its value; of a value over several lines, after that of its first line.
    pub end_column: usize,
}

/// A record that does not follow the literal grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRecord {
    /// Line of the mistake.
    pub line: usize,
    /// Column of the mistake.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl Record {
    /// Line and column of a key.
    pub fn key_place(&self, key: &str) -> Option<(usize, usize)> {
        self.entry_place(key)
            .map(|place| (place.line, place.column))
    }

    /// Where the entry with this key stands.
    pub fn entry_place(&self, key: &str) -> Option<EntryPlace> {
        let idx = self.values.keys().position(|name| name == key)?;
        self.places.get(idx).copied()
    }
}

/// Entries of a record with the byte ranges they take, in the order of the text.
pub(super) type Entries = Vec<(String, Value, Range<usize>)>;

/// A mistake in a record: byte offset and message.
pub(super) type Mistake = (usize, String);

/// What a text holds, and how many of its bytes that takes.
pub(super) struct Found {
    pub(super) record: Result<Record, BrokenRecord>,
    pub(super) length: usize,
}

/// The record that `content`, at byte `offset` of the document, begins with.
pub(super) fn read(text: &Text<'_>, offset: usize, content: &str) -> Option<Found> {
    let (parsed, length) = if is_call(content) {
        let length = end_of_first(content).unwrap_or(content.len());
        (call(&content[..length]), length)
    } else {
        let parsed = mapping::read(content).or_else(|| command::read(content))?;
        (parsed.map(unnamed), content.len())
    };
    let record = match parsed {
        Ok(record) => Ok(placed(text, offset, record)),
        Err((within, message)) => {
            let (line, column) = text.position(offset + content.floor_char_boundary(within));
            Err(BrokenRecord {
                line,
                column,
                message,
            })
        }
    };
    Some(Found { record, length })
}

/// Offset of a record with a well-known constructor within a text.
pub(super) fn find(text: &str) -> Option<usize> {
    ["Namespace(", "dict(", "Config("]
        .iter()
        .filter_map(|opening| text.find(opening))
        .filter(|&at| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
        .min()
}

/// Whether a text begins with a constructor call or braces.
pub(super) fn is_call(text: &str) -> bool {
    let name = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .unwrap_or(text.len());
    let opens = if name == 0 { '{' } else { '(' };
    text[name..].starts_with(opens) && !text.starts_with(char::is_numeric)
}

/// The record that a text is, in Python's spelling or in that of JSON. Where it is neither, the mistake is JSON's if
/// JSON gets further, or if Python stumbles over a constant of JSON.
fn call(content: &str) -> Result<PlacedRecord, Mistake> {
    let python = match literal::parse_placed_record(content, Dialect::Python) {
        Ok(record) => return Ok(record),
        Err(mistake) => mistake,
    };
    let rest = content.get(python.offset..).unwrap_or("");
    let stumbles = ["true", "false", "null", "NaN", "Infinity"]
        .iter()
        .any(|constant| rest.starts_with(constant));
    match literal::parse_placed_record(content, Dialect::Json) {
        Ok(record) if content.starts_with('{') => Ok(record),
        Err(json) if content.starts_with('{') && (stumbles || json.offset > python.offset) => {
            Err((json.offset, json.message))
        }
        _ => Err((python.offset, python.message)),
    }
}

/// A record without a constructor.
fn unnamed(entries: Entries) -> PlacedRecord {
    let mut record = PlacedRecord {
        constructor: String::new(),
        values: Map::new(),
        places: Vec::new(),
    };
    for (key, value, place) in entries {
        record.values.insert(key, value);
        record.places.push(place);
    }
    record
}

fn placed(text: &Text<'_>, offset: usize, record: PlacedRecord) -> Record {
    let (line, column) = text.position(offset);
    let place = |range: Range<usize>| {
        let (line, column) = text.position(offset + range.start);
        let end = (offset + range.end).min(text.end(line - 1));
        EntryPlace {
            line,
            column,
            end_column: text.position(end).1,
        }
    };
    Record {
        line,
        column,
        constructor: record.constructor,
        values: record.values,
        places: record.places.into_iter().map(place).collect(),
    }
}

/// A mistake if a key occurs twice.
pub(super) fn unique(entries: Entries) -> Result<Entries, Mistake> {
    let mut seen = std::collections::BTreeSet::new();
    for (key, _, place) in &entries {
        if !seen.insert(key) {
            return Err((place.start, format!("key `{key}` occurs twice")));
        }
    }
    Ok(entries)
}
