//! Rows that only blank lines part from their table: they are rows of it.

use super::Remark;
use crate::document::{Document, Table};

/// The document with such rows in the table above them, and where they stood.
pub(super) fn joined(mut document: Document) -> (Document, Vec<Remark>) {
    let mut remarks = Vec::new();
    let mut tables: Vec<Table> = Vec::new();
    for table in std::mem::take(&mut document.tables) {
        match tables.last_mut() {
            Some(above) if table.continues && table.header.is_none() && above.header.is_some() => {
                let message = "rows below a blank line are printed with the table above";
                remarks.push(Remark::new(table.line, 1, message));
                above.rows.extend(table.rows);
                above.dividers.extend(table.dividers);
                above.separators.extend(table.separators);
                above.end_line = table.end_line;
            }
            _ => tables.push(table),
        }
    }
    document.tables = tables;
    (document, remarks)
}
