//! T1 to T10, the cells, the headers and the labels of the grammar.

use super::shape::{assert_shapes, cell_text};
use crate::document::*;

#[test]
fn pipes_padding_and_separators() {
    assert_shapes(&[
        // T1: no outer pipes, padding, trailing blanks.
        (
            "model      | Gender(%)(Chalearn_2016) | Age MAE (ChaLearn_2016)   \n---------- |------------------------- | ---\nM-Gender_Age [4][5]          |   82.5                   |   6.7             \nM-Gender [1][2] |   77.8                   |     ",
            r#"
            1-4 table: model@1-6 | Gender(%)(Chalearn_2016)@14-38 | Age MAE (ChaLearn_2016)@41-64 ; 2:1-44 3 dashes
            3:-64 M-Gender_Age@1-13 [4]@14-17 [5]@17-20 | 82.5@34-38=82.5/1 | 6.7@61-64=6.7/1
            4:-45 M-Gender@1-9 [1]@10-13 [2]@13-16 | 77.8@21-25=77.8/1 | @45-45
"#,
        ),
        (
            "m|A\n-|-\nx|1",
            r#"
            1-3 table: m@1-2 | A@3-4 ; 2:1-4 2 dashes
            3:-4 x@1-2 | 1@3-4=1/0
"#,
        ),
        // T2: dashes of any length, with and without blanks, colons.
        (
            "m | A | B\n-|----|   -\nx | 1 | 2\n",
            r#"
            1-3 table: m@1-2 | A@5-6 | B@9-10 ; 2:1-12 3 dashes
            3:-10 x@1-2 | 1@5-6=1/0 | 2@9-10=2/0
"#,
        ),
        (
            "| m | A | B |\n|:--|--:|:-:|\n| x | 1 | 2 |\n",
            r#"
            1-3 table: m@3-4 | A@7-8 | B@11-12 ; 2:1-14 3 dashes
            3:-14 x@3-4 | 1@7-8=1/0 | 2@11-12=2/0
"#,
        ),
        (
            "m | A\n----- |----\r\nx | 1\r\n",
            r#"
            1-3 table: m@1-2 | A@5-6 ; 2:1-12 2 dashes
            3:-6 x@1-2 | 1@5-6=1/0
"#,
        ),
        // A corner cell may be empty.
        (
            "         | A | B\n---------|---|---\nx        | 1 | 2",
            r#"
            1-3 table: @1-1 | A@12-13 | B@16-17 ; 2:1-18 3 dashes
            3:-17 x@1-2 | 1@12-13=1/0 | 2@16-17=2/0
"#,
        ),
    ]);
}

#[test]
fn ragged_rows() {
    assert_shapes(&[
        // T3: shorter and longer than the header.
        (
            "model | A | B\n---|---|---\nSSR-Net[3] | \nx | 1 | 2 | 3",
            r#"
            1-4 table: model@1-6 | A@9-10 | B@13-14 ; 2:1-12 3 dashes
            3:-13 SSR-Net@1-8 [3]@8-11 | @13-13
            4:-14 x@1-2 | 1@5-6=1/0 | 2@9-10=2/0 | 3@13-14=3/0 outside
"#,
        ),
        (
            "m | A | B | C | D | E\n-|-|-|-|-|-\nResNet-50-Gender |   ",
            r#"
            1-3 table: m@1-2 | A@5-6 | B@9-10 | C@13-14 | D@17-18 | E@21-22 ; 2:1-12 6 dashes
            3:-19 ResNet-50-Gender@1-17 | @19-19
"#,
        ),
        // T9: no end of line, and no end of the table.
        (
            "m | A\n-|-\nx |",
            r#"
            1-3 table: m@1-2 | A@5-6 ; 2:1-4 2 dashes
            3:-4 x@1-2 | @4-4
"#,
        ),
        // T7: no rows.
        (
            "m | A\n-|-\n\ntext",
            "1-2 table: m@1-2 | A@5-6 ; 2:1-4 2 dashes",
        ),
    ]);
}

