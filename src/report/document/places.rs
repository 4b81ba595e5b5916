//! Which tables a document has placed so far, and the numbers of their notes.

use crate::report::footnote::Numbering;
use crate::report::render::markdown;
use crate::report::spec::FootnoteStyle;
use crate::report::table::Table;
use crate::source::{backticked, nearest};

/// The tables of a document while it is rendered.
pub(super) struct Places {
    tables: Vec<Table>,
    numbering: Numbering,
    /// Indices of placed tables, by first place.
    order: Vec<usize>,
    /// Indices of tables whose references are placed.
    referenced: Vec<usize>,
}

impl Places {
    /// No table is placed yet.
    pub(super) fn new(tables: &[Table]) -> Self {
        Self {
            numbering: Numbering::new(tables.iter().flat_map(Table::pinned)),
            tables: tables.to_vec(),
            order: Vec::new(),
            referenced: Vec::new(),
        }
    }

    /// Places a table.
    pub(super) fn table(&mut self, name: &str) -> Result<&Table, String> {
        let index = self.number(name)?;
        if !self.order.contains(&index) {
            self.order.push(index);
        }
        Ok(&self.tables[index])
    }

    /// Places the definitions of a table's marks.
    pub(super) fn references(&mut self, name: &str) -> Result<String, String> {
        let index = self.number(name)?;
        self.referenced.push(index);
        Ok(markdown::references(&self.tables[index]))
    }

    /// The index of a table, its notes numbered.
    fn number(&mut self, name: &str) -> Result<usize, String> {
        let Some(index) = self.tables.iter().position(|table| table.name == name) else {
            let names: Vec<&str> = self
                .tables
                .iter()
                .map(|table| table.name.as_str())
                .collect();
            let help = match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("expected one of {}", backticked(&names)),
            };
            return Err(format!("unknown table `{name}`\nhelp: {help}"));
        };
        let numbered = self.tables[index].number_notes(&mut self.numbering);
        numbered.map(|()| index).map_err(|error| error.to_string())
    }

    /// What stands between markers: the table, then its references.
    pub(super) fn block(&mut self, name: &str, to_root: &str) -> Result<String, String> {
        let table = markdown::table(self.table(name)?, to_root);
        let references = self.references(name)?;
        Ok(if references.is_empty() {
            format!("\n{table}\n")
        } else {
            format!("\n{table}\n{references}\n")
        })
    }

    /// The first table whose marks have no definitions.
    pub(super) fn without_references(&self) -> Option<String> {
        let missing = |index: &&usize| {
            let table = &self.tables[**index];
            let has_notes = table.rows.iter().any(|row| !row.notes.is_empty());
            has_notes && table.style != FootnoteStyle::Link && !self.referenced.contains(index)
        };
        self.order
            .iter()
            .find(missing)
            .map(|index| self.tables[*index].name.clone())
    }

    /// The placed tables, in the order of their places.
    pub(super) fn placed(&self) -> Vec<Table> {
        self.order
            .iter()
            .map(|index| self.tables[*index].clone())
            .collect()
    }
}
