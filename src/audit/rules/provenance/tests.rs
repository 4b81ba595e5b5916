//! A violating and a clean text for each form of each rule, and the original document.

use std::path::Path;

use proptest::prelude::*;

use crate::audit::finding::{Finding, Severity};
use crate::audit::{Inputs, Settings, Verification, verify};

fn verified_at(path: &str, text: &str, settings: &Settings) -> Verification {
    verify(&Inputs::alone(path, text, settings))
}

fn of_rule(text: &str, rule: &str) -> Vec<Finding> {
    let outcome = verified_at("RESULTS.md", text, &Settings::default());
    let findings = outcome.findings.into_iter();
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

const CLEAN: &str = "\
## results, load_weights = False

model | Gender Acc(%)(A) | Age MAE(A)
----- | ---------------- | ----------
M-Gender_Age [1][2] | 82.5 | 6.7
M-Gender [3][4] | 77.8 |
M-Age [5][6] | | 7.1

## reference

[1] data source: \"results/M/_gender_1_age_1_A/2026-01-01-00-00-01\"
[2] Namespace(epoch=20, batch_size=8, load_weights=False, loss_weights=[1, 1], subtasks=['gender', 'age'])
[3] data source: \"results/M/_gender_1_age_0_A/2026-01-01-00-00-02\"
[4] Namespace(epoch=20, batch_size=8, load_weights=False, loss_weights=[1, 0], subtasks=['gender', 'age'])
[5] data source: \"results/M/_gender_0_age_1_A/2026-01-01-00-00-03\"
[6] Namespace(epoch=20, batch_size=8, load_weights=False, loss_weights=[0, 1], subtasks=['gender', 'age'])
";

/// Another section with its own numbers.
const SECOND: &str = "
## more

model | Gender Acc(%)(A) | Age MAE(A)
----- | ---------------- | ----------
N-Gender_Age [1][2] | 90.9 | 3.5

### reference

[1] data source: \"results/N/_gender_1_age_1_A/2026-01-02-00-00-01\"
[2] Namespace(epoch=30, batch_size=8, load_weights=False, loss_weights=[1, 1], subtasks=['gender', 'age'])
";

#[test]
fn a_clean_document_has_none() {
    let outcome = verified_at("RESULTS.md", CLEAN, &Settings::default());
    let rules: Vec<&str> = outcome.findings.iter().map(|found| found.rule).collect();
    assert!(
        !rules.iter().any(|rule| rule.starts_with("RPR2")),
        "{rules:?}"
    );
    for (rule, n) in [
        ("RPR201", 3),
        ("RPR202", 6),
        ("RPR203", 6),
        ("RPR204", 8),
        ("RPR205", 3),
        ("RPR207", 3),
        ("RPR208", 1),
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
    let outcome = verified_at("mobilenet-v2.md", &text, &Settings::default());
    let found: Vec<_> = outcome
        .findings
        .iter()
        .filter(|found| found.rule.starts_with("RPR2"))
        .map(|found| (found.rule, found.line, found.column, found.severity))
        .collect();
    assert_eq!(
        found,
        [
            ("RPR208", 3, 24, Severity::Error),
            ("RPR208", 16, 6, Severity::Warning),
            ("RPR204", 17, 1, Severity::Note),
            ("RPR204", 20, 1, Severity::Note),
            ("RPR201", 42, 1, Severity::Error),
            ("RPR203", 48, 1, Severity::Error),
            ("RPR204", 48, 1, Severity::Warning),
            ("RPR203", 49, 1, Severity::Error),
            ("RPR204", 49, 1, Severity::Warning),
        ]
    );
    assert_eq!(
        of_rule(&text, "RPR201")[0].hint.as_deref(),
        Some(
            "`[1][2]` at lines 48 and 49 are defined in this section and used by no row: if the numbers come \
             from there, write `MobileNet-V2-Gender_Age [1][2]`"
        )
    );
}

#[test]
fn numbers_lead_to_a_run_and_its_record() {
    for (marks, message) in [
        ("", "row `M-Gender` prints 1 number and has no mark"),
        (
            " [3]",
            "row `M-Gender` prints 1 number and has no mark that leads to a record",
        ),
        (
            " [4]",
            "row `M-Gender` prints 1 number and has no mark that leads to a run",
        ),
    ] {
        let text = CLEAN.replacen("M-Gender [3][4]", &format!("M-Gender{marks}"), 1);
        assert_eq!(
            seen(&text, "RPR201"),
            [expected(6, 1, Severity::Error, message)]
        );
    }
    let narrative =
        CLEAN.replacen("M-Gender [3][4]", "M-Gender [7]", 1) + "[7] as in the first paper\n";
    let message =
        "row `M-Gender` prints 1 number and has marks that lead to neither a run nor a record";
    assert_eq!(
        seen(&narrative, "RPR201"),
        [expected(6, 1, Severity::Error, message)]
    );

    let quoted = narrative.replacen("as in", "quoted: https://doi.org/10.1/x as in", 1);
    assert_eq!(seen(&quoted, "RPR201"), []);
    let of_cells = CLEAN.replacen("M-Gender [3][4] | 77.8", "M-Gender | 77.8 [3][4]", 1);
    assert_eq!(seen(&of_cells, "RPR201"), []);
    let no_result = "model | initial lr | Age MAE\n--- | --- | ---\nA | 0.1 |\n";
    assert_eq!(seen(no_result, "RPR201"), []);
}

#[test]
fn marks_have_definitions() {
    for (label, message) in [
        (
            "M-Gender [97]",
            "row `M-Gender`: mark `[97]` has no definition in scope",
        ),
        ("M-Gender []", "row `M-Gender`: mark `[]` is empty"),
        (
            "M-Gender[0]x[9]",
            "row `M-Gender[0]x`: mark `[9]` has no definition in scope",
        ),
    ] {
        let text = CLEAN.replacen("M-Gender [3][4]", label, 1);
        let column = 1 + label.rfind('[').expect("a mark");
        assert_eq!(
            seen(&text, "RPR202"),
            [expected(6, column, Severity::Error, message)]
        );
    }
    for (text, what) in [("", "nothing"), ("TBD", "`TBD`"), ("xx", "`xx`")] {
        let unknown = CLEAN.replacen("[3][4]", "[3][7]", 1) + &format!("[7] {text}\n");
        let message = format!("row `M-Gender`: mark `[7]` is defined at line 17 by {what}");
        assert_eq!(
            seen(&unknown, "RPR202"),
            [expected(6, 13, Severity::Error, &message)]
        );
        let unused = format!("{CLEAN}[7] {text}\n");
        let message = format!("mark `[7]` is defined by {what}");
        assert_eq!(
            seen(&unused, "RPR202"),
            [expected(17, 1, Severity::Error, &message)]
        );
    }
    let index =
        "model | Age MAE\n--- | ---\nx[0] | 7.1\nloss.weights[1] | 7.2\n\n- [ ] check all\n";
    assert_eq!(seen(index, "RPR202"), []);
}

#[test]
fn a_mark_is_not_taken_from_another_section_beside_one_of_its_own() {
    let text = format!("{CLEAN}{SECOND}").replacen("N-Gender_Age [1][2]", "N-Gender_Age [7]", 1);
    let text = text.replacen(
        "[1] data source: \"results/M/",
        "[9] data source: \"results/M/",
        1,
    );
    let message = "row `M-Gender_Age`: mark `[1]` has no definition in its section, only at line 26 in another";
    assert_eq!(
        seen(&text, "RPR202")[0],
        expected(5, 14, Severity::Warning, message)
    );
}

#[test]
fn every_definition_has_its_own_number() {
    let twice = format!("{CLEAN}[6] Namespace(epoch=40)\n");
    let message = "mark `[6]` is already defined at line 16 with another text";
    assert_eq!(
        seen(&twice, "RPR203"),
        [expected(17, 1, Severity::Error, message)]
    );
    let equal =
        format!("{CLEAN}[5] data source: \"results/M/_gender_0_age_1_A/2026-01-01-00-00-03\"\n");
    let message = "mark `[5]` is already defined at line 15 with the same text";
    assert_eq!(
        seen(&equal, "RPR203"),
        [expected(17, 1, Severity::Note, message)]
    );

    let sections = format!("{CLEAN}{SECOND}");
    assert_eq!(
        seen(&sections, "RPR203"),
        [
            expected(
                26,
                1,
                Severity::Warning,
                "mark `[1]` is already defined at line 11 in another section"
            ),
            expected(
                27,
                1,
                Severity::Warning,
                "mark `[2]` is already defined at line 12 in another section"
            ),
        ]
    );
    // Without marks, the row of the second section may mean either.
    let unmarked = sections.replacen("N-Gender_Age [1][2]", "N-Gender_Age", 1);
    let severities: Vec<Severity> = seen(&unmarked, "RPR203")
        .iter()
        .map(|found| found.2)
        .collect();
    assert_eq!(severities, [Severity::Error, Severity::Error]);
}

#[test]
fn definitions_are_used_and_numbered_in_order() {
    let unused = format!("{CLEAN}[7] data source: \"results/M/_x_1_A/2026-01-01-00-00-09\"\n");
    let message = "mark `[7]` is defined and never used";
    assert_eq!(
        seen(&unused, "RPR204"),
        [expected(17, 1, Severity::Warning, message)]
    );
    let mentioned = unused.replacen("## reference", "An older run is [7].\n\n## reference", 1);
    assert_eq!(seen(&mentioned, "RPR204"), []);
    let bibliography = format!("{CLEAN}[7]. SSR-Net: https://doi.org/10.1/x\n");
    assert_eq!(seen(&bibliography, "RPR204"), []);

    let skipping = CLEAN.replace("[5]", "[8]").replace("[6]", "[9]");
    let message = "definitions skip `[5]`, `[6]` and `[7]`";
    assert_eq!(
        seen(&skipping, "RPR204"),
        [expected(15, 1, Severity::Note, message)]
    );
    let far = CLEAN.replace("[6]", "[999999999]");
    let message = "definitions skip `[6]`, `[7]`, `[8]`, `[9]`, `[10]`, `[11]`, `[12]`, `[13]` and 999999985 more";
    assert_eq!(
        seen(&far, "RPR204"),
        [expected(16, 1, Severity::Note, message)]
    );

    let swapped = CLEAN.replacen("M-Gender [3][4]", "M-Gender [5][6]", 1);
    let swapped = swapped.replacen("M-Age [5][6]", "M-Age [3][4]", 1);
    let message =
        "definitions are not numbered in the order of their use: `[3]` comes behind `[6]`";
    assert_eq!(
        seen(&swapped, "RPR204"),
        [expected(13, 1, Severity::Note, message)]
    );
    let (before, last) = CLEAN.split_once("[6] Names").expect("a definition");
    let moved = before.replacen("[1] data", &format!("[6] Names{last}[1] data"), 1);
    let message =
        "definitions do not stand in the order of their numbers: `[1]` comes behind `[6]`";
    assert_eq!(
        seen(&moved, "RPR204"),
        [expected(12, 1, Severity::Note, message)]
    );
}

#[test]
fn rows_do_not_share_a_run() {
    let values = CLEAN.replacen("M-Gender [3][4]", "M-Gender [1][2]", 1);
    let message = "row `M-Gender` prints 77.8 for `Gender Acc(%)(A)` and row `M-Gender_Age` at line 5 prints 82.5, \
                   both from run `results/M/_gender_1_age_1_A/2026-01-01-00-00-01`";
    assert_eq!(
        seen(&values, "RPR205"),
        [expected(6, 19, Severity::Error, message)]
    );

    let labels = CLEAN.replacen("M-Age [5][6]", "M-Age [3][4]", 1);
    let message = "rows `M-Age` and `M-Gender` at line 6 differ in tasks and cite one run, \
                   `results/M/_gender_1_age_0_A/2026-01-01-00-00-02`";
    assert_eq!(
        seen(&labels, "RPR205"),
        [expected(7, 1, Severity::Error, message)]
    );
    let same_path = CLEAN.replacen(
        "results/M/_gender_0_age_1_A/2026-01-01-00-00-03",
        "/home/x/results/M/_gender_1_age_0_A/2026-01-01-00-00-02/",
        1,
    );
    assert_eq!(seen(&same_path, "RPR205").len(), 1);
    let variants = CLEAN.replacen("M-Age [5][6]", "M-Gender-5-classes [3][4]", 1);
    assert_eq!(seen(&variants, "RPR205")[0].2, Severity::Warning);

    // One run of two tasks with a row per task.
    let split = "model | Gender Acc(%)(A) | Age MAE(A)\n--- | --- | ---\nM-Gender [1][2] | 82.5 |\nM-Age [1][2] | | 6.7\n\n\
                 [1] results/M/_gender_1_age_1_A/2026-01-01-00-00-01\n\
                 [2] Namespace(loss_weights=[1, 1], subtasks=['gender', 'age'])\n";
    assert_eq!(seen(split, "RPR205"), []);
}

#[test]
fn paths_mean_the_same_everywhere() {
    let own = "results/M/_gender_1_age_0_A/2026-01-01-00-00-02";
    for (before, what) in [
        ("/home/x/", "is absolute, it exists on one machine only"),
        ("~/", "begins in somebody's home folder"),
        ("C:\\work\\", "begins with a drive of one machine"),
        ("D:/work/", "begins with a drive of one machine"),
        ("../", "leads out of the repository"),
        ("a/../../", "leads out of the repository"),
        ("$HOME/", "begins with a variable of one machine"),
        ("//server/share/", "lies on a share of one network"),
        ("mnt/home/x/", "names somebody's home folder"),
    ] {
        let text = CLEAN.replacen(own, &format!("{before}{own}"), 1);
        let message = format!("path `{before}{own}` {what}");
        assert_eq!(
            seen(&text, "RPR207"),
            [expected(13, 19, Severity::Warning, &message)]
        );
        assert_eq!(of_rule(&text, "RPR207")[0].fix.as_deref(), Some(own));
    }
    for before in ["./", "a/../"] {
        let text = CLEAN.replacen(own, &format!("{before}{own}"), 1);
        assert_eq!(seen(&text, "RPR207"), []);
    }
    let up = CLEAN.replacen(own, &format!("../{own}"), 1);
    let outcome = verified_at("docs/RESULTS.md", &up, &Settings::default());
    assert!(!outcome.findings.iter().any(|found| found.rule == "RPR207"));
    let linked = CLEAN.replacen("[3][4]", "[3](/home/x/results/M/a/b/run.json)", 1);
    let message =
        "path `/home/x/results/M/a/b/run.json` is absolute, it exists on one machine only";
    assert_eq!(
        seen(&linked, "RPR207"),
        [expected(6, 10, Severity::Warning, message)]
    );
    let words =
        format!("{CLEAN}[7] see /home/x/results/M/a for more; train/valid or https://a.b/c/d/e\n");
    let message = "path `/home/x/results/M/a` is absolute, it exists on one machine only";
    assert_eq!(
        seen(&words, "RPR207"),
        [expected(17, 9, Severity::Warning, message)]
    );
}

#[test]
fn headings_say_what_the_records_say() {
    let turned = CLEAN.replacen("load_weights = False", "load_weights = True", 1);
    let message = "heading says `load_weights = True`, the record of `[2]` says `load_weights=False` and 2 other records, too";
    assert_eq!(
        seen(&turned, "RPR208"),
        [expected(1, 13, Severity::Error, message)]
    );
    let absent = CLEAN.replacen("load_weights = False", "load_X_weights = False", 1);
    let message = "heading says `load_X_weights = False`, a key that none of its 3 records has";
    assert_eq!(
        seen(&absent, "RPR208"),
        [expected(1, 13, Severity::Error, message)]
    );
    let settings = Settings {
        aliases: [("load_X_weights".to_owned(), "load_weights".to_owned())].into(),
        ..Settings::default()
    };
    let outcome = verified_at("RESULTS.md", &absent, &settings);
    assert!(!outcome.findings.iter().any(|found| found.rule == "RPR208"));
    let settings = Settings {
        constants: [("load_X_weights".to_owned(), serde_json::json!(false))].into(),
        ..Settings::default()
    };
    let outcome = verified_at("RESULTS.md", &absent, &settings);
    assert!(!outcome.findings.iter().any(|found| found.rule == "RPR208"));
    let one = CLEAN.replacen(
        "load_weights=False, loss_weights=[0",
        "load_weights=True, loss_weights=[0",
        1,
    );
    let message =
        "heading says `load_weights = False`, the record of `[6]` says `load_weights=True`";
    assert_eq!(
        seen(&one, "RPR208"),
        [expected(1, 13, Severity::Error, message)]
    );
    for harmless in ["k = 5 neighbours", "n = 3"] {
        let text = CLEAN.replacen("load_weights = False", harmless, 1);
        assert_eq!(seen(&text, "RPR208"), []);
    }
}

#[test]
fn a_deeper_heading_speaks_for_what_lies_below_it() {
    let nested = format!(
        "# all, epoch = 20\n\n{CLEAN}{}",
        SECOND.replacen("## more", "## more, epoch = 30", 1)
    );
    assert_eq!(seen(&nested, "RPR208"), []);
    let silent = format!("# all, epoch = 20\n\n{CLEAN}{SECOND}");
    let message = "heading says `epoch = 20`, the record of `[2]` says `epoch=30`";
    assert_eq!(
        seen(&silent, "RPR208"),
        [expected(1, 8, Severity::Error, message)]
    );
}

#[test]
fn comments_and_notes_say_what_the_records_say() {
    let with = |line: &str| CLEAN.replacen("[1] data", &format!("{line}\n\n[1] data"), 1);
    for (line, column, severity, message) in [
        (
            "<!-- [2] 40 epochs, others 60 epochs -->",
            6,
            Severity::Warning,
            "comment says `40 epochs` of `[2]`, the record of `[2]` says `epoch=20`",
        ),
        (
            "<!-- the first, [1]: batch size 16 -->",
            17,
            Severity::Warning,
            "comment says `batch size 16` of `[1]`, the record of `[2]` says `batch_size=8`",
        ),
        (
            "<!-- [4] epoch=30 -->",
            6,
            Severity::Error,
            "comment says `epoch=30` of `[4]`, the record of `[4]` says `epoch=20`",
        ),
        (
            "<!-- [4] dropout = 0.5 -->",
            6,
            Severity::Error,
            "comment says `dropout = 0.5` of `[4]`, a key that its record does not have",
        ),
        (
            "<!-- batch_size = 32 -->",
            6,
            Severity::Error,
            "comment says `batch_size = 32`, the record of `[2]` says `batch_size=8` and 2 other records, too",
        ),
        (
            "Model [2] was trained for 40 epochs.",
            7,
            Severity::Warning,
            "sentence says `40 epochs` of `[2]`, the record of `[2]` says `epoch=20`",
        ),
    ] {
        assert_eq!(
            seen(&with(line), "RPR208"),
            [expected(11, column, severity, message)],
            "{line}"
        );
    }
    let note = CLEAN.replacen("M-Age [5][6]", "M-Age [5][6][7]", 1) + "[7] trained for 40 epochs\n";
    let message = "note says `40 epochs` of `[7]`, the record of `[6]` says `epoch=20`";
    assert_eq!(
        seen(&note, "RPR208"),
        [expected(17, 1, Severity::Warning, message)]
    );
    for right in [
        "<!-- [2] 20 epochs, batch 8 -->",
        "<!-- [2] best at epoch 7, stopped after 12 epochs -->",
        "<!-- batch_size = 8 -->",
        "<!-- other models: 40 epochs -->",
        "<!-- width = 50 -->",
        "<!-- [99] 40 epochs -->",
    ] {
        assert_eq!(seen(&with(right), "RPR208"), [], "{right}");
    }
}

proptest! {
    /// Whatever a document is made of, it is audited.
    #[test]
    fn any_text_is_audited(parts in prop::collection::vec(prop::sample::select(PARTS), 0..24)) {
        let text = parts.concat();
        let outcome = verified_at("RESULTS.md", &text, &Settings::default());
        let lines = text.split('\n').count();
        for finding in &outcome.findings {
            prop_assert!(finding.line <= lines && finding.column <= finding.end_column, "{finding:?}");
        }
    }
}

/// Pieces of documents, broken ones among them.
const PARTS: &[&str] = &[
    "\n",
    "\n\n",
    " | ",
    "|",
    "---",
    "--- | ---\n",
    "model | Acc(%)(A) | Age MAE (a)\n",
    "M-Age [1][2] | 82.5 | xx\n",
    "[1] ",
    "[2] results/M/a_A/2026-01-01-00-00-01; Namespace(epoch=20, subtasks=['age'], loss_weights=[1])\n",
    "[999999999] /home/ü/results/a/b\n",
    "[^1]: note, 40 epochs\n",
    "## reference\n",
    "### referecne, epoch = 20\n",
    "# a, k = [1, 2\n",
    "<!-- [1] 40 epochs, lr = 0.1",
    " -->",
    "<details>",
    "</details>\n",
    "<font color=white>seed 3",
    "\u{3000}",
    "８２．５",
    "é",
    "=",
    "[",
    "]",
    "(",
    "7.1 [1] | ",
    "`x | 3`",
    "TBD",
    "–",
    "\r\n",
    "quoted: x",
    "..\\",
];
