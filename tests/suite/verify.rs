//! What `repro verify` does beside finding: formats, waivers, baselines, badges.

use std::fs;

use jsonschema::Validator;
use serde_json::Value;

use crate::project::Project;

/// A definition that nobody uses.
const UNUSED: &str = "## reference\n\n[9] an older table\n";

/// A project whose document has a wrong number and a definition that nobody uses.
fn broken(case: &str) -> Project {
    let project = Project::case(case);
    project.edit("RESULTS.md", "| 75.0 ", "| 62.5 ");
    project.edit("RESULTS.md", "## reference\n", UNUSED);
    project
}

#[test]
fn annotations_come_with_a_summary_of_the_job() {
    let project = broken("verify_github");
    fs::write(project.path("summary.md"), "before\n").expect("written");
    project
        .repro("verify --format github")
        .with("GITHUB_STEP_SUMMARY", project.path("summary.md"))
        .exits(1)
        .prints("github.txt")
        .run();
    project.holds("summary.md", "summary.md");
}

#[test]
fn test_reports_are_for_several_documents() {
    let project = broken("verify_junit");
    project
        .repro("verify --format junit RESULTS.md NOTES.md")
        .exits(1)
        .prints("junit.xml")
        .says("stderr.txt")
        .run();
}

#[test]
fn waivers_of_document_and_project_cover_and_are_counted() {
    let project = broken("verify_waivers");
    project
        .repro("verify --date 2027-01-31")
        .prints("used.txt")
        .run();
    project
        .repro("verify --date 2027-02-01")
        .exits(1)
        .prints("expired.txt")
        .run();
}

#[test]
fn waivers_without_reason_or_rule_are_refused() {
    let project = Project::case("verify_wrong_waivers");
    project.edit(
        "RESULTS.md",
        "## reference",
        "<!-- repro: ignore RPR204 -->\n## reference",
    );
    let verify = project.repro("verify --format github");
    verify.exits(1).prints("github.txt").run();
    let settings = fs::read_to_string(project.path("repro.toml")).expect("readable");
    let waiver = "\n[[waivers]]\nrule = \"RPR210\"\nat = \"RESULTS.md\"\nreason = \"r\"\n";
    fs::write(project.path("repro.toml"), settings + waiver).expect("written");
    project.repro("verify").exits(2).says("rule.txt").run();
    project.edit("repro.toml", "reason = \"r\"\n", "");
    project.repro("verify").exits(2).says("reason.txt").run();
}

#[test]
fn a_baseline_lets_known_findings_pass_and_no_others() {
    let project = broken("verify_baseline");
    let write = "verify --format github --write-baseline known.json";
    project.repro(write).exits(1).prints("all.txt").run();
    project.holds("known.json", "known.json");
    let read = "verify --format github --baseline known.json";
    project.repro(read).run();
    project.edit("RESULTS.md", "| 87.5 ", "| 88.5 ");
    project.repro(read).exits(1).prints("new.txt").run();
    project.edit("RESULTS.md", "| 88.5 ", "| 87.5 ");
    project.edit("RESULTS.md", "| 62.5 ", "| 75.0 ");
    project.edit("RESULTS.md", UNUSED, "## reference\n");
    project.repro(read).says("gone.txt").run();
    fs::write(project.path("known.json"), "{}").expect("written");
    project.repro(read).exits(2).says("unreadable.txt").run();
}

#[test]
fn a_badge_says_level_and_origin() {
    let project = Project::case("verify_badge");
    let badge = "verify --format github --badge badge.svg --date 2026-02-01";
    project.repro(badge).prints("github.txt").run();
    project.holds("badge.svg", "unknown.svg");
    project
        .repro(&format!("{badge} --commit 0123abc"))
        .prints("github.txt")
        .run();
    project.holds("badge.svg", "badge.svg");
}

#[test]
fn a_folder_that_an_option_names_must_be_there() {
    let project = Project::case("verify_options");
    for (options, golden) in [
        ("--results nodir", "results.txt"),
        ("--results RESULTS.md", "file.txt"),
        ("--project nowhere", "project.txt"),
    ] {
        let verify = project.repro(&format!("verify {options}"));
        verify.exits(2).says(golden).run();
    }
    project
        .repro("tables --results nodir")
        .exits(2)
        .says("results.txt")
        .run();
    project
        .repro("runs --results nodir")
        .exits(2)
        .says("results.txt")
        .run();
    // What no option names may be absent.
    project.remove("results");
    project.repro("runs").prints("none.txt").run();
    fs::write(project.path("results"), "").expect("written");
    project.repro("verify").exits(2).says("settings.txt").run();
}

#[test]
fn a_lock_that_cannot_be_read_is_explained_once() {
    let project = Project::case("verify_options");
    project.remove("repro.lock");
    fs::create_dir(project.path("repro.lock")).expect("created");
    project.repro("verify").exits(2).says("lock.txt").run();
}

#[test]
fn whoever_reads_a_report_may_stop() {
    let project = Project::case("verify_options");
    for (command, code) in [
        ("verify", 0),
        ("verify --explain all", 0),
        ("tables", 0),
        ("runs", 0),
        ("inspect RESULTS.md", 0),
        ("verify NOTES.md", 1),
    ] {
        assert_eq!(
            project.without_reader(command),
            (Some(code), false),
            "{command}"
        );
    }
}

#[test]
fn a_rule_is_explained_by_id_number_or_name() {
    let project = Project::case("verify_options");
    let text = project.output("verify --explain RPR205");
    let name = text.split_whitespace().nth(1).expect("a name");
    assert!(text.starts_with("RPR205 "), "{text}");
    for rule in ["rpr205", "205", name] {
        assert_eq!(project.output(&format!("verify --explain {rule}")), text);
    }
    let unknown = project.repro("verify --explain RPR999");
    unknown.exits(2).says("rule.txt").run();
}

#[test]
fn every_report_follows_its_schema() {
    let project = broken("verify_baseline");
    let ours = schema("schemas/verify.schema.json");
    let report = project.output("verify --format json");
    for line in report.lines() {
        is_valid(&ours, line);
    }
    let seed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/seed/mobilenet-v2.md"
    );
    if fs::exists(seed).unwrap_or(false) {
        is_valid(
            &ours,
            &project.output(&format!("verify --format json {seed}")),
        );
    } else {
        println!("no `{seed}`: nothing to verify");
    }
}

fn schema(path: &str) -> Validator {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read_to_string(path).expect("readable");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    jsonschema::draft202012::new(&schema).expect("a valid schema")
}

fn is_valid(schema: &Validator, text: &str) {
    let value: Value = serde_json::from_str(text).expect("JSON");
    let mistakes: Vec<String> = schema
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(mistakes, [""; 0]);
}
