//! A violating document and a clean one for each rule on numbers, exact to place and message.

mod seed;
mod with_lock;
mod with_runs;

use crate::audit::evidence::manifest::Manifest;
use crate::audit::finding::Severity::{self, Error, Note, Warning};
use crate::audit::fixture::{Fixture, count, found};
use crate::audit::rules::fixture::alone;

/// A table without marks.
fn table(header: &str, rows: &[&str]) -> String {
    let n_columns = header.split('|').count();
    let separator = vec!["---"; n_columns].join(" | ");
    format!("# results\n\n{header}\n{separator}\n{}\n", rows.join("\n"))
}

/// Line, column and severity of what a rule finds in a document alone.
fn places(text: &str, rule: &str) -> Vec<(usize, usize, Severity)> {
    let found = found(&alone(text), rule);
    found
        .into_iter()
        .map(|(line, column, severity, _)| (line, column, severity))
        .collect()
}

fn only_message(text: &str, rule: &str) -> String {
    let found = found(&alone(text), rule);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("one").3
}

#[test]
fn values_outside_the_range() {
    let clean = table(
        "model | Gender Acc(%)(D) | Age MAE(D) | p",
        &["a | 100.0 | 7.2 | 0.03", "b | 0.0 | 0.0 | 1.0"],
    );
    let outcome = alone(&clean);
    assert_eq!(found(&outcome, "RPR105"), []);
    assert_eq!(count(&outcome, "RPR105").verified, 6);
    let text = clean.replace("100.0", "104.2");
    assert_eq!(places(&text, "RPR105"), [(5, 5, Error)]);
    assert_eq!(
        only_message(&text, "RPR105"),
        "row `a`, column `Gender Acc(%)(D)`: `104.2` is impossible, the metric is 0 to 100"
    );
    for (from, to, column) in [("7.2", "-7.2", 13), ("0.03", "1.3", 19)] {
        let text = clean.replace(from, to);
        assert_eq!(places(&text, "RPR105"), [(5, column, Error)], "{to}");
    }
    let text = clean.replace("7.2", "7.2%");
    assert_eq!(
        only_message(&text, "RPR105"),
        "row `a`, column `Age MAE(D)`: `7.2%` is in per cent, the metric is no share"
    );
}

#[test]
fn fractions_among_percents_and_intervals_beyond_the_range() {
    let text = table(
        "model | Gender Acc(%)",
        &["a | 85.3", "b | 0.87", "c | 83.1"],
    );
    assert_eq!(places(&text, "RPR105"), [(6, 5, Error)]);
    let one_decimal = text.replace("0.87", "0.9");
    assert_eq!(places(&one_decimal, "RPR105"), [(6, 5, Warning)]);
    assert_eq!(places(&text.replace("0.87", "8.7"), "RPR105"), []);
    let low = table("model | Age Acc(%)", &["a | 0.8", "b | 1.5"]);
    assert_eq!(places(&low, "RPR105"), []);
    let interval = table("model | Age Acc(%)", &["a | 99.5 ± 0.7", "b | 99.5 ± 0.5"]);
    assert_eq!(places(&interval, "RPR105"), [(5, 5, Warning)]);
}

#[test]
fn a_spec_declares_the_range() {
    let fixture = Fixture::new().with_spec(
        "heading = \"results\"\nepoch = \"last\"\n[[columns]]\nheader = \"Score\"\nmetric = \"test/a/score\"\n\
         range = [-1, 1]\n[[rows]]\nlabel = \"a\"",
    );
    let found = fixture.found(&table("model | Score", &["a | 1.2"]), "RPR105");
    let message = "row `a`, column `Score`: `1.2` is impossible, the metric is -1 to 1";
    assert_eq!(found, [(5, 5, Error, message.to_owned())]);
    assert_eq!(
        fixture.found(&table("model | Score", &["a | -0.2"]), "RPR105"),
        []
    );
}

