//! Single values of a spec: type and range, with a complaint that names what was found and expected.

use serde_json::Number;
use toml::Value;

use super::config::Complaint;
use crate::source::{backticked, nearest};

/// Stands for "no value" where TOML has none.
const NONE: &str = "none";

fn expected(what: &str, value: &Value) -> Complaint {
    Complaint::new(format!("expected {what}, found {}", shown(value)))
}

/// A value with its type, for messages.
fn shown(value: &Value) -> String {
    match value {
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => format!("`{value}`"),
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
        Value::Datetime(_) => "a date".to_owned(),
    }
}

/// A whole number of at least `least` that fits into `N`.
pub(super) fn count<N: TryFrom<i64>>(value: &Value, least: i64) -> Result<N, Complaint> {
    let complaint = || expected(&format!("a whole number of at least {least}"), value);
    match value {
        Value::Integer(number) if *number >= least => N::try_from(*number).map_err(|_| complaint()),
        _ => Err(complaint()),
    }
}

/// A positive count, or `none`.
pub(super) fn optional_count(value: &Value) -> Result<Option<usize>, Complaint> {
    match value {
        Value::String(text) if text == NONE => Ok(None),
        Value::Integer(_) => count(value, 1).map(Some),
        _ => Err(expected("a whole number of at least 1, or `none`", value)),
    }
}

/// A finite number.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) if number.is_finite() => Some(*number),
        _ => None,
    }
}

fn number_where(value: &Value, what: &str, accept: impl Fn(f64) -> bool) -> Result<f64, Complaint> {
    number(value)
        .filter(|found| accept(*found))
        .ok_or_else(|| expected(what, value))
}

/// A number above 0: a learning rate.
pub(super) fn rate(value: &Value) -> Result<f64, Complaint> {
    number_where(value, "a number above 0", |x| x > 0.0)
}

/// A number above 0 and at most 4: a multiplier of widths.
pub(super) fn factor(value: &Value) -> Result<f64, Complaint> {
    number_where(value, "a number above 0 and at most 4", |x| {
        x > 0.0 && x <= 4.0
    })
}

/// A number of at least 0: a weight decay.
pub(super) fn decay(value: &Value) -> Result<f64, Complaint> {
    number_where(value, "a number of at least 0", |x| x >= 0.0)
}

/// A number of at least 0 and below 1: a momentum, a dropout.
pub(super) fn fraction(value: &Value) -> Result<f64, Complaint> {
    number_where(value, "a number of at least 0 and below 1", |x| {
        (0.0..1.0).contains(&x)
    })
}

/// A number of at least 0; integers stay integers, as the record prints them.
pub(super) fn weight(value: &Value) -> Result<Number, Complaint> {
    let what = "a weight of at least 0";
    let found = number_where(value, what, |x| x >= 0.0)?;
    match value {
        Value::Integer(number) => Ok(Number::from(*number)),
        _ => Ok(Number::from_f64(found).expect("finite")),
    }
}

/// True or false.
pub(super) fn flag(value: &Value) -> Result<bool, Complaint> {
    value
        .as_bool()
        .ok_or_else(|| expected("`true` or `false`", value))
}

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Result<String, Complaint> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        Value::String(_) => Err(Complaint::new("expected a text, found an empty one")),
        _ => Err(expected("a text", value)),
    }
}

/// A text, or `none`.
pub(super) fn optional_text(value: &Value) -> Result<Option<String>, Complaint> {
    text(value).map(|text| (text != NONE).then_some(text))
}

/// One of `known`.
pub(super) fn one_of(value: &Value, known: &[&str]) -> Result<String, Complaint> {
    let found = text(value)?;
    if known.contains(&found.as_str()) {
        return Ok(found);
    }
    Err(unknown("value", &found, known))
}

/// The complaint that `found` is not among `known`.
pub(super) fn unknown(what: &str, found: &str, known: &[&str]) -> Complaint {
    let help = match nearest(found, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of {}", backticked(known)),
    };
    Complaint::new(format!("unknown {what} `{found}`")).help(help)
}

/// A list of at least one element.
pub(super) fn list<T>(
    value: &Value,
    element: impl Fn(&Value) -> Result<T, Complaint>,
) -> Result<Vec<T>, Complaint> {
    match value {
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .enumerate()
            .map(|(i, item)| element(item).map_err(|complaint| complaint.at(i)))
            .collect(),
        Value::Array(_) => Err(Complaint::new("expected at least one element, found none")),
        _ => Err(expected("a list", value)),
    }
}

/// A list of names, each of them once; a name becomes a part of paths and metrics.
pub(super) fn name_list(value: &Value) -> Result<Vec<String>, Complaint> {
    let names = list(value, text)?;
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            return Err(Complaint::new(format!("`{name}` occurs twice")).at(i));
        }
        if name.contains('/') {
            return Err(Complaint::new(format!("`{name}` contains `/`")).at(i));
        }
    }
    Ok(names)
}
