//! A violating document and a clean one for each rule on statistics.

use serde_json::json;

use crate::audit::finding::Severity::{Error, Warning};
use crate::audit::fixture::{Fixture, count, found};
use crate::audit::rules::fixture::{alone, seed};
use crate::metric::{Goal, Split};
use crate::record::{DataRecord, RunRecord, Selection, SplitRecord};

fn table(rows: &[&str], text: &str) -> String {
    format!(
        "# results\n\nmodel | Gender Acc(%)(D) | Age MAE(D)\n--- | --- | ---\n{}\n\n{text}\n",
        rows.join("\n")
    )
}

#[test]
fn numbers_of_one_run() {
    let text = table(&["a | 82.5 | 7.1", "b | 80.0 | "], "");
    let message = "3 numbers rest on one run each".to_owned();
    assert_eq!(found(&alone(&text), "RPR501"), [(5, 5, Warning, message)]);
    let seeds = table(&["a | 82.5 ± 0.4 (5) | 7.1 ± 0.2 (5)"], "");
    let outcome = alone(&seeds);
    assert_eq!(found(&outcome, "RPR501"), []);
    assert_eq!(count(&outcome, "RPR501").verified, 2);
    let unknown = table(&["a | 82.5 ± 0.4 | "], "");
    assert_eq!(count(&alone(&unknown), "RPR501").not_assessed, 1);
    let one = table(&["a | 82.5 (n=1) | "], "");
    assert_eq!(found(&alone(&one), "RPR501").len(), 1);
    let cited = table(
        &["a [1] | 82.5 | "],
        "[1] \"results/m/f/1\", \"results/m/f/2\"",
    );
    assert_eq!(count(&alone(&cited), "RPR501").verified, 1);
    let none = "model | weight\n--- | ---\na | 5\n";
    assert_eq!(found(&alone(none), "RPR501"), []);
}

#[test]
fn uncertainties_that_nothing_defines() {
    let messages = |text: &str| -> Vec<(usize, usize, String)> {
        let found = found(&alone(text), "RPR502").into_iter();
        found
            .map(|(line, column, _, message)| (line, column, message))
            .collect()
    };
    let bare = table(&["a | 82.5 | 7.1"], "");
    assert_eq!(
        messages(&bare),
        [(3, 1, "no number of the table has an uncertainty".to_owned())]
    );
    let undefined = table(&["a | 82.5 ± 0.4 | 7.1 ± 0.2"], "");
    assert_eq!(
        messages(&undefined),
        [(
            5,
            5,
            "row `a`, column `Gender Acc(%)(D)`: nothing says of `82.5 ± 0.4` whether it is SD, SE or CI, of how \
             many runs, what was varied"
                .to_owned()
        )]
    );
    for said in [
        "mean ± sample standard deviation over seeds, n = 3",
        "± is the standard error of five runs",
    ] {
        assert_eq!(messages(&table(&["a | 82.5 ± 0.4 | "], said)), [], "{said}");
    }
    assert_eq!(
        messages(&table(&["a | 82.5 ± 0.4 (SD, n=5 seeds) | "], "")),
        []
    );
    let partly = messages(&table(&["a | 82.5 ± 0.4 (5) | "], "± is SD"));
    assert!(
        partly[0]
            .2
            .ends_with("nothing says of `82.5 ± 0.4 (5)` what was varied"),
        "{partly:?}"
    );
    let mixed = messages(&table(&["a | 82.5 (n=5) | 7.1 ± 0.2 (5)"], "SD over seeds"));
    assert_eq!(
        mixed,
        [(
            5,
            5,
            "row `a`, column `Gender Acc(%)(D)`: `82.5 (n=5)` rests on 5 runs and has no uncertainty".to_owned()
        )]
    );
    // What is said of another table does not count.
    let other = format!(
        "{undefined}\n# others\n\n± is SD over seeds, n = 3\n\nmodel | Acc(%)\n--- | ---\na | 1.0 ± 0.1\n"
    );
    assert_eq!(messages(&other).len(), 1);
}

