//! Configuration text with positions: every mistake in a TOML file is reported as `path:line:column`
//! with a hint.
//!
//! Owns reading TOML files and turning byte offsets into positions. What keys a file may have is known
//! by its reader (`project`, `train::spec`, `report::spec`).

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

/// A TOML file's text together with the path it is reported under.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where the text came from, as messages name it.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// A mistake in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SourceError {
    /// The file.
    pub path: PathBuf,
    /// 1-based line and column in Unicode scalar values; `None` where the file as a whole is meant.
    pub position: Option<(usize, usize)>,
    /// What is wrong: lowercase, no final period.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl Source {
    /// Reads `path` as UTF-8.
    ///
    /// # Errors
    /// The file cannot be read or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self {
                path: path.to_owned(),
                text,
            }),
            Err(error) => Err(SourceError {
                path: path.to_owned(),
                position: None,
                message: format!("cannot be read: {error}"),
                help: None,
            }),
        }
    }

    /// The error `message` at byte `offset`.
    pub fn error_at(
        &self,
        offset: usize,
        message: impl Into<String>,
        help: Option<String>,
    ) -> SourceError {
        SourceError {
            path: self.path.clone(),
            position: Some(position(&self.text, offset)),
            message: message.into(),
            help,
        }
    }

    /// The document as a table whose keys and values carry their byte ranges.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn table(&self) -> Result<DeTable<'_>, SourceError> {
        DeTable::parse(&self.text)
            .map(toml::Spanned::into_inner)
            .map_err(|error| self.toml_error(&error))
    }

    /// The document as a `T`.
    ///
    /// # Errors
    /// The text is not TOML, or a value has the wrong type; the position is the value's.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        toml::from_str(&self.text).map_err(|error| self.toml_error(&error))
    }

    fn toml_error(&self, error: &toml::de::Error) -> SourceError {
        let offset = error.span().map_or(0, |span| span.start);
        self.error_at(offset, error.message(), None)
    }

    /// Refuses keys of `table` that are not in `known`, proposing the nearest that is.
    ///
    /// # Errors
    /// The first unknown key, in the order of the file.
    pub fn check_keys(&self, table: &DeTable<'_>, known: &[&str]) -> Result<(), SourceError> {
        let unknown = table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        match unknown {
            None => Ok(()),
            Some(key) => {
                let name = key.get_ref().as_ref();
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("expected one of {}", backticked(known)),
                };
                Err(self.error_at(
                    key.span().start,
                    format!("unknown key `{name}`"),
                    Some(help),
                ))
            }
        }
    }
}

/// The value below dotted `path` in `table`, with its byte range; array elements are numbers.
pub fn lookup<'t, 'i>(
    table: &'t DeTable<'i>,
    path: &[&str],
) -> Option<(&'t DeValue<'i>, Range<usize>)> {
    let (first, rest) = path.split_first()?;
    let value = table
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == *first)?
        .1;
    let mut found = (value.get_ref(), value.span());
    for part in rest {
        let next = match found.0 {
            DeValue::Table(inner) => {
                inner
                    .iter()
                    .find(|(key, _)| key.get_ref().as_ref() == *part)?
                    .1
            }
            DeValue::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
        found = (next.get_ref(), next.span());
    }
    Some(found)
}

/// The candidate most like `found`, if any is alike enough to be a misspelling.
pub fn nearest<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(found, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The names as "`a`, `b`, `c`", for messages.
pub fn backticked<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    quoted.join(", ")
}

/// 1-based line and column, in Unicode scalar values, of a byte offset.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            path: "runs/a.toml".into(),
            text: text.into(),
        }
    }

    #[test]
    fn unknown_key_names_position_and_nearest() {
        let source = source("name = \"é\"\n[hyper]\n  lr_rat = 1\n");
        let table = source.table().expect("valid TOML");
        let (DeValue::Table(inner), _) = lookup(&table, &["hyper"]).expect("present") else {
            panic!("a table")
        };
        let error = source
            .check_keys(inner, &["epoch", "lr_rate"])
            .expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "runs/a.toml:3:3: unknown key `lr_rat`\nhelp: did you mean `lr_rate`?"
        );
    }

    #[test]
    fn columns_count_scalar_values() {
        assert_eq!(position("é=1", 3), (1, 3));
        assert_eq!(position("a\nb", 2), (2, 1));
        assert_eq!(position("", 9), (1, 1));
    }

    #[test]
    fn wrong_type_has_the_position_of_the_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Spec {
            #[expect(dead_code, reason = "only its type matters here")]
            name: String,
        }
        let error = source("\nname = 3\n")
            .parse::<Spec>()
            .expect_err("a number");
        assert_eq!(error.position, Some((2, 8)));
    }
}
