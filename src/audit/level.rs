//! Levels: what a table may claim, from `L0` (parsed) to `L5` (bitwise).
//!
//! A level needs all lower ones. Its rules must have no open finding about the table, and nothing that they could not
//! assess: a count of *not assessed* is the whole document's, so that it holds back every table. A rule that the
//! settings switch off assesses nothing. Findings come from the rules, and are about the tables that
//! [`Attribution`] gives by their place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Inputs;
use super::bind::{Bound, BoundTable};
use super::catalogue::{self, Rule};
use super::evidence::RunState;
use super::finding::{Finding, RuleCount, Severity};
use crate::document::{Definition, Resolved};
use crate::record::Kind;

/// A level that a table reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Level {
    /// The table's heading.
    pub table: String,
    /// The table's first line.
    pub line: usize,
    /// `L0` to `L5`, or `none` where not even the lowest is reached.
    pub level: &'static str,
    /// Rules that keep it from the next, sorted.
    pub blocked_by: Vec<&'static str>,
}

/// A level, and what it needs beyond the lower ones.
struct Step {
    name: &'static str,
    title: &'static str,
    /// Rules, each with the severity from which an open finding blocks.
    rules: &'static [(&'static Rule, Severity)],
}

/// What stands where no level is reached.
const NONE: &str = "none";

use Severity::{Error, Note, Warning};

/// The levels from the lowest.
static STEPS: [Step; 6] = [
    Step {
        name: "L0",
        title: "parsed",
        rules: &[
            (&catalogue::UNATTACHED_ROW, Error),
            (&catalogue::MALFORMED_TABLE, Error),
            (&catalogue::RECORD_UNPARSEABLE, Error),
        ],
    },
    Step {
        name: "L1",
        title: "traced",
        rules: &[
            (&catalogue::MISSING_PROVENANCE, Error),
            (&catalogue::UNRESOLVED_MARKER, Error),
            (&catalogue::DUPLICATE_DEFINITION, Error),
            (&catalogue::FOOTNOTE_HYGIENE, Error),
            (&catalogue::SHARED_RUN, Error),
            (&catalogue::RUN_UNAVAILABLE, Error),
            (&catalogue::NON_PORTABLE_PATH, Error),
            (&catalogue::STATEMENT_CONTRADICTION, Error),
            (&catalogue::KEY_OR_TYPE_DRIFT, Error),
            (&catalogue::LABEL_VS_RECORD, Error),
            (&catalogue::DERIVED_FIELD_MISMATCH, Error),
        ],
    },
    Step {
        name: "L2",
        title: "consistent",
        rules: &[
            (&catalogue::VALUE_MISMATCH, Error),
            (&catalogue::ROUNDING_MODE, Error),
            (&catalogue::GRIM_IMPOSSIBLE, Error),
            (&catalogue::PRECISION, Error),
            (&catalogue::OUT_OF_RANGE, Error),
            (&catalogue::COLUMN_OUTLIER, Error),
            (&catalogue::TRIVIAL_BASELINE, Error),
            (&catalogue::METRIC_IDENTITY, Error),
            (&catalogue::CONFIG_CONFOUND, Error),
            (&catalogue::MACHINE_CONFOUND, Error),
            (&catalogue::PROTOCOL_MISMATCH, Error),
            (&catalogue::EXPECTED_CELL_EMPTY, Error),
            (&catalogue::SELECTION_RULE_UNDECLARED, Error),
            (&catalogue::BIASED_AGGREGATION, Error),
            (&catalogue::NUMBER_CHANGED, Error),
            (&catalogue::RECORD_REWRITTEN, Error),
        ],
    },
    // From here on, warnings block where the level asks for the very thing that they miss: a commit, a fingerprint,
    // a locked environment, three seeds, a defined uncertainty, equal bits.
    Step {
        name: "L3",
        title: "anchored",
        rules: &[
            (&catalogue::MISSING_ESSENTIAL_KEY, Error),
            (&catalogue::SELECTION_ON_REPORTED_SPLIT, Error),
            (&catalogue::DATA_FINGERPRINT, Warning),
            (&catalogue::SPLIT_OVERLAP, Error),
            (&catalogue::STOCHASTIC_EVALUATION, Error),
            (&catalogue::EVALUATION_COVERAGE, Error),
            (&catalogue::CODE_VERSION, Warning),
            (&catalogue::IMPOSSIBLE_ORIGIN, Error),
            (&catalogue::ENVIRONMENT_UNLOCKED, Warning),
            (&catalogue::NONDETERMINISM, Error),
        ],
    },
    Step {
        name: "L4",
        title: "run again",
        rules: &[
            (&catalogue::SINGLE_RUN, Warning),
            (&catalogue::UNCERTAINTY_UNDEFINED, Warning),
            (&catalogue::WITHIN_NOISE, Warning),
            (&catalogue::RERUN_FAILED, Error),
            (&catalogue::RERUN_OUT_OF_TOLERANCE, Error),
            (&catalogue::CLAIM_FLIP, Error),
        ],
    },
    Step {
        name: "L5",
        title: "bitwise",
        rules: &[(&catalogue::NOT_BITWISE, Note)],
    },
];