#[test]
fn decimals() {
    let text = table(
        "model | Emotion Acc(%)",
        &["a | 11.8", "b | 10.23", "c | 12.0"],
    );
    assert_eq!(places(&text, "RPR104"), [(6, 5, Note)]);
    assert_eq!(
        only_message(&text, "RPR104"),
        "row `b`, column `Emotion Acc(%)`: `10.23` has 2 decimals, the column has 1"
    );
    assert_eq!(places(&text.replace("10.23", "10.2"), "RPR104"), []);
    let spread = table(
        "model | Acc(%)",
        &["a | 82.5 ± 0.44 (5)", "b | 82.5 ± 0.4 (5)"],
    );
    assert_eq!(
        only_message(&spread, "RPR104"),
        "row `a`, column `Acc(%)`: `82.5` has 1 decimal, its `0.44` has 2"
    );
    // SD 10 over 4 runs: standard error 5, one significant digit, no decimal.
    let seeds = table("model | Acc(%)", &["a | 82.5 ± 10.0 (4)"]);
    assert_eq!(
        only_message(&seeds, "RPR104"),
        "row `a`, column `Acc(%)`: `82.5` has 1 decimal, its uncertainty of 5.00 bears 0"
    );
}

fn manifest(labels: &str) -> Manifest {
    let text = format!(
        r#"{{"format": 1, "datasets": {{"D": {{"smile": {{"splits": {{"test": {labels}}}}}}}}}}}"#
    );
    Manifest::parse(&text).expect("a manifest")
}

/// A fixture without runs whose manifest counts these samples.
fn counted(n: u64, labels: &str) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.has_results = false;
    let split = format!(r#"{{"n": {n}, "labels": {labels}, "fingerprint": "f"}}"#);
    fixture.manifest = Some(manifest(&split));
    fixture
}

/// Whether a printed share of `n` samples passes, as exact fractions decide it:
///
/// ```python
/// from fractions import Fraction as F
/// def grim(v, d, n): return any(abs(F(100 * k, n) - F(v)) <= F(1, 2 * 10**d) for k in range(n + 1))
/// ```
#[test]
fn shares_that_no_whole_number_gives() {
    for (printed, n, is_possible) in [
        ("88.12", 3590, false),
        ("88.05", 3590, true),
        ("85.0", 500, true),
        ("85.1", 500, false),
        ("85.2", 500, true),
        ("62.5", 8, true),
        ("62.4", 8, false),
        ("12.3", 7, false),
        ("14.3", 7, true),
    ] {
        let fixture = counted(n, "{}");
        let text = table("model | Smile Acc(%)(D)", &[&format!("a | {printed}")]);
        let outcome = fixture.verify(&text);
        let count = count(&outcome, "RPR103");
        let expected = if is_possible { (1, 0, 0) } else { (0, 1, 0) };
        assert_eq!(
            (count.verified, count.findings, count.no_power),
            expected,
            "{printed} of {n}"
        );
    }
    let text = table("model | Smile Acc(%)(D)", &["a | 88.12"]);
    let message = "row `a`, column `Smile Acc(%)(D)`: `88.12` is no whole number over 3590 samples: 3163 give \
                   88.11, 3164 give 88.13";
    let found = counted(3590, "{}").found(&text, "RPR103");
    assert_eq!(found, [(5, 5, Warning, message.to_owned())]);
}

#[test]
fn shares_that_any_number_gives_have_no_power() {
    let text = table("model | Smile Acc(%)(D)", &["a | 82.5", "b | 82.4"]);
    assert_eq!(count(&alone(&text), "RPR103").no_power, 2);
    assert_eq!(
        count(&counted(1000, "{}").verify(&text), "RPR103").no_power,
        2
    );
    assert_eq!(
        count(&counted(999, "{}").verify(&text), "RPR103").no_power,
        0
    );
    // Without the number of runs behind the mean, it may be any.
    let mean = table("model | Smile Acc(%)(D)", &["a | 88.12 ± 0.40"]);
    assert_eq!(
        count(&counted(3590, "{}").verify(&mean), "RPR103").no_power,
        1
    );
    // The mean of two runs is a whole number over 2 N.
    let mean = table("model | Smile Acc(%)(D)", &["a | 62.4 ± 0.4 (2)"]);
    assert_eq!(counted(8, "{}").found(&mean, "RPR103").len(), 1);
    let mean = mean.replace("62.4", "56.2");
    assert_eq!(counted(8, "{}").found(&mean, "RPR103"), []);
}

