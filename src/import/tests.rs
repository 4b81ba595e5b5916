//! Documents through the whole import, in memory.

use proptest::prelude::*;

use super::definition::without_blanks;
use super::*;
use crate::document::Cell;
use crate::record::Kind;

/// The documents that the project started from, where this checkout has them beside it.
fn seeds() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed");
    let names = ["mobilenet-v2.md", "alexnet.md", "resnet-50.md"];
    let read = |name: &str| {
        Some((
            name.to_owned(),
            std::fs::read_to_string(folder.join(name)).ok()?,
        ))
    };
    let found: Vec<_> = names.into_iter().filter_map(read).collect();
    if found.len() < names.len() {
        println!("skipped: no documents in `{}`", folder.display());
    }
    found
}

fn imported(text: &str) -> Imported {
    import("docs/wild.md", text).expect("imported")
}

/// The document from files and runs, as `repro tables` makes it.
fn printed(imported: &Imported, runs: &[(RunId, RunRecord)]) -> String {
    let (template, specs) = imported.files.split_last().expect("a template");
    let specs: Vec<TableSpec> = specs
        .iter()
        .map(|file| read_back(file).expect("a valid spec"))
        .collect();
    let tables = assembled(&specs, runs).expect("tables");
    rendered("docs/wild.md", &template.0, &template.1, &tables).expect("rendered")
}

/// Lines without white space; a separator is one whatever its length, empty lines and what they separate go.
fn essence(text: &str) -> Vec<String> {
    let is_separator = |line: &str| line.contains('-') && line.chars().all(|c| "-|".contains(c));
    let lines = text.lines().map(without_blanks);
    let lines = lines.map(|line| match is_separator(&line) {
        true => "-|".repeat(line.matches('|').count()),
        false => line,
    });
    lines.filter(|line| !line.is_empty()).collect()
}

fn cells(text: &str) -> Vec<Cell> {
    let tables = Document::parse(text).tables.into_iter();
    let rows = tables.flat_map(|table| table.rows);
    rows.flat_map(|row| row.cells).collect()
}

fn texts(text: &str) -> Vec<String> {
    cells(text).into_iter().map(|cell| cell.text).collect()
}

