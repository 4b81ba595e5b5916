//! Which definition a mark means.
//!
//! Numbers are unique per document in some documents, per section in others. A table's scope is the nearest
//! block of definitions after it under a heading of the same or a deeper level; where there is none, the
//! nearest before it. A mark that its table's scope lacks means a definition elsewhere in the document,
//! unless that one is used by a table in whose scope it lies: then it is somebody else's number.

use super::{Definition, Document, Row, Table};

/// What a mark of a table resolves to.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved<'d> {
    /// No definition in scope.
    Missing,
    /// One definition, or several that say the same.
    One(&'d Definition),
    /// Definitions in one scope that say different things, in the order of the text.
    Ambiguous(Vec<&'d Definition>),
}

impl Document {
    /// The definition that `mark` means in a row of `table`.
    pub fn resolve(&self, table: &Table, mark: &str) -> Resolved<'_> {
        let named = || self.definitions.iter().filter(|found| found.mark == mark);
        let scope = self.scope(table);
        let mut candidates: Vec<&Definition> =
            named().filter(|found| Some(found.block) == scope).collect();
        if candidates.is_empty() {
            candidates = named().filter(|found| !self.is_claimed(found)).collect();
        }
        match candidates.split_first() {
            None => Resolved::Missing,
            Some((first, rest)) if rest.iter().all(|other| other.text == first.text) => {
                Resolved::One(first)
            }
            Some(_) => Resolved::Ambiguous(candidates),
        }
    }

    /// The block of definitions that the marks of a table mean first.
    pub fn scope(&self, table: &Table) -> Option<usize> {
        let level = self.level(table.heading);
        let follows =
            |found: &&Definition| found.line > table.line && self.level(found.heading) >= level;
        let precedes = |found: &&Definition| found.line < table.line;
        let after = self.definitions.iter().find(follows);
        let before = || self.definitions.iter().rev().find(precedes);
        after.or_else(before).map(|found| found.block)
    }

    /// Whether a table in whose scope a definition lies uses its mark.
    fn is_claimed(&self, definition: &Definition) -> bool {
        self.tables.iter().any(|table| {
            let marks = || table.rows.iter().flat_map(Row::all_marks);
            marks().any(|mark| mark.text == definition.mark)
                && self.scope(table) == Some(definition.block)
        })
    }

    fn level(&self, heading: Option<usize>) -> usize {
        heading.map_or(0, |idx| self.headings[idx].level)
    }
}