#[test]
fn results_that_a_constant_reaches() {
    // p₀ = 341/1360 = 25.07 %, SE = √(p₀(1 − p₀)/1360) = 1.175 %.
    let fixture = counted(1360, r#"{"1": 341, "2": 340, "3": 340, "4": 339}"#);
    let text = |value: &str| table("model | Smile Acc(%)(D)", &[&format!("a | {value}")]);
    assert_eq!(
        fixture.found(&text("25.1"), "RPR107"),
        [(
            5,
            5,
            Warning,
            "row `a`, column `Smile Acc(%)(D)`: `25.1` is not clearly better than always answering `1`, which \
             gives 25.1 (341 of 1360): two standard errors above it are 27.4"
                .to_owned()
        )]
    );
    assert_eq!(fixture.found(&text("27.4"), "RPR107").len(), 1);
    assert_eq!(fixture.found(&text("27.5"), "RPR107"), []);
    assert_eq!(count(&fixture.verify(&text("33.7")), "RPR107").verified, 1);
    assert_eq!(count(&alone(&text("25.1")), "RPR107").not_assessed, 1);
}

/// ```python
/// labels = numpy.array([20] * 3 + [30] * 2 + [70]); min(abs(labels - c).mean() for c in range(101))  # 11.667
/// ```
#[test]
fn errors_that_a_constant_reaches() {
    let fixture = counted(6, r#"{"20": 3, "30": 2, "70": 1}"#);
    let text = |value: &str| table("model | Smile MAE(D)", &[&format!("a | {value}")]);
    assert_eq!(
        fixture.found(&text("11.7"), "RPR107"),
        [(
            5,
            5,
            Warning,
            "row `a`, column `Smile MAE(D)`: `11.7` is no better than always answering 20, which gives 11.7"
                .to_owned()
        )]
    );
    assert_eq!(fixture.found(&text("11.6"), "RPR107"), []);
    let words = counted(6, r#"{"female": 3, "male": 3}"#);
    assert_eq!(count(&words.verify(&text("1.0")), "RPR107").not_assessed, 1);
}

#[test]
fn a_number_in_the_wrong_column() {
    let rows = [
        "a | 84.9 | 47.9",
        "b | 85.2 | 49.1",
        "c | 85.6 | 50.0",
        "d | 86.0 | 52.6",
        "e | 84.5 | 50.2",
        "f | 85.1 | 48.3",
        "g | 85.0 | 84.9",
    ];
    let text = table("model | Smile Acc(%) | Emotion Acc(%)", &rows);
    assert_eq!(places(&text, "RPR106"), [(11, 12, Warning)]);
    assert_eq!(
        only_message(&text, "RPR106"),
        "row `g`, column `Emotion Acc(%)`: `84.9` is far from the others of its metric (median 50) and among \
         those of `smile` (median 85.1)"
    );
    // Far, but not among those of another metric.
    assert_eq!(
        places(&text.replace("85.0 | 84.9", "85.0 | 99.0"), "RPR106"),
        []
    );
    assert_eq!(
        places(&text.replace("85.0 | 84.9", "85.0 | 61.3"), "RPR106"),
        []
    );
    let few = table("model | Smile Acc(%) | Emotion Acc(%)", &rows[2..]);
    assert_eq!(places(&few, "RPR106"), []);
    assert_eq!(count(&alone(&few), "RPR106").no_power, 10);
}

#[test]
fn relations_between_columns() {
    for (header, clean, broken, column) in [
        (
            "model | Acc(%)(D) | Error(%)(D)",
            "a | 82.5 | 17.5",
            "a | 82.5 | 18.5",
            12,
        ),
        (
            "model | P(%) | R(%) | F1(%)",
            "a | 80.0 | 60.0 | 68.6",
            "a | 80.0 | 60.0 | 71.0",
            19,
        ),
        (
            "model | Top-1(%) | Top-5(%)",
            "a | 70.0 | 90.0",
            "a | 70.0 | 69.0",
            12,
        ),
        (
            "model | Age MAE(D) | Age RMSE(D)",
            "a | 6.7 | 9.1",
            "a | 6.7 | 6.1",
            5,
        ),
    ] {
        let outcome = alone(&table(header, &[clean]));
        assert_eq!(found(&outcome, "RPR108"), [], "{clean}");
        assert_eq!(count(&outcome, "RPR108").verified, 1, "{clean}");
        let text = table(header, &[broken]);
        assert_eq!(places(&text, "RPR108"), [(5, column, Error)], "{broken}");
    }
    let text = table("model | P(%) | R(%) | F1(%)", &["a | 80.0 | 60.0 | 71.0"]);
    assert_eq!(
        only_message(&text, "RPR108"),
        "row `a`, column `F1(%)`: `71.0` contradicts F1 = 2PR / (P + R): [0.7095, 0.7105] = [0.6852, 0.6862] is \
         impossible"
    );
    let of_classes = text.replace("F1(%)", "macro F1(%)");
    assert_eq!(places(&of_classes, "RPR108"), []);
}

#[test]
fn whole_labels_that_are_wrong_are_wrong_by_one() {
    let text = |mae: &str| {
        table(
            "model | Age Acc(%) | Age MAE (D)",
            &[&format!("a | 7.2 | {mae}")],
        )
    };
    assert_eq!(places(&text("6.7"), "RPR108"), []);
    assert_eq!(places(&text("0.9"), "RPR108"), []);
    assert_eq!(places(&text("0.8"), "RPR108"), [(5, 11, Warning)]);
    let other = table("model | Age Acc(%)(E) | Age MAE (D)", &["a | 7.2 | 0.8"]);
    assert_eq!(count(&alone(&other), "RPR108").verified, 0);
}

/// `numpy.std([0, 0, 100, 100, 100], ddof=1)` is 54.77, its mean 60: no five shares of mean 60 deviate more.
#[test]
fn deviations_have_a_greatest() {
    let text = |spread: &str| {
        let table = table("model | Acc(%)", &[&format!("a | 60.0 ± {spread} (5)")]);
        format!("{table}\n± is SD over seeds\n")
    };
    assert_eq!(places(&text("54.8"), "RPR108"), []);
    assert_eq!(places(&text("54.9"), "RPR108"), [(5, 5, Error)]);
    let unnamed = text("54.9").replace("SD", "spread");
    assert_eq!(places(&unnamed, "RPR108"), [(5, 5, Warning)]);
}

#[test]
fn identities_of_specs() {
    let spec = |identity: &str| {
        format!(
            "heading = \"results\"\nepoch = \"last\"\n[[columns]]\nheader = \"A\"\nmetric = \"test/a/accuracy\"\n\
             scale = 100\n[[columns]]\nheader = \"B\"\nmetric = \"test/a/score\"\nidentities = [\"{identity}\"]\n\
             [[rows]]\nlabel = \"a\"\n[[rows]]\nlabel = \"mean\""
        )
    };
    let text = table(
        "model | A | B",
        &["a | 80.0 | 0.5", "b | 80.0 | 0.7", "mean | 80.0 | 0.9"],
    );
    let found = |identity: &str| {
        Fixture::new()
            .with_spec(&spec(identity))
            .found(&text, "RPR108")
    };
    assert_eq!(found("score >= accuracy / 2"), []);
    let places: Vec<usize> = found("score >= accuracy")
        .iter()
        .map(|found| found.0)
        .collect();
    assert_eq!(places, [5, 6]);
    assert_eq!(
        found("score = mean(column)"),
        [(
            7,
            15,
            Error,
            "row `mean`, column `B`: `0.9` contradicts `score = mean(column)`: [0.8500, 0.9500] = [0.5500, \
             0.6500] is impossible"
                .to_owned()
        )]
    );
    let outcome = Fixture::new()
        .with_spec(&spec("score <= rmse"))
        .verify(&text);
    assert_eq!(
        count(&outcome, "RPR108").missing,
        ["identity `score <= rmse`: a column of `rmse` in the row"]
    );
}
