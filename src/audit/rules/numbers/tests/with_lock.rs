//! Numbers against `repro.lock`, without runs and with them.

use std::collections::BTreeMap;

use serde_json::json;

use crate::audit::finding::Severity::Error;
use crate::audit::fixture::{Fixture, count};
use crate::record::{Kind, RunRecord};
use crate::report::assemble::assemble;
use crate::report::document::{Rendered, numbered};
use crate::report::lock::{FORMAT, Lock, LockedCell, LockedRun};
use crate::store::{RECORD, RunId, RunWriter};

const SPEC: &str = "heading = \"results\"\nepoch = \"last\"\n[[columns]]\nheader = \"Smile(%)\"\n\
                    metric = \"test/smile/accuracy\"\nscale = 100\n[[rows]]\nlabel = \"a\"";

const TEXT: &str = "## results\n\nmodel | Smile(%)\n--- | ---\na [1][2] | 82.5\n\n[1] data source: \"results/m/f/1\"\n\
     [2] hyper-parameters: Namespace(seed=0)\n";

fn lock(text: &str, cell: &str, value: Option<&str>) -> Lock {
    let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    Lock {
        format: FORMAT,
        documents: BTreeMap::from([("RESULTS.md".to_owned(), hash)]),
        runs: BTreeMap::new(),
        cells: vec![LockedCell {
            document: "RESULTS.md".into(),
            table: "results".into(),
            row: "a".into(),
            header: "Smile(%)".into(),
            text: cell.into(),
            value: value.map(str::to_owned),
            runs: vec!["m/f/1".into()],
            rule: "last".into(),
        }],
    }
}

fn without_runs(mut lock: Lock) -> Fixture {
    let locked = LockedRun {
        record: String::new(),
        artifacts: BTreeMap::new(),
        cited: None,
    };
    lock.runs.insert("m/f/1".into(), locked);
    let mut fixture = Fixture::new().with_spec(SPEC);
    fixture.has_results = false;
    fixture.lock = Some(lock);
    fixture
}

