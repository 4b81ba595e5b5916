//! RPR704: a program that gives the same numbers again: every generator is seeded, and nothing depends on order.

use std::collections::BTreeSet;

use super::Known;
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::NONDETERMINISM;
use crate::audit::finding::{Finding, Sink};
use crate::audit::python::{CodePlace, Randomness};
use crate::record::Kind;

use super::training_code;

const HINT: &str = "seed every generator at the start and in each worker, set `cudnn.deterministic`, and sort directory listings";

/// One finding per program, at its first record; runs of ours by their seed.
pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    known: &[Known<'_, '_>],
    sink: &mut Sink<'_>,
) {
    let mut has_ours = false;
    for run in known {
        let Some(files) = run.files.filter(|files| files.record.kind == Kind::Trained) else {
            continue;
        };
        has_ours = true;
        match files.record.seed {
            Some(_) => sink.verified(&NONDETERMINISM),
            None => {
                let message = format!("{} has no seed", run.name());
                sink.report(Finding::new(
                    &NONDETERMINISM,
                    run.place,
                    &run.subject("seed"),
                    message,
                ));
            }
        }
    }
    let (groups, missing) = training_code::groups(inputs, bound);
    if let Some(missing) = missing.filter(|_| !has_ours || !groups.is_empty()) {
        sink.not_assessed(&NONDETERMINISM, missing);
    }
    for group in &groups {
        let Some(first) = group.citations.first() else {
            continue;
        };
        let causes = causes(&group.script.entry.randomness);
        if causes.is_empty() {
            sink.verified(&NONDETERMINISM);
            continue;
        }
        let kinds: BTreeSet<&str> = causes.iter().map(|cause| cause.what).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let message = format!(
            "`{}` of record [{}] gives other numbers when it is run again: {}",
            group.script.entry.path,
            first.definition.mark,
            kinds.join(", ")
        );
        let subject = training_code::subject(bound, first, &group.script.entry.path, "code");
        let mut finding = Finding::new(&NONDETERMINISM, first.place(), &subject, message);
        for cause in &causes {
            finding = match &cause.place {
                Some(place) => group.script.support(finding, place, &cause.text),
                None => finding.with_evidence(
                    "code",
                    format!("{}: {}", group.script.entry.path, cause.text),
                ),
            };
        }
        sink.report(finding.with_hint(HINT));
    }
}

/// Something that makes runs differ.
struct Cause {
    what: &'static str,
    place: Option<CodePlace>,
    text: String,
}

fn causes(random: &Randomness) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut add = |what, place: Option<&CodePlace>, text: String| {
        causes.push(Cause {
            what,
            place: place.cloned(),
            text,
        });
    };
    for (generator, place) in random.unseeded() {
        add(
            "unseeded generators",
            Some(place),
            format!("used, and `{}` is never called", generator.seed_call()),
        );
    }
    if let Some(place) = &random.benchmark {
        add(
            "cuDNN's choice of algorithms",
            Some(place),
            "`cudnn.benchmark = True`".to_owned(),
        );
    } else if random.uses_gpu && random.deterministic.is_none() {
        add(
            "cuDNN's choice of algorithms",
            None,
            "`cudnn.deterministic` is never set".to_owned(),
        );
    }
    for place in &random.unseeded_workers {
        add(
            "unseeded workers",
            Some(place),
            "worker processes without `worker_init_fn`".to_owned(),
        );
    }
    for (name, place) in &random.unordered {
        add(
            "unordered listings",
            Some(place),
            format!("`{name}` is not sorted"),
        );
    }
    causes
}
