//! RPR007: text about results that readers of the rendered page do not see.

use std::collections::BTreeSet;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::HIDDEN_RESULT_TEXT;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::reading::statement::is_usual_key;
use crate::document::{Comment, Concealment};

use super::line_of;

/// How comments begin that speak to programs.
const DIRECTIVES: &[&str] = &[
    "repro:",
    "markdownlint",
    "toc",
    "/toc",
    "omit in toc",
    "omit from toc",
    "doctoc",
    "start doctoc",
    "end doctoc",
    "prettier-ignore",
    "vim:",
    "-*-",
    "vale ",
    "spellchecker",
    "textlint",
    "cspell",
    "linkcheck",
];

/// Words that make a number beside them a result or a setting.
const UNITS: &[&str] = &[
    "epoch", "epochs", "%", "lr", "seed", "seeds", "acc", "accuracy", "mae", "batch", "loss",
];

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let lines: Vec<&str> = inputs.text.split('\n').collect();
    let records = bound.document.records.iter();
    let keys: BTreeSet<&str> = records
        .flat_map(|record| record.values.keys().map(String::as_str))
        .collect();
    for comment in &bound.document.comments {
        let lower = comment.text.to_lowercase();
        if DIRECTIVES
            .iter()
            .any(|directive| lower.starts_with(directive))
        {
            continue;
        }
        match told(comment, &keys) {
            None => sink.verified(&HIDDEN_RESULT_TEXT),
            Some(what) => sink.report(finding(comment, &what, &lines)),
        }
    }
}

fn finding(comment: &Comment, what: &str, lines: &[&str]) -> Finding {
    let (name, kind) = match comment.concealment {
        Concealment::Comment => ("comment", "comment"),
        Concealment::Details => ("folded block", "details"),
        Concealment::White => ("white text", "white"),
    };
    let is_one_line = comment.end_line == comment.line;
    let end_column = if is_one_line {
        comment.end_column
    } else {
        line_of(lines, comment.line).chars().count() + 1
    };
    let place = Place {
        line: comment.line,
        column: comment.column,
        end_column,
    };
    let subject = Subject {
        row: comment.text.clone(),
        kind,
        ..Subject::default()
    };
    let message = format!("{name} hides {what} from readers");
    let finding = Finding::new(&HIDDEN_RESULT_TEXT, place, &subject, message)
        .with_hint("say it in the visible notes, or remove it");
    if is_one_line && comment.concealment == Concealment::Comment {
        finding.with_fix(comment.text.clone())
    } else {
        finding
    }
}

/// What a hidden text says of results.
fn told(comment: &Comment, keys: &BTreeSet<&str>) -> Option<String> {
    let text = match comment.concealment {
        Concealment::Comment => comment.text.clone(),
        Concealment::Details | Concealment::White => without_tags(&comment.text),
    };
    mark(&text)
        .map(|mark| format!("mark `{mark}`"))
        .or_else(|| key(&text, keys).map(|key| format!("setting `{key}`")))
        .or_else(|| measure(&text).map(|measure| format!("`{measure}`")))
        .or_else(|| row(&text).map(|row| format!("row `{row}`")))
}

/// A text without its tags, whose attributes are no text.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        plain.push_str(&rest[..open]);
        let is_tag = rest[open + 1..].starts_with(|c: char| c.is_alphabetic() || c == '/');
        match rest[open..].find('>').filter(|_| is_tag) {
            Some(close) => {
                plain.push(' ');
                rest = &rest[open + close + 1..];
            }
            None => {
                plain.push('<');
                rest = &rest[open + 1..];
            }
        }
    }
    plain + rest
}

/// A mark such as `[2]` or `[^2]` that is neither an index nor a link.
fn mark(text: &str) -> Option<&str> {
    let opens = text.match_indices('[').map(|(at, _)| at);
    let marks = opens.filter_map(|open| {
        let close = open + text[open..].find(']')?;
        let name = text[open + 1..close].trim();
        let number = name.strip_prefix('^').unwrap_or(name);
        let is_number =
            (1..=9).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_index =
            text[..open].ends_with(|c: char| c == '_' || c.is_alphanumeric()) && number == "0";
        (is_number && !is_index && !text[close + 1..].starts_with('(')).then(|| &text[open..=close])
    });
    marks.into_iter().next()
}

/// A key of a record: with a value behind it, or a name that no sentence has.
fn key<'t>(text: &'t str, keys: &BTreeSet<&str>) -> Option<&'t str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    for word in text.split(|c: char| !is_word(c)) {
        let start = at + text[at..].find(word).unwrap_or_default();
        at = start + word.len();
        if word.is_empty() {
            continue;
        }
        let after = text[at..].trim_start();
        let is_given =
            after.starts_with('=') || (after.starts_with(':') && !after.starts_with("://"));
        let is_known = keys.contains(word) || is_usual_key(word);
        if is_known && (is_given || word.contains('_')) {
            return Some(word);
        }
    }
    None
}

/// A number beside a word such as `epochs`.
fn measure(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '=' | ':' | '(' | ')' | ',' | ';' | '|'))
        .filter(|word| !word.is_empty())
        .collect();
    let is_number = |word: &str| {
        let word = word.trim_end_matches('.');
        word.starts_with(|c: char| c.is_ascii_digit() || c == '.') && word.parse::<f64>().is_ok()
    };
    let is_unit = |word: &str| {
        let word = word.trim_end_matches('.').to_lowercase();
        UNITS.contains(&word.as_str())
    };
    let joined = |word: &str| {
        let word = word.trim_end_matches('.');
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        unit.len() < word.len() && is_unit(unit.trim_start_matches('-'))
    };
    if let Some(word) = words.iter().find(|word| joined(word)) {
        return Some((*word).to_owned());
    }
    let mut pairs = words.windows(2);
    let pair = pairs.find(|pair| {
        (is_number(pair[0]) && is_unit(pair[1]))
            || (is_unit(pair[0]) && pair[0] != "%" && is_number(pair[1]))
    })?;
    Some(pair.join(" "))
}

/// A line of a table with a number in it.
fn row(text: &str) -> Option<&str> {
    let is_number = |cell: &str| cell.trim().parse::<f64>().is_ok();
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.contains('|') && line.split('|').any(is_number))
}
