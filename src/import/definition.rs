//! The form of a definition: which kind of note prints it again.

use serde_json::Value;

use crate::document::Definition;
use crate::record::{HyperParameters, RunRecord};
use crate::report::footnote::note_text;
use crate::report::spec::{FootnoteKind, FootnoteStyle};
use crate::store::RunId;

/// The number of a mark as it stands between its brackets.
pub(super) fn number(style: FootnoteStyle, mark: &str) -> Option<u32> {
    let digits = match style {
        FootnoteStyle::Gfm => mark.strip_prefix('^')?,
        FootnoteStyle::Reference | FootnoteStyle::Link => mark,
    };
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// The path that a definition names, if it is one.
pub(super) fn path(definition: &Definition) -> Option<&str> {
    match definition.paths.as_slice() {
        [path] if is_simple(definition) => Some(path),
        _ => None,
    }
}

/// The hyper-parameters that a definition holds, if it is one record.
pub(super) fn hyper_parameters(definition: &Definition) -> Option<HyperParameters> {
    match definition.records.as_slice() {
        [record] if is_simple(definition) => {
            let pair = |(key, value): (&String, &Value)| (key.clone(), value.clone());
            Some(HyperParameters(record.values.iter().map(pair).collect()))
        }
        _ => None,
    }
}

/// At most one path and one record, and nothing that could not be read.
fn is_simple(definition: &Definition) -> bool {
    definition.paths.len() <= 1 && definition.records.len() <= 1 && definition.broken.is_empty()
}

/// The kind of note of `run` that says what the definition says: in its words, or else in its form; a note with
/// the definition's own text where the run holds something else.
pub(super) fn kind(definition: &Definition, run: &RunId, record: &RunRecord) -> FootnoteKind {
    let prints = |kind: &FootnoteKind| {
        let text = note_text(*kind, &[(run, record)]);
        text.is_some_and(|text| without_blanks(&text) == without_blanks(&definition.text))
    };
    if let Some(kind) = FootnoteKind::ALL.into_iter().find(prints) {
        return kind;
    }
    let path = path(definition);
    let values = hyper_parameters(definition);
    if path.is_some_and(|path| record.cited.as_deref() != Some(path))
        || values.is_some_and(|values| record.hyper_parameters != values)
    {
        return FootnoteKind::Fixed;
    }
    let text = definition.text.as_str();
    let has_words = |words: &str| text.to_ascii_lowercase().starts_with(words);
    match (path, definition.records.len()) {
        (Some(_), 0) if text.contains(['"', '\'']) || has_words("data") => FootnoteKind::DataSource,
        (Some(_), 0) => FootnoteKind::Path,
        (Some(path), 1) if is_first(path, text) => FootnoteKind::PathAndRecord,
        (Some(_), 1) => FootnoteKind::RecordAndPath,
        (None, 1) if has_words("hyper") => FootnoteKind::HyperParameters,
        (None, 1) if definition.paths.is_empty() => FootnoteKind::Record,
        _ => FootnoteKind::Fixed,
    }
}

/// Whether a path stands before any record.
fn is_first(path: &str, text: &str) -> bool {
    let at = text.find(path).unwrap_or(text.len());
    at < text.find(['(', '{']).unwrap_or(text.len())
}

/// The text without any white space: all that may differ.
pub(super) fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