#[test]
fn epochs_that_nothing_names() {
    let lines = |text: &str| -> Vec<usize> {
        let found = found(&alone(text), "RPR506");
        found.iter().map(|found| found.0).collect()
    };
    let rows = ["a | 82.5 | 7.1"];
    assert_eq!(lines(&table(&rows, "")), [3]);
    assert_eq!(
        lines(&table(&rows, "[2] 40 epochs, other 4 models, 60 epochs")),
        [3]
    );
    for said in [
        "at the epoch with the lowest validation loss",
        "Numbers are of the last epoch.",
        "select: best(val_total_loss)",
    ] {
        assert_eq!(lines(&table(&rows, said)), [0; 0], "{said}");
    }
    let record = table(
        &["a [1] | 82.5 | 7.1"],
        "[1] results/m/f/1; Namespace(selection='best', seed=0)",
    );
    assert_eq!(lines(&record), [0; 0]);
}

const SPEC: &str = "heading = \"results\"\nepoch = EPOCH\n[[columns]]\nheader = \"Gender Acc(%)(D)\"\n\
                    metric = \"test/gender/accuracy\"\nscale = 100\n[[columns]]\nheader = \"Age MAE(D)\"\n\
                    metric = \"test/age/mae\"\n[[rows]]\nlabel = \"a\"";
const LAST: &str = "\"last\"";

const METRICS: &[(&str, i32, f64)] = &[
    ("test/gender/accuracy", 1, 0.85),
    ("test/gender/accuracy", 2, 0.80),
    ("test/age/mae", 1, 9.0),
    ("test/age/mae", 2, 7.5),
];

fn project(epoch: &str, change: impl FnOnce(&mut RunRecord)) -> Fixture {
    let fixture = Fixture::new().with_spec(&SPEC.replace("EPOCH", epoch));
    fixture.with_run("m/f/1", json!({"seed": 0}), change, METRICS, &[])
}

fn cited(row: &str) -> String {
    table(&[row], "[1] data source: \"results/m/f/1\"")
}

#[test]
fn cells_of_one_row_from_different_epochs() {
    let fixture = project(LAST, |_| {});
    let outcome = fixture.verify(&cited("a [1] | 80.0 | 7.5"));
    assert_eq!(found(&outcome, "RPR506"), []);
    assert_eq!(count(&outcome, "RPR506").verified, 2);
    let text = cited("a [1] | 85.0 | 7.5");
    assert_eq!(
        fixture.found(&text, "RPR506"),
        [(
            5,
            9,
            Error,
            "row `a`: no epoch gives all of its numbers".to_owned()
        )]
    );
    let outcome = fixture.verify(&text);
    let finding = outcome
        .findings
        .iter()
        .find(|finding| finding.rule == "RPR506");
    let evidence: Vec<&str> = finding
        .expect("found")
        .evidence
        .iter()
        .map(|one| &*one.text)
        .collect();
    assert_eq!(
        evidence,
        [
            "column `Gender Acc(%)(D)`: `85.0` at epoch 1",
            "column `Age MAE(D)`: `7.5` at epoch 2"
        ]
    );
    // A number of no epoch is another rule's.
    assert_eq!(fixture.found(&cited("a [1] | 70.0 | 7.5"), "RPR506"), []);
    // Without a spec the header's words name the metric.
    let mut alone = project(LAST, |_| {});
    alone.specs.clear();
    let severities: Vec<_> = alone
        .found(&text, "RPR506")
        .into_iter()
        .map(|found| found.2)
        .collect();
    assert_eq!(severities, [Warning, Error]);
}

fn selection(metric: &str) -> impl FnOnce(&mut RunRecord) {
    let selection = Selection {
        rule: "best".into(),
        metric: metric.into(),
        goal: Goal::Min,
        epoch: Some(2),
    };
    |record| record.selection = Some(selection)
}

