//! Versions, environments and origins, on documents and small repositories.

use std::path::Path;

use crate::audit::git::History;
use crate::audit::git::tests::Repository;
use crate::audit::python::tests::fixture;
use crate::audit::{Inputs, Settings, Verification, verify};
use crate::report::lock::Lock;
use crate::store::Store;

fn verify_with(text: &str, history: Option<&History>) -> Verification {
    verify(&Inputs {
        history,
        ..Inputs::alone("RESULTS.md", text, &Settings::default())
    })
}

fn findings(verification: &Verification, rule: &str) -> Vec<String> {
    let ours = verification
        .findings
        .iter()
        .filter(|finding| finding.rule == rule);
    ours.map(|finding| {
        let (line, column, severity) = (finding.line, finding.column, finding.severity.as_str());
        format!("{severity} {line}:{column}: {}", finding.message)
    })
    .collect()
}

fn missing(verification: &Verification, rule: &str) -> Vec<String> {
    let count = verification
        .rules
        .iter()
        .find(|count| count.rule == rule)
        .expect("counted");
    assert_eq!(count.verified + count.findings, 0, "{rule}");
    count.missing.clone()
}

fn verified(verification: &Verification, rule: &str) -> usize {
    let count = verification
        .rules
        .iter()
        .find(|count| count.rule == rule)
        .expect("counted");
    count.verified
}

/// A document whose one record has more keys.
fn document(more: &str) -> String {
    format!(
        "M | Acc(%)\n--- | ---\nA [1] | 1.5\n\n[1] results/M/a_D/2026-11-02-10-00-00; Namespace(a=1{more})\n"
    )
}

#[test]
fn a_record_names_its_commit() {
    let repository = Repository::new();
    repository.commit(1_793_000_000, "+0000");
    let history = repository.read(None);
    let id = &history.commits[0].id;
    let outcome = |more: &str| findings(&verify_with(&document(more), Some(&history)), "RPR701");
    assert_eq!(
        outcome(""),
        ["warning 5:40: record [1] names no commit of the code that ran"]
    );
    assert_eq!(
        outcome(&format!(", commit='{id}'")),
        ["warning 5:40: record [1] does not say whether the work tree was clean"]
    );
    assert_eq!(
        outcome(&format!(", commit='{id}', dirty=True")),
        ["warning 5:40: record [1]: the work tree had changes, and they are not kept"]
    );
    assert_eq!(
        outcome(", commit='0123456789abcdef', dirty=False"),
        ["warning 5:40: record [1]: commit `0123456789abcdef` is not in the repository"]
    );
    let clean = document(&format!(", commit='{id}', dirty=False"));
    let verification = verify_with(&clean, Some(&history));
    assert_eq!(findings(&verification, "RPR701"), [""; 0]);
    assert_eq!(verified(&verification, "RPR701"), 1);
    assert_eq!(
        missing(&verify_with(&clean, None), "RPR701"),
        ["the git history"]
    );
    let shallow = History {
        is_shallow: true,
        ..History::default()
    };
    assert_eq!(
        missing(&verify_with(&clean, Some(&shallow)), "RPR701"),
        ["the whole git history: this clone is shallow"]
    );
}

#[test]
fn a_record_says_on_what_it_ran() {
    let outcome = |more: &str| findings(&verify_with(&document(more), None), "RPR703");
    assert_eq!(
        outcome(""),
        ["warning 5:40: record [1] does not say: a lock file's hash, operating system, processor"]
    );
    assert_eq!(
        outcome(", os='linux', working_machine='narvi'"),
        [
            "warning 5:67: record [1] does not say: a lock file's hash, processor; only the machine's name `working_machine='narvi'`"
        ]
    );
    let locked = document(", os='linux', cpu='Zen 4', lockfile='sha256:1'");
    let verification = verify_with(&locked, None);
    assert_eq!(findings(&verification, "RPR703"), [""; 0]);
    assert_eq!(verified(&verification, "RPR703"), 1);
}

#[test]
fn a_run_that_only_the_lock_knows_is_not_judged_by_its_printed_record() {
    let text = document(", working_machine=None");
    let locked = |run: &str| -> Lock {
        let runs = serde_json::json!({ run: { "record": "0", "artifacts": {} } });
        let lock = serde_json::json!({ "format": 1, "documents": {}, "runs": runs, "cells": [] });
        serde_json::from_value(lock).expect("a lock")
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::new(folder.path());
    let outcome = |lock: &Lock, store| {
        verify(&Inputs {
            lock: Some(lock),
            store,
            ..Inputs::alone("RESULTS.md", &text, &Settings::default())
        })
    };
    let known = locked("M/a_D/2026-11-02-10-00-00");
    let other = locked("M/a_D/2026-11-02-11-00-00");
    for store in [None, Some(&store)] {
        let verification = outcome(&known, store);
        for rule in ["RPR309", "RPR701", "RPR703"] {
            assert_eq!(missing(&verification, rule), ["the run"]);
            assert_eq!(findings(&outcome(&other, store), rule).len(), 1, "{rule}");
        }
    }
    assert_eq!(
        findings(&outcome(&other, None), "RPR703"),
        ["warning 5:40: record [1] does not say: a lock file's hash, operating system, processor"]
    );
}

#[test]
fn the_seed_alone_lacks_commits_and_environments() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/mobilenet-v2.md");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no `{}`", path.display());
        return;
    };
    let verification = verify_with(&text, None);
    let lines = |rule: &str| -> Vec<usize> {
        let ours = verification
            .findings
            .iter()
            .filter(|finding| finding.rule == rule);
        ours.map(|finding| finding.line).collect()
    };
    assert_eq!(lines("RPR701"), [18, 21, 24, 27, 30, 49]);
    assert_eq!(lines("RPR703"), [18, 21, 24, 27, 30, 49]);
    let code = "the training code (`code` below `[audit]` in repro.toml)";
    for (rule, input) in [
        ("RPR307", code),
        ("RPR308", code),
        ("RPR603", code),
        ("RPR704", code),
        ("RPR702", "the git history"),
        ("RPR901", "the git history"),
        ("RPR902", "the git history"),
    ] {
        assert_eq!(missing(&verification, rule), [input], "{rule}");
    }
}