#[test]
fn dividers_and_rows_after_a_blank_line() {
    assert_shapes(&[
        // T4: a separator inside the body, and after a blank line.
        (
            "m | A\n---|---\nx | 1\n---|---\ny | 2\n\n---|---\nz | 3",
            r#"
            1-5 table: m@1-2 | A@5-6 ; 2:1-8 2 dashes ; 4:1-8 2 dashes divider
            3:-6 x@1-2 | 1@5-6=1/0
            5:-6 y@1-2 | 2@5-6=2/0
            7-8 table: no header ; 7:1-8 2 dashes divider ; continues
            8:-6 z@1-2 | 3@5-6=3/0 outside
"#,
        ),
        (
            "m | A\n---|---\nx | 1\n\n---|---\n",
            r#"
            1-3 table: m@1-2 | A@5-6 ; 2:1-8 2 dashes
            3:-6 x@1-2 | 1@5-6=1/0
            5:1 unparsed ---|---
"#,
        ),
        // A separator above the header.
        (
            "---|---\nm | A\n---|---\nx | 1",
            r#"
            2-4 table: m@1-2 | A@5-6 ; 1:1-8 2 dashes ; 3:1-8 2 dashes
            4:-6 x@1-2 | 1@5-6=1/0
"#,
        ),
        // T5: rows after a blank line, the first cell possibly empty, a row of blanks only.
        (
            "m      | A    | B\n-------|------|-----\nx      | 1    | 2\n\n       | 11.4 |\n       |      | \n\ny [3]  |      | 2",
            r#"
            1-3 table: m@1-2 | A@10-11 | B@17-18 ; 2:1-21 3 dashes
            3:-18 x@1-2 | 1@10-11=1/0 | 2@17-18=2/0
            5-6 table: no header ; continues
            5:-16 @1-1 | 11.4@10-14=11.4/1 outside | @16-16 outside
            6:-16 @1-1 | @9-9 outside | @16-16 outside
            8-8 table: no header ; continues
            8:-18 y@1-2 [3]@3-6 | @9-9 outside | 2@17-18=2/0 outside
"#,
        ),
        // Without a table above, an indent wider than markdown's is an empty cell.
        (
            "     | 11.4",
            r#"
            1-1 table: no header
            1:-12 @1-1 | 11.4@8-12=11.4/1 outside
"#,
        ),
        (
            "| x | 11.4 |",
            r#"
            1-1 table: no header
            1:-13 x@3-4 | 11.4@7-11=11.4/1 outside
"#,
        ),
        // T8: two tables parted by one blank line.
        (
            "m | A\n-|-\nx | 1\n\nm | B\n-|-\ny | 2",
            r#"
            1-3 table: m@1-2 | A@5-6 ; 2:1-4 2 dashes
            3:-6 x@1-2 | 1@5-6=1/0
            5-7 table: m@1-2 | B@5-6 ; 6:1-4 2 dashes
            7:-6 y@1-2 | 2@5-6=2/0
"#,
        ),
    ]);
}

