//! Mappings without brackets: YAML, what a loop over `vars(args)` prints, `k=v, k=v` on one line.
//!
//! Of YAML, what training programs write: block mappings and lists by indentation, flow lists and mappings, plain
//! and quoted scalars, comments. No anchors, tags or text over several lines.

use serde_json::{Map, Value};

use super::brackets::split_outermost;
use super::record::{Entries, Mistake, unique};
use crate::literal;

/// Nesting beyond this is refused rather than followed.
const MAX_DEPTH: usize = 32;

/// One line of a mapping.
struct Line<'t> {
    indent: usize,
    /// Byte offset of its text.
    start: usize,
    /// Without indent, comment and trailing blanks.
    text: &'t str,
}

/// The entries of a text that is a mapping of at least two keys; `None` where it is none.
pub(super) fn read(content: &str) -> Option<Result<Entries, Mistake>> {
    let lines = lines(content);
    if lines.len() < 2 {
        return on_one_line(content).map(unique);
    }
    let indent = lines[0].indent;
    let mut at = 0;
    let entries = block_entries(&lines, &mut at, indent, 0)?;
    (at == lines.len() && entries.len() >= 2).then(|| unique(entries))
}

/// `k=v, k=v`, with literals or bare words.
fn on_one_line(content: &str) -> Option<Entries> {
    let entry = |(start, part): (usize, &str)| {
        let (key, value) = part.split_once('=')?;
        let key = key.trim();
        let value = value.trim();
        let is_entry = is_key(key) && !value.is_empty() && !value.starts_with('=');
        let place = start..start + part.len();
        is_entry.then(|| (key.to_owned(), scalar(value, 0), place))
    };
    let parts = split_outermost(content, ',');
    (parts.len() >= 2).then(|| parts.into_iter().map(entry).collect())?
}

/// The lines that say something. The first may stand behind other text, so that its indent is not known: it lies
/// as deep as the others, or opens them.
fn lines(content: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in content.split('\n') {
        let indented = line.trim_start_matches([' ', '\t']);
        let text = without_comment(indented).trim_end();
        if !text.is_empty() && text != "---" && text != "..." {
            let indent = line.len() - indented.len();
            found.push(Line {
                indent: indent + 1,
                start: start + indent,
                text,
            });
        }
        start += line.len() + 1;
    }
    let outermost = found.iter().skip(1).map(|line| line.indent).min();
    let second = found.get(1).map(|line| line.indent);
    if let (Some(outermost), Some(second), Some(first)) = (outermost, second, found.first_mut()) {
        let opens = pair(first.text).is_some_and(|(_, value)| value.is_empty());
        let is_behind_text = !content.starts_with([' ', '\t', '\n']);
        if is_behind_text {
            first.indent = if opens && outermost == second {
                outermost - 1
            } else {
                outermost
            };
        }
    }
    found
}

/// The text before ` #`, and before the `[default: …]` of some dumps.
fn without_comment(line: &str) -> &str {
    let line = line.find(" #").map_or(line, |at| &line[..at]);
    let line = if line.starts_with('#') { "" } else { line };
    line.find("[default:").map_or(line, |at| &line[..at])
}

/// Key and value of a line.
fn pair(line: &str) -> Option<(&str, &str)> {
    let sign = line.find([':', '='])?;
    let (key, value) = (line[..sign].trim(), &line[sign + 1..]);
    let is_spaced =
        line[sign..].starts_with('=') || value.is_empty() || value.starts_with([' ', '\t']);
    let unquoted = key.trim_matches(['"', '\'']);
    let key = unquoted.strip_prefix("--").unwrap_or(unquoted);
    (is_key(key) && is_spaced && !value.starts_with('=')).then(|| (key, value.trim()))
}

fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
}

/// The entries of the lines from `at` on with this indent; `None` where one is no entry.
fn block_entries(
    lines: &[Line<'_>],
    at: &mut usize,
    indent: usize,
    depth: usize,
) -> Option<Entries> {
    let mut entries = Entries::new();
    while let Some(line) = lines.get(*at).filter(|line| line.indent >= indent) {
        let (key, value) = pair(line.text)?;
        let in_place = line.indent == indent && depth < MAX_DEPTH;
        if !in_place {
            return None;
        }
        *at += 1;
        let place = line.start..line.start + line.text.len();
        let value = if value.is_empty() {
            below(lines, at, indent, depth + 1)?
        } else {
            scalar(value, 0)
        };
        entries.push((key.to_owned(), value, place));
    }
    Some(entries)
}

/// The value that the lines below an empty entry make.
fn below(lines: &[Line<'_>], at: &mut usize, indent: usize, depth: usize) -> Option<Value> {
    let Some(line) = lines.get(*at) else {
        return Some(Value::Null);
    };
    let is_item = |line: &Line<'_>| line.text == "-" || line.text.starts_with("- ");
    if is_item(line) && line.indent >= indent {
        let own = line.indent;
        let mut items = Vec::new();
        while let Some(line) = lines
            .get(*at)
            .filter(|line| is_item(line) && line.indent == own)
        {
            items.push(scalar(line.text[1..].trim(), 0));
            *at += 1;
        }
        return Some(Value::Array(items));
    }
    if line.indent <= indent {
        return Some(Value::Null);
    }
    let entries = block_entries(lines, at, line.indent, depth)?;
    let values: Map<String, Value> = entries
        .into_iter()
        .map(|(key, value, _)| (key, value))
        .collect();
    Some(Value::Object(values))
}

/// A value without a line of its own.
pub(super) fn scalar(text: &str, depth: usize) -> Value {
    if let Ok(value) = literal::parse(text) {
        return value;
    }
    match text {
        "" | "~" | "null" => return Value::Null,
        "true" => return true.into(),
        "false" => return false.into(),
        ".nan" | ".NaN" => return "nan".into(),
        ".inf" => return "inf".into(),
        "-.inf" => return "-inf".into(),
        _ => {}
    }
    let within = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    if let (Some(inner), true) = (within('[', ']'), depth < MAX_DEPTH) {
        let items = split_outermost(inner, ',').into_iter();
        return items.map(|(_, item)| scalar(item, depth + 1)).collect();
    }
    if let (Some(inner), true) = (within('{', '}'), depth < MAX_DEPTH) {
        let entries: Option<Map<String, Value>> = split_outermost(inner, ',')
            .into_iter()
            .map(|(_, entry)| {
                let (key, value) = pair(entry)?;
                Some((key.to_owned(), scalar(value, depth + 1)))
            })
            .collect();
        if let Some(entries) = entries {
            return Value::Object(entries);
        }
    }
    text.into()
}