#[test]
fn a_locked_number_is_verified_without_runs() {
    let fixture = without_runs(lock(TEXT, "82.5", Some("82.46")));
    let outcome = fixture.verify(TEXT);
    let cells = &outcome.cells;
    assert_eq!(
        (cells.numeric, cells.verified, cells.verified_from_lock),
        (1, 1, 1)
    );
    let errors: Vec<_> = outcome
        .findings
        .iter()
        .filter(|finding| finding.severity == Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert!(!outcome.fails(Error) && !outcome.is_complete());
    assert_eq!(cells.without_predictions.get("the results root"), Some(&1));
    assert_eq!(count(&outcome, "RPR904").verified, 1);
    for rule in ["RPR102", "RPR206", "RPR507", "RPR604"] {
        assert_eq!(count(&outcome, rule).verified, 0, "{rule}");
        assert!(count(&outcome, rule).not_assessed > 0, "{rule}");
    }
    // What checkouts do to the ends of lines is no difference.
    assert_eq!(fixture.found(&TEXT.replace('\n', "\r\n"), "RPR904"), []);
}

#[test]
fn what_differs_from_the_lock_is_an_error_without_runs() {
    let fixture = without_runs(lock(TEXT, "82.5", Some("82.46")));
    let only = |text: &str| {
        let found = fixture.found(text, "RPR101");
        assert_eq!(found.len(), 1, "{found:?}");
        (found[0].0, found[0].1, found[0].3.clone())
    };
    assert_eq!(
        only(&TEXT.replace("82.5", "82.6")),
        (
            5,
            12,
            "row `a`, column `Smile(%)`: printed `82.6`, `repro.lock` has `82.5`".to_owned()
        )
    );
    assert_eq!(
        only(&TEXT.replace("f/1", "f/2")),
        (
            5,
            12,
            "row `a`, column `Smile(%)`: the row cites other runs than `repro.lock` has: m/f/1"
                .to_owned()
        )
    );
    assert_eq!(
        only(&TEXT.replace("82.5", "")),
        (
            3,
            1,
            "table `results`, column `Smile(%)`: the document lacks `82.5` of row `a`, which `repro.lock` has"
                .to_owned()
        )
    );
    let prose = TEXT.replace("## results\n", "## results\n\nWords.\n");
    let found = fixture.found(&prose, "RPR904");
    assert_eq!(
        (found.len(), found[0].0, found[0].1, found[0].2),
        (1, 1, 1, Error)
    );
    // A lock whose text is not its value.
    let forged = without_runs(lock(TEXT, "82.5", Some("82.36")));
    let message = "row `a`, column `Smile(%)`: printed `82.5`, `repro.lock` has the value 82.36";
    assert_eq!(
        forged.found(TEXT, "RPR101"),
        [(5, 12, Error, message.to_owned())]
    );
    let mut cells = lock(TEXT, "82.5", Some("82.46"));
    cells.cells.clear();
    let message = "row `a`, column `Smile(%)`: printed `82.5`, `repro.lock` has no such cell";
    assert_eq!(
        without_runs(cells).found(TEXT, "RPR101"),
        [(5, 12, Error, message.to_owned())]
    );
}

#[test]
fn a_document_that_the_lock_does_not_list() {
    let mut other = lock(TEXT, "82.5", Some("82.46"));
    other.documents.clear();
    let outcome = without_runs(other).verify(TEXT);
    assert_eq!((outcome.cells.verified, outcome.cells.not_assessed), (0, 1));
    let reason = "`repro.lock` does not list `RESULTS.md`";
    assert_eq!(outcome.cells.reasons.get(reason), Some(&1));
    assert_eq!(count(&outcome, "RPR904").missing, [reason]);
    let mut fixture = without_runs(lock(TEXT, "82.5", None));
    fixture.specs.clear();
    assert_eq!(fixture.verify(TEXT).cells.not_assessed, 1);
    let text_only = without_runs(lock(TEXT, "82.5", None)).verify(TEXT);
    assert_eq!((text_only.cells.verified, text_only.cells.reported), (0, 1));
}

#[test]
fn lock_and_runs_must_agree() {
    let with = |lock: Lock| {
        let mut fixture = Fixture::new().with_spec(SPEC).with_run(
            "m/f/1",
            json!({"seed": 0}),
            |_| {},
            &[("test/smile/accuracy", 1, 0.8246)],
            &[],
        );
        fixture.lock = Some(lock);
        fixture
    };
    let value = 0.8246_f64 * 100.0;
    let clean = with(lock(TEXT, "82.5", Some(&value.to_string())));
    let outcome = clean.verify(TEXT);
    assert_eq!(clean.found(TEXT, "RPR101"), []);
    assert_eq!(
        (outcome.cells.verified, outcome.cells.verified_from_lock),
        (1, 0)
    );
    let message = "row `a`, column `Smile(%)`: `repro.lock` has `82.4`, run gives 82.5";
    let found = with(lock(TEXT, "82.4", Some("82.46"))).found(TEXT, "RPR101");
    assert_eq!(found, [(5, 12, Error, message.to_owned())]);
    let found = with(lock(TEXT, "82.5", Some("82.47"))).found(TEXT, "RPR101");
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .3
            .starts_with("row `a`, column `Smile(%)`: `repro.lock` has 82.47, run gives")
    );
}

