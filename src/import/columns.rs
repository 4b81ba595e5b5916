//! The columns of a table: titles that are unique, and the metric of each.

use std::collections::BTreeSet;

use super::Remark;
use super::header::{Reading, read};
use super::name::metric_part;
use crate::document::{Cell, Table};
use crate::report::spec::Column;

/// The columns behind the labels: one per title, and one per cell beyond them that holds anything.
pub(super) fn columns(table: &Table, remarks: &mut Vec<Remark>) -> Vec<Column> {
    let titles = table.header.as_deref().unwrap_or_default();
    let mut taken = BTreeSet::new();
    let mut metrics = BTreeSet::new();
    let mut columns = Vec::new();
    for i in 0..n_columns(table) {
        let cells = table.rows.iter().filter_map(|row| row.cells.get(i));
        let cells: Vec<&Cell> = cells.collect();
        let values: Vec<f64> = cells.iter().filter_map(|cell| cell.value).collect();
        let found = titles.get(i + 1);
        let title = found.map_or("", |title| title.text.as_str());
        let reading = read(title, &values);
        let metric = free(&reading, &metrics);
        let (line, column) = (table.line, found.map_or(1, |title| title.column));
        if !reading.is_known {
            let message =
                format!("header `{title}` names no metric, its cells are kept as `{metric}`");
            remarks.push(Remark::new(line, column, message));
        } else if metric != reading.metric.to_string() {
            let message = format!(
                "header `{title}` names `{}` once more, its cells are kept as `{metric}`",
                reading.metric
            );
            remarks.push(Remark::new(line, column, message));
        }
        metrics.insert(metric.clone());
        let title = unique(title, i + 2, &taken);
        taken.insert(title.clone());
        columns.push(Column {
            header: title,
            metric,
            scale: reading.scale,
            decimals: decimals(&cells),
            goal: reading.goal,
            range: reading.range,
            identities: Vec::new(),
        });
    }
    columns
}

fn n_columns(table: &Table) -> usize {
    let used = |cells: &Vec<Cell>| cells.iter().rposition(|cell| !cell.text.is_empty());
    let rows = table.rows.iter();
    let used = rows.filter_map(|row| used(&row.cells)).max();
    let titles = table.header.as_ref().map_or(0, Vec::len);
    titles
        .saturating_sub(1)
        .max(used.map_or(0, |last| last + 1))
}

/// The most decimals that are printed; more than a spec takes are none.
fn decimals(cells: &[&Cell]) -> Option<usize> {
    let most = cells.iter().filter_map(|cell| cell.decimals).max()?;
    usize::try_from(most)
        .ok()
        .filter(|decimals| *decimals <= 17)
}

/// A title that no other column has, `column 3` for an empty one.
fn unique(title: &str, number: usize, taken: &BTreeSet<String>) -> String {
    let wanted = match title {
        "" => format!("column {number}"),
        title => title.to_owned(),
    };
    let again = (2..).map(|n| format!("{wanted} ({n})"));
    std::iter::once(wanted.clone())
        .chain(again)
        .find(|title| !taken.contains(title))
        .expect("one of endlessly many is free")
}

/// A metric that no other column of the table has: with the data set's name, or with a number.
fn free(reading: &Reading, taken: &BTreeSet<String>) -> String {
    let with = |suffix: &str| {
        let metric = &reading.metric;
        format!("{}/{}{suffix}/{}", metric.split, metric.task, metric.name)
    };
    let data = match metric_part(&reading.data) {
        data if data.is_empty() => with("_2"),
        data => with(&format!("_{data}")),
    };
    let numbered = (2..).map(|n| with(&format!("_{n}")));
    [with(""), data]
        .into_iter()
        .chain(numbered)
        .find(|metric| !taken.contains(metric))
        .expect("one of endlessly many is free")
}
