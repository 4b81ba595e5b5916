//! A violating and a clean text for each form of each rule, and the original document.

use std::path::Path;

use crate::audit::finding::{Finding, Severity};
use crate::audit::{Inputs, Settings, Verification, verify};
use crate::report::spec::TableSpec;
use crate::source::Source;

fn verified(text: &str, specs: &[TableSpec]) -> Verification {
    verify(&Inputs {
        specs,
        ..Inputs::alone("RESULTS.md", text, &Settings::default())
    })
}

fn of_rule(text: &str, rule: &str) -> Vec<Finding> {
    let findings = verified(text, &[]).findings.into_iter();
    findings.filter(|finding| finding.rule == rule).collect()
}

type Seen = (usize, usize, Severity, String);

/// Line, column, severity and message of every finding of a rule.
fn seen(text: &str, rule: &str) -> Vec<Seen> {
    let findings = of_rule(text, rule).into_iter();
    findings
        .map(|found| (found.line, found.column, found.severity, found.message))
        .collect()
}

fn expected(line: usize, column: usize, severity: Severity, message: &str) -> Seen {
    (line, column, severity, message.to_owned())
}

/// The text with a finding's fix in the place of what it points at.
fn fixed(text: &str, finding: &Finding) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let line = &lines[finding.line - 1];
    let (before, after) = (finding.column - 1, finding.end_column - 1);
    let kept = |from: usize, to: usize| line.chars().skip(from).take(to - from).collect::<String>();
    let fix = finding.fix.as_ref().expect("a fix");
    lines[finding.line - 1] = kept(0, before) + fix + &kept(after, line.chars().count());
    lines.join("\n")
}

const CLEAN: &str = "\
## results

model | Gender Acc(%)(A_2016) | Age MAE (A_2016)
----- | --------------------- | ----------------
M-Gender_Age [1] | 82.5 | 6.7
M-Gender [2] | 77.8 |
M-Age [3] | | 7.1

## reference

[1] results/M/_gender_1_age_1_A_2016/2026-01-01-00-00-01; Namespace(epoch=20, batch_size=8)
[2] results/M/_gender_1_age_0_A_2016/2026-01-01-00-00-02; Namespace(epoch=20, batch_size=8)
[3] results/M/_gender_0_age_1_A_2016/2026-01-01-00-00-03; Namespace(epoch=20, batch_size=8)
";

#[test]
fn a_clean_document_has_none() {
    let outcome = verified(CLEAN, &[]);
    let rules: Vec<&str> = outcome.findings.iter().map(|found| found.rule).collect();
    assert!(
        !rules.iter().any(|rule| rule.starts_with("RPR00")),
        "{rules:?}"
    );
    for (rule, n) in [
        ("RPR001", 3),
        ("RPR002", 4),
        ("RPR003", 3),
        ("RPR004", 3),
        ("RPR005", 1),
        ("RPR006", 1),
    ] {
        let count = outcome.rules.iter().find(|count| count.rule == rule);
        assert_eq!(count.expect("counted").verified, n, "{rule}");
    }
}

#[test]
fn the_original_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/mobilenet-v2.md");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let outcome = verified(&text, &[]);
    let found: Vec<_> = outcome
        .findings
        .iter()
        .filter(|found| found.rule.starts_with("RPR00"))
        .map(|found| (found.rule, found.line, found.column))
        .collect();
    assert_eq!(
        found,
        [
            ("RPR006", 5, 57),
            ("RPR006", 14, 4),
            ("RPR007", 16, 1),
            ("RPR006", 40, 57),
            ("RPR003", 43, 1),
            ("RPR003", 44, 1),
            ("RPR006", 46, 5),
        ]
    );
}

