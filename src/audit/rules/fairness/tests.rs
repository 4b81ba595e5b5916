use serde_json::json;

use crate::audit::Settings;
use crate::audit::finding::Severity::{Error, Note, Warning};
use crate::audit::rules::fixture::{
    Runs, against, alone, clean, counts, evidence, found, places, replace_nth, seed, spec,
};

#[test]
fn the_seed_gives_what_the_catalogue_lists() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let outcome = alone(&text);
    assert_eq!(
        places(&outcome, "RPR4"),
        [("RPR401", 7, 1), ("RPR402", 7, 1)]
    );
    assert_eq!(
        evidence(&outcome, "RPR401"),
        [(18, 118), (21, 100), (24, 100), (27, 100), (30, 101)]
    );
    assert_eq!(evidence(&outcome, "RPR402")[..2], [(18, 451), (21, 433)]);
    assert_eq!(
        found(&outcome, "RPR401")[0].3,
        "row `MobileNet-V2-Gender_Smile_Emotion_Age` differs from the rows that it is compared with in `epoch` \
         (40, others 60); the table's factor determines `epoch` (perfect aliasing), so that their effects cannot \
         be told apart"
    );
    assert_eq!(counts(&outcome, "RPR403"), (0, 0, 5));
    assert_eq!(counts(&outcome, "RPR404"), (10, 0, 0));
    assert_eq!(counts(&outcome, "RPR405"), (0, 0, 1));
}

#[test]
fn sibling_documents_of_the_seed() {
    let (Some(alexnet), Some(resnet)) = (seed("alexnet.md"), seed("resnet-50.md")) else {
        return;
    };
    let rules = |text: &str, rule: &str| -> Vec<usize> {
        let outcome = alone(text);
        found(&outcome, rule)
            .iter()
            .map(|(line, ..)| *line)
            .collect()
    };
    assert_eq!(rules(&alexnet, "RPR401"), [28, 32]);
    assert_eq!(rules(&alexnet, "RPR402"), [28, 40]);
    assert_eq!(rules(&alexnet, "RPR404"), [28, 32, 36, 37, 38, 39, 40]);
    assert_eq!(rules(&resnet, "RPR401"), Vec::<usize>::new());
    assert_eq!(rules(&resnet, "RPR402"), [9]);
    assert_eq!(rules(&resnet, "RPR404"), [13]);
}

#[test]
fn a_clean_document_has_no_finding() {
    let outcome = alone(&clean());
    assert_eq!(places(&outcome, "RPR4"), []);
    assert_eq!(counts(&outcome, "RPR401"), (1, 0, 0));
    assert_eq!(counts(&outcome, "RPR402"), (1, 0, 0));
    assert_eq!(counts(&outcome, "RPR403"), (0, 0, 2));
    assert_eq!(counts(&outcome, "RPR404"), (4, 0, 0));
}

#[test]
fn rows_trained_otherwise() {
    for (n, from, to, severity, line, words) in [
        (
            0,
            "epoch=60",
            "epoch=40",
            Error,
            5,
            "`epoch` (40, others 60); the table's factor",
        ),
        (
            1,
            "batch_size=8",
            "batch_size=16",
            Error,
            6,
            "`batch_size` (16, others 8)",
        ),
        (
            2,
            "lr_rate=0.001",
            "lr_rate=0.1",
            Warning,
            7,
            "`lr_rate` (0.1, others 0.001)",
        ),
        (
            2,
            "augment=True",
            "augment=False",
            Warning,
            7,
            "`augment` (False, others True)",
        ),
    ] {
        let outcome = alone(&replace_nth(&clean(), n, from, to));
        let found = found(&outcome, "RPR401");
        assert_eq!(found.len(), 1, "{to}");
        assert_eq!(
            (found[0].0, found[0].1, found[0].2),
            (line, 1, severity),
            "{to}"
        );
        assert!(found[0].3.contains(words), "{}", found[0].3);
    }
    for (n, from, to) in [
        (0, "seed=0", "seed=1"),
        (1, "lr_rate=0.001", "lr_rate=1e-3"),
    ] {
        let outcome = alone(&replace_nth(&clean(), n, from, to));
        assert_eq!(found(&outcome, "RPR401"), [], "{to}");
    }
    // Rows without a common column are not compared.
    let apart = clean().replacen("| 82.5 | 6.7", "| 82.5 |", 1);
    let apart = replace_nth(&apart, 2, "epoch=60", "epoch=40");
    assert_eq!(found(&alone(&apart), "RPR401"), []);
    let declared = replace_nth(&clean(), 0, "lr_rate=0.001", "lr_rate=0.1");
    let declared = declared.replacen("V2-Gender_Age [1]", "V2-Gender_Age-lr-0.1 [1]", 1);
    assert_eq!(found(&alone(&declared), "RPR401"), []);
}

