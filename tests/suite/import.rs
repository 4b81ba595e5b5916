//! `repro import` on projects that hold nothing but documents.

use std::fs;
use std::path::Path;

use crate::project::Project;

/// The documents that the project started from, if this checkout has them beside it.
fn seed(name: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed");
    let text = fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        println!("skipped: no `{name}` in `{}`", folder.display());
    }
    text
}

/// Lines without white space and without the length of separators; empty ones go.
fn essence(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| {
        let kept: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        let is_separator = kept.contains('-') && kept.chars().all(|c| "-|".contains(c));
        match is_separator {
            true => "-|".repeat(kept.matches('|').count()),
            false => kept,
        }
    });
    lines.filter(|line| !line.is_empty()).collect()
}

/// The written document beside the original: lines that differ, as they were and as they are.
fn changed(project: &Project, name: &str, original: &str) -> Vec<(String, String)> {
    project.repro("tables --write").says("wrote.txt").run();
    project.repro("tables --check").run();
    let written = fs::read_to_string(project.path(name)).expect("readable");
    let (before, after) = (essence(original), essence(&written));
    assert_eq!(before.len(), after.len(), "{name}");
    let pairs = before.into_iter().zip(after);
    pairs.filter(|(before, after)| before != after).collect()
}

#[test]
fn import_regenerates_the_seed_document() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let project = Project::of_documents("import_seed");
    fs::write(project.path("mobilenet-v2.md"), &text).expect("written");
    let import = project.repro("import mobilenet-v2.md");
    import.prints("stdout.txt").run();
    assert_eq!(changed(&project, "mobilenet-v2.md", &text), []);
}

#[test]
fn import_regenerates_alexnet() {
    let Some(text) = seed("alexnet.md") else {
        return;
    };
    let project = Project::of_documents("import_alexnet");
    fs::write(project.path("alexnet.md"), &text).expect("written");
    let import = project.repro("import alexnet.md");
    import.prints("stdout.txt").run();
    assert_eq!(changed(&project, "alexnet.md", &text), []);
}

#[test]
fn import_regenerates_resnet_50_and_lists_its_short_rows() {
    let Some(text) = seed("resnet-50.md") else {
        return;
    };
    let project = Project::of_documents("import_resnet_50");
    fs::write(project.path("resnet-50.md"), &text).expect("written");
    let import = project.repro("import resnet-50.md");
    import.prints("stdout.txt").says("stderr.txt").run();
    let labels = [
        "Gender_Smile_Emotion_Age",
        "Gender",
        "Smile",
        "Emotion",
        "Age",
    ];
    let short = |label| {
        (
            format!("ResNet-50-{label}|"),
            format!("ResNet-50-{label}|||||"),
        )
    };
    let expected: Vec<_> = labels.into_iter().map(short).collect();
    assert_eq!(changed(&project, "resnet-50.md", &text), expected);
}

#[test]
fn import_lists_what_it_cannot_keep() {
    let project = Project::of_documents("import_wild");
    let import = project.repro("import WILD.md").exits(1);
    import.prints("stdout.txt").says("stderr.txt").run();
    project.repro("tables").prints("rendered.md").run();
    let spec = fs::read_to_string(project.path("tables/WILD.toml")).expect("readable");
    project.is_golden(&spec, "spec.toml");
    let run = "results/reported/WILD/Ours/run.json";
    let record = fs::read_to_string(project.path(run)).expect("readable");
    project.is_golden(&record, "run.json");
}

#[test]
fn import_replaces_nothing_unasked() {
    let project = Project::of_documents("import_again");
    let import = || project.repro("import FACES.md");
    let empty = project.content();
    let dry = project.repro("import --dry-run FACES.md");
    dry.prints("stdout.txt").run();
    assert_eq!(empty.changed(&project.content()), [""; 0]);
    import().prints("stdout.txt").run();
    let imported = project.content();
    import().run();
    project.edit("FACES.md", "| 82.50", "| 82.5");
    import().exits(2).says("refused.txt").run();
    assert_eq!(imported.changed(&project.content()), ["FACES.md"]);
    let forced = project.repro("import --force FACES.md");
    forced.prints("forced.txt").run();
    project.repro("tables").prints("rendered.md").run();
}

#[test]
fn a_reported_row_gives_way_to_a_trained_one() {
    let project = Project::case("import_replaced");
    let import = project.repro("import FACES.md");
    import.prints("stdout.txt").says("hint.txt").run();
    let trained = "MTL_MobileNet_V2_model/_gender_0_age_1_CVPR_16_ChaLearn/2026-01-02-05-04-05";
    project.edit("tables/FACES.toml", "reported/FACES/Age", trained);
    let tables = project.repro("tables FACES").exits(2);
    tables.says("undeclared.txt").run();
    project.edit("tables/FACES.toml", "\"undeclared\"", "\"last\"");
    project.repro("tables FACES").prints("replaced.md").run();
}
