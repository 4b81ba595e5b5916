//! The join of a document with specs and runs: table → spec, column → metric, row → definitions → runs.
//!
//! The parser knows no run and no spec, the specs know no text; only this module knows both.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::document::{Cell, Definition, Document, Mark, Resolved, Row, Table};
use crate::record::{Kind, RunRecord};
use crate::report::spec::{Column, Filter, TableSpec};
use crate::report::{matches, meets};
use crate::store::{RECORD, RunId};

use super::Inputs;
use super::citation::{Citation, citations};
use super::evidence::{NO_RESULTS, RunFiles, RunState, Runs, read};
use super::reading::header::Meaning;

/// A document with what its tables and rows mean.
#[derive(Debug)]
pub struct Bound<'d> {
    /// The document.
    pub document: &'d Document,
    /// Its tables, in the order of the text.
    pub tables: Vec<BoundTable<'d>>,
    /// Every cited run.
    pub runs: Runs,
    /// Every record that the document prints, in the order of the text.
    pub citations: Vec<Citation<'d>>,
}

/// A table, and the spec it was made from.
#[derive(Debug)]
pub struct BoundTable<'d> {
    /// The table.
    pub table: &'d Table,
    /// The spec whose headers it has.
    pub spec: Option<&'d TableSpec>,
    /// What its header cells say, that of the labels included; none without a header.
    pub meanings: Vec<Meaning>,
    /// Its rows.
    pub rows: Vec<BoundRow<'d>>,
    /// The runs that the spec's notes are about and that measured nothing, with the numbers of the notes.
    pub noted: Vec<(u32, RunId)>,
}

/// A row, and what its marks lead to.
#[derive(Debug)]
pub struct BoundRow<'d> {
    /// The row.
    pub row: &'d Row,
    /// The spec's row with its label.
    pub spec: Option<&'d crate::report::spec::Row>,
    /// Its marks, then those of its cells, and what each resolves to.
    pub marks: Vec<(&'d Mark, Resolved<'d>)>,
    /// The definitions that the row's own marks mean.
    pub definitions: Vec<&'d Definition>,
    /// The runs that its own marks lead to, in their order.
    pub runs: Vec<RunId>,
    /// The run that the spec's row names and that was read from a document.
    pub reported: Option<RunId>,
    /// The run that the spec's row names and that cannot be used, where the row's own marks do not lead to it.
    pub unusable: Option<RunId>,
}

impl Table {
    /// The innermost heading it lies under, by which findings name it.
    pub(super) fn name(&self) -> &str {
        self.section.last().map_or("", String::as_str)
    }
}

impl<'d> BoundTable<'d> {
    /// What the header says of the cells at this index behind the label.
    pub fn meaning(&self, cell_idx: usize) -> Option<&Meaning> {
        self.meanings.get(cell_idx + 1)
    }

    /// Whether the cells at this index behind the label hold results: the spec or the header says so.
    pub fn is_metric(&self, cell_idx: usize) -> bool {
        let header = self.table.header.as_ref();
        let name = header.and_then(|header| header.get(cell_idx + 1));
        let is_of_spec = name.is_some_and(|name| self.column(&name.text).is_some());
        let named = |meaning: &Meaning| meaning.quantity.is_some();
        is_of_spec || self.meaning(cell_idx).is_some_and(named)
    }

    /// Whether any of its columns holds results for sure.
    pub fn has_metrics(&self) -> bool {
        (0..self.meanings.len()).any(|idx| self.is_metric(idx))
    }

    /// Its last line.
    pub fn last_line(&self) -> usize {
        // A separator follows the header.
        let header = self.table.header.as_ref().map(|_| self.table.line + 1);
        let last_row = self.rows.last().map(|row| row.row.line);
        last_row.max(header).unwrap_or(self.table.line)
    }

    /// The spec's column with this header.
    pub fn column(&self, header: &str) -> Option<&'d Column> {
        let columns = &self.spec?.columns;
        columns
            .iter()
            .find(|column| same_words(&column.header, header))
    }
}