#[test]
fn a_cell_that_the_lock_lacks_is_an_error_beside_runs_too() {
    let mut lock = lock(TEXT, "82.5", Some("82.46"));
    lock.cells.clear();
    let mut fixture = Fixture::new().with_spec(SPEC).with_run(
        "m/f/1",
        json!({"seed": 0}),
        |_| {},
        &[("test/smile/accuracy", 1, 0.8246)],
        &[],
    );
    fixture.lock = Some(lock);
    let message = "row `a`, column `Smile(%)`: printed `82.5`, `repro.lock` has no such cell";
    let expected = [(5, 12, Error, message.to_owned())];
    assert_eq!(fixture.found(TEXT, "RPR101"), expected);
    // A document that the lock does not list is no error.
    fixture.lock.as_mut().expect("a lock").documents.clear();
    assert_eq!(fixture.found(TEXT, "RPR101"), []);
}

#[test]
fn the_lock_tells_a_number_whose_run_is_gone() {
    let mut fixture = Fixture::new().with_spec(SPEC);
    fixture.lock = Some(lock(TEXT, "82.5", Some("82.46")));
    assert_eq!(fixture.found(TEXT, "RPR101"), []);
    let message = "row `a`, column `Smile(%)`: printed `82.6`, `repro.lock` has `82.5`";
    let found = fixture.found(&TEXT.replace("82.5", "82.6"), "RPR101");
    assert_eq!(found, [(5, 12, Error, message.to_owned())]);
}

/// With a note about another run.
const REPORTED_SPEC: &str = "heading = \"results\"\nepoch = \"last\"\n[[columns]]\nheader = \"Smile(%)\"\n\
                             metric = \"test/smile/accuracy\"\nscale = 100\n[[rows]]\nlabel = \"a\"\n\
                             where = { run = \"results/reported/x\" }\n\
                             [[notes]]\nmark = 7\nrun = \"results/reported/y\"\nfootnote = \"data source\"";

/// A run that was read from the document, and the lock that rendering writes.
fn reported() -> Fixture {
    let change = |record: &mut RunRecord| {
        record.kind = Kind::Reported;
        record.cited = Some("/home/a/results/m/f/1".to_owned());
        let text = ("test/smile/accuracy".to_owned(), "82.5".to_owned());
        record.reported = Some(BTreeMap::from([text]));
    };
    let mut fixture = Fixture::new().with_spec(REPORTED_SPEC);
    for run in ["reported/x", "reported/y"] {
        fixture = fixture.with_run(run, json!({"seed": 0}), change, &[], &[]);
    }
    let runs = fixture.store.scan().runs;
    let table = assemble(&fixture.specs[0], &fixture.store, &runs).expect("a table");
    let rendered = Rendered {
        text: reported_text(),
        tables: numbered(vec![table.table]).expect("numbers"),
    };
    let documents = [("RESULTS.md".to_owned(), rendered)];
    let lock = Lock::of(&documents, &fixture.store, &runs).expect("a lock");
    fixture.lock = Some(lock);
    fixture
}

fn reported_text() -> String {
    let text = TEXT.replace("results/m/f/1", "/home/a/results/m/f/1");
    format!("{text}[7] data source: \"/home/a/results/m/f/1\"\n")
}

#[test]
fn a_reported_row_cites_what_the_document_did() {
    let mut fixture = reported();
    let lock = fixture.lock.as_ref().expect("a lock");
    let cited = lock.runs["reported/x"].cited.as_deref();
    assert_eq!(cited, Some("/home/a/results/m/f/1"));
    fixture.has_results = false;
    let outcome = fixture.verify(&reported_text());
    assert_eq!(fixture.found(&reported_text(), "RPR101"), []);
    assert_eq!(fixture.found(&reported_text(), "RPR904"), []);
    assert_eq!((outcome.cells.reported, outcome.cells.mismatched), (1, 0));
    let message =
        "row `a`, column `Smile(%)`: the row cites other runs than `repro.lock` has: reported/x";
    let other = reported_text().replace("f/1", "f/2");
    let found = fixture.found(&other, "RPR101");
    assert_eq!(found, [(5, 12, Error, message.to_owned())]);
}

