use super::*;
use crate::audit::{Inputs, Settings, verify};

fn verified(path: &str, text: &str) -> Verification {
    verify(&Inputs::alone(path, text, &Settings::default()))
}

const TABLE: &str = "model | Gender(%)\n--- | ---\nM | 82.5\nN [7] | 83.5\n";

#[test]
fn what_is_known_does_not_fail() {
    let mut outcome = verified("a.md", TABLE);
    assert!(outcome.has_new(super::super::finding::Severity::Error));
    let baseline = Baseline::of(&[&outcome]);
    let read = Baseline::parse(&baseline.to_text()).expect("its own text");
    assert_eq!(read, baseline);
    assert!(read.is_unverified("a.md") && !read.is_unverified("b.md"));
    read.apply(&mut outcome);
    assert!(outcome.findings.iter().all(|finding| finding.baselined));
    assert!(!outcome.has_new(super::super::finding::Severity::Note));
    let mut other = verified("b.md", TABLE);
    read.apply(&mut other);
    assert!(!other.findings.iter().any(|finding| finding.baselined));
}

#[test]
fn what_is_no_longer_found_is_told_of_verified_documents_alone() {
    let outcome = verified("a.md", TABLE);
    let baseline = Baseline::of(&[&outcome]);
    let better = verified("a.md", &TABLE.replace(" [7]", ""));
    let gone: Vec<&str> = baseline
        .gone(&[&better])
        .iter()
        .map(|known| known.rule.as_str())
        .collect();
    assert!(gone.contains(&"RPR202"), "{gone:?}");
    assert!(baseline.gone(&[]).is_empty());
    assert!(baseline.gone(&[&outcome]).is_empty());
}

#[test]
fn other_files_are_refused() {
    let error = |text: &str| Baseline::parse(text).expect_err("refused").to_string();
    assert_eq!(
        error(r#"{ "format": 2, "unverified": [], "findings": [] }"#),
        "has format 2, this build reads 1"
    );
    assert!(error("[]").starts_with("is no baseline: "));
    assert!(error("{").starts_with("is no baseline: "));
    assert!(
        error(r#"{ "format": 1, "unverified": [], "findings": [], "more": 0 }"#)
            .starts_with("is no baseline: unknown field `more`")
    );
}

#[test]
fn a_baseline_is_sorted() {
    let (a, b) = (verified("a.md", TABLE), verified("b.md", TABLE));
    assert_eq!(
        Baseline::of(&[&a, &b]).to_text(),
        Baseline::of(&[&b, &a]).to_text()
    );
}
