//! RPR401: rows that are compared were trained alike but for what the table is about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compare::{Difference, Fact, Side, are_compared, differences, place};
use crate::audit::Inputs;
use crate::audit::bind::BoundTable;
use crate::audit::catalogue::CONFIG_CONFOUND;
use crate::audit::finding::{Finding, Severity, Sink, Subject};
use crate::audit::reading::key::{
    BUDGET_KEYS, MACHINE_KEYS, NEUTRAL_KEYS, PROTOCOL_KEYS, active_tasks,
};
use crate::audit::reading::label::{read, words};
use crate::literal;

/// What the tasks of a label stand for.
const KEYS_OF_TASKS: &[&str] = &["loss_weights", "subtasks", "folder_sub_name"];

pub(super) fn check(
    inputs: &Inputs<'_>,
    table: &BoundTable<'_>,
    sides: &[Side<'_, '_>],
    sink: &mut Sink<'_>,
) {
    if !are_compared(sides) {
        return;
    }
    let factors = Factors::of(inputs, table, sides);
    let facts: Vec<Vec<Fact>> = sides
        .iter()
        .map(|side| factors.others(inputs, side))
        .collect();
    for facts in &facts {
        if facts.is_empty() {
            sink.not_assessed(&CONFIG_CONFOUND, "a record of each row that is compared");
        }
    }
    if facts.iter().filter(|facts| !facts.is_empty()).count() < 2 {
        return;
    }
    let odd = differences(sides, &facts);
    if odd.is_empty() {
        return sink.verified(&CONFIG_CONFOUND);
    }
    let determined = factors.determined(sides, &facts);
    for (idx, found) in odd {
        sink.report(finding(table, sides, idx, &found, &determined));
    }
}

