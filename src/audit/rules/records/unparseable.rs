//! RPR301: a record follows the literal grammar, has each key once, and a constructor that is known.

use super::subject;
use crate::audit::bind::Bound;
use crate::audit::catalogue::RECORD_UNPARSEABLE;
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

/// Those at the beginning that no key begins with.
const N_NAMED: usize = 2;

const OUTSIDE: &str = "keys and values stand outside brackets";

/// As many `key=` in a definition make it a record that lost its brackets.
const MANY_KEYS: usize = 3;

pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for definition in &bound.document.definitions {
        for record in &definition.records {
            match defect(record) {
                None => sink.verified(&RECORD_UNPARSEABLE),
                Some((kind, what)) => {
                    let width = record.constructor.chars().count().max(1);
                    let place = Place::of_width(record.line, record.column, width);
                    sink.report(finding(bound, definition, place, kind, &what));
                }
            }
        }
        for broken in &definition.broken {
            let place = Place::of_width(broken.line, broken.column, 1);
            let what = &broken.message;
            sink.report(finding(bound, definition, place, "literal", what));
        }
        if lost_brackets(definition) {
            let width = definition.mark.chars().count() + 2;
            let place = Place::of_width(definition.line, definition.column, width);
            sink.report(finding(bound, definition, place, "brackets", OUTSIDE));
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

/// What is wrong with a record that the parser accepts.
fn defect(record: &Record) -> Option<(&'static str, String)> {
    let constructor = record.constructor.as_str();
    if constructor.is_empty() {
        let lost = |key: &String| {
            CONSTRUCTORS[..N_NAMED]
                .iter()
                .any(|name| key.starts_with(name))
        };
        let first = record.values.keys().next();
        return first
            .is_some_and(lost)
            .then(|| ("brackets", OUTSIDE.to_owned()));
    }
    let name = constructor.rsplit('.').next().unwrap_or(constructor);
    let what = format!("constructor `{constructor}` is not known, expected `Namespace` or `dict`");
    (!CONSTRUCTORS.contains(&name)).then_some(("constructor", what))
}

/// Whether a definition without a record looks like one.
fn lost_brackets(definition: &Definition) -> bool {
    let has_record = !(definition.records.is_empty() && definition.broken.is_empty());
    let can_hold_one = matches!(definition.kind, Kind::Narrative | Kind::Path);
    if has_record || !can_hold_one {
        return false;
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
    n_keys >= MANY_KEYS || is_named && n_keys > 0
}
