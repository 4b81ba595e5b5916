use std::fs;
use std::path::Path;

use super::*;
use crate::audit::bind::bind;
use crate::audit::finding::{Place, Subject};
use crate::audit::{Settings, Verification, verify};
use crate::document::Document;

/// Two sections, each with a table; the second's definitions stand under a heading of their own.
const DOCUMENT: &str = "\
words
# title
## first
model | Gender(%)
--- | ---
M [1] | 82.5

[1] results/a
[9] unused
## second
words
model | Smile(%)
--- | ---
M [2] | 72.5
### notes
<!-- of the second -->
[2] results/b;
  Namespace(a=1)
## third
";

fn inputs<'a>(text: &'a str, settings: &'a Settings) -> Inputs<'a> {
    Inputs::alone("R.md", text, settings)
}

#[test]
fn lines_are_about_tables() {
    let settings = Settings::default();
    let document = Document::parse(DOCUMENT);
    let bound = bind(&document, &inputs(DOCUMENT, &settings));
    let attribution = Attribution::new(&bound);
    let of = |line| attribution.of_line(line);
    assert_eq!(of(1), [0, 1]);
    assert_eq!(of(2), [0, 1]);
    assert_eq!(
        (of(3), of(4), of(5), of(6)),
        (vec![0], vec![0], vec![0], vec![0])
    );
    assert_eq!((of(7), of(8), of(9)), (vec![0], vec![0], vec![0]));
    assert_eq!((of(10), of(11), of(14)), (vec![1], vec![1], vec![1]));
    assert_eq!(
        (of(15), of(16), of(17), of(18)),
        (vec![1], vec![1], vec![1], vec![1])
    );
    // A section without tables is about those of the section around it.
    assert_eq!(of(19), [0, 1]);
}

#[test]
fn a_definition_that_two_tables_cite_is_about_both() {
    let text = "m | a(%)\n--- | ---\nM [1] | 1\n\n# b\n\nm | b(%)\n--- | ---\nM [1] | 1\n\n[1] results/a\n";
    let settings = Settings::default();
    let document = Document::parse(text);
    let bound = bind(&document, &inputs(text, &settings));
    assert_eq!(Attribution::new(&bound).of_line(11), [0, 1]);
}

/// The levels of [`DOCUMENT`]'s tables, where these findings and counts are all that the rules gave.
fn levels_of(
    findings: &[(&'static Rule, usize, Severity)],
    missing: &[&'static Rule],
) -> Vec<Level> {
    let settings = Settings::default();
    let inputs = inputs(DOCUMENT, &settings);
    let document = Document::parse(DOCUMENT);
    let bound = bind(&document, &inputs);
    let findings: Vec<Finding> = findings
        .iter()
        .map(|&(rule, line, severity)| {
            let place = Place::of_width(line, 1, 1);
            Finding::new(rule, place, &Subject::default(), String::new()).with_severity(severity)
        })
        .collect();
    let tables = Attribution::new(&bound);
    let attribution: Vec<Vec<usize>> = findings
        .iter()
        .map(|finding| tables.of_line(finding.line))
        .collect();
    let counts: Vec<RuleCount> = missing
        .iter()
        .map(|rule| RuleCount {
            rule: rule.id,
            verified: 0,
            findings: 0,
            not_assessed: 1,
            no_power: 0,
            missing: vec!["something".into()],
        })
        .collect();
    levels(&inputs, &bound, (&findings, &attribution), &counts)
}

fn short(levels: &[Level]) -> Vec<(&'static str, Vec<&'static str>)> {
    let levels = levels.iter();
    levels
        .map(|level| (level.level, level.blocked_by.clone()))
        .collect()
}

#[test]
fn a_finding_blocks_its_table_alone() {
    let levels = levels_of(&[(&catalogue::UNATTACHED_ROW, 6, Error)], &[]);
    // Nothing holds the second table back but that its run has no hash in a lock.
    assert_eq!(
        short(&levels),
        [("none", vec!["RPR001"]), ("L0", vec!["RPR206"])]
    );
    assert_eq!((levels[0].table.as_str(), levels[0].line), ("first", 4));
    assert_eq!(lowest(&levels), Some("none"));
    let warning = levels_of(&[(&catalogue::UNATTACHED_ROW, 6, Warning)], &[]);
    assert_eq!(lowest(&warning), Some("L0"));
}

#[test]
fn what_is_not_assessed_blocks_every_table() {
    let levels = levels_of(
        &[],
        &[&catalogue::RECORD_UNPARSEABLE, &catalogue::NOT_BITWISE],
    );
    assert_eq!(
        short(&levels),
        [("none", vec!["RPR301"]), ("none", vec!["RPR301"])]
    );
}

#[test]
fn steps_are_climbed_one_by_one() {
    let table = |text: &str, blocked: &[&str]| {
        let settings = Settings::default();
        let document = Document::parse(text);
        let inputs = inputs(text, &settings);
        let bound = bind(&document, &inputs);
        let level = super::level(&bound.tables[0], |step| {
            let rules = step.rules.iter().map(|(rule, _)| rule.id);
            rules.filter(|id| blocked.contains(id)).collect()
        });
        (level.level, level.blocked_by)
    };
    let text = "m | a(%)\n--- | ---\nM | 1\n";
    assert_eq!(table(text, &["RPR304"]), ("L0", vec!["RPR304"]));
    assert_eq!(table(text, &["RPR101", "RPR701"]), ("L1", vec!["RPR101"]));
    assert_eq!(
        table(text, &["RPR701", "RPR602"]),
        ("L2", vec!["RPR602", "RPR701"])
    );
    assert_eq!(table(text, &["RPR501"]), ("L3", vec!["RPR501"]));
    assert_eq!(table(text, &["RPR804"]), ("L4", vec!["RPR804"]));
    assert_eq!(table(text, &[]), ("L5", vec![]));
}

#[test]
fn levels_have_names_and_an_order() {
    assert_eq!((title("L1"), title("none")), ("traced", "not parsed"));
    assert_eq!(
        (next("none"), next("L0"), next("L5")),
        (Some("L0"), Some("L1"), None)
    );
    assert_eq!(lowest(&[]), None);
}

#[test]
fn a_rule_that_is_switched_off_assesses_nothing() {
    let mut settings = Settings::default();
    settings.severities.insert("RPR001".to_owned(), None);
    let Verification { levels, .. } = verify(&inputs(DOCUMENT, &settings));
    assert_eq!(levels[1].level, "none");
    assert!(levels[1].blocked_by.contains(&"RPR001"));
}

#[test]
fn the_seed_is_parsed_and_not_traced() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/mobilenet-v2.md");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("no `{}`: nothing to verify", path.display());
        return;
    };
    let Verification { levels, .. } = verify(&inputs(&text, &Settings::default()));
    assert_eq!(levels.len(), 2);
    assert!(levels.iter().all(|level| level.level == "L0"), "{levels:?}");
    assert_eq!(levels[0].blocked_by, ["RPR206", "RPR208"]);
    let blocked_by = ["RPR201", "RPR203", "RPR206", "RPR208"];
    assert_eq!(levels[1].blocked_by, blocked_by);
}
