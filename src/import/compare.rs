//! What the rendered document says otherwise than the one that was imported, with the places of the latter.

use std::collections::BTreeSet;

use super::Remark;
use super::definition::without_blanks;
use crate::document::{Cell, Comment, Concealment, Definition, Document, Mark, Row, Table};
use crate::report::render::markdown::escape;

/// Every difference but white space. `document` is what `text` was parsed to.
pub(super) fn differences(text: &str, document: &Document, rendered: &str) -> Vec<Remark> {
    let again = Document::parse(rendered);
    let mut found = Differences {
        before: text.lines().collect(),
        after: rendered.lines().collect(),
        remarks: Vec::new(),
    };
    for table in document.tables.iter().skip(again.tables.len()) {
        let rows = table.rows.iter();
        found.unread(table.line, "table", rows.map(n_numbers).sum());
    }
    for (table, other) in document.tables.iter().zip(&again.tables) {
        found.table(table, other);
    }
    let n = (document.definitions.len(), again.definitions.len());
    if n.0 != n.1 {
        found.say(1, 1, format!("{} definitions are printed as {}", n.0, n.1));
    }
    for (definition, other) in document.definitions.iter().zip(&again.definitions) {
        found.definition(definition, other);
    }
    found.comments(document, &again);
    found.remarks
}

struct Differences<'t> {
    before: Vec<&'t str>,
    after: Vec<&'t str>,
    remarks: Vec<Remark>,
}

