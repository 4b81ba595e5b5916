//! Command lines: `python main.py --lr 0.01 --subtasks gender smile --debug`.

use serde_json::Value;

use super::mapping::scalar;
use super::record::{Entries, Mistake, unique};
use super::text::offset_in;

/// A word of a command line.
struct Word {
    start: usize,
    end: usize,
    /// Without its quotes.
    text: String,
    is_quoted: bool,
}

/// The flags of a text that is a command line: the name of a flag without its dashes, dashes within it turned into
/// underscores as argparse does; a flag without a value is true, one with several has a list.
pub(super) fn read(content: &str) -> Option<Result<Entries, Mistake>> {
    if !content.contains('-') {
        return None;
    }
    let command = content.trim_matches('`');
    let offset = offset_in(content, command);
    let words = words(command);
    let first_flag = words.iter().position(is_flag)?;
    let begins = first_flag == 0 || is_program(&words[0].text);
    if !begins {
        return None;
    }
    let mut entries = Entries::new();
    let mut rest = words[first_flag..].iter().peekable();
    while let Some(flag) = rest.next() {
        let name = flag.text.trim_start_matches('-');
        let (name, joined) = match name.split_once('=') {
            Some((name, value)) => (name, Some(scalar(value, 0))),
            None => (name, None),
        };
        let mut end = flag.end;
        let mut values: Vec<Value> = joined.into_iter().collect();
        while let Some(word) = rest.next_if(|word| !is_flag(word)) {
            end = word.end;
            let value = if word.is_quoted {
                word.text.as_str().into()
            } else {
                scalar(&word.text, 0)
            };
            values.push(value);
        }
        let value = match values.len() {
            0 => Value::Bool(true),
            1 => values.remove(0),
            _ => Value::Array(values),
        };
        let place = offset + flag.start..offset + end;
        entries.push((name.replace('-', "_"), value, place));
    }
    Some(unique(entries))
}

fn is_flag(word: &Word) -> bool {
    let name = word.text.strip_prefix("--");
    let is_name = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_short = word.text.len() == 2 && word.text.strip_prefix('-').is_some_and(is_name);
    !word.is_quoted && (name.is_some_and(is_name) || is_short)
}

/// Whether a command begins with this word.
fn is_program(word: &str) -> bool {
    let ends = [".py", ".sh", ".jl", ".R"];
    let names = [
        "$",
        "python",
        "python2",
        "python3",
        "torchrun",
        "accelerate",
        "srun",
        "repro",
        "cargo",
    ];
    names.contains(&word)
        || ends.iter().any(|end| word.ends_with(end))
        || word.starts_with("./")
        || word.starts_with("CUDA_VISIBLE_DEVICES=")
}

/// The words of a line as a shell splits them; a backslash at the end of a line joins it with the next.
fn words(content: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_open = false;
    let mut quote = None;
    let mut characters = content.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let after = at + character.len_utf8();
        let escaped = characters.peek().copied();
        let joins = character == '\\' && matches!(escaped, Some((_, '\n' | '\r')) | None);
        if quote.is_none() && (character.is_whitespace() || joins) {
            is_open = false;
            continue;
        }
        if !is_open {
            is_open = true;
            words.push(Word {
                start: at,
                end: at,
                text: String::new(),
                is_quoted: false,
            });
        }
        let Some(word) = words.last_mut() else {
            continue;
        };
        word.end = after;
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.is_quoted |= word.start == at;
            }
            (None | Some('"'), '\\') => {
                if let Some((next, escaped)) = characters.next() {
                    word.end = next + escaped.len_utf8();
                    word.text.push(escaped);
                }
            }
            _ => word.text.push(character),
        }
    }
    words
}
