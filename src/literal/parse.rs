//! Parsing Python literals and records.

use std::ops::Range;

use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::{LiteralError, Record, is_identifier};

/// Nesting beyond this is refused rather than followed.
const MAX_DEPTH: usize = 64;

/// How constants and escapes are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `True`, `None`, `nan`.
    Python,
    /// `true`, `null`, `NaN`, and characters beyond 16 bits escaped as pairs.
    Json,
}

/// A record with the place of each of its entries.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedRecord {
    /// `Namespace`, `dict`, `Config`, …; empty for a plain `{…}`.
    pub constructor: String,
    /// Keys and values in the order of the text.
    pub values: Map<String, Value>,
    /// Byte ranges of the entries, from the key to behind the value, in the order of `values`.
    pub places: Vec<Range<usize>>,
}

/// The value of a Python literal; blanks around it are allowed.
///
/// # Errors
/// The text is no literal, or more follows it.
pub fn parse(text: &str) -> Result<Value, LiteralError> {
    let mut parser = Parser::new(text, Dialect::Python);
    let value = parser.value()?;
    parser.end()?;
    Ok(value)
}

/// A record such as `Namespace(a=1)`, `dict(a=1)` or `{'a': 1}`; blanks around it are allowed.
///
/// # Errors
/// The text is no record, a key occurs twice, or more follows it.
pub fn parse_record(text: &str) -> Result<Record, LiteralError> {
    Ok(plain(parse_placed_record(text, Dialect::Python)?))
}

/// The record that `text` starts with, and the offset just behind it.
///
/// # Errors
/// The text starts with no record, or a key occurs twice.
pub fn parse_record_prefix(text: &str) -> Result<(Record, usize), LiteralError> {
    let mut parser = Parser::new(text, Dialect::Python);
    let record = parser.record()?;
    Ok((plain(record), parser.at))
}

/// [`parse_record`] with the place of each entry, in either dialect.
///
/// # Errors
/// The text is no record, a key occurs twice, or more follows it.
pub fn parse_placed_record(text: &str, dialect: Dialect) -> Result<PlacedRecord, LiteralError> {
    let mut parser = Parser::new(text, dialect);
    let record = parser.record()?;
    parser.end()?;
    Ok(record)
}

fn plain(record: PlacedRecord) -> Record {
    Record {
        constructor: record.constructor,
        values: record.values.into_iter().collect(),
    }
}

struct Parser<'t> {
    text: &'t str,
    dialect: Dialect,
    at: usize,
    depth: usize,
}