/// The word for a level, such as `traced` for `L1`.
pub fn title(level: &str) -> &'static str {
    let step = STEPS.iter().find(|step| step.name == level);
    step.map_or("not parsed", |step| step.title)
}

/// The level above another one; `None` above the highest.
pub fn next(level: &str) -> Option<&'static str> {
    let reached = STEPS.iter().position(|step| step.name == level);
    STEPS
        .get(reached.map_or(0, |idx| idx + 1))
        .map(|step| step.name)
}

/// The lowest of the levels; `None` without a table.
pub fn lowest<'l>(levels: impl IntoIterator<Item = &'l Level>) -> Option<&'static str> {
    let rank = |name: &&str| STEPS.iter().position(|step| step.name == *name);
    let levels = levels.into_iter();
    levels.map(|level| level.level).min_by_key(rank)
}

/// What each table of a document reaches, from its findings with the tables that each is about.
pub fn levels(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    (findings, attribution): (&[Finding], &[Vec<usize>]),
    counts: &[RuleCount],
) -> Vec<Level> {
    let switched_off = inputs.settings.severities.iter();
    let mut undecided: BTreeSet<&str> = switched_off
        .filter(|(_, severity)| severity.is_none())
        .map(|(rule, _)| rule.as_str())
        .collect();
    let missing = counts.iter().filter(|count| count.not_assessed > 0);
    undecided.extend(missing.map(|count| count.rule));
    let mut open: Vec<BTreeMap<&str, Severity>> = vec![BTreeMap::new(); bound.tables.len()];
    for (finding, tables) in findings.iter().zip(attribution) {
        for &table in tables.iter().filter(|_| !finding.waived) {
            let worst = open[table].entry(finding.rule).or_insert(finding.severity);
            *worst = finding.severity.max(*worst);
        }
    }
    let tables = bound.tables.iter().zip(&open);
    tables
        .map(|(table, open)| {
            let lacking = lacking(inputs, bound, table);
            let blocks = |&&(rule, bar): &&(&Rule, Severity)| {
                let is_open = open.get(rule.id).is_some_and(|worst| *worst >= bar);
                is_open || undecided.contains(rule.id) || lacking.contains(rule.id)
            };
            level(table, |step| {
                let blocking = step.rules.iter().filter(blocks);
                blocking.map(|(rule, _)| rule.id).collect()
            })
        })
        .collect()
}

/// The level of a table, where `blocked` gives what keeps it from a step.
fn level(table: &BoundTable<'_>, blocked: impl Fn(&Step) -> Vec<&'static str>) -> Level {
    let mut reached = Level {
        table: table.table.name().to_owned(),
        line: table.table.line,
        level: NONE,
        blocked_by: Vec::new(),
    };
    for step in &STEPS {
        reached.blocked_by = blocked(step);
        if !reached.blocked_by.is_empty() {
            break;
        }
        reached.level = step.name;
    }
    reached
}

/// Rules whose subject a table's runs lack, although the rule itself may be content: a hash in the lock (`L1`), metrics
/// of a run that was trained (`L2`), a seed and a commit (`L3`).
fn lacking(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    table: &BoundTable<'_>,
) -> BTreeSet<&'static str> {
    let mut lacking = BTreeSet::new();
    for run in table.rows.iter().flat_map(|row| &row.runs) {
        let is_locked = inputs
            .lock
            .is_some_and(|lock| lock.runs.contains_key(run.as_str()));
        if !is_locked {
            lacking.insert(catalogue::RUN_UNAVAILABLE.id);
        }
        if let Some(RunState::Present(files)) = bound.runs.get(run) {
            let record = &files.record;
            if record.kind == Kind::Reported {
                lacking.insert(catalogue::VALUE_MISMATCH.id);
            }
            if record.seed.is_none() {
                lacking.insert(catalogue::MISSING_ESSENTIAL_KEY.id);
            }
            if record.code.is_none() {
                lacking.insert(catalogue::CODE_VERSION.id);
            }
        }
    }
    lacking
}

