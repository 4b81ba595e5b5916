//! Headings of notes: misspelt, or at another level than elsewhere.

use std::collections::BTreeMap;

use super::Flaw;
use crate::audit::finding::Place;
use crate::audit::reading::spelling::is_near;
use crate::document::Document;

/// Names of sections that define marks.
const REFERENCE_NAMES: &[&str] = &[
    "reference",
    "references",
    "notes",
    "note",
    "footnotes",
    "sources",
    "bibliography",
];

/// A heading of such a section.
struct ReferenceHeading {
    place: Place,
    title: String,
    level: usize,
    /// The first word of its title.
    word: String,
}

fn reference_heading(document: &Document, idx: usize) -> Option<ReferenceHeading> {
    let heading = &document.headings[idx];
    let title = heading.path.last()?.clone();
    let word: String = title.chars().take_while(|c| c.is_alphabetic()).collect();
    let lower = word.to_lowercase();
    let is_one = REFERENCE_NAMES.contains(&lower.as_str()) || slip_of_reference(&lower).is_some();
    is_one.then_some(ReferenceHeading {
        place: Place {
            line: heading.line,
            column: heading.column,
            end_column: heading.end_column,
        },
        level: heading.level,
        title,
        word,
    })
}

/// The name that a word is a slip of.
fn slip_of_reference(lower: &str) -> Option<&'static str> {
    let mut names = REFERENCE_NAMES.iter().copied();
    let is_known = REFERENCE_NAMES.contains(&lower);
    names.find(|name| !is_known && is_near(lower, name))
}

/// Headings of definitions that are misspelled, or written otherwise than the others.
pub(super) fn reference_headings(document: &Document) -> Vec<Flaw> {
    let all: Vec<ReferenceHeading> = (0..document.headings.len())
        .filter_map(|idx| reference_heading(document, idx))
        .collect();
    let mut forms: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for heading in &all {
        *forms.entry((heading.level, &heading.word)).or_default() += 1;
    }
    let most = forms.values().max().copied().unwrap_or(0);
    let is_tied = forms.values().filter(|n| **n == most).count() > 1;
    let mut found = Vec::new();
    for heading in &all {
        let written = |level: usize, word: &str| format!("`{} {word}`", "#".repeat(level));
        let own = (heading.level, heading.word.as_str());
        let slip = slip_of_reference(&heading.word.to_lowercase());
        let is_usual = forms[&own] == most && !is_tied;
        let what = match slip {
            Some(name) => format!("heading `{}` is probably `{name}`", heading.title),
            None if is_usual => continue,
            None => {
                let others: Vec<String> = forms
                    .keys()
                    .filter(|form| **form != own)
                    .map(|(level, word)| written(*level, word))
                    .collect();
                format!(
                    "section of notes is {} here and {} elsewhere",
                    written(own.0, own.1),
                    others.join(", ")
                )
            }
        };
        found.push(Flaw {
            place: heading.place,
            table: String::new(),
            about: heading.title.clone(),
            what,
            fix: slip.map(|name| heading.title.replacen(&heading.word, name, 1)),
        });
    }
    found
}
