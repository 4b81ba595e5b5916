//! RPR208, headings, comments and notes: what they say of settings against the records that they speak of.

mod said;
mod source;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::audit::bind::Bound;
use crate::audit::catalogue::STATEMENT_CONTRADICTION;
use crate::audit::citation::Citation;
use crate::audit::finding::{Confidence, Place, Sink};
use crate::audit::reading::statement::{self, Claim, claims, is_same, is_usual_key};
use crate::audit::{Inputs, Settings};
use crate::document::{Definition, Origin, Statement};
use said::{Differing, Said};
use source::{Source, sources};

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let index = Index::of(bound);
    headings(inputs.settings, bound, &index, sink);
    let lines: Vec<&str> = inputs
        .text
        .split('\n')
        .map(|line| line.trim_end_matches('\r'))
        .collect();
    let mut told = HashSet::new();
    for source in sources(bound.document, &lines) {
        for claim in claims(&source.text) {
            told.insert(source.position(claim.range.start));
            marked(inputs.settings, bound, &index, &source, &claim, sink);
        }
    }
    for statement in &bound.document.statements {
        let is_marked = told.contains(&(statement.line, statement.column));
        if statement.origin == Origin::Comment && !is_marked {
            unmarked(inputs.settings, bound, &index, statement, sink);
        }
    }
}

/// Which records rows and definitions lead to: indices of citations.
struct Index<'d> {
    of_row: HashMap<(usize, usize), Vec<usize>>,
    /// By place of the definition: its own records, else those of the rows that cite it.
    of_definition: HashMap<(usize, usize), BTreeSet<usize>>,
    of_mark: HashMap<&'d str, Vec<&'d Definition>>,
    /// The heading that each heading lies under.
    parents: Vec<Option<usize>>,
    /// Every key of the records.
    keys: HashSet<&'d str>,
}

impl<'d> Index<'d> {
    fn of(bound: &Bound<'d>) -> Self {
        let document = bound.document;
        let mut index = Self {
            of_row: HashMap::new(),
            of_definition: HashMap::new(),
            of_mark: HashMap::new(),
            parents: document.parents(),
            keys: HashSet::new(),
        };
        for (idx, citation) in bound.citations.iter().enumerate() {
            for row in &citation.rows {
                index.of_row.entry(*row).or_default().push(idx);
            }
            let own = index
                .of_definition
                .entry(key_of(citation.definition))
                .or_default();
            own.insert(idx);
            index
                .keys
                .extend(citation.record.values.keys().map(String::as_str));
        }
        for (t, table) in bound.tables.iter().enumerate() {
            for (r, row) in table.rows.iter().enumerate() {
                let Some(records) = index.of_row.get(&(t, r)) else {
                    continue;
                };
                for definition in &row.definitions {
                    if definition.records.is_empty() {
                        let tied = index.of_definition.entry(key_of(definition)).or_default();
                        tied.extend(records);
                    }
                }
            }
        }
        for definition in &document.definitions {
            index
                .of_mark
                .entry(&definition.mark)
                .or_default()
                .push(definition);
        }
        index
    }

    /// Whether a heading is another one, or lies below it.
    fn is_below(&self, heading: Option<usize>, other: usize) -> bool {
        std::iter::successors(heading, |&idx| self.parents[idx]).any(|idx| idx == other)
    }

    /// The records of all rows of a table.
    fn of_table(&self, bound: &Bound<'_>, t: usize) -> BTreeSet<usize> {
        let rows = (0..bound.tables[t].rows.len()).filter_map(|r| self.of_row.get(&(t, r)));
        rows.flatten().copied().collect()
    }

    /// The definition that a mark in a line of text means: the next one behind the line, else the last before it.
    fn meant(&self, mark: &str, line: usize) -> Option<&'d Definition> {
        let definitions = self.of_mark.get(mark)?;
        let next = definitions.partition_point(|found| found.line < line);
        definitions
            .get(next)
            .or_else(|| definitions.last())
            .copied()
    }
}

fn key_of(definition: &Definition) -> (usize, usize) {
    (definition.line, definition.column)
}

/// What the records say of a claim.
#[derive(Default)]
struct Verdict<'b> {
    n_agreeing: usize,
    /// Records that say otherwise.
    differing: Vec<Differing<'b>>,
    absent: Vec<&'b Citation<'b>>,
}

