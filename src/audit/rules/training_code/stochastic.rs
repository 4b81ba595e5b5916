//! RPR603 by code: an evaluation that gives other numbers when it is repeated.

use std::collections::BTreeMap;

use super::{Group, marks, not_assessed, subject};
use crate::audit::bind::Bound;
use crate::audit::catalogue::STOCHASTIC_EVALUATION;
use crate::audit::finding::{Finding, Sink};
use crate::audit::python::{Chance, Stochastic};

/// One finding per program and kind of chance, at its first record.
pub(super) fn check(
    bound: &Bound<'_>,
    groups: &[Group<'_, '_, '_>],
    missing: Option<&'static str>,
    sink: &mut Sink<'_>,
) {
    if groups.is_empty() {
        not_assessed(
            &STOCHASTIC_EVALUATION,
            missing.or(Some("a second evaluation")),
            sink,
        );
    }
    for group in groups {
        let entry = group.script.entry;
        let Some(first) = group.citations.first() else {
            continue;
        };
        if entry.stochastic.is_empty() {
            match entry.selection.evaluated.is_empty() {
                true => {
                    sink.not_assessed(&STOCHASTIC_EVALUATION, "an evaluation in the training code")
                }
                false => sink.verified(&STOCHASTIC_EVALUATION),
            }
        }
        let mut kinds: BTreeMap<Chance, Vec<&Stochastic>> = BTreeMap::new();
        for stochastic in &entry.stochastic {
            kinds.entry(stochastic.chance).or_default().push(stochastic);
        }
        for (chance, places) in kinds {
            let (kind, what) = in_words(chance);
            let message = format!(
                "`{}` of record {} evaluates {what}",
                entry.path,
                marks(&group.citations)
            );
            let subject = subject(bound, first, "", kind);
            let mut finding =
                Finding::new(&STOCHASTIC_EVALUATION, first.place(), &subject, message);
            for found in places {
                finding = group
                    .script
                    .support(finding, &found.place, &format!("`{}`", found.what));
            }
            sink.report(finding.with_hint(
                "evaluate every sample of the split once, in order, without augmentation, in `eval()` mode",
            ));
        }
    }
}

fn in_words(chance: Chance) -> (&'static str, &'static str) {
    match chance {
        Chance::Augmentation => ("augmentation", "images that are augmented at random"),
        Chance::Replacement => ("replacement", "samples that are drawn with replacement"),
        Chance::Training => (
            "training-mode",
            "without `eval()`: dropout and batch statistics are those of training",
        ),
        Chance::Truncation => ("truncation", "a part of shuffled data"),
    }
}
