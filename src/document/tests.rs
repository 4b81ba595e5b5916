//! Golden readings of real documents, one test per form of the grammar, and (below) properties of any text.

mod definitions;
mod evidence;
mod properties;
mod records;
mod shape;
mod tables;
mod time;

use std::path::Path;

use serde_json::Value;

use super::*;

/// A document of the shared seed, or `None` with a printed reason where it is not there.
fn seed(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/seed")
        .join(name);
    let text = std::fs::read_to_string(&path);
    if text.is_err() {
        eprintln!("skipped: {} is not there", path.display());
    }
    text.ok()
}

fn marks(row: &Row) -> Vec<&str> {
    row.marks.iter().map(|mark| mark.text.as_str()).collect()
}

#[test]
fn numbers_of_the_reference_document() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let document = Document::parse(&text);
    let found: Vec<_> = document
        .numeric_cells()
        .map(|(_, row, cell)| {
            (
                row.line,
                cell.column,
                cell.text.as_str(),
                cell.value,
                cell.decimals,
            )
        })
        .collect();
    let expected = [
        (7, 59, "82.5"),
        (7, 86, "87.6"),
        (7, 112, "33.7"),
        (7, 141, "7.2"),
        (7, 168, "6.7"),
        (8, 59, "77.8"),
        (9, 87, "84.0"),
        (10, 111, "25.1"),
        (11, 141, "7.5"),
        (11, 167, "7.1"),
        (42, 59, "90.9"),
        (42, 87, "5.7"),
        (42, 112, "3.5"),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(line, column, text)| (line, column, text, text.parse::<f64>().ok(), Some(1)))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn tables_of_the_reference_document() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let document = Document::parse(&text);
    assert_eq!(document.tables.len(), 2);
    assert_eq!(
        document.tables[0].section,
        [
            "Multitask learning & Single task learning on MobileNet-V2-model",
            "experiment results, load_IMDB_WIKI_pretrained_model = False",
        ]
    );
    let rows = &document.tables[0].rows;
    assert_eq!(rows[0].label, "MobileNet-V2-Gender_Smile_Emotion_Age");
    let marked: Vec<_> = rows.iter().map(marks).collect();
    assert_eq!(
        marked,
        [["4", "5"], ["1", "2"], ["6", "7"], ["8", "9"], ["10", "11"]]
    );
    assert!(rows.iter().all(|row| row.cells.len() == 5));
    assert_eq!(
        rows[0].cells[4].header.as_deref(),
        Some("Age MAE (ChaLearn_2016)")
    );
}

#[test]
fn definitions_of_the_reference_document() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let document = Document::parse(&text);
    let kinds: Vec<_> = document
        .definitions
        .iter()
        .map(|d| (d.line, d.mark.as_str(), d.kind.as_str()))
        .collect();
    let lines = [17, 18, 20, 21, 23, 24, 26, 27, 29, 30, 48, 49];
    let names = ["4", "5", "1", "2", "6", "7", "8", "9", "10", "11", "1", "2"];
    let expected: Vec<_> = (0..12)
        .map(|i| {
            (
                lines[i],
                names[i],
                if i % 2 == 0 { "path" } else { "record" },
            )
        })
        .collect();
    assert_eq!(kinds, expected);
    assert_eq!(
        document.definitions[0].paths,
        [
            "results/MTL_MobileNet_V2_model/_gender_1_smile_1_emotion_1_age_1_CVPR_16_ChaLearn/2019-04-17-12-57-39"
        ]
    );
    let record = &document.records[0];
    assert_eq!(
        (record.line, record.column, record.constructor.as_str()),
        (18, 23, "Namespace")
    );
    assert_eq!(record.values["batch_size"], 8);
    assert_eq!(record.values["log_dir"], Value::Null);
    assert_eq!(
        record.values["loss_weights"],
        serde_json::json!([1, 1, 1, 1])
    );
    assert_eq!(
        document.comments,
        [Comment {
            line: 16,
            column: 1,
            text: "[2] 40 epochs, other 4 models, 60 epochs".into(),
            concealment: Concealment::Comment,
            end_line: 16,
            end_column: 50,
        }]
    );
    assert_eq!(document.unparsed, []);
}

