//! RPR002: whether rows, separators and headers of a table fit together.

use super::line_of;
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::MALFORMED_TABLE;
use crate::audit::finding::{Finding, Place, Severity, Sink, Subject};
use crate::document::{HeaderCell, Row, Separator, Table};

pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let lines: Vec<&str> = inputs.text.split('\n').collect();
    for table in bound.document.tables.iter() {
        let Some(header) = &table.header else {
            // Its rows are unattached, which is worse.
            continue;
        };
        let findings = [head(table, header, &lines), separators(table, header)].concat();
        if findings.is_empty() {
            sink.verified(&MALFORMED_TABLE);
        }
        findings
            .into_iter()
            .for_each(|finding| sink.report(finding));
        for row in &table.rows {
            match width(table, header, row, &lines) {
                None => sink.verified(&MALFORMED_TABLE),
                Some(finding) => sink.report(finding),
            }
        }
    }
}

/// A header in the body of another table, or with something glued to it.
fn head(table: &Table, header: &[HeaderCell], lines: &[&str]) -> Vec<Finding> {
    let mut found = Vec::new();
    if table.is_glued {
        let name = header.first().map_or("", |cell| &cell.text);
        let message = format!("header `{name}` stands in the body of the table above");
        let subject = Subject::in_table(table, name, "", "second-header");
        found.push(
            Finding::new(
                &MALFORMED_TABLE,
                header_place(table, header),
                &subject,
                message,
            )
            .with_hint("put a blank line above the header"),
        );
    }
    for cell in header {
        if let Some(foreign) = foreign(&cell.text) {
            let message = format!(
                "header `{}` holds `{foreign}`, which belongs to no column",
                cell.text
            );
            let place = Place {
                line: table.line,
                column: cell.column,
                end_column: cell.end_column,
            };
            let subject = Subject::in_table(table, "", &cell.text, "foreign-text");
            let own = cell.text[..cell.text.len() - foreign.len()].trim_end();
            let finding = Finding::new(&MALFORMED_TABLE, place, &subject, message)
                .with_hint("move the text out of the table");
            // Escapes are resolved in the text: only what stands there literally is replaced.
            let is_literal = line_of(lines, table.line).contains(&cell.text);
            found.push(if is_literal {
                finding.with_fix(own)
            } else {
                finding
            });
        }
    }
    found
}

/// What a `#` behind a header's name begins: a heading or a comment that was glued to the line.
fn foreign(text: &str) -> Option<&str> {
    let is_glued = |&at: &usize| {
        let after = &text[at + 1..];
        let own = text[..at].trim_end();
        let parted = text[..at].ends_with(char::is_whitespace) || after.starts_with(['#', ' ']);
        !own.is_empty() && parted
    };
    let at = text.match_indices('#').map(|(at, _)| at).find(is_glued)?;
    Some(&text[at..])
}

fn header_place(table: &Table, header: &[HeaderCell]) -> Place {
    Place {
        line: table.line,
        column: header.first().map_or(1, |cell| cell.column),
        end_column: header.last().map_or(1, |cell| cell.end_column),
    }
}

/// One separator, right below the header and as wide as it.
fn separators(table: &Table, header: &[HeaderCell]) -> Vec<Finding> {
    let mut found = Vec::new();
    let below = table
        .separators
        .iter()
        .position(|separator| separator.line == table.line + 1);
    match below.map(|idx| &table.separators[idx]) {
        None => {
            let name = header.first().map_or("", |cell| &cell.text);
            let message = format!("header `{name}` has no separator below it");
            let subject = Subject::in_table(table, "", name, "no-separator");
            found.push(
                Finding::new(
                    &MALFORMED_TABLE,
                    header_place(table, header),
                    &subject,
                    message,
                )
                .with_hint("put `---|---` with one cell per column below the header"),
            );
        }
        Some(separator) if separator.n_cells != header.len() => {
            let message = format!(
                "separator has {}, its header has {}",
                cells(separator.n_cells),
                header.len()
            );
            let subject = Subject::in_table(table, "", "", "separator-width");
            found.push(
                Finding::new(
                    &MALFORMED_TABLE,
                    separator_place(separator),
                    &subject,
                    message,
                )
                .with_hint("give the separator one cell per column")
                .with_fix(vec!["---"; header.len()].join(" | ")),
            );
        }
        Some(_) => {}
    }
    for (idx, separator) in table.separators.iter().enumerate() {
        if Some(idx) != below {
            let message = "separator inside the table is no row".to_owned();
            let below = table.rows.iter().find(|row| row.line > separator.line);
            let label = below.map_or("", |row| &row.label);
            let subject = Subject::in_table(table, label, "", "divider");
            found.push(
                Finding::new(
                    &MALFORMED_TABLE,
                    separator_place(separator),
                    &subject,
                    message,
                )
                .with_hint("delete the line; where it divides groups of rows, begin another table"),
            );
        }
    }
    found
}

fn separator_place(separator: &Separator) -> Place {
    Place {
        line: separator.line,
        column: separator.column,
        end_column: separator.end_column,
    }
}

/// A row with more or fewer cells than the header.
fn width(table: &Table, header: &[HeaderCell], row: &Row, lines: &[&str]) -> Option<Finding> {
    let n_cells = row.n_cells();
    let place = Place {
        line: row.line,
        column: row.column,
        end_column: row.end_column.max(row.column),
    };
    let message = format!(
        "row `{}` has {}, its header has {}",
        row.label,
        cells(n_cells),
        header.len()
    );
    let new = |kind| {
        Finding::new(
            &MALFORMED_TABLE,
            place,
            &Subject::in_table(table, &row.label, "", kind),
            message.clone(),
        )
    };
    if n_cells < header.len() {
        let text = line_of(lines, row.line);
        let own: String = text
            .chars()
            .skip(row.column - 1)
            .take(place.end_column - place.column)
            .collect();
        // Between outer pipes the first one closes a cell that is there.
        let has_outer = line_of(lines, table.line).trim_start().starts_with('|');
        let closing = usize::from(has_outer && !own.ends_with('|'));
        let missing = " |".repeat(header.len() - n_cells + closing);
        return Some(
            new("short")
                .with_hint("add the missing cells")
                .with_fix(own + &missing),
        );
    }
    let outside = row.cells.get(header.len() - 1..).unwrap_or_default();
    let numbers: Vec<&str> = outside
        .iter()
        .filter(|cell| cell.value.is_some())
        .map(|cell| cell.text.as_str())
        .collect();
    match (outside.is_empty(), numbers.is_empty()) {
        (true, _) => None,
        (false, true) => Some(new("long").with_hint("remove the cells that no header names")),
        (false, false) => {
            let finding = new("long").with_severity(Severity::Error);
            let text = format!("`{}` stands under no header", numbers.join("`, `"));
            Some(
                finding
                    .with_evidence("value", text)
                    .with_hint("name the column, or remove its cells"),
            )
        }
    }
}

fn cells(n: usize) -> String {
    match n {
        1 => "1 cell".to_owned(),
        n => format!("{n} cells"),
    }
}
