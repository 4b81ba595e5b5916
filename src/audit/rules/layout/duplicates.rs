//! Rows and tables that stand twice: RPR004 and RPR005.

use std::collections::{BTreeMap, HashMap};

use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::{DUPLICATE_ROW_LABEL, DUPLICATED_TABLE};
use crate::audit::finding::{Finding, Place, Severity, Sink, Subject};
use crate::audit::reading::spelling::{folded, plain};
use crate::document::{Cell, Document};

pub(super) fn check(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    labels(bound, sink);
    tables(bound, sink);
    sink.not_assessed(&DUPLICATED_TABLE, "the other documents of the repository");
}

/// The table whose header names the cells of each table: its own, or for rows that a blank line cut off the one above.
fn families<'b, 'd>(bound: &'b Bound<'d>) -> Vec<Option<&'b BoundTable<'d>>> {
    let mut above: Option<&BoundTable<'_>> = None;
    let tables = bound.tables.iter();
    tables
        .map(|table| {
            if table.table.header.is_some() {
                above = Some(table);
            } else if !table.table.continues {
                above = None;
            }
            above
        })
        .collect()
}

/// What two rows must share to be one row twice: section, headers, label, and whatever is no result.
type RowKey = (Vec<String>, Vec<String>, String, Vec<String>);

/// RPR004: one label twice in one family of tables, with different numbers.
fn labels(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let mut seen: HashMap<RowKey, (&BoundTable<'_>, &BoundRow<'_>)> = HashMap::new();
    for (table, family) in bound.tables.iter().zip(families(bound)) {
        let Some(family) = family else { continue };
        if !family.has_metrics() {
            sink.not_assessed(&DUPLICATE_ROW_LABEL, "a header that names a metric");
            continue;
        }
        let header = family.table.header.as_deref().unwrap_or_default();
        let headers: Vec<String> = header.iter().map(|cell| folded(&cell.text)).collect();
        for row in &table.rows {
            if row.row.label.is_empty() || row.n_numeric() == 0 {
                continue;
            }
            let cells = row.row.cells.iter().enumerate();
            let others = cells.filter(|(idx, _)| !family.is_metric(*idx));
            let key = (
                table.table.section.clone(),
                headers.clone(),
                plain(&row.row.label),
                others.map(|(_, cell)| plain(&cell.text)).collect(),
            );
            match seen.get(&key) {
                None => {
                    seen.insert(key, (family, row));
                    sink.verified(&DUPLICATE_ROW_LABEL);
                }
                Some((first_table, first)) => {
                    let differing = differing(first_table, first, row);
                    if differing.is_empty() {
                        sink.verified(&DUPLICATE_ROW_LABEL);
                    } else {
                        sink.report(duplicate_label(table, first, row, &differing));
                    }
                }
            }
        }
    }
}

/// The results in which two rows of one family differ: header, first and second cell.
fn differing<'c>(
    family: &BoundTable<'_>,
    first: &'c BoundRow<'_>,
    second: &'c BoundRow<'_>,
) -> Vec<(String, &'c Cell, &'c Cell)> {
    let header = family.table.header.as_deref().unwrap_or_default();
    let pairs = first.row.cells.iter().zip(&second.row.cells).enumerate();
    pairs
        .filter(|(idx, _)| family.is_metric(*idx))
        .filter(|(_, (a, b))| is_different(a, b) || a.spread != b.spread || a.n != b.n)
        .map(|(idx, (a, b))| (header[idx + 1].text.clone(), a, b))
        .collect()
}

fn is_different(a: &Cell, b: &Cell) -> bool {
    match (a.value, b.value) {
        (Some(a), Some(b)) => a.total_cmp(&b).is_ne(),
        _ => false,
    }
}

fn duplicate_label(
    table: &BoundTable<'_>,
    first: &BoundRow<'_>,
    row: &BoundRow<'_>,
    differing: &[(String, &Cell, &Cell)],
) -> Finding {
    let label = &row.row.label;
    let section = match &table.table.section[..] {
        [] => String::new(),
        section => format!(" of section `{}`", section.join(" / ")),
    };
    let sides = differing
        .iter()
        .map(|(header, a, b)| format!("`{header}` {} and {}", a.text, b.text));
    let message = format!(
        "row `{label}`{section} already stands at line {} with other numbers: {}",
        first.row.line,
        sides.collect::<Vec<_>>().join(", ")
    );
    let subject = Subject::in_table(table.table, label, "", "duplicate-label");
    let finding = Finding::new(
        &DUPLICATE_ROW_LABEL,
        Place::of_label(row.row),
        &subject,
        message,
    );
    let with = |finding: Finding, (header, a, _): &(String, &Cell, &Cell)| {
        finding.with_evidence_at(
            "value",
            Place::of_cell(a),
            format!("`{header}`: {}", a.text),
        )
    };
    differing
        .iter()
        .fold(finding, with)
        .with_hint("say in the label, or in a column of its own, what the rows differ in")
}

