//! RPR308: a value of a record that the program's parser cannot give.

use serde_json::Value;

use super::{Group, Script, not_assessed, subject};
use crate::audit::bind::Bound;
use crate::audit::catalogue::UNREACHABLE_VALUE;
use crate::audit::citation::Citation;
use crate::audit::finding::{Finding, Sink};
use crate::audit::python::Declared;
use crate::literal;

/// One finding per record, with all its values.
pub(super) fn check(
    bound: &Bound<'_>,
    groups: &[Group<'_, '_, '_>],
    missing: Option<&'static str>,
    sink: &mut Sink<'_>,
) {
    not_assessed(&UNREACHABLE_VALUE, missing, sink);
    for group in groups {
        for citation in &group.citations {
            record(bound, &group.script, citation, sink);
        }
    }
}

fn record(bound: &Bound<'_>, script: &Script<'_>, citation: &Citation<'_>, sink: &mut Sink<'_>) {
    let arguments = &script.entry.arguments;
    if !arguments.replaced.is_empty() {
        let missing = "names of arguments that the code sets itself";
        return sink.not_assessed(&UNREACHABLE_VALUE, missing);
    }
    let mut wrong: Vec<(&str, String, Option<&Declared>, String)> = Vec::new();
    for (key, value) in &citation.record.values {
        if arguments.assigned.contains_key(key) {
            continue;
        }
        let declared = arguments.declaration(key);
        let reason = match declared {
            None => Some("the parser has no such argument".to_owned()),
            Some(declared) => unreachable(declared, value),
        };
        wrong.extend(reason.map(|reason| (key.as_str(), literal::print(value), declared, reason)));
    }
    let Some((first, ..)) = wrong.first() else {
        return sink.verified(&UNREACHABLE_VALUE);
    };
    let values: Vec<String> = wrong
        .iter()
        .map(|(key, value, ..)| format!("`{key}={value}`"))
        .collect();
    let noun = if wrong.len() == 1 { "value" } else { "values" };
    let message = format!(
        "{} {noun} of record [{}] cannot come from the command line of `{}`: {}",
        wrong.len(),
        citation.definition.mark,
        script.entry.path,
        values.join(", ")
    );
    let place = citation.place_of(first);
    let mut finding = Finding::new(
        &UNREACHABLE_VALUE,
        place,
        &subject(bound, citation, "", "value"),
        message,
    );
    for (key, _, declared, reason) in &wrong {
        finding = match declared {
            Some(declared) => {
                script.support(finding, &declared.place, &format!("`{key}`: {reason}"))
            }
            None => {
                finding.with_evidence("code", format!("{}: `{key}`: {reason}", script.entry.path))
            }
        };
    }
    sink.report(finding.with_hint(
        "declare flags with `action=argparse.BooleanOptionalAction` and lists with `nargs='+'` and the type of one element",
    ));
}

/// Why the parser cannot give the value; `None` where it can, or where that is not known.
fn unreachable(declared: &Declared, value: &Value) -> Option<String> {
    match &declared.default {
        Some(None) => return None,
        Some(Some(default)) if default == value => return None,
        None if value.is_null() && declared.action.is_none() => return None,
        _ => {}
    }
    if let Some(action) = &declared.action {
        let switches = matches!(
            &**action,
            "store_true" | "store_false" | "BooleanOptionalAction"
        );
        return (switches && !value.is_boolean())
            .then(|| format!("`action={action}` gives True or False"));
    }
    if let Some(choices) = &declared.choices {
        let elements = elements(declared, value)?;
        let outside = elements
            .iter()
            .find(|element| !choices.iter().any(|choice| same(choice, element)));
        if outside.is_some() {
            let choices: Vec<String> = choices.iter().map(literal::print).collect();
            return Some(format!("it is none of the choices {}", choices.join(", ")));
        }
    }
    match declared.nargs.as_deref() {
        None | Some("?") => of_type(declared, value),
        Some(_) => match value.as_array() {
            None => Some("`nargs` gives a list".to_owned()),
            Some(items) => items.iter().find_map(|item| of_type(declared, item)),
        },
    }
}

/// The values that must each be a choice.
fn elements<'v>(declared: &Declared, value: &'v Value) -> Option<Vec<&'v Value>> {
    match declared.nargs.as_deref() {
        None | Some("?") => Some(vec![value]),
        Some(_) => value.as_array().map(|items| items.iter().collect()),
    }
}