#[test]
fn real_documents_come_back_but_for_white_space() {
    for (name, text) in seeds() {
        let imported = import(&name, &text).expect("imported");
        let found = essence(&imported.rendered);
        if name != "resnet-50.md" {
            assert_eq!(found, essence(&text), "{name}");
            assert_eq!(imported.remarks, [], "{name}");
            continue;
        }
        let lines: Vec<usize> = imported.remarks.iter().map(|remark| remark.line).collect();
        assert_eq!(lines, [39, 40, 41, 42, 43]);
        let whole = |line: &String| match line.strip_suffix('|') {
            Some(label) if !label.contains('|') => format!("{label}|||||"),
            _ => line.clone(),
        };
        let expected: Vec<String> = essence(&text).iter().map(whole).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn the_template_holds_headings_prose_and_calls_alone() {
    for (name, text) in seeds() {
        let imported = import(&name, &text).expect("imported");
        let (_, template) = imported.files.last().expect("a template");
        for line in template.lines().filter(|line| !line.trim().is_empty()) {
            let is_prose = line.starts_with('#') || line.starts_with("<!--");
            let is_call = ["table(\"", "note(\""]
                .iter()
                .any(|call| line.starts_with(&format!("{{{{ {call}")));
            assert!(is_prose || is_call, "{name}: {line}");
        }
    }
}

/// Replaces one reported value after the other, empty ones included, and looks at what changes.
fn each_value_is_one_cell(name: &str, text: &str) -> usize {
    let imported = import(name, text).expect("imported");
    let specs: Vec<TableSpec> = imported.files[..imported.files.len() - 1]
        .iter()
        .map(|file| read_back(file).expect("a valid spec"))
        .collect();
    let before = (texts(&imported.rendered), essence(&imported.rendered));
    let mut at = 0;
    let mut n_changed = 0;
    for spec in &specs {
        for row in &spec.rows {
            for column in &spec.columns {
                let run = row.filter.get("run").and_then(|run| run.as_str());
                if let Some(run) = run.and_then(RunId::from_cited) {
                    let mut runs = imported.runs.clone();
                    let (_, record) = runs.iter_mut().find(|(id, _)| *id == run).expect("a run");
                    let values = record.reported.as_mut().expect("reported");
                    values.insert(column.metric.clone(), "99.8750".to_owned());
                    let printed = printed(&imported, &runs);
                    let after = (texts(&printed), essence(&printed));
                    let mut expected = before.0.clone();
                    expected[at] = "99.8750".to_owned();
                    assert_eq!(
                        after.0, expected,
                        "{name}: {}, {}",
                        row.label, column.header
                    );
                    let lines = before.1.iter().zip(&after.1);
                    assert_eq!(lines.filter(|(a, b)| a != b).count(), 1, "{name}");
                    n_changed += 1;
                }
                at += 1;
            }
        }
    }
    assert_eq!(at, before.0.len(), "{name}: every cell was visited");
    n_changed
}

#[test]
fn changing_one_value_changes_exactly_its_cell() {
    for (name, text) in seeds() {
        // Rows without any number or mark have no run; their cells are empty.
        let expected = match name.as_str() {
            "mobilenet-v2.md" => 5 * 5 + 3,
            "alexnet.md" => 12 * 5,
            _ => 5 * 5,
        };
        assert_eq!(each_value_is_one_cell(&name, &text), expected, "{name}");
    }
    assert_eq!(each_value_is_one_cell("wild.md", WILD), 2 * 3);
}

#[test]
fn records_hold_what_the_document_says_of_the_run() {
    let imported = imported(WILD);
    let names: Vec<&str> = imported.runs.iter().map(|(run, _)| run.as_str()).collect();
    assert_eq!(
        names,
        [
            "reported/wild/A",
            "reported/wild/a_2",
            "reported/wild/note-7"
        ]
    );
    let (_, record) = &imported.runs[0];
    assert_eq!(record.kind, Kind::Reported);
    assert_eq!(
        record.cited.as_deref(),
        Some("/home/x/results/m/2019-05-28")
    );
    let keys: Vec<&String> = record.hyper_parameters.0.keys().collect();
    assert_eq!(keys, ["epochs", "lr_rate"]);
    let reported = record.reported.as_ref().expect("reported");
    let reported: Vec<(&str, &str)> = reported
        .iter()
        .map(|(metric, text)| (metric.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        reported,
        [
            ("test/age/accuracy", "82.50"),
            ("test/weight/value", "1, 0.1")
        ]
    );
    assert_eq!((&record.started, record.seed), (&None, None));
}

/// Two rows of one name, a merged note, a note of words, an undefined mark, and a definition that is not used.
const WILD: &str = "\
# {{ title }}

model | Age Acc(%) | weight | Age MAE
--- | --- | --- | ---
A [1][2] | 82.50 | 1, 0.1 |
a [2][9] | | | **7.0**
b | | |

[2] trained twice
[1] Namespace(epochs=20, lr_rate=1e-06); /home/x/results/m/2019-05-28
[7] results/m/2019-05-29
";

#[test]
fn what_is_printed_otherwise_is_said() {
    let imported = imported(WILD);
    let remarks: Vec<String> = imported
        .remarks
        .iter()
        .map(|remark| format!("{}:{}: {}", remark.line, remark.column, remark.message))
        .collect();
    assert_eq!(
        remarks,
        [
            "3:22: header `weight` names no metric, its cells are kept as `test/weight/value`",
            "6:3: marks [2][9] are printed as [2]",
            "6:16: `**7.0**` is printed as `7.0`",
        ]
    );
    assert_eq!(
        imported.rendered,
        "\
# {{ title }}

model    | Age Acc(%) | weight | Age MAE
-------- | ---------- | ------ | -------
A [1][2] | 82.50      | 1, 0.1 |
a [2]    |            |        | 7.0
b        |            |        |

[2] trained twice
[1] Namespace(epochs=20, lr_rate=1e-06); /home/x/results/m/2019-05-28
[7] results/m/2019-05-29
"
    );
}

#[test]
fn tables_that_define_a_number_anew_are_numbered_apart() {
    let table = |value: &str, path: &str| {
        format!("m | MAE\n--- | ---\na [1] | {value}\n\n[1] results/{path}\n[3] both\n\n")
    };
    let text = format!("{}{}", table("1.0", "x/y"), table("2.0", "x/z"));
    let found = imported(&text);
    assert_eq!(essence(&found.rendered), essence(&text));
    assert_eq!(found.remarks, []);
    assert!(
        found.files[..2]
            .iter()
            .all(|(_, spec)| spec.contains("numbering = \"table\""))
    );
    let text = format!("{}{}", table("1.0", "x/y"), table("2.0", "x/y"));
    let found = imported(&text);
    assert_eq!(essence(&found.rendered), essence(&text));
    assert!(!found.files[1].1.contains("numbering"));
}

#[test]
fn one_definition_that_two_rows_read_otherwise_keeps_its_text() {
    // The second row has a path of its own already; keys of the first record are not in order.
    let text = "m | MAE\n--- | ---\na [1] | 1.0\nb [2][1] | 2.0\n\n\
                [2] results/x/y\n[1] results/x/z; Namespace(b=1, a=2)\n";
    let found = imported(text);
    assert_eq!(essence(&found.rendered), essence(text));
    assert_eq!(found.remarks, []);
}

#[test]
fn numbers_without_a_record_are_counted() {
    let text = "m | MAE\n--- | ---\na | 1.0\n\nwords\n\nb | 2.0\n";
    let found = imported(text);
    assert_eq!(found.remarks.len(), 1);
    let remark = &found.remarks[0];
    assert_eq!((remark.line, remark.lost_numbers), (7, 1));
    assert_eq!(texts(&found.rendered), ["1.0", "2.0"]);
}

#[test]
fn rows_below_a_blank_line_belong_to_the_table() {
    let text =
        "m | MAE\n--- | ---\na | 1.0\n\nb [1] | 2.0\n\n--- | ---\nc | 3.0\n\n[1] results/x/y\n";
    let found = imported(text);
    assert_eq!(
        found.rendered,
        "m     | MAE\n----- | ---\na     | 1.0\nb [1] | 2.0\nc     | 3.0\n\n[1] results/x/y\n"
    );
    let remarks: Vec<(usize, &str)> = found
        .remarks
        .iter()
        .map(|remark| (remark.line, remark.message.as_str()))
        .collect();
    let joined = "rows below a blank line are printed with the table above";
    assert_eq!(
        remarks,
        [
            (5, joined),
            (7, joined),
            (7, "separator between rows is not printed"),
        ]
    );
    assert_eq!(found.runs.len(), 3);
}

#[test]
fn a_folded_table_is_printed_in_its_block() {
    let text = "<details>\n\nm | MAE\n--- | ---\na longer label [1] | 1.0\n\n[1] results/x/y\n\n</details>\n";
    let found = imported(text);
    assert_ne!(found.rendered, text);
    assert_eq!(found.remarks, []);
    let hidden = text.replace("| 1.0", "| <!-- x --> 1.0");
    let remarks = imported(&hidden).remarks;
    assert!(
        remarks
            .iter()
            .any(|remark| remark.line == 5 && remark.message == "comment is not printed"),
        "{remarks:?}"
    );
}

#[test]
fn the_epoch_rule_is_explained_and_may_be_replaced() {
    let found = imported(WILD);
    let (_, spec) = &found.files[0];
    let comment = "# No trained run is read by this rule.";
    assert!(spec.contains(comment) && spec.contains("\nepoch = \"undeclared\"\n"));
    for rule in [
        "\"last\"",
        "{ rule = \"best\", metric = \"valid/total/loss\", goal = \"min\" }",
    ] {
        let mut replaced = found.clone();
        let (_, spec) = &mut replaced.files[0];
        assert!(spec.contains(rule));
        *spec = spec.replace("\"undeclared\"", rule);
        assert_eq!(printed(&replaced, &found.runs), found.rendered);
    }
}

#[test]
fn nothing_to_import_is_an_error() {
    let error = import("a.md", "# only prose\n").expect_err("no table");
    assert_eq!(
        error.to_string(),
        "`a.md` holds no table with a header and rows\n\
         help: `repro inspect a.md` shows what is understood of it"
    );
}

/// A cell, a label or a title: numbers in every dress, words with markup in them, nothing.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        (0_u32..10_000, 0_usize..4)
            .prop_map(|(n, decimals)| format!("{:.decimals$}", f64::from(n) / 100.0)),
        "[0-9]{1,3}\\.[0-9]{1,2} ± [0-9]\\.[0-9]",
        "[a-zA-Z][a-zA-Z0-9 _%(),-]{0,8}[a-zA-Z0-9)]",
        "[a-z{}%#é~&<]{1,5}",
    ]
}

/// A document with one table and a definition per marked row.
fn any_document() -> impl Strategy<Value = String> {
    let row = |n| {
        (
            any_text(),
            prop::bool::ANY,
            prop::collection::vec(any_text(), n),
        )
    };
    (1_usize..4)
        .prop_flat_map(move |n| {
            let titles = prop::collection::vec("[A-Z][a-z]{1,6}( Acc\\(%\\)| MAE)?", n);
            (titles, prop::collection::vec(row(n), 1..5))
        })
        .prop_map(|(titles, rows)| {
            let mut text = format!("model | {}\n", titles.join(" | "));
            text.push_str(&vec!["---"; titles.len() + 1].join(" | "));
            let mut definitions = String::new();
            for (i, (label, is_marked, cells)) in rows.iter().enumerate() {
                let mark = if *is_marked {
                    format!(" [{i}]")
                } else {
                    String::new()
                };
                text.extend(["\nrow ", label, &mark, " | ", &cells.join(" | ")]);
                if *is_marked {
                    definitions.extend([
                        "[",
                        &i.to_string(),
                        "] results/run/",
                        &i.to_string(),
                        "\n",
                    ]);
                }
            }
            format!("{text}\n\n{definitions}")
        })
}

const LINES: &[&str] = &[
    "",
    "# heading {{ x }}",
    "model | Acc (%) | Acc (%)",
    "| model | MAE |",
    "--- | --- | ---",
    "|:---|---:|",
    "a [1][2] | 1.0 | **2.0**",
    "a[1] | 1.0",
    "[2] | 1.0 | 2.0 | 3.0 | x",
    "`b` [^1] | 1.0 [2] | a\\|b [1](results/m/run.json)",
    "| | | |",
    "checkpoints [01] | 5 | {{",
    "[1] results/m/a/2019-01-01-00-00-00",
    "[1] Namespace(b=1, a='x'); /home/u/results/m",
    "[2]: Config(a=1,",
    "  b=2)",
    "[2] data source: \"results/m/b\"  ",
    "[1]",
    "words",
    "[^1]: hyper-parameters: Namespace(a=nan)",
    "[3] results/a/b, results/a/c <!-- x -->",
    "<!-- comment",
    "-->",
    "```",
    "text | with a pipe",
];

proptest! {
    #[test]
    fn every_cell_comes_back(text in any_document()) {
        let found = imported(&text);
        prop_assert_eq!(texts(&found.rendered), texts(&text));
        let lost: usize = found.remarks.iter().map(|remark| remark.lost_numbers).sum();
        prop_assert_eq!(lost, 0);
        let mut reported: Vec<&String> = (found.runs.iter())
            .flat_map(|(_, record)| record.reported.iter().flat_map(|values| values.values()))
            .collect();
        let printed = texts(&text);
        let mut printed: Vec<&String> = printed.iter().filter(|text| !text.is_empty()).collect();
        reported.sort();
        printed.sort();
        prop_assert_eq!(reported, printed);
    }

    #[test]
    fn any_lines_are_imported_or_hold_no_table(lines in prop::collection::vec(prop::sample::select(LINES), 0..16)) {
        let text = lines.join("\n");
        match import("a.md", &text) {
            Ok(found) => {
                let lost: usize = found.remarks.iter().map(|remark| remark.lost_numbers).sum();
                let numbers = |text: &str| cells(text).into_iter().filter(|cell| cell.value.is_some()).count();
                prop_assert!(numbers(&found.rendered) + lost >= numbers(&text), "{}", text);
            }
            Err(error) => prop_assert!(matches!(error, ImportError::NoTable { .. }), "{}\n{}", error, text),
        }
    }
}
