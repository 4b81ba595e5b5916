//! A run's path against its record: `results/[prefix]model/sub_dataset/time[_suffix]`.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use serde_json::{Map, Value};

use super::{At, Mismatch, SUB_NAME, same_name, sub_name};
use crate::audit::bind::cited_run;
use crate::audit::reading::key::{is_pretraining, loads_pretrained};

const PRETRAINING: &str = "pretrained_";
const LOADED: &str = "loaded_pretrained-";
const DEBUG: &str = "Debug-";

/// Digits and dashes of a run's time.
const TIME: &str = "dddd-dd-dd-dd-dd-dd";

/// A run's path in its parts.
pub(super) struct RunPath {
    pub(super) is_pretraining: bool,
    is_loaded: bool,
    is_debug: bool,
    model: String,
    folder: String,
    time: String,
}

/// How the paths of a document come about.
pub(super) struct Convention<'c> {
    /// Whether the run is there, and so made by a program whose prefixes are known exactly.
    pub(super) is_ours: bool,
    /// Data sets that occur without the prefix of pre-training.
    pub(super) unmarked: &'c BTreeSet<String>,
}

impl RunPath {
    /// The parts of a path below a results root.
    pub(super) fn of(path: &str) -> Option<Self> {
        let run = cited_run(path)?;
        let parts: Vec<&str> = run.as_str().split('/').collect();
        let [.., first, folder, time] = parts[..] else {
            return None;
        };
        let mut model = first;
        let mut strip = |prefix: &str| match model.strip_prefix(prefix) {
            Some(rest) => {
                model = rest;
                true
            }
            None => false,
        };
        Some(Self {
            is_debug: strip(DEBUG),
            is_loaded: strip(LOADED),
            is_pretraining: strip(PRETRAINING),
            model: model.to_owned(),
            folder: folder.to_owned(),
            time: time.to_owned(),
        })
    }
}

/// What of a path disagrees with the record; counts what was compared.
pub(super) fn check(
    path: &str,
    values: &Map<String, Value>,
    convention: &Convention<'_>,
    n_checks: &mut usize,
) -> Vec<Mismatch> {
    let Some(run) = RunPath::of(path) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut compare = |mismatch: Option<Option<Mismatch>>| {
        if let Some(mismatch) = mismatch {
            *n_checks += 1;
            found.extend(mismatch);
        }
    };
    compare(model(&run, values));
    compare(folder(&run, values));
    compare(loaded(&run, values));
    compare(pretraining(&run, values, convention));
    compare(debug(&run, values, convention));
    compare(time(&run, convention));
    found
}

fn mismatch(kind: &'static str, what: String, other: Option<&'static str>) -> Option<Mismatch> {
    Some(Mismatch {
        at: At::Path,
        kind,
        what,
        other,
    })
}

fn model(run: &RunPath, values: &Map<String, Value>) -> Option<Option<Mismatch>> {
    let recorded = values.get("model")?.as_str()?;
    let what = || {
        format!(
            "the path has model `{}`, the record `model='{recorded}'`",
            run.model
        )
    };
    Some(
        (run.model != recorded)
            .then(what)
            .and_then(|what| mismatch("model", what, Some("model"))),
    )
}

fn folder(run: &RunPath, values: &Map<String, Value>) -> Option<Option<Mismatch>> {
    let dataset = values.get("dataset")?.as_str()?;
    let recorded = values
        .get(SUB_NAME)
        .and_then(Value::as_str)
        .map(str::to_owned);
    let sub = recorded.or_else(|| sub_name(values))?;
    let expected = format!("{sub}_{dataset}");
    let what = || {
        format!(
            "the path has `{}`, the record gives `{expected}`",
            run.folder
        )
    };
    let differs = !same_name(&run.folder, &expected);
    Some(
        differs
            .then(what)
            .and_then(|what| mismatch("folder", what, Some(SUB_NAME))),
    )
}

fn loaded(run: &RunPath, values: &Map<String, Value>) -> Option<Option<Mismatch>> {
    let (key, loads) = loads_pretrained(values)?;
    // A pre-training has its own prefix, whatever it starts from.
    let is_told = run.is_loaded || !run.is_pretraining;
    if !is_told {
        return Some(None);
    }
    let literal = if loads { "True" } else { "False" };
    let verb = if run.is_loaded { "has" } else { "lacks" };
    let what =
        || format!("the path {verb} the prefix `{LOADED}`, the record has `{key}={literal}`");
    Some(
        (run.is_loaded != loads)
            .then(what)
            .and_then(|what| mismatch("prefix-loaded", what, None)),
    )
}

