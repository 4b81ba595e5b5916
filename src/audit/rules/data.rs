//! Data: whether what was evaluated is known, separate from training, and complete.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{DATA_FINGERPRINT, SPLIT_OVERLAP};
use crate::audit::evidence::RunFiles;
use crate::audit::evidence::manifest::{FILE_NAME, Manifest, plain};
use crate::audit::finding::{Finding, Place, Severity, Sink, Subject};
use crate::audit::measured::{Columns, Measured};
use crate::metric::Split;
use crate::record::SplitRecord;

const HINT: &str = "run `repro data check --lock` where the data lies, and commit `data.lock.json`";

/// What is missing where a data set is listed and no run is there.
const WHAT_RUNS_USED: &str = "what the runs used";

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let columns = Columns::of(bound);
    let numbers = columns.numbers(bound);
    fingerprints(inputs, bound, &columns, &numbers, sink);
    sink.not_assessed(&SPLIT_OVERLAP, "contents of the files of the splits");
}

/// A split that runs used: data set, task, split, fingerprint and number of samples.
type Used<'b> = (&'b str, &'b str, Split, &'b str, u64);

/// RPR601: data sets of the cited runs where they are there, else those that headers name.
fn fingerprints<'b>(
    inputs: &Inputs<'_>,
    bound: &'b Bound<'b>,
    columns: &'b Columns<'b>,
    numbers: &[Measured<'b>],
    sink: &mut Sink<'_>,
) {
    let mut used: BTreeMap<Used<'b>, Place> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for number in numbers {
        let place = number.column.place(number.table);
        for files in number.files(bound).into_iter().flatten() {
            for split in splits(number, files) {
                used.entry(split).or_insert(place);
                known.insert((number.table_idx, number.cell_idx));
            }
        }
    }
    let found = used.iter().filter_map(|(split, place)| {
        let finding = compare(split, *place, inputs.manifest);
        if finding.is_none() {
            sink.verified(&DATA_FINGERPRINT);
        }
        finding
    });
    grouped(found.collect())
        .into_iter()
        .for_each(|finding| sink.report(finding));
    let listed = numbers
        .iter()
        .filter(|number| is_listed(number, inputs.manifest));
    for place in listed.map(|number| (number.table_idx, number.cell_idx)) {
        if known.insert(place) {
            sink.not_assessed(&DATA_FINGERPRINT, WHAT_RUNS_USED);
        }
    }
    by_name(inputs, bound, columns, &known, sink);
}

/// Whether the data set that a row's printed record names is in the manifest with the number's task.
fn is_listed(number: &Measured<'_>, manifest: Option<&Manifest>) -> bool {
    let listed = |name: &&str| {
        let (_, tasks) = manifest?.named(name)?;
        Some(tasks.contains_key(number.column.task()?))
    };
    number
        .datasets()
        .iter()
        .any(|name| listed(name) == Some(true))
}

/// The splits that a run says it used for a number.
fn splits<'b>(number: &Measured<'b>, files: &'b RunFiles) -> Vec<Used<'b>> {
    let data = number
        .column
        .task()
        .and_then(|task| files.record.data.get_key_value(task));
    let Some((task, data)) = data else {
        return Vec::new();
    };
    let splits = data.splits.iter();
    splits
        .map(|(split, described)| {
            let fingerprint = described.fingerprint.as_str();
            (&*data.name, &**task, *split, fingerprint, described.n)
        })
        .collect()
}

/// What is wrong with a split that a run used, by data set and place.
fn compare(used: &Used<'_>, place: Place, manifest: Option<&Manifest>) -> Option<Finding> {
    let &(dataset, task, split, fingerprint, n) = used;
    let of_dataset = |what: &str| {
        let message = format!("data set `{dataset}` has no fingerprint: {what}");
        Some(missing(&of_name(dataset), place, message))
    };
    let Some(manifest) = manifest else {
        return of_dataset(&format!("there is no `{FILE_NAME}`"));
    };
    match manifest.split(dataset, task, split) {
        Some(locked) if locked.fingerprint == fingerprint && locked.n == n => None,
        Some(locked) => Some(mismatch(used, locked, place)),
        None if !manifest.datasets.contains_key(dataset) => {
            of_dataset(&format!("`{FILE_NAME}` does not list it"))
        }
        None => {
            let message = format!(
                "data set `{dataset}` has no fingerprint of task `{task}`, split `{split}`"
            );
            let subject = Subject {
                row: task.to_owned(),
                column: split.to_string(),
                ..of_name(dataset)
            };
            Some(missing(&subject, place, message))
        }
    }
}

/// A data set without a fingerprint, whatever its spelling.
fn of_name(dataset: &str) -> Subject {
    Subject {
        table: plain(dataset),
        kind: "missing",
        ..Subject::default()
    }
}

fn mismatch(used: &Used<'_>, locked: &SplitRecord, place: Place) -> Finding {
    let &(dataset, task, split, fingerprint, n) = used;
    let start = |hash: &str| format!("{}…", hash.get(..12).unwrap_or(hash));
    let (used, listed) = match locked.fingerprint == fingerprint {
        true => (format!("{n} samples"), format!("{} samples", locked.n)),
        false => (start(fingerprint), start(&locked.fingerprint)),
    };
    let message = format!(
        "data set `{dataset}`, task `{task}`, split `{split}`: the run used {used}, `{FILE_NAME}` has {listed}"
    );
    let subject = Subject {
        table: dataset.to_owned(),
        row: task.to_owned(),
        column: split.to_string(),
        kind: "mismatch",
    };
    Finding::new(&DATA_FINGERPRINT, place, &subject, message)
        .with_hint("train on the data that the manifest describes, or write it again")
}

fn missing(subject: &Subject, place: Place, message: String) -> Finding {
    Finding::new(&DATA_FINGERPRINT, place, subject, message)
        .with_severity(Severity::Warning)
        .with_hint(HINT)
}

/// Findings that say the same once.
fn grouped(mut findings: Vec<Finding>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert(finding.message.clone()));
    findings
}

/// Data sets that headers name, of columns of which nothing better is known: at the first header that names each.
fn by_name(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    columns: &Columns<'_>,
    known: &BTreeSet<(usize, usize)>,
    sink: &mut Sink<'_>,
) {
    let mut seen = BTreeSet::new();
    for (table_idx, table) in bound.tables.iter().enumerate() {
        for (cell_idx, column) in columns.of_table(table_idx).iter().enumerate() {
            let column = column
                .as_ref()
                .filter(|_| !known.contains(&(table_idx, cell_idx)));
            let Some((column, dataset)) =
                column.and_then(|column| Some((column, column.meaning.dataset.as_ref()?)))
            else {
                continue;
            };
            if !seen.insert(plain(dataset)) {
                continue;
            }
            match inputs.manifest.map(|manifest| manifest.named(dataset)) {
                Some(Some(_)) => sink.not_assessed(&DATA_FINGERPRINT, WHAT_RUNS_USED),
                found => {
                    let file = match found {
                        None => format!("no `{FILE_NAME}` is at hand"),
                        Some(_) => format!("`{FILE_NAME}` does not list it"),
                    };
                    let message = format!("data set `{dataset}` has no fingerprint: {file}");
                    sink.report(missing(&of_name(dataset), column.place(table), message));
                }
            }
        }
    }
}
