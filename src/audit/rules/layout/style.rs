//! RPR006: names in several spellings, headers that leave something out, headings of notes that differ, and
//! characters that look like others. All that is wrong with one line is one finding.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundTable};
use crate::audit::catalogue::LABEL_STYLE;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::reading::spelling::{folded, is_near};
use crate::document::{Definition, Document, HeaderCell, Kind};

/// Something wrong with a line.
struct Flaw {
    place: Place,
    table: String,
    /// What the finding is about, for its fingerprint.
    about: String,
    what: String,
    /// What should stand at the place.
    fix: Option<String>,
}

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let mut flaws: BTreeMap<usize, Vec<Flaw>> = BTreeMap::new();
    let found = [
        spellings(inputs, bound),
        incomplete(bound),
        reference_headings(bound.document),
        odd_characters(bound.document),
    ];
    for flaw in found.into_iter().flatten() {
        flaws.entry(flaw.place.line).or_default().push(flaw);
    }
    for table in &bound.document.tables {
        if table.header.is_some() && !flaws.contains_key(&table.line) {
            sink.verified(&LABEL_STYLE);
        }
    }
    for (_, mut flaws) in flaws {
        flaws.sort_by_key(|flaw| flaw.place);
        sink.report(finding(flaws));
    }
}

fn finding(flaws: Vec<Flaw>) -> Finding {
    let mut all: Vec<&str> = Vec::new();
    for flaw in &flaws {
        if !all.contains(&flaw.what.as_str()) {
            all.push(&flaw.what);
        }
    }
    let message = all.join("; ");
    let first = &flaws[0];
    let subject = Subject {
        table: first.table.clone(),
        row: String::new(),
        column: first.about.clone(),
        kind: "label-style",
    };
    let finding = Finding::new(&LABEL_STYLE, first.place, &subject, message)
        .with_hint("spell every name in one way, and let headers say metric, unit and data set");
    match &flaws[..] {
        [Flaw { fix: Some(fix), .. }] => finding.with_fix(fix.clone()),
        _ => finding,
    }
}

/// A header cell of results.
struct Named<'b, 'd> {
    table: &'b BoundTable<'d>,
    cell: &'d HeaderCell,
    idx: usize,
}

impl Named<'_, '_> {
    fn flaw(&self, what: String, fix: Option<String>) -> Flaw {
        Flaw {
            place: Place {
                line: self.table.table.line,
                column: self.cell.column,
                end_column: self.cell.end_column,
            },
            table: self.table.table.name().to_owned(),
            about: self.cell.text.clone(),
            what,
            fix,
        }
    }

    /// The names in it: the words of the metric, and the data set.
    fn names(&self) -> Vec<&str> {
        let parts = self.cell.parts();
        let is_name = |word: &&str| word.chars().any(char::is_alphabetic);
        let words = parts.words.into_iter().filter(is_name);
        words.chain(parts.data).collect()
    }

    fn dataset(&self) -> Option<&str> {
        self.table.meanings[self.idx].dataset.as_deref()
    }
}

fn result_headers<'b, 'd>(bound: &'b Bound<'d>) -> Vec<Named<'b, 'd>> {
    let mut found = Vec::new();
    for table in &bound.tables {
        let header = table.table.header.iter().flatten().enumerate().skip(1);
        let results = header.filter(|(idx, _)| table.meanings[*idx].quantity.is_some());
        found.extend(results.map(|(idx, cell)| Named { table, cell, idx }));
    }
    found
}

/// How often a name is spelled in each way.
type Counts<'n> = BTreeMap<&'n str, usize>;