#[test]
fn marks_mean_the_definitions_of_their_section() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let document = Document::parse(&text);
    let line = |table: usize, mark: &str| match document.resolve(&document.tables[table], mark) {
        Resolved::One(definition) => definition.line,
        _ => 0,
    };
    assert_eq!(
        [line(0, "1"), line(0, "2"), line(1, "1"), line(1, "2")],
        [20, 21, 48, 49]
    );
    assert_eq!(
        document.resolve(&document.tables[0], "3"),
        Resolved::Missing
    );
}

#[test]
fn sibling_documents_are_read() {
    let (Some(alexnet), Some(resnet)) = (seed("alexnet.md"), seed("resnet-50.md")) else {
        return;
    };
    let counts = |text: &str| {
        let document = Document::parse(text);
        let n_rows: usize = document.tables.iter().map(|table| table.rows.len()).sum();
        assert_eq!(document.unparsed, []);
        (
            document.tables.len(),
            n_rows,
            document.numeric_cells().count(),
            document.definitions.len(),
        )
    };
    assert_eq!(counts(&alexnet), (2, 16, 15, 13));
    assert_eq!(counts(&resnet), (2, 10, 9, 10));
}

#[test]
fn json_has_every_key() {
    let document = Document::parse("a | b\n-|-\nx [4] | 1.5\n[4] results/m/f/t");
    let value = serde_json::to_value(&document).expect("serialisable");
    let cell = serde_json::json!({
        "line": 3, "column": 9, "header": "b", "text": "1.5", "value": 1.5, "decimals": 1,
        "spread": null, "n": null, "bold": false, "flags": []
    });
    let expected = serde_json::json!({
        "tables": [{ "line": 1, "section": [], "header": ["a", "b"], "rows": [
            { "line": 3, "label": "x", "marks": ["4"], "cells": [cell] }
        ] }],
        "definitions": [{ "line": 4, "column": 1, "mark": "4", "text": "results/m/f/t", "kind": "path",
            "paths": ["results/m/f/t"], "records": [] }],
        "records": [], "comments": [], "unparsed": []
    });
    assert_eq!(value, expected);
}

/// Labels and cell texts of every table.
fn grid(text: &str) -> Vec<Vec<Vec<String>>> {
    let rows = |table: &Table| {
        table
            .rows
            .iter()
            .map(|row| {
                let mut cells = vec![row.label.clone()];
                cells.extend(row.cells.iter().map(|cell| cell.text.clone()));
                cells
            })
            .collect()
    };
    Document::parse(text).tables.iter().map(rows).collect()
}

#[test]
fn outer_pipes_are_no_cells() {
    let expected = vec![vec![vec!["x".to_owned(), "1".into(), String::new()]]];
    for text in [
        "a | b | c\n--|--|--\nx | 1 | ",
        "| a | b | c |\n|:--|--:|:-:|\n| x | 1 | |",
        "a | b | c\n ---- |----|   -\n| x | 1 | |",
        "\u{3000}a | b | c\r\n--|--|--\r\nx | 1 |\u{3000}\r\n",
    ] {
        assert_eq!(grid(text), expected, "{text}");
    }
}

#[test]
fn ragged_rows_dividers_and_later_headers() {
    let text = "model | A | B\n---|---|---\nx [3] | \n---|---|---\ny | 1 | 2 | 3\nmodel | C\nz | 4\n\nw | 5\n";
    let document = Document::parse(text);
    assert_eq!(document.tables.len(), 3);
    let [first, second, third] = &document.tables[..] else {
        unreachable!("three tables")
    };
    assert_eq!(first.dividers, [4]);
    assert_eq!(first.rows[0].cells.len(), 1);
    let headers: Vec<_> = first.rows[1]
        .cells
        .iter()
        .map(|cell| cell.header.as_deref())
        .collect();
    assert_eq!(headers, [Some("A"), Some("B"), None]);
    assert_eq!(
        (second.line, second.rows[0].cells[0].header.as_deref()),
        (6, Some("C"))
    );
    assert_eq!((third.line, third.header.as_ref()), (9, None));
}

