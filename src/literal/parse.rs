//! Parsing Python literals and records.

use serde_json::{Map, Number, Value};

use super::{LiteralError, Record, is_identifier};

/// Nesting beyond this is refused rather than followed.
const MAX_DEPTH: usize = 64;

/// The value of a Python literal; blanks around it are allowed.
///
/// # Errors
/// The text is no literal, or more follows it.
pub fn parse(text: &str) -> Result<Value, LiteralError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let value = parser.value()?;
    parser.end()?;
    Ok(value)
}

/// A record such as `Namespace(a=1)`, `dict(a=1)` or `{'a': 1}`; blanks around it are allowed.
///
/// # Errors
/// The text is no record, a key occurs twice, or more follows it.
pub fn parse_record(text: &str) -> Result<Record, LiteralError> {
    let (record, end) = parse_record_prefix(text)?;
    let mut rest = Parser {
        text,
        at: end,
        depth: 0,
    };
    rest.end()?;
    Ok(record)
}

/// The record that `text` starts with, and the offset just behind it.
///
/// # Errors
/// The text starts with no record, or a key occurs twice.
pub fn parse_record_prefix(text: &str) -> Result<(Record, usize), LiteralError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let record = parser.record()?;
    Ok((record, parser.at))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
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

    fn record(&mut self) -> Result<Record, LiteralError> {
        if self.peek() == Some('{') {
            return Ok(Record {
                constructor: String::new(),
                values: self.dict()?.into_iter().collect(),
            });
        }
        let constructor = self.word();
        if constructor.is_empty() {
            return Err(self.expected("a record such as `Namespace(…)` or `{…}`"));
        }
        self.at += constructor.len();
        self.require('(')?;
        let mut values = Map::new();
        while !self.take(')') {
            self.argument(&mut values)?;
            if !self.take(',') && self.peek() != Some(')') {
                return Err(self.expected("`,` or `)`"));
            }
        }
        Ok(Record {
            constructor: constructor.to_owned(),
            values: values.into_iter().collect(),
        })
    }

    /// `key=value`, or `**{…}`, as argparse prints names that are no identifiers.
    fn argument(&mut self, values: &mut Map<String, Value>) -> Result<(), LiteralError> {
        self.peek();
        let start = self.at;
        if self.rest().starts_with("**") {
            self.at += 2;
            for (key, value) in self.dict()? {
                self.insert(values, key, value, start)?;
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
        self.insert(values, key.to_owned(), value, start)
    }

    fn insert(
        &self,
        values: &mut Map<String, Value>,
        key: String,
        value: Value,
        offset: usize,
    ) -> Result<(), LiteralError> {
        if values.contains_key(&key) {
            let message = format!("key `{key}` occurs twice");
            return Err(LiteralError { offset, message });
        }
        values.insert(key, value);
        Ok(())
    }

    fn value(&mut self) -> Result<Value, LiteralError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let value = match self.peek() {
            Some('[') => self.sequence(']').map(|(items, _)| Value::Array(items)),
            Some('(') => self.parenthesised(),
            Some('{') => self.dict().map(Value::Object),
            Some('\'' | '"') => self.string().map(Value::String),
            Some('+' | '-' | '.' | '0'..='9') => self.number(),
            _ => self.name(),
        };
        self.depth -= 1;
        value
    }

    fn name(&mut self) -> Result<Value, LiteralError> {
        let word = self.word();
        let value = match word {
            "None" => Value::Null,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "nan" | "inf" => Value::String(word.to_owned()),
            "" => return Err(self.expected("a Python literal")),
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

    fn dict(&mut self) -> Result<Map<String, Value>, LiteralError> {
        self.require('{')?;
        let mut entries = Map::new();
        while !self.take('}') {
            self.peek();
            let start = self.at;
            let key = match self.value()? {
                Value::String(key) => key,
                _ => self.text[start..self.at].to_owned(),
            };
            self.require(':')?;
            let value = self.value()?;
            self.insert(&mut entries, key, value, start)?;
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
        if matches!(digits.get(..3), Some("inf" | "nan")) {
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
            '\n' => return Ok(None),
            'x' => return self.code(start, 2, 16).map(Some),
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
