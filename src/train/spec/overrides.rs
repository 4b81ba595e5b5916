//! What the command line says against a spec: `--set key=value` and `--seeds`.

use std::path::PathBuf;

use toml::{Table, Value};

use super::config::{Complaint, Config, DERIVED, KEYS, canonical};
use super::value::unknown;
use crate::source::SourceError;

/// Everything that goes before what specs say.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--set`, in the order given; the last one of a key counts.
    pub values: Vec<Override>,
    /// `--seeds`.
    pub seeds: Option<Vec<u64>>,
}

/// One `--set key=value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    text: String,
    key: String,
    value: Value,
}

impl Overrides {
    /// Whether `key` is overridden.
    pub(super) fn sets(&self, key: &str) -> bool {
        self.of(canonical(key)).is_some()
    }

    /// The override of canonical `key`.
    pub(super) fn of(&self, key: &str) -> Option<&Override> {
        self.values.iter().rev().find(|set| set.key == key)
    }
}

impl Override {
    /// Reads `key=value`; the value is TOML, and what is not is taken as text.
    ///
    /// # Errors
    /// There is no `=`, the key is unknown, or the value is impossible by itself.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let refuse = |complaint| error(text, complaint);
        let Some((key, value)) = text.split_once('=') else {
            return Err(refuse(Complaint::new("expected `key=value`")));
        };
        let (key, value) = (key.trim(), value.trim());
        if let Some((name, why)) = DERIVED.iter().find(|(name, _)| *name == key) {
            return Err(refuse(
                Complaint::new(format!("`{name}` cannot be set")).help(*why),
            ));
        }
        if !KEYS.contains(&key) {
            return Err(refuse(unknown("key", key, KEYS)));
        }
        let set = Self {
            text: text.to_owned(),
            key: canonical(key).to_owned(),
            value: value_of(value),
        };
        set.apply(&mut Config::default())?;
        Ok(set)
    }

    /// Puts the value into `config`.
    pub(super) fn apply(&self, config: &mut Config) -> Result<(), SourceError> {
        config
            .set(&self.key, &self.value)
            .map_err(|complaint| self.error(complaint))
    }

    /// An error that names this argument.
    pub(super) fn error(&self, complaint: Complaint) -> SourceError {
        error(&self.text, complaint)
    }
}

fn error(text: &str, complaint: Complaint) -> SourceError {
    SourceError {
        path: PathBuf::from(format!("--set {text}")),
        position: None,
        message: complaint.message,
        help: complaint.help,
    }
}

fn value_of(text: &str) -> Value {
    let table: Result<Table, _> = toml::from_str(&format!("value = {text}"));
    match table {
        Ok(mut table) if table.len() == 1 => table.remove("value").expect("the only key"),
        _ => Value::String(text.to_owned()),
    }
}

/// Reads `0..3` (0, 1, 2), `5`, or a list such as `0,2,4..6`.
///
/// # Errors
/// Not of that form, empty, or a seed twice; the message says which.
pub fn parse_seeds(text: &str) -> Result<Vec<u64>, String> {
    let number = |part: &str| {
        part.trim()
            .parse::<u64>()
            .map_err(|_| format!("`{part}` is no seed, expected `3`, `0..3` or `0,2,4`"))
    };
    let mut seeds = Vec::new();
    for part in text.split(',') {
        match part.split_once("..") {
            Some((start, end)) => seeds.extend(number(start)?..number(end)?),
            None => seeds.push(number(part)?),
        }
    }
    if seeds.is_empty() {
        return Err(format!("`{text}` is an empty range of seeds"));
    }
    match (1..seeds.len()).find(|i| seeds[..*i].contains(&seeds[*i])) {
        Some(i) => Err(format!("seed {} occurs twice", seeds[i])),
        None => Ok(seeds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_half_open_ranges() {
        assert_eq!(parse_seeds("0..3"), Ok(vec![0, 1, 2]));
        assert_eq!(parse_seeds("7, 0..2"), Ok(vec![7, 0, 1]));
        assert_eq!(
            parse_seeds("3..3"),
            Err("`3..3` is an empty range of seeds".into())
        );
        assert_eq!(parse_seeds("1,0..2"), Err("seed 1 occurs twice".into()));
        assert_eq!(
            parse_seeds("a"),
            Err("`a` is no seed, expected `3`, `0..3` or `0,2,4`".into())
        );
    }

    #[test]
    fn values_are_toml_or_text() {
        let value = |text| Override::parse(text).expect("valid").value;
        assert_eq!(value("epochs=3"), Value::Integer(3));
        assert_eq!(
            value("multitask_training_type=Train_Valid_2"),
            Value::String("Train_Valid_2".into())
        );
        assert_eq!(value("log_dir=\"a = b\""), Value::String("a = b".into()));
    }

    #[test]
    fn mistakes_name_the_argument() {
        let message = |text| Override::parse(text).expect_err("refused").to_string();
        assert_eq!(
            message("lr_rat=1"),
            "--set lr_rat=1: unknown key `lr_rat`\nhelp: did you mean `lr_rate`?"
        );
        assert_eq!(
            message("batch_size=0"),
            "--set batch_size=0: expected a whole number of at least 1, found `0`"
        );
        assert_eq!(
            message("seed=1"),
            "--set seed=1: `seed` cannot be set\nhelp: list them in `seeds`, or pass `--seeds`"
        );
        assert_eq!(message("epoch"), "--set epoch: expected `key=value`");
    }
}
