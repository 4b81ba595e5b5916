use std::path::Path;

use jiff::civil::date;
use serde_json::Value;

use super::badge::{Origin, badge};
use super::github::github;
use super::human::{Human, unused};
use super::json::json;
use super::junit::junit;
use super::markdown::markdown;
use super::sarif::sarif;
use super::*;
use crate::audit::catalogue::{CODE_VERSION, DUPLICATE_DEFINITION, LABEL_STYLE, VALUE_MISMATCH};
use crate::audit::finding::{Confidence, Place, Subject};
use crate::audit::waiver::Scope;
use crate::audit::{Inputs, Settings, verify};

const TEXT: &str = "\
# results: ours
<!-- repro: ignore RPR006 reason=\"so <called>\" -->
模型　| Gender(%) | Smile(%)
--- | --- | ---
名 [1] | 82.5 | 84.0
N [2] | 77.8 |

[1] results/a
[2] Namespace(a=1, PADDING)
<!-- repro: ignore RPR201 -->
";

/// The schema of our own JSON.
const OURS: &str = "schemas/verify.schema.json";

fn subject(kind: &'static str) -> Subject {
    Subject {
        kind,
        ..Subject::default()
    }
}

/// A verification with one of everything, of a text with a long line.
fn sample() -> Verified {
    let text = TEXT.replace("PADDING", &"padding='padding', ".repeat(30));
    let settings = Settings {
        waivers: vec![Waiver {
            rule: "RPR101".into(),
            scope: Scope::of("elsewhere.md"),
            reason: "old".into(),
            until: Some(date(2026, 1, 2)),
            path: "repro.toml".into(),
            line: 7,
            column: 1,
        }],
        today: date(2026, 2, 1),
        ..Settings::default()
    };
    let mut verification = verify(&Inputs::alone("docs/R,1.md", &text, &settings));
    let place = Place::of_width;
    let mut findings = vec![
        Finding::new(
            &LABEL_STYLE,
            place(3, 1, 2),
            &subject("style"),
            "`模型` is no word".into(),
        ),
        Finding::new(
            &VALUE_MISMATCH,
            place(5, 9, 4),
            &subject("value"),
            "row `名`, column `Gender(%)`: printed 82.5, run gives 82.4: off by 100%".into(),
        )
        .with_evidence("run", "results/a\ntest/gender/accuracy = 0.824")
        .with_evidence_at("definition", place(8, 1, 3), "the run's path")
        .with_hint("run `repro tables --write`")
        .with_fix("82.4"),
        Finding::new(
            &DUPLICATE_DEFINITION,
            place(9, 600, 7),
            &subject("twice"),
            "far to the right".into(),
        )
        .with_confidence(Confidence::Inferred)
        .with_evidence("record", "x".repeat(300)),
    ];
    for column in [1, 4, 9] {
        let message = format!("nothing says what {column} is");
        let found = Finding::new(
            &CODE_VERSION,
            place(6, column, 1),
            &subject("code"),
            message,
        );
        findings.push(found);
    }
    for finding in &mut findings {
        finding.path = "docs/R,1.md".into();
    }
    findings[0].waived = true;
    findings[2].baselined = true;
    verification.waivers[1].findings = vec![0];
    verification.attribution = vec![vec![0]; findings.len()];
    verification.findings = findings;
    for count in &mut verification.rules {
        // What the rules gave is not what is tested here.
        (count.verified, count.findings, count.not_assessed) = match count.rule {
            "RPR001" => (2, 0, 0),
            "RPR101" => (0, 1, 2),
            "RPR602" => (0, 0, 1),
            _ => (0, 0, 0),
        };
        count.no_power = usize::from(count.rule == "RPR103");
        count.missing = match count.not_assessed {
            0 => Vec::new(),
            _ => vec!["the \"results\" root".into()],
        };
    }
    for level in &mut verification.levels {
        (level.level, level.blocked_by) = ("L0", vec!["RPR101", "RPR206"]);
    }
    Verified { verification, text }
}

fn compare(actual: &str, golden: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit/output/golden");
    let expected =
        snapbox::Data::read_from(&path.join(golden), Some(snapbox::data::DataFormat::Text));
    snapbox::Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .eq(actual, expected.raw());
}

fn schema(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).expect("readable");
    serde_json::from_str(&text).expect("JSON")
}

fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let found = validator.iter_errors(value);
    found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn people_see_excerpts_and_counts() {
    let verified = sample();
    let human = Human {
        verified: &verified,
        is_colored: false,
    };
    let project: Vec<String> = unused(std::slice::from_ref(&verified));
    compare(&format!("{human}{}\n", project.join("\n")), "human.txt");
}

#[test]
fn severities_are_painted_where_asked() {
    let verified = sample();
    let text = |is_colored| {
        let verified = &verified;
        Human {
            verified,
            is_colored,
        }
        .to_string()
    };
    assert!(text(true).contains("\x1b["));
    assert!(!text(false).contains('\x1b'));
}

#[test]
fn places_outside_the_document_do_not_panic() {
    let mut verified = sample();
    verified.verification.mistakes.clear();
    for (line, column, end_column) in [(0, 0, 0), (1, 900, 901), (99, 1, 2), (3, 2, 1), (7, 1, 1)] {
        let finding = &mut verified.verification.findings[1];
        (finding.line, finding.column, finding.end_column) = (line, column, end_column);
        let human = Human {
            verified: &verified,
            is_colored: false,
        };
        assert!(human.to_string().contains("RPR101"));
    }
}

#[test]
fn json_follows_its_schema() {
    let value: Value = serde_json::from_str(&json(&sample().verification)).expect("JSON");
    assert_eq!(errors(&schema(OURS), &value), [""; 0]);
    let finding = &value["findings"][1];
    assert_eq!(finding["evidence"][1]["place"]["line"], 8);
    assert_eq!(finding["evidence"][0]["place"], Value::Null);
    assert_eq!(value["waivers"][0]["state"], "expired");
    assert_eq!(value["waivers"][1]["findings"], 1);
    assert_eq!(value["mistakes"][0]["line"], 10);
}

#[test]
fn the_schema_of_json_refuses_what_it_does_not_know() {
    let mut value: Value = serde_json::from_str(&json(&sample().verification)).expect("JSON");
    for pointer in [
        "",
        "/findings/0",
        "/rules/0",
        "/levels/0",
        "/waivers/0",
        "/mistakes/0",
    ] {
        let mut wrong = value.clone();
        let object = wrong.pointer_mut(pointer).and_then(Value::as_object_mut);
        object
            .expect("an object")
            .insert("surprise".into(), 1.into());
        assert_eq!(errors(&schema(OURS), &wrong).len(), 1, "{pointer}");
    }
    value["findings"][0]["severity"] = "fatal".into();
    assert_eq!(errors(&schema(OURS), &value).len(), 1);
}