/// Compares a value with what records say under the keys that `tells` accepts; a key that the code fixes counts as
/// said by every record without it.
fn verdict<'b>(
    settings: &'b Settings,
    bound: &'b Bound<'_>,
    tied: &BTreeSet<usize>,
    tells: &dyn Fn(&str) -> bool,
    value: &Value,
) -> Verdict<'b> {
    let constant = settings.constants.iter().find(|(key, _)| tells(key));
    let constant = constant.map(|(key, value)| (key.as_str(), value));
    let mut verdict = Verdict::default();
    for &idx in tied {
        let citation = &bound.citations[idx];
        let entries = citation.record.values.iter();
        let mut own = entries.filter(|(key, _)| tells(key));
        let own = own.next().map(|(key, value)| (key.as_str(), value));
        match own.or(constant) {
            None => verdict.absent.push(citation),
            Some((_, said)) if is_same(said, value) => verdict.n_agreeing += 1,
            Some((key, said)) => verdict.differing.push((citation, key, said)),
        }
    }
    verdict
}

/// `key = value` in headings, against the records of the tables below them.
fn headings(settings: &Settings, bound: &Bound<'_>, index: &Index<'_>, sink: &mut Sink<'_>) {
    let document = bound.document;
    let statements = document.statements.iter();
    let stated: Vec<(usize, &Statement)> = statements
        .filter(|statement| statement.origin == Origin::Heading)
        .filter_map(|statement| {
            let found = document
                .headings
                .binary_search_by_key(&statement.line, |heading| heading.line);
            Some((found.ok()?, statement))
        })
        .collect();
    let says: HashSet<(usize, &str)> = stated
        .iter()
        .map(|(heading, statement)| (*heading, settings.canonical(&statement.key)))
        .collect();
    for (heading, statement) in stated {
        let key = settings.canonical(&statement.key);
        let mut tied = BTreeSet::new();
        let first = document
            .tables
            .partition_point(|table| table.heading < Some(heading));
        for (t, table) in document.tables.iter().enumerate().skip(first) {
            if !index.is_below(table.heading, heading) {
                break;
            }
            // A deeper heading that states the key, too, speaks for what lies below it.
            let mut at = table.heading;
            while at.is_some_and(|idx| idx != heading && !says.contains(&(idx, key))) {
                at = at.and_then(|idx| index.parents[idx]);
            }
            if at == Some(heading) {
                tied.extend(index.of_table(bound, t));
            }
        }
        stated_in_heading(settings, bound, index, statement, &tied, sink);
    }
}

fn stated_in_heading(
    settings: &Settings,
    bound: &Bound<'_>,
    index: &Index<'_>,
    statement: &Statement,
    tied: &BTreeSet<usize>,
    sink: &mut Sink<'_>,
) {
    let value = statement::value(&statement.value);
    let key = settings.canonical(&statement.key);
    let tells = |other: &str| settings.canonical(other) == key;
    let verdict = verdict(settings, bound, tied, &tells, &value);
    let is_setting = statement.key.contains('_') || index.keys.contains(key) || is_usual_key(key);
    if tied.is_empty() || !is_setting {
        return sink.not_assessed(
            &STATEMENT_CONTRADICTION,
            "a record that the statement speaks of",
        );
    }
    let text = format!("{} = {}", statement.key, statement.value);
    let said = said("heading", statement, &text);
    match (&verdict.differing[..], &verdict.absent[..]) {
        ([], []) => sink.verified(&STATEMENT_CONTRADICTION),
        ([], absent) => {
            let finding = said.key_absent(absent, tied.len());
            sink.report(match similar(&statement.key, &index.keys) {
                Some(near) => finding.with_hint(format!(
                    "write `{near}`, or, where both mean the same, put `{} = \"{near}\"` under `[aliases]` in repro.toml",
                    statement.key
                )),
                None => finding.with_hint(KEYS_OF_RECORDS),
            });
        }
        (differing, _) => sink.report(said.contradicted(differing)),
    }
}

/// Advice where a key is unknown.
const KEYS_OF_RECORDS: &str = "state settings under the keys that the records have";

fn said<'s>(origin: &'static str, statement: &'s Statement, text: &'s str) -> Said<'s> {
    Said {
        origin,
        text,
        mark: "",
        key: &statement.key,
        place: place_of(statement),
    }
}

fn place_of(statement: &Statement) -> Place {
    Place {
        line: statement.line,
        column: statement.column,
        end_column: statement.end_column,
    }
}

