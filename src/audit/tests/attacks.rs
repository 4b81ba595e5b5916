//! Ways to get a false number past the audit, each of which must fail.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

impl Project {
    /// The outcome for the rendered text with one replacement, not compared with rendering.
    fn verify_foreign(&self, from: &str, to: &str) -> Verification {
        assert!(self.text.contains(from), "{from}: {}", self.text);
        self.verify_against(&self.text.replacen(from, to, 1), None, None)
    }
}

#[test]
fn what_stands_beside_a_right_number_is_checked_too() {
    let project = Project::new();
    let outcome = project.verify_foreign("80.0", "80.0 (n=9)");
    assert_eq!(rules(&outcome), ["RPR101"]);
    let expected =
        "row `M-Gender_Age`, column `Gender(%)`: printed `80.0 (n=9)`, runs behind it: 1";
    assert_eq!(outcome.findings[0].message, expected);
    assert_eq!(
        rules(&project.verify_foreign("80.0", "80.0 (n=1)")),
        [""; 0]
    );
    assert_eq!(rules(&project.verify_foreign("80.0", "80.0%")), [""; 0]);
    let mae = project.text.lines().find(|line| line.starts_with("M-Age"));
    let mae = mae.and_then(|line| line.split('|').nth(2)).expect("a row");
    let outcome = project.verify_foreign(mae, &format!(" {}% ", mae.trim()));
    assert_eq!(rules(&outcome), ["RPR101"]);
    assert!(
        outcome.findings[0]
            .message
            .ends_with("the column is not in percent")
    );
    assert_eq!(
        (outcome.cells.mismatched, outcome.is_complete()),
        (1, false)
    );
}

#[test]
fn marks_beside_numbers() {
    let project = Project::new();
    let outcome = project.verify_foreign("80.0", "80.0 [1]");
    assert_eq!((rules(&outcome), outcome.cells.verified), (vec![], 6));
    let outcome = project.verify_foreign("80.0", "70.0 [1]");
    assert_eq!(rules(&outcome), ["RPR101"]);
    let finding = &outcome.findings[0];
    assert_eq!(
        (finding.end_column - finding.column, finding.fix.as_deref()),
        (4, Some("80.0"))
    );
    let outcome = project.verify_foreign("80.0", "80.0 [9]");
    assert_eq!(rules(&outcome), ["RPR202"]);
    let outcome = project.verify_foreign("80.0", "80.0 [3]");
    assert_eq!((outcome.cells.verified, outcome.cells.not_assessed), (5, 1));
    assert!(!outcome.is_complete());
}

#[test]
fn rows_of_numbers_need_a_header() {
    let project = Project::new();
    let headless: Vec<&str> = project
        .text
        .lines()
        .filter(|line| !line.contains("---") && !line.starts_with("model"))
        .collect();
    let outcome = project.verify_against(&headless.join("\n"), None, None);
    assert_eq!(rules(&outcome), ["RPR001"; 3]);
    assert_eq!(
        outcome.findings[0].message,
        "row `M-Gender_Age` prints 3 numbers under no header"
    );
    assert_eq!(outcome.cells.not_assessed, 6);
}

#[test]
fn groups_of_seeds() {
    let project = Project::of(&[
        ([1, 1], 0),
        ([1, 1], 1),
        ([1, 1], 2),
        ([1, 0], 0),
        ([0, 1], 0),
    ]);
    let outcome = project.verify(&project.text);
    assert_eq!(rules(&outcome), [""; 0]);
    assert_eq!(
        (
            outcome.cells.numeric,
            outcome.cells.verified_from_predictions
        ),
        (6, 6)
    );
    let row = project
        .text
        .lines()
        .find(|line| line.starts_with("M-Gender_Age ["))
        .expect("a row");
    let cell = row.split('|').nth(1).expect("a cell").trim();
    let (mean, spread) = cell.split_once(" ± ").expect("a spread");
    let best = "80.0";
    assert_ne!(mean, best);

    // The best seed alone, a smaller spread, no spread.
    let outcome = project.verify_foreign(cell, &format!("{best} ± {spread}"));
    assert_eq!(rules(&outcome), ["RPR101"]);
    let expected = format!(
        "row `M-Gender_Age`, column `Gender(%)`: printed {best} ± {spread}, 3 runs give {cell} \
         (epochs 3, 3, 3; {best} is that of `{}` alone)",
        project.runs[0].cited()
    );
    assert_eq!(outcome.findings[0].message, expected);
    for wrong in [
        format!("{mean} ± 0.1"),
        mean.to_owned(),
        format!("{cell} (n=4)"),
    ] {
        assert_eq!(
            rules(&project.verify_foreign(cell, &wrong)),
            ["RPR101"],
            "{wrong}"
        );
    }
    assert_eq!(
        rules(&project.verify_foreign(cell, &format!("{cell} (n=3)"))),
        [""; 0]
    );

    // A seed left out of the data mark, or a run of another recipe among them.
    let third = format!(", \"{}\"", project.runs[2].cited());
    assert_eq!(rules(&project.verify_foreign(&third, ""))[0], "RPR101");
    let mut writer = RunWriter::reopen(&project.store, &project.runs[2]).expect("readable");
    let change = |record: &mut RunRecord| {
        record
            .hyper_parameters
            .0
            .insert("lr_rate".to_owned(), json!(0.5));
    };
    writer.update(change).expect("written");
    let outcome = project.verify_foreign("## results", "## results");
    assert_eq!((outcome.cells.verified, outcome.cells.not_assessed), (3, 3));
    let reason = outcome.cells.reasons.keys().next().expect("a reason");
    assert!(reason.ends_with("differ in `lr_rate`"), "{reason}");
}

