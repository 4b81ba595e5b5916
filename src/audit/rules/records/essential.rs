//! RPR309: a record says what repeating its run needs, or the run's own record, the code's version or the
//! settings' constants say it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::subject;
use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::MISSING_ESSENTIAL_KEY;
use crate::audit::citation::{Citation, NO_RUN, RowIndex, RowRecord, files_of};
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::reading::header::{Meaning, dataset_words};
use crate::audit::reading::key::{Concept, SYNONYMS};

const HINT: &str = "record it with the run, or fix it below `[constants]` in repro.toml";

/// What a record is searched in.
struct Known<'k> {
    /// Keys that have a value, and those of the constants; as aliases say.
    values: BTreeMap<&'k str, &'k Value>,
    /// The run's files.
    run: Option<&'k RunFiles>,
}

pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    rows: &BTreeMap<RowIndex, RowRecord<'_, '_>>,
    sink: &mut Sink<'_>,
) {
    for citation in &bound.citations {
        if citation.is_quoted(bound) {
            continue;
        }
        let known = Known::of_citation(inputs, bound, citation);
        let missing = known.missing(bound, &citation.rows);
        if missing.is_empty() {
            sink.verified(&MISSING_ESSENTIAL_KEY);
            continue;
        }
        if citation.is_out_of_sight(bound, inputs.lock) {
            sink.not_assessed(&MISSING_ESSENTIAL_KEY, NO_RUN);
            continue;
        }
        let mark = &citation.definition.mark;
        let message = format!(
            "record of mark `[{mark}]` does not say: {}",
            missing.join(", ")
        );
        let subject = subject(bound, citation.definition, "", "record");
        sink.report(
            Finding::new(&MISSING_ESSENTIAL_KEY, citation.place(), &subject, message)
                .with_hint(HINT),
        );
    }
    for (&(t, r), row) in rows {
        let (None, Some((run, files))) = (row.printed, row.run) else {
            continue;
        };
        let table = &bound.tables[t];
        if table.rows[r].is_quoted() {
            continue;
        }
        let missing = Known::of_run(inputs, files).missing(bound, &[(t, r)]);
        if missing.is_empty() {
            sink.verified(&MISSING_ESSENTIAL_KEY);
            continue;
        }
        let label = &table.rows[r].row.label;
        let subject = Subject {
            table: table.table.name().to_owned(),
            row: label.clone(),
            column: String::new(),
            kind: "run",
        };
        let message = format!(
            "run.json of row `{label}` does not say: {}",
            missing.join(", ")
        );
        let place = Place::of_label(table.rows[r].row);
        sink.report(
            Finding::new(&MISSING_ESSENTIAL_KEY, place, &subject, message)
                .with_evidence("run", run.cited())
                .with_hint(HINT),
        );
    }
}

impl<'k> Known<'k> {
    fn of_citation(
        inputs: &'k Inputs<'_>,
        bound: &'k Bound<'_>,
        citation: &'k Citation<'_>,
    ) -> Self {
        let run = citation.files(bound).or_else(|| {
            // A group of seeds has one record and a path per run.
            let &(t, r) = citation.rows.first()?;
            let runs = &bound.tables[t].rows[r].runs;
            runs.iter().find_map(|run| files_of(bound, run))
        });
        let printed = citation.record.values.iter();
        Self::new(inputs, printed, run)
    }

    fn of_run(inputs: &'k Inputs<'_>, files: &'k RunFiles) -> Self {
        Self::new(inputs, std::iter::empty(), Some(files))
    }

    fn new(
        inputs: &'k Inputs<'_>,
        printed: impl Iterator<Item = (&'k String, &'k Value)>,
        run: Option<&'k RunFiles>,
    ) -> Self {
        let recorded = run
            .iter()
            .flat_map(|files| &files.record.hyper_parameters.0);
        let all = inputs
            .settings
            .constants
            .iter()
            .chain(recorded)
            .chain(printed);
        let values = all
            .filter(|(key, value)| is_said(key, value))
            .map(|(key, value)| (inputs.settings.canonical(key), value));
        Self {
            values: values.collect(),
            run,
        }
    }

