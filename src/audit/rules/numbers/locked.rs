//! The document against `repro.lock`: every cell with the text and the unrounded value that it was made from.
//!
//! Without runs this is all that can be said of a number; with runs, lock and runs must agree. A cell of the
//! lock that differs is RPR101, a document that is not the locked one is RPR904.

use std::collections::BTreeMap;

use super::value::Given;
use super::{At, Cells, HINT};
use crate::audit::Inputs;
use crate::audit::bind::{Bound, cited_run};
use crate::audit::catalogue::{
    BIASED_AGGREGATION, EVALUATION_COVERAGE, STALE_DOCUMENT, VALUE_MISMATCH,
};
use crate::audit::decimal::round;
use crate::audit::evidence::{LOCK, NO_RESULTS};
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::recompute::agree;
use crate::report::lock::{Lock, LockedCell};

/// The cells that the lock lists for a document.
pub(super) struct Locked<'l> {
    /// Whether there is anything to compare with.
    listing: Listing,
    /// Cells of equal place, in the order of the lock, and whether the document has each.
    cells: BTreeMap<String, Vec<(&'l LockedCell, bool)>>,
    /// The lock, which knows what documents cite for a run.
    lock: Option<&'l Lock>,
}

/// What the lock knows of a document.
enum Listing {
    /// There is no lock.
    NoLock,
    /// The lock does not list it: what findings say.
    NotListed(String),
    /// The lock lists it.
    Listed,
}