/// Which tables a line is about.
#[derive(Debug)]
pub struct Attribution {
    n_tables: usize,
    /// First line → last line and index of each table.
    tables: BTreeMap<usize, (usize, usize)>,
    /// First line → last line and tables of each definition.
    definitions: BTreeMap<usize, (usize, Vec<usize>)>,
    /// Line of each heading → tables of its section.
    sections: BTreeMap<usize, Vec<usize>>,
}

impl Attribution {
    /// Of the tables of a document.
    pub fn new(bound: &Bound<'_>) -> Self {
        let document = bound.document;
        let tables = bound.tables.iter().enumerate();
        let definitions = definitions(bound);
        let sections = sections(bound, &definitions);
        let lines = document.headings.iter().map(|heading| heading.line);
        Self {
            n_tables: bound.tables.len(),
            tables: tables
                .map(|(idx, table)| (table.table.line, (table.last_line(), idx)))
                .collect(),
            definitions: document
                .definitions
                .iter()
                .map(|found| found.line)
                .zip(definitions)
                .collect(),
            sections: lines.zip(sections).collect(),
        }
    }

    /// The tables that a finding on this line is about: the table itself; those that cite a definition, or have it in
    /// scope; those of the nearest section that has any; else all.
    pub fn of_line(&self, line: usize) -> Vec<usize> {
        let until_here = ..=line;
        if let Some((_, &(last, table))) = self.tables.range(until_here).next_back()
            && line <= last
        {
            return vec![table];
        }
        if let Some((_, (last, tables))) = self.definitions.range(until_here).next_back()
            && line <= *last
            && !tables.is_empty()
        {
            return tables.clone();
        }
        match self.sections.range(until_here).next_back() {
            Some((_, tables)) if !tables.is_empty() => tables.clone(),
            _ => (0..self.n_tables).collect(),
        }
    }
}

/// Last line and tables of each definition: those whose rows cite it, else those whose scope holds it.
fn definitions(bound: &Bound<'_>) -> Vec<(usize, Vec<usize>)> {
    let mut cited: BTreeMap<(usize, usize), BTreeSet<usize>> = BTreeMap::new();
    let mut in_scope: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (idx, table) in bound.tables.iter().enumerate() {
        if let Some(block) = bound.document.scope(table.table) {
            in_scope.entry(block).or_default().push(idx);
        }
        let marks = table.rows.iter().flat_map(|row| &row.marks);
        for definition in marks.flat_map(|(_, resolved)| meant(resolved)) {
            let place = (definition.line, definition.column);
            cited.entry(place).or_default().insert(idx);
        }
    }
    let tables = |found: &Definition| match cited.get(&(found.line, found.column)) {
        Some(tables) => tables.iter().copied().collect(),
        None => in_scope.get(&found.block).cloned().unwrap_or_default(),
    };
    let last = |found: &Definition| found.line + found.text.lines().count().max(1) - 1;
    let definitions = bound.document.definitions.iter();
    definitions
        .map(|found| (last(found), tables(found)))
        .collect()
}

/// The definitions that a mark means or may mean.
fn meant<'d>(resolved: &'d Resolved<'d>) -> Vec<&'d Definition> {
    match resolved {
        Resolved::Missing => Vec::new(),
        Resolved::One(definition) => vec![definition],
        Resolved::Ambiguous(definitions) => definitions.clone(),
    }
}

/// The tables of each heading's section: those in it, else those that its definitions belong to, else those of the
/// section around it.
fn sections(bound: &Bound<'_>, definitions: &[(usize, Vec<usize>)]) -> Vec<Vec<usize>> {
    let document = bound.document;
    let parents = document.parents();
    let mut below = vec![BTreeSet::new(); document.headings.len()];
    let mut cited_below = below.clone();
    for (idx, table) in bound.tables.iter().enumerate() {
        for heading in std::iter::successors(table.table.heading, |&idx| parents[idx]) {
            below[heading].insert(idx);
        }
    }
    for (definition, (_, tables)) in document.definitions.iter().zip(definitions) {
        for heading in std::iter::successors(definition.heading, |&idx| parents[idx]) {
            cited_below[heading].extend(tables.iter().copied());
        }
    }
    let mut sections: Vec<Vec<usize>> = Vec::new();
    for (idx, (below, cited)) in below.into_iter().zip(cited_below).enumerate() {
        let own = if below.is_empty() { cited } else { below };
        let around = parents[idx].filter(|_| own.is_empty());
        sections.push(match around {
            Some(parent) => sections[parent].clone(),
            None => own.into_iter().collect(),
        });
    }
    sections
}

#[cfg(test)]
mod tests;
