//! Definitions that no row marks: the table that each belongs to, and the run that two of them may be about.

use std::collections::BTreeMap;

use super::Remark;
use super::definition::{hyper_parameters, kind, number, path};
use super::plan::{Planner, fixed};
use crate::document::{Definition, Mark, Resolved, Table};
use crate::report::spec::{FixedNote, FootnoteKind};

impl Planner<'_> {
    /// Places a definition that no row marks, together with the next where both say where one run is;
    /// returns how many.
    pub(super) fn unmarked(&mut self, idx: usize) -> usize {
        let definition = &self.document.definitions[idx];
        let Some((owner, mark)) = self.owner(definition) else {
            let message = format!(
                "definition [{}] belongs to no table, it stays in the template as it is",
                definition.mark
            );
            let remark = Remark::new(definition.line, definition.column, message);
            self.plan.remarks.push(remark);
            return 1;
        };
        let name = self.plan.specs[owner].name.clone();
        let pair = self.partner(idx, owner);
        let mut group = vec![(mark, idx)];
        group.extend(pair.map(|mark| (mark, idx + 1)));
        let definitions: Vec<&Definition> = (group.iter())
            .map(|(_, idx)| &self.document.definitions[*idx])
            .collect();
        let has_run = definitions
            .iter()
            .any(|found| path(found).is_some() || hyper_parameters(found).is_some());
        let run = has_run.then(|| self.run(&format!("note-{mark}"), &definitions, BTreeMap::new()));
        for (mark, idx) in &group {
            let definition = &self.document.definitions[*idx];
            let of_run = run
                .as_ref()
                .map(|(run, record)| (run, kind(definition, run, record)));
            let note = match of_run {
                Some((run, kind)) if kind != FootnoteKind::Fixed => FixedNote {
                    mark: *mark,
                    text: None,
                    run: Some(run.cited()),
                    footnote: Some(kind),
                },
                _ => fixed(*mark, definition),
            };
            self.plan.specs[owner].notes.push(note);
            self.place(&name, *mark, *idx);
        }
        self.plan.runs.extend(run);
        group.len()
    }

    /// The table that a definition without marks belongs to, and its number there: the table of a cell that
    /// marks it, one whose scope it lies in, the last one before it, the first.
    fn owner(&self, definition: &Definition) -> Option<(usize, u32)> {
        let n = self.tables.len();
        let marks_it = |table: &Table| {
            let mut marks = table.rows.iter().flat_map(|row| row.all_marks());
            let is_it = |mark: &Mark| match self.document.resolve(table, &mark.text) {
                Resolved::One(found) => std::ptr::eq(found, definition),
                _ => false,
            };
            marks.any(is_it)
        };
        let in_scope = |table: &Table| self.document.scope(table) == Some(definition.block);
        let by_mark = (0..n).filter(|idx| marks_it(self.tables[*idx]));
        let by_scope = (0..n).filter(|idx| in_scope(self.tables[*idx]));
        let before = (0..n).rfind(|idx| self.tables[*idx].line < definition.line);
        let mut candidates = by_mark.chain(by_scope).chain(before).chain(0..n);
        candidates.find_map(|idx| Some((idx, self.free_number(idx, definition)?)))
    }

    /// The number of a definition in a table that does not use it yet.
    fn free_number(&self, owner: usize, definition: &Definition) -> Option<u32> {
        let spec = &self.plan.specs[owner];
        let number = number(spec.footnote_style, &definition.mark)?;
        let is_taken = self.plan.texts.contains_key(&(spec.name.clone(), number));
        (!is_taken).then_some(number)
    }

    /// The number of the next definition, where this one holds a path and that one a record, or the reverse.
    fn partner(&self, idx: usize, owner: usize) -> Option<u32> {
        let this = &self.document.definitions[idx];
        let next = self.document.definitions.get(idx + 1)?;
        let complements = |a: &Definition, b: &Definition| {
            path(a).is_some()
                && a.records.is_empty()
                && b.paths.is_empty()
                && hyper_parameters(b).is_some()
        };
        let are_one_run = complements(this, next) || complements(next, this);
        let (found, mark) = self.owner(next).filter(|_| are_one_run)?;
        let is_free = found == owner && !self.placed.contains(&(idx + 1));
        (is_free && next.mark != this.mark).then_some(mark)
    }
}
