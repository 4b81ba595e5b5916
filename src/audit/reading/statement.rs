//! Statements: `key = value` and phrases such as `[2] 40 epochs` in comments and notes.
//!
//! Only a number beside one of a few words is understood: more would be guessing at language.

use std::ops::Range;

use serde_json::Value;

use super::key::{Concept, SYNONYMS};
use crate::literal;

/// A setting that a text claims.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The mark that it is said of.
    pub mark: String,
    /// Byte range of that mark, brackets included.
    pub mark_range: Range<usize>,
    /// Byte range of the claim.
    pub range: Range<usize>,
    /// What is claimed, as printed.
    pub text: String,
    /// What it is about.
    pub subject: Subject,
    /// The value.
    pub value: Value,
}

/// What a claim is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A key, as printed.
    Key(String),
    /// Any key that tells this.
    Concept(Concept),
    /// The learning rate, by any of its keys.
    LearningRate,
}

/// Keys of the learning rate.
const LEARNING_RATE: &[&str] = &["lr", "lr_rate", "learning_rate", "initial_lr", "base_lr"];

impl Subject {
    /// Whether a key of a record tells it.
    pub fn is_told_by(&self, key: &str) -> bool {
        match self {
            Self::Key(own) => own == key,
            Self::LearningRate => LEARNING_RATE.contains(&key),
            Self::Concept(concept) => SYNONYMS
                .iter()
                .any(|(of, keys)| of == concept && keys.contains(&key)),
        }
    }
}

/// Whether a key is one that records usually have.
pub fn is_usual_key(key: &str) -> bool {
    LEARNING_RATE.contains(&key) || SYNONYMS.iter().any(|(_, keys)| keys.contains(&key))
}

/// A value as printed: a Python literal, else its text.
pub fn value(text: &str) -> Value {
    let text = text.trim().trim_matches('`');
    literal::parse(text).unwrap_or_else(|_| match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    })
}

/// Whether two values are the same; integers and floats compare as numbers.
pub fn is_same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
        _ => match (a, b) {
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
            }
            _ => a == b,
        },
    }
}

/// What a text says of marks, in its order; what no mark precedes is nobody's and left out.
pub fn claims(text: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    let mut mark: Option<(Range<usize>, &str)> = None;
    for (start, clause) in clauses(text) {
        let own = last_mark(clause);
        let at = own.as_ref().map_or(0, |(range, _)| range.end);
        let said = read_clause(&clause[at..]);
        match own {
            Some((range, name)) => mark = Some((start + range.start..start + range.end, name)),
            // A later clause goes on with the mark before only where it holds nothing but claims.
            None if !said.is_pure => mark = None,
            None => {}
        }
        let Some((mark_range, name)) = &mark else {
            continue;
        };
        found.extend(
            said.claims
                .into_iter()
                .map(|(range, subject, value)| Claim {
                    mark: (*name).to_owned(),
                    mark_range: mark_range.clone(),
                    text: clause[at + range.start..at + range.end].to_owned(),
                    range: start + at + range.start..start + at + range.end,
                    subject,
                    value,
                }),
        );
    }
    found
}

/// The parts of a text between commas, semicolons, ends of sentences and of lines, with their byte offsets.
fn clauses(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        let ends_sentence =
            || text[at + 1..].starts_with([' ', '\t', '\r', '\n']) || at + 1 == text.len();
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let cuts = match character {
            ',' | ';' => depth == 0,
            '\n' | '，' | '；' | '。' => true,
            '.' => ends_sentence(),
            _ => false,
        };
        if cuts {
            found.push((start, &text[start..at]));
            start = at + character.len_utf8();
        }
        if character == '\n' {
            depth = 0;
        }
    }
    found.push((start, &text[start..]));
    found
}

/// The last `[n]` of a clause.
fn last_mark(clause: &str) -> Option<(Range<usize>, &str)> {
    let opens = clause.match_indices('[').map(|(at, _)| at);
    let marks = opens.filter_map(|open| {
        let inner = &clause[open + 1..];
        let name = inner[..inner.find(']')?].trim();
        let is_mark =
            (1..=9).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit());
        // An index follows a word or a sign; a list of one number follows `=`.
        let before = clause[..open].trim_end();
        let is_free = !before.ends_with(['=', ':'])
            && !clause[..open].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let end = open + 2 + inner.find(']')?;
        (is_mark && is_free).then_some((open..end, name))
    });
    marks.last()
}

struct Said {
    claims: Vec<(Range<usize>, Subject, Value)>,
    /// Whether the clause holds nothing else.
    is_pure: bool,
}

/// What one clause claims: every `key = value`, or a number beside `epochs`, `lr` or `batch`.
fn read_clause(clause: &str) -> Said {
    let words = words(clause);
    let mut said = Said {
        claims: Vec::new(),
        is_pure: true,
    };
    let mut at = 0;
    while at < words.len() {
        // `after 20 epochs` is when something happened.
        let is_moment = at > 0 && is_moment(words[at - 1].1);
        let found = assignment(clause, &words[at..])
            .or_else(|| phrase(&words[at..]).filter(|_| !is_moment));
        match found {
            Some((n_words, subject, value)) => {
                let start = words[at].0;
                let (last, word) = words[at + n_words - 1];
                let end = last + word.len();
                said.claims.push((start..end, subject, value));
                at += n_words;
            }
            None => {
                said.is_pure &= is_filler(words[at].1);
                at += 1;
            }
        }
    }
    said
}

/// Words before a number of epochs that make it a moment instead of a budget.
fn is_moment(word: &str) -> bool {
    [
        "after", "at", "every", "from", "until", "in", "last", "first", "best", "per",
    ]
    .contains(&word.to_lowercase().as_str())
}

