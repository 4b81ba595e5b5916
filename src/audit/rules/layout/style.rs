//! RPR006: names in several spellings, headers that leave something out, headings of notes that differ, and
//! characters that look like others. All that is wrong with one line is one finding.

mod characters;
mod headings;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundTable};
use crate::audit::catalogue::LABEL_STYLE;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::reading::spelling::{folded, is_near};
use crate::document::{Document, HeaderCell};

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
        headings::reference_headings(bound.document),
        characters::odd_characters(bound.document),
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
