//! Which tables a document has placed so far, and the numbers of their notes.

use std::collections::BTreeSet;

use crate::report::footnote::{Numbering, definition_text};
use crate::report::render::markdown;
use crate::report::spec::{FootnoteStyle, NumberingScope};
use crate::report::table::{Note, Table};
use crate::source::{backticked, nearest};

/// The tables of a document while it is rendered.
pub(super) struct Places {
    tables: Vec<Table>,
    numbering: Numbering,
    /// Indices of placed tables, by first place.
    order: Vec<usize>,
    /// Indices of tables whose references are placed.
    referenced: Vec<usize>,
    /// Indices of tables whose notes have their numbers.
    numbered: BTreeSet<usize>,
    /// Single definitions that are placed: the table that was named, and the mark.
    defined: BTreeSet<(usize, u32)>,
    /// The same as what they say, which other tables may share.
    said: BTreeSet<(u32, String)>,
}

/// Marks of a placed table that would be left without definition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undefined {
    /// All of them.
    Table(String),
    /// One of them, while others were placed one by one.
    Mark(String, u32),
}

impl Places {
    /// No table is placed yet.
    pub(super) fn new(tables: &[Table]) -> Self {
        Self {
            numbering: Numbering::new(pinned_in_document(tables)),
            tables: tables.to_vec(),
            order: Vec::new(),
            referenced: Vec::new(),
            numbered: BTreeSet::new(),
            defined: BTreeSet::new(),
            said: BTreeSet::new(),
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
        if let Some(mark) = self.first_defined(index) {
            return Err(twice(name, mark));
        }
        self.referenced.push(index);
        Ok(markdown::references(&self.tables[index]))
    }

    /// Places one definition of a table.
    pub(super) fn note(&mut self, name: &str, mark: u32) -> Result<String, String> {
        let index = self.number(name)?;
        if self.referenced.contains(&index) || self.defined.contains(&(index, mark)) {
            return Err(twice(name, mark));
        }
        let table = &self.tables[index];
        let found = table.notes().find(|note| note.mark == mark);
        let text = |note: &Note| definition_text(table.style, mark, &note.text);
        match found.and_then(|note| Some((text(note)?, note.text.clone()))) {
            Some((text, said)) => {
                self.defined.insert((index, mark));
                self.said.insert((mark, said));
                Ok(text)
            }
            None => {
                let mut marks: Vec<u32> = table.notes().map(|note| note.mark).collect();
                marks.sort_unstable();
                marks.dedup();
                let marks: Vec<String> = marks.iter().map(u32::to_string).collect();
                let help = match marks.as_slice() {
                    [] => "it has no notes".to_owned(),
                    marks => format!("expected one of {}", backticked(marks)),
                };
                Err(format!("table `{name}` has no note {mark}\nhelp: {help}"))
            }
        }
    }

    /// Whether a note of a table is placed, be it as that of another table which says the same.
    fn is_defined(&self, index: usize, note: &Note) -> bool {
        self.referenced.contains(&index)
            || self.defined.contains(&(index, note.mark))
            || self.said.contains(&(note.mark, note.text.clone()))
    }

    /// A definition of a table that was placed by itself.
    fn first_defined(&self, index: usize) -> Option<u32> {
        let mut of_table = self.defined.range((index, 0)..=(index, u32::MAX));
        of_table.next().map(|(_, mark)| *mark)
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
        if !self.numbered.contains(&index) {
            let numbered = self.tables[index].number_notes(&mut self.numbering);
            numbered.map_err(|error| error.to_string())?;
            self.numbered.insert(index);
        }
        Ok(index)
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

    /// The first marks without a definition.
    pub(super) fn undefined(&self) -> Option<Undefined> {
        let missing = |index: &usize| {
            let table = &self.tables[*index];
            let mut notes = table.notes().filter(|_| table.style != FootnoteStyle::Link);
            let mark = notes.find(|note| !self.is_defined(*index, note))?.mark;
            let name = table.name.clone();
            Some(if self.first_defined(*index).is_some() {
                Undefined::Mark(name, mark)
            } else {
                Undefined::Table(name)
            })
        };
        self.order.iter().find_map(missing)
    }

    /// The placed tables, in the order of their places.
    pub(super) fn placed(&self) -> Vec<Table> {
        self.order
            .iter()
            .map(|index| self.tables[*index].clone())
            .collect()
    }
}

/// The pinned numbers that tables without numbering of their own must pass over.
pub(super) fn pinned_in_document(tables: &[Table]) -> impl Iterator<Item = u32> + '_ {
    let shared = |table: &&Table| table.numbering == NumberingScope::Document;
    tables.iter().filter(shared).flat_map(Table::pinned)
}

fn twice(name: &str, mark: u32) -> String {
    format!("note {mark} of table `{name}` is placed twice")
}
