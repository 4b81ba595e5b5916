//! RPR205: one run behind several rows whose labels say that they are different things.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::audit::bind::{Bound, BoundRow, BoundTable, cited_run};
use crate::audit::catalogue::SHARED_RUN;
use crate::audit::evidence::RunState;
use crate::audit::finding::{Confidence, Finding, Place, Sink, Subject};
use crate::audit::reading::key::active_tasks;
use crate::audit::reading::label;
use crate::audit::reading::spelling::{folded, plain};
use crate::document::{Cell, Definition};
use crate::store::METRICS;

/// A row that cites a run.
#[derive(Clone, Copy)]
struct Use<'b, 'd> {
    table: &'b BoundTable<'d>,
    row: &'b BoundRow<'d>,
    path: &'b str,
}

pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let tasks = known_tasks(bound);
    let active = active(bound);
    for uses in uses(bound).values() {
        let findings = contradictions(uses, &tasks, &active);
        if findings.is_empty() {
            sink.verified(&SHARED_RUN);
        }
        findings
            .into_iter()
            .for_each(|finding| sink.report(finding));
    }
}

/// The rows of each run, by the hash of its metrics where they are there, else by its path.
fn uses<'b, 'd>(bound: &'b Bound<'d>) -> BTreeMap<String, Vec<Use<'b, 'd>>> {
    let mut found: BTreeMap<String, Vec<Use<'b, 'd>>> = BTreeMap::new();
    for table in &bound.tables {
        for row in &table.rows {
            if row.row.label.is_empty() || row.is_quoted() {
                continue;
            }
            let mut own = BTreeSet::new();
            for path in paths(row) {
                let key = identity(bound, path);
                if own.insert(key.clone()) {
                    found.entry(key).or_default().push(Use { table, row, path });
                }
            }
        }
    }
    found
}

/// The paths that a row's own marks lead to.
fn paths<'b>(row: &'b BoundRow<'_>) -> impl Iterator<Item = &'b str> {
    let of_definitions = row.definitions.iter().flat_map(|found| &found.paths);
    let of_links = row.row.marks.iter().filter_map(|mark| mark.target.as_ref());
    of_definitions.chain(of_links).map(String::as_str)
}

fn identity(bound: &Bound<'_>, path: &str) -> String {
    let Some(run) = cited_run(path) else {
        return path.to_owned();
    };
    match bound.runs.get(&run) {
        Some(RunState::Present(files)) => match files.record.artifacts.get(METRICS) {
            Some(artifact) => artifact.blake3.clone(),
            None => run.cited(),
        },
        _ => run.cited(),
    }
}

/// Tasks that the records train or the headers measure.
fn known_tasks(bound: &Bound<'_>) -> Vec<String> {
    let of_records = bound.document.records.iter().flat_map(|record| {
        let tasks = record.values.get("subtasks").and_then(Value::as_array);
        tasks.into_iter().flatten().filter_map(Value::as_str)
    });
    let headers = bound.tables.iter().flat_map(|table| &table.meanings);
    let of_headers = headers.filter_map(|meaning| meaning.task.as_deref());
    let tasks: BTreeSet<String> = of_records
        .chain(of_headers)
        .map(str::to_lowercase)
        .collect();
    tasks.into_iter().collect()
}

/// The tasks that each definition's record trains, by its place.
fn active(bound: &Bound<'_>) -> HashMap<(usize, usize), BTreeSet<String>> {
    let citations = bound.citations.iter();
    citations
        .filter_map(|citation| {
            let tasks = active_tasks(&citation.record.values)?;
            let tasks = tasks.into_iter().map(str::to_lowercase).collect();
            Some((place_key(citation.definition), tasks))
        })
        .collect()
}

fn place_key(definition: &Definition) -> (usize, usize) {
    (definition.line, definition.column)
}

