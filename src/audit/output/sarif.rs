//! Verifications as SARIF 2.1.0: one log with one run over all documents.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Verified, explain};
use crate::audit::Verification;
use crate::audit::catalogue::{self, FAMILIES, Rule};
use crate::audit::finding::{Evidence, Finding, Place};
use crate::audit::waiver::{Mistake, Waiver};

/// Where the schema is, as logs name it.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The key of fingerprints, with the version of how they are made.
const FINGERPRINT: &str = "repro/v1";

/// The verifications as one JSON document without a line end; `exit_code` is the program's, `has_baseline` says
/// whether they were compared with one.
pub fn sarif(verified: &[Verified], exit_code: u8, has_baseline: bool) -> String {
    let verifications = || verified.iter().map(|verified| &verified.verification);
    let artifacts: Vec<Value> = verified.iter().map(artifact).collect();
    let results: Vec<Value> = verifications()
        .flat_map(|verification| results(verification, has_baseline))
        .collect();
    let notifications: Vec<Value> = verifications()
        .flat_map(|verification| {
            let mistakes = verification.mistakes.iter();
            mistakes.map(|mistake| notification(&verification.document, mistake))
        })
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "repro",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": catalogue::all().map(descriptor).collect::<Vec<_>>(),
                "properties": { "ruleSet": catalogue::VERSION },
            } },
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts,
            "results": results,
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": exit_code,
                "toolConfigurationNotifications": notifications,
            }],
        }],
    });
    log.to_string()
}

fn descriptor(rule: &Rule) -> Value {
    let family = FAMILIES
        .iter()
        .find(|family| family.rules.iter().any(|found| found.id == rule.id));
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "help": { "text": explain::human(rule), "markdown": explain::section(rule) },
        "helpUri": help_uri(rule),
        "defaultConfiguration": { "level": rule.severity.as_str() },
        "properties": { "tags": [family.map_or("", |family| family.title)] },
    })
}

/// The rule's section of the rules page; a name without a place where the package names no repository.
fn help_uri(rule: &Rule) -> String {
    match env!("CARGO_PKG_REPOSITORY") {
        "" => format!("urn:repro:rule:{}", rule.id),
        repository => format!(
            "{repository}/blob/main/docs/rules.md#{}-{}",
            rule.id.to_lowercase(),
            rule.name
        ),
    }
}

fn artifact(verified: &Verified) -> Value {
    json!({
        "location": { "uri": uri(&verified.verification.document) },
        "length": verified.text.len(),
        "hashes": { "blake3": blake3::hash(verified.text.as_bytes()).to_hex().as_str() },
    })
}

fn results(verification: &Verification, has_baseline: bool) -> Vec<Value> {
    let waivers = verification.waivers_by_finding();
    let findings = verification.findings.iter().enumerate();
    findings
        .map(|(idx, finding)| {
            let mut result = result(finding, waivers.get(&idx).copied());
            if has_baseline {
                let is_known = finding.baselined;
                result["baselineState"] = json!(if is_known { "unchanged" } else { "new" });
            }
            result
        })
        .collect()
}

fn result(finding: &Finding, waiver: Option<&Waiver>) -> Value {
    let rule_index = catalogue::all().position(|rule| rule.id == finding.rule);
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity.as_str(),
        "message": { "text": message(finding) },
        "locations": [{ "physicalLocation": location(&finding.path, finding.place()) }],
        "relatedLocations": related(finding),
        "partialFingerprints": { FINGERPRINT: finding.fingerprint },
        "properties": {
            "confidence": finding.confidence,
            "evidence": finding.evidence.iter().map(said).collect::<Vec<_>>(),
        },
    });
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([fixed(finding, fix)]);
    }
    if let Some(waiver) = waiver {
        let kind = if waiver.path == finding.path {
            "inSource"
        } else {
            "external"
        };
        result["suppressions"] = json!([{ "kind": kind, "justification": waiver.reason }]);
    }
    result
}

/// What is wrong and what to do, as viewers show one text.
fn message(finding: &Finding) -> String {
    match &finding.hint {
        Some(hint) => format!("{}\nhelp: {hint}", finding.message),
        None => finding.message.clone(),
    }
}

fn said(evidence: &Evidence) -> String {
    format!("{}: {}", evidence.kind, evidence.text)
}

/// The other places of the document that a finding rests on.
fn related(finding: &Finding) -> Vec<Value> {
    let places = finding.evidence.iter().filter_map(|evidence| {
        let location = location(&finding.path, evidence.place?);
        Some((location, said(evidence)))
    });
    places
        .enumerate()
        .map(|(id, (location, text))| {
            json!({ "id": id, "physicalLocation": location, "message": { "text": text } })
        })
        .collect()
}

fn location(path: &str, place: Place) -> Value {
    json!({ "artifactLocation": { "uri": uri(path) }, "region": region(place) })
}

fn region(place: Place) -> Value {
    json!({ "startLine": place.line, "startColumn": place.column, "endColumn": place.end_column })
}

fn fixed(finding: &Finding, fix: &str) -> Value {
    json!({
        "description": { "text": finding.hint.as_deref().unwrap_or(&finding.message) },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(&finding.path) },
            "replacements": [{
                "deletedRegion": region(finding.place()),
                "insertedContent": { "text": fix },
            }],
        }],
    })
}

fn notification(document: &str, mistake: &Mistake) -> Value {
    json!({
        "level": "error",
        "message": { "text": format!("{}\nhelp: {}", mistake.message, mistake.help) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(document) },
            "region": { "startLine": mistake.line, "startColumn": mistake.column },
        } }],
    })
}

/// A path as a reference: relative as it is, absolute as a file.
fn uri(path: &str) -> String {
    let mut text = String::new();
    if path.starts_with('/') {
        text += "file://";
    }
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            _ => write!(text, "%{byte:02X}").expect("writing to memory"),
        }
    }
    text
}
