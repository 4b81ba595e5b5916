//! `label_grammar` of a table spec: what a label says, as a text with `{key}` in it.

use serde_json::{Map, Value};

use super::Mistake;
use crate::audit::reading::key::active_tasks;
use crate::audit::reading::label::{compact, words};
use crate::literal;

/// What of a label does not follow the grammar with the record's values; `None` where the record lacks a key
/// of it, or the grammar has no end.
pub(super) fn mistake(
    grammar: &str,
    label: &str,
    values: &Map<String, Value>,
) -> Option<Option<Mistake>> {
    let expected = expand(grammar, values)?;
    let found = compact(label);
    let parts: Vec<String> = expected.split('*').map(compact).collect();
    let shown = expected.clone();
    Some((!fits(&found, &parts)).then(|| Mistake {
        kind: "grammar",
        what: format!("the record's label would be `{shown}`, as `label_grammar` is `{grammar}`"),
        key: "loss_weights",
    }))
}

/// The label of a record.
fn expand(grammar: &str, values: &Map<String, Value>) -> Option<String> {
    let mut label = String::new();
    let mut rest = grammar;
    while let Some((before, after)) = rest.split_once('{') {
        let (key, behind) = after.split_once('}')?;
        label.push_str(before);
        label.push_str(&value(key, values)?);
        rest = behind;
    }
    label.push_str(rest);
    Some(label)
}

fn value(key: &str, values: &Map<String, Value>) -> Option<String> {
    match key {
        "tasks" => {
            let tasks = active_tasks(values)?;
            Some(tasks.join("_"))
        }
        "model" => {
            let model = values.get("model")?.as_str()?;
            let of_architecture = |word: &&str| !matches!(*word, "MTL" | "STL" | "model");
            let words = words(model).into_iter().map(|(_, word)| word);
            Some(words.filter(of_architecture).collect::<Vec<_>>().join("-"))
        }
        key => match values.get(key)? {
            Value::String(text) => Some(text.clone()),
            other => Some(literal::print(other)),
        },
    }
}

/// Whether a text is the parts in their order with anything between them.
fn fits(text: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    let Some(mut text) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, between)) = rest.split_last() else {
        return text.is_empty();
    };
    for part in between {
        let Some(at) = text.find(part.as_str()) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    text.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_follows_its_grammar() {
        let values = json!({
            "model": "MTL_MobileNet_V2_model", "subtasks": ["gender", "age"], "loss_weights": [1, 1],
            "lr_rate": 0.01,
        });
        let values = values.as_object().expect("an object");
        for (grammar, label, fits) in [
            ("{model}-{tasks}", "MobileNet-V2-Gender_Age", Some(true)),
            ("{model}-{tasks}", "MobileNet-V2-Age", Some(false)),
            ("{model}-{tasks}", "MobileNet-V2-Gender_Age-x", Some(false)),
            ("{model}-{tasks}*", "MobileNet-V2-Gender_Age-x", Some(true)),
            (
                "*{tasks} (lr {lr_rate})",
                "Ours Gender_Age (lr 0.01)",
                Some(true),
            ),
            ("{tasks} (lr {lr_rate})", "Gender_Age (lr 0.1)", Some(false)),
            ("{tasks} {seed}", "Gender_Age 0", None),
            ("{tasks", "Gender_Age", None),
        ] {
            let found = mistake(grammar, label, values).map(|mistake| mistake.is_none());
            assert_eq!(found, fits, "{grammar} {label}");
        }
    }
}
