//! RPR505: what is reported must not have decided anything. The metric that chose the epoch is known from
//! spec and record; where neither says one, the curve tells whether the reported number was picked from it.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::bind::Bound;
use crate::audit::catalogue::SELECTION_ON_REPORTED_SPLIT;
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Finding, Sink, Subject};
use crate::audit::measured::Measured;
use crate::metric::{Goal, MetricName};
use crate::record::Kind;
use crate::report::spec::EpochRule;

/// What is missing where runs do not tell; `training_code` decides by the code.
pub(super) const UNDECIDED: &str = "runs that say what decided";

/// How a reported number depends on what decided.
enum Outcome {
    /// Nothing that decided is reported.
    Separate,
    /// Neither spec nor runs tell.
    Unknown,
    /// What decided, in words.
    Decides(String),
}

/// Applies the rule to the numbers of one table; equal findings are one.
pub(super) fn check(bound: &Bound<'_>, table: &[Measured<'_>], sink: &mut Sink<'_>) {
    let mut found: BTreeMap<String, Vec<&Measured<'_>>> = BTreeMap::new();
    for number in table {
        match outcome(bound, number) {
            Outcome::Separate => sink.verified(&SELECTION_ON_REPORTED_SPLIT),
            Outcome::Unknown => sink.not_assessed(&SELECTION_ON_REPORTED_SPLIT, UNDECIDED),
            Outcome::Decides(what) => found.entry(what).or_default().push(number),
        }
    }
    for (what, numbers) in found {
        sink.report(finding(&what, &numbers));
    }
}

fn outcome(bound: &Bound<'_>, number: &Measured<'_>) -> Outcome {
    let (Some(column), Some(files)) = (number.column.spec, number.files(bound)) else {
        return Outcome::Unknown;
    };
    if files
        .iter()
        .any(|files| files.record.kind == Kind::Reported)
    {
        return Outcome::Unknown;
    }
    let Ok(reported) = column.metric.parse::<MetricName>() else {
        return picked(number, &files);
    };
    let deciding = deciding(number, &files);
    for metric in &deciding {
        if let Some(what) = shared(metric, &reported, &files) {
            return Outcome::Decides(what);
        }
    }
    match deciding.is_empty() {
        true => picked(number, &files),
        false => Outcome::Separate,
    }
}

/// The metrics that chose an epoch: of the spec's rule and of the runs' own selection.
fn deciding(number: &Measured<'_>, files: &[&RunFiles]) -> BTreeSet<MetricName> {
    let of_spec = number.table.spec.and_then(|spec| match &spec.epoch {
        EpochRule::Best { metric, .. } => Some(metric.as_str()),
        EpochRule::Last | EpochRule::At { .. } | EpochRule::Undeclared => None,
    });
    let of_runs = files.iter().filter_map(|files| {
        let selection = files.record.selection.as_ref()?;
        Some(selection.metric.as_str())
    });
    let names = of_spec.into_iter().chain(of_runs);
    names.filter_map(|name| name.parse().ok()).collect()
}

/// How the split of a deciding metric is that of the reported one: the same, or the same samples.
fn shared(deciding: &MetricName, reported: &MetricName, files: &[&RunFiles]) -> Option<String> {
    let (split, other) = (reported.split, deciding.split);
    if split == other {
        return Some(format!("`{deciding}` decides, and `{split}` is reported"));
    }
    let same_samples = |files: &&RunFiles| {
        let splits = &files.record.data.get(&reported.task)?.splits;
        let fingerprint = |split| Some(&splits.get(split)?.fingerprint);
        let (reported, deciding) = (fingerprint(&split)?, fingerprint(&other)?);
        (!reported.is_empty() && reported == deciding).then_some(())
    };
    files.iter().find_map(same_samples)?;
    Some(format!(
        "`{deciding}` decides, and `{split}`, which is reported, has the same samples"
    ))
}

/// Whether a number is the best of its curve, not the last, and nothing else was logged to choose by.
fn picked(number: &Measured<'_>, files: &[&RunFiles]) -> Outcome {
    let ([files], Some(column)) = (files, number.column.spec) else {
        return Outcome::Unknown;
    };
    let goal = column.goal.or_else(|| number.column.quantity?.goal());
    let Some(goal) = goal else {
        return Outcome::Unknown;
    };
    let Ok(curve) = files.curve(&column.metric) else {
        return Outcome::Unknown;
    };
    let (Some(last), true) = (curve.last(), logs_one_split(files.metric_names())) else {
        return Outcome::Unknown;
    };
    let values = curve.iter().map(|point| point.value);
    let best = values.reduce(|a, b| match goal {
        Goal::Max => a.max(b),
        Goal::Min => a.min(b),
    });
    let text = |value: f64| crate::audit::decimal::round(value * column.scale, number.decimals());
    let is = |value: f64| text(value).as_deref() == Some(number.printed());
    match best {
        Some(best) if is(best) && !is(last.value) => Outcome::Decides(format!(
            "the best epoch of `{}` is reported, and no other split was logged to choose it by",
            column.metric
        )),
        _ => Outcome::Unknown,
    }
}

/// Whether no metric names another split than the others.
fn logs_one_split(names: &[String]) -> bool {
    let prefix = |name: &str| {
        let lower = name.to_lowercase();
        ["train", "valid", "val", "dev", "test", "eval"]
            .into_iter()
            .find(|split| lower.starts_with(split))
            .map(|split| split.get(..3).unwrap_or(split).to_owned())
    };
    let splits: BTreeSet<Option<String>> = names.iter().map(|name| prefix(name)).collect();
    splits
        .iter()
        .filter(|split| split.as_deref() != Some("tra"))
        .count()
        == 1
}

fn finding(what: &str, numbers: &[&Measured<'_>]) -> Finding {
    let first = numbers[0];
    let message = match numbers.len() {
        1 => format!("{}: {what}", first.address()),
        n => format!("{n} numbers of the table: {what}"),
    };
    let subject = Subject {
        table: first.table.table.name().to_owned(),
        row: what.to_owned(),
        kind: "decides",
        ..Subject::default()
    };
    let finding = Finding::new(
        &SELECTION_ON_REPORTED_SPLIT,
        first.place(),
        &subject,
        message,
    )
    .with_hint("choose on a validation split, and report a split that decided nothing");
    let rest = numbers[1..].iter();
    rest.fold(finding, |finding, number| {
        let text = format!("{}: `{}`", number.address(), number.cell.text);
        finding.with_evidence_at("value", number.place(), text)
    })
}
