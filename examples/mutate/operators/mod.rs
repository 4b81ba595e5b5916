//! One operator per rule: where in the documents its defect can be planted, and how.

mod code;
mod data;
mod evaluation;
mod fairness;
mod history;
mod layout;
mod numbers;
mod origin;
mod provenance;
mod randomness;
mod records;
mod statistics;

use repro::audit::bind::cited_run;
use repro::audit::catalogue::{self, Rule};
use repro::document::{Cell, Definition, Record, Resolved, Row, Table};
use repro::report::spec::Column;
use repro::store::{MetricRow, RunId};

use crate::beside::{Beside, committed};
use crate::corpus::{Base, Corpus, Mutant, OWN, PROGRAM};
use crate::edit;

/// Plants the defect of a rule.
pub(crate) struct Operator {
    pub(crate) rule: &'static Rule,
    pub(crate) mutants: fn(&Corpus) -> Vec<Mutant>,
}

const fn operator(rule: &'static Rule, mutants: fn(&Corpus) -> Vec<Mutant>) -> Operator {
    Operator { rule, mutants }
}

/// The operators in the order of the rules.
pub(crate) static ALL: &[Operator] = &[
    operator(&catalogue::UNATTACHED_ROW, layout::unattached_row),
    operator(&catalogue::MALFORMED_TABLE, layout::malformed_table),
    operator(&catalogue::EMPTY_OR_PLACEHOLDER_ROW, layout::placeholder),
    operator(&catalogue::DUPLICATE_ROW_LABEL, layout::duplicate_label),
    operator(&catalogue::DUPLICATED_TABLE, layout::duplicated_table),
    operator(&catalogue::LABEL_STYLE, layout::label_style),
    operator(&catalogue::HIDDEN_RESULT_TEXT, layout::hidden_text),
    operator(&catalogue::VALUE_MISMATCH, numbers::value),
    operator(&catalogue::ROUNDING_MODE, numbers::rounding),
    operator(&catalogue::GRIM_IMPOSSIBLE, numbers::impossible_share),
    operator(&catalogue::PRECISION, numbers::precision),
    operator(&catalogue::OUT_OF_RANGE, numbers::out_of_range),
    operator(&catalogue::COLUMN_OUTLIER, numbers::outlier),
    operator(&catalogue::TRIVIAL_BASELINE, numbers::trivial),
    operator(&catalogue::METRIC_IDENTITY, numbers::identity),
    operator(&catalogue::MISSING_PROVENANCE, provenance::missing),
    operator(&catalogue::UNRESOLVED_MARKER, provenance::unresolved),
    operator(&catalogue::DUPLICATE_DEFINITION, provenance::duplicate),
    operator(&catalogue::FOOTNOTE_HYGIENE, provenance::hygiene),
    operator(&catalogue::SHARED_RUN, provenance::shared),
    operator(&catalogue::RUN_UNAVAILABLE, provenance::unavailable),
    operator(&catalogue::NON_PORTABLE_PATH, provenance::non_portable),
    operator(
        &catalogue::STATEMENT_CONTRADICTION,
        provenance::contradiction,
    ),
    operator(&catalogue::RECORD_UNPARSEABLE, records::unparseable),
    operator(&catalogue::KEY_OR_TYPE_DRIFT, records::drift),
    operator(&catalogue::LABEL_VS_RECORD, records::label),
    operator(&catalogue::DERIVED_FIELD_MISMATCH, records::derived),
    operator(&catalogue::MINORITY_MAPPING, records::minority),
    operator(&catalogue::DEBUG_RUN, records::debug),
    operator(&catalogue::INERT_ARGUMENT, code::inert_argument),
    operator(&catalogue::UNREACHABLE_VALUE, code::unreachable),
    operator(&catalogue::MISSING_ESSENTIAL_KEY, records::missing_key),
    operator(&catalogue::CONFIG_CONFOUND, fairness::configuration),
    operator(&catalogue::MACHINE_CONFOUND, fairness::machine),
    operator(&catalogue::PROTOCOL_MISMATCH, fairness::protocol),
    operator(&catalogue::EXPECTED_CELL_EMPTY, fairness::empty_cell),
    operator(&catalogue::SINGLE_RUN, statistics::single_run),
    operator(
        &catalogue::UNCERTAINTY_UNDEFINED,
        statistics::undefined_spread,
    ),
    operator(
        &catalogue::SELECTION_ON_REPORTED_SPLIT,
        evaluation::selection,
    ),
    operator(
        &catalogue::SELECTION_RULE_UNDECLARED,
        statistics::other_epoch,
    ),
    operator(&catalogue::BIASED_AGGREGATION, evaluation::batch_means),
    operator(&catalogue::DATA_FINGERPRINT, data::fingerprint),
    operator(&catalogue::STOCHASTIC_EVALUATION, evaluation::stochastic),
    operator(&catalogue::EVALUATION_COVERAGE, data::coverage),
    operator(&catalogue::CODE_VERSION, origin::code_version),
    operator(&catalogue::IMPOSSIBLE_ORIGIN, origin::impossible),
    operator(&catalogue::ENVIRONMENT_UNLOCKED, origin::environment),
    operator(&catalogue::NONDETERMINISM, randomness::nondeterminism),
    operator(&catalogue::NUMBER_CHANGED, history::number),
    operator(&catalogue::RECORD_REWRITTEN, history::record),
    operator(&catalogue::STALE_DOCUMENT, history::stale),
];