#[test]
fn second_headers_and_foreign_text() {
    assert_shapes(&[
        // T6: a second header in the body, with and without a separator, shorter than the first.
        (
            "model | A | B\n---|---|---\nx | 1 | 2\nmodel | Age MAE (ChaLearn_2016) | \ny | 3",
            r#"
            1-3 table: model@1-6 | A@9-10 | B@13-14 ; 2:1-12 3 dashes
            3:-10 x@1-2 | 1@5-6=1/0 | 2@9-10=2/0
            4-5 table: model@1-6 | Age MAE (ChaLearn_2016)@9-32 ; glued
            5:-6 y@1-2 | 3@5-6=3/0
"#,
        ),
        (
            "model | A\n---|---\nx | 1\nmodel | 2019\n---|---\ny | 3",
            r#"
            1-3 table: model@1-6 | A@9-10 ; 2:1-8 2 dashes
            3:-6 x@1-2 | 1@5-6=1/0
            4-6 table: model@1-6 | 2019@9-13 ; 5:1-8 2 dashes ; glued
            6:-6 y@1-2 | 3@5-6=3/0
"#,
        ),
        (
            "model | A\n---|---\nx | 1\nnet | loss\n---|---\ny | 3",
            r#"
            1-3 table: model@1-6 | A@9-10 ; 2:1-8 2 dashes
            3:-6 x@1-2 | 1@5-6=1/0
            4-6 table: net@1-4 | loss@7-11 ; 5:1-8 2 dashes ; glued
            6:-6 y@1-2 | 3@5-6=3/0
"#,
        ),
        // Glued text stays in the cell, and the cell says so.
        (
            "model | initial lr # common\n---|---\nx | 0.1",
            r#"
            1-3 table: model@1-6 | initial lr # common@9-28 ; 2:1-8 2 dashes
            3:-8 x@1-2 | 0.1@5-8=0.1/1
"#,
        ),
        // A heading ends a table; its rows are not lost.
        (
            "m | A\n-|-\nx | 1\n# common\ny | 2",
            r#"
            4:3-9 heading 1 common
            1-3 table: m@1-2 | A@5-6 ; 2:1-4 2 dashes
            3:-6 x@1-2 | 1@5-6=1/0
            5-5 table: no header
            5:-6 y@1-2 | 2@5-6=2/0 outside
"#,
        ),
        // T10: columns that are no metrics, in the middle.
        (
            "m | weight | initial lr | learning method | Acc\n-|-|-|-|-\nx | 1, 0.1, 1 | 0.01 | fine tune | 84.0",
            r#"
            1-3 table: m@1-2 | weight@5-11 | initial lr@14-24 | learning method@27-42 | Acc@45-48 ; 2:1-10 5 dashes
            3:-40 x@1-2 | 1, 0.1, 1@5-14 list | 0.01@17-21=0.01/2 | fine tune@24-33 | 84.0@36-40=84/1
"#,
        ),
    ]);
    let document = Document::parse("model | initial lr # common\n---|---\nx | 0.1");
    let header = document.tables[0].header.as_ref().expect("a header");
    let parts = header[1].parts();
    assert_eq!(
        (parts.words, parts.foreign),
        (vec!["initial", "lr"], Some("# common"))
    );
}

/// A header with its words, unit and data set.
type HeaderCase = (
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
    Option<&'static str>,
);

#[test]
fn headers_of_every_spelling() {
    let cases: [HeaderCase; 14] = [
        (
            "Gender(%)(Chalearn_2016)",
            &["Gender"],
            Some("%"),
            Some("Chalearn_2016"),
        ),
        (
            "Emotion Acc(%)(FER_2013)",
            &["Emotion", "Acc"],
            Some("%"),
            Some("FER_2013"),
        ),
        ("Age Acc(%)", &["Age", "Acc"], Some("%"), None),
        (
            "Age MAE (ChaLearn_2016)",
            &["Age", "MAE"],
            None,
            Some("ChaLearn_2016"),
        ),
        (
            "Age Acc(IMDB-WIKI)",
            &["Age", "Acc"],
            None,
            Some("IMDB-WIKI"),
        ),
        ("Gender Acc (%)", &["Gender", "Acc"], Some("%"), None),
        ("Age  MAE", &["Age", "MAE"], None, None),
        ("Gender(%)", &["Gender"], Some("%"), None),
        (
            "Gender(%)(IMDB_WIKI)",
            &["Gender"],
            Some("%"),
            Some("IMDB_WIKI"),
        ),
        (
            "Gender Acc (%) [ChaLearn-2016 val]",
            &["Gender", "Acc"],
            Some("%"),
            Some("ChaLearn-2016 val"),
        ),
        ("Time (s)", &["Time"], Some("s"), None),
        ("Age MAE(FER_2013", &["Age", "MAE"], None, Some("FER_2013")),
        ("# params", &["#", "params"], None, None),
        ("", &[], None, None),
    ];
    for (text, words, unit, data) in cases {
        let document = Document::parse(&format!("model | {text} | z\n-|-|-\nx | 1 | 2"));
        let cell = &document.tables[0].header.as_ref().expect("a header")[1];
        let parts = cell.parts();
        assert_eq!(
            (&parts.words[..], parts.unit, parts.data, parts.foreign),
            (words, unit, data, None),
            "{text}"
        );
        assert_eq!(
            (cell.text.as_str(), cell.column),
            (text, if text.is_empty() { 8 } else { 9 })
        );
        assert_eq!(
            document.tables[0].rows[0].cells[0].header.as_deref(),
            Some(text)
        );
    }
}

