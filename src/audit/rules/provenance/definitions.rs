//! RPR203 and RPR204: whether every definition has its own number, in order, and is used.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{defined, listed, mark_place};
use crate::audit::Inputs;
use crate::audit::bind::{Bound, BoundTable};
use crate::audit::catalogue::{DUPLICATE_DEFINITION, FOOTNOTE_HYGIENE};
use crate::audit::finding::{Finding, Severity, Sink, Subject};
use crate::document::{Definition, Document, Kind, Resolved};

/// Which definitions the document uses, and where.
#[derive(Debug)]
pub(super) struct Usage<'d> {
    document: &'d Document,
    /// Block and mark of what rows and sentences use.
    used: HashSet<(usize, &'d str)>,
    /// Block and mark of what tables use in whose scope it lies.
    used_in_scope: HashSet<(usize, &'d str)>,
    /// Blocks all of whose definitions are used in their scope.
    self_contained: HashSet<usize>,
    marks: HashSet<&'d str>,
    /// The definitions of each block that nothing uses, bibliographies apart.
    unused: HashMap<usize, Vec<&'d Definition>>,
}

impl<'d> Usage<'d> {
    pub(super) fn of(inputs: &Inputs<'_>, bound: &Bound<'d>) -> Self {
        let document = bound.document;
        let mut usage = Self {
            document,
            used: HashSet::new(),
            used_in_scope: HashSet::new(),
            self_contained: HashSet::new(),
            marks: document
                .definitions
                .iter()
                .map(|found| found.mark.as_str())
                .collect(),
            unused: HashMap::new(),
        };
        for table in &bound.tables {
            let scope = document.scope(table.table);
            for (_, resolved) in table.rows.iter().flat_map(|row| &row.marks) {
                let definitions: &[&Definition] = match resolved {
                    Resolved::Missing => &[],
                    Resolved::One(definition) => std::slice::from_ref(definition),
                    Resolved::Ambiguous(several) => several,
                };
                for definition in definitions {
                    let key = (definition.block, name(document, definition));
                    usage.used.insert(key);
                    if Some(definition.block) == scope {
                        usage.used_in_scope.insert(key);
                    }
                }
            }
        }
        usage.mention(inputs);
        usage.settle();
        usage
    }

    /// Adds what sentences mention: the definition of the nearest block behind the line, else before it.
    fn mention(&mut self, inputs: &Inputs<'_>) {
        let document = self.document;
        let mut of_mark: HashMap<&str, Vec<&Definition>> = HashMap::new();
        for definition in &document.definitions {
            of_mark
                .entry(&definition.mark)
                .or_default()
                .push(definition);
        }
        for (line, mark) in mentions(document, inputs.text) {
            let Some(definitions) = of_mark.get(mark) else {
                continue;
            };
            let next = definitions.partition_point(|found| found.line < line);
            let meant = definitions.get(next).or_else(|| definitions.last());
            if let Some(definition) = meant {
                self.used
                    .insert((definition.block, definition.mark.as_str()));
            }
        }
    }

    fn settle(&mut self) {
        let definitions = &self.document.definitions;
        self.self_contained = definitions.iter().map(|found| found.block).collect();
        for definition in definitions
            .iter()
            .filter(|found| found.kind != Kind::Bibliographic)
        {
            let key = (definition.block, definition.mark.as_str());
            if !self.used_in_scope.contains(&key) {
                self.self_contained.remove(&definition.block);
            }
            if !self.used.contains(&key) {
                self.unused
                    .entry(definition.block)
                    .or_default()
                    .push(definition);
            }
        }
    }

    /// Whether anything in the document uses a definition.
    pub(super) fn is_used(&self, definition: &Definition) -> bool {
        self.used
            .contains(&(definition.block, definition.mark.as_str()))
    }

    /// Whether a mark is defined anywhere.
    pub(super) fn is_defined(&self, mark: &str) -> bool {
        self.marks.contains(mark)
    }

    /// The definitions of a block that nothing uses.
    pub(super) fn unused_of(&self, block: usize) -> Vec<&'d Definition> {
        self.unused.get(&block).cloned().unwrap_or_default()
    }
}

/// The mark of a definition, borrowed from the document that holds it.
fn name<'d>(_: &'d Document, definition: &'d Definition) -> &'d str {
    &definition.mark
}

