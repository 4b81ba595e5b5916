//! Python literals: what `repr` prints, and records such as `Namespace(a=1, b=[…])`.
//!
//! Owns parsing to and printing from JSON values; knows nothing of runs or documents. JSON lacks some of
//! Python's values: tuples become arrays, keys that are no strings become their text, and the floats `nan`,
//! `inf` and `-inf` become the strings of that name, a record within a record becomes an object. Integers beyond
//! 64 bits are refused. JSON itself is read, too, so that its mistakes and entries have their places.

mod parse;
mod print;

use serde_json::Value;

pub use parse::{
    Dialect, PlacedRecord, parse, parse_placed_record, parse_record, parse_record_prefix,
};
pub use print::{print, print_record};

/// A text that is not the Python literal it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LiteralError {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What was found and what was expected.
    pub message: String,
}

/// Named values as a constructor call prints them, in the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// `Namespace`, `dict`, `Config`, …; empty for a plain `{…}`.
    pub constructor: String,
    /// Key and value, each key once.
    pub values: Vec<(String, Value)>,
}

impl Record {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

/// Whether Python would take `text` as a name.
fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A value of the oracle file: floats by their bits, objects as lists of pairs.
    fn decode(encoded: &Value) -> Value {
        match encoded {
            Value::Object(map) => match (map.get("bits"), map.get("dict")) {
                (Some(Value::String(bits)), _) => {
                    let bits = u64::from_str_radix(bits, 16).expect("hexadecimal bits");
                    json!(f64::from_bits(bits))
                }
                (_, Some(Value::Array(pairs))) => {
                    let pair = |pair: &Value| {
                        let key = pair[0].as_str().expect("a string").to_owned();
                        (key, decode(&pair[1]))
                    };
                    Value::Object(pairs.iter().map(pair).collect())
                }
                _ => panic!("neither float nor dict: {encoded}"),
            },
            Value::Array(items) => items.iter().map(decode).collect(),
            other => other.clone(),
        }
    }

