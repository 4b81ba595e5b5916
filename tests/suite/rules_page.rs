//! `docs/rules.md` is what the program prints of its rules.

use std::path::Path;
use std::process::Command;

use snapbox::assert::DEFAULT_ACTION_ENV;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

fn explained(arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_repro"));
    let output = command
        .args(["verify", "--explain"])
        .args(arguments)
        .output();
    let output = output.expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_rules_page_is_up_to_date() {
    let (is_fine, page, _) = explained(&["all", "--format", "markdown"]);
    assert!(is_fine);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    Assert::new()
        .action_env(DEFAULT_ACTION_ENV)
        .eq(page, Data::read_from(&path, Some(DataFormat::Text)).raw());
}

#[test]
fn rules_are_explained_one_by_one() {
    let (is_fine, text, _) = explained(&["RPR801"]);
    assert!(is_fine);
    let expected = "RPR801 rerun-failed\nerror, from a re-run\n\nTraining again fails.\n\n";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("\nState: not assessed yet"), "{text}");
    let (is_fine, text, _) = explained(&["all", "--format", "json"]);
    assert!(is_fine);
    let rules: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(rules.as_array().map(Vec::len), Some(61));
    assert_eq!(rules[0]["id"], "RPR001");
    let (is_fine, _, error) = explained(&["RPR210"]);
    let expected = "error: `RPR210` is no rule, the nearest is `RPR201`\nhelp: `repro verify --explain all` lists the rules\n";
    assert_eq!((is_fine, error.as_str()), (false, expected));
    let (is_fine, _, error) = explained(&["all", "--format", "junit"]);
    let expected = "error: rules are printed as `human`, `markdown` or `json`\n";
    assert_eq!((is_fine, error.as_str()), (false, expected));
}
