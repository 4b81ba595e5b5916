//! RPR505 by code: the split that decides is the only one that is evaluated, so that it must be the reported one.

use std::collections::BTreeSet;

use super::{Group, marks, not_assessed, subject};
use crate::audit::bind::Bound;
use crate::audit::catalogue::SELECTION_ON_REPORTED_SPLIT;
use crate::audit::finding::{Finding, Sink};
use crate::audit::python::Decision;
use crate::metric::Split;

/// One finding per program, at its first record.
pub(super) fn check(
    bound: &Bound<'_>,
    groups: &[Group<'_, '_, '_>],
    missing: Option<&'static str>,
    sink: &mut Sink<'_>,
) {
    not_assessed(&SELECTION_ON_REPORTED_SPLIT, missing, sink);
    for group in groups {
        let selection = &group.script.entry.selection;
        let evaluated: BTreeSet<Split> = selection
            .evaluated
            .iter()
            .map(|(split, _)| *split)
            .collect();
        let only = |decision: &&Decision| evaluated.iter().all(|split| *split == decision.split);
        let biased: Vec<&Decision> = selection.decisions.iter().filter(only).collect();
        let (Some(first), Some(decision)) = (group.citations.first(), biased.first()) else {
            match selection.decisions.is_empty() || evaluated.is_empty() {
                true => sink.not_assessed(
                    &SELECTION_ON_REPORTED_SPLIT,
                    "what decides the epoch in the training code",
                ),
                false => sink.verified(&SELECTION_ON_REPORTED_SPLIT),
            }
            continue;
        };
        let message = format!(
            "`{}` of record {} decides by the `{}` split, the only one it evaluates and so the reported one",
            group.script.entry.path,
            marks(&group.citations),
            decision.split.as_str()
        );
        let subject = subject(bound, first, "", "code");
        let mut finding = Finding::new(
            &SELECTION_ON_REPORTED_SPLIT,
            first.place(),
            &subject,
            message,
        );
        for decision in &biased {
            let what = format!("{} by `{}`", decision.kind.as_str(), decision.value);
            finding = group.script.support(finding, &decision.place, &what);
        }
        finding = group
            .script
            .support(finding, &decision.origin, "which comes from here");
        for (split, place) in &selection.evaluated {
            let what = format!("the `{}` split is evaluated", split.as_str());
            finding = group.script.support(finding, place, &what);
        }
        sink.report(finding.with_hint("decide by a validation split, and report a test split"));
    }
}
