//! Numbers and records over the versions of a document.

use crate::audit::git::{Commit, History, Version};
use crate::audit::{Inputs, Settings, Verification, verify};

/// A history of these versions, each committed after the one before.
fn history(versions: &[&str]) -> History {
    let commit = |number: usize| Commit {
        id: format!("{number:040x}"),
        time: 0,
        author_time: 0,
        offset: 0,
    };
    let version = |(commit, text): (usize, &&str)| Version {
        commit,
        text: (*text).to_owned(),
    };
    History {
        commits: (0..versions.len()).map(commit).collect(),
        document: versions.iter().enumerate().map(version).collect(),
        ..History::default()
    }
}

fn verify_after(versions: &[&str], text: &str) -> Verification {
    let history = history(versions);
    verify(&Inputs {
        history: Some(&history),
        ..Inputs::alone("RESULTS.md", text, &Settings::default())
    })
}

/// Findings of a rule with the last piece of their evidence.
fn after(versions: &[&str], text: &str, rule: &str) -> Vec<String> {
    let verification = verify_after(versions, text);
    let ours = verification
        .findings
        .iter()
        .filter(|finding| finding.rule == rule);
    ours.map(|finding| {
        let evidence = finding
            .evidence
            .last()
            .map_or("", |evidence| &evidence.text);
        let (line, column, severity) = (finding.line, finding.column, finding.severity.as_str());
        format!(
            "{severity} {line}:{column}: {}; {evidence}",
            finding.message
        )
    })
    .collect()
}

const DOCUMENT: &str = "\
model | Acc(%) | MAE
--- | --- | ---
M-A [1][2] | 80.5 | 4.9
M-B [3] | 70.5 |

[1] results/M/a_D/2026-11-02-10-00-00
[2] Namespace(epoch=60, working_machine='narvi')
[3] results/M/b_D/2026-11-02-11-00-00; Namespace(epoch=60, working_machine='narvi')
";

#[test]
fn what_never_changed_is_verified() {
    let verification = verify_after(&[DOCUMENT], DOCUMENT);
    let verified = |rule: &str| {
        let count = verification
            .rules
            .iter()
            .find(|count| count.rule == rule)
            .expect("counted");
        (count.verified, count.findings, count.not_assessed)
    };
    assert_eq!(verified("RPR901"), (3, 0, 0));
    assert_eq!(verified("RPR902"), (2, 0, 0));
}

#[test]
fn a_number_that_changes_without_its_source_is_an_error() {
    let now = DOCUMENT.replace("80.5", "81.5");
    let expected = [
        "error 3:14: row `M-A`, column `Acc(%)`: 81.5 was 80.5 before, from the same source; commit 0000000 says 80.5; source: results/M/a_D/2026-11-02-10-00-00",
    ];
    assert_eq!(after(&[DOCUMENT], &now, "RPR901"), expected);
    // Whether or not the change was committed, and wherever the row went.
    let moved = now.replace(
        "M-A [1][2] | 81.5 | 4.9\nM-B [3] | 70.5 |",
        "M-B [3] | 70.5 |\nM-A [1][2] | 81.5 | 4.9",
    );
    assert_eq!(
        after(&[DOCUMENT, &now], &moved, "RPR901"),
        [expected[0].replace("3:14", "4:14")]
    );
    // A change that was taken back is none.
    assert_eq!(after(&[DOCUMENT, &now], DOCUMENT, "RPR901"), [""; 0]);
}

#[test]
fn a_number_that_stays_when_its_source_changes_is_noted() {
    let now = DOCUMENT.replace("a_D/2026-11-02", "a_D/2026-11-03");
    let source = "commit 0000000 gives as source: results/M/a_D/2026-11-02-10-00-00; now: results/M/a_D/2026-11-03-10-00-00";
    assert_eq!(
        after(&[DOCUMENT], &now, "RPR901"),
        [
            format!(
                "note 3:14: row `M-A`, column `Acc(%)`: 80.5 stayed when its source changed; {source}"
            ),
            format!(
                "note 3:21: row `M-A`, column `MAE`: 4.9 stayed when its source changed; {source}"
            ),
        ]
    );
    let both = now.replace("80.5", "81.5").replace("4.9", "4.8");
    assert_eq!(after(&[DOCUMENT], &both, "RPR901"), [""; 0]);
    assert_eq!(after(&[DOCUMENT], &both, "RPR902"), [""; 0]);
}

#[test]
fn a_record_that_is_edited_is_an_error() {
    let now = DOCUMENT.replacen("'narvi'", "'Narvi'", 1);
    let first = "commit 0000000 is the first that cites the run";
    assert_eq!(
        after(&[DOCUMENT], &now, "RPR902"),
        [format!(
            "error 7:25: record [2] was rewritten: `working_machine='Narvi'` was 'narvi'; {first}"
        )]
    );
    assert_eq!(after(&[DOCUMENT, &now], &now, "RPR902").len(), 1);
    let gone = DOCUMENT.replacen(", working_machine='narvi'", "", 1);
    assert_eq!(
        after(&[DOCUMENT], &gone, "RPR902"),
        [format!(
            "error 7:5: record [2] was rewritten: `working_machine='narvi'` is gone; {first}"
        )]
    );
    // White space is no change.
    let spaced = DOCUMENT.replacen(", working_machine", ",  working_machine", 1);
    assert_eq!(after(&[DOCUMENT], &spaced, "RPR902"), [""; 0]);
}

#[test]
fn a_record_of_several_runs_is_held_against_its_past_too() {
    let group = DOCUMENT.replace(
        "[1] results/M/a_D/2026-11-02-10-00-00",
        "[1] results/M/a_D/2026-11-02-10-00-00, results/M/a_D/2026-11-02-10-00-01",
    );
    assert_eq!(after(&[&group], &group, "RPR902"), [""; 0]);
    let edited = group.replacen("epoch=60", "epoch=80", 1);
    let moved = group.replacen(
        "results/M/a_D/2026-11-02-10-00-01",
        "results/N/a_D/2026-11-02-10-00-01",
        1,
    );
    let first = "commit 0000000 is the first that cites the run";
    assert_eq!(
        after(&[&group], &edited, "RPR902"),
        [format!(
            "error 7:15: record [2] was rewritten: `epoch=80` was 60; {first}"
        )]
    );
    assert_eq!(
        after(&[&group], &moved, "RPR902"),
        [format!(
            "error 6:40: path of a past run was rewritten: `results/N/a_D/2026-11-02-10-00-01` was `results/M/a_D/2026-11-02-10-00-01`; {first}"
        )]
    );
}

#[test]
fn a_path_that_is_edited_is_an_error() {
    let now = DOCUMENT.replace("results/M/b_D", "results/Old-M/b_D");
    assert_eq!(
        after(&[DOCUMENT], &now, "RPR902"),
        [
            "error 8:5: path of a past run was rewritten: `results/Old-M/b_D/2026-11-02-11-00-00` was `results/M/b_D/2026-11-02-11-00-00`; commit 0000000 is the first that cites the run"
        ]
    );
}

#[test]
fn without_a_committed_version_nothing_is_assessed() {
    let verification = verify_after(&[], DOCUMENT);
    for rule in ["RPR901", "RPR902"] {
        let count = verification
            .rules
            .iter()
            .find(|count| count.rule == rule)
            .expect("counted");
        assert_eq!(count.missing, ["a committed version of the document"]);
    }
}
