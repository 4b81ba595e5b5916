//! Which definition a mark means.
//!
//! Numbers are unique per document in some documents, per section in others. A table's scope is the nearest
//! block of definitions after it under a heading of the same or a deeper level; where there is none, the
//! nearest before it. A mark that its table's scope lacks means a definition elsewhere in the document,
//! unless that one is used by a table in whose scope it lies: then it is somebody else's number.
//!
//! Documents may have ten thousand rows and definitions, so all this is looked up in an [`Index`].

use std::collections::{HashMap, HashSet};

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

/// Where definitions are, by mark and by level of their headings. All lists are in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Index {
    /// Per level, the definitions under headings of that level or a deeper one.
    by_level: Vec<Vec<usize>>,
    /// The definitions of each mark in each block.
    in_block: HashMap<String, HashMap<usize, Vec<usize>>>,
    /// The definitions of each mark that no table uses in whose scope they lie.
    unclaimed: HashMap<String, Vec<usize>>,
}

impl Document {
    /// The definition that `mark` means in a row of `table`.
    pub fn resolve(&self, table: &Table, mark: &str) -> Resolved<'_> {
        let scope = self.scope(table);
        let in_scope = scope.and_then(|block| self.index.in_block.get(mark)?.get(&block));
        let candidates = in_scope.or_else(|| self.index.unclaimed.get(mark));
        let mut candidates = candidates
            .into_iter()
            .flatten()
            .map(|&idx| &self.definitions[idx]);
        let Some(first) = candidates.next() else {
            return Resolved::Missing;
        };
        let rest: Vec<&Definition> = candidates.collect();
        if rest.iter().all(|other| other.text == first.text) {
            return Resolved::One(first);
        }
        Resolved::Ambiguous([first].into_iter().chain(rest).collect())
    }

    /// The block of definitions that the marks of a table mean first.
    pub fn scope(&self, table: &Table) -> Option<usize> {
        let level = self.level(table.heading);
        let line_of = |idx: usize| self.definitions[idx].line;
        let of_level = self
            .index
            .by_level
            .get(level)
            .map_or(&[][..], Vec::as_slice);
        let after = of_level.partition_point(|&idx| line_of(idx) <= table.line);
        let before = self
            .definitions
            .partition_point(|found| found.line < table.line);
        let found = match of_level.get(after) {
            Some(&idx) => idx,
            None => before.checked_sub(1)?,
        };
        Some(self.definitions[found].block)
    }

    /// Makes the index of the definitions, once all are known.
    pub(super) fn index(&mut self) {
        let deepest = self.headings.iter().map(|heading| heading.level).max();
        let mut index = Index {
            by_level: vec![Vec::new(); deepest.unwrap_or(0) + 1],
            ..Index::default()
        };
        for (idx, definition) in self.definitions.iter().enumerate() {
            for list in &mut index.by_level[..=self.level(definition.heading)] {
                list.push(idx);
            }
            let blocks = index.in_block.entry(definition.mark.clone()).or_default();
            blocks.entry(definition.block).or_default().push(idx);
        }
        self.index = index;
        let unclaimed = self.unclaimed();
        self.index.unclaimed = unclaimed;
    }

    fn unclaimed(&self) -> HashMap<String, Vec<usize>> {
        let mut claims: HashSet<(usize, &str)> = HashSet::new();
        for table in &self.tables {
            if let Some(block) = self.scope(table) {
                let marks = table.rows.iter().flat_map(Row::all_marks);
                claims.extend(marks.map(|mark| (block, mark.text.as_str())));
            }
        }
        let mut unclaimed: HashMap<String, Vec<usize>> = HashMap::new();
        for (idx, definition) in self.definitions.iter().enumerate() {
            if !claims.contains(&(definition.block, definition.mark.as_str())) {
                let list = unclaimed.entry(definition.mark.clone()).or_default();
                list.push(idx);
            }
        }
        unclaimed
    }

    fn level(&self, heading: Option<usize>) -> usize {
        heading.map_or(0, |idx| self.headings[idx].level)
    }
}
