//! RPR302: one concept has one key, and one key one type, over all records of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::subject;
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::KEY_OR_TYPE_DRIFT;
use crate::audit::citation::Citation;
use crate::audit::finding::{Confidence, Finding, Place, Sink};
use crate::audit::reading::key::SYNONYMS;
use crate::audit::reading::label::words;
use crate::literal;

/// So many keys are compared with each other; of a document with more, the most common ones with all.
const N_COMPARED: usize = 200;

/// What a key holds over the records of a document.
#[derive(Debug, Default)]
struct Uses {
    /// Indices of the citations that have it, by the type of its value.
    by_type: BTreeMap<Type, Vec<usize>>,
    /// The values as printed; only the first few.
    values: BTreeSet<String>,
}

/// Types as far as mixing them is a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Type {
    Bool,
    Number,
    Text,
    List,
    Map,
}

impl Type {
    /// The type of a value; nothing has every type.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Bool),
            Value::Number(_) => Some(Self::Number),
            Value::String(_) => Some(Self::Text),
            Value::Array(_) => Some(Self::List),
            Value::Object(_) => Some(Self::Map),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Bool => "a truth value",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}

/// Enough values to compare two keys by.
const N_VALUES: usize = 64;

impl Uses {
    fn n(&self) -> usize {
        self.by_type.values().map(Vec::len).sum()
    }

    fn first(&self) -> usize {
        let firsts = self.by_type.values().filter_map(|idxs| idxs.first());
        firsts.min().copied().unwrap_or(usize::MAX)
    }

    fn shares_a_type_with(&self, other: &Self) -> bool {
        self.by_type
            .keys()
            .any(|one| other.by_type.contains_key(one))
    }

    fn is_of_truth_values(&self) -> bool {
        self.by_type.keys().all(|one| *one == Type::Bool)
    }
}

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let citations = &bound.citations[..];
    if citations.len() < 2 {
        return sink.not_assessed(&KEY_OR_TYPE_DRIFT, "a second record");
    }
    let canonical = |key: &'_ str| inputs.settings.canonical(key).to_owned();
    let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
    let mut key_sets: BTreeSet<Vec<String>> = BTreeSet::new();
    for (idx, citation) in citations.iter().enumerate() {
        let mut keys = Vec::new();
        for (key, value) in &citation.record.values {
            let key = canonical(key);
            let found = uses.entry(key.clone()).or_default();
            if let Some(kind) = Type::of(value) {
                found.by_type.entry(kind).or_default().push(idx);
            }
            if found.values.len() < N_VALUES {
                found.values.insert(literal::print(value));
            }
            keys.push(key);
        }
        keys.sort_unstable();
        key_sets.insert(keys);
    }
    let drifted = renamed(&uses, &key_sets);
    for (key, used) in &uses {
        let retyped = check_types(inputs, bound, key, used, sink);
        match drifted.get(key) {
            Some(other) => sink.report(two_keys(inputs, bound, (key, used), (other, &uses[other]))),
            None if !retyped && used.n() > 1 => sink.verified(&KEY_OR_TYPE_DRIFT),
            None => {}
        }
    }
}

/// One finding per type of a key that fewer records have than another; whether there was one.
fn check_types(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    key: &str,
    used: &Uses,
    sink: &mut Sink<'_>,
) -> bool {
    // A group of runs prints the list of its seeds.
    let is_list_of_seeds = |kind: Type| key == "seed" && kind == Type::List;
    let mut types: Vec<_> = used
        .by_type
        .iter()
        .filter(|(kind, _)| !is_list_of_seeds(**kind))
        .collect();
    types.sort_by_key(|(_, idxs)| (std::cmp::Reverse(idxs.len()), idxs[0]));
    let Some(((usual, of_usual), rest)) = types.split_first() else {
        return false;
    };
    for (kind, idxs) in rest {
        let (citation, other) = (&bound.citations[idxs[0]], &bound.citations[of_usual[0]]);
        let (place, text) = printed(inputs, other, key);
        let message = format!(
            "`{key}` is {}{}, but {} in {}",
            kind.words(),
            further(idxs.len()),
            usual.words(),
            records(of_usual.len()),
        );
        sink.report(
            Finding::new(
                &KEY_OR_TYPE_DRIFT,
                printed(inputs, citation, key).0,
                &subject(bound, citation.definition, key, "type"),
                message,
            )
            .with_evidence_at("definition", place, text)
            .with_hint("record one type, or give the other meaning a key of its own"),
        );
    }
    !rest.is_empty()
}

/// Where a record has a key, or the alias of it, and how it is printed there.
fn printed(inputs: &Inputs<'_>, citation: &Citation<'_>, key: &str) -> (Place, String) {
    let mut values = citation.record.values.iter();
    let found = values.find(|(found, _)| inputs.settings.canonical(found) == key);
    let text = |(key, value): (&String, &Value)| format!("{key}={}", literal::print(value));
    let place = citation.place_of(found.map_or(key, |(key, _)| key));
    (place, found.map(text).unwrap_or_default())
}