#[test]
fn rows_need_a_header() {
    let gap = CLEAN.replacen("M-Gender [2]", "\nM-Gender [2]", 1);
    assert_eq!(
        seen(&gap, "RPR001"),
        [
            expected(
                7,
                1,
                Severity::Error,
                "row `M-Gender` prints 1 number under no header"
            ),
            expected(
                8,
                1,
                Severity::Error,
                "row `M-Age` prints 1 number under no header"
            ),
        ]
    );
    let empty = CLEAN.replacen("M-Gender [2] | 77.8 |", "\nM-Gender [2] | |", 1);
    assert_eq!(
        seen(&empty, "RPR001")[0],
        expected(
            7,
            1,
            Severity::Warning,
            "row `M-Gender` stands under no header"
        )
    );
    let no_separator = CLEAN.replacen("----- | --------------------- | ----------------\n", "", 1);
    let lines: Vec<usize> = seen(&no_separator, "RPR001")
        .iter()
        .map(|found| found.0)
        .collect();
    assert_eq!(lines, [4, 5, 6]);
    let prose = format!("{CLEAN}\nUse `cat a | grep 3` or this | that.\n\n    ls | wc 3\n");
    assert_eq!(seen(&prose, "RPR001"), []);
}

#[test]
fn rows_are_as_wide_as_their_header() {
    let short = CLEAN.replacen("M-Gender [2] | 77.8 |", "M-Gender [2] | 77.8", 1);
    let message = "row `M-Gender` has 2 cells, its header has 3";
    assert_eq!(
        seen(&short, "RPR002"),
        [expected(6, 1, Severity::Warning, message)]
    );
    let repaired = fixed(&short, &of_rule(&short, "RPR002")[0]);
    assert_eq!(seen(&repaired, "RPR002"), []);
    let piped = "| a | Age MAE |\n|---|---|\n| x |\n| y | 3.1 |\n";
    let finding = &of_rule(piped, "RPR002")[0];
    assert_eq!(finding.line, 3);
    assert_eq!(seen(&fixed(piped, finding), "RPR002"), []);

    let message = "row `M-Age` has 4 cells, its header has 3";
    let words = CLEAN.replacen("| | 7.1", "| | 7.1 | see text", 1);
    assert_eq!(
        seen(&words, "RPR002"),
        [expected(7, 1, Severity::Warning, message)]
    );
    let number = CLEAN.replacen("| | 7.1", "| | 7.1 | 3.5", 1);
    assert_eq!(
        seen(&number, "RPR002"),
        [expected(7, 1, Severity::Error, message)]
    );
}

#[test]
fn one_separator_below_each_header() {
    let divider = CLEAN.replacen("M-Age [3]", "--- | --- | ---\nM-Age [3]", 1);
    assert_eq!(
        seen(&divider, "RPR002"),
        [expected(
            7,
            1,
            Severity::Warning,
            "separator inside the table is no row"
        )]
    );
    let narrow = CLEAN.replacen(
        "----- | --------------------- | ----------------",
        "----- | ---",
        1,
    );
    assert_eq!(
        seen(&narrow, "RPR002"),
        [expected(
            4,
            1,
            Severity::Warning,
            "separator has 2 cells, its header has 3"
        )]
    );
    let second = CLEAN.replacen(
        "M-Age [3]",
        "model | Gender Acc(%)(A_2016) | Age MAE (A_2016)\nM-Age [3]",
        1,
    );
    let messages: Vec<String> = seen(&second, "RPR002")
        .into_iter()
        .map(|found| found.3)
        .collect();
    assert_eq!(
        messages,
        [
            "header `model` has no separator below it",
            "header `model` stands in the body of the table above",
        ]
    );
    let glued = CLEAN.replacen("Age MAE (A_2016)", "Age MAE (A_2016) # common", 1);
    assert_eq!(
        seen(&glued, "RPR002")[0].3,
        "header `Age MAE (A_2016) # common` holds `# common`, which belongs to no column"
    );
    let repaired = fixed(&glued, &of_rule(&glued, "RPR002")[0]);
    assert_eq!(seen(&repaired, "RPR002"), []);
    let counted = "model | # params | Acc(%)\n--- | --- | ---\nC# | 3 | 81.0\n";
    assert_eq!(seen(counted, "RPR002"), []);
}