#[test]
fn labels_end_in_marks() {
    let text = "m | A\n-|-\na [4][5] | 1\nb  [4] [5] | 1\nc[3] | 1\nd [ ] | 1\ne [] | 1\nf [^run-1] | 1\ng [4, 5] | 1\nl [4](results/m/f/t/run.json) [5](b/c) | 1\nh \\[4] | 1";
    let document = Document::parse(text);
    let rows: Vec<_> = document.tables[0]
        .rows
        .iter()
        .map(|row| (row.label.as_str(), marks(row)))
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = vec![
        ("a", vec!["4", "5"]),
        ("b", vec!["4", "5"]),
        ("c", vec!["3"]),
        ("d", vec![""]),
        ("e", vec![""]),
        ("f", vec!["^run-1"]),
        ("g", vec!["4", "5"]),
        ("l", vec!["4", "5"]),
        ("h [4]", vec![]),
    ];
    assert_eq!(rows, expected);
    assert_eq!(document.tables[0].rows[0].marks[1].column, 6);
    let link = &document.tables[0].rows[7].marks[0];
    assert_eq!(
        (link.column, link.target.as_deref()),
        (3, Some("results/m/f/t/run.json"))
    );
}

#[test]
fn definitions_of_every_kind() {
    let cases: [(&str, &str, &[&str], usize); 19] = [
        ("[1] results/m/f/t", "path", &["results/m/f/t"], 0),
        (
            "[1] data source: \"results/m/f/t\"  ",
            "path",
            &["results/m/f/t"],
            0,
        ),
        (
            "[1] data source: \"results/m/f/t\", \"results/m/f/u\"",
            "path",
            &["results/m/f/t", "results/m/f/u"],
            0,
        ),
        ("[1] Namespace(a=1, b='x;y')", "record", &[], 1),
        ("[1] hyper-parameters: Namespace(a=1)", "record", &[], 1),
        (
            "[1] results/m/f/t; Namespace(a=1)",
            "path+record",
            &["results/m/f/t"],
            1,
        ),
        (
            "[1] Namespace(a=1);results/m/f/t",
            "path+record",
            &["results/m/f/t"],
            1,
        ),
        ("[1] Namespace(a=1,\n  b=[1, 2])", "record", &[], 1),
        (
            "[1] ResNet-18-model, train_valid_2, it's",
            "narrative",
            &[],
            0,
        ),
        (
            "[1] IMDB + WIKI, 153004 for train and 8829 for test",
            "narrative",
            &[],
            0,
        ),
        ("[1]. SSR-Net: a compact network", "bibliographic", &[], 0),
        ("[1] {\"a\": true, \"b\": null}", "record", &[], 1),
        ("[1] {'a': True, 'b': None}", "record", &[], 1),
        ("[1] quoted: doi:10.1000/1", "quoted", &[], 0),
        ("[31] ", "empty", &[], 0),
        (
            "[^a]: [run.json](results/m/f/t/run.json)",
            "path",
            &["results/m/f/t/run.json"],
            0,
        ),
        (
            "[1] /home/x/results/m/f/t",
            "path",
            &["/home/x/results/m/f/t"],
            0,
        ),
        (
            "[1] 2019-03-24-12-56-49--Age_Gender--IMDB_WIKI",
            "path",
            &["2019-03-24-12-56-49--Age_Gender--IMDB_WIKI"],
            0,
        ),
        ("[1] see https://example.org/a", "bibliographic", &[], 0),
    ];
    for (text, kind, paths, n_records) in cases {
        let document = Document::parse(text);
        assert_eq!(document.definitions.len(), 1, "{text}");
        let found = &document.definitions[0];
        assert_eq!(
            (found.kind.as_str(), found.records.len()),
            (kind, n_records),
            "{text}"
        );
        assert_eq!(found.paths, paths, "{text}");
    }
}

