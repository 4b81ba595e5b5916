//! The module map of `ARCHITECTURE.md` is true: who may use whom, and which crate is used where.
//!
//! Reads the sources as text. Tests may cross the map (a renderer is tested by the parser), so what is compiled
//! for tests only does not count.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::words::{test_modules, without_comments_and_literals, without_tests, words};

/// What each top-level module may use of ours, itself and [`SHARED`] apart.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "audit", "document", "import", "literal", "metric", "record", "report", "store",
            "train",
        ],
    ),
    ("train", &["metric", "record", "store"]),
    ("report", &["literal", "metric", "record", "store"]),
    (
        "audit",
        &["document", "literal", "metric", "record", "report", "store"],
    ),
    (
        "import",
        &["document", "metric", "record", "report", "store"],
    ),
    ("store", &["metric", "record"]),
    ("record", &["metric"]),
    ("project", &["metric"]),
    ("document", &["literal"]),
    ("literal", &[]),
    ("metric", &[]),
    ("source", &[]),
];

/// Usable by all but those that [`ARROWS`] gives nothing, and `document`.
const SHARED: &[&str] = &["project", "source"];
const WITHOUT_SHARED: &[&str] = &["document", "literal", "metric", "source"];

/// Crates that stay behind a border, and the files (or folders) that may use them.
const CRATES: &[(&str, &[&str])] = &[
    ("anyhow", &["cli/"]),
    ("candle_core", &["train/"]),
    ("candle_nn", &["train/"]),
    ("clap", &["cli/"]),
    ("comfy_table", &["cli/", "report/render/terminal.rs"]),
    ("gemm", &["train/"]),
    ("image", &["train/"]),
    ("minijinja", &["report/document.rs"]),
    (
        "polars",
        &[
            "store/",
            "report/select.rs",
            "report/aggregate.rs",
            "audit/",
        ],
    ),
    ("safetensors", &["train/"]),
];

/// The only place that may say `unsafe`.
const UNSAFE: &str = "train/kernels/";

