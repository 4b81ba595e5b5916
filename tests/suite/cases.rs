//! The commands on whole projects; each test is a folder below `cases/`.

use crate::project::Project;

const JOINT: &str =
    "results/MTL_MobileNet_V2_model/_gender_1_age_1_CVPR_16_ChaLearn/2026-01-02-03-04-05";
const GENDER: &str =
    "results/MTL_MobileNet_V2_model/_gender_1_age_0_CVPR_16_ChaLearn/2026-01-02-04-04-05";
const AGE: &str =
    "results/MTL_MobileNet_V2_model/_gender_0_age_1_CVPR_16_ChaLearn/2026-01-02-05-04-05";

#[test]
fn tables_render_the_committed_document() {
    let project = Project::case("tables_template");
    let before = project.content();
    project.repro("tables").prints("stdout.md").run();
    project.repro("tables --check").run();
    assert_eq!(before.changed(&project.content()), [""; 0]);
}

#[test]
fn tables_are_the_same_from_anywhere_and_in_any_order_of_runs() {
    let project = Project::case("tables_template");
    for run in [AGE, GENDER, JOINT] {
        project.create_again(run);
        let tables = project.repro("tables").within("results");
        tables.prints("stdout.md").run();
    }
}

#[test]
fn runs_are_listed() {
    let project = Project::case("runs");
    project.repro("runs").prints("terminal.txt").run();
    project.repro("runs --format csv").prints("runs.csv").run();
    project
        .repro("runs --format json")
        .prints("runs.json")
        .run();
    std::fs::write(project.path(&format!("{AGE}/metrics.parquet")), "no").expect("written");
    project
        .repro("runs --format csv")
        .exits(2)
        .prints("broken.csv")
        .says("broken.txt")
        .run();
}

#[test]
fn tables_write_restores_document_and_lock() {
    let project = Project::case("tables_write");
    project.remove("RESULTS.md");
    project.remove("repro.lock");
    project.repro("tables --write").says("stderr.txt").run();
    project.is_settled("RESULTS.md");
    project.is_settled("repro.lock");
}

#[test]
fn tables_check_refuses_a_changed_document() {
    let project = Project::case("tables_check");
    project.edit("RESULTS.md", "| 75.0 ", "| 76.0 ");
    let before = project.content();
    project
        .repro("tables --check")
        .exits(1)
        .prints("stdout.txt")
        .says("stderr.txt")
        .run();
    assert_eq!(before.changed(&project.content()), [""; 0]);
}

#[test]
fn a_row_without_a_run_stays_empty_and_is_named() {
    let project = Project::case("tables_missing_row");
    project
        .repro("tables")
        .prints("stdout.md")
        .says("stderr.txt")
        .run();
}

#[test]
fn a_broken_run_hides_no_other() {
    let project = Project::case("tables_broken_run");
    project
        .repro("tables")
        .exits(2)
        .prints("stdout.md")
        .says("stderr.txt")
        .run();
}

#[test]
fn two_completed_runs_of_one_recipe_are_an_error_naming_both() {
    let project = Project::case("tables_duplicate_run");
    project.repro("tables").exits(2).says("stderr.txt").run();
}

#[test]
fn verify_passes_the_committed_document() {
    let project = Project::case("verify_clean");
    let before = project.content();
    project.repro("verify").prints("human.txt").run();
    project
        .repro("verify --format json")
        .prints("report.json")
        .run();
    assert_eq!(before.changed(&project.content()), [""; 0]);
}

#[test]
fn verify_refuses_one_digit() {
    let project = Project::case("verify_one_digit");
    project.edit("RESULTS.md", "| 75.0 ", "| 76.0 ");
    project.repro("verify").exits(1).prints("human.txt").run();
    project
        .repro("verify --format json")
        .exits(1)
        .prints("report.json")
        .run();
}

#[test]
fn verify_names_the_epoch_that_a_wrong_number_is_from() {
    let project = Project::case("verify_other_epoch");
    project.edit("RESULTS.md", "| 75.0 ", "| 87.5 ");
    project.repro("verify").exits(1).prints("human.txt").run();
}

#[test]
fn verify_refuses_an_altered_metrics_file() {
    let project = Project::case("verify_altered_metrics");
    let metrics = |run: &str| project.path(&format!("{run}/metrics.parquet"));
    std::fs::copy(metrics(JOINT), metrics(GENDER)).expect("copied");
    project.repro("verify").exits(1).prints("human.txt").run();
}

#[test]
fn verify_refuses_a_missing_run() {
    let project = Project::case("verify_missing_run");
    project.remove(AGE);
    project.repro("verify").exits(1).prints("human.txt").run();
}

#[test]
fn verify_refuses_a_mark_without_definition() {
    let project = Project::case("verify_undefined_mark");
    project.edit(
        "RESULTS.md",
        "MobileNet-V2-Age [5][6]",
        "MobileNet-V2-Age [5][9]",
    );
    project.repro("verify").exits(1).prints("human.txt").run();
}

#[test]
fn verify_refuses_a_numeric_row_without_marks() {
    let project = Project::case("verify_unmarked_row");
    project.edit("RESULTS.md", "MobileNet-V2-Age [5][6]", "MobileNet-V2-Age");
    project.repro("verify").exits(1).prints("human.txt").run();
}

#[test]
fn verify_refuses_an_edited_number_in_prose() {
    let project = Project::case("verify_prose");
    project.edit("RESULTS.md", "reaches 87.5 %", "reaches 97.5 %");
    project.repro("verify").exits(1).prints("human.txt").run();
}

#[test]
fn verify_refuses_a_document_that_cannot_be_rendered() {
    let project = Project::case("verify_stale_template");
    project.edit(
        "templates/RESULTS.md",
        "table(\"faces\")",
        "table(\"face\")",
    );
    project.repro("verify").exits(1).prints("human.txt").run();
}

#[test]
fn verify_colors_findings_where_asked() {
    let project = Project::case("verify_colored");
    project.edit("RESULTS.md", "| 75.0 ", "| 76.0 ");
    let verify = project.repro("verify --color always");
    verify.exits(1).prints("human.txt").run();
}

#[test]
fn verify_fails_when_it_verified_nothing() {
    let project = Project::case("verify_nothing");
    project
        .repro("verify NOTES.md")
        .exits(1)
        .prints("human.txt")
        .says("stderr.txt")
        .run();
}

#[test]
fn inspect_shows_what_was_parsed() {
    let project = Project::case("inspect");
    project
        .repro("inspect RESULTS.md --format json")
        .prints("RESULTS.json")
        .run();
}

#[test]
fn inspect_sums_up_a_ragged_document() {
    let project = Project::case("inspect_ragged");
    project.repro("inspect NOTES.md").prints("human.txt").run();
}
