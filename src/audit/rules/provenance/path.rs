//! RPR207: paths that mean something on one machine only.

use std::collections::HashMap;

use super::runs::path_place;
use super::{defined, place_of};
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::NON_PORTABLE_PATH;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::document::{Definition, Kind};

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let depth = depth(inputs.document);
    let lines: Vec<&str> = inputs.text.split('\n').collect();
    for definition in &bound.document.definitions {
        for (idx, path) in definition.paths.iter().enumerate() {
            let subject = |kind| Subject {
                column: path.clone(),
                ..defined(bound.document, definition, kind)
            };
            judge(path, depth, path_place(definition, idx), &subject, sink);
        }
        for (path, place) in named_in_words(definition, &lines) {
            let subject = |kind| Subject {
                column: path.to_owned(),
                ..defined(bound.document, definition, kind)
            };
            if fault(path, depth).is_some() {
                judge(path, depth, place, &subject, sink);
            }
        }
    }
    let mut seen = HashMap::new();
    for table in &bound.tables {
        for row in &table.rows {
            for (mark, _) in &row.marks {
                let Some(target) = &mark.target else { continue };
                // A link that many rows have is one fault.
                if seen.insert(target.as_str(), ()).is_none() && !target.contains("://") {
                    let subject =
                        |kind| Subject::in_table(table.table, &row.row.label, &mark.text, kind);
                    let fault = fault(target, depth);
                    let place = Place {
                        end_column: mark.end_column,
                        ..place_of(row, mark)
                    };
                    match fault {
                        None => sink.verified(&NON_PORTABLE_PATH),
                        Some(fault) => sink.report(finding(target, fault, place, &subject)),
                    }
                }
            }
        }
    }
}

/// Folders between the root of the repository and a document; none for one that lies elsewhere.
fn depth(document: &str) -> usize {
    let is_relative = !document.starts_with('/') && !document.contains('\\');
    let folders = document
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .count();
    if is_relative && !document.split('/').any(|part| part == "..") {
        folders.saturating_sub(1)
    } else {
        0
    }
}

/// Reports a path, or counts it as right.
fn judge(
    path: &str,
    depth: usize,
    place: Place,
    subject: &dyn Fn(&'static str) -> Subject,
    sink: &mut Sink<'_>,
) {
    match fault(path, depth) {
        None => sink.verified(&NON_PORTABLE_PATH),
        Some(fault) => {
            let finding = finding(path, fault, place, subject);
            sink.report(match below_results(path) {
                Some(fix) => finding.with_fix(fix),
                None => finding,
            });
        }
    }
}

fn finding(
    path: &str,
    (kind, what): (&'static str, &'static str),
    place: Place,
    subject: &dyn Fn(&'static str) -> Subject,
) -> Finding {
    let message = format!("path `{path}` {what}");
    Finding::new(&NON_PORTABLE_PATH, place, &subject(kind), message)
        .with_hint("write the path from the root of the repository: `results/…`")
}

/// What ties a path to one machine: a kind, and in words.
fn fault(path: &str, depth: usize) -> Option<(&'static str, &'static str)> {
    let bytes = path.as_bytes();
    let has_drive = bytes.len() > 2
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/');
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    if path.starts_with('~') {
        Some(("home", "begins in somebody's home folder"))
    } else if has_drive {
        Some(("drive", "begins with a drive of one machine"))
    } else if path.starts_with("\\\\") || path.starts_with("//") {
        Some(("share", "lies on a share of one network"))
    } else if path.starts_with(['/', '\\']) || path.starts_with("file:") {
        Some(("absolute", "is absolute, it exists on one machine only"))
    } else if path.starts_with(['$', '%']) {
        Some(("variable", "begins with a variable of one machine"))
    } else if leaves(&parts, depth) {
        Some(("outside", "leads out of the repository"))
    } else if parts
        .windows(2)
        .any(|pair| ["home", "Users"].contains(&pair[0]))
    {
        Some(("user", "names somebody's home folder"))
    } else {
        None
    }
}

/// Whether a path goes up further than the folders that it is in.
fn leaves(parts: &[&str], mut depth: usize) -> bool {
    for part in parts {
        match *part {
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
    }
    false
}

/// The path from `results/` on.
fn below_results(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let at = path.rfind("/results/")?;
    Some(path[at + 1..].to_owned())
}

/// Paths in a definition that is words, or that its grammar takes for words, with their places on the first line.
fn named_in_words<'d>(definition: &'d Definition, lines: &[&str]) -> Vec<(&'d str, Place)> {
    /// Shorter ones are rather alternatives such as `train/valid` or shell output.
    const FEWEST_FOLDERS: usize = 3;
    if definition.kind != Kind::Narrative {
        return Vec::new();
    }
    let line = definition
        .line
        .checked_sub(1)
        .and_then(|idx| lines.get(idx));
    let line = line.copied().unwrap_or_default();
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '(' | ')');
    let words = definition.text.split(is_end);
    let paths = words.filter(|word| {
        let folders = word.split(['/', '\\']).filter(|part| !part.is_empty());
        folders.count() >= FEWEST_FOLDERS && !word.contains("://")
    });
    paths
        .filter_map(|path| {
            let at = line.find(path)?;
            let column = line[..at].chars().count() + 1;
            Some((
                path,
                Place::of_width(definition.line, column, path.chars().count()),
            ))
        })
        .collect()
}
