use jiff::civil::date;

use super::*;
use crate::audit::{Settings, Verification, verify};

/// Two tables; every row lacks a mark, and nobody uses the definitions.
const DOCUMENT: &str = "\
model | Gender(%)
--- | ---
M | 82.5
N | 83.5

model | Smile(%)
--- | ---
M | 72.5

[1] results/a
[2] Namespace(a=1)

[3] results/b
";

fn verified(text: &str, waivers: Vec<Waiver>) -> Verification {
    let settings = Settings {
        waivers,
        today: date(2027, 1, 31),
        ..Settings::default()
    };
    verify(&Inputs::alone("docs/R.md", text, &settings))
}

/// Lines of the waived findings of a rule, of a document with a line inserted before line `at`.
fn waived(at: usize, inserted: &str, rule: &str) -> Vec<usize> {
    let mut lines: Vec<&str> = DOCUMENT.lines().collect();
    lines.insert(at - 1, inserted);
    let outcome = verified(&lines.join("\n"), Vec::new());
    assert_eq!(outcome.mistakes, []);
    of_rule(&outcome, rule)
}

fn of_rule(outcome: &Verification, rule: &str) -> Vec<usize> {
    let findings = outcome.findings.iter();
    let waived = findings.filter(|finding| finding.waived && finding.rule == rule);
    waived.map(|finding| finding.line).collect()
}

const UNMARKED: &str = "<!-- repro: ignore RPR201 reason=\"ours\" -->";
const UNUSED: &str = "<!-- repro: ignore RPR204 reason=\"kept\" -->";

#[test]
fn a_waiver_covers_the_row_or_the_table_below() {
    assert_eq!(waived(3, UNMARKED, "RPR201"), [4]);
    assert_eq!(waived(1, UNMARKED, "RPR201"), [4, 5]);
    assert_eq!(waived(6, UNMARKED, "RPR201"), [9]);
    // Blank lines and comments lie between as they like.
    let apart = format!("{UNMARKED}\n\n<!-- a\nb -->\n");
    assert_eq!(waived(6, &apart, "RPR201"), [13]);
}

#[test]
fn a_waiver_covers_a_paragraph_of_definitions_or_one_of_them() {
    let unused = |at| {
        let outcome = waived(at, UNUSED, "RPR204");
        let mut lines = outcome;
        lines.dedup();
        lines
    };
    assert_eq!(unused(10), [11, 12]);
    assert_eq!(unused(11), [12]);
    assert_eq!(unused(13), [14]);
}

#[test]
fn a_waiver_beside_text_covers_its_line() {
    let beside = DOCUMENT.replace("M | 82.5", &format!("M | 82.5 {UNMARKED}"));
    assert_eq!(of_rule(&verified(&beside, Vec::new()), "RPR201"), [3]);
    let before = DOCUMENT.replace("M | 72.5", &format!("{UNMARKED} M | 72.5"));
    assert_eq!(of_rule(&verified(&before, Vec::new()), "RPR201"), [8]);
}

#[test]
fn a_waiver_covers_its_own_rules_alone() {
    assert_eq!(waived(1, UNUSED, "RPR201"), [0; 0]);
    let two = "<!-- repro: ignore RPR204, RPR201 until='2027-01-31' reason='two of them' -->";
    assert_eq!(waived(3, two, "RPR201"), [4]);
}

#[test]
fn code_holds_no_waiver() {
    let fenced = format!("```\n{UNMARKED}\n```\n{DOCUMENT}");
    let outcome = verified(&fenced, Vec::new());
    assert_eq!((outcome.waivers.len(), outcome.mistakes.len()), (0, 0));
}

#[test]
fn waived_findings_stay_and_do_not_count() {
    let rules = "RPR201 RPR202 RPR204 RPR206";
    let waiver = format!("<!-- repro: ignore {rules} reason=\"legacy\" -->");
    let all = format!("{waiver}\n{}", DOCUMENT.split("\n\n").next().expect("text"));
    let outcome = verified(&all, Vec::new());
    let errors = outcome
        .findings
        .iter()
        .filter(|finding| finding.rule == "RPR201");
    assert_eq!(
        errors.map(|finding| finding.waived).collect::<Vec<_>>(),
        [true, true]
    );
    assert!(!outcome.has_new(crate::audit::finding::Severity::Error));
}

#[test]
fn the_last_day_counts_and_no_later_one() {
    let state = |until: &str| {
        let waiver = format!("<!-- repro: ignore RPR201 reason=\"r\" until={until} -->\n");
        let outcome = verified(&format!("{waiver}{DOCUMENT}"), Vec::new());
        (
            outcome.waivers[0].state(),
            of_rule(&outcome, "RPR201").len(),
        )
    };
    assert_eq!(state("2027-01-31"), ("used", 2));
    assert_eq!(state("2027-01-30"), ("expired", 0));
    let unused = format!("{}\n\n{DOCUMENT}", UNUSED.replace("RPR204", "RPR805"));
    assert_eq!(verified(&unused, Vec::new()).waivers[0].state(), "unused");
}

