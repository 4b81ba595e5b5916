//! Rules over training code, on documents and programs written for them.

use std::path::Path;

use crate::audit::python::TrainingCode;
use crate::audit::python::tests::{fixture, parse};
use crate::audit::{Inputs, Settings, Verification, verify};

/// The rules that the tests of this folder are about.
const OURS: &[&str] = &["RPR307", "RPR308", "RPR403", "RPR505", "RPR507", "RPR603", "RPR704"];

/// A document with one run of the clean program.
const DOCUMENT: &str = "\
# Results

model | Age Acc(%) | Age MAE
--- | --- | ---
MobileNet-V2-Age [1][2] | 7.5 | 7.1

[1] results/MobileNet_V2/_age_1_faces/2026-11-02-10-00-00

[2] Namespace(batch_size=8, data_root='data', debug=False, epoch=60, log_dir='logs', loss_weights=[1.0], lr_rate=0.001, lr_schedule=8, model='MobileNet_V2', num_workers=4, seed=0, weight_decay=1e-06)
";

fn verify_with(text: &str, code: Option<&TrainingCode>) -> Verification {
    verify(&Inputs {
        path: "RESULTS.md",
        text,
        store: None,
        specs: &[],
        settings: &Settings::default(),
        rendered: None,
        lock: None,
        history: None,
        code,
    })
}

fn findings(verification: &Verification, rules: &[&str]) -> Vec<String> {
    let ours = verification.findings.iter().filter(|finding| rules.contains(&finding.rule));
    ours.map(|finding| {
        let (line, column) = (finding.line, finding.column);
        let severity = finding.severity.as_str();
        let evidence: Vec<&str> = finding.evidence.iter().map(|evidence| evidence.text.as_str()).collect();
        format!("{severity} {} {line}:{column}: {}\n  {}", finding.rule, finding.message, evidence.join("\n  "))
    })
    .collect()
}

/// What the rules say of the document with a fixture program.
fn with(name: &str, text: &str) -> Vec<String> {
    let code = parse(&fixture(name));
    findings(&verify_with(text, Some(&code)), OURS)
}

#[test]
fn the_clean_program_verifies_every_rule() {
    assert_eq!(with("clean", DOCUMENT), [""; 0]);
    let code = parse(&fixture("clean"));
    let verification = verify_with(DOCUMENT, Some(&code));
    let counts: Vec<(&str, usize)> = verification
        .rules
        .iter()
        .filter(|count| OURS.contains(&count.rule) && count.rule != "RPR403")
        .map(|count| (count.rule, count.verified))
        .collect();
    assert_eq!(
        counts,
        [("RPR307", 12), ("RPR308", 1), ("RPR505", 1), ("RPR507", 1), ("RPR603", 1), ("RPR704", 1)]
    );
}

#[test]
fn without_code_the_rules_name_what_is_missing() {
    let verification = verify_with(DOCUMENT, None);
    for rule in OURS {
        let count = verification.rules.iter().find(|count| count.rule == *rule).expect("counted");
        assert_eq!(count.verified + count.findings, 0, "{rule}");
        let missing = "the training code (`code` below `[audit]` in repro.toml)";
        assert!(count.missing.contains(&missing.to_owned()), "{rule}: {:?}", count.missing);
    }
    let empty = TrainingCode::default();
    let verification = verify_with(DOCUMENT, Some(&empty));
    let count = verification.rules.iter().find(|count| count.rule == "RPR308").expect("counted");
    assert_eq!(count.missing, ["a script with a command line in the training code"]);
}

#[test]
fn each_defect_gives_its_finding_and_no_other() {
    let cases: &[(&str, &[&str])] = &[
    ];
    let mut wrong = Vec::new();
    for (name, expected) in cases {
        let found = with(name, DOCUMENT);
        if found != *expected {
            wrong.push(format!("{name}:\n{}", found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn debug_all() {
    for name in ["inert_argument","inert_parameter","unreachable_value","overridden_value","class_count","selection_on_reported_split","private_test_as_validation","batch_means","mean_of_batch_list","unweighted_meter","random_evaluation","resampled_evaluation","dropout_in_evaluation","truncated_evaluation","unseeded","unreached_seed","benchmark","unseeded_workers","unordered_listing","undispatched_model","broken_syntax"] {
        println!("        (\"{name}\", &[");
        for found in with(name, DOCUMENT) { println!("            {found:?},"); }
        println!("        ]),");
    }
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/mobilenet-v2.md");
    let text = std::fs::read_to_string(seed).unwrap();
    println!("SEED\n{}", with("as_reference", &text).join("\n"));
    panic!();
}
