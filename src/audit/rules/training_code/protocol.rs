//! RPR403 by code: numbers of classes and initial weights that the programs behind compared rows fix differently,
//! or that a record contradicts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Group, not_assessed, subject};
use crate::audit::bind::Bound;
use crate::audit::catalogue::PROTOCOL_MISMATCH;
use crate::audit::citation::Citation;
use crate::audit::finding::{Finding, Sink};
use crate::audit::python::{CodePlace, Constant};
use crate::literal;

const HINT: &str =
    "compare only what was measured over the same classes, from the same initial weights";

pub(super) fn check(
    bound: &Bound<'_>,
    groups: &[Group<'_, '_, '_>],
    missing: Option<&'static str>,
    sink: &mut Sink<'_>,
) {
    not_assessed(&PROTOCOL_MISMATCH, missing, sink);
    for group in groups {
        for citation in &group.citations {
            against_record(bound, group, citation, sink);
        }
    }
    for (idx, group) in groups.iter().enumerate() {
        for earlier in &groups[..idx] {
            between(bound, earlier, group, sink);
        }
    }
}

/// A constant in the code under the key of a record, with another value.
fn against_record(
    bound: &Bound<'_>,
    group: &Group<'_, '_, '_>,
    citation: &Citation<'_>,
    sink: &mut Sink<'_>,
) {
    for constant in &group.script.entry.constants {
        let same_key = |key: &&String| key.eq_ignore_ascii_case(&constant.name);
        let Some(key) = citation.record.values.keys().find(same_key) else {
            continue;
        };
        let value = &citation.record.values[key.as_str()];
        if !counts(&constant.value) || value == &constant.value {
            continue;
        }
        let message = format!(
            "record [{}] says `{key}={}`, the code fixes `{}={}`",
            citation.definition.mark,
            literal::print(value),
            constant.name,
            literal::print(&constant.value)
        );
        let subject = subject(bound, citation, key, "record");
        let finding = Finding::new(
            &PROTOCOL_MISMATCH,
            citation.place_of(key),
            &subject,
            message,
        );
        sink.report(
            group
                .script
                .support(finding, &constant.place, "fixed here")
                .with_hint(HINT),
        );
    }
}

/// Only numbers of classes are compared with records: a call may give other weights than a default.
fn counts(value: &Value) -> bool {
    value.is_u64()
}

/// Constants of the same name that two programs behind rows of one table fix differently.
fn between(
    bound: &Bound<'_>,
    earlier: &Group<'_, '_, '_>,
    later: &Group<'_, '_, '_>,
    sink: &mut Sink<'_>,
) {
    let Some((first, second)) = compared(&earlier.citations, &later.citations) else {
        return;
    };
    let (before, after) = (
        fixed(&earlier.script.entry.constants),
        fixed(&later.script.entry.constants),
    );
    for (name, (value, place)) in &after {
        let Some((other, other_place)) = before.get(name) else {
            continue;
        };
        if value == other {
            continue;
        }
        let message = format!(
            "compared records [{}] and [{}] come from code with `{name}={}` and `{name}={}`",
            first.definition.mark,
            second.definition.mark,
            literal::print(other),
            literal::print(value)
        );
        let subject = subject(bound, second, name, "code");
        let finding = Finding::new(&PROTOCOL_MISMATCH, second.place(), &subject, message)
            .with_evidence_at(
                "record",
                first.place(),
                format!("[{}]", first.definition.mark),
            );
        let finding = earlier.script.support(finding, other_place, "fixed here");
        sink.report(
            later
                .script
                .support(finding, place, "and here")
                .with_hint(HINT),
        );
    }
}

/// Two records whose rows are in one table.
fn compared<'g, 'd>(
    earlier: &[&'g Citation<'d>],
    later: &[&'g Citation<'d>],
) -> Option<(&'g Citation<'d>, &'g Citation<'d>)> {
    let shares = |a: &Citation<'d>, b: &Citation<'d>| {
        a.rows
            .iter()
            .any(|(t, _)| b.rows.iter().any(|(other, _)| t == other))
    };
    let pairs = earlier
        .iter()
        .flat_map(|a| later.iter().map(move |b| (*a, *b)));
    pairs.into_iter().find(|(a, b)| shares(a, b))
}

/// Constants that have one value in the whole program.
fn fixed(constants: &[Constant]) -> BTreeMap<&str, (&Value, &CodePlace)> {
    let mut found: BTreeMap<&str, Option<(&Value, &CodePlace)>> = BTreeMap::new();
    for constant in constants {
        let entry = found
            .entry(&constant.name)
            .or_insert(Some((&constant.value, &constant.place)));
        if entry.is_some_and(|(value, _)| *value != constant.value) {
            *entry = None;
        }
    }
    found
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}
