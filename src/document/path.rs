//! Paths of runs in definitions and in lines of text.

use super::brackets::split_outermost;
use super::text::offset_in;

/// Characters that no path has, whatever stands around it.
const FORBIDDEN: &[char] = &['"', '`', '(', ')', '\n', '<', '>'];

/// The paths that a text consists of, quoted or bare, separated by commas, or markdown links to them; with their
/// byte offsets. Empty where anything else is in it.
pub(super) fn all(text: &str) -> Vec<(usize, &str)> {
    split_outermost(text, ',')
        .into_iter()
        .map(|(at, item)| one(item).map(|(within, path)| (at + within, path)))
        .collect::<Option<_>>()
        .unwrap_or_default()
}

fn one(item: &str) -> Option<(usize, &str)> {
    let quoted = ['"', '\'', '`']
        .iter()
        .find_map(|&quote| item.strip_prefix(quote)?.strip_suffix(quote));
    let linked = item
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rest| rest.split_once("]("))
        .map(|(_, target)| target);
    let bare = (!item.contains(char::is_whitespace)).then_some(item);
    let path = quoted.or(linked).or(bare)?;
    let within = offset_in(item, path);
    (is_path(path) && !path.contains(FORBIDDEN)).then_some((within, path))
}

/// Run folders named within a text, with their byte offsets.
pub(super) fn runs_within(text: &str) -> Vec<(usize, &str)> {
    text.split(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | ',' | ';' | '<' | '>')
    })
    .filter(|word| is_run(word))
    .map(|word| (offset_in(text, word), word))
    .collect()
}

/// Whether a word is the path of a run folder below `results/`.
fn is_run(word: &str) -> bool {
    let below = match word.strip_prefix("results/") {
        Some(below) => Some(below),
        None => word.split_once("/results/").map(|(_, below)| below),
    };
    below.is_some_and(|below| below.trim_end_matches('/').contains('/')) && !word.contains("://")
}

/// Whether a text is a path: it has a `/` and is no address, or begins with a drive, or with a time as old run
/// folders do.
fn is_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    let dated = bytes.len() > 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
        && bytes[10] == b'-';
    let on_drive =
        bytes.len() > 3 && bytes[0].is_ascii_alphabetic() && text[1..].starts_with(":\\");
    !text.contains("://")
        && !text.starts_with("doi:")
        && (dated || on_drive || text.trim_matches('/').contains('/'))
}
