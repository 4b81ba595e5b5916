//! Definitions of the grammar, and the scope of their numbers.

use super::shape::assert_shapes;
use crate::document::*;

#[test]
fn definitions_of_every_form() {
    assert_shapes(&[
        (
            "[1] results/m/f_d/t; Namespace(a=1)",
            r#"
            1:1-36 [1] path+record to 1 under none
            1:5-20 path results/m/f_d/t
            1:22 record Namespace
            1:32-35 a = 1
"#,
        ),
        (
            "[1] results/m/f_d/t",
            r#"
            1:1-20 [1] path to 1 under none
            1:5-20 path results/m/f_d/t
"#,
        ),
        (
            "[1] Namespace(a=1); results/m/f_d/t",
            r#"
            1:1-36 [1] path+record to 1 under none
            1:21-36 path results/m/f_d/t
            1:5 record Namespace
            1:15-18 a = 1
"#,
        ),
        (
            "[1] Namespace(a=1)",
            r#"
            1:1-19 [1] record to 1 under none
            1:5 record Namespace
            1:15-18 a = 1
"#,
        ),
        (
            "[1] Namespace(a=1);results/m/f_d/t",
            r#"
            1:1-35 [1] path+record to 1 under none
            1:20-35 path results/m/f_d/t
            1:5 record Namespace
            1:15-18 a = 1
"#,
        ),
        (
            "[1] data source: \"results/m/f_d/t\"  ",
            r#"
            1:1-35 [1] path to 1 under none
            1:19-34 path results/m/f_d/t
"#,
        ),
        (
            "[1] data source: \"results/m/f_d/t\", \"results/m/f_d/u\"",
            r#"
            1:1-54 [1] path to 1 under none
            1:19-34 path results/m/f_d/t
            1:38-53 path results/m/f_d/u
"#,
        ),
        (
            "[1] hyper-parameters: Namespace(a=1)",
            r#"
            1:1-37 [1] record to 1 under none
            1:23 record Namespace
            1:33-36 a = 1
"#,
        ),
        (
            "[1] ResNet-18-model, train_valid_2, it's (the best",
            "1:1-51 [1] narrative to 1 under none",
        ),
        (
            "[1]. SSR-Net: A Compact Soft Stagewise Regression Network",
            "1:1-58 [1] bibliographic to 1 under none",
        ),
        (
            "[1] IMDB + WIKI, 153004 for train and 8829 for test",
            "1:1-52 [1] narrative to 1 under none",
        ),
        ("[31] ", "1:1-5 [31] empty to 1 under none"),
        (
            "[1] quoted: doi:10.1000/1",
            "1:1-26 [1] quoted to 1 under none",
        ),
        (
            "[^a]: [run.json](results/m/f_d/t/run.json)",
            r#"
            1:1-43 [^a] path to 1 under none
            1:18-42 path results/m/f_d/t/run.json
"#,
        ),
        // Among other words.
        (
            "[1] best of three in results/m/f_d/t, Namespace(a=1) there",
            r#"
            1:1-59 [1] path+record to 1 under none
            1:22-37 path results/m/f_d/t
            1:39 record Namespace
            1:49-52 a = 1
"#,
        ),
    ]);
}