/// Marks in sentences: lines and the names in brackets, outside code, comments, tables and definitions.
fn mentions<'t>(document: &Document, text: &'t str) -> Vec<(usize, &'t str)> {
    if document.definitions.is_empty() || !text.contains('[') {
        return Vec::new();
    }
    let tables = document
        .tables
        .iter()
        .map(|table| (table.line, table.end_line));
    let definitions = document
        .definitions
        .iter()
        .map(|found| (found.line, found.end_line));
    let comments = document
        .comments
        .iter()
        .map(|comment| (comment.line, comment.end_line));
    let mut taken: Vec<(usize, usize)> = tables.chain(definitions).chain(comments).collect();
    taken.sort_unstable();
    let mut taken = taken.into_iter().peekable();
    let mut last_taken = 0;
    let mut is_code = false;
    let mut found = Vec::new();
    for (line, content) in text
        .lines()
        .enumerate()
        .map(|(idx, content)| (idx + 1, content))
    {
        while let Some((_, end)) = taken.next_if(|(start, _)| *start <= line) {
            last_taken = last_taken.max(end);
        }
        if content.trim_start().starts_with("```") || content.trim_start().starts_with("~~~") {
            is_code = !is_code;
        }
        if is_code || line <= last_taken {
            continue;
        }
        for (open, _) in content.match_indices('[') {
            let inner = &content[open + 1..];
            let Some(close) = inner.find(']') else { break };
            if !inner[close + 1..].starts_with('(') {
                found.extend(inner[..close].split(',').map(|mark| (line, mark.trim())));
            }
        }
    }
    found
}

pub(super) fn check(bound: &Bound<'_>, usage: &Usage<'_>, sink: &mut Sink<'_>) {
    duplicates(bound.document, usage, sink);
    unused(bound.document, usage, sink);
    numbering(bound, usage, sink);
}

/// Marks that are defined twice: in one scope, or in sections that share a number.
fn duplicates(document: &Document, usage: &Usage<'_>, sink: &mut Sink<'_>) {
    let mut seen: HashMap<&str, &Definition> = HashMap::new();
    for definition in &document.definitions {
        let Some(earlier) = seen.insert(&definition.mark, definition) else {
            sink.verified(&DUPLICATE_DEFINITION);
            continue;
        };
        let is_contained = |found: &Definition| usage.self_contained.contains(&found.block);
        let (severity, kind, what) = if earlier.text == definition.text {
            (Severity::Note, "equal", "with the same text")
        } else if earlier.block == definition.block {
            (Severity::Error, "contradictory", "with another text")
        } else if is_contained(earlier) && is_contained(definition) {
            (Severity::Warning, "other-section", "in another section")
        } else {
            let what = "in another section, and a row may mean either";
            (Severity::Error, "either-section", what)
        };
        let line = earlier.line;
        let message = format!(
            "mark `[{}]` is already defined at line {line} {what}",
            definition.mark
        );
        let subject = defined(document, definition, kind);
        sink.report(
            Finding::new(
                &DUPLICATE_DEFINITION,
                mark_place(definition),
                &subject,
                message,
            )
            .with_severity(severity)
            .with_evidence_at("definition", mark_place(earlier), earlier.text.clone())
            .with_hint("give every definition its own number"),
        );
    }
}

/// Definitions that nothing uses; a bibliography may hold more than is cited.
fn unused(document: &Document, usage: &Usage<'_>, sink: &mut Sink<'_>) {
    for definition in &document.definitions {
        if usage.is_used(definition) || definition.kind == Kind::Bibliographic {
            sink.verified(&FOOTNOTE_HYGIENE);
            continue;
        }
        let message = format!("mark `[{}]` is defined and never used", definition.mark);
        let subject = defined(document, definition, "unused");
        sink.report(
            Finding::new(&FOOTNOTE_HYGIENE, mark_place(definition), &subject, message)
                .with_hint("remove the definition, or add the mark to the row it belongs to"),
        );
    }
}

/// The number of a mark, `^` apart.
fn number(mark: &str) -> Option<u64> {
    mark.strip_prefix('^').unwrap_or(mark).parse().ok()
}