const SPEC: &str = r#"
heading = "results"
factors = ["loss_weights", "epoch"]
epoch   = "last"
[[columns]]
header = "Gender(%)(ChaLearn_2016)"
metric = "test/gender/accuracy"
[[columns]]
header = "Age MAE (ChaLearn_2016)"
metric = "test/age/mae"
[[rows]]
label = "MobileNet-V2-Gender_Age"
expected_empty = ["Age MAE (ChaLearn_2016)"]
[[rows]]
label = "MobileNet-V2-Gender"
[[rows]]
label = "MobileNet-V2-Age"
"#;

#[test]
fn declared_factors_are_no_confound() {
    let specs = [spec(SPEC)];
    let verify = |text: &str| against(text, None, &specs, &Settings::default());
    let text = replace_nth(&clean(), 0, "epoch=60", "epoch=40");
    assert_eq!(found(&alone(&text), "RPR401").len(), 1);
    assert_eq!(found(&verify(&text), "RPR401"), []);
    let text = replace_nth(&clean(), 0, "lr_rate=0.001", "lr_rate=0.1");
    assert_eq!(found(&verify(&text), "RPR401").len(), 1);
}

#[test]
fn rows_of_another_machine() {
    let outcome = alone(&replace_nth(&clean(), 0, "'narvi'", "'thinkstation'"));
    assert_eq!(
        found(&outcome, "RPR402"),
        [(
            5,
            1,
            Warning,
            "row `MobileNet-V2-Gender_Age` comes from another machine than the rows that it is compared with: \
             `working_machine` (thinkstation, others narvi)"
        )]
    );
    for to in ["'Narvi'", "None"] {
        let outcome = alone(&replace_nth(&clean(), 0, "'narvi'", to));
        assert_eq!(found(&outcome, "RPR402"), [], "{to}");
    }
    for (instruction_set, severity) in [("avx2", Warning), ("portable", Note)] {
        let runs = Runs::new(4, |idx, record| {
            record["environment"]["instruction_set"] = json!(instruction_set);
            record["environment"]["cpu"] = json!(if idx == 0 { "B" } else { "A" });
        });
        let outcome = against(&clean(), Some(&runs.store), &[], &Settings::default());
        let found = found(&outcome, "RPR402");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, found[0].2), (5, severity));
        assert!(
            found[0].3.ends_with("`cpu` (B, others A)"),
            "{}",
            found[0].3
        );
    }
}

#[test]
fn numbers_that_measure_something_else() {
    let text = replace_nth(&clean(), 0, "augment=True", "age_classes=88, augment=True");
    let text = replace_nth(&text, 2, "augment=True", "age_classes=100, augment=True");
    let outcome = alone(&text);
    assert_eq!(
        found(&outcome, "RPR403"),
        [(
            7,
            1,
            Error,
            "row `MobileNet-V2-Age` does not measure what the rows measure that it is compared with: \
             `age_classes` (100, others 88)"
        )]
    );
    let outcome = alone(&replace_nth(
        &clean(),
        1,
        "init='random'",
        "init='imagenet'",
    ));
    assert_eq!(found(&outcome, "RPR403")[0].0, 6);
}

#[test]
fn samples_of_runs_on_disk() {
    let specs = [spec(SPEC)];
    let verify = |runs: &Runs| against(&clean(), Some(&runs.store), &specs, &Settings::default());
    assert_eq!(
        counts(&verify(&Runs::new(4, |_, _| {})), "RPR403"),
        (2, 0, 0)
    );
    let runs = Runs::new(4, |idx, record| {
        if idx == 2 {
            record["data"]["age"]["splits"]["test"]["n"] = json!(39);
            record["data"]["age"]["splits"]["test"]["fingerprint"] = json!("c");
        }
        // Not a column that the row has a number in.
        if idx == 1 {
            record["data"]["age"]["splits"]["test"]["fingerprint"] = json!("d");
        }
    });
    let outcome = verify(&runs);
    assert_eq!(
        found(&outcome, "RPR403"),
        [(
            7,
            41,
            Error,
            "row `MobileNet-V2-Age` does not measure what the rows measure that it is compared with: `samples` \
             (39 of `test/age`, fingerprint c…, others 40 of `test/age`, fingerprint b…)"
        )]
    );
    assert_eq!(counts(&outcome, "RPR403"), (1, 1, 0));
}

#[test]
fn cells_that_a_record_implies() {
    let text = clean().replacen("| 82.5 | 6.7", "| 82.5 |", 1);
    let outcome = alone(&text);
    assert_eq!(
        found(&outcome, "RPR404"),
        [(
            5,
            40,
            Note,
            "row `MobileNet-V2-Gender_Age`, column `Age MAE (ChaLearn_2016)`: empty, but the row's record trains \
             `age`"
        )]
    );
    assert_eq!(counts(&outcome, "RPR404"), (3, 1, 0));
    let outcome = against(&text, None, &[spec(SPEC)], &Settings::default());
    assert_eq!(counts(&outcome, "RPR404"), (4, 0, 0));
}
