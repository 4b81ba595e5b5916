//! The columns of a table: titles that are unique, and the metric of each.

use std::collections::{BTreeMap, BTreeSet};

use super::Remark;
use super::header::{Reading, read};
use super::name::metric_part;
use crate::document::{Cell, Table};
use crate::report::spec::Column;

/// Names that are taken, and for each that was wanted more than once, the number that was given last.
#[derive(Default)]
struct Taken {
    names: BTreeSet<String>,
    numbers: BTreeMap<String, usize>,
}

impl Taken {
    /// The first of `wanted`, `otherwise`, and what `numbered` makes of 2, 3 and so on that is free; it is
    /// taken then. Numbers go on from the last, so that each is tried once for all columns.
    fn give(
        &mut self,
        wanted: String,
        otherwise: Option<String>,
        numbered: impl Fn(usize) -> String,
    ) -> String {
        let names = &self.names;
        let free = std::iter::once(wanted.clone())
            .chain(otherwise)
            .find(|name| !names.contains(name));
        let name = free.unwrap_or_else(|| {
            let last = self.numbers.entry(wanted).or_insert(1);
            loop {
                *last += 1;
                let name = numbered(*last);
                if !names.contains(&name) {
                    break name;
                }
            }
        });
        self.names.insert(name.clone());
        name
    }
}

/// The columns behind the labels: one per title, and one per cell beyond them that holds anything. Without
/// either, none is at the end.
pub(super) fn columns(table: &Table, remarks: &mut Vec<Remark>) -> Vec<Column> {
    let titles = table.header.as_deref().unwrap_or_default();
    let mut taken = Taken::default();
    let mut metrics = Taken::default();
    let mut columns = Vec::new();
    let n = n_columns(table);
    if let Some(first) = titles.get(n + 1) {
        let message = format!(
            "{} columns without title and cells are not printed",
            titles.len() - n - 1
        );
        remarks.push(Remark::new(table.line, first.column, message));
    }
    for i in 0..n {
        let cells = table.rows.iter().filter_map(|row| row.cells.get(i));
        let cells: Vec<&Cell> = cells.collect();
        let values: Vec<f64> = cells.iter().filter_map(|cell| cell.value).collect();
        let found = titles.get(i + 1);
        let title = found.map_or("", |title| title.text.as_str());
        let reading = read(title, &values);
        let metric = free(&reading, &mut metrics);
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
        let title = unique(title, i + 2, &mut taken);
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

/// Up to the last title or cell that is not empty, one at least.
fn n_columns(table: &Table) -> usize {
    let used = |cells: &Vec<Cell>| cells.iter().rposition(|cell| !cell.text.is_empty());
    let rows = table.rows.iter();
    let used = rows.filter_map(|row| used(&row.cells)).max();
    let titles = table.header.as_deref().unwrap_or_default();
    let titled = titles.iter().rposition(|title| !title.text.is_empty());
    titled
        .unwrap_or_default()
        .max(used.map_or(0, |last| last + 1))
        .max(1)
}

/// The most decimals that are printed; more than a spec takes are none.
fn decimals(cells: &[&Cell]) -> Option<usize> {
    let most = cells.iter().filter_map(|cell| cell.decimals).max()?;
    usize::try_from(most)
        .ok()
        .filter(|decimals| *decimals <= 17)
}

/// A title that no other column has, `column 3` for an empty one.
fn unique(title: &str, number: usize, taken: &mut Taken) -> String {
    let wanted = match title {
        "" => format!("column {number}"),
        title => title.to_owned(),
    };
    taken.give(wanted.clone(), None, |n| format!("{wanted} ({n})"))
}

/// A metric that no other column of the table has: with the data set's name, or with a number.
fn free(reading: &Reading, taken: &mut Taken) -> String {
    let with = |suffix: &str| {
        let metric = &reading.metric;
        format!("{}/{}{suffix}/{}", metric.split, metric.task, metric.name)
    };
    let data = metric_part(&reading.data);
    let data = (!data.is_empty()).then(|| with(&format!("_{data}")));
    taken.give(with(""), data, |n| with(&format!("_{n}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    /// The columns of the first table of a document, and what is said of them.
    fn read_columns(text: &str) -> (Vec<(String, String)>, Vec<String>) {
        let document = Document::parse(text);
        let mut remarks = Vec::new();
        let columns = columns(&document.tables[0], &mut remarks).into_iter();
        let names = columns.map(|column| (column.header, column.metric));
        let messages = remarks.into_iter().map(|remark| remark.message);
        (names.collect(), messages.collect())
    }

    #[test]
    fn names_that_are_taken_are_numbered() {
        let (names, _) = read_columns(
            "m | MAE | MAE (2) | MAE | MAE | Age MAE (A) | Age MAE (B)\n\
             --- | --- | --- | --- | --- | --- | ---\na | 1 | 2 | 3 | 4 | 5 | 6\n",
        );
        let names: Vec<(&str, &str)> = names.iter().map(|(a, b)| (&**a, &**b)).collect();
        let expected = [
            ("MAE", "test/total/mae"),
            ("MAE (2)", "test/total_2/mae"),
            ("MAE (3)", "test/total_3/mae"),
            ("MAE (4)", "test/total_4/mae"),
            ("Age MAE (A)", "test/age/mae"),
            ("Age MAE (B)", "test/age_b/mae"),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn empty_columns_at_the_end_are_none() {
        let text = "| m | MAE | | |\n|---|---|---|---|\n| a | 1 | | | | |\n";
        let (names, remarks) = read_columns(text);
        assert_eq!(names.len(), 1);
        assert_eq!(
            remarks,
            ["2 columns without title and cells are not printed"]
        );
        let (names, _) = read_columns(&text.replace("1 | |", "1 | | x"));
        assert_eq!(names.len(), 3);
    }

    #[test]
    fn many_columns_are_named_in_linear_time() {
        let n = 20_000;
        let row = " | 1".repeat(n);
        for title in ["", "MAE", "MAE (A)", "words"] {
            let titles = format!(" | {title}").repeat(n);
            let text = format!("| m{titles} |\n|{}\n| a{row} |\n", "---|".repeat(n + 1));
            let start = std::time::Instant::now();
            assert_eq!(read_columns(&text).0.len(), n);
            // Quadratic, each takes minutes.
            assert!(start.elapsed().as_secs() < 10, "{title}");
        }
    }
}