/// Numbers that are skipped, and definitions out of the order of their use: each once per run of numbers. What is
/// not used is reported as such and counts for neither.
fn numbering(bound: &Bound<'_>, usage: &Usage<'_>, sink: &mut Sink<'_>) {
    let document = bound.document;
    let mut groups: BTreeMap<usize, Vec<&Definition>> = BTreeMap::new();
    let numbered = document
        .definitions
        .iter()
        .filter(|found| number(&found.mark).is_some());
    let mut marks = HashSet::new();
    let is_unique = numbered
        .clone()
        .all(|found| marks.insert(found.mark.as_str()));
    for definition in numbered.clone().filter(|found| usage.is_used(found)) {
        let group = if is_unique { 0 } else { definition.block };
        groups.entry(group).or_default().push(definition);
    }
    let rows = bound.tables.iter().flat_map(|table| &table.rows);
    let of_marks = rows.flat_map(|row| &row.marks).map(|(mark, _)| &mark.text);
    let of_definitions = numbered.map(|found| &found.mark);
    let present: BTreeSet<u64> = of_marks
        .chain(of_definitions)
        .filter_map(|mark| number(mark))
        .collect();
    let uses = first_uses(bound);
    let mut greatest = 0;
    for definitions in groups.values() {
        // Numbers may run on from section to section.
        let numbers = || definitions.iter().filter_map(|found| number(&found.mark));
        let before = if numbers().min() > Some(greatest) {
            greatest
        } else {
            0
        };
        greatest = greatest.max(numbers().max().unwrap_or(0));
        let findings = [
            gap(document, definitions, before, &present),
            order(document, definitions, &uses),
        ];
        for finding in findings {
            match finding {
                None => sink.verified(&FOOTNOTE_HYGIENE),
                Some(finding) => sink.report(finding),
            }
        }
    }
}

/// Numbers that occur nowhere, after `before` and up to the greatest of the definitions.
fn gap(
    document: &Document,
    definitions: &[&Definition],
    before: u64,
    present: &BTreeSet<u64>,
) -> Option<Finding> {
    const SHOWN: usize = 8;
    let numbered = definitions
        .iter()
        .filter_map(|found| Some((number(&found.mark)?, *found)));
    let by_number: BTreeMap<u64, &Definition> = numbered.rev().collect();
    let greatest = *by_number.keys().next_back()?;
    let (mut missing, mut n_missing, mut first) = (Vec::new(), 0, None);
    let mut last = before;
    for &number in present
        .range(before + 1..)
        .take_while(|number| **number <= greatest)
    {
        n_missing += number - last - 1;
        let room = SHOWN.saturating_sub(missing.len());
        missing.extend(
            (last + 1..number)
                .take(room)
                .map(|number| format!("`[{number}]`")),
        );
        if n_missing > 0 {
            first = first.or(Some(number));
        }
        last = number;
    }
    let (_, definition) = by_number.range(first?..).next()?;
    let hidden = n_missing.saturating_sub(missing.len() as u64);
    if hidden > 0 {
        missing.push(format!("{hidden} more"));
    }
    let message = format!("definitions skip {}", listed(&missing));
    let subject = Subject {
        row: String::new(),
        ..defined(document, definition, "gap")
    };
    Some(
        Finding::new(&FOOTNOTE_HYGIENE, mark_place(definition), &subject, message)
            .with_severity(Severity::Note)
            .with_hint("number the definitions 1, 2, 3 … without a gap"),
    )
}

/// For each definition, by line, when it is used first: the number of definitions used before.
fn first_uses(bound: &Bound<'_>) -> HashMap<usize, usize> {
    let mut uses = HashMap::new();
    let rows = bound
        .tables
        .iter()
        .flat_map(|table: &BoundTable<'_>| &table.rows);
    for (_, resolved) in rows.flat_map(|row| &row.marks) {
        if let Resolved::One(definition) = resolved {
            let n = uses.len();
            uses.entry(definition.line).or_insert(n);
        }
    }
    uses
}

/// The first definition whose number is less than one that stands, or is used, before it.
fn order(
    document: &Document,
    definitions: &[&Definition],
    uses: &HashMap<usize, usize>,
) -> Option<Finding> {
    let falls = |sequence: &[&Definition]| -> Option<(String, String)> {
        let pairs = sequence.windows(2).map(|pair| (pair[0], pair[1]));
        let mut falling = pairs.filter(|(a, b)| number(&a.mark) > number(&b.mark));
        falling
            .next()
            .map(|(a, b)| (a.mark.clone(), b.mark.clone()))
    };
    let mut by_use: Vec<&Definition> = definitions
        .iter()
        .copied()
        .filter(|found| uses.contains_key(&found.line))
        .collect();
    by_use.sort_by_key(|found| uses[&found.line]);
    let (what, (before, after)) = match falls(&by_use) {
        Some(pair) => ("are not numbered in the order of their use", pair),
        None => (
            "do not stand in the order of their numbers",
            falls(definitions)?,
        ),
    };
    let place = definitions.iter().find(|found| found.mark == after)?;
    let message = format!("definitions {what}: `[{after}]` comes behind `[{before}]`");
    let subject = Subject {
        row: String::new(),
        ..defined(document, place, "order")
    };
    Some(
        Finding::new(&FOOTNOTE_HYGIENE, mark_place(place), &subject, message)
            .with_severity(Severity::Note)
            .with_hint("number the definitions as rows use them"),
    )
}