/// Why `type=` cannot give the value, of the types that are known.
fn of_type(declared: &Declared, value: &Value) -> Option<String> {
    let one_sign = |item: &Value| item.as_str().is_some_and(|text| text.chars().count() == 1);
    let (fits, reason) = match declared.kind.as_deref() {
        Some("bool") => (
            value == &Value::Bool(true),
            "`type=bool` makes True of every text but the empty one",
        ),
        Some("list" | "tuple") => (
            value
                .as_array()
                .is_some_and(|items| items.iter().all(one_sign)),
            "`type=list` makes a list of single characters",
        ),
        Some("int") => (
            value.is_i64() || value.is_u64(),
            "`type=int` gives an integer",
        ),
        Some("float") => (
            value.is_f64()
                || value
                    .as_str()
                    .is_some_and(|text| matches!(text, "nan" | "inf" | "-inf")),
            "`type=float` gives a float",
        ),
        Some("str") | None => (value.is_string(), "without another type it is a string"),
        Some(_) => return None,
    };
    (!fits).then(|| reason.to_owned())
}

/// Equality as Python has it: 1 is 1.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::python::{At, CodePlace};

    fn declared(kind: Option<&str>, default: Option<Value>) -> Declared {
        Declared {
            key: "k".to_owned(),
            place: CodePlace {
                path: "main.py".to_owned(),
                at: At { line: 1, column: 1 },
            },
            kind: kind.map(str::to_owned),
            default: default.map(Some),
            choices: None,
            nargs: None,
            action: None,
        }
    }

    #[test]
    fn types_say_what_they_can_give() {
        for (kind, default, value, is_reachable) in [
            (Some("bool"), Some(json!(true)), json!(false), false),
            (Some("bool"), Some(json!(false)), json!(false), true),
            (Some("bool"), Some(json!(false)), json!(true), true),
            (Some("list"), Some(json!([0, 1])), json!([1, 1]), false),
            (Some("list"), Some(json!([0, 1])), json!([0, 1]), true),
            (Some("list"), Some(json!([0, 1])), json!(["1", "0"]), true),
            (Some("list"), None, json!(["10"]), false),
            (Some("int"), Some(json!(8)), json!(16), true),
            (Some("int"), Some(json!(8)), json!(8.0), false),
            (Some("int"), Some(json!(8)), json!(16.5), false),
            (Some("int"), Some(json!(8)), json!("16"), false),
            (Some("float"), Some(json!(1e-3)), json!(1e-6), true),
            (Some("float"), Some(json!(1)), json!(1.0), true),
            (Some("float"), None, json!(1), false),
            (None, None, json!(null), true),
            (None, Some(json!("a")), json!(null), false),
            (None, None, json!("text"), true),
            (None, None, json!(3), false),
            (Some("str2bool"), None, json!(false), true),
        ] {
            let reason = unreachable(&declared(kind, default.clone()), &value);
            assert_eq!(
                reason.is_none(),
                is_reachable,
                "{kind:?} {default:?} {value}"
            );
        }
    }

    #[test]
    fn choices_lists_and_flags_are_respected() {
        let choices = Declared {
            choices: Some(vec![json!("a"), json!("b")]),
            ..declared(None, Some(json!("a")))
        };
        assert_eq!(unreachable(&choices, &json!("b")), None);
        let reason = unreachable(&choices, &json!("c"));
        assert_eq!(
            reason.as_deref(),
            Some("it is none of the choices 'a', 'b'")
        );
        let list = Declared {
            nargs: Some("+".to_owned()),
            ..declared(Some("float"), None)
        };
        assert_eq!(unreachable(&list, &json!([1.0, 0.5])), None);
        assert_eq!(
            unreachable(&list, &json!([1.0, "x"])).as_deref(),
            Some("`type=float` gives a float")
        );
        assert_eq!(
            unreachable(&list, &json!(1.0)).as_deref(),
            Some("`nargs` gives a list")
        );
        let flag = Declared {
            action: Some("store_true".to_owned()),
            ..declared(None, None)
        };
        assert_eq!(unreachable(&flag, &json!(false)), None);
        assert_eq!(
            unreachable(&flag, &json!(1)).as_deref(),
            Some("`action=store_true` gives True or False")
        );
    }
}
