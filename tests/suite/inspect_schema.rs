//! `schemas/inspect.schema.json` describes what `repro inspect --format json` prints, and names exactly its keys.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::{Value, json};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn schema() -> Value {
    let text = fs::read_to_string(repository("schemas/inspect.schema.json")).expect("readable");
    serde_json::from_str(&text).expect("JSON")
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).expect("a valid schema")
}

/// Every mistake, as `/pointer: message`.
fn mistakes(printed: &Value) -> Vec<String> {
    validator()
        .iter_errors(printed)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// What the program prints for a document.
fn inspect(path: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_repro"))
        .args(["inspect", "--format", "json"])
        .arg(path)
        .output()
        .expect("the program runs");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What the program prints for a text that has some of everything.
fn full() -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("RESULTS.md");
    let text = "# A\n\nm | A | B\n-|-|-\nx [1][] | **82.5%** ± 0.4 (n=3) [1] | \u{3000}n/a | 1,000\n\nm | 7,5\n\n\
        [1] \"a/b/c\"; Namespace(a=nan, b=None)\n[2] quoted: x\n[^3] words\n[4]. words\n[5]\n\n\
        <!-- x --> <details>y</details>\n\nage 12.48\n";
    fs::write(&path, text).expect("written");
    let mut printed = inspect(&path);
    printed["path"] = json!("RESULTS.md");
    printed
}

#[test]
fn what_is_printed_for_real_documents_is_valid() {
    for name in [
        "../shared/seed/mobilenet-v2.md",
        "../shared/seed/alexnet.md",
        "../shared/seed/resnet-50.md",
        "RESULTS.md",
        "README.md",
        "tests/suite/project/RESULTS.md",
    ] {
        let path = repository(name);
        if !path.is_file() {
            println!("no `{name}` in this checkout: nothing to validate there");
            continue;
        }
        let found = mistakes(&inspect(&path));
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
    }
}

#[test]
fn schema_and_output_name_the_same_keys() {
    let full = full();
    assert_eq!(mistakes(&full), [""; 0]);
    let schema = schema();
    let keys = |object: &Value| -> BTreeSet<String> {
        let object = object.as_object().expect("an object");
        object.keys().cloned().collect()
    };
    let row = &full["tables"][0]["rows"][0];
    for (definition, value) in [
        ("table", &full["tables"][0]),
        ("row", row),
        ("cell", &row["cells"][0]),
        ("definition", &full["definitions"][0]),
        ("record", &full["records"][0]),
        ("passage", &full["comments"][0]),
        ("passage", &full["unparsed"][0]),
    ] {
        assert_eq!(
            keys(&schema["$defs"][definition]["properties"]),
            keys(value),
            "{definition}"
        );
    }
    assert_eq!(keys(&schema["properties"]), keys(&full));
}

#[test]
fn every_object_is_closed_and_requires_its_keys() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().expect("an object").values();
    for object in definitions
        .chain([&schema])
        .filter(|object| object["type"] == "object")
    {
        let keys: BTreeSet<&str> = object["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        let required: BTreeSet<&str> = object["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            (&object["additionalProperties"], required),
            (&json!(false), keys)
        );
    }
}

#[test]
fn mistakes_are_found() {
    for (pointer, value) in [
        ("/format", json!(2)),
        ("/tables/0/line", json!(0)),
        ("/tables/0/header", json!("m")),
        ("/tables/0/rows/0/cells/0/value", json!("82.5")),
        ("/tables/0/rows/0/cells/0/flags", json!(["blue"])),
        ("/definitions/0/kind", json!("poem")),
        ("/records/0/values", json!([])),
        ("/unparsed/0/column", json!(null)),
    ] {
        let mut printed = full();
        *printed.pointer_mut(pointer).expect("present") = value.clone();
        let found = mistakes(&printed);
        assert_eq!(found.len(), 1, "{pointer} = {value}: {found:?}");
        assert!(found[0].starts_with(pointer), "{found:?}");
    }
    let mut without = full();
    without.as_object_mut().expect("an object").remove("path");
    assert_eq!(mistakes(&without), [": \"path\" is a required property"]);
    let mut unknown = full();
    unknown["tables"][0]["later"] = json!(1);
    assert_eq!(mistakes(&unknown).len(), 1);
}
