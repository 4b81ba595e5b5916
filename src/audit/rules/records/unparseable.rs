//! RPR301: a record follows the literal grammar, has each key once, and a constructor that is known.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::subject;
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::RECORD_UNPARSEABLE;
use crate::audit::citation::place_of_key;
use crate::audit::finding::{Finding, Place, Sink};
use crate::document::{Definition, Kind, Record};

/// Constructors whose arguments are keys and values; what stands before the last point does not count.
const CONSTRUCTORS: &[&str] = &[
    "Namespace",
    "SimpleNamespace",
    "namespace",
    "dict",
    "Dict",
    "OrderedDict",
    "defaultdict",
    "Config",
    "ConfigDict",
    "CfgNode",
    "CN",
    "DictConfig",
    "AttrDict",
    "EasyDict",
    "edict",
    "Munch",
    "Box",
    "Bunch",
    "HParams",
    "Params",
    "Args",
    "Values",
];

/// As many `key=` in a definition make it a record that lost its brackets.
const MANY_KEYS: usize = 3;

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(inputs.text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    for definition in &bound.document.definitions {
        for record in &definition.records {
            let text = starts.get(record.line - 1).map(|at| &inputs.text[*at..]);
            match defect(definition, record, text.unwrap_or_default()) {
                None => sink.verified(&RECORD_UNPARSEABLE),
                Some((place, kind, what)) => {
                    sink.report(finding(bound, definition, place, kind, &what));
                }
            }
        }
        for broken in &definition.broken {
            let place = Place::of_width(broken.line, broken.column, 1);
            sink.report(finding(
                bound,
                definition,
                place,
                "literal",
                &broken.message,
            ));
        }
        if let Some(what) = lost_brackets(definition) {
            let width = definition.mark.chars().count() + 2;
            let place = Place::of_width(definition.line, definition.column, width);
            sink.report(finding(bound, definition, place, "brackets", what));
        }
    }
}

fn finding(
    bound: &Bound<'_>,
    definition: &Definition,
    place: Place,
    kind: &'static str,
    what: &str,
) -> Finding {
    let message = format!(
        "record of mark `[{}]` cannot be read: {what}",
        definition.mark
    );
    Finding::new(
        &RECORD_UNPARSEABLE,
        place,
        &subject(bound, definition, "", kind),
        message,
    )
    .with_hint("write the record as Python prints it: `Namespace(key=value, …)`")
}

/// What is wrong with a record that the parser accepts; `text` is that from its line on.
fn defect(
    definition: &Definition,
    record: &Record,
    text: &str,
) -> Option<(Place, &'static str, String)> {
    let constructor = record.constructor.as_str();
    if constructor.is_empty() {
        let (at, _) = text.char_indices().nth(record.column - 1)?;
        let key = key_that_occurs_twice(&text[at..])?;
        let place = place_of_key(definition, record, &key);
        return Some((place, "duplicate-key", format!("key `{key}` occurs twice")));
    }
    let name = constructor.rsplit('.').next().unwrap_or(constructor);
    let width = constructor.chars().count();
    let place = Place::of_width(record.line, record.column, width);
    let what = format!("constructor `{constructor}` is not known, expected `Namespace` or `dict`");
    (!CONSTRUCTORS.contains(&name)).then_some((place, "constructor", what))
}

/// Whether a definition without a record looks like one.
fn lost_brackets(definition: &Definition) -> Option<&'static str> {
    let has_record = !(definition.records.is_empty() && definition.broken.is_empty());
    let can_hold_one = matches!(definition.kind, Kind::Narrative | Kind::Path);
    if has_record || !can_hold_one {
        return None;
    }
    let text = definition.text.trim_start();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_key = |at: usize| text[..at].ends_with(is_word) && !text[at..].starts_with("==");
    let n_keys = text
        .match_indices('=')
        .filter(|&(at, _)| is_key(at))
        .count();
    let is_named = ["Namespace", "hyper-parameters:"]
        .iter()
        .any(|word| text.starts_with(word));
    (n_keys >= MANY_KEYS || is_named && n_keys > 0)
        .then_some("keys and values stand outside brackets")
}

/// The first key that an object of the JSON text at the beginning has twice, in whatever depth; `None` also
/// where the text is not JSON.
fn key_that_occurs_twice(text: &str) -> Option<String> {
    let mut parser = serde_json::Deserializer::from_str(text);
    Keys::deserialize(&mut parser).ok()?.0
}

/// A JSON value, read for the first key that occurs twice.
struct Keys(Option<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = BTreeSet::new();
        let mut twice = None;
        while let Some(key) = map.next_key::<String>()? {
            let inner: Keys = map.next_value()?;
            twice = twice.or(inner.0);
            if !keys.insert(key.clone()) {
                twice = twice.or(Some(key));
            }
        }
        Ok(Keys(twice))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Keys, A::Error> {
        let mut twice = None;
        while let Some(item) = items.next_element::<Keys>()? {
            twice = twice.or(item.0);
        }
        Ok(Keys(twice))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Keys, E> {
        Ok(Keys(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Keys, E> {
        Ok(Keys(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Keys, E> {
        Ok(Keys(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Keys, E> {
        Ok(Keys(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Keys, E> {
        Ok(Keys(None))
    }

    fn visit_unit<E>(self) -> Result<Keys, E> {
        Ok(Keys(None))
    }
}
