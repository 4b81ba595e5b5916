//! RPR307: an argument of a record that its program never reads, and values that its calls give in vain.

use super::{Group, marks, not_assessed, subject};
use crate::audit::bind::Bound;
use crate::audit::catalogue::INERT_ARGUMENT;
use crate::audit::citation::Citation;
use crate::audit::finding::{Finding, Severity, Sink};

const HINT: &str = "read the argument, or remove it: a recorded value that has no effect misleads";

/// One finding per argument, at the first record that has it.
pub(super) fn check(
    bound: &Bound<'_>,
    groups: &[Group<'_, '_, '_>],
    missing: Option<&'static str>,
    sink: &mut Sink<'_>,
) {
    not_assessed(&INERT_ARGUMENT, missing, sink);
    for group in groups {
        let arguments = &group.script.entry.arguments;
        for declared in &arguments.declared {
            let has =
                |citation: &&&Citation<'_>| citation.record.values.contains_key(&declared.key);
            let citing: Vec<&Citation<'_>> = group.citations.iter().filter(has).copied().collect();
            let Some(first) = citing.first() else {
                continue;
            };
            if arguments.reads.contains_key(&declared.key) {
                sink.verified(&INERT_ARGUMENT);
                continue;
            }
            let message = format!(
                "`{}` of record {} is never read by `{}`",
                declared.key,
                marks(&citing),
                group.script.entry.path
            );
            let subject = subject(bound, first, &declared.key, "argument");
            let finding = Finding::new(
                &INERT_ARGUMENT,
                first.place_of(&declared.key),
                &subject,
                message,
            );
            let mut finding = group
                .script
                .support(finding, &declared.place, "declared here")
                .with_hint(HINT);
            // Whoever gets all arguments at once may read any.
            if let Some(escape) = arguments.escapes.first() {
                finding = group
                    .script
                    .support(finding, escape, "all arguments are passed on here")
                    .with_severity(Severity::Note);
            }
            sink.report(finding);
        }
        parameters(bound, group, sink);
    }
}

/// Constants that end in a function that does not use them.
fn parameters(bound: &Bound<'_>, group: &Group<'_, '_, '_>, sink: &mut Sink<'_>) {
    let Some(first) = group.citations.first() else {
        return;
    };
    for inert in &group.script.entry.inert {
        let message = format!(
            "`{}` calls `{}` with `{}={}`, which nothing uses",
            group.script.entry.path, inert.function, inert.parameter, inert.value
        );
        let mut subject = subject(bound, first, &inert.parameter, "parameter");
        subject.row.clone_from(&inert.function);
        let place = match first.record.values.contains_key("model") {
            true => first.place_of("model"),
            false => first.place(),
        };
        let finding = Finding::new(&INERT_ARGUMENT, place, &subject, message);
        let finding = group.script.support(finding, &inert.place, "given here");
        let finding = group
            .script
            .support(finding, &inert.callee, "and not used here");
        sink.report(finding.with_hint("use the parameter, or stop passing it"));
    }
}