impl Differences<'_> {
    /// A comment is known by its text. A folded block is known by its place, as its tables and definitions are
    /// compared for themselves and everything else in it stays in the template.
    fn comments(&mut self, document: &Document, again: &Document) {
        let is_block = |comment: &&Comment| comment.concealment == Concealment::Details;
        let printed: BTreeSet<String> = (again.comments.iter())
            .map(|comment| without_blanks(&comment.text))
            .collect();
        let n_blocks = again.comments.iter().filter(is_block).count();
        let lost_blocks = document.comments.iter().filter(is_block).skip(n_blocks);
        let others = (document.comments.iter())
            .filter(|comment| !is_block(comment))
            .filter(|comment| !printed.contains(&without_blanks(&comment.text)));
        for comment in lost_blocks.chain(others) {
            self.say(comment.line, comment.column, "comment is not printed");
        }
    }

    fn say(&mut self, line: usize, column: usize, message: impl Into<String>) {
        self.remarks.push(Remark::new(line, column, message));
    }

    /// Something that is printed, but so that the parser does not find it again.
    fn unread(&mut self, line: usize, what: &str, lost_numbers: usize) {
        self.remarks.push(Remark {
            lost_numbers,
            ..Remark::new(
                line,
                1,
                format!("this {what} is not read as one once it is printed"),
            )
        });
    }

    fn table(&mut self, table: &Table, other: &Table) {
        self.frame(table, other);
        let empty = Vec::new();
        let titles = table.header.as_ref().unwrap_or(&empty);
        let printed = other.header.as_ref().unwrap_or(&empty);
        for (i, title) in printed.iter().enumerate() {
            let text = &title.text;
            match titles.get(i) {
                Some(title) if title.text == *text => self.escaped(table.line, title.column, text),
                Some(title) => {
                    let message = format!("header `{}` is printed as `{text}`", title.text);
                    self.say(table.line, title.column, message);
                }
                None => {
                    let column = titles.last().map_or(1, |title| title.column);
                    self.say(
                        table.line,
                        column,
                        format!("header `{text}` is printed in addition"),
                    );
                }
            }
        }
        for row in table.rows.iter().skip(other.rows.len()) {
            self.unread(row.line, "row", n_numbers(row));
        }
        for (row, other) in table.rows.iter().zip(&other.rows) {
            self.row(row, other);
        }
    }

    /// What stands around the cells.
    fn frame(&mut self, table: &Table, other: &Table) {
        let line = |lines: &[&str], number: usize| {
            let text = lines.get(number - 1).copied().unwrap_or_default();
            text.trim().to_owned()
        };
        let header = line(&self.before, table.line);
        if header.starts_with('|') && !line(&self.after, other.line).starts_with('|') {
            self.say(table.line, 1, "pipes around rows are not printed");
        }
        if table.header.is_none() || other.header.is_none() {
            return;
        }
        match table
            .separators
            .iter()
            .find(|found| found.line == table.line + 1)
        {
            None => self.say(table.line, 1, "a separator is printed below the header"),
            Some(found) if line(&self.before, found.line).contains(':') => {
                self.say(
                    found.line,
                    found.column,
                    "the alignment of columns is not printed",
                );
            }
            Some(_) => {}
        }
        for divider in &table.dividers {
            self.say(*divider, 1, "separator between rows is not printed");
        }
    }

    fn row(&mut self, row: &Row, other: &Row) {
        let before = self.remarks.len();
        if row.label != other.label {
            let message = format!("label `{}` is printed as `{}`", row.label, other.label);
            self.say(row.line, row.column, message);
        } else {
            self.escaped(row.line, row.column, &row.label);
        }
        if texts(&row.marks) != texts(&other.marks) {
            let column = row.marks.first().map_or(row.column, |mark| mark.column);
            let (found, printed) = (brackets(&row.marks), brackets(&other.marks));
            let message = match printed.as_str() {
                "" => format!("marks {found} are not printed"),
                printed => format!("marks {found} are printed as {printed}"),
            };
            self.say(row.line, column, message);
        }
        if row.cells.len() != other.cells.len() {
            let (n, printed) = (row.cells.len() + 1, other.cells.len() + 1);
            let message = format!("row has {n} cells, {printed} are printed");
            self.say(row.line, row.column, message);
        }
        for (i, cell) in row.cells.iter().enumerate() {
            self.cell(cell, other.cells.get(i));
        }
        if self.remarks.len() == before {
            self.lines((row.line, row.line), (other.line, other.line), row.column);
        }
    }

    fn cell(&mut self, cell: &Cell, other: Option<&Cell>) {
        let printed = other.map_or("", |other| other.text.as_str());
        if cell.text == printed {
            return self.escaped(cell.line, cell.column, printed);
        }
        let number = |cell: &Cell| (cell.number.clone(), cell.spread_number.clone(), cell.n);
        let is_kept = other.is_some_and(|other| number(other) == number(cell));
        let message = match printed {
            "" => format!("`{}` is not printed", cell.text),
            printed => format!("`{}` is printed as `{printed}`", cell.text),
        };
        self.remarks.push(Remark {
            lost_numbers: usize::from(cell.value.is_some() && !is_kept),
            ..Remark::new(cell.line, cell.column, message)
        });
    }

    /// Says so where `text` is printed with backslashes that the line lacks, as it held markup.
    fn escaped(&mut self, line: usize, column: usize, text: &str) {
        let printed = escape(text);
        let before = self.before.get(line - 1).copied().unwrap_or_default();
        if printed != text && !before.contains(&printed) {
            self.say(line, column, format!("`{text}` is printed as `{printed}`"));
        }
    }

    fn definition(&mut self, definition: &Definition, other: &Definition) {
        let (line, column) = (definition.line, definition.column);
        if definition.mark != other.mark
            || without_blanks(&definition.text) != without_blanks(&other.text)
        {
            let message = format!("definition is printed as `[{}] {}`", other.mark, other.text);
            return self.say(line, column, message);
        }
        let (before, after) = ((line, definition.end_line), (other.line, other.end_line));
        self.lines(before, after, column);
    }

    /// Says so where lines differ in anything that the parser does not see, such as a backslash.
    fn lines(&mut self, before: (usize, usize), after: (usize, usize), column: usize) {
        let text = |lines: &[&str], (first, last): (usize, usize)| {
            let lines = lines.get(first - 1..last).unwrap_or_default();
            without_blanks(&lines.concat()).trim_matches('|').to_owned()
        };
        if text(&self.before, before) != text(&self.after, after) {
            let printed = self.after.get(after.0 - 1..after.1).unwrap_or_default();
            let printed: Vec<&str> = printed.iter().map(|line| line.trim()).collect();
            let message = format!("is printed as `{}`", printed.join(" "));
            self.say(before.0, column, message);
        }
    }
}

fn n_numbers(row: &Row) -> usize {
    row.cells.iter().filter(|cell| cell.value.is_some()).count()
}

fn texts(marks: &[Mark]) -> Vec<&str> {
    marks.iter().map(|mark| mark.text.as_str()).collect()
}

fn brackets(marks: &[Mark]) -> String {
    let marks: Vec<String> = marks
        .iter()
        .map(|mark| format!("[{}]", mark.text))
        .collect();
    marks.concat()
}