#[test]
fn rows_hold_numbers() {
    let empty = CLEAN.replacen("77.8", "", 1);
    let message = "row `M-Gender` holds no number";
    assert_eq!(
        seen(&empty, "RPR003"),
        [expected(6, 1, Severity::Note, message)]
    );
    for word in [
        "xx", "?", "TBD", "todo", "**tba**", "FIXME", "N/A", "xx.x", "…",
    ] {
        let text = CLEAN.replacen("77.8", word, 1);
        let message = format!("row `M-Gender` holds `{word}` in place of a number");
        assert_eq!(
            seen(&text, "RPR003"),
            [expected(6, 16, Severity::Warning, &message)]
        );
        assert_eq!(
            fixed(&text, &of_rule(&text, "RPR003")[0]).lines().nth(5),
            Some("M-Gender [2] | – |")
        );
    }
    // What is none is none, what is planned is planned, and other columns hold words.
    let other = CLEAN
        .replacen("| 82.5 | 6.7", "| 82.5 | –", 1)
        .replacen("77.8", "planned", 1);
    assert_eq!(seen(&other, "RPR003"), []);
    let words =
        "model | pretrained | Age MAE\n--- | --- | ---\nA | x | 7.1\nB | ? | 7.2\nC | TODO | 7.3\n";
    let lines: Vec<usize> = seen(words, "RPR003").iter().map(|found| found.0).collect();
    assert_eq!(lines, [5]);
}

#[test]
fn a_spec_says_which_rows_and_cells_are_empty_on_purpose() {
    let spec = |keys: &str| {
        let text = format!(
            "heading = \"results\"\nepoch = \"last\"\n[[columns]]\nheader = \"Age MAE\"\nmetric = \"test/age/mae\"\n\
             [[rows]]\nlabel = \"A\"\n{keys}\n"
        );
        let source = Source {
            path: "tables/results.toml".into(),
            text: text.into(),
        };
        vec![TableSpec::from_source(&source).expect("a valid spec")]
    };
    let text = "## results\n\nmodel | Age MAE\n--- | ---\nA |  |\n";
    let n = |keys: &str| {
        let findings = verified(text, &spec(keys)).findings;
        findings
            .iter()
            .filter(|found| found.rule == "RPR003")
            .count()
    };
    assert_eq!(n(""), 1);
    assert_eq!(n("planned = true"), 0);
    assert_eq!(n("expected_empty = [\"Age MAE\"]"), 0);
}

#[test]
fn a_label_stands_once() {
    let twice = CLEAN.replacen("M-Age [3]", "m_gender [3] | 77.9 |\nM-Age [3]", 1);
    let message = "row `m_gender` of section `results` already stands at line 6 with other numbers: \
                   `Gender Acc(%)(A_2016)` 77.8 and 77.9";
    assert_eq!(
        seen(&twice, "RPR004"),
        [expected(7, 1, Severity::Error, message)]
    );
    // Behind a gap, too.
    let gap = CLEAN.replacen("M-Age [3] | | 7.1", "\nM-Gender [3] | 77.9 |", 1);
    assert_eq!(seen(&gap, "RPR004").len(), 1);

    let equal = twice.replacen("77.9", "77.8", 1);
    assert_eq!(seen(&equal, "RPR004"), []);
    let weighted = "model | weight | Age MAE\n--- | --- | ---\nA | 1, 0.1 | 7.1\nA | 1, 1 | 7.2\n";
    assert_eq!(seen(weighted, "RPR004"), []);
    let other_section = format!(
        "{CLEAN}\n{}",
        CLEAN
            .replace("77.8", "79.1")
            .replace("## results", "## with pretraining")
    );
    assert_eq!(seen(&other_section, "RPR004"), []);
}