fn finding(
    table: &BoundTable<'_>,
    sides: &[Side<'_, '_>],
    idx: usize,
    found: &[Difference<'_>],
    determined: &BTreeSet<String>,
) -> Finding {
    let label = &sides[idx].row.row.label;
    let keys: Vec<String> = found.iter().map(Difference::words).collect();
    let aliased: Vec<String> = found
        .iter()
        .filter(|one| determined.contains(&one.fact.key))
        .map(|one| format!("`{}`", one.fact.key))
        .collect();
    let aliasing = match aliased.is_empty() {
        true => String::new(),
        false => format!(
            "; the table's factor determines {} (perfect aliasing), so that their effects cannot be told apart",
            aliased.join(", ")
        ),
    };
    let message = format!(
        "row `{label}` differs from the rows that it is compared with in {}{aliasing}",
        keys.join(", ")
    );
    let is_budget = |one: &Difference<'_>| BUDGET_KEYS.contains(&one.fact.key.as_str());
    let severity = match found.iter().any(is_budget) {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let subject = Subject {
        table: table.table.name().to_owned(),
        row: label.clone(),
        column: String::new(),
        kind: "config",
    };
    let finding = Finding::new(&CONFIG_CONFOUND, place(&sides[idx]), &subject, message)
        .with_severity(severity)
        .with_hint("train the rows alike, or name the key in the table spec's `factors`");
    found
        .iter()
        .fold(finding, |finding, one| one.support(finding, sides, idx))
}

/// What the rows of a table may differ in.
struct Factors {
    keys: BTreeSet<String>,
}

impl Factors {
    /// Those of the spec, else what the labels and the columns beside the metrics say.
    fn of(inputs: &Inputs<'_>, table: &BoundTable<'_>, sides: &[Side<'_, '_>]) -> Self {
        let canonical = |key: &str| inputs.settings.canonical(key).to_owned();
        let declared = table.spec.map_or(&[][..], |spec| &spec.factors);
        let mut keys: BTreeSet<String> = declared.iter().map(|key| canonical(key)).collect();
        if keys.is_empty() {
            keys = Self::said(inputs, table, sides);
        }
        if keys.contains("loss_weights") || keys.contains("subtasks") {
            keys.insert("folder_sub_name".to_owned());
        }
        Self { keys }
    }

    fn said(
        inputs: &Inputs<'_>,
        table: &BoundTable<'_>,
        sides: &[Side<'_, '_>],
    ) -> BTreeSet<String> {
        let mut keys: BTreeSet<String> =
            KEYS_OF_TASKS.iter().map(|key| (*key).to_owned()).collect();
        let known: BTreeSet<&str> = sides
            .iter()
            .flat_map(|side| &side.known)
            .flat_map(|known| known.values())
            .map(|(key, _)| key)
            .collect();
        let tasks = tasks(sides);
        let mut said = words_of_columns(table);
        let mut models = BTreeSet::new();
        for side in sides {
            if let Some(label) = read(&side.row.row.label, &tasks) {
                said.extend(label.rest.iter().map(|word| plain(word)));
                models.insert(label.model.to_lowercase());
            } else {
                models.insert(side.row.row.label.to_lowercase());
            }
        }
        if models.len() > 1 {
            keys.insert("model".to_owned());
        }
        for key in known {
            let mut parts = words(key).into_iter().map(|(_, word)| plain(word));
            let is_budget = BUDGET_KEYS.contains(&key);
            let is_said = match is_budget {
                true => parts.next().is_some_and(|first| said.contains(&first)),
                false => parts.any(|word| said.contains(&word)),
            };
            if is_said {
                keys.insert(inputs.settings.canonical(key).to_owned());
            }
        }
        keys
    }

    /// The facts of a row that are no factor.
    fn others(&self, inputs: &Inputs<'_>, side: &Side<'_, '_>) -> Vec<Fact> {
        let Some(known) = &side.known else {
            return Vec::new();
        };
        let is_other = |key: &str| {
            !(self.keys.contains(inputs.settings.canonical(key))
                || NEUTRAL_KEYS.contains(&key)
                || MACHINE_KEYS.contains(&key)
                || PROTOCOL_KEYS.contains(&key))
        };
        let values = known.values().into_iter();
        values
            .filter(|(key, value)| is_other(key) && !value.is_null())
            .map(|(key, value)| Fact {
                key: inputs.settings.canonical(key).to_owned(),
                column: None,
                value: compared(value),
                shown: literal::print(value),
            })
            .collect()
    }

    /// The keys whose value the factors determine: no two rows of equal factors differ in them.
    fn determined(&self, sides: &[Side<'_, '_>], facts: &[Vec<Fact>]) -> BTreeSet<String> {
        let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        let mut not_determined = BTreeSet::new();
        for (side, facts) in sides.iter().zip(facts) {
            let factor = self.value_of(side);
            for fact in facts {
                let value = seen
                    .entry((&fact.key, factor.clone()))
                    .or_insert(&fact.value);
                if *value != fact.value {
                    not_determined.insert(fact.key.clone());
                }
                keys.insert(fact.key.clone());
            }
        }
        &keys - &not_determined
    }

    /// A row's factors as one text.
    fn value_of(&self, side: &Side<'_, '_>) -> String {
        let values = side.known.iter().flat_map(|known| known.values());
        let factors = values.filter(|(key, _)| self.keys.contains(*key));
        factors
            .map(|(key, value)| format!("{key}={};", literal::print(value)))
            .collect()
    }
}

/// A value as it is compared: `1` is `1.0`.
pub(super) fn compared(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{:?}", number.as_f64()),
        Value::Array(items) => items.iter().map(compared).collect::<Vec<_>>().join(","),
        other => literal::print(other),
    }
}

/// A word in lower case, in the singular.
fn plain(word: &str) -> String {
    let word = word.to_lowercase();
    word.strip_suffix('s').map_or(word.clone(), str::to_owned)
}

/// Words of the columns that are no metrics: `initial lr`, `weight`.
fn words_of_columns(table: &BoundTable<'_>) -> BTreeSet<String> {
    let headers = table.table.header.iter().flatten().skip(1);
    let others = headers
        .zip(table.meanings.iter().skip(1))
        .filter(|(header, meaning)| {
            meaning.quantity.is_none() && table.column(&header.text).is_none()
        });
    others
        .flat_map(|(header, _)| words(&header.text))
        .map(|(_, word)| plain(word))
        .collect()
}

/// The tasks of the rows' records, in lower case.
pub(super) fn tasks(sides: &[Side<'_, '_>]) -> Vec<String> {
    let mut tasks = BTreeSet::new();
    for known in sides.iter().flat_map(|side| &side.known) {
        let values = known.values();
        let list = values.into_iter().find(|(key, _)| *key == "subtasks");
        let names = list
            .and_then(|(_, value)| value.as_array())
            .into_iter()
            .flatten();
        tasks.extend(names.filter_map(Value::as_str).map(str::to_lowercase));
    }
    tasks.into_iter().collect()
}

/// The tasks that a row's record trains, in lower case.
pub(super) fn trained(side: &Side<'_, '_>) -> Option<Vec<String>> {
    let values = side.known.as_ref()?.values().into_iter();
    let values = values
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect();
    let active = active_tasks(&values)?;
    Some(active.iter().map(|task| task.to_lowercase()).collect())
}
