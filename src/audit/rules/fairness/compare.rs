//! The comparison of a table's rows: which differ from those that they share a column of numbers with.
//!
//! A row is odd in a fact if others that it is compared with have another value, and more of those agree on
//! theirs. Everything is counted per fact and column, so that long tables take linear time.

use std::collections::BTreeMap;

use crate::audit::bind::{BoundRow, BoundTable};
use crate::audit::citation::{RowIndex, RowRecord};
use crate::audit::finding::{Finding, Place};

/// A row with numbers of ours, and what is known of it.
pub(super) struct Side<'b, 'd> {
    pub(super) row: &'b BoundRow<'d>,
    /// Indices of its cells with a number of a metric.
    pub(super) columns: Vec<usize>,
    /// What is known of its run.
    pub(super) known: Option<RowRecord<'b, 'd>>,
}

/// One thing that rows may differ in.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    /// What it is.
    pub(super) key: String,
    /// The column that alone it matters to; `None` for all.
    pub(super) column: Option<usize>,
    /// The value as it is compared.
    pub(super) value: String,
    /// The value as it is shown.
    pub(super) shown: String,
}

/// A fact in which a row is odd.
pub(super) struct Difference<'f> {
    /// Of the odd row.
    pub(super) fact: &'f Fact,
    /// Of the others.
    pub(super) usual: &'f Fact,
    /// The sides that have the usual value, in order.
    pub(super) others: Vec<usize>,
}

/// Evidence names so many of the other rows.
const N_SHOWN: usize = 8;

/// The rows of a table that are compared with each other.
pub(super) fn sides<'b, 'd>(
    t: usize,
    table: &'b BoundTable<'d>,
    records: &BTreeMap<RowIndex, RowRecord<'b, 'd>>,
) -> Vec<Side<'b, 'd>> {
    let side = |(r, row): (usize, &'b BoundRow<'d>)| {
        let columns = metric_columns(table, row);
        let is_ours = !columns.is_empty() && !row.is_quoted();
        is_ours.then(|| Side {
            row,
            columns,
            known: records
                .get(&(t, r))
                .copied()
                .filter(|known| !known.is_empty()),
        })
    };
    table.rows.iter().enumerate().filter_map(side).collect()
}

fn metric_columns(table: &BoundTable<'_>, row: &BoundRow<'_>) -> Vec<usize> {
    let cells = row.row.cells.iter().enumerate();
    cells
        .filter(|(idx, cell)| {
            let header = cell.header.as_deref().unwrap_or_default();
            let is_metric = table
                .meaning(*idx)
                .is_some_and(|meaning| meaning.quantity.is_some());
            cell.value.is_some() && (is_metric || table.column(header).is_some())
        })
        .map(|(idx, _)| idx)
        .collect()
}

/// Per odd row the facts in which it is odd, by index of the side.
pub(super) fn differences<'f>(
    sides: &[Side<'_, '_>],
    facts: &'f [Vec<Fact>],
) -> BTreeMap<usize, Vec<Difference<'f>>> {
    let mut columns: BTreeMap<(&str, usize), (&str, bool)> = BTreeMap::new();
    for (side, fact, column) in places(sides, facts) {
        let _ = side;
        let entry = columns.entry((&fact.key, column));
        let (first, is_mixed) = entry.or_insert((&fact.value, false));
        *is_mixed |= *first != fact.value;
    }
    let mut in_conflict: BTreeMap<&str, Vec<(usize, &Fact)>> = BTreeMap::new();
    for (side, fact, column) in places(sides, facts) {
        let rows = in_conflict.entry(&fact.key).or_default();
        let is_mixed = columns[&(fact.key.as_str(), column)].1;
        if is_mixed && rows.last().is_none_or(|(last, _)| *last != side) {
            rows.push((side, fact));
        }
    }
    let mut odd: BTreeMap<usize, Vec<Difference<'f>>> = BTreeMap::new();
    for rows in in_conflict.values() {
        let Some(usual) = most_common(rows) else {
            continue;
        };
        let others = rows.iter().filter(|(_, fact)| fact.value == usual.value);
        let others: Vec<usize> = others.map(|(side, _)| *side).take(N_SHOWN).collect();
        for (side, fact) in rows.iter().filter(|(_, fact)| fact.value != usual.value) {
            odd.entry(*side).or_default().push(Difference {
                fact,
                usual,
                others: others.clone(),
            });
        }
    }
    odd
}

/// Every fact with each column of its row that it matters to, in the order of the rows.
fn places<'f>(
    sides: &[Side<'_, '_>],
    facts: &'f [Vec<Fact>],
) -> impl Iterator<Item = (usize, &'f Fact, usize)> {
    let of_side = |(side, (of_row, facts)): (usize, (&Side<'_, '_>, &'f Vec<Fact>))| {
        let columns = of_row.columns.clone();
        facts.iter().flat_map(move |fact| {
            let matters = move |column: &usize| fact.column.is_none_or(|only| only == *column);
            let columns: Vec<usize> = columns.iter().copied().filter(matters).collect();
            columns.into_iter().map(move |column| (side, fact, column))
        })
    };
    let found: Vec<_> = sides
        .iter()
        .zip(facts)
        .enumerate()
        .flat_map(of_side)
        .collect();
    found.into_iter()
}

/// The fact that most rows have; of several, the first.
fn most_common<'f>(rows: &[(usize, &'f Fact)]) -> Option<&'f Fact> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, (_, fact)) in rows.iter().enumerate() {
        counts.entry(&fact.value).or_insert((0, at)).0 += 1;
    }
    let (_, first) = counts
        .values()
        .max_by_key(|(n, first)| (*n, std::cmp::Reverse(*first)))?;
    Some(rows[*first].1)
}

/// Whether two rows at least have a number in one column.
pub(super) fn are_compared(sides: &[Side<'_, '_>]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    sides
        .iter()
        .flat_map(|side| &side.columns)
        .any(|column| !seen.insert(column))
}

impl Difference<'_> {
    /// `` `epoch` (40, others 60) ``.
    pub(super) fn words(&self) -> String {
        format!(
            "`{}` ({}, others {})",
            self.fact.key, self.fact.shown, self.usual.shown
        )
    }

    /// Both sides of it as evidence: where they are printed, else the runs.
    pub(super) fn support(&self, finding: Finding, sides: &[Side<'_, '_>], odd: usize) -> Finding {
        let finding = self.support_one(finding, &sides[odd], self.fact);
        self.others.iter().fold(finding, |finding, other| {
            self.support_one(finding, &sides[*other], self.usual)
        })
    }

    fn support_one(&self, finding: Finding, side: &Side<'_, '_>, fact: &Fact) -> Finding {
        let text = format!("{}={}", fact.key, fact.shown);
        let Some(known) = &side.known else {
            return finding;
        };
        match (known.place_of(&fact.key), known.run) {
            (Some(place), _) => finding.with_evidence_at("definition", place, text),
            (None, Some((run, _))) => {
                finding.with_evidence("run", format!("{} {text}", run.cited()))
            }
            (None, None) => finding,
        }
    }
}

/// Where a row's findings point.
pub(super) fn place(side: &Side<'_, '_>) -> Place {
    Place::of_label(side.row.row)
}