impl BoundRow<'_> {
    /// Number of its cells that hold a number.
    pub fn n_numeric(&self) -> usize {
        let cells = self.row.cells.iter();
        cells.filter(|cell| cell.value.is_some()).count()
    }

    /// [`Self::n_numeric`] in words.
    pub fn numbers(&self) -> String {
        match self.n_numeric() {
            1 => "1 number".to_owned(),
            n => format!("{n} numbers"),
        }
    }

    /// Whether the row's numbers are said to be somebody else's.
    pub fn is_quoted(&self) -> bool {
        let by_definition = self
            .definitions
            .iter()
            .any(|definition| definition.kind == crate::document::Kind::Quoted);
        by_definition || self.spec.is_some_and(|row| row.quoted.is_some())
    }

    /// A run that the marks of a cell lead to and those of the row do not.
    pub fn run_of_cell_alone(&self, cell: &Cell) -> Option<RunId> {
        let of_cell = self
            .marks
            .iter()
            .filter(|(mark, _)| cell.marks.contains(mark));
        let mut runs = of_cell.flat_map(|(mark, resolved)| runs_behind(mark, resolved));
        runs.find(|run| !self.runs.contains(run))
    }

    /// A run that does not fulfil the conditions of the table or of the row's label, and the one it fails.
    pub fn mistaken_run<'b>(
        &'b self,
        spec: &'b TableSpec,
        runs: &Runs,
    ) -> Option<(&'b RunId, &'b str, &'b Value)> {
        let row = self.spec?;
        if self.reported.is_some() {
            // Its marks cite what the document cited, not the run that it was read into.
            return None;
        }
        self.runs.iter().find_map(|run| {
            let Some(RunState::Present(files)) = runs.get(run) else {
                return None;
            };
            let unmet = |filter| unmet(filter, run, &files.record);
            let (key, wanted) = unmet(&spec.runs).or_else(|| unmet(&row.filter))?;
            Some((run, key, wanted))
        })
    }

    /// Its runs with their files, or why they cannot be used.
    pub fn files<'r>(&self, runs: &'r Runs) -> Result<Vec<(&'r RunId, &'r RunFiles)>, String> {
        if let Some(run) = &self.unusable {
            return Err(format!("run `{run}` cannot be used"));
        }
        if self.runs.is_empty() {
            return Err("no run is cited".to_owned());
        }
        let usable = |run: &RunId| match runs.get_key_value(run) {
            Some((_, RunState::Present(files))) if !files.altered.is_empty() => {
                Err(format!("run `{run}` was altered"))
            }
            Some((run, RunState::Present(files))) => Ok((run, &**files)),
            Some((_, RunState::Unknown)) => Err(NO_RESULTS.to_owned()),
            Some((_, RunState::Unfinished(status))) => Err(format!("run `{run}` is {status}")),
            Some((_, RunState::Unreadable(_))) => Err(format!("run `{run}` cannot be read")),
            Some((_, RunState::Missing)) | None => Err(format!("run `{run}` is not there")),
        };
        self.runs.iter().map(usable).collect()
    }
}