#[test]
fn the_text_of_a_reported_cell_is_that_of_the_lock() {
    let mut fixture = reported();
    assert_eq!(fixture.found(&reported_text(), "RPR101"), []);
    fixture.lock.as_mut().expect("a lock").cells[0].text = "82.6".to_owned();
    let message = "row `a`, column `Smile(%)`: printed `82.5`, `repro.lock` has `82.6`";
    let found = fixture.found(&reported_text(), "RPR101");
    assert_eq!(found, [(5, 12, Error, message.to_owned())]);
}

/// What RPR206 says of the runs that the spec names, the record of one of them changed.
fn after(run: &str, change: impl FnOnce(&str) -> String) -> Vec<(usize, usize, String)> {
    let fixture = reported();
    let run: RunId = run.parse().expect("a run path");
    let path = fixture.store.file(&run, RECORD);
    let text = std::fs::read_to_string(&path).expect("readable");
    let changed = change(&text);
    assert_ne!(changed, text);
    std::fs::write(&path, changed).expect("written");
    let found = fixture.found(&reported_text(), "RPR206").into_iter();
    let named = found.filter(|(.., message)| message.contains("results/reported/"));
    named
        .map(|(line, column, severity, message)| {
            assert_eq!(severity, Error);
            (line, column, message)
        })
        .collect()
}

#[test]
fn a_reported_run_that_is_not_the_locked_one_is_altered() {
    let replace = |from: &'static str, to: &'static str| move |text: &str| text.replace(from, to);
    for (from, to) in [
        ("\"82.5\"", "\"82.6\""),
        ("/home/a", "/home/b"),
        ("\"seed\": 0", "\"seed\": 1"),
    ] {
        for (run, place) in [("reported/x", (5, 1)), ("reported/y", (9, 1))] {
            let found = after(run, replace(from, to));
            assert_eq!(found.len(), 1, "{run}, {to}: {found:?}");
            let (line, column, message) = &found[0];
            assert_eq!((*line, *column), place, "{run}, {to}");
            let start = format!("run `results/{run}` was altered after it was completed");
            assert!(message.starts_with(&start), "{message}");
        }
    }
}

#[test]
fn a_reported_run_that_cannot_be_used_is_named_at_its_row() {
    let cases = [
        ("cannot be read", "", ""),
        ("cannot be read", "\"format\": 1", "\"format\": 99"),
        (
            "is running, tables use completed runs only",
            "\"completed\"",
            "\"running\"",
        ),
        (
            "was altered",
            "\"kind\": \"reported\"",
            "\"kind\": \"trained\"",
        ),
    ];
    for (said, from, to) in cases {
        let change = |text: &str| match from {
            "" => "{".to_owned(),
            _ => text.replace(from, to),
        };
        let found = after("reported/x", change);
        assert_eq!(found.len(), 1, "{to}: {found:?}");
        let (line, column, message) = &found[0];
        assert_eq!((*line, *column), (5, 1), "{to}");
        let expected = format!("run `results/reported/x` {said}");
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[test]
fn a_reported_run_of_another_kind_is_told_without_a_lock() {
    let mut fixture = reported();
    fixture.lock = None;
    let message = "run `results/reported/x` holds what a document said, its kind is not `reported`";
    let run: RunId = "reported/x".parse().expect("a run path");
    let is_told = |fixture: &Fixture| {
        let found = fixture.found(&reported_text(), "RPR206");
        found.contains(&(5, 1, Error, message.to_owned()))
    };
    assert!(!is_told(&fixture));
    let mut writer = RunWriter::reopen(&fixture.store, &run).expect("readable");
    let change = |record: &mut RunRecord| record.kind = Kind::Trained;
    writer.update(change).expect("written");
    assert!(is_told(&fixture));
    let cells = fixture.verify(&reported_text()).cells;
    let reason = "run `reported/x` cannot be used";
    assert_eq!(cells.reasons.get(reason), Some(&1), "{:?}", cells.reasons);
}
