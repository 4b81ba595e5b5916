//! Printing values exactly as Python's `repr` does.

use std::fmt::Write;

use serde_json::{Number, Value};

use super::{Record, is_identifier};

/// The text that Python's `repr` gives for the value.
///
/// What counts as printable follows this compiler's Unicode tables; a Python that knows another version of
/// Unicode escapes the characters assigned between the two.
pub fn print(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// The text that Python's `argparse.Namespace` and its like give: `Namespace(a=1, b='x')`.
pub fn print_record(record: &Record) -> String {
    let mut out = record.constructor.clone();
    if out.is_empty() {
        write_dict(&mut out, record.values.iter().map(|(k, v)| (k, v)));
        return out;
    }
    let (named, starred): (Vec<_>, Vec<_>) = record
        .values
        .iter()
        .partition(|(key, _)| is_identifier(key));
    out.push('(');
    let separated = write_separated(&mut out, named, |out, (key, value)| {
        out.push_str(key);
        out.push('=');
        write_value(out, value);
    });
    if !starred.is_empty() {
        out.push_str(if separated { ", **" } else { "**" });
        write_dict(&mut out, starred.iter().map(|(k, v)| (k, v)));
    }
    out.push(')');
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            write_separated(out, items, write_value);
            out.push(']');
        }
        Value::Object(entries) => write_dict(out, entries.iter()),
    }
}

fn write_dict<'v>(out: &mut String, entries: impl Iterator<Item = (&'v String, &'v Value)>) {
    out.push('{');
    write_separated(out, entries, |out, (key, value)| {
        write_string(out, key);
        out.push_str(": ");
        write_value(out, value);
    });
    out.push('}');
}

/// Writes the items with `, ` between them; whether there were any.
fn write_separated<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T),
) -> bool {
    let mut any = false;
    for item in items {
        if any {
            out.push_str(", ");
        }
        write(out, item);
        any = true;
    }
    any
}

fn write_number(out: &mut String, number: &Number) {
    if number.is_f64() {
        write_float(out, number.as_f64().expect("a float"));
    } else {
        out.push_str(&number.to_string());
    }
}

/// The shortest digits that read back as `value`, scientific below 1e-4 and from 1e16 on.
fn write_float(out: &mut String, value: f64) {
    let shortest = shortest_digits(value);
    let (mantissa, exponent) = shortest.split_once('e').expect("scientific notation");
    let exponent: i32 = exponent.parse().expect("a decimal exponent");
    if (-4..16).contains(&exponent) {
        write_plain(out, mantissa, exponent);
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{mantissa}e{sign}{:02}", exponent.abs()).expect("a string takes all text");
    }
}

/// Scientific notation with as few digits as read back; where two such are equally near, Python takes the
/// even one, as rounding to that many digits does.
fn shortest_digits(value: f64) -> String {
    let shortest = format!("{value:e}");
    let (mantissa, _) = shortest.split_once('e').expect("scientific notation");
    let decimals = mantissa.split_once('.').map_or(0, |(_, tail)| tail.len());
    let rounded = format!("{value:.decimals$e}");
    if rounded.parse() == Ok(value) {
        rounded
    } else {
        shortest
    }
}

fn write_plain(out: &mut String, mantissa: &str, exponent: i32) {
    if mantissa.starts_with('-') {
        out.push('-');
    }
    let mut digits = mantissa.replace(['-', '.'], "");
    if exponent < 0 {
        digits.insert_str(0, &"0".repeat(exponent.unsigned_abs() as usize));
    }
    let whole = 1 + usize::try_from(exponent).unwrap_or(0);
    while digits.len() <= whole {
        digits.push('0');
    }
    out.push_str(&digits[..whole]);
    out.push('.');
    out.push_str(&digits[whole..]);
}

fn write_string(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for c in text.chars() {
        write_char(out, c, quote);
    }
    out.push(quote);
}

fn write_char(out: &mut String, c: char, quote: char) {
    let code = u32::from(c);
    let written = match c {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        _ if c == quote || c == '\\' => write!(out, "\\{c}"),
        _ if is_printable(c) => write!(out, "{c}"),
        _ if code < 0x100 => write!(out, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    written.expect("a string takes all text");
}

/// Neither control, format, private, unassigned nor separator (but the blank): the rule of Python's
/// `str.isprintable` and of Rust's debug form, which escapes a combining mark only at the start of a text.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ => format!("x{c}").escape_debug().nth(1) == Some(c),
    }
}