#[test]
fn a_waiver_that_cannot_be_read_is_a_mistake_and_fails() {
    let mistake = |words: &str| {
        let outcome = verified(
            &format!("x\n <!-- repro: {words} -->\n{DOCUMENT}"),
            Vec::new(),
        );
        assert!(outcome.has_new(crate::audit::finding::Severity::Error));
        let [mistake] = &outcome.mistakes[..] else {
            panic!("{:?}", outcome.mistakes)
        };
        assert_eq!((mistake.line, mistake.column), (2, 2));
        mistake.message.clone()
    };
    assert_eq!(
        mistake("ignore RPR201"),
        "the waiver of RPR201 gives no reason"
    );
    assert_eq!(
        mistake("ignore RPR201 reason=\" \""),
        "the waiver of RPR201 gives no reason"
    );
    assert_eq!(mistake("ignore"), "the waiver names no rule");
    assert_eq!(mistake("ignore reason=\"r\""), "the waiver names no rule");
    assert_eq!(
        mistake("ignore RPR210 reason=\"r\""),
        "`RPR210` is no rule, the nearest is `RPR201`"
    );
    assert_eq!(
        mistake("ignore RPR201 reason=\"r"),
        "the waiver's `reason` has no closing quotation mark"
    );
    assert_eq!(
        mistake("ignore RPR201 reason=\"r\" until=soon"),
        "the waiver's `until` is `soon`"
    );
    assert_eq!(
        mistake("ignore RPR201 because=\"r\""),
        "a waiver has no `because`"
    );
}

#[test]
fn a_comment_to_this_program_that_means_nothing_is_a_mistake() {
    let mistakes = |comment: &str| {
        let outcome = verified(&format!("<!-- {comment} -->\n\n{DOCUMENT}"), Vec::new());
        let mistakes = outcome.mistakes.into_iter();
        let texts = mistakes.map(|mistake| (mistake.message, mistake.help));
        texts.collect::<Vec<_>>()
    };
    let help = |verb| format!("write `repro: {verb}`, or begin the comment with another word");
    for (comment, message, verb) in [
        (
            "repro: ignor RPR201",
            "`repro: ignor` means nothing to repro",
            "ignore",
        ),
        (
            "Repro: ignore RPR201",
            "`Repro: ignore` means nothing to repro",
            "ignore",
        ),
        (
            "repro: IGNORE RPR201",
            "`repro: IGNORE` means nothing to repro",
            "ignore",
        ),
        (
            "REPRO:tabel x",
            "`REPRO: tabel` means nothing to repro",
            "table",
        ),
        ("repro:", "`repro:` means nothing to repro", "ignore"),
    ] {
        assert_eq!(
            mistakes(comment),
            [(message.to_owned(), help(verb))],
            "{comment}"
        );
    }
    for fine in [
        "repro:table x",
        "repro:end",
        "repro: derived-from x",
        "repro uses this",
        "é",
    ] {
        assert_eq!(mistakes(fine), [], "{fine}");
    }
}

#[test]
fn quotation_marks_within_reasons_are_escaped() {
    let reason = |words: &str| {
        let waiver = format!("<!-- repro: ignore RPR201 reason={words} until=2027-01-31 -->");
        let outcome = verified(&format!("{waiver}\n\n{DOCUMENT}"), Vec::new());
        assert_eq!(outcome.mistakes, []);
        outcome.waivers[0].waiver.reason.clone()
    };
    assert_eq!(reason(r#""the \"best\" run""#), r#"the "best" run"#);
    assert_eq!(reason(r"'it\'s \d \\'"), r"it's \d \");
}

#[test]
fn the_projects_waivers_cover_what_they_name() {
    let fingerprint = |outcome: &Verification| {
        let mut findings = outcome.findings.iter();
        let found = findings.find(|finding| finding.rule == "RPR201" && finding.line == 4);
        found.expect("found").fingerprint.clone()
    };
    let plain = verified(DOCUMENT, Vec::new());
    let lines = |at: &str| {
        let waiver = Waiver {
            rule: "RPR201".into(),
            scope: Scope::of(at),
            reason: "r".into(),
            until: None,
            path: "repro.toml".into(),
            line: 1,
            column: 1,
        };
        of_rule(&verified(DOCUMENT, vec![waiver]), "RPR201")
    };
    assert_eq!(lines("docs/R.md"), [3, 4, 8]);
    assert_eq!(lines("R.md"), [3, 4, 8]);
    assert_eq!(lines("s/R.md"), [0; 0]);
    assert_eq!(lines("docs/R.md:8"), [8]);
    assert_eq!(lines("./docs/R.md:8"), [8]);
    assert_eq!(lines("././docs/R.md"), [3, 4, 8]);
    assert_eq!(lines("M"), [3, 8]);
    assert_eq!(lines(&fingerprint(&plain)), [4]);
    assert_eq!(lines("docs/S.md"), [0; 0]);
}