/// The entries of a record as they are read.
#[derive(Default)]
struct Entries {
    values: Map<String, Value>,
    places: Vec<Range<usize>>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, dialect: Dialect) -> Self {
        Self {
            text,
            dialect,
            at: 0,
            depth: 0,
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn error(&self, message: impl Into<String>) -> LiteralError {
        LiteralError {
            offset: self.at,
            message: message.into(),
        }
    }

    fn expected(&self, what: &str) -> LiteralError {
        match self.rest().chars().next() {
            Some(found) => self.error(format!("found `{found}`, expected {what}")),
            None => self.error(format!("the text ends, expected {what}")),
        }
    }

    fn peek(&mut self) -> Option<char> {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c');
        self.at = self.text.len() - self.rest().trim_start_matches(blank).len();
        self.rest().chars().next()
    }

    /// Steps over `c` if it comes next.
    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn require(&mut self, c: char) -> Result<(), LiteralError> {
        if self.take(c) {
            Ok(())
        } else {
            Err(self.expected(&format!("`{c}`")))
        }
    }

    fn end(&mut self) -> Result<(), LiteralError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end")),
        }
    }

    fn word(&mut self) -> &'t str {
        self.peek();
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c == '_' || c.is_alphanumeric()))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        if is_identifier(word) { word } else { "" }
    }

    /// A name with the modules that it lies in, such as `argparse.Namespace`.
    fn dotted_name(&mut self) -> &'t str {
        self.peek();
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(matches!(c, '_' | '.') || c.is_alphanumeric()))
            .unwrap_or(rest.len());
        let name = &rest[..end];
        if name.split('.').all(is_identifier) {
            name
        } else {
            ""
        }
    }

    fn record(&mut self) -> Result<PlacedRecord, LiteralError> {
        if self.peek() == Some('{') {
            let Entries { values, places } = self.dict()?;
            return Ok(PlacedRecord {
                constructor: String::new(),
                values,
                places,
            });
        }
        let constructor = self.dotted_name();
        if constructor.is_empty() {
            return Err(self.expected("a record such as `Namespace(…)` or `{…}`"));
        }
        self.at += constructor.len();
        let Entries { values, places } = self.arguments()?;
        Ok(PlacedRecord {
            constructor: constructor.to_owned(),
            values,
            places,
        })
    }

    /// What stands in the parentheses of a constructor, and those.
    fn arguments(&mut self) -> Result<Entries, LiteralError> {
        self.require('(')?;
        let mut entries = Entries::default();
        while !self.take(')') {
            self.argument(&mut entries)?;
            if !self.take(',') && self.peek() != Some(')') {
                return Err(self.expected("`,` or `)`"));
            }
        }
        Ok(entries)
    }

    /// `key=value`, or `**{…}`, as argparse prints names that are no identifiers.
    fn argument(&mut self, entries: &mut Entries) -> Result<(), LiteralError> {
        self.peek();
        let start = self.at;
        if self.rest().starts_with("**") {
            self.at += 2;
            let Entries { values, places } = self.dict()?;
            for ((key, value), place) in values.into_iter().zip(places) {
                entries.insert(key, value, place, start)?;
            }
            return Ok(());
        }
        let key = self.word();
        if key.is_empty() {
            return Err(self.expected("`key=value`"));
        }
        self.at += key.len();
        self.require('=')?;
        let value = self.value()?;
        entries.insert(key.to_owned(), value, start..self.at, start)
    }

    fn value(&mut self) -> Result<Value, LiteralError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let value = match self.peek() {
            Some('[') => self.sequence(']').map(|(items, _)| Value::Array(items)),
            Some('(') => self.parenthesised(),
            Some('{') => self.dict().map(|entries| Value::Object(entries.values)),
            Some('\'' | '"') => self.string().map(Value::String),
            Some('+' | '-' | '.' | '0'..='9') => self.number(),
            _ => self.name(),
        };
        self.depth -= 1;
        value
    }

    /// A constant, or a record within a record.
    fn name(&mut self) -> Result<Value, LiteralError> {
        let word = self.word();
        let value = match (self.dialect, word) {
            (Dialect::Python, "None") | (Dialect::Json, "null") => Value::Null,
            (Dialect::Python, "True") | (Dialect::Json, "true") => Value::Bool(true),
            (Dialect::Python, "False") | (Dialect::Json, "false") => Value::Bool(false),
            (Dialect::Python, "nan" | "inf") => word.into(),
            (Dialect::Json, "NaN") => "nan".into(),
            (Dialect::Json, "Infinity") => "inf".into(),
            (_, "") => return Err(self.expected("a Python literal")),
            _ if self.rest()[word.len()..].starts_with('(') => {
                self.at += word.len();
                return Ok(Value::Object(self.arguments()?.values));
            }
            _ => return Err(self.error(format!("found `{word}`, expected a Python literal"))),
        };
        self.at += word.len();
        Ok(value)
    }

    /// The items up to `close`, and whether a comma stands behind the last.
    fn sequence(&mut self, close: char) -> Result<(Vec<Value>, bool), LiteralError> {
        self.at += 1;
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.take(close) {
            items.push(self.value()?);
            comma = self.take(',');
            if !comma && self.peek() != Some(close) {
                return Err(self.expected(&format!("`,` or `{close}`")));
            }
        }
        Ok((items, comma))
    }

    /// A tuple, or a value in parentheses.
    fn parenthesised(&mut self) -> Result<Value, LiteralError> {
        let (mut items, comma) = self.sequence(')')?;
        match items.pop() {
            Some(only) if items.is_empty() && !comma => Ok(only),
            last => {
                items.extend(last);
                Ok(Value::Array(items))
            }
        }
    }

    fn dict(&mut self) -> Result<Entries, LiteralError> {
        self.require('{')?;
        let mut entries = Entries::default();
        while !self.take('}') {
            self.peek();
            let start = self.at;
            let key = match self.value()? {
                Value::String(key) => key,
                _ => self.text[start..self.at].to_owned(),
            };
            self.require(':')?;
            let value = self.value()?;
            entries.insert(key, value, start..self.at, start)?;
            if !self.take(',') && self.peek() != Some('}') {
                return Err(self.expected("`,` or `}`"));
            }
        }
        Ok(entries)
    }

    fn number(&mut self) -> Result<Value, LiteralError> {
        let rest = self.rest();
        let digits = rest.trim_start_matches(['+', '-']);
        let sign = &rest[..rest.len() - digits.len()];
        if sign.len() > 1 {
            return Err(self.expected("a number with at most one sign"));
        }
        let is_word = match self.dialect {
            Dialect::Python => digits.starts_with("inf") || digits.starts_with("nan"),
            Dialect::Json => digits.starts_with("Infinity") || digits.starts_with("NaN"),
        };
        if is_word {
            self.at += sign.len();
            return match (self.name()?, sign) {
                (Value::String(word), "-") if word == "inf" => Ok(Value::String("-inf".into())),
                (value, _) => Ok(value),
            };
        }
        let length = number_length(digits);
        let text = &rest[..sign.len() + length];
        let value = self.number_of(text)?;
        self.at += text.len();
        Ok(value)
    }

    fn number_of(&self, text: &str) -> Result<Value, LiteralError> {
        let plain = text.replace('_', "");
        let invalid = || self.error(format!("`{text}` is no number"));
        if !plain.contains(['.', 'e', 'E']) {
            let positive = plain.strip_prefix('+').unwrap_or(&plain);
            let integer = match positive.parse::<i64>() {
                Ok(value) => Number::from(value),
                Err(error) if *error.kind() == std::num::IntErrorKind::InvalidDigit => {
                    return Err(invalid());
                }
                Err(_) => Number::from(positive.parse::<u64>().map_err(|_| {
                    self.error(format!("integer `{text}` does not fit into 64 bits"))
                })?),
            };
            return Ok(Value::Number(integer));
        }
        let value: f64 = plain.parse().map_err(|_| invalid())?;
        let overflow = if value < 0.0 { "-inf" } else { "inf" };
        Ok(Number::from_f64(value).map_or_else(|| overflow.into(), Value::Number))
    }

    fn string(&mut self) -> Result<String, LiteralError> {
        let start = self.at;
        let quote = self.text.as_bytes()[start];
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                self.at = start;
                return Err(self.error("this string has no end"));
            };
            match c {
                '\n' | '\r' => return Err(self.error("a string cannot go on in the next line")),
                '\\' => out.extend(self.escape()?),
                _ => {
                    self.at += c.len_utf8();
                    if c == char::from(quote) {
                        return Ok(out);
                    }
                    out.push(c);
                }
            }
        }
    }

    /// The character behind a backslash; none for a backslash at the end of a line.
    fn escape(&mut self) -> Result<Option<char>, LiteralError> {
        let start = self.at;
        let Some(kind) = self.rest()[1..].chars().next() else {
            return Err(self.error("the text ends within an escape"));
        };
        self.at += 1 + kind.len_utf8();
        let plain = match kind {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'v' => '\x0b',
            '\\' | '\'' | '"' => kind,
            '/' if self.dialect == Dialect::Json => kind,
            '\n' => return Ok(None),
            'x' => return self.code(start, 2, 16).map(Some),
            'u' if self.dialect == Dialect::Json => return self.unit(start).map(Some),
            'u' => return self.code(start, 4, 16).map(Some),
            'U' => return self.code(start, 8, 16).map(Some),
            '0'..='7' => {
                self.at -= 1;
                let octal = self.rest().bytes().take(3);
                let length = octal.take_while(|b| (b'0'..=b'7').contains(b)).count();
                return self.code(start, length, 8).map(Some);
            }
            'N' => {
                self.at = start;
                return Err(self.error("characters by name (`\\N{…}`) are not supported"));
            }
            // Python keeps the backslash of an escape it does not know.
            _ => {
                self.at = start + 1;
                '\\'
            }
        };
        Ok(Some(plain))
    }

    /// A character as JSON escapes it: one unit of 16 bits, or two where one is not enough.
    fn unit(&mut self, start: usize) -> Result<char, LiteralError> {
        let unit = |text: &str| u16::from_str_radix(text.get(..4)?, 16).ok();
        let rest = self.rest();
        let second = rest
            .get(4..)
            .and_then(|rest| unit(rest.strip_prefix("\\u")?));
        let pair = unit(rest)
            .filter(|first| (0xD800..0xDC00).contains(first))
            .zip(second)
            .and_then(|(first, second)| char::decode_utf16([first, second]).next()?.ok());
        match pair {
            Some(character) => {
                self.at += "XXXX\\uXXXX".len();
                Ok(character)
            }
            None => self.code(start, 4, 16),
        }
    }

    fn code(&mut self, start: usize, length: usize, radix: u32) -> Result<char, LiteralError> {
        let digits = self.rest().get(..length);
        let code = digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, radix).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                self.at += length;
                Ok(c)
            }
            None => {
                self.at = start;
                Err(self.error("this escape names no character"))
            }
        }
    }
}

impl Entries {
    /// Adds an entry; a key that occurs twice is a mistake at `offset`.
    fn insert(
        &mut self,
        key: String,
        value: Value,
        place: Range<usize>,
        offset: usize,
    ) -> Result<(), LiteralError> {
        match self.values.entry(key) {
            Entry::Occupied(entry) => {
                let message = format!("key `{}` occurs twice", entry.key());
                Err(LiteralError { offset, message })
            }
            Entry::Vacant(entry) => {
                entry.insert(value);
                self.places.push(place);
                Ok(())
            }
        }
    }
}

/// The length of the number that `text`, without its sign, starts with.
fn number_length(text: &str) -> usize {
    let mut previous = ' ';
    text.find(|c: char| {
        let exponent_sign = matches!(c, '+' | '-') && matches!(previous, 'e' | 'E');
        previous = c;
        !(exponent_sign || c == '.' || c == '_' || c.is_alphanumeric())
    })
    .unwrap_or(text.len())
}