#[test]
fn the_split_that_decides_is_reported() {
    let text = cited("a [1] | 80.0 | 7.5");
    let outcome = project(LAST, selection("valid/total/loss")).verify(&text);
    assert_eq!(found(&outcome, "RPR505"), []);
    assert_eq!(count(&outcome, "RPR505").verified, 2);
    let found = project(LAST, selection("test/age/mae")).found(&text, "RPR505");
    let message = "2 numbers of the table: `test/age/mae` decides, and `test` is reported";
    assert_eq!(found, [(5, 9, Error, message.to_owned())]);
    let by_spec = "{ rule = \"best\", metric = \"test/age/mae\", goal = \"min\" }";
    let found = project(by_spec, |_| {}).found(&text, "RPR505");
    assert_eq!(found, [(5, 9, Error, message.to_owned())]);
    let outcome = project(LAST, |_| {}).verify(&text);
    assert_eq!(count(&outcome, "RPR505").not_assessed, 2);
}

#[test]
fn the_split_that_decides_has_the_samples_that_are_reported() {
    let split = |fingerprint: &str| SplitRecord {
        n: 2,
        labels: [("0".to_owned(), 2)].into(),
        fingerprint: fingerprint.into(),
    };
    let with = |fingerprint: &'static str| {
        project(LAST, move |record| {
            selection("valid/total/loss")(record);
            let data = DataRecord {
                name: "D".into(),
                synthetic: false,
                split_protocol: "reference".into(),
                splits: [
                    (Split::Test, split("f")),
                    (Split::Valid, split(fingerprint)),
                ]
                .into(),
                undecodable: Vec::new(),
                out_of_range: Vec::new(),
            };
            record.data.insert("gender".into(), data);
        })
    };
    let text = cited("a [1] | 80.0 | 7.5");
    assert_eq!(with("g").found(&text, "RPR505"), []);
    let message = "row `a`, column `Gender Acc(%)(D)`: `valid/total/loss` decides, and `test`, which is reported, \
                   has the same samples";
    assert_eq!(
        with("f").found(&text, "RPR505"),
        [(5, 9, Error, message.to_owned())]
    );
}

#[test]
fn the_best_of_a_curve_with_nothing_else_to_choose_by() {
    let text = cited("a [1] | 85.0 | ");
    let at_one = "{ rule = \"at\", epoch = 1 }";
    let found = project(at_one, |_| {}).found(&text, "RPR505");
    let message = "row `a`, column `Gender Acc(%)(D)`: the best epoch of `test/gender/accuracy` is reported, and no \
                   other split was logged to choose it by";
    assert_eq!(found, [(5, 9, Error, message.to_owned())]);
    let last = project(LAST, |_| {}).verify(&cited("a [1] | 80.0 | "));
    assert_eq!(count(&last, "RPR505").not_assessed, 1);
    let metrics = [METRICS, &[("valid/gender/accuracy", 1, 0.5)]].concat();
    let other = Fixture::new()
        .with_spec(&SPEC.replace("EPOCH", at_one))
        .with_run("m/f/1", json!({"seed": 0}), |_| {}, &metrics, &[]);
    assert_eq!(other.found(&text, "RPR505"), []);
}

#[test]
fn the_seed_has_what_the_catalogue_says() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let outcome = alone(&text);
    let places = |rule: &str| -> Vec<(usize, usize)> {
        let found = found(&outcome, rule);
        found.iter().map(|found| (found.0, found.1)).collect()
    };
    assert_eq!(places("RPR501"), [(7, 59), (42, 59)]);
    assert_eq!(places("RPR502"), [(5, 1), (40, 1)]);
    assert_eq!(places("RPR506"), [(5, 1), (40, 1)]);
    let messages = found(&outcome, "RPR501").into_iter().map(|found| found.3);
    let messages: Vec<String> = messages.collect();
    assert_eq!(
        messages,
        [
            "10 numbers rest on one run each",
            "3 numbers rest on one run each"
        ]
    );
    for rule in ["RPR503", "RPR504", "RPR505", "RPR507"] {
        assert!(
            places(rule).is_empty() && count(&outcome, rule).not_assessed > 0,
            "{rule}"
        );
    }
}