/// A kind of training other than pre-training contradicts the prefix only where paths of its data set do
/// without, as other programs name the kind otherwise. The kind of training that pre-training uses, one loader
/// with all labels, needs no prefix; and our own runs have theirs from the phase of their spec.
fn pretraining(
    run: &RunPath,
    values: &Map<String, Value>,
    convention: &Convention<'_>,
) -> Option<Option<Mismatch>> {
    const KEY: &str = "multitask_training_type";
    let pretrains = is_pretraining(values)?;
    let dataset = values.get("dataset").and_then(Value::as_str);
    let is_usual = dataset.is_some_and(|dataset| convention.unmarked.contains(dataset));
    let contradicts = run.is_pretraining && !pretrains && is_usual && !convention.is_ours;
    let what =
        || format!("the path has the prefix `{PRETRAINING}`, the record says otherwise in `{KEY}`");
    Some(
        contradicts
            .then(what)
            .and_then(|what| mismatch("prefix-pretrained", what, Some(KEY))),
    )
}

/// Other programs debug without the prefix; none has the prefix without debugging.
fn debug(
    run: &RunPath,
    values: &Map<String, Value>,
    convention: &Convention<'_>,
) -> Option<Option<Mismatch>> {
    let debugs = values.get("debug")?.as_bool()?;
    let contradicts = match (run.is_debug, debugs) {
        (true, false) => true,
        (false, true) => convention.is_ours,
        _ => false,
    };
    let verb = if run.is_debug { "has" } else { "lacks" };
    let what =
        || format!("the path {verb} the prefix `{DEBUG}`, the record says otherwise in `debug`");
    Some(
        contradicts
            .then(what)
            .and_then(|what| mismatch("prefix-debug", what, Some("debug"))),
    )
}

/// The last part is a moment, in paths whose middle part follows the convention.
fn time(run: &RunPath, convention: &Convention<'_>) -> Option<Option<Mismatch>> {
    if !run.folder.starts_with('_') && !convention.is_ours {
        return None;
    }
    let what = || format!("the path ends in `{}`, which is no moment", run.time);
    let wrong = moment(&run.time).is_none();
    Some(
        wrong
            .then(what)
            .and_then(|what| mismatch("time", what, None)),
    )
}

/// The moment that a run's folder is named by; a suffix behind `_`, `-` or `.` does not count.
fn moment(text: &str) -> Option<DateTime> {
    let fits = |(byte, pattern): (u8, u8)| match pattern {
        b'd' => byte.is_ascii_digit(),
        _ => byte == pattern,
    };
    let (time, suffix) = text.split_at_checked(TIME.len())?;
    let is_time = time.bytes().zip(TIME.bytes()).all(fits);
    let is_suffix = suffix.is_empty() || suffix.starts_with(['_', '-', '.']);
    if !is_time || !is_suffix {
        return None;
    }
    DateTime::strptime("%Y-%m-%d-%H-%M-%S", time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_moments_with_a_suffix_or_without() {
        for (text, is_one) in [
            ("2019-04-17-12-57-39", true),
            ("2019-05-07-15-24-16_100-class", true),
            ("2019-14-17-12-57-39", false),
            ("2019-02-30-12-57-39", false),
            ("2019-04-17-12-57-3", false),
            ("2019-04-17-12-57-391", false),
            ("latest", false),
            ("", false),
        ] {
            assert_eq!(moment(text).is_some(), is_one, "{text}");
        }
    }

    #[test]
    fn prefixes_are_taken_off_the_model() {
        let path = RunPath::of("results/Debug-loaded_pretrained-M/_a_1_D/t").expect("a path");
        assert!(path.is_debug && path.is_loaded && !path.is_pretraining);
        assert_eq!((&*path.model, &*path.folder), ("M", "_a_1_D"));
        assert!(RunPath::of("2019-03-24-12-56-49--Age--IMDB_WIKI").is_none());
    }
}