#[test]
fn a_table_stands_once() {
    let table = CLEAN.split("\n\n## reference").next().expect("a table");
    let (_, rows) = table.split_once("\n\n").expect("below its heading");
    let copied = format!("{CLEAN}\n## again\n\n{rows}\n");
    assert_eq!(
        seen(&copied, "RPR005"),
        [expected(
            19,
            1,
            Severity::Warning,
            "3 rows also stand in the table at line 3, with the same numbers"
        )]
    );
    let changed = format!("{CLEAN}\n## again\n\n{}\n", rows.replace("77.8", "77.9"));
    let message =
        "2 rows also stand in the table at line 3, and others differ: 77.9 here, 77.8 at line 6";
    assert_eq!(
        seen(&changed, "RPR005"),
        [expected(20, 16, Severity::Error, message)]
    );

    let declared = copied.replace(
        "## again\n",
        "## again\n\n<!-- repro: derived-from #results -->\n",
    );
    assert_eq!(seen(&declared, "RPR005"), []);
    let declared = changed.replace(
        "## again\n",
        "## again\n\n<!-- repro: derived-from #results -->\n",
    );
    assert_eq!(seen(&declared, "RPR005")[0].2, Severity::Error);
    // One equal row, and most rows different, is what tables that compare look like.
    let other = rows.replace("77.8", "79.1").replace("7.1", "6.9");
    assert_eq!(
        seen(&format!("{CLEAN}\n## other\n\n{other}\n"), "RPR005"),
        []
    );
    let outcome = verified(CLEAN, &[]);
    let count = outcome
        .rules
        .iter()
        .find(|count| count.rule == "RPR005")
        .expect("counted");
    assert_eq!(count.missing, ["the other documents of the repository"]);
}

#[test]
fn headers_say_metric_unit_and_data_set() {
    for (from, to, column, message) in [
        (
            "Gender Acc(%)(A_2016)",
            "Gender(%)(A_2016)",
            9,
            "header `Gender(%)(A_2016)` names no metric",
        ),
        (
            "Gender Acc(%)(A_2016)",
            "Gender Acc(%)",
            9,
            "header `Gender Acc(%)` names no data set",
        ),
        (
            "Age MAE (A_2016)",
            "Age MAE",
            33,
            "header `Age MAE` names no data set",
        ),
        (
            "Age MAE (A_2016)",
            "Age Acc(A_2016)",
            33,
            "header `Age Acc(A_2016)` names no unit",
        ),
    ] {
        let text = CLEAN.replacen(from, to, 1);
        assert_eq!(
            seen(&text, "RPR006"),
            [expected(3, column, Severity::Note, message)]
        );
    }
}

#[test]
fn names_have_one_spelling() {
    let three = CLEAN.replacen(
        "Age MAE (A_2016)",
        "Age MAE (A_2016) | Smile Acc(%)(a-2016)",
        1,
    );
    let text = three.replacen("| ----------------\n", "| --- | ---\n", 1);
    let messages = |text: &str| -> Vec<String> {
        seen(text, "RPR006")
            .into_iter()
            .map(|found| found.3)
            .collect()
    };
    assert_eq!(messages(&text), ["`a-2016` is `A_2016` elsewhere"]);
    assert_eq!(
        messages(&fixed(&text, &of_rule(&text, "RPR006")[0])),
        Vec::<String>::new()
    );
    // The records decide, however few.
    let recorded = CLEAN.replace("(A_2016)", "(a 2016)");
    assert_eq!(messages(&recorded), ["`a 2016` is `A_2016` elsewhere"]);
    let acronym = "m | Age MAE(%) | Sex mae(%)\n--- | --- | ---\nA | 1.5 | 2.5\n";
    assert_eq!(
        messages(acronym),
        ["`MAE` is also spelled `mae`; `mae` is also spelled `MAE`"]
    );
    let slip = "m | A Acc(%)(Cityscapes) | B Acc(%)(Cityscapes) | C Acc(%)(Cityscape)\n--- | --- | --- | ---\nA | 1.5 | 2.5 | 3.5\n";
    assert_eq!(messages(slip), ["`Cityscape` is probably `Cityscapes`"]);
    let digits = "m | A Acc(%)(CIFAR-10) | B Acc(%)(CIFAR-10) | C Acc(%)(CIFAR-100)\n--- | --- | --- | ---\nA | 1.5 | 2.5 | 3.5\n";
    assert_eq!(messages(digits), Vec::<String>::new());
}