/// A row's label with its numbers, by which a copy is found.
type CopyKey = (String, Vec<Option<u64>>);

/// The key of a row; `None` for one without numbers.
fn copy_key(row: &BoundRow<'_>) -> Option<CopyKey> {
    let cells = row.row.cells.iter();
    // Adding 0 makes one zero of two.
    let mut values: Vec<Option<u64>> = cells
        .map(|cell| cell.value.map(|value| (value + 0.0).to_bits()))
        .collect();
    while values.last() == Some(&None) {
        values.pop();
    }
    (!values.is_empty()).then(|| (plain(&row.row.label), values))
}

/// RPR005: rows of one table that stand in another one, too.
fn tables(bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let mut seen: HashMap<CopyKey, (usize, usize)> = HashMap::new();
    for (t, table) in bound.tables.iter().enumerate() {
        // Rows of earlier tables that this one repeats, by table: own row and that row.
        let mut copies: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (r, row) in table.rows.iter().enumerate() {
            let Some(key) = copy_key(row).filter(|(label, _)| !label.is_empty()) else {
                continue;
            };
            let &mut (at, first) = seen.entry(key).or_insert((t, r));
            if at != t {
                copies.entry(at).or_default().push((r, first));
            }
        }
        let mut is_right = true;
        for (&of, rows) in &copies {
            if let Some(finding) = copy(bound, t, of, rows) {
                is_right = false;
                sink.report(finding);
            }
        }
        if is_right {
            sink.verified(&DUPLICATED_TABLE);
        }
    }
}

/// What is wrong with a table that repeats `rows` of the table `of`.
fn copy(bound: &Bound<'_>, t: usize, of: usize, rows: &[(usize, usize)]) -> Option<Finding> {
    let (table, original) = (&bound.tables[t], &bound.tables[of]);
    let disagreeing = disagreeing(table, original);
    // Two rows may be equal by chance in tables that compare: then most others are not.
    if rows.len() < 2 || disagreeing.len() >= rows.len() {
        return None;
    }
    let is_declared = table.spec.is_some_and(|spec| spec.derived_from.is_some())
        || is_annotated(bound.document, table.table.line, original.table.line);
    let (first, _) = rows[0];
    let label = &table.rows[first].row.label;
    let n = rows.len();
    let line = original.table.line;
    if disagreeing.is_empty() {
        let message =
            format!("{n} rows also stand in the table at line {line}, with the same numbers");
        let subject = Subject::in_table(table.table, label, "", "copy");
        let finding = Finding::new(
            &DUPLICATED_TABLE,
            Place::of_label(table.rows[first].row),
            &subject,
            message,
        )
        .with_hint(
            "keep one table and link to it, or put `<!-- repro: derived-from … -->` above the copy",
        );
        return (!is_declared).then_some(finding);
    }
    let (a, b) = disagreeing[0];
    let message = format!(
        "{n} rows also stand in the table at line {line}, and others differ: {} here, {} at line {}",
        b.text, a.text, a.line
    );
    let subject = Subject::in_table(table.table, label, "", "copy-differs");
    let finding = Finding::new(&DUPLICATED_TABLE, Place::of_cell(b), &subject, message)
        .with_severity(Severity::Error)
        .with_hint("keep one of the tables, with the numbers of the runs that it cites");
    let with = |finding: Finding, (a, _): &(&Cell, &Cell)| {
        finding.with_evidence_at("value", Place::of_cell(a), a.text.clone())
    };
    Some(disagreeing.iter().fold(finding, with))
}

/// Cells of rows with one label that both tables have, under one header, with different numbers: the original's
/// and the copy's, one pair per row.
fn disagreeing<'c>(
    table: &'c BoundTable<'_>,
    original: &'c BoundTable<'_>,
) -> Vec<(&'c Cell, &'c Cell)> {
    let named = |row: &'c BoundRow<'_>| (plain(&row.row.label), row);
    let originals: HashMap<String, &BoundRow<'_>> = original.rows.iter().rev().map(named).collect();
    let header = |cell: &Cell| cell.header.as_deref().map(folded);
    let mut found = Vec::new();
    for row in &table.rows {
        let Some(first) = originals.get(&plain(&row.row.label)) else {
            continue;
        };
        let pairs = first.row.cells.iter().zip(&row.row.cells);
        let mut differing = pairs.filter(|(a, b)| is_different(a, b) && header(a) == header(b));
        found.extend(differing.next());
    }
    found
}

/// Whether a comment `repro: derived-from …` stands above a table, below the table that it repeats.
fn is_annotated(document: &Document, line: usize, original: usize) -> bool {
    let tables = document.tables.iter().map(|table| table.line);
    let above = tables
        .filter(|&other| other < line)
        .max()
        .unwrap_or(original);
    document.comments.iter().any(|comment| {
        let says = comment
            .directive()
            .is_some_and(|text| text.starts_with("derived-from"));
        says && (above..line).contains(&comment.line)
    })
}