/// What is wrong with the rows of one run, each row at most once.
fn contradictions(
    uses: &[Use<'_, '_>],
    tasks: &[String],
    active: &HashMap<(usize, usize), BTreeSet<String>>,
) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut printed: HashMap<String, (Use<'_, '_>, &Cell)> = HashMap::new();
    let Some((first, others)) = uses.split_first() else {
        return found;
    };
    for own in uses {
        let mut conflict = None;
        for (idx, cell) in own.row.row.cells.iter().enumerate() {
            let Some(header) = cell.header.as_deref().filter(|_| own.table.is_metric(idx)) else {
                continue;
            };
            let Some(value) = cell.value else { continue };
            let &mut (other, before) = printed.entry(folded(header)).or_insert((*own, cell));
            let is_other = plain(&other.row.row.label) != plain(&own.row.row.label);
            let is_equal = before
                .value
                .is_some_and(|before| before.total_cmp(&value).is_eq());
            if is_other && !is_equal && conflict.is_none() {
                conflict = Some(values(own, &other, header, (before, cell)));
            }
        }
        found.extend(conflict);
    }
    let told: BTreeSet<usize> = found.iter().map(|finding| finding.line).collect();
    for own in others {
        if !told.contains(&own.row.row.line)
            && plain(&own.row.row.label) != plain(&first.row.row.label)
        {
            found.extend(labels(own, first, tasks, active));
        }
    }
    found
}

/// Two rows print different numbers of one run in one column.
fn values(
    own: &Use<'_, '_>,
    other: &Use<'_, '_>,
    header: &str,
    (before, cell): (&Cell, &Cell),
) -> Finding {
    let label = &own.row.row.label;
    let message = format!(
        "row `{label}` prints {} for `{header}` and row `{}` at line {} prints {}, both from run `{}`",
        cell.text, other.row.row.label, before.line, before.text, own.path
    );
    let subject = Subject::in_table(own.table.table, label, header, "values-differ");
    Finding::new(&SHARED_RUN, Place::of_cell(cell), &subject, message)
        .with_evidence_at("value", Place::of_cell(before), before.text.clone())
        .with_hint("cite the run that each number comes from")
}

/// Two rows whose labels name different things cite one run.
fn labels(
    own: &Use<'_, '_>,
    other: &Use<'_, '_>,
    tasks: &[String],
    active: &HashMap<(usize, usize), BTreeSet<String>>,
) -> Option<Finding> {
    let (a, b) = (&own.row.row.label, &other.row.row.label);
    let (read_a, read_b) = (label::read(a, tasks)?, label::read(b, tasks)?);
    let set = |label: &label::Label<'_>| label.tasks.iter().cloned().collect::<BTreeSet<String>>();
    let (tasks_a, tasks_b) = (set(&read_a), set(&read_b));
    let trained = [own, other].into_iter().find_map(|found| {
        let mut definitions = found.row.definitions.iter();
        definitions.find_map(|definition| active.get(&place_key(definition)))
    });
    let (what, confidence) = if tasks_a != tasks_b {
        match trained {
            // One run of several tasks may have a row per task.
            Some(trained) if is_part(&tasks_a, trained) && is_part(&tasks_b, trained) => {
                return None;
            }
            Some(_) => ("tasks", Confidence::Parsed),
            None => ("tasks", Confidence::Inferred),
        }
    } else if plain(read_a.model) != plain(read_b.model) {
        ("model", Confidence::Inferred)
    } else if read_a.rest != read_b.rest {
        ("variant", Confidence::Inferred)
    } else {
        return None;
    };
    let message = format!(
        "rows `{a}` and `{b}` at line {} differ in {what} and cite one run, `{}`",
        other.row.row.line, own.path
    );
    let subject = Subject::in_table(own.table.table, a, b, "labels-differ");
    Some(
        Finding::new(&SHARED_RUN, Place::of_label(own.row.row), &subject, message)
            .with_confidence(confidence)
            .with_evidence_at("row", Place::of_label(other.row.row), b.clone())
            .with_hint("cite the run that each row stands for"),
    )
}

/// Whether tasks are some of those trained, and not all.
fn is_part(tasks: &BTreeSet<String>, trained: &BTreeSet<String>) -> bool {
    tasks.is_subset(trained) && tasks != trained
}