#[test]
fn predictions_that_are_not_the_whole_split() {
    let rows = || predictions("gender", BEST_EPOCH, [1, 0], 0);
    // As many right ones as before, some of them twice: the accuracy and the count stay.
    let project = Project::new();
    forge(&project, 1, |writer| {
        let mut rows = rows();
        let copied = rows[0].clone();
        let other = rows
            .iter()
            .rposition(|row| (row.label == row.prediction) == (copied.label == copied.prediction));
        rows[other.expect("another")].sample = copied.sample;
        writer.write_predictions(&rows).expect("written");
    });
    let outcome = project.verify(&project.text);
    assert_eq!(rules(&outcome), ["RPR604"]);
    assert!(
        outcome.findings[0]
            .message
            .ends_with("the predictions hold 40 samples, 39 of them distinct")
    );
    assert!(!outcome.is_complete());

    // Files that agree with each other on fewer samples than the record says were there.
    let project = Project::new();
    forge(&project, 1, |writer| {
        let rows: Vec<PredictionRow> = rows()
            .into_iter()
            .filter(|row| row.label == row.prediction)
            .collect();
        let n = i64::try_from(rows.len()).expect("a few");
        let metric = |name: &str, value: f64| MetricRow {
            metric: name.into(),
            epoch: BEST_EPOCH,
            step: 3,
            value,
            count: Some(n),
        };
        let metrics = [
            metric("test/gender/accuracy", 1.0),
            metric("valid/total/loss", 0.0),
        ];
        writer.write_metrics(&metrics).expect("written");
        writer.write_predictions(&rows).expect("written");
    });
    let text = project.render();
    let outcome = project.verify_against(&text, None, Some(&text));
    assert_eq!(rules(&outcome), ["RPR604"]);
    assert!(
        outcome.findings[0]
            .message
            .ends_with("the record counts 40 samples, the predictions hold 32")
    );
}

#[test]
fn files_that_the_record_does_not_list() {
    let project = Project::new();
    let mut writer = RunWriter::reopen(&project.store, &project.runs[1]).expect("readable");
    writer
        .update(|record| record.artifacts.clear())
        .expect("written");
    let outcome = project.verify(&project.text);
    assert_eq!(
        (rules(&outcome), outcome.cells.not_assessed),
        (vec!["RPR206"], 1)
    );
    let message = &outcome.findings[0].message;
    assert!(
        message.contains("`metrics.parquet` is there, the record does not list it"),
        "{message}"
    );
}

#[test]
fn a_run_that_the_lock_does_not_know() {
    let project = Project::new();
    let hash = |run: &RunId| {
        artifact_of(&project.store.file(run, RECORD), true)
            .expect("readable")
            .blake3
    };
    let runs = project.runs[1..].iter();
    let locked = lock_of(runs.map(|run| (run.to_string(), hash(run))));
    let outcome = project.verify_against(&project.text, Some(&locked), Some(&project.text));
    assert_eq!(rules(&outcome), ["RPR904"]);
    let expected = format!("run `{}` is not in `repro.lock`", project.runs[0].cited());
    assert_eq!(outcome.findings[0].message, expected);
    let outcome = project.verify_against(&project.text, Some(&locked), None);
    assert_eq!(rules(&outcome), [""; 0]);
}

#[test]
fn a_document_that_cannot_be_rendered_is_not_settled() {
    let project = Project::new();
    let outcome = verify(&Inputs {
        store: Some(&project.store),
        specs: &project.specs,
        rendered: Some(Err(
            "templates/R.md:3: unknown table `x`\nhelp: did you mean `y`?",
        )),
        ..Inputs::alone("RESULTS.md", &project.text, &settings())
    });
    assert_eq!(rules(&outcome), ["RPR904"]);
    let finding = &outcome.findings[0];
    assert_eq!(
        finding.evidence[0].text,
        "templates/R.md:3: unknown table `x`"
    );
    assert_eq!(finding.hint.as_deref(), Some("did you mean `y`?"));
}