/// Names that other headers, the records, the paths or the specs spell otherwise.
fn spellings(inputs: &Inputs<'_>, bound: &Bound<'_>) -> Vec<Flaw> {
    let headers = result_headers(bound);
    let mut spelled: HashMap<String, Counts<'_>> = HashMap::new();
    for name in headers.iter().flat_map(Named::names) {
        *spelled
            .entry(folded(name))
            .or_default()
            .entry(name)
            .or_default() += 1;
    }
    let declared = declared(inputs);
    let recorded = recorded(bound.document, &spelled);
    let mut found = Vec::new();
    for header in &headers {
        for name in header.names() {
            let key = folded(name);
            let canonical = declared
                .get(&key)
                .or_else(|| recorded.get(&key))
                .map(String::as_str)
                .or_else(|| most_frequent(&spelled[&key]));
            let own = &spelled[&key];
            let what = match canonical {
                Some(canonical) if canonical != name => {
                    format!("`{name}` is `{canonical}` elsewhere")
                }
                None => {
                    let others: Vec<String> = own
                        .keys()
                        .filter(|other| **other != name)
                        .map(|other| format!("`{other}`"))
                        .collect();
                    format!("`{name}` is also spelled {}", others.join(", "))
                }
                Some(_) => match slip(name, &spelled, &declared) {
                    Some(other) => {
                        let fix = header.cell.text.replacen(name, other, 1);
                        let what = format!("`{name}` is probably `{other}`");
                        found.push(header.flaw(what, Some(fix)));
                        continue;
                    }
                    None => continue,
                },
            };
            let fix = canonical.map(|canonical| header.cell.text.replacen(name, canonical, 1));
            found.push(header.flaw(what, fix));
        }
    }
    found
}

/// The spelling that more headers have than any other; `None` where two are equally frequent.
fn most_frequent<'n>(counts: &Counts<'n>) -> Option<&'n str> {
    let most = counts.values().max()?;
    let mut names = counts
        .iter()
        .filter(|(_, n)| *n == most)
        .map(|(name, _)| *name);
    match (names.next(), names.next()) {
        (Some(name), None) => Some(name),
        _ => None,
    }
}

/// A more frequent or declared name that differs from a rare one by a letter or two.
fn slip<'n>(
    name: &str,
    spelled: &HashMap<String, Counts<'n>>,
    declared: &'n BTreeMap<String, String>,
) -> Option<&'n str> {
    let total = |counts: &Counts<'_>| counts.values().sum::<usize>();
    let key = folded(name);
    if declared.contains_key(&key) {
        return None;
    }
    let own = spelled.get(&key).map_or(0, total);
    let mut near: Vec<&'n str> = declared
        .values()
        .map(String::as_str)
        .filter(|other| is_near(name, other))
        .collect();
    near.extend(
        spelled
            .values()
            .filter(|counts| total(counts) > own)
            .filter_map(most_frequent)
            .filter(|other| is_near(name, other)),
    );
    near.into_iter().min()
}

/// Names in the headers of the specs, by what they fold to; those with several spellings declare nothing.
fn declared(inputs: &Inputs<'_>) -> BTreeMap<String, String> {
    let mut spelled: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for column in inputs.specs.iter().flat_map(|spec| &spec.columns) {
        let cell = HeaderCell {
            column: 1,
            end_column: 1,
            text: column.header.clone(),
        };
        let parts = cell.parts();
        for name in parts.words.into_iter().chain(parts.data) {
            spelled
                .entry(folded(name))
                .or_default()
                .insert(name.to_owned());
        }
    }
    only_spellings(spelled)
}