impl<'l> Locked<'l> {
    pub(super) fn of(inputs: &Inputs<'l>) -> Self {
        let listing = match inputs.lock {
            None => Listing::NoLock,
            Some(_) if is_listed(inputs) => Listing::Listed,
            Some(_) => Listing::NotListed(not_listed(inputs)),
        };
        let mut cells: BTreeMap<String, Vec<(&'l LockedCell, bool)>> = BTreeMap::new();
        let locked = inputs.lock.map_or(&[][..], |lock| &lock.cells);
        let of_document = |cell: &&LockedCell| cell.document == inputs.document;
        for cell in locked.iter().filter(of_document) {
            let key = key(&cell.table, &cell.row, &cell.header);
            cells.entry(key).or_default().push((cell, false));
        }
        Self {
            listing,
            cells,
            lock: inputs.lock,
        }
    }

    /// The locked cell of a place: of several rows with one label, the one with the same runs.
    pub(super) fn visit(&mut self, at: At<'_>) -> Option<&'l LockedCell> {
        let header = at.cell.header.as_deref()?;
        let (spec, row) = (at.table.spec?, at.row.spec?);
        let column = at.table.column(header)?;
        let key = key(&spec.name, &row.label, &column.header);
        let lock = self.lock?;
        let candidates = self.cells.get_mut(&key)?;
        let has_runs = |cell: &LockedCell| cites(at, lock, cell);
        let same = candidates
            .iter()
            .position(|(cell, is_there)| !is_there && has_runs(cell))
            .or_else(|| candidates.iter().position(|(cell, _)| has_runs(cell)));
        let idx = same.or((candidates.len() == 1).then_some(0))?;
        candidates[idx].1 = true;
        Some(candidates[idx].0)
    }

    /// Decides a number by the lock alone, as there are no runs.
    pub(super) fn check(
        &mut self,
        at: At<'_>,
        reason: &str,
        sink: &mut Sink<'_>,
        cells: &mut Cells,
    ) {
        match &self.listing {
            Listing::NoLock => return cells.leave(reason, sink),
            Listing::NotListed(reason) => return cells.leave(reason, sink),
            Listing::Listed => {}
        }
        let is_known = || {
            let header = at.cell.header.as_deref()?;
            at.row.spec.and(at.table.column(header))
        };
        if is_known().is_none() {
            return cells.leave(
                "no table spec has the cell, so the lock cannot tell it",
                sink,
            );
        }
        let Some(locked) = self.visit(at) else {
            return mismatched(absent(at), sink, cells);
        };
        let difference = self.difference(at, locked);
        for rule in [&EVALUATION_COVERAGE, &BIASED_AGGREGATION] {
            sink.not_assessed(rule, NO_RESULTS);
        }
        match (difference, &locked.value) {
            (Some(what), _) => mismatched(finding(at, what), sink, cells),
            (None, Some(_)) => {
                cells.numeric += 1;
                cells.verified += 1;
                cells.verified_from_lock += 1;
                sink.verified(&VALUE_MISMATCH);
                *cells
                    .without_predictions
                    .entry(NO_RESULTS.to_owned())
                    .or_default() += 1;
            }
            (None, None) => {
                cells.numeric += 1;
                cells.reported += 1;
                sink.not_assessed(&VALUE_MISMATCH, "a value: the lock has a text only");
            }
        }
    }

    /// Compares a cell without a number; an empty one is left to [`Self::check_rest`].
    pub(super) fn check_text(&mut self, at: At<'_>, sink: &mut Sink<'_>) {
        if at.cell.text.is_empty() {
            return;
        }
        if let Some(locked) = self.visit(at)
            && locked.text != at.cell.text
        {
            sink.report(finding(at, said(at, locked)));
        }
    }

    /// Compares the lock with what the runs give.
    pub(super) fn compare(&mut self, at: At<'_>, given: &Given, sink: &mut Sink<'_>) {
        if at.cell.text.is_empty() {
            return;
        }
        let Some(locked) = self.visit(at) else {
            return self.report_absent(at, sink);
        };
        let value = locked.value.as_ref().and_then(|value| value.parse().ok());
        let what = if locked.text != given.text {
            format!("{LOCK} has `{}`, run gives {}", locked.text, given.text)
        } else if !value.is_some_and(|value: f64| agree(value, given.value)) {
            let value = locked.value.as_deref().unwrap_or("no value");
            format!("{LOCK} has {value}, run gives {}", given.value)
        } else {
            return;
        };
        sink.report(finding(at, what));
    }

    /// Compares the text of a cell that the lock should have, whatever it was made from.
    pub(super) fn compare_text(&mut self, at: At<'_>, sink: &mut Sink<'_>) {
        if at.cell.text.is_empty() {
            return;
        }
        match self.visit(at) {
            Some(locked) if locked.text != at.cell.text => {
                sink.report(finding(at, said(at, locked)))
            }
            Some(_) => {}
            None => self.report_absent(at, sink),
        }
    }

    /// Reports a cell that a lock which lists the document does not have.
    fn report_absent(&self, at: At<'_>, sink: &mut Sink<'_>) {
        if matches!(self.listing, Listing::Listed) {
            sink.report(absent(at));
        }
    }

    /// How a number differs from its locked cell: other runs, another text, or a text that is not its value.
    fn difference(&self, at: At<'_>, locked: &LockedCell) -> Option<String> {
        if !self.lock.is_some_and(|lock| cites(at, lock, locked)) {
            return Some(format!(
                "the row cites other runs than {LOCK} has: {}",
                locked.runs.join(", ")
            ));
        }
        if at.cell.text != locked.text {
            return Some(said(at, locked));
        }
        let value: f64 = locked.value.as_ref()?.parse().unwrap_or(f64::NAN);
        let rounded = round(value, at.cell.decimals.unwrap_or(0) as usize);
        (at.cell.number != rounded).then(|| {
            let value = locked.value.as_deref().unwrap_or_default();
            format!("printed `{}`, {LOCK} has the value {value}", at.cell.text)
        })
    }

    /// Reports the cells of the lock that the document does not have, one finding per table and column.
    pub(super) fn check_rest(&self, bound: &Bound<'_>, sink: &mut Sink<'_>) {
        let mut rest: BTreeMap<(&str, &str), Vec<&LockedCell>> = BTreeMap::new();
        let absent = self.cells.values().flatten();
        for (cell, _) in absent.filter(|(_, is_there)| !is_there) {
            let column = (&*cell.table, &*cell.header);
            rest.entry(column).or_default().push(cell);
        }
        for ((name, header), cells) in rest {
            let table = bound
                .tables
                .iter()
                .find(|table| table.spec.is_some_and(|spec| spec.name == name));
            let place = table.map_or(Place::of_width(1, 1, 0), |table| {
                let column = table.table.header.iter().flatten().next();
                Place::of_width(table.table.line, column.map_or(1, |cell| cell.column), 0)
            });
            let rows: Vec<String> = cells
                .iter()
                .map(|cell| format!("`{}` of row `{}`", cell.text, cell.row))
                .collect();
            let message = format!(
                "table `{name}`, column `{header}`: the document lacks {}, which {LOCK} has",
                rows.join(", ")
            );
            let subject = Subject {
                table: name.to_owned(),
                column: header.to_owned(),
                kind: "lock-absent",
                ..Subject::default()
            };
            let finding = Finding::new(&VALUE_MISMATCH, place, &subject, message);
            sink.report(finding.with_hint(HINT));
        }
    }
}

/// Spec, label and header of a cell as one.
fn key(spec: &str, label: &str, header: &str) -> String {
    [spec, label, header].join("\0")
}

/// How the document as a whole differs from the one that the lock lists.
pub fn changed_document(inputs: &Inputs<'_>) -> Option<Finding> {
    let locked = inputs.lock?.documents.get(inputs.document)?;
    // What editors and checkouts change at the ends of lines is no difference.
    let text = inputs.text.trim_start_matches('\u{feff}');
    let hash = blake3::hash(text.replace("\r\n", "\n").as_bytes()).to_hex();
    if hash.as_str() == locked {
        return None;
    }
    let start = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
    let message = format!(
        "the document has blake3 {}…, {LOCK} says {}…",
        start(&hash),
        start(locked)
    );
    let subject = Subject {
        kind: "lock",
        ..Subject::default()
    };
    let finding = Finding::new(&STALE_DOCUMENT, Place::of_width(1, 1, 0), &subject, message);
    Some(finding.with_hint(HINT))
}

/// Whether the lock lists the document.
pub fn is_listed(inputs: &Inputs<'_>) -> bool {
    let lock = inputs.lock;
    lock.is_some_and(|lock| lock.documents.contains_key(inputs.document))
}

/// What is said of a document that the lock does not list.
pub fn not_listed(inputs: &Inputs<'_>) -> String {
    format!("{LOCK} does not list `{}`", inputs.document)
}

/// Whether a row cites the runs of a locked cell, in their order; of reported ones what documents cite in
/// their stead, beside which a row may cite more.
fn cites(at: At<'_>, lock: &Lock, cell: &LockedCell) -> bool {
    let cited = |run: &String| lock.runs.get(run)?.cited.as_deref();
    if cell.runs.iter().all(|run| cited(run).is_none()) {
        let runs = at.row.runs.iter().map(|run| run.as_str());
        return runs.eq(cell.runs.iter().map(String::as_str));
    }
    let has = |wanted: &str| at.row.runs.iter().any(|run| run.as_str() == wanted);
    let is_there = |run: &String| match cited(run).map(cited_run) {
        Some(Some(original)) => has(original.as_str()) || has(run),
        Some(None) => true,
        None => has(run),
    };
    cell.runs.iter().all(is_there)
}

fn said(at: At<'_>, locked: &LockedCell) -> String {
    format!("printed `{}`, {LOCK} has `{}`", at.cell.text, locked.text)
}

fn absent(at: At<'_>) -> Finding {
    let what = format!("printed `{}`, {LOCK} has no such cell", at.cell.text);
    finding(at, what)
}

fn mismatched(finding: Finding, sink: &mut Sink<'_>, cells: &mut Cells) {
    cells.numeric += 1;
    cells.mismatched += 1;
    sink.report(finding);
}

fn finding(at: At<'_>, what: String) -> Finding {
    let label = &at.row.row.label;
    let header = at.cell.header.as_deref().unwrap_or_default();
    let subject = Subject {
        table: at.table.table.name().to_owned(),
        row: label.clone(),
        column: header.to_owned(),
        kind: "lock",
    };
    let message = format!("row `{label}`, column `{header}`: {what}");
    Finding::new(&VALUE_MISMATCH, Place::of_cell(at.cell), &subject, message).with_hint(HINT)
}