/// Joins `document` with the specs and with the runs that it cites.
pub fn bind<'d>(document: &'d Document, inputs: &Inputs<'d>) -> Bound<'d> {
    let mut runs = Runs::new();
    let locked = |run: &RunId| inputs.lock?.runs.get(run.as_str());
    let read = |run: &RunId| match inputs.read_runs {
        Some(runs) => runs.get_or(run.clone(), |run| read(inputs.store, run, locked(run))),
        None => read(inputs.store, run, locked(run)),
    };
    for definition in &document.definitions {
        for run in definition.paths.iter().filter_map(|path| cited_run(path)) {
            runs.entry(run).or_insert_with_key(read);
        }
    }
    let marks = document
        .tables
        .iter()
        .flat_map(|table| &table.rows)
        .flat_map(Row::all_marks);
    for run in marks.filter_map(|mark| cited_run(mark.target.as_ref()?)) {
        runs.entry(run).or_insert_with_key(read);
    }
    let tables = document
        .tables
        .iter()
        .map(|table| {
            let mut rows: Vec<BoundRow<'d>> = table
                .rows
                .iter()
                .map(|row| bind_row(document, table, row))
                .collect();
            let spec = spec_of(table, &rows, inputs.specs, &runs);
            if let Some(spec) = spec {
                assign_spec_rows(&mut rows, spec);
                for row in &mut rows {
                    bind_pinned(row, &read, &mut runs);
                }
            }
            let noted = spec.map(|spec| noted_runs(spec, &read, &mut runs));
            let header = table.header.iter().flatten();
            BoundTable {
                table,
                spec,
                meanings: header.map(|cell| Meaning::of(&cell.text)).collect(),
                rows,
                noted: noted.unwrap_or_default(),
            }
        })
        .collect::<Vec<_>>();
    Bound {
        document,
        citations: citations(document, &tables),
        tables,
        runs,
    }
}

/// Binds the run that a row's spec pins, where it was read from a document or cannot be used; kept with the
/// cited ones.
fn bind_pinned(row: &mut BoundRow<'_>, read: &impl Fn(&RunId) -> RunState, runs: &mut Runs) {
    let pinned = row.spec.and_then(|spec| spec.filter.get("run")?.as_str());
    let Some(run) = pinned.and_then(named_run) else {
        return;
    };
    let is_cited = row.runs.contains(&run);
    let state = runs.get(&run).cloned().unwrap_or_else(|| read(&run));
    match use_of(&state) {
        Use::Reported => row.reported = Some(run.clone()),
        Use::None if !is_cited => row.unusable = Some(run.clone()),
        Use::None | Use::Cited => return,
    }
    runs.entry(run).or_insert(state);
}

/// The runs that the notes of a spec are about, but for those that measured something: the document cites them.
fn noted_runs(
    spec: &TableSpec,
    read: &impl Fn(&RunId) -> RunState,
    runs: &mut Runs,
) -> Vec<(u32, RunId)> {
    let mut noted = Vec::new();
    for note in &spec.notes {
        let Some(run) = note.run.as_deref().and_then(named_run) else {
            continue;
        };
        let state = runs.get(&run).cloned().unwrap_or_else(|| read(&run));
        if !matches!(use_of(&state), Use::Cited) {
            noted.push((note.mark, run.clone()));
            runs.entry(run).or_insert(state);
        }
    }
    noted
}

/// The run that a spec names.
fn named_run(name: &str) -> Option<RunId> {
    RunId::from_cited(name).or_else(|| name.parse().ok())
}

/// What a run that a spec names is good for.
enum Use {
    /// The text of its cells.
    Reported,
    /// What it measured, for which the document has to cite it; also where nothing is known of it.
    Cited,
    /// Nothing.
    None,
}

fn use_of(state: &RunState) -> Use {
    match state {
        RunState::Present(files) if files.record.kind == Kind::Reported => Use::Reported,
        RunState::Present(files) if was_read(&files.record) => Use::None,
        RunState::Present(_) | RunState::Unknown => Use::Cited,
        RunState::Missing | RunState::Unreadable(_) | RunState::Unfinished(_) => Use::None,
    }
}

/// Whether a record holds what a document said, whatever kind it names.
pub fn was_read(record: &RunRecord) -> bool {
    record.reported.is_some() || record.cited.is_some()
}