fn only_spellings(spelled: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, String> {
    let only = |(key, names): (String, BTreeSet<String>)| {
        let mut names = names.into_iter();
        match (names.next(), names.next()) {
            (Some(name), None) => Some((key, name)),
            _ => None,
        }
    };
    spelled.into_iter().filter_map(only).collect()
}

/// Names in records and paths that headers have, too, whatever their spelling, by what they fold to.
fn recorded(document: &Document, wanted: &HashMap<String, Counts<'_>>) -> BTreeMap<String, String> {
    let mut spelled: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: &str| {
        let key = folded(name);
        // Tasks are lower case in records by convention; only names with a sign of their own are spelled.
        let is_name = name.chars().any(|c| c.is_uppercase() || c.is_ascii_digit());
        if is_name && wanted.contains_key(&key) {
            spelled.entry(key).or_default().insert(name.to_owned());
        }
    };
    for record in &document.records {
        for value in record.values.values() {
            match value {
                serde_json::Value::String(text) => add(text),
                serde_json::Value::Array(items) => {
                    items
                        .iter()
                        .filter_map(|item| item.as_str())
                        .for_each(&mut add);
                }
                _ => {}
            }
        }
    }
    for path in document
        .definitions
        .iter()
        .flat_map(|definition| &definition.paths)
    {
        for part in path.split('/') {
            // `_gender_1_age_1_IMDB_WIKI` ends with the data set.
            let ends = part.match_indices('_').map(|(at, _)| &part[at + 1..]);
            ends.chain([part]).for_each(&mut add);
        }
    }
    only_spellings(spelled)
}

/// Headers that leave out what the others say: metric, unit, data set.
fn incomplete(bound: &Bound<'_>) -> Vec<Flaw> {
    let headers = result_headers(bound);
    let names_dataset = headers.iter().any(|header| header.dataset().is_some());
    let is_share = |header: &&Named<'_, '_>| {
        let quantity = header.table.meanings[header.idx].quantity;
        quantity.is_some_and(|quantity| quantity.is_share())
    };
    let names_unit = headers
        .iter()
        .filter(is_share)
        .any(|header| header.table.meanings[header.idx].is_percent);
    let mut found = Vec::new();
    for header in &headers {
        let meaning = &header.table.meanings[header.idx];
        let mut missing = Vec::new();
        if !meaning.names_metric {
            missing.push("metric");
        }
        if names_unit && is_share(&header) && !meaning.is_percent {
            missing.push("unit");
        }
        if names_dataset && meaning.dataset.is_none() {
            missing.push("data set");
        }
        if !missing.is_empty() {
            let what = format!(
                "header `{}` names no {}",
                header.cell.text,
                missing.join(" and no ")
            );
            found.push(header.flaw(what, None));
        }
    }
    found
}

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
fn reference_headings(document: &Document) -> Vec<Flaw> {
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

/// Characters that look like others, in tables, and in definitions that are more than words.
fn odd_characters(document: &Document) -> Vec<Flaw> {
    let definitions = &document.definitions;
    let is_prose = |definition: &Definition| {
        !matches!(
            definition.kind,
            Kind::Path | Kind::Record | Kind::PathAndRecord
        )
    };
    let mut found: Vec<Flaw> = Vec::new();
    for odd in &document.odd_characters {
        let next = definitions.partition_point(|definition| definition.line <= odd.line);
        let definition = next.checked_sub(1).map(|idx| &definitions[idx]);
        let holding = definition.filter(|definition| definition.end_line >= odd.line);
        if holding.is_some_and(is_prose)
            || found.last().is_some_and(|flaw| flaw.place.line == odd.line)
        {
            continue;
        }
        let next = document
            .tables
            .partition_point(|table| table.line <= odd.line);
        let table = next.checked_sub(1).map(|idx| &document.tables[idx]);
        let row = table.and_then(|table| {
            let at = table
                .rows
                .binary_search_by_key(&odd.line, |row| row.line)
                .ok()?;
            Some(&table.rows[at])
        });
        let about = match (holding, row) {
            (Some(definition), _) => definition.mark.clone(),
            (None, Some(row)) => row.label.clone(),
            (None, None) => String::new(),
        };
        let code = u32::from(odd.character);
        found.push(Flaw {
            place: Place::of_width(odd.line, odd.column, 1),
            table: table.map_or_else(String::new, |table| table.name().to_owned()),
            about: format!("{about} {}", odd.name),
            what: format!(
                "{} (U+{code:04X}) looks like another character",
                odd.name.replace('-', " ")
            ),
            fix: plain_character(odd.character),
        });
    }
    found
}

/// What a character looks like, or nothing for one that takes no room.
fn plain_character(odd: char) -> Option<String> {
    let code = u32::from(odd);
    match odd {
        '\u{3000}' | '\u{a0}' => Some(" ".to_owned()),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xFF00 + 0x20).map(String::from),
        _ => Some(String::new()),
    }
}