#[test]
fn labels_and_their_marks() {
    assert_shapes(&[(
        "m | A\n-|-\nName [4][5] | 1\nName [1] | 1\nName  [5] | 1\nName[3][4] | 1\nName [ ] | 1\nName [] | 1\nName-Age-100-class-10-classes-crossentropy-gaussian-loss | 1\nName-Gender_Smile_Emotion_Age | 1\nName_No_IMDB_WIKI_pretrained [^a] | 1\nName [1, 2] | 1\nName [1](a/b) | 1\nx[0] | 1\nName \\[1] | 1\né [1] | 1",
        r#"
            1-16 table: m@1-2 | A@5-6 ; 2:1-4 2 dashes
            3:-16 Name@1-5 [4]@6-9 [5]@9-12 | 1@15-16=1/0
            4:-13 Name@1-5 [1]@6-9 | 1@12-13=1/0
            5:-14 Name@1-5 [5]@7-10 | 1@13-14=1/0
            6:-15 Name@1-5 [3]@5-8 [4]@8-11 | 1@14-15=1/0
            7:-13 Name@1-5 []@6-9 | 1@12-13=1/0
            8:-12 Name@1-5 []@6-8 | 1@11-12=1/0
            9:-61 Name-Age-100-class-10-classes-crossentropy-gaussian-loss@1-57 | 1@60-61=1/0
            10:-34 Name-Gender_Smile_Emotion_Age@1-30 | 1@33-34=1/0
            11:-38 Name_No_IMDB_WIKI_pretrained@1-29 [^a]@30-34 | 1@37-38=1/0
            12:-16 Name@1-5 [1]@6-12 [2]@6-12 | 1@15-16=1/0
            13:-18 Name@1-5 [1](a/b)@6-14 | 1@17-18=1/0
            14:-9 x@1-2 [0]@2-5 | 1@8-9=1/0
            15:-14 Name [1]@1-10 | 1@13-14=1/0
            16:-10 é@1-2 [1]@3-6 | 1@9-10=1/0
"#,
    )]);
}