#[test]
fn sections_of_notes_are_alike() {
    let typo = CLEAN.replacen("## reference", "### referecne", 1);
    let message = "heading `referecne` is probably `reference`";
    assert_eq!(
        seen(&typo, "RPR006"),
        [expected(9, 5, Severity::Note, message)]
    );
    let more = format!("{CLEAN}\n## more\n\n## reference, more\n\n### notes\n");
    let message = "section of notes is `### notes` here and `## reference` elsewhere";
    assert_eq!(
        seen(&more, "RPR006"),
        [expected(19, 5, Severity::Note, message)]
    );
}

#[test]
fn characters_that_look_like_others() {
    for (from, to, place, name) in [
        (
            "77.8",
            "７7.8",
            (6, 16),
            "full width (U+FF17) looks like another character",
        ),
        (
            "77.8",
            "77.8\u{a0}",
            (6, 20),
            "no break space (U+00A0) looks like another character",
        ),
        (
            "| | 7.1",
            "|\u{3000}| 7.1",
            (7, 12),
            "ideographic space (U+3000) looks like another character",
        ),
        (
            "epoch=20",
            "epoch\u{200b}=20",
            (11, 74),
            "zero width (U+200B) looks like another character",
        ),
    ] {
        let text = CLEAN.replacen(from, to, 1);
        assert_eq!(
            seen(&text, "RPR006"),
            [expected(place.0, place.1, Severity::Note, name)]
        );
    }
    let narrative = format!("{CLEAN}[4] 见表，第二行\n");
    assert_eq!(seen(&narrative, "RPR006"), []);
}

#[test]
fn hidden_text_about_results() {
    for (hidden, what) in [
        (
            "<!-- [2] 40 epochs -->",
            "comment hides mark `[2]` from readers",
        ),
        (
            "<!-- batch_size=32 -->",
            "comment hides setting `batch_size` from readers",
        ),
        (
            "<!-- best of 3 seeds -->",
            "comment hides `3 seeds` from readers",
        ),
        ("<!-- it was 87% -->", "comment hides `87%` from readers"),
        ("<!-- lr 0.01 -->", "comment hides `lr 0.01` from readers"),
        (
            "<!-- M | 82.5 -->",
            "comment hides row `M | 82.5` from readers",
        ),
        (
            "<details><p style=\"width: 50%\">acc 83</p></details>",
            "folded block hides `acc 83` from readers",
        ),
        (
            "<span style=\"color: white\">seed 3</span>",
            "white text hides `seed 3` from readers",
        ),
    ] {
        let text = format!("{hidden}\n\n{CLEAN}");
        assert_eq!(
            seen(&text, "RPR007"),
            [expected(1, 1, Severity::Warning, what)]
        );
    }
    for harmless in [
        "<!-- repro: ignore RPR204 reason=\"[2] is 40 epochs\" -->",
        "<!-- markdownlint-disable MD013 -->",
        "<!-- toc -->",
        "<!-- write more about the model -->",
        "<!-- see [1](https://example.org) in 2019 -->",
        "<details><p style=\"width: 50%\">more</p></details>",
    ] {
        let text = format!("{harmless}\n\n{CLEAN}");
        assert_eq!(seen(&text, "RPR007"), [], "{harmless}");
    }
}
