//! A run's metrics against its record: how many epochs there are, and which one was chosen.

use std::collections::BTreeMap;

use crate::audit::bind::Bound;
use crate::audit::catalogue::DERIVED_FIELD_MISMATCH;
use crate::audit::citation::{files_of, place_of_path};
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::record::Kind;
use crate::report::select::select;
use crate::report::spec::EpochRule;
use crate::store::{Metrics, RunId, metric_column as column};

/// Keys that count passes over the data.
const EPOCH_KEYS: &[&str] = &["epoch", "epochs", "n_epochs", "num_epochs", "max_epochs"];

pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let mut places = places_of_runs(bound);
    for run in bound.runs.keys() {
        let (Some(files), Some(place)) = (files_of(bound, run), places.remove(run)) else {
            continue;
        };
        if files.record.kind == Kind::Reported {
            continue;
        }
        match defects(files) {
            Err(missing) => {
                sink.not_assessed(&DERIVED_FIELD_MISMATCH, format!("run `{run}`: {missing}"))
            }
            Ok(found) if found.is_empty() => sink.verified(&DERIVED_FIELD_MISMATCH),
            Ok(found) => {
                for (kind, what) in found {
                    sink.report(finding(run, place, kind, &what));
                }
            }
        }
    }
}

fn finding(run: &RunId, place: Place, kind: &'static str, what: &str) -> Finding {
    let subject = Subject {
        table: String::new(),
        row: run.as_str().to_owned(),
        column: String::new(),
        kind,
    };
    let message = format!("run `{}`: {what}", run.cited());
    Finding::new(&DERIVED_FIELD_MISMATCH, place, &subject, message)
        .with_evidence("run", run.cited())
        .with_hint("the run's record and its metrics are not of one training; train it again")
}

/// Where each run is cited first.
fn places_of_runs(bound: &Bound<'_>) -> BTreeMap<RunId, Place> {
    let mut places = BTreeMap::new();
    for definition in &bound.document.definitions {
        for path in &definition.paths {
            if let Some(run) = crate::audit::bind::cited_run(path) {
                places
                    .entry(run)
                    .or_insert_with(|| place_of_path(definition, path));
            }
        }
    }
    for row in bound.tables.iter().flat_map(|table| &table.rows) {
        for run in &row.runs {
            places
                .entry(run.clone())
                .or_insert_with(|| Place::of_label(row.row));
        }
    }
    places
}

/// What disagrees, or what is missing to tell.
fn defects(files: &RunFiles) -> Result<Vec<(&'static str, String)>, String> {
    let metrics = files.metrics.as_ref().map_err(Clone::clone)?;
    let greatest = greatest_epoch(metrics).ok_or("its metrics have no epoch")?;
    let record = &files.record;
    let mut found = Vec::new();
    let recorded = EPOCH_KEYS
        .iter()
        .find_map(|key| Some((key, record.hyper_parameters.get(key)?.as_i64()?)));
    let is_chosen = record
        .selection
        .as_ref()
        .is_some_and(|chosen| chosen.epoch.is_some());
    match recorded {
        Some((key, epochs)) if epochs != i64::from(greatest) => {
            if record.kind == Kind::Imported {
                // Others count from 0, or steps.
                return Err("how another program counts epochs".to_owned());
            }
            let what =
                format!("its metrics end with epoch {greatest}, its record has `{key}={epochs}`");
            found.push(("epochs", what));
        }
        None if !is_chosen => return Err("its number of epochs".to_owned()),
        _ => {}
    }
    found.extend(chosen_epoch(files, metrics, greatest)?);
    Ok(found)
}

fn greatest_epoch(metrics: &Metrics) -> Option<i32> {
    let epochs = metrics.frame().column(column::EPOCH).ok()?;
    epochs.i32().ok()?.iter().flatten().max()
}

/// Whether the recorded rule gives another epoch than the recorded one.
fn chosen_epoch(
    files: &RunFiles,
    metrics: &Metrics,
    greatest: i32,
) -> Result<Option<(&'static str, String)>, String> {
    let Some(chosen) = &files.record.selection else {
        return Ok(None);
    };
    let Some(epoch) = chosen.epoch else {
        return Ok(None);
    };
    let given = match chosen.rule.as_str() {
        "last" => greatest,
        "best" => {
            let rule = EpochRule::Best {
                metric: chosen.metric.clone(),
                goal: chosen.goal,
            };
            let selected =
                select(metrics, &chosen.metric, &rule).map_err(|error| error.to_string())?;
            let missing = || format!("its metrics lack `{}`", chosen.metric);
            selected.ok_or_else(missing)?.epoch
        }
        other => return Err(format!("what the rule `{other}` means")),
    };
    let what = || {
        let rule = match chosen.rule.as_str() {
            "last" => "last".to_owned(),
            rule => format!("{rule} `{}`", chosen.metric),
        };
        format!("its record chose epoch {epoch}, the rule {rule} gives epoch {given}")
    };
    Ok((i64::from(epoch) != i64::from(given)).then(|| ("selection", what())))
}