/// Words between a mark and what is said of it that change nothing.
fn is_filler(word: &str) -> bool {
    [
        "and", "with", "for", "of", "a", "the", ":", "-", "–", "was", "trained", "used", "uses",
        "size", "&",
    ]
    .contains(&word.to_lowercase().as_str())
}

/// The words of a clause with their byte offsets; `=` and `:` are words of their own.
fn words(clause: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, character) in clause.char_indices() {
        let is_sign = matches!(character, '=' | ':');
        if character.is_whitespace() || is_sign || matches!(character, '(' | ')' | '"' | '`') {
            if let Some(start) = start.take() {
                found.push((start, &clause[start..at]));
            }
            if is_sign {
                found.push((at, &clause[at..=at]));
            }
        } else if start.is_none() {
            start = Some(at);
        }
    }
    if let Some(start) = start {
        found.push((start, &clause[start..]));
    }
    found
}

type Found = (usize, Subject, Value);

/// `key = value`.
fn assignment(clause: &str, words: &[(usize, &str)]) -> Option<Found> {
    let [(_, key), (_, "="), (at, first), rest @ ..] = words else {
        return None;
    };
    let is_key = key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !is_key {
        return None;
    }
    // A list takes the words up to its bracket.
    let close = match first.chars().next() {
        Some('[') => clause[*at..].find(']').map(|end| at + end + 1),
        _ => None,
    };
    let end = close.unwrap_or(at + first.len());
    let more = rest.iter().take_while(|(start, _)| *start < end).count();
    let printed = clause[*at..end].trim_end_matches(['.', ':']);
    Some((3 + more, Subject::Key((*key).to_owned()), value(printed)))
}

/// `40 epochs`, `epochs: 40`, `lr 0.01`, `batch size of 32`.
fn phrase(words: &[(usize, &str)]) -> Option<Found> {
    let lower = |at: usize| words.get(at).map(|(_, word)| word.to_lowercase());
    let number = |at: usize| -> Option<Value> {
        let (_, word) = words.get(at)?;
        let number = literal::parse(word).ok()?;
        number.is_number().then_some(number)
    };
    let integer = |at: usize| number(at).filter(Value::is_u64);
    let subject = |at: usize| -> Option<(usize, Subject)> {
        match lower(at)?.as_str() {
            "epoch" | "epochs" => Some((1, Subject::Concept(Concept::Epochs))),
            "lr" => Some((1, Subject::LearningRate)),
            "learning" if lower(at + 1)?.as_str() == "rate" => Some((2, Subject::LearningRate)),
            "batch" | "batchsize" | "bs" => {
                let size = usize::from(lower(at + 1).is_some_and(|word| word == "size"));
                Some((1 + size, Subject::Concept(Concept::BatchSize)))
            }
            _ => None,
        }
    };
    if let Some(value) = integer(0)
        && let Some((n, subject)) = subject(1)
        // `batch 8 epochs 40`: the number belongs to the word before it, which took it already.
        && subject != Subject::LearningRate
    {
        return Some((1 + n, subject, value));
    }
    let (n, subject) = subject(0)?;
    let sign = lower(n).is_some_and(|word| ["=", ":", "of", "is"].contains(&word.as_str()));
    if subject == Subject::Concept(Concept::Epochs) && !sign {
        // `epoch 37` is one of them, not their number.
        return None;
    }
    let at = n + usize::from(sign);
    let value = match subject {
        Subject::LearningRate => number(at),
        _ => integer(at),
    }?;
    Some((at + 1, subject, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(text: &str) -> Vec<(String, String, Value)> {
        let claims = claims(text).into_iter();
        claims
            .map(|claim| (claim.mark, claim.text, claim.value))
            .collect()
    }

    fn said(mark: &str, text: &str, value: Value) -> (String, String, Value) {
        (mark.to_owned(), text.to_owned(), value)
    }

    #[test]
    fn what_is_said_of_a_mark_ends_with_it() {
        let comment = "[2] 40 epochs, other 4 models, 60 epochs";
        assert_eq!(found(comment), [said("2", "40 epochs", json!(40))]);
        assert_eq!(claims(comment)[0].mark_range, 0..3);
        assert_eq!(claims(comment)[0].range, 4..13);
        assert_eq!(
            found("model [2]: lr 0.01, batch size 32 and 40 epochs; [4] epochs: 60."),
            [
                said("2", "lr 0.01", json!(0.01)),
                said("2", "batch size 32", json!(32)),
                said("2", "40 epochs", json!(40)),
                said("4", "epochs: 60", json!(60)),
            ]
        );
        assert_eq!(
            found("[7] epoch = 20, loss_weights = [1, 0], dataset = FER"),
            [
                said("7", "epoch = 20", json!(20)),
                said("7", "loss_weights = [1, 0]", json!([1, 0])),
                said("7", "dataset = FER", json!("FER")),
            ]
        );
    }

    #[test]
    fn what_is_said_of_nobody_or_of_a_moment_is_no_claim() {
        assert_eq!(found("trained for 40 epochs"), []);
        for text in [
            "[2] best at epoch 37",
            "[2] stopped after 20 epochs",
            "x[2] ran 40 epochs",
            "[2] 4.5 epochs",
            "weights = [2], 40 epochs",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn values_compare_as_what_they_are() {
        assert!(is_same(&json!(40), &json!(40.0)));
        assert!(is_same(&json!([1, 0]), &json!([1.0, 0.0])));
        assert!(!is_same(&json!(1), &json!(true)));
        assert_eq!(value("False"), json!(false));
        assert_eq!(value("1e-06"), json!(1e-6));
        assert_eq!(value("adam"), json!("adam"));
    }
}