#[test]
fn sarif_follows_the_official_schema() {
    let verified = sample();
    let value: Value =
        serde_json::from_str(&sarif(std::slice::from_ref(&verified), 1, true)).expect("JSON");
    let mut official = schema("tests/oracle/sarif-2.1.0.json");
    // Its pattern for languages has a bracket too many, which is no regular expression.
    for owner in ["run", "toolComponent"] {
        let language = official.pointer_mut(&format!("/definitions/{owner}/properties/language"));
        let language = language.and_then(Value::as_object_mut).expect("there");
        language.remove("pattern").expect("there");
    }
    assert_eq!(errors(&official, &value), [""; 0]);
    let mut wrong = value.clone();
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert_eq!(errors(&official, &wrong).len(), 1);
    let run = &value["runs"][0];
    assert_eq!(
        run["tool"]["driver"]["rules"]
            .as_array()
            .expect("rules")
            .len(),
        61
    );
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let results = run["results"].as_array().expect("results");
    assert_eq!(
        results[0]["suppressions"][0]["justification"],
        "so <called>"
    );
    assert_eq!(results[0]["suppressions"][0]["kind"], "inSource");
    let mismatch = &results[1];
    let rule = mismatch["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], "RPR101");
    let location = &mismatch["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "docs/R%2C1.md");
    let region = serde_json::json!({ "startLine": 5, "startColumn": 9, "endColumn": 13 });
    assert_eq!(location["region"], region);
    let other = &mismatch["relatedLocations"][0]["physicalLocation"]["region"];
    assert_eq!(other["startLine"], 8);
    let fix = &mismatch["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(fix["insertedContent"]["text"], "82.4");
    assert_eq!(results[1]["baselineState"], "new");
    assert_eq!(results[2]["baselineState"], "unchanged");
    let without: Value = serde_json::from_str(&sarif(&[verified], 1, false)).expect("JSON");
    let result = &without["runs"][0]["results"][2];
    assert_eq!(result["baselineState"], Value::Null);
    assert_eq!(result["ruleId"], results[2]["ruleId"]);
    assert_eq!(
        mismatch["partialFingerprints"]["repro/v1"]
            .as_str()
            .map(str::len),
        Some(16)
    );
}

#[test]
fn github_sees_annotations_and_a_summary() {
    let verified = sample();
    compare(&github(&verified.verification), "github.txt");
    compare(&markdown(&[verified]), "summary.md");
}

#[test]
fn texts_of_documents_do_not_rule_what_shows_them() {
    let hostile = "\u{1b}[31m`<script>\u{7}``|`\u{9b}2J\u{202e}";
    let text = TEXT.replace("# results: ours", &format!("# results {hostile}"));
    let text = text.replace("N [2]", &format!("N{hostile} [2]"));
    let verification = verify(&Inputs::alone("R.md", &text, &Settings::default()));
    let mut verified = Verified { verification, text };
    for finding in &mut verified.verification.findings {
        finding.message = format!("{}; label `{hostile}`", finding.message);
    }
    verified.verification.mistakes[0].message += hostile;
    let human = Human {
        verified: &verified,
        is_colored: false,
    };
    let all = std::slice::from_ref(&verified);
    for output in [
        human.to_string(),
        github(&verified.verification),
        markdown(all),
        junit(all, Severity::Note),
    ] {
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert_eq!(output.find(raw), None, "{output}");
        assert!(output.contains("\u{241b}[31m") || output.contains("\u{241b}\\[31m"));
    }
}

#[test]
fn summaries_keep_labels_in_their_cells() {
    let mut verified = sample();
    let mut shown = |message: &str| {
        verified.verification.findings[1].message = message.to_owned();
        let text = markdown(std::slice::from_ref(&verified));
        let (_, row) = text.split_once("| 5:9 | ").expect("a row");
        row.lines().next().expect("a line").to_owned()
    };
    assert_eq!(shown("`a|b` < c_d"), "`a\\|b` &lt; c\\_d |");
    // A backtick within a label ends the code, and what follows is none.
    assert_eq!(shown("`a`<script>`"), "`a`&lt;script>\\` |");
    assert_eq!(shown("`<b>``<i>"), "\\`&lt;b>\\`\\`&lt;i> |");
    assert_eq!(shown("``<b>`<i>`` <u>"), "``<b>`<i>`` &lt;u> |");
}

#[test]
fn junit_has_a_case_per_table_and_family() {
    compare(&junit(&[sample()], Severity::Warning), "junit.xml");
}

#[test]
fn junit_passes_nothing_for_want_of_inputs() {
    let mut verified = sample();
    verified.verification.findings.clear();
    verified.verification.attribution.clear();
    let numbers = |verified: &Verified| {
        let text = junit(std::slice::from_ref(verified), Severity::Warning);
        let (_, rest) = text.split_once("name=\"Numbers\"").expect("a case");
        rest.lines().take(2).collect::<Vec<_>>().join("\n")
    };
    let message =
        "      <skipped message=\"not assessed for want of the &quot;results&quot; root\"/>";
    let count = |verified: &mut Verified, n| {
        let mut rules = verified.verification.rules.iter_mut();
        let count = rules.find(|count| count.rule == "RPR101").expect("counted");
        (count.verified, count.findings) = (n, 0);
    };
    // Three subjects are right, and two could not be looked at.
    count(&mut verified, 3);
    assert_eq!(numbers(&verified), format!(">\n{message}"));
    count(&mut verified, 0);
    assert_eq!(numbers(&verified), format!(">\n{message}"));
    for rule in &mut verified.verification.rules {
        (rule.not_assessed, rule.missing) = (0, Vec::new());
    }
    count(&mut verified, 3);
    assert!(numbers(&verified).starts_with("/>\n"));
}

#[test]
fn a_badge_is_the_same_bytes_for_the_same_state() {
    let origin = Origin {
        date: "2026-02-01",
        commit: Some("0123abc"),
        version: "9.9.9",
    };
    compare(&badge(&[sample()], &origin), "badge.svg");
    let unknown = Origin {
        commit: None,
        ..origin
    };
    let text = badge(&[], &unknown);
    assert!(text.contains("results: no table; 0 cells verified"));
    assert!(text.contains("commit unknown"));
}
