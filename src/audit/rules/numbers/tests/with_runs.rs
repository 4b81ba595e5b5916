//! Numbers against runs: how they were rounded, what predictions say of the mean, reported runs.

use std::collections::BTreeMap;

use serde_json::json;

use crate::audit::finding::Severity::{Error, Note, Warning};
use crate::audit::fixture::{Fixture, count};
use crate::metric::Goal;
use crate::record::{Kind, RunRecord, Selection};
use crate::store::PredictionRow;

const SPEC: &str = "heading = \"results\"\nepoch = \"last\"\n[[columns]]\nheader = \"Smile(%)\"\n\
                    metric = \"test/smile/accuracy\"\nscale = 100\n[[rows]]\nlabel = \"a\"";

fn document(number: &str) -> String {
    format!(
        "## results\n\nmodel | Smile(%)\n--- | ---\na [1] | {number}\n\n[1] data source: \"results/m/f/1\"\n"
    )
}

/// A run that measured one accuracy, at one epoch.
fn measured(fixture: Fixture, accuracy: f64, change: impl FnOnce(&mut RunRecord)) -> Fixture {
    let metrics = [("test/smile/accuracy", 1, accuracy)];
    fixture.with_run(
        "m/f/1",
        json!({"seed": 0, "batch_size": 2}),
        change,
        &metrics,
        &[],
    )
}

fn selected(record: &mut RunRecord) {
    record.selection = Some(Selection {
        rule: "best".into(),
        metric: "valid/total/loss".into(),
        goal: Goal::Min,
        epoch: Some(1),
    });
}

#[test]
fn a_spec_declares_the_rounding() {
    let fixture = measured(Fixture::new().with_spec(SPEC), 0.8246, |_| {});
    let outcome = fixture.verify(&document("82.5"));
    assert_eq!((outcome.cells.verified, outcome.cells.mismatched), (1, 0));
    assert_eq!(count(&outcome, "RPR102").verified, 1);
    let truncated = document("82.4");
    assert_eq!(
        fixture.found(&truncated, "RPR101"),
        [(
            5,
            9,
            Error,
            "row `a`, column `Smile(%)`: printed 82.4, run gives 82.5 (epoch 1; 82.4 occurs at no epoch): truncated"
                .to_owned()
        )]
    );
    assert_eq!(
        fixture.found(&truncated, "RPR102"),
        [(
            5,
            9,
            Warning,
            "row `a`, column `Smile(%)`: truncated from 82.46, the spec rounds half to even"
                .to_owned()
        )]
    );
    // 82.55 lies below the tie as a binary number.
    let fixture = measured(Fixture::new().with_spec(SPEC), 0.8255, |_| {});
    let half_up = fixture.found(&document("82.6"), "RPR102");
    assert_eq!((half_up.len(), half_up[0].2), (1, Note));
    assert!(
        half_up[0].3.contains("rounded half up from 82.55"),
        "{half_up:?}"
    );
    assert_eq!(fixture.found(&document("82.7"), "RPR102"), []);
}

/// What the header of a column says counts where the spec lacks the column.
#[test]
fn a_column_beside_those_of_the_spec_is_held_against_them() {
    let fixture = measured(Fixture::new().with_spec(SPEC), 0.825, |_| {});
    let text = |error: &str| {
        let text = document(&format!("82.5 | {error}"));
        text.replace("Smile(%)\n--- |", "Smile(%) | Smile Error(%)\n--- | --- |")
    };
    assert_eq!(fixture.found(&text("17.5"), "RPR108"), []);
    assert_eq!(
        fixture.found(&text("7.5"), "RPR108"),
        [(
            5,
            16,
            Error,
            "row `a`, column `Smile Error(%)`: `7.5` contradicts error = 100 % − accuracy: [0.0745, 0.0755] = \
             [0.1745, 0.1755] is impossible"
                .to_owned()
        )]
    );
}