#[test]
fn an_edited_number_in_prose_is_named() {
    let project = Project::new();
    let rendered = format!("It reaches 87.5 % on gender.\n\n{}", project.text);
    let committed = rendered.replacen("87.5", "88.5", 1);
    let outcome = project.verify_against(&committed, None, Some(&rendered));
    assert_eq!(
        (rules(&outcome), places(&outcome)),
        (vec!["RPR904"], vec![(1, 12)])
    );
    let expected = "the document says `88.5`, rendering gives `87.5` now";
    assert_eq!(outcome.findings[0].message, expected);
    let outcome = project.verify_against(&format!("{rendered}More.\n"), None, Some(&rendered));
    assert_eq!(
        outcome.findings[0].message,
        "the document says `More.`, which rendering does not give now"
    );
    // What a checkout or an editor changes is no edit.
    let foreign = format!("\u{feff}{}", rendered.replace('\n', "\r\n"));
    let outcome = project.verify_against(&foreign, None, Some(&rendered));
    assert_eq!((rules(&outcome), outcome.cells.verified), (vec![], 6));
}

#[test]
fn what_a_clean_outcome_leaves_open_is_printed() {
    let project = Project::new();
    let outcome = project.verify_against(&project.text, None, None);
    let text = human(&outcome, &project.text);
    assert!(
        text.contains("  not assessed (the hash of run.json in repro.lock): RPR206 (3)\n"),
        "{text}"
    );
    assert!(
        text.contains("  not assessed (the document is not in repro.toml): RPR904 (1)\n"),
        "{text}"
    );
}

#[test]
fn runs_that_are_gone_or_altered() {
    let project = Project::new();
    let run = &project.runs[1];
    let cited = project.position("results/M/_gender_1_age_0");
    let expect = |kind: &str| {
        let outcome = project.verify(&project.text);
        assert_eq!(
            rules(&outcome),
            ["RPR206"],
            "{kind}: {:?}",
            outcome.findings
        );
        assert_eq!(places(&outcome), [cited], "{kind}");
        assert!(
            outcome.findings[0].message.contains(kind),
            "{}",
            outcome.findings[0].message
        );
        assert_eq!((outcome.cells.verified, outcome.cells.not_assessed), (5, 1));
    };
    let metrics = project.store.file(run, METRICS);
    let whole = std::fs::read(&metrics).expect("readable");
    std::fs::write(&metrics, &whole[..whole.len() - 1]).expect("written");
    expect("`metrics.parquet` has blake3");
    std::fs::remove_file(&metrics).expect("removed");
    expect("is not there, the record says that it is kept");
    std::fs::write(project.store.file(run, RECORD), "{").expect("written");
    expect("cannot be read");
    std::fs::remove_dir_all(project.store.run_dir(run)).expect("removed");
    expect("is not there");
}

#[test]
fn a_record_that_is_not_the_locked_one_is_altered() {
    let project = Project::new();
    let hash = |run: &RunId| {
        artifact_of(&project.store.file(run, RECORD), true)
            .expect("readable")
            .blake3
    };
    let runs = project.runs.iter();
    let locked = lock_of(runs.map(|run| (run.to_string(), hash(run))));
    let verify = || project.verify_against(&project.text, Some(&locked), None);
    assert_eq!(rules(&verify()), Vec::<&str>::new());
    let mut writer = RunWriter::reopen(&project.store, &project.runs[0]).expect("readable");
    writer
        .update(|record| record.duration_secs = Some(1.0))
        .expect("written");
    let outcome = verify();
    assert_eq!(
        (rules(&outcome), outcome.cells.not_assessed),
        (vec!["RPR206"], 3)
    );
    assert!(outcome.findings[0].message.contains("`repro.lock` says"));
}

#[test]
fn predictions_that_contradict_the_metrics() {
    let project = Project::new();
    forge(&project, 1, |writer| {
        let mut rows = predictions("gender", BEST_EPOCH, [1, 0], 0);
        rows[0].prediction = 1 - rows[0].prediction;
        writer.write_predictions(&rows).expect("written");
    });
    let outcome = project.verify(&project.text);
    assert_eq!(rules(&outcome), ["RPR101"]);
    assert!(
        outcome.findings[0]
            .message
            .contains("`metrics.parquet` says 0.8, `predictions.parquet` gives 0.775")
    );

    let project = Project::new();
    forge(&project, 1, |writer| {
        let rows = predictions("gender", BEST_EPOCH, [1, 0], 0);
        let twice: Vec<PredictionRow> = rows.iter().chain(&rows).cloned().collect();
        writer.write_predictions(&twice).expect("written");
    });
    let outcome = project.verify(&project.text);
    assert_eq!(rules(&outcome), ["RPR604"]);

    let project = Project::new();
    forge(&project, 1, |writer| {
        let rows = predictions("gender", N_EPOCHS, [1, 0], 0);
        writer.write_predictions(&rows).expect("written");
    });
    let outcome = project.verify(&project.text);
    assert_eq!(rules(&outcome), Vec::<&str>::new());
    let cells = &outcome.cells;
    assert_eq!((cells.verified, cells.verified_from_predictions), (6, 5));
    assert!(!outcome.is_complete());
}

