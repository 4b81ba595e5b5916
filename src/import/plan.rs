//! From a parsed document to runs, table specs, and the lines that calls stand for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Remark;
use super::columns::columns;
use super::definition::{hyper_parameters, kind, number, path};
use super::name::{Names, path_part};
use super::run::{plain, record, reported};
use super::template::Replaced;
use crate::document::{Definition, Document, Mark, Resolved, Table};
use crate::record::RunRecord;
use crate::report::spec::{
    EpochRule, FixedNote, FootnoteKind, FootnoteStyle, LABEL_HEADER, NumberingScope, Row, TableSpec,
};
use crate::store::RunId;

/// The folder of imported runs below the results root.
const REPORTED: &str = "reported";

/// Everything but texts.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Table specs, in the order of the text.
    pub(super) specs: Vec<TableSpec>,
    /// Runs, in the order of the text.
    pub(super) runs: Vec<(RunId, RunRecord)>,
    /// Lines that calls stand for.
    pub(super) replaced: Vec<Replaced>,
    /// What was given up already.
    pub(super) remarks: Vec<Remark>,
    /// The text of the definition behind each mark of each table.
    pub(super) texts: BTreeMap<(String, u32), String>,
}

/// The plan while it grows.
pub(super) struct Planner<'d> {
    pub(super) document: &'d Document,
    stem: &'d str,
    path: &'d str,
    names: Names,
    pub(super) plan: Plan,
    /// The parsed table of each spec.
    pub(super) tables: Vec<&'d Table>,
    /// Indices of definitions that have a place in a table.
    pub(super) placed: BTreeSet<usize>,
    /// Indices of definitions by the lines that they begin at.
    by_line: BTreeMap<usize, usize>,
}

/// Plans the import of `document`, which lies at `path` and whose runs lie below `stem`.
pub(super) fn plan(document: &Document, stem: &str, path: &str) -> Plan {
    let mut planner = Planner {
        document,
        stem,
        path,
        names: Names::default(),
        plan: Plan::default(),
        tables: Vec::new(),
        placed: BTreeSet::new(),
        by_line: (document.definitions.iter().zip(0..))
            .map(|(definition, idx)| (definition.line, idx))
            .collect(),
    };
    for table in &document.tables {
        match &table.header {
            Some(header) if header.len() > 1 && !table.rows.is_empty() => planner.table(table),
            _ => planner.keep(table),
        }
    }
    let mut idx = 0;
    while idx < document.definitions.len() {
        idx += if planner.placed.contains(&idx) {
            1
        } else {
            planner.unmarked(idx)
        };
    }
    for unparsed in &document.unparsed {
        let message = "not understood, it stays in the template as it is";
        let remark = Remark::new(unparsed.line, unparsed.column, message);
        planner.plan.remarks.push(remark);
    }
    planner.plan.replaced.sort_by_key(|replaced| replaced.first);
    planner.plan
}

/// Makes a table's note with this number one that says what the definition says, for every row that carries it.
pub(super) fn fix_note(spec: &mut TableSpec, mark: u32, texts: &BTreeMap<(String, u32), String>) {
    let default = spec.footnotes.clone();
    for row in &mut spec.rows {
        let marks = row.marks.as_deref().unwrap_or_default();
        let footnotes = row.footnotes.get_or_insert_with(|| default.clone());
        for (kind, _) in footnotes
            .iter_mut()
            .zip(marks)
            .filter(|(_, at)| **at == mark)
        {
            *kind = FootnoteKind::Fixed;
        }
    }
    spec.notes.retain(|note| note.mark != mark);
    let text = texts.get(&(spec.name.clone(), mark)).cloned();
    spec.notes.push(FixedNote {
        mark,
        text: Some(text.unwrap_or_default()),
        run: None,
        footnote: None,
    });
}

impl<'d> Planner<'d> {
    /// A table that cannot be made from a spec stays in the template.
    fn keep(&mut self, table: &Table) {
        let cells = table.rows.iter().flat_map(|row| &row.cells);
        let n = cells.filter(|cell| cell.value.is_some()).count();
        let what = match (&table.header, n) {
            (Some(_), _) => "table without rows or columns".to_owned(),
            (None, 1) => "rows without a header, 1 number".to_owned(),
            (None, n) => format!("rows without a header, {n} numbers"),
        };
        self.plan.remarks.push(Remark {
            lost_numbers: n,
            ..Remark::new(
                table.line,
                1,
                format!("{what}: stays in the template as it is"),
            )
        });
    }

    fn table(&mut self, table: &'d Table) {
        let n = self.plan.specs.len() + 1;
        let name = match n {
            1 => self.stem.to_owned(),
            n => format!("{}-{n}", self.stem),
        };
        let columns = columns(table, &mut self.plan.remarks);
        let label_header = table.header.as_ref().and_then(|header| header.first());
        let label_header = label_header.map(|title| title.text.clone());
        let mut spec = TableSpec {
            name: name.clone(),
            path: format!("tables/{name}.toml").into(),
            heading: table.section.last().unwrap_or(&name).clone(),
            runs: BTreeMap::new(),
            factors: Vec::new(),
            epoch: EpochRule::Undeclared,
            spread: Default::default(),
            interval: Default::default(),
            footnotes: Vec::new(),
            footnote_style: self.style(table),
            numbering: NumberingScope::Document,
            notes: Vec::new(),
            label_header: label_header
                .filter(|title| !title.is_empty())
                .unwrap_or_else(|| LABEL_HEADER.to_owned()),
            columns,
            rows: Vec::new(),
            label_grammar: None,
            derived_from: None,
            rounding: Default::default(),
            tolerance: None,
        };
        for row in &table.rows {
            self.row(table, row, &mut spec);
        }
        spec.footnotes = most_frequent(&spec.rows);
        self.plan.replaced.push(Replaced {
            first: table.line,
            last: table.end_line,
            call: format!("table(\"{name}\")"),
        });
        self.tables.push(table);
        self.plan.specs.push(spec);
    }