#[test]
fn without_a_spec_every_nearest_text_is_accepted() {
    let found = |accuracy: f64, number: &str| {
        measured(Fixture::new(), accuracy, selected).found(&document(number), "RPR102")
    };
    assert_eq!(found(0.8255, "82.5"), []);
    assert_eq!(found(0.8255, "82.6"), []);
    assert_eq!(
        found(0.8246, "82.4"),
        [(
            5,
            9,
            Warning,
            "row `a`, column `Smile(%)`: truncated from 82.46".to_owned()
        )]
    );
    assert_eq!(
        found(0.8242, "82.5").first().map(|found| found.2),
        Some(Warning)
    );
    let outcome = measured(Fixture::new(), 0.8242, selected).verify(&document("90.0"));
    let count = count(&outcome, "RPR102");
    assert_eq!(count.missing, ["a value that rounds to the number"]);
    assert_eq!(outcome.cells.not_assessed, 1);
}

/// Three samples of `smile` at epoch 1: two right ones of class 0, a wrong one of class 1.
fn predictions() -> Vec<PredictionRow> {
    let row = |sample: &str, label: i32| PredictionRow {
        split: "test".into(),
        task: "smile".into(),
        sample: sample.into(),
        epoch: 1,
        label,
        prediction: 0,
        probability: 0.5,
        log_probability: -0.5,
        expected: None,
        label_mean: None,
        label_std: None,
    };
    vec![row("a", 0), row("b", 0), row("c", 1)]
}

#[test]
fn means_of_unequal_parts() {
    let fixture = |accuracy: f64, batch_size: i32| {
        let metrics = [("test/smile/accuracy", 1, accuracy)];
        let parameters = json!({"seed": 0, "batch_size": batch_size});
        let fixture = Fixture::new().with_spec(SPEC);
        fixture.with_run("m/f/1", parameters, |_| {}, &metrics, &predictions())
    };
    let outcome = fixture(2.0 / 3.0, 2).verify(&document("66.7"));
    assert_eq!(count(&outcome, "RPR507").verified, 1);
    let found = fixture(0.5, 2).found(&document("50.0"), "RPR507");
    let message = "row `a`, column `Smile(%)`: `test/smile/accuracy` is the mean over batches, of which the last is \
                   smaller, not the mean over samples";
    assert_eq!(found, [(5, 9, Error, message.to_owned())]);
    let found = fixture(0.5, 16).found(&document("50.0"), "RPR507");
    assert!(
        found[0]
            .3
            .contains("the mean over classes of different sizes"),
        "{found:?}"
    );
    // Where the printed digit is the same, a warning.
    let coarse = SPEC.replace("scale = 100", "scale = 1");
    let metrics = [("test/smile/accuracy", 1, 0.5)];
    let coarse = Fixture::new().with_spec(&coarse).with_run(
        "m/f/1",
        json!({"seed": 0, "batch_size": 2}),
        |_| {},
        &metrics,
        &predictions(),
    );
    let found = coarse.found(&document("0"), "RPR507");
    assert_eq!(found.first().map(|found| found.2), Some(Error));
}

#[test]
fn reported_numbers_are_counted_apart() {
    let reported = |record: &mut RunRecord| {
        record.kind = Kind::Reported;
        record.reported = Some(BTreeMap::from([(
            "test/smile/accuracy".to_owned(),
            "82.50".to_owned(),
        )]));
    };
    let fixture = measured(Fixture::new().with_spec(SPEC), 0.825, reported);
    let outcome = fixture.verify(&document("82.50"));
    let cells = &outcome.cells;
    assert_eq!(
        (
            cells.numeric,
            cells.reported,
            cells.verified,
            cells.mismatched
        ),
        (1, 1, 0, 0)
    );
    assert!(outcome.fails(Error) && !outcome.is_complete());
    assert_eq!(count(&outcome, "RPR101").verified, 0);
    let found = fixture.found(&document("82.5"), "RPR101");
    let message = "row `a`, column `Smile(%)`: printed `82.5`, the reported run says `82.50`";
    assert_eq!(found, [(5, 9, Error, message.to_owned())]);
    assert_eq!(fixture.verify(&document("82.5")).cells.mismatched, 1);
    let empty = fixture.found(&document(""), "RPR404");
    assert_eq!((empty.len(), empty[0].2), (1, Note));
}
