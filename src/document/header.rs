//! Header cells, and what their words say: metric, unit, data set.

use serde::{Serialize, Serializer};

/// The name of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderCell {
    /// Column of its first character.
    pub column: usize,
    /// Column after its last character.
    pub end_column: usize,
    /// Text without surrounding blanks, escapes resolved.
    pub text: String,
}

/// The parts of a header such as `Emotion Acc(%)(FER_2013)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<'h> {
    /// The words before the first parenthesis: `Emotion Acc`.
    pub words: Vec<&'h str>,
    /// The unit, where a parenthesis holds one: `%`.
    pub unit: Option<&'h str>,
    /// What the last other parenthesis or bracket holds: `FER_2013`.
    pub data: Option<&'h str>,
    /// Text from a `#` on that something glued to the cell: `# common`.
    pub foreign: Option<&'h str>,
}

/// Texts in parentheses that are units rather than names.
const UNITS: &[&str] = &[
    "%", "‰", "years", "year", "y", "yrs", "s", "ms", "h", "min", "px", "mb", "mib", "gb", "gib",
    "m", "k", "g", "db", "bits",
];

impl Serialize for HeaderCell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl HeaderCell {
    /// What its words say.
    pub fn parts(&self) -> Parts<'_> {
        let (name, foreign) = match self.text.find(" # ") {
            Some(at) => (&self.text[..at], Some(self.text[at..].trim())),
            None => (self.text.as_str(), None),
        };
        let open = name.find(['(', '[']).unwrap_or(name.len());
        let mut parts = Parts {
            words: name[..open].split_whitespace().collect(),
            unit: None,
            data: None,
            foreign,
        };
        let mut rest = &name[open..];
        while let Some(at) = rest.find(['(', '[']) {
            let close = if rest[at..].starts_with('(') {
                ')'
            } else {
                ']'
            };
            let inner = &rest[at + 1..];
            let end = inner.find(close).unwrap_or(inner.len());
            let content = inner[..end].trim();
            if UNITS.contains(&content.to_ascii_lowercase().as_str()) {
                parts.unit = Some(content);
            } else if !content.is_empty() {
                parts.data = Some(content);
            }
            rest = inner[end..].strip_prefix(close).unwrap_or("");
        }
        parts
    }
}