fn bind_row<'d>(document: &'d Document, table: &Table, row: &'d Row) -> BoundRow<'d> {
    let mut bound = BoundRow {
        row,
        spec: None,
        marks: Vec::new(),
        definitions: Vec::new(),
        runs: Vec::new(),
        reported: None,
        unusable: None,
    };
    for mark in row.all_marks() {
        bound
            .marks
            .push((mark, document.resolve(table, &mark.text)));
    }
    for (mark, resolved) in &bound.marks[..row.marks.len()] {
        if let (None, Resolved::One(definition)) = (&mark.target, resolved) {
            bound.definitions.push(definition);
        }
        for run in runs_behind(mark, resolved) {
            if !bound.runs.contains(&run) {
                bound.runs.push(run);
            }
        }
    }
    bound
}

/// The runs that a mark leads to.
fn runs_behind(mark: &Mark, resolved: &Resolved<'_>) -> Vec<RunId> {
    let paths = match (&mark.target, resolved) {
        (Some(target), _) => std::slice::from_ref(target),
        (None, Resolved::One(definition)) => &definition.paths,
        (None, Resolved::Missing | Resolved::Ambiguous(_)) => &[],
    };
    paths.iter().filter_map(|path| cited_run(path)).collect()
}

/// The run that a path leads to: what follows `results/`, with or without the record's name.
pub fn cited_run(path: &str) -> Option<RunId> {
    let path = path.trim_end_matches('/');
    let folder = path
        .strip_suffix(RECORD)
        .and_then(|folder| folder.strip_suffix('/'))
        .unwrap_or(path);
    let below = match folder.rfind("/results/") {
        Some(at) => &folder[at + 1..],
        None => folder.strip_prefix("./").unwrap_or(folder),
    };
    RunId::from_cited(below)
}

/// The spec that a table was made from: same headers; of several, the one with the same heading, then the
/// one whose conditions most cited runs fulfil, then the one with most of the labels.
fn spec_of<'d>(
    table: &Table,
    rows: &[BoundRow<'_>],
    specs: &'d [TableSpec],
    runs: &Runs,
) -> Option<&'d TableSpec> {
    let header = table.header.as_ref()?;
    let score = |spec: &TableSpec| {
        let n_headers = header
            .iter()
            .filter(|cell| {
                spec.columns
                    .iter()
                    .any(|column| same_words(&column.header, &cell.text))
            })
            .count();
        let n_fitting = rows
            .iter()
            .flat_map(|row| &row.runs)
            .filter(|run| match runs.get(*run) {
                Some(RunState::Present(files)) => matches(&spec.runs, run, &files.record),
                _ => false,
            })
            .count();
        let labels: BTreeSet<String> = spec.rows.iter().map(|row| words(&row.label)).collect();
        let is_named = |row: &&BoundRow<'_>| labels.contains(&words(&row.row.label));
        let n_labels = rows.iter().filter(is_named).count();
        let same_heading = same_words(&spec.heading, table.name());
        (n_headers > 0).then_some((same_heading, n_headers, n_fitting, n_labels))
    };
    let mut best = None;
    for spec in specs {
        let score = score(spec);
        if score.is_some() && best.is_none_or(|(best, _)| score > best) {
            best = Some((score, spec));
        }
    }
    best.map(|(_, spec)| spec)
}

/// Gives each row the first spec row with its label that no row above took.
fn assign_spec_rows<'d>(rows: &mut [BoundRow<'d>], spec: &'d TableSpec) {
    let mut free: BTreeMap<String, VecDeque<&'d crate::report::spec::Row>> = BTreeMap::new();
    for row in &spec.rows {
        free.entry(words(&row.label)).or_default().push_back(row);
    }
    for row in rows {
        let of_label = free.get_mut(&words(&row.row.label));
        row.spec = of_label.and_then(VecDeque::pop_front);
    }
}

/// The first condition that a run does not fulfil.
fn unmet<'f>(filter: &'f Filter, run: &RunId, record: &RunRecord) -> Option<(&'f str, &'f Value)> {
    filter
        .iter()
        .find(|(key, wanted)| !meets(key, wanted, run, record))
        .map(|(key, wanted)| (key.as_str(), wanted))
}

/// A text with one blank for any amount of white space.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Equality of texts up to the amount of white space.
fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}