/// The key that shares most words with a key, at least two.
fn similar<'k>(key: &str, keys: &HashSet<&'k str>) -> Option<&'k str> {
    let words: HashSet<&str> = key.split('_').collect();
    let shared = |other: &str| other.split('_').filter(|word| words.contains(word)).count();
    let best = keys.iter().map(|other| (shared(other), *other)).max()?;
    (best.0 >= 2).then_some(best.1)
}

/// What a comment, note or sentence says of a mark.
fn marked(
    settings: &Settings,
    bound: &Bound<'_>,
    index: &Index<'_>,
    source: &Source,
    claim: &Claim,
    sink: &mut Sink<'_>,
) {
    let (line, column) = source.position(claim.mark_range.start);
    let definition = index.meant(&claim.mark, source.line);
    let tied = definition.and_then(|found| index.of_definition.get(&key_of(found)));
    let Some(tied) = tied.filter(|tied| !tied.is_empty()) else {
        return sink.not_assessed(
            &STATEMENT_CONTRADICTION,
            "a record that the statement speaks of",
        );
    };
    let tells = |other: &str| match &claim.subject {
        statement::Subject::Key(key) => settings.canonical(other) == settings.canonical(key),
        subject => subject.is_told_by(other),
    };
    let verdict = verdict(settings, bound, tied, &tells, &claim.value);
    let place = Place::of_width(line, column, claim.mark.chars().count() + 2);
    let is_key = matches!(claim.subject, statement::Subject::Key(_));
    let key = match &claim.subject {
        statement::Subject::Key(key) => key.clone(),
        _ => claim.text.chars().filter(|c| c.is_alphabetic()).collect(),
    };
    let said = Said {
        origin: source.origin,
        text: &claim.text,
        mark: &claim.mark,
        key: &key,
        place,
    };
    if !verdict.differing.is_empty() {
        let confidence = if is_key {
            Confidence::Parsed
        } else {
            Confidence::Inferred
        };
        let finding = said.contradicted(&verdict.differing);
        sink.report(finding.with_confidence(confidence));
    } else if verdict.absent.is_empty() {
        sink.verified(&STATEMENT_CONTRADICTION);
    } else if is_key {
        let finding = said.key_absent(&verdict.absent, tied.len());
        sink.report(finding.with_hint(KEYS_OF_RECORDS));
    } else {
        sink.not_assessed(
            &STATEMENT_CONTRADICTION,
            "a key of the record that tells it",
        );
    }
}

/// `key = value` in a comment that names no mark: some record of its section must say so.
fn unmarked(
    settings: &Settings,
    bound: &Bound<'_>,
    index: &Index<'_>,
    statement: &Statement,
    sink: &mut Sink<'_>,
) {
    let value = statement::value(&statement.value);
    let tied = section_of(bound, index, statement.line);
    let key = settings.canonical(&statement.key);
    let tells = |other: &str| settings.canonical(other) == key;
    let verdict = verdict(settings, bound, &tied, &tells, &value);
    if verdict.n_agreeing > 0 {
        sink.verified(&STATEMENT_CONTRADICTION);
    } else if verdict.differing.is_empty() {
        sink.not_assessed(
            &STATEMENT_CONTRADICTION,
            "a record that the statement speaks of",
        );
    } else {
        let text = format!("{} = {}", statement.key, statement.value);
        let said = said("comment", statement, &text);
        sink.report(said.contradicted(&verdict.differing));
    }
}

/// The records of the section that a line lies in: those of its tables, else those of the notes behind the line.
fn section_of(bound: &Bound<'_>, index: &Index<'_>, line: usize) -> BTreeSet<usize> {
    let document = bound.document;
    let next = document
        .headings
        .partition_point(|heading| heading.line < line);
    let heading = next.checked_sub(1);
    let tables = document.tables.iter().enumerate();
    let own: BTreeSet<usize> = tables
        .filter(|(_, table)| table.heading == heading)
        .flat_map(|(t, _)| index.of_table(bound, t))
        .collect();
    if !own.is_empty() {
        return own;
    }
    let next = document
        .definitions
        .partition_point(|found| found.line < line);
    let block = document.definitions.get(next).map(|found| found.block);
    let citations = bound.citations.iter().enumerate();
    citations
        .filter(|(_, citation)| Some(citation.definition.block) == block)
        .map(|(idx, _)| idx)
        .collect()
}
