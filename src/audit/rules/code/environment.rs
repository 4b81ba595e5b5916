//! RPR703: a record says on what it ran, and locks the versions of everything that ran.

use serde_json::Value;

use super::Known;
use crate::audit::catalogue::ENVIRONMENT_UNLOCKED;
use crate::audit::citation::NO_RUN;
use crate::audit::finding::{Finding, Sink};
use crate::audit::reading::key::MACHINE_KEYS;
use crate::literal;

const HINT: &str =
    "record operating system, processor, threads and the hash of a lock file; `repro train` does";

/// Keys of printed records that lock versions with hashes.
const LOCK_KEYS: &[&str] = &[
    "lockfile_blake3",
    "lockfile",
    "lock",
    "lock_hash",
    "environment_hash",
    "image_digest",
];

/// Keys that name a machine without saying what it is.
const NICKNAMES: &[&str] = &["working_machine", "machine", "host", "hostname"];

pub(super) fn check(known: &[Known<'_, '_>], sink: &mut Sink<'_>) {
    for run in known {
        let missing = match run.files {
            Some(_) => of_files(run),
            None => of_record(run),
        };
        if missing.is_empty() {
            sink.verified(&ENVIRONMENT_UNLOCKED);
            continue;
        }
        if run.is_out_of_sight {
            sink.not_assessed(&ENVIRONMENT_UNLOCKED, NO_RUN);
            continue;
        }
        let mut message = format!("{} does not say: {}", run.name(), missing.join(", "));
        let mut place = run.place;
        if let Some(citation) = run.citation.filter(|_| run.files.is_none())
            && let Some(key) = NICKNAMES
                .iter()
                .find(|key| names_machine(citation.record.values.get(**key)))
        {
            let name = literal::print(&citation.record.values[*key]);
            message = format!("{message}; only the machine's name `{key}={name}`");
            place = citation.place_of(key);
        }
        let subject = run.subject("environment");
        sink.report(Finding::new(&ENVIRONMENT_UNLOCKED, place, &subject, message).with_hint(HINT));
    }
}

/// Whether the value of a key is a name at all.
fn names_machine(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
}

fn of_files(run: &Known<'_, '_>) -> Vec<&'static str> {
    let environment = run
        .files
        .and_then(|files| files.record.environment.as_ref());
    let Some(environment) = environment else {
        return vec!["a lock file's hash", "operating system", "processor"];
    };
    let mut missing = Vec::new();
    if environment.lockfile_blake3.is_empty() {
        missing.push("a lock file's hash");
    }
    if environment.os.is_empty() {
        missing.push("operating system");
    }
    if environment.cpu.is_none() && environment.device == "cpu" {
        missing.push("processor");
    }
    missing
}

fn of_record(run: &Known<'_, '_>) -> Vec<&'static str> {
    let has = |keys: &[&str]| {
        let values = run.citation.map(|citation| &citation.record.values);
        values.is_some_and(|values| keys.iter().any(|key| values.contains_key(*key)))
    };
    let mut missing = Vec::new();
    if !has(LOCK_KEYS) {
        missing.push("a lock file's hash");
    }
    if !has(&["os", "platform", "operating_system"]) {
        missing.push("operating system");
    }
    let hardware: Vec<&str> = MACHINE_KEYS
        .iter()
        .copied()
        .filter(|key| !NICKNAMES.contains(key))
        .chain(["cpu"])
        .collect();
    if !has(&hardware) {
        missing.push("processor");
    }
    missing
}