    /// Marks are written as the first one is.
    fn style(&self, table: &Table) -> FootnoteStyle {
        let marks = table.rows.iter().flat_map(|row| row.all_marks());
        let of_rows = marks.map(|mark| mark.text.as_str()).next();
        let scope = self.document.scope(table);
        let mut definitions = self.document.definitions.iter();
        let of_scope = definitions
            .find(|definition| Some(definition.block) == scope)
            .map(|definition| definition.mark.as_str());
        match of_rows.or(of_scope) {
            Some(mark) if mark.starts_with('^') => FootnoteStyle::Gfm,
            _ => FootnoteStyle::Reference,
        }
    }

    fn row(&mut self, table: &Table, row: &crate::document::Row, spec: &mut TableSpec) {
        let resolve = |mark: &Mark| self.resolve(table, mark, spec.footnote_style);
        let marked: Vec<(u32, usize)> = row.marks.iter().filter_map(resolve).collect();
        let reported = reported(&row.cells, &spec.columns);
        let mut planned = Row {
            line: 0,
            label: plain(&row.label).to_owned(),
            filter: BTreeMap::new(),
            marks: None,
            footnotes: Some(Vec::new()),
            planned: reported.is_empty() && marked.is_empty(),
            quoted: None,
            expected_empty: Vec::new(),
            discarded: Vec::new(),
        };
        if !planned.planned {
            let definitions: Vec<&Definition> = (marked.iter())
                .map(|(_, idx)| &self.document.definitions[*idx])
                .collect();
            let part = path_part(&row.label, &format!("row-{}", spec.rows.len() + 1));
            let (run, record) = self.run(&part, &definitions, reported);
            let kinds = definitions.iter().map(|found| kind(found, &run, &record));
            planned.footnotes = Some(kinds.collect());
            let cited = Value::from(run.cited());
            planned.filter.insert("run".to_owned(), cited);
            self.plan.runs.push((run, record));
        }
        for ((mark, idx), kind) in marked.iter().zip(planned.footnotes.iter().flatten()) {
            self.place(&spec.name, *mark, *idx);
            let is_new = spec.notes.iter().all(|note| note.mark != *mark);
            if *kind == FootnoteKind::Fixed && is_new {
                spec.notes
                    .push(fixed(*mark, &self.document.definitions[*idx]));
            }
        }
        if !marked.is_empty() {
            planned.marks = Some(marked.iter().map(|(mark, _)| *mark).collect());
        }
        spec.rows.push(planned);
    }

    /// The number of a mark and the index of its definition; a mark without either is not printed, which the
    /// comparison with the document will say.
    fn resolve(&self, table: &Table, mark: &Mark, style: FootnoteStyle) -> Option<(u32, usize)> {
        let number = number(style, &mark.text).filter(|_| mark.target.is_none())?;
        let found = match self.document.resolve(table, &mark.text) {
            Resolved::Missing => return None,
            Resolved::One(definition) => definition,
            Resolved::Ambiguous(several) => several.first().copied()?,
        };
        Some((number, *self.by_line.get(&found.line)?))
    }

    /// A run below the document's folder that holds what the definitions say.
    pub(super) fn run(
        &mut self,
        part: &str,
        definitions: &[&Definition],
        reported: BTreeMap<String, String>,
    ) -> (RunId, RunRecord) {
        let part = self.names.give(part);
        let run: RunId = format!("{REPORTED}/{}/{part}", self.stem)
            .parse()
            .expect("the parts of the path are plain");
        let cited = definitions.iter().find_map(|found| path(found));
        let values = definitions.iter().find_map(|found| hyper_parameters(found));
        let record = record(&run, self.path, cited, values.unwrap_or_default(), reported);
        (run, record)
    }

    /// The definition's lines stand for a note of this table, unless another table has them.
    pub(super) fn place(&mut self, table: &str, mark: u32, idx: usize) {
        let definition = &self.document.definitions[idx];
        self.plan
            .texts
            .insert((table.to_owned(), mark), definition.text.clone());
        if self.placed.insert(idx) {
            self.plan.replaced.push(Replaced {
                first: definition.line,
                last: definition.end_line,
                call: format!("note(\"{table}\", {mark})"),
            });
        }
    }
}

/// A note with the definition's own text.
pub(super) fn fixed(mark: u32, definition: &Definition) -> FixedNote {
    FixedNote {
        mark,
        text: Some(definition.text.clone()),
        run: None,
        footnote: None,
    }
}

/// The footnotes that most rows have, rows without any apart; the first on ties.
fn most_frequent(rows: &[Row]) -> Vec<FootnoteKind> {
    let lists = || rows.iter().filter_map(|row| row.footnotes.as_ref());
    let count = |list: &Vec<FootnoteKind>| lists().filter(|other| *other == list).count();
    let with_notes = lists().filter(|list| !list.is_empty());
    let mut best: Option<&Vec<FootnoteKind>> = None;
    for list in with_notes {
        if best.is_none_or(|best| count(list) > count(best)) {
            best = Some(list);
        }
    }
    best.cloned().unwrap_or_default()
}