/// A repository with the code as the reference before and after its second model came.
fn repository_of_reference() -> Repository {
    let repository = Repository::new();
    let write = |with_second_model: bool| {
        for (path, text) in fixture("as_reference") {
            let second = "    elif args.model == 'MTL_MobileNet_V2_model':\n        model = MTL_MobileNet_V2_model()\n";
            assert!(path != "models/get_model.py" || text.contains(second));
            let text = if with_second_model {
                text
            } else {
                text.replace(second, "")
            };
            repository.write(&format!("code/{path}"), &text);
        }
    };
    write(false);
    // 2019-04-10 12:00:00 by a clock three hours before UTC.
    repository.commit(1_554_886_800, "+0300");
    write(true);
    // 2019-04-19 00:00:00 by the same clock.
    repository.commit(1_555_621_200, "+0300");
    repository
}

#[test]
fn a_run_before_its_model_is_impossible() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/mobilenet-v2.md");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no `{}`", path.display());
        return;
    };
    let repository = repository_of_reference();
    repository.write("RESULTS.md", &text);
    // After all runs.
    repository.commit(1_556_000_000, "+0300");
    let history = repository.read(Some("code"));
    let verification = verify_with(&text, Some(&history));
    let second = history.commits[1].short();
    let ours: Vec<_> = verification
        .findings
        .iter()
        .filter(|finding| finding.rule == "RPR702")
        .collect();
    let places: Vec<(usize, usize)> = ours
        .iter()
        .map(|finding| (finding.line, finding.column))
        .collect();
    // Those of 17 and 18 April; the one of the 21st came after.
    assert_eq!(places, [(17, 19), (20, 5), (23, 5), (26, 5), (29, 6)]);
    assert_eq!(
        ours[0].message,
        "run `results/MTL_MobileNet_V2_model/_gender_1_smile_1_emotion_1_age_1_CVPR_16_ChaLearn/2019-04-17-12-57-39` cannot come from the code of its time: its code had no model `MTL_MobileNet_V2_model`, only `MTL_MobileNet_V1_model`"
    );
    let evidence: Vec<&str> = ours[0]
        .evidence
        .iter()
        .map(|evidence| evidence.text.as_str())
        .collect();
    assert_eq!(
        evidence,
        [
            "[5]".to_owned(),
            format!(
                "code/models/get_model.py:8:22 (commit {})",
                history.commits[0].short()
            ),
            format!("the code of commit {second} would fit the record"),
        ]
    );
    assert_eq!(verified(&verification, "RPR702"), 1);
}

#[test]
fn arguments_and_times_must_fit() {
    let repository = Repository::new();
    let script = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--a', type=int)\nargs = parser.parse_args()\nprint(args.a)\n";
    repository.write("main.py", script);
    // 2026-11-02 00:00:00
    repository.commit(1_793_577_600, "+0000");
    let impossible =
        |text: &str, history: &History| findings(&verify_with(text, Some(history)), "RPR702");
    let history = repository.read(Some("main.py"));
    let run = "run `results/M/a_D/2026-11-02-10-00-00` cannot come from the code of its time";
    assert_eq!(impossible(&document(""), &history), [""; 0]);
    assert_eq!(
        impossible(&document(", b=2"), &history),
        [format!("error 5:5: {run}: its parser had no `b`")]
    );
    assert_eq!(
        impossible(&document("").replace("(a=1", "(c=1"), &history),
        [format!(
            "error 5:5: {run}: its parser had no `c`; the record lacks `a` of its parser"
        )]
    );
    let early = document("").replace("2026-11-02", "2026-11-01");
    assert_eq!(
        impossible(&early, &history),
        [
            "error 5:5: run `results/M/a_D/2026-11-01-10-00-00` cannot come from the code of its time: the run is older than the first commit of the code"
        ]
    );
    repository.write("RESULTS.md", &document(""));
    // One hour before the run began.
    repository.commit(1_793_610_000, "+0000");
    assert_eq!(
        impossible(&document(""), &repository.read(Some("main.py"))),
        [format!("error 5:5: {run}: it was cited before it began")]
    );
    let without_time = document("").replace("2026-11-02-10-00-00", "latest");
    assert_eq!(
        missing(&verify_with(&without_time, Some(&history)), "RPR702"),
        ["the start of the run"]
    );
}
