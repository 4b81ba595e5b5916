//! RPR402: rows that are compared were trained on one machine, by one build.

use serde_json::Value;

use super::compare::{Difference, Fact, Side, are_compared, differences, place};
use crate::audit::bind::BoundTable;
use crate::audit::catalogue::MACHINE_CONFOUND;
use crate::audit::finding::{Finding, Severity, Sink, Subject};
use crate::audit::reading::key::MACHINE_KEYS;
use crate::literal;
use crate::record::Environment;

/// The instruction set whose results are the same bits on every machine.
const PORTABLE: &str = "portable";

/// What does not change the bits of runs with the portable instruction set.
const WITHOUT_EFFECT_WHEN_PORTABLE: &[&str] =
    &["cpu", "working_machine", "machine", "host", "hostname"];

pub(super) fn check(table: &BoundTable<'_>, sides: &[Side<'_, '_>], sink: &mut Sink<'_>) {
    if !are_compared(sides) {
        return;
    }
    let facts: Vec<Vec<Fact>> = sides.iter().map(facts).collect();
    for facts in &facts {
        if facts.is_empty() {
            sink.not_assessed(
                &MACHINE_CONFOUND,
                "the machine of each row that is compared",
            );
        }
    }
    if facts.iter().filter(|facts| !facts.is_empty()).count() < 2 {
        return;
    }
    let odd = differences(sides, &facts);
    if odd.is_empty() {
        return sink.verified(&MACHINE_CONFOUND);
    }
    for (idx, found) in odd {
        let label = &sides[idx].row.row.label;
        let keys: Vec<String> = found.iter().map(Difference::words).collect();
        let message = format!(
            "row `{label}` comes from another machine than the rows that it is compared with: {}",
            keys.join(", ")
        );
        let subject = Subject {
            table: table.table.name().to_owned(),
            row: label.clone(),
            column: String::new(),
            kind: "machine",
        };
        let finding = Finding::new(&MACHINE_CONFOUND, place(&sides[idx]), &subject, message)
            .with_severity(severity(sides, idx, &found))
            .with_hint("train the rows on one machine, or each row on every machine");
        let finding = found
            .iter()
            .fold(finding, |finding, one| one.support(finding, sides, idx));
        sink.report(finding);
    }
}

/// A note where all runs have the same bits on every machine, and only machines differ.
fn severity(sides: &[Side<'_, '_>], idx: usize, found: &[Difference<'_>]) -> Severity {
    let is_portable = |side: usize| {
        let environment = environment(&sides[side]);
        environment.is_some_and(|environment| environment.instruction_set == PORTABLE)
    };
    let mut involved = found
        .iter()
        .flat_map(|one| &one.others)
        .copied()
        .chain([idx]);
    let mut keys = found.iter().map(|one| one.fact.key.as_str());
    let no_effect = keys.all(|key| WITHOUT_EFFECT_WHEN_PORTABLE.contains(&key));
    match no_effect && involved.all(is_portable) {
        true => Severity::Note,
        false => Severity::Warning,
    }
}

fn environment<'b>(side: &Side<'b, '_>) -> Option<&'b Environment> {
    side.known?.run?.1.record.environment.as_ref()
}

/// The machine as record and `run.json` name it.
fn facts(side: &Side<'_, '_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |key: &str, shown: &str| {
        if !shown.is_empty() && facts.iter().all(|fact: &Fact| fact.key != key) {
            facts.push(Fact {
                key: key.to_owned(),
                column: None,
                // Host names come in any case.
                value: shown.to_lowercase(),
                shown: shown.to_owned(),
            });
        }
    };
    let values = side.known.iter().flat_map(|known| known.values());
    for (key, value) in values.filter(|(key, _)| MACHINE_KEYS.contains(key)) {
        match value {
            Value::Null => {}
            Value::String(text) => add(key, text),
            other => add(key, &literal::print(other)),
        }
    }
    if let Some(found) = environment(side) {
        add("arch", &found.arch);
        add("cpu", found.cpu.as_deref().unwrap_or_default());
        add("device", &found.device);
        add("instruction_set", &found.instruction_set);
        add(
            "lockfile_blake3",
            found
                .lockfile_blake3
                .get(..12)
                .unwrap_or(&found.lockfile_blake3),
        );
        add("os", &found.os);
        add("rustc", &found.rustc);
    }
    facts
}