    /// What is not said, in the order of the catalogue.
    fn missing(&self, bound: &Bound<'_>, rows: &[RowIndex]) -> Vec<String> {
        let mut missing = Vec::new();
        for (concept, keys) in SYNONYMS {
            let is_said = keys.iter().any(|key| self.values.contains_key(key));
            if *concept == Concept::Dataset {
                missing.extend(self.missing_datasets(bound, rows));
            } else if !is_said && !self.is_said_by_run(*concept) {
                missing.push(concept.words().to_owned());
            }
        }
        missing
    }

    /// Whether a part of `run.json` beside the hyper-parameters says it.
    fn is_said_by_run(&self, concept: Concept) -> bool {
        let Some(files) = self.run else {
            return false;
        };
        let record = &files.record;
        match concept {
            Concept::Seed => record.seed.is_some(),
            Concept::CodeVersion => {
                let code = record.code.as_ref();
                code.is_some_and(|code| code.commit.is_some())
            }
            Concept::Dataset => !record.data.is_empty(),
            Concept::Split => {
                let mut data = record.data.values();
                data.any(|data| !data.splits.is_empty())
            }
            Concept::SelectionRule => record.selection.is_some(),
            Concept::InitialWeights => record.parent.is_some(),
            Concept::Optimizer | Concept::Augmentation | Concept::BatchSize | Concept::Epochs => {
                false
            }
        }
    }

    /// The data sets of the rows' numbers that no key names, and no data of the run's tasks stand for.
    fn missing_datasets(&self, bound: &Bound<'_>, rows: &[RowIndex]) -> Vec<String> {
        let keys = Concept::Dataset.keys().iter();
        let named: Vec<&Value> = keys
            .filter_map(|key| self.values.get(key).copied())
            .collect();
        if named.is_empty() && !self.is_said_by_run(Concept::Dataset) {
            return vec!["data sets".to_owned()];
        }
        let words: BTreeSet<String> = named.iter().flat_map(|value| words_of(value)).collect();
        let mut missing = BTreeSet::new();
        for meaning in rows.iter().flat_map(|&row| columns(bound, row)) {
            let Some(dataset) = &meaning.dataset else {
                continue;
            };
            let is_named = dataset_words(dataset).any(|word| words.contains(&word));
            if !is_named && !self.has_data_of(meaning) {
                missing.insert(format!("data set `{dataset}`"));
            }
        }
        missing.into_iter().collect()
    }

    /// Whether `run.json` has the data of a column's task.
    fn has_data_of(&self, meaning: &Meaning) -> bool {
        let (Some(files), Some(task)) = (self.run, &meaning.task) else {
            return false;
        };
        files.record.data.contains_key(task)
    }
}

/// `None` says nothing, but of augmentation and of initial weights, where it means that there are none.
fn is_said(key: &str, value: &Value) -> bool {
    let none_is_an_answer = [Concept::Augmentation, Concept::InitialWeights];
    let answers = || {
        none_is_an_answer
            .iter()
            .any(|concept| concept.keys().contains(&key))
    };
    let is_empty = matches!(value, Value::String(text) if text.is_empty());
    !(value.is_null() || is_empty) || answers()
}

fn words_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => dataset_words(text).collect(),
        Value::Array(items) => items.iter().flat_map(words_of).collect(),
        Value::Object(entries) => entries.values().flat_map(words_of).collect(),
        _ => Vec::new(),
    }
}

/// What the columns say in which a row has a number.
fn columns<'b>(bound: &'b Bound<'_>, (t, r): RowIndex) -> impl Iterator<Item = &'b Meaning> {
    let table = &bound.tables[t];
    let cells = table.rows[r].row.cells.iter().enumerate();
    cells
        .filter(|(_, cell)| cell.value.is_some())
        .filter_map(|(idx, _)| table.meaning(idx))
        .filter(|meaning| meaning.quantity.is_some())
}