#[test]
fn any_changed_digit_of_any_number_is_found() {
    let project = Project::new();
    let document = Document::parse(&project.text);
    let cells: Vec<_> = document.numeric_cells().map(|(_, _, cell)| cell).collect();
    let any = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        1_u8..10,
    );
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let outcome = runner.run(&any, |(cell, digit, by)| {
        let cell = cells[cell.index(cells.len())];
        let digits: Vec<usize> = (0..cell.text.len())
            .filter(|at| cell.text.as_bytes()[*at].is_ascii_digit())
            .collect();
        let at = digits[digit.index(digits.len())];
        let mut lines: Vec<String> = project.text.split('\n').map(str::to_owned).collect();
        let line = &mut lines[cell.line - 1];
        // The rows of this project are ASCII.
        let offset = cell.column - 1 + at;
        let changed = (line.as_bytes()[offset] - b'0' + by) % 10;
        line.replace_range(offset..=offset, &changed.to_string());
        let outcome = project.verify(&lines.join("\n"));
        prop_assert_eq!(rules(&outcome), ["RPR101"]);
        prop_assert_eq!(places(&outcome), [(cell.line, cell.column)]);
        Ok(())
    });
    outcome.expect("every change is found");
}

#[test]
fn an_error_hides_no_other_change() {
    let mut project = Project::new();
    project.text = format!(
        "It reaches 87.5 % on gender.\n\n{}\nThe end.\n",
        project.text
    );
    let rendered = |project: &Project| {
        format!(
            "It reaches 87.5 % on gender.\n\n{}\nThe end.\n",
            project.render()
        )
    };
    std::fs::remove_dir_all(project.store.run_dir(&project.runs[0])).expect("removed");
    let now = rendered(&project);
    assert_ne!(now, project.text);
    let verify = |text: &str| project.verify_against(text, None, Some(&now));
    // The run alone: its row is empty, its notes are gone, later ones have other numbers.
    assert_eq!(rules(&verify(&project.text)), ["RPR206"]);
    for (from, to) in [("87.5", "88.5"), ("The end", "An end")] {
        let outcome = verify(&project.text.replacen(from, to, 1));
        let mut found = rules(&outcome);
        found.sort_unstable();
        assert_eq!(found, ["RPR206", "RPR904"], "{to}");
        let stale = outcome
            .findings
            .iter()
            .find(|finding| finding.rule == "RPR904");
        let message = &stale.expect("stale").message;
        assert!(message.contains("the document says"), "{message}");
        let line = project.position(from).0;
        assert_eq!(stale.expect("stale").line, line, "{to}");
    }
    // A row that no error is about.
    let row = project
        .text
        .lines()
        .find(|line| line.starts_with("M-Age"))
        .expect("a row");
    let outcome = verify(&project.text.replacen(&format!("{row}\n"), "", 1));
    assert!(
        rules(&outcome).contains(&"RPR904"),
        "{:?}",
        outcome.findings
    );
}

#[test]
fn without_rendering_the_hash_is_compared_whatever_else_is_wrong() {
    let project = Project::new();
    let mut locked = lock_of(
        project
            .runs
            .iter()
            .map(|run| (run.to_string(), String::new())),
    );
    let hash = blake3::hash(project.text.as_bytes()).to_hex().to_string();
    locked.documents.insert("RESULTS.md".to_owned(), hash);
    std::fs::remove_dir_all(project.store.run_dir(&project.runs[1])).expect("removed");
    let verify = |text: &str, rendered| {
        let outcome = verify(&Inputs {
            store: Some(&project.store),
            specs: &project.specs,
            rendered,
            lock: Some(&locked),
            ..Inputs::alone("RESULTS.md", text, &settings())
        });
        rules(&outcome)
            .iter()
            .filter(|rule| **rule == "RPR904")
            .count()
    };
    let edited = project.text.replacen("## results", "## our results", 1);
    for rendered in [None, Some(Err("a note is about a run that is not there"))] {
        assert_eq!(verify(&project.text, rendered), 0, "{rendered:?}");
        assert_eq!(verify(&edited, rendered), 1, "{rendered:?}");
    }
}