/// Who uses what is not theirs, in one file; `path` is relative to `src/`.
fn violations(path: &str, text: &str, commands: &[String]) -> Vec<String> {
    let code = without_comments_and_literals(text);
    let words = without_tests(&words(&code));
    let mut found = Vec::new();
    let module = top_level_module(path);
    let allowed = ARROWS.iter().find(|(name, _)| *name == module);
    match allowed {
        None if module != "lib" => found.push(format!("{path}: `{module}` is not in the map")),
        None => {}
        Some((_, allowed)) => {
            for used in modules_used(path, &words) {
                let shared = SHARED.contains(&used.as_str()) && !WITHOUT_SHARED.contains(&module);
                if used != module && !shared && !allowed.contains(&used.as_str()) {
                    found.push(format!("{path}: `{module}` must not use `{used}`"));
                }
            }
        }
    }
    for (name, places) in CRATES {
        if names_crate(&words, name) && !places.iter().any(|place| path.starts_with(place)) {
            found.push(format!("{path}: `{name}` belongs in {places:?}"));
        }
    }
    if words.contains(&"unsafe") && !path.starts_with(UNSAFE) {
        found.push(format!("{path}: `unsafe` belongs in `{UNSAFE}`"));
    }
    if is_command(path, commands) {
        for used in siblings_used(&words) {
            if commands.contains(&used) {
                found.push(format!("{path}: a command leans on the command `{used}`"));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn top_level_module(path: &str) -> &str {
    path.split('/')
        .next()
        .expect("a path has a first part")
        .trim_end_matches(".rs")
}

fn is_command(path: &str, commands: &[String]) -> bool {
    let name = path.strip_prefix("cli/").map(top_level_module);
    name.is_some_and(|name| commands.iter().any(|command| command == name))
}

/// First names after `crate::` or `repro::`, and after as many `super::` as lead to the root.
fn modules_used(path: &str, words: &[&str]) -> Vec<String> {
    let mut used = Vec::new();
    for start in 0..words.len() {
        let from_root =
            matches!(words[start], "crate" | "repro") && !preceded_by_path(words, start);
        if from_root {
            used.extend(names_after(words, start + 1));
        }
        if words[start] == "super" && !preceded_by_path(words, start) {
            let mut end = start + 1;
            let mut supers = 1;
            while words.get(end) == Some(&"::") && words.get(end + 1) == Some(&"super") {
                end += 2;
                supers += 1;
            }
            if supers >= depth(path) {
                used.extend(names_after(words, end));
            }
        }
    }
    used.retain(|name| ARROWS.iter().any(|(module, _)| module == name));
    used
}

/// How many `super::` lead from a file's module to the crate root.
fn depth(path: &str) -> usize {
    path.trim_end_matches("/mod.rs").split('/').count()
}

fn siblings_used(words: &[&str]) -> Vec<String> {
    let mut used = Vec::new();
    for start in 0..words.len() {
        match words[start] {
            "super" => used.extend(names_after(words, start + 1)),
            "cli" => used.extend(names_after(words, start + 1)),
            _ => {}
        }
    }
    used
}

fn preceded_by_path(words: &[&str], at: usize) -> bool {
    at > 0 && words[at - 1] == "::"
}

/// The names that `::name` or `::{a, b::c}` at `at` begins with.
fn names_after(words: &[&str], at: usize) -> Vec<String> {
    if words.get(at) != Some(&"::") {
        return Vec::new();
    }
    if words.get(at + 1) != Some(&"{") {
        return words
            .get(at + 1)
            .map(|name| (*name).to_owned())
            .into_iter()
            .collect();
    }
    let mut names = Vec::new();
    let mut open = 0;
    for i in at + 1..words.len() {
        match words[i] {
            "{" => open += 1,
            "}" => open -= 1,
            name if open == 1 && matches!(words[i - 1], "{" | ",") => names.push(name.to_owned()),
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    names
}

/// A crate is named by `name::` at the start of a path, or by `use name`.
fn names_crate(words: &[&str], name: &str) -> bool {
    (0..words.len()).any(|i| {
        words[i] == name
            && !preceded_by_path(words, i)
            && (words.get(i + 1) == Some(&"::") || (i > 0 && words[i - 1] == "use"))
    })
}

/// The commands that `cli/mod.rs` dispatches to: `Train(train::Train)` names `train`.
fn commands(dispatch: &str) -> Vec<String> {
    let code = without_comments_and_literals(dispatch);
    let words = words(&code);
    let start = words
        .windows(2)
        .position(|pair| pair == ["enum", "Command"])
        .expect("cli/mod.rs has `enum Command`");
    let mut commands = Vec::new();
    for pair in words[start + 3..].windows(2) {
        match pair {
            ["}", _] => break,
            [module, "::"] => commands.push((*module).to_owned()),
            _ => {}
        }
    }
    commands
}

/// Every source file that is part of the program, with its path below `src/`.
fn sources() -> Vec<(String, String)> {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = BTreeMap::new();
    for entry in WalkDir::new(&root) {
        let path = entry.expect("a readable entry").into_path();
        if path.extension().is_some_and(|end| end == "rs") {
            let name = path.strip_prefix(&root).expect("below").to_owned();
            sources.insert(name, fs::read_to_string(&path).expect("readable"));
        }
    }
    for path in sources.keys().cloned().collect::<Vec<_>>() {
        let Some(text) = sources.get(&path) else {
            continue;
        };
        let code = without_comments_and_literals(text);
        let folder = match path.file_name().and_then(|name| name.to_str()) {
            Some("mod.rs" | "lib.rs") => path.with_file_name(""),
            _ => path.with_extension(""),
        };
        for module in test_modules(&words(&code)) {
            sources.retain(|path, _| {
                !path.starts_with(folder.join(module))
                    && *path != folder.join(format!("{module}.rs"))
            });
        }
    }
    sources
        .into_iter()
        .map(|(path, text)| (path.display().to_string(), text))
        .collect()
}

#[test]
fn the_arrows_hold() {
    let sources = sources();
    let dispatch = sources
        .iter()
        .find(|(path, _)| path == "cli/mod.rs")
        .expect("the dispatch");
    let commands = commands(&dispatch.1);
    assert!(commands.len() > 3, "{commands:?}");
    let found: Vec<String> = sources
        .iter()
        .flat_map(|(path, text)| violations(path, text, &commands))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_kind_of_violation_is_seen() {
    let commands = ["train".to_owned(), "verify".to_owned()];
    let cases = [
        (
            "train/fit.rs",
            "use crate::report::Table;",
            "train/fit.rs: `train` must not use `report`",
        ),
        (
            "report/mod.rs",
            "use crate::{metric, train::fit};",
            "report/mod.rs: `report` must not use `train`",
        ),
        (
            "report/table.rs",
            "fn f() { crate::audit::run() }",
            "report/table.rs: `report` must not use `audit`",
        ),
        (
            "document/mod.rs",
            "use super::store::Store;",
            "document/mod.rs: `document` must not use `store`",
        ),
        (
            "document/row.rs",
            "use crate::source::Source;",
            "document/row.rs: `document` must not use `source`",
        ),
        (
            "store/scan.rs",
            "use super::super::report::Table;",
            "store/scan.rs: `store` must not use `report`",
        ),
        (
            "main.rs",
            "use repro::store::Store;",
            "main.rs: `main` must not use `store`",
        ),
        ("plot/mod.rs", "", "plot/mod.rs: `plot` is not in the map"),
        (
            "store/frame.rs",
            "use candle_core::Tensor;",
            "store/frame.rs: `candle_core` belongs in [\"train/\"]",
        ),
        (
            "report/table.rs",
            "type T = polars::prelude::Column;",
            "report/table.rs: `polars` belongs in [\"store/\", \"report/select.rs\", \"report/aggregate.rs\", \"audit/\"]",
        ),
        (
            "audit/bind.rs",
            "use minijinja as jinja;",
            "audit/bind.rs: `minijinja` belongs in [\"report/document.rs\"]",
        ),
        (
            "train/spec.rs",
            "#[derive(clap::Args)] struct A;",
            "train/spec.rs: `clap` belongs in [\"cli/\"]",
        ),
        (
            "train/fit.rs",
            "fn f() { unsafe { g() } }",
            "train/fit.rs: `unsafe` belongs in `train/kernels/`",
        ),
        (
            "cli/verify.rs",
            "use super::{Global, train};",
            "cli/verify.rs: a command leans on the command `train`",
        ),
    ];
    for (path, text, expected) in cases {
        assert_eq!(violations(path, text, &commands), [expected], "{text}");
    }
}

#[test]
fn comments_strings_and_tests_do_not_count() {
    let text = r##"
//! Never `use crate::report`.
/* crate::report */
const A: &str = "crate::report // \" crate::audit";
const B: &str = r#"use clap; "crate::report""#;
#[cfg(test)]
mod fixture;
const C: [char; 3] = ['"', '\'', '\\'];
fn lifetime<'a>(x: &'a str) -> &'a str { x }
use super::report_of_train;
#[cfg(test)]
mod tests { use crate::report::Table; }
"##;
    assert_eq!(violations("train/fit.rs", text, &[]), [""; 0]);
    assert_eq!(
        violations("train/fit.rs", &text.replace("cfg(test)", "cfg(unix)"), &[]),
        ["train/fit.rs: `train` must not use `report`"]
    );
}

#[test]
fn commands_are_read_from_the_dispatch() {
    let text = "enum Command {\n    /// Train.\n    Train(train::Train),\n    Demo(demo::Demo),\n}\nimpl X { fn f() { y::z() } }";
    assert_eq!(commands(text), ["train", "demo"]);
}