    #[test]
    fn python_prints_the_same() {
        let oracle = include_str!("../../tests/oracle/python_repr.jsonl");
        let mut n_namespaces = 0;
        for line in oracle.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let repr = line["repr"].as_str().expect("a string");
            if let Some(value) = line.get("value") {
                let value = decode(value);
                assert_eq!(print(&value), repr);
                assert_eq!(parse(repr).as_ref(), Ok(&value), "{repr}");
            } else {
                let Value::Object(values) = decode(&line["namespace"]) else {
                    panic!("a dict: {line}")
                };
                n_namespaces += 1;
                let record = Record {
                    constructor: "Namespace".into(),
                    values: values.into_iter().collect(),
                };
                assert_eq!(print_record(&record), repr);
                let read = parse_record(repr).expect("a record");
                assert_eq!(print_record(&read), repr);
            }
        }
        assert!(oracle.lines().count() > 10_000 && n_namespaces == 500);
    }

    #[test]
    fn what_json_lacks() {
        for (text, value) in [
            ("(1, 'a')", json!([1, "a"])),
            ("(1)", json!(1)),
            ("(1,)", json!([1])),
            ("()", json!([])),
            ("[1, 2,]", json!([1, 2])),
            ("{1: -inf, None: nan}", json!({"1": "-inf", "None": "nan"})),
            ("1e999", json!("inf")),
            (".5", json!(0.5)),
            ("1.", json!(1.0)),
            ("1_000", json!(1000)),
            (r#""it's""#, json!("it's")),
            (
                r"'\x41\101\u00e9\U0001F600\d\
b'",
                json!("AAé😀\\db"),
            ),
        ] {
            assert_eq!(parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn records_of_every_spelling() {
        let values = vec![("a".to_owned(), json!(1)), ("b".to_owned(), json!([1e-6]))];
        for (text, constructor) in [
            ("Namespace(a=1, b=[1e-06])", "Namespace"),
            (" dict(a = 1, b=[1e-06],) ", "dict"),
            ("{'a': 1, 'b': [1e-06]}", ""),
            ("Config(a=1,\n  b=[0.000001])", "Config"),
            ("Namespace(a=1, **{'b': [1e-06]})", "Namespace"),
        ] {
            let record = Record {
                constructor: constructor.into(),
                values: values.clone(),
            };
            assert_eq!(parse_record(text), Ok(record), "{text}");
        }
        assert_eq!(
            parse_record_prefix("N(a=1) and more").map(|(_, end)| end),
            Ok(6)
        );
    }

    #[test]
    fn mistakes_have_their_offset() {
        for (text, offset, message) in [
            ("Namespace(a=1, a=2)", 15, "key `a` occurs twice"),
            (
                "Namespace(é=1, b=)",
                18,
                "found `)`, expected a Python literal",
            ),
            ("Namespace(a=1", 13, "the text ends, expected `,` or `)`"),
            ("N(a=1) b", 7, "found `b`, expected the end"),
            ("N(a='x)", 4, "this string has no end"),
            ("N(a=12x)", 4, "`12x` is no number"),
            (
                "N(a=99999999999999999999)",
                4,
                "integer `99999999999999999999` does not fit into 64 bits",
            ),
            ("N(a=true)", 4, "found `true`, expected a Python literal"),
            ("N(a='\\ud800')", 5, "this escape names no character"),
        ] {
            let error = parse_record(text).expect_err(text);
            assert_eq!(
                (error.offset, error.message.as_str()),
                (offset, message),
                "{text}"
            );
        }
        assert!(parse(&"[".repeat(10_000)).is_err());
    }

    #[test]
    fn records_lie_in_records() {
        for (text, values) in [
            (
                "N(a=Namespace(b=1, c=dict(d='e')), f=[Config()])",
                json!({"a": {"b": 1, "c": {"d": "e"}}, "f": [{}]}),
            ),
            (r#"N(a='it\'s', b="\"")"#, json!({"a": "it's", "b": "\""})),
        ] {
            let record = parse_placed_record(text, Dialect::Python).expect(text);
            assert_eq!(Value::Object(record.values), values, "{text}");
        }
        assert!(parse(&"N(a=".repeat(10_000)).is_err());
    }

    #[test]
    fn entries_have_their_places() {
        let text = "N(a=1 , é=[2, 3],**{'b c': None})";
        let record = parse_placed_record(text, Dialect::Python).expect("a record");
        let entries: Vec<&str> = record
            .places
            .iter()
            .map(|place| &text[place.clone()])
            .collect();
        assert_eq!(entries, ["a=1", "é=[2, 3]", "'b c': None"]);
        assert_eq!(record.values.len(), 3);
    }

    #[test]
    fn json_is_read_as_json() {
        let text = r#"{"a": true, "b": [null, NaN, -Infinity, 1e-6], "c": "\/\u00e9\uD83D\uDE00"}"#;
        let record = parse_placed_record(text, Dialect::Json).expect("a record");
        assert_eq!(
            Value::Object(record.values),
            json!({"a": true, "b": [null, "nan", "-inf", 1e-6], "c": "/é😀"})
        );
        for (text, offset, message) in [
            (r#"{"a": 1, "a": 1}"#, 9, "key `a` occurs twice"),
            (
                r#"{"a": True}"#,
                6,
                "found `True`, expected a Python literal",
            ),
            (r#"{"a": "\uD83D"}"#, 7, "this escape names no character"),
        ] {
            let error = parse_placed_record(text, Dialect::Json).expect_err(text);
            assert_eq!((error.offset, error.message.as_str()), (offset, message));
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            prop::num::f64::NORMAL.prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(value in any_value()) {
            prop_assert_eq!(parse(&print(&value)), Ok(value));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = parse(&text);
            let _ = parse_record(&format!("N(a={text}"));
            let _ = parse_placed_record(&format!("{{\"a\": {text}"), Dialect::Json);
        }
    }
}