#[test]
fn definitions_end_where_others_begin() {
    assert_shapes(&[
        // In one paragraph with hard breaks, and parted by a blank line; the text goes on in the next line.
        (
            "[1] a/b/c  \n[2] Namespace(a=1)  \n\n[3] words\nand more\n[4] x",
            r#"
            1:1-10 [1] path to 1 under none
            1:5-10 path a/b/c
            2:1-19 [2] record to 2 under none
            2:5 record Namespace
            2:15-18 a = 1
            4:1-10 [3] narrative to 5 under none
            6:1-6 [4] narrative to 6 under none
"#,
        ),
        // Before the table, and right below it.
        (
            "[1] a/b/c\nm | A\n-|-\nx [1] | 1\n[2] a/b/d",
            r#"
            2-4 table: m@1-2 | A@5-6 ; 3:1-4 2 dashes
            4:-10 x@1-2 [1]@3-6 | 1@9-10=1/0
            1:1-10 [1] path to 1 under none
            1:5-10 path a/b/c
            5:1-10 [2] path to 5 under none
            5:5-10 path a/b/d
"#,
        ),
        // A record that is never closed hides nothing.
        (
            "[1] Namespace(a=1,\nm | A\n-|-\nx [1] | 1\n\n",
            r#"
            2-4 table: m@1-2 | A@5-6 ; 3:1-4 2 dashes
            4:-10 x@1-2 [1]@3-6 | 1@9-10=1/0
            1:1-19 [1] record to 1 under none
            1:19 broken: the text ends, expected `key=value`
"#,
        ),
        (
            "[1] Namespace(a=[1,\nx | 82.5\n[2] a/b/c",
            r#"
            2-2 table: no header
            2:-9 x@1-2 | 82.5@5-9=82.5/1 outside
            1:1-20 [1] record to 1 under none
            1:20 broken: the text ends, expected a Python literal
            3:1-10 [2] path to 3 under none
            3:5-10 path a/b/c
"#,
        ),
        (
            "[1] Namespace(a='|',\n  b='x|y')\n",
            r#"
            1:1-21 [1] record to 2 under none
            1:5 record Namespace
            1:15-20 a = "|"
            2:3-10 b = "x|y"
"#,
        ),
        // Log lines and task boxes are no definitions.
        (
            "[25.03.2019 12:00:01] epoch 3, loss 0.5",
            "1:1 unparsed [25.03.2019 12:00:01] epoch 3, loss 0.5",
        ),
        ("[ ] check", "1:1 unparsed [ ] check"),
        ("-  [ ] check the labels", ""),
        ("[a](b) link", ""),
    ]);
}

#[test]
fn headings_of_the_definitions() {
    assert_shapes(&[(
        "# A\n### reference \n[1] x\n## reference ##\n### referecne\n### notes\n[references]\n[1] y\n[references]\n\nB\n===\n[ notes ]",
        r#"
            1:3-4 heading 1 A
            2:5-14 heading 3 A > reference
            4:4-13 heading 2 A > reference
            5:5-14 heading 3 A > reference > referecne
            6:5-10 heading 3 A > reference > notes
            7:2-12 heading 4 A > reference > notes > references
            9:2-12 heading 4 A > reference > notes > references
            11:1-2 heading 1 B
            13:3-8 heading 2 B > notes
            3:1-6 [1] narrative to 3 under 1
            8:1-6 [1] narrative to 8 under 5
"#,
    )]);
}

/// Lines of what the marks of the labels mean; 0 for none, negative for several.
fn meant(text: &str) -> Vec<i64> {
    let document = Document::parse(text);
    let mut lines = Vec::new();
    for table in &document.tables {
        for mark in table.rows.iter().flat_map(Row::all_marks) {
            lines.push(match document.resolve(table, &mark.text) {
                Resolved::Missing => 0,
                Resolved::One(definition) => i64::try_from(definition.line).expect("few lines"),
                Resolved::Ambiguous(several) => -i64::try_from(several.len()).expect("few"),
            });
        }
    }
    lines
}

#[test]
fn numbers_mean_definitions_in_scope() {
    let table = |marks: &str| format!("m | A\n-|-\nx {marks} | 1\n\n");
    let per_section = format!(
        "## a\n{}### reference\n[1] a/b/c\n\n## b\n{}### notes\n[1] a/b/d\n",
        table("[1]"),
        table("[1]")
    );
    assert_eq!(meant(&per_section), [7, 15]);
    // Running over sections, with odd numbers only.
    let running = format!(
        "## a\n{}[1] a/b/c\n[21] a/b/d\n\n## b\n{}[3] a/b/e\n[5] a/b/f\n",
        table("[1][21]"),
        table("[3][5][1]")
    );
    assert_eq!(meant(&running), [6, 7, 14, 15, 0]);
    // All at the end, or all at the beginning.
    let at_end = format!(
        "## a\n{}## b\n{}## reference\n[1] a/b/c\n[2] a/b/d\n",
        table("[1]"),
        table("[2]")
    );
    assert_eq!(meant(&at_end), [12, 13]);
    let first = format!("[1] a/b/c\n\n[2] a/b/d\n\n# a\n{}", table("[1][2]"));
    assert_eq!(meant(&first), [1, 3]);
    // Pairs of path and record; the same number twice in one scope.
    let twice = format!(
        "{}[1] a/b/c\n[2] Namespace(a=1)\n[2] Namespace(a=2)\n",
        table("[1][2]")
    );
    assert_eq!(meant(&twice), [5, -2]);
    let equal = format!("{}[2] Namespace(a=1)\n[2] Namespace(a=1)\n", table("[2]"));
    assert_eq!(meant(&equal), [5]);
}