#[test]
fn a_broken_record_has_its_place() {
    let document = Document::parse("\n[2] hyper-parameters: Namespace(a=<object>)");
    let definition = &document.definitions[0];
    assert_eq!(
        (definition.kind, definition.broken.len()),
        (Kind::Record, 1)
    );
    assert_eq!(
        (definition.broken[0].line, definition.broken[0].column),
        (2, 35)
    );
}

#[test]
fn code_and_comments_hold_no_tables() {
    for text in [
        "```\na | b\n-|-\nx | 1\n```",
        "~~~ md\na | b\n-|-\nx | 1",
        "<!--\na | b\n-|-\nx | 1\n-->",
        "use `a | b | 12` here",
        "| a b | c |",
    ] {
        assert_eq!(Document::parse(text).tables, [], "{text}");
    }
    let document = Document::parse("<!-- a --> x <!-- b\nc --> \n<!-- open\nm | A\n-|-\ny | 1");
    let comments: Vec<_> = document
        .comments
        .iter()
        .map(|c| (c.line, c.column, c.text.as_str()))
        .collect();
    assert_eq!(comments, [(1, 1, "a"), (1, 14, "b\nc")]);
    assert_eq!(document.tables.len(), 1);
    assert_eq!(document.unparsed[0].text, "<!-- open");
}

#[test]
fn what_is_not_understood_is_kept() {
    let document =
        Document::parse("[25.03.2019 12:00] loss 0.5\nthis | or that\n-  [ ] check\n[a](b) link");
    let kept: Vec<_> = document
        .unparsed
        .iter()
        .map(|u| (u.line, u.column, u.text.as_str()))
        .collect();
    assert_eq!(
        kept,
        [
            (1, 1, "[25.03.2019 12:00] loss 0.5"),
            (2, 1, "this | or that")
        ]
    );
}

#[test]
fn numbers_may_have_marks() {
    let document =
        Document::parse("model|A|B\n-|-|-\nm [1]|82.5 [2][^x]|84 ± 1 [3](results/a/run.json)\n");
    let row = &document.tables[0].rows[0];
    let all: Vec<&str> = row.all_marks().map(|mark| mark.text.as_str()).collect();
    assert_eq!(all, ["1", "2", "^x", "3"]);
    let first = &row.cells[0];
    assert_eq!(
        (first.value, first.text.as_str(), &first.flags[..]),
        (Some(82.5), "82.5 [2][^x]", &["marked"][..])
    );
    assert_eq!(
        (first.column, first.end_column, first.marks[1].column),
        (7, 11, 15)
    );
    assert_eq!(row.cells[1].spread, Some(1.0));
    assert_eq!(
        row.cells[1].marks[0].target.as_deref(),
        Some("results/a/run.json")
    );
}

#[test]
fn a_byte_order_mark_and_empty_comments_hide_nothing() {
    let document = Document::parse("\u{feff}# A\n<!-->\nm|a\n-|-\nx [1]|1\n-->\n");
    assert_eq!(document.headings[0].path, ["A"]);
    assert_eq!(document.numeric_cells().count(), 1);
    let comment = &document.comments[0];
    assert_eq!(
        (comment.line, comment.column, comment.text.as_str()),
        (2, 1, "")
    );
}

#[test]
fn a_mark_of_another_table_is_not_borrowed() {
    let text = "## a\nm | A\n-|-\nx [1][2] | 1\n\n[1] results/a/b/c\n\n## b\nm | A\n-|-\ny [1][2] | 1\n\n[1] results/a/b/d\n[2] Namespace(a=1)\n";
    let document = Document::parse(text);
    assert_eq!(
        document.resolve(&document.tables[0], "2"),
        Resolved::Missing
    );
    let shared =
        "m | A\n-|-\nx [1] | 1\n\nm | A\n-|-\ny [2] | 1\n\n[1] a/b/c\n[2] a/b/d\n[2] a/b/e\n";
    let document = Document::parse(shared);
    assert!(matches!(
        document.resolve(&document.tables[0], "1"),
        Resolved::One(_)
    ));
    assert!(
        matches!(document.resolve(&document.tables[1], "2"), Resolved::Ambiguous(d) if d.len() == 2)
    );
}