fn records(n: usize) -> String {
    match n {
        1 => "1 record".to_owned(),
        n => format!("{n} records"),
    }
}

fn further(n: usize) -> String {
    match n {
        1 => String::new(),
        n => format!(" in {n} records"),
    }
}

/// A key that fewer records have than the one that means the same.
fn two_keys(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    (key, used): (&str, &Uses),
    (other, of_other): (&str, &Uses),
) -> Finding {
    let (citation, usual) = (
        &bound.citations[used.first()],
        &bound.citations[of_other.first()],
    );
    let (place, text) = printed(inputs, usual, other);
    let message = format!(
        "`{key}`{} and `{other}` in {} seem to mean the same",
        further(used.n()),
        records(of_other.n())
    );
    Finding::new(
        &KEY_OR_TYPE_DRIFT,
        printed(inputs, citation, key).0,
        &subject(bound, citation.definition, key, "key"),
        message,
    )
    .with_confidence(Confidence::Inferred)
    .with_evidence_at("definition", place, text)
    .with_hint(format!(
        "use one key, or say `{key} = \"{other}\"` below `[aliases]` in repro.toml"
    ))
}

/// Every key that seems to mean another, more common one.
fn renamed(
    uses: &BTreeMap<String, Uses>,
    key_sets: &BTreeSet<Vec<String>>,
) -> BTreeMap<String, String> {
    let mut common: Vec<(&String, &Uses)> = uses.iter().filter(|(_, used)| used.n() > 0).collect();
    common.sort_by_key(|(_, used)| (std::cmp::Reverse(used.n()), used.first()));
    let mut found = BTreeMap::new();
    for (rank, (key, used)) in common.iter().enumerate() {
        let others = common[..rank.min(N_COMPARED)].iter();
        let same = others
            .filter(|(other, _)| !found.contains_key(*other))
            .find(|(other, of_other)| {
                used.shares_a_type_with(of_other)
                    && never_together(key, other, key_sets)
                    && (is_spelling_of(key, other)
                        || are_synonyms(key, other)
                        || contains_words_of(key, other)
                        || takes_the_place_of((key, used), (other, of_other), key_sets))
            });
        if let Some((other, _)) = same {
            found.insert((*key).clone(), (*other).clone());
        }
    }
    found
}

fn has(keys: &[String], key: &String) -> bool {
    keys.binary_search(key).is_ok()
}

fn never_together(a: &String, b: &String, key_sets: &BTreeSet<Vec<String>>) -> bool {
    !key_sets.iter().any(|keys| has(keys, a) && has(keys, b))
}

/// Plural, another separator or case, or a slip of up to two letters.
fn is_spelling_of(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let letters = |text: &str| {
        text.chars()
            .filter(char::is_ascii_alphabetic)
            .collect::<String>()
    };
    let shorter = a.chars().count().min(b.chars().count());
    let allowed = match shorter {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    // `beta1` and `beta2` are meant to differ.
    let differ_in_digits = letters(&a) == letters(&b) && a.chars().any(|c| c.is_ascii_digit());
    !differ_in_digits && are_near(&a, &b, allowed)
}

/// Whether two texts are at most `allowed` insertions, deletions and replacements apart.
fn are_near(a: &str, b: &str, allowed: usize) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > allowed {
        return false;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, of_a) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, of_b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(of_a != of_b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()] <= allowed
}

/// Whether both tell the same concept, each by itself: `momentum` and `optimizer` do so together.
fn are_synonyms(a: &str, b: &str) -> bool {
    let complete = |keys: &[&str]| keys.contains(&a) && keys.contains(&b);
    let is_split = |key: &str| key == "momentum";
    !is_split(a) && !is_split(b) && SYNONYMS.iter().any(|(_, keys)| complete(keys))
}

/// Whether the words of one are words of the other: `load_pretrained_model` and
/// `load_IMDB_WIKI_pretrained_model`.
fn contains_words_of(a: &str, b: &str) -> bool {
    let set = |key: &str| -> BTreeSet<String> {
        words(key)
            .into_iter()
            .map(|(_, word)| word.to_lowercase())
            .collect()
    };
    let (a, b) = (set(a), set(b));
    a.len().min(b.len()) >= 2 && (a.is_subset(&b) || b.is_subset(&a))
}

/// Whether records differ in nothing but having one key for the other, with a value that the other has too.
fn takes_the_place_of(
    (key, used): (&String, &Uses),
    (other, of_other): (&String, &Uses),
    key_sets: &BTreeSet<Vec<String>>,
) -> bool {
    if used.is_of_truth_values() || used.values.is_disjoint(&of_other.values) {
        return false;
    }
    key_sets.iter().filter(|keys| has(keys, key)).any(|keys| {
        let mut swapped: Vec<String> = keys.iter().filter(|one| *one != key).cloned().collect();
        swapped.push(other.clone());
        swapped.sort_unstable();
        key_sets.contains(&swapped)
    })
}