impl Base {
    /// The text with a cell's text replaced.
    fn with_cell(&self, cell: &Cell, text: &str) -> String {
        // A cell's text may be shorter than what stands there; marks behind it stay.
        let end = cell.column + cell.text.chars().count();
        edit::replace(&self.text, cell.line, (cell.column, end), text)
    }

    /// Every record that the text holds on one line, with its definition.
    fn records(&self) -> impl Iterator<Item = (&Definition, &Record)> {
        let definitions = self.document.definitions.iter();
        definitions.flat_map(|found| found.records.iter().map(move |record| (found, record)))
    }

    /// The text with the first `from` on a definition's line replaced; none where it does not occur there.
    fn with_in_definition(&self, definition: &Definition, from: &str, to: &str) -> Option<String> {
        let line = edit::line(&self.text, definition.line);
        line.contains(from).then(|| {
            edit::on_line(&self.text, definition.line, |line| {
                Some(line.replacen(from, to, 1))
            })
        })
    }

    /// One mutant per record that holds `from`.
    fn in_records(&self, from: &str, to: &str) -> Vec<Mutant> {
        let change = |(definition, _): (&Definition, &Record)| {
            let text = self.with_in_definition(definition, from, to)?;
            Some(self.mutant(text, format!("line {}: `{from}` → `{to}`", definition.line)))
        };
        self.cited_records()
            .into_iter()
            .filter_map(change)
            .collect()
    }

    /// The records that a row's marks lead to.
    fn cited_records(&self) -> Vec<(&Definition, &Record)> {
        let is_cited = |definition: &Definition| {
            self.document.tables.iter().any(|table| {
                let marks = table.rows.iter().flat_map(|row| row.all_marks());
                let resolves = |mark: &str| match self.document.resolve(table, mark) {
                    Resolved::One(found) => std::ptr::eq(found, definition),
                    _ => false,
                };
                let mut named = marks.filter(|mark| mark.text == definition.mark);
                named.any(|mark| resolves(&mark.text))
            })
        };
        self.records()
            .filter(|(definition, _)| is_cited(definition))
            .collect()
    }
}

/// One of our own numbers with what was measured.
struct Own<'c> {
    row: &'c Row,
    cell: &'c Cell,
    run: RunId,
    column: &'c Column,
    /// The metric's epochs.
    rows: Vec<MetricRow>,
    /// The epoch that the table reports.
    epoch: i32,
}

/// The numbers of our own document, which rest on one run each.
fn own_numbers(corpus: &Corpus) -> Vec<Own<'_>> {
    let base = corpus.base(OWN);
    let measured = |(table, row, cell): (&'_ Table, &'_ Row, &'_ Cell)| {
        let Resolved::One(found) = base.document.resolve(table, &row.marks.first()?.text) else {
            return None;
        };
        let run = cited_run(found.paths.first()?)?;
        let mut columns = corpus.specs.iter().flat_map(|spec| &spec.columns);
        let column = columns.find(|column| Some(&column.header) == cell.header.as_ref())?;
        let mut rows = corpus.store.metrics(&run).ok()?.rows();
        rows.retain(|found| found.metric == column.metric);
        let selection = corpus.store.record(&run).ok()?.selection?;
        Some((run, column, rows, i32::try_from(selection.epoch?).ok()?))
    };
    let of_cell = |(table, row, cell)| {
        let (run, column, rows, epoch) = measured((table, row, cell))?;
        Some(Own {
            row,
            cell,
            run,
            column,
            rows,
            epoch,
        })
    };
    base.numeric_cells().filter_map(of_cell).collect()
}

/// Documents without a defect, with the rules that must have nothing new to say: what is beside them is written
/// anew, but is the same.
pub(crate) fn controls(corpus: &Corpus) -> Vec<(Mutant, &'static [&'static Rule])> {
    const OF_RUNS: &[&Rule] = &[
        &catalogue::ROUNDING_MODE,
        &catalogue::RUN_UNAVAILABLE,
        &catalogue::SELECTION_ON_REPORTED_SPLIT,
        &catalogue::EVALUATION_COVERAGE,
        &catalogue::CODE_VERSION,
        &catalogue::ENVIRONMENT_UNLOCKED,
        &catalogue::NONDETERMINISM,
    ];
    const OF_RENDERED: &[&Rule] = &[&catalogue::STALE_DOCUMENT];
    const OF_HISTORY: &[&Rule] = &[&catalogue::NUMBER_CHANGED, &catalogue::RECORD_REWRITTEN];
    let rewritten = origin::in_runs(corpus, "written anew", |run| {
        data::metrics(corpus, run);
    });
    let own = corpus.base(OWN);
    let rendered = Beside {
        rendered: Some(own.text.clone()),
        ..Beside::default()
    };
    let mut found: Vec<(Mutant, &[&Rule])> =
        vec![(own.mutant_beside(rendered, "rendered"), OF_RENDERED)];
    found.extend(rewritten.into_iter().map(|mutant| (mutant, OF_RUNS)));
    for base in corpus.bases() {
        let mutant = base.mutant_beside(committed(&base.text), "committed");
        found.push((mutant, OF_HISTORY));
    }
    found
}

/// The mutants of every base with several records: one alone cannot differ from the others.
fn of_compared(corpus: &Corpus, mutants: impl Fn(&Base) -> Vec<Mutant>) -> Vec<Mutant> {
    let several = corpus.bases().iter().filter(|base| base.name != PROGRAM);
    several.flat_map(mutants).collect()
}

/// The mutants of every base.
fn of_all(corpus: &Corpus, mutants: impl Fn(&Base) -> Vec<Mutant>) -> Vec<Mutant> {
    corpus.bases().iter().flat_map(mutants).collect()
}