#[test]
fn cells_of_every_form() {
    // Each between a label and a further cell, so that columns count; the cell begins at column 5.
    let cases = [
        ("", "@4-4"),
        ("15", "15@5-7=15/0"),
        ("82.5", "82.5@5-9=82.5/1"),
        ("6.77", "6.77@5-9=6.77/2"),
        ("12.487", "12.487@5-11=12.487/3"),
        (
            "12.48786091804504",
            "12.48786091804504@5-22=12.48786091804504/14",
        ),
        ("xx", "xx@5-7 placeholder"),
        ("xxx", "xxx@5-8 placeholder"),
        ("1, 1, 1, 1", "1, 1, 1, 1@5-15 list"),
        (
            "_gender_0_age_1_IMDB_WIKI",
            "_gender_0_age_1_IMDB_WIKI@5-30",
        ),
        ("fine tune", "fine tune@5-14"),
        ("82.5%", "82.5%@5-10=82.5/1 percent"),
        ("82.5 %", "82.5 %@5-11=82.5/1 percent"),
        ("82.5 ± 0.4", "82.5 ± 0.4@5-15=82.5/1~0.4"),
        ("82.5±0.4 (5)", "82.5±0.4 (5)@5-17=82.5/1~0.4#5"),
        ("82.5 (0.4)", "82.5 (0.4)@5-15=82.5/1~0.4"),
        (
            "82.5 ± 0.4 (SD, n=5 seeds)",
            "82.5 ± 0.4 (SD, n=5 seeds)@5-31=82.5/1~0.4#5",
        ),
        ("**82.5**", "**82.5**@5-13=82.5/1 bold"),
        ("**82.5** ± 0.4", "**82.5** ± 0.4@5-19=82.5/1~0.4 bold"),
        ("<u>82.5</u>", "<u>82.5</u>@5-16=82.5/1 underline"),
        ("~82.5~", "~82.5~@5-11=82.5/1 struck"),
        ("~~82.5~~", "~~82.5~~@5-13=82.5/1 struck"),
        ("–", "–@5-6 placeholder"),
        ("n/a", "n/a@5-8 placeholder"),
        ("?", "?@5-6 placeholder"),
        ("TBD", "TBD@5-8 placeholder"),
        ("TODO", "TODO@5-9 placeholder"),
        ("FIXME", "FIXME@5-10 placeholder"),
        ("1,234.5", "1,234.5@5-12=1234.5/1 thousands"),
        ("1e-3", "1e-3@5-9=0.001/3"),
        ("1e-06", "1e-06@5-10=0.000001/6"),
        (".5", ".5@5-7=0.5/1"),
        ("82,5", "82,5@5-9=82.5/1 decimal-comma"),
        ("82.5†", "82.5†@5-10=82.5/1 marker"),
        ("82.5 *", "82.5 *@5-11=82.5/1 marker"),
        (
            "82.5 [2][^x]",
            "82.5 [2][^x]@5-9=82.5/1 marked [2]@10-13 [^x]@13-17",
        ),
        ("−3.5", "−3.5@5-9=-3.5/1"),
        ("８２．５％", "８２．５％@5-10=82.5/1 full-width+percent"),
        ("\u{a0}82.5\u{a0}", "82.5@6-10=82.5/1 no-break-space"),
        ("\u{3000}82.5", "82.5@6-10=82.5/1 ideographic-space"),
        ("\u{200b}82.5\u{feff}", "82.5@6-10=82.5/1 zero-width"),
        ("8\u{200b}2.5", "8\u{200b}2.5@5-10=82.5/1 zero-width"),
        ("a \\| b", "a | b@5-11"),
        ("`82.5`", "`82.5`@5-11=82.5/1 code"),
        ("$82.5$", "$82.5$@5-11=82.5/1 math"),
    ];
    for (text, expected) in cases {
        let document = Document::parse(&format!("m | A | B\n-|-|-\nx | {text} | 2"));
        let row = &document.tables[0].rows[0];
        assert_eq!(row.cells.len(), 2, "{text}");
        assert_eq!(cell_text(&row.cells[0]), expected, "{text}");
    }
    // An ideographic space alone leaves the cell empty and is remembered.
    let document = Document::parse("m | A\n-|-\nx |   \u{3000}\u{3000} | ");
    let cell = &document.tables[0].rows[0].cells[0];
    assert_eq!(
        (cell.text.as_str(), &cell.flags[..]),
        ("", &["ideographic-space"][..])
    );
    let odd: Vec<_> = document
        .odd_characters
        .iter()
        .map(|odd| (odd.line, odd.column, odd.character, odd.name))
        .collect();
    assert_eq!(
        odd,
        [
            (3, 7, '\u{3000}', "ideographic-space"),
            (3, 8, '\u{3000}', "ideographic-space")
        ]
    );
}

#[test]
fn a_fence_that_is_never_closed_is_not_understood() {
    let table = "m | A\n--- | ---\nx | 1\n";
    let found = |text: &str| -> Vec<(usize, usize, String)> {
        let unparsed = Document::parse(text).unparsed.into_iter();
        let places = unparsed.map(|found| (found.line, found.column, found.text));
        places.collect()
    };
    let text = format!("{table}\n  ```text\n## b\n\n{table}");
    let document = Document::parse(&text);
    assert_eq!(document.tables.len(), 1);
    assert_eq!(found(&text), [(5, 3, "```text".to_owned())]);
    assert_eq!(
        found(&format!("~~~\n```\n{table}")),
        [(1, 1, "~~~".to_owned())]
    );
    // One that is closed is code, and one at the end hides nothing.
    assert_eq!(found(&format!("{text}```\n")), []);
    assert_eq!(found(&format!("{table}\n```\n\n")), []);
}
