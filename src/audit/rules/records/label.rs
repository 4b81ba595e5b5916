//! RPR303: a row's run is one that its label stands for.
//!
//! Three readers of a label: the conditions of the spec's row, the spec's `label_grammar`, and without either
//! the words that labels usually have: model, tasks, loss, pre-training.

mod grammar;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::LABEL_VS_RECORD;
use crate::audit::citation::{RowIndex, RowRecord, files_of};
use crate::audit::finding::{Confidence, Finding, Place, Sink, Subject};
use crate::audit::reading::key::{active_tasks, is_pretraining, is_truthy, loads_pretrained};
use crate::audit::reading::label::{compact, read, same_model, says_pretrained};
use crate::literal;

/// Words of a loss in labels and records.
const LOSS_WORDS: &[&str] = &[
    "gaussian",
    "crossentropy",
    "focal",
    "mse",
    "ordinal",
    "dex",
    "smooth",
];

/// What the rows and records of a document have in common.
struct Vocabulary {
    /// Tasks of any record, in lower case.
    tasks: Vec<String>,
    /// Words of a loss that some label and some record have.
    losses: Vec<&'static str>,
}

/// A word of a label that its record contradicts.
struct Mistake {
    kind: &'static str,
    what: String,
    /// Where the record says otherwise.
    key: &'static str,
}

pub(super) fn check(
    bound: &Bound<'_>,
    rows: &BTreeMap<RowIndex, RowRecord<'_, '_>>,
    sink: &mut Sink<'_>,
) {
    let vocabulary = Vocabulary::of(bound);
    for (t, table) in bound.tables.iter().enumerate() {
        for (r, row) in table.rows.iter().enumerate() {
            if row.is_quoted() || row.row.label.is_empty() {
                continue;
            }
            let by_condition = condition(bound, table, row);
            if let Some(Some(finding)) = by_condition {
                sink.report(finding);
                continue;
            }
            let known = rows.get(&(t, r)).filter(|known| !known.is_empty());
            match known.map(|known| by_words(table, row, known, &vocabulary)) {
                Some(Some(finding)) if finding.is_some() => {
                    sink.report(finding.expect("just seen"))
                }
                Some(Some(_)) => sink.verified(&LABEL_VS_RECORD),
                _ if by_condition.is_some() => sink.verified(&LABEL_VS_RECORD),
                Some(None) => {
                    sink.not_assessed(&LABEL_VS_RECORD, "what the label's words mean");
                }
                None if row.n_numeric() > 0 => {
                    sink.not_assessed(&LABEL_VS_RECORD, "a record of the row's run");
                }
                None => {}
            }
        }
    }
}

/// Whether the runs fulfil what table and row of the spec demand; `None` where that cannot be told.
fn condition(
    bound: &Bound<'_>,
    table: &BoundTable<'_>,
    row: &BoundRow<'_>,
) -> Option<Option<Finding>> {
    let (spec, _) = (table.spec?, row.spec?);
    let are_there = row.runs.iter().all(|run| files_of(bound, run).is_some());
    let Some((run, key, wanted)) = row.mistaken_run(spec, &bound.runs) else {
        return (are_there && !row.runs.is_empty()).then_some(None);
    };
    let label = &row.row.label;
    let message = format!(
        "row `{label}` cites run `{}`, whose `{key}` is not {}",
        run.cited(),
        literal::print(wanted)
    );
    let finding = finding(table, row, "condition", key, message)
        .with_evidence("file", spec.path.display().to_string())
        .with_hint("run `repro tables --write` and commit the result");
    Some(Some(finding))
}

fn finding(
    table: &BoundTable<'_>,
    row: &BoundRow<'_>,
    kind: &'static str,
    key: &str,
    message: String,
) -> Finding {
    let subject = Subject {
        table: table.table.name().to_owned(),
        row: row.row.label.clone(),
        column: key.to_owned(),
        kind,
    };
    Finding::new(
        &LABEL_VS_RECORD,
        Place::of_label(row.row),
        &subject,
        message,
    )
}

/// What the label's words say against the record; `None` where they say nothing that it answers.
fn by_words(
    table: &BoundTable<'_>,
    row: &BoundRow<'_>,
    known: &RowRecord<'_, '_>,
    vocabulary: &Vocabulary,
) -> Option<Option<Finding>> {
    let values: Map<String, Value> = known
        .values()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect();
    let label = &row.row.label;
    let pattern = table.spec.and_then(|spec| spec.label_grammar.as_deref());
    let by_grammar = pattern.and_then(|pattern| grammar::mistake(pattern, label, &values));
    let (mistake, confidence) = match by_grammar {
        Some(mistake) => (mistake, Confidence::Parsed),
        None => (
            usual_words(label, &values, vocabulary)?,
            Confidence::Inferred,
        ),
    };
    let Some(mistake) = mistake else {
        return Some(None);
    };
    let message = format!("row `{label}`: {}", mistake.what);
    let finding = finding(table, row, mistake.kind, mistake.key, message)
        .with_confidence(confidence)
        .with_hint("cite the run that the label stands for, or correct the label");
    let finding = match (known.place_of(mistake.key), values.get(mistake.key)) {
        (Some(place), Some(value)) => {
            let text = format!("{}={}", mistake.key, literal::print(value));
            finding.with_evidence_at("definition", place, text)
        }
        _ => finding,
    };
    Some(Some(match known.run {
        Some((run, _)) => finding.with_evidence("run", run.cited()),
        None => finding,
    }))
}

impl Vocabulary {
    fn of(bound: &Bound<'_>) -> Self {
        let mut tasks = BTreeSet::new();
        let mut recorded = BTreeSet::new();
        for citation in &bound.citations {
            let values = &citation.record.values;
            let list = values.get("subtasks").and_then(Value::as_array);
            let names = list.into_iter().flatten().filter_map(Value::as_str);
            tasks.extend(names.map(str::to_lowercase));
            recorded.extend(
                LOSS_WORDS
                    .iter()
                    .copied()
                    .filter(|word| has_loss(values, word)),
            );
        }
        for run in bound.runs.keys() {
            let files = files_of(bound, run);
            let subtasks = files.and_then(|files| files.record.hyper_parameters.get("subtasks"));
            let list = subtasks.and_then(Value::as_array);
            tasks.extend(
                list.into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_lowercase),
            );
        }
        let rows = bound.tables.iter().flat_map(|table| &table.rows);
        let labels: Vec<String> = rows.map(|row| compact(&row.row.label)).collect();
        let in_labels = |word: &str| labels.iter().any(|label| label.contains(word));
        Self {
            tasks: tasks.into_iter().collect(),
            losses: recorded
                .into_iter()
                .filter(|word| in_labels(word))
                .collect(),
        }
    }
}

/// Whether a record has a word in a key or a text about the loss.
fn has_loss(values: &Map<String, Value>, word: &str) -> bool {
    let about_loss = values
        .iter()
        .filter(|(key, value)| key.contains("loss") && is_truthy(value));
    about_loss
        .map(|(key, value)| compact(&format!("{key}{}", value.as_str().unwrap_or_default())))
        .any(|text| text.contains(word))
}

/// The first word that the record contradicts; `None` where no word could be compared.
fn usual_words(
    label: &str,
    values: &Map<String, Value>,
    vocabulary: &Vocabulary,
) -> Option<Option<Mistake>> {
    let parts = read(label, &vocabulary.tasks);
    let named = parts.as_ref().map(|parts| &parts.tasks[..]);
    let model_text = parts.as_ref().map_or(label, |parts| parts.model);
    let checks = [
        named.and_then(|named| tasks(named, values)),
        model(model_text, values),
        pretrained(label, values),
        loss(label, values, vocabulary),
    ];
    let mut made = checks.into_iter().flatten().peekable();
    made.peek()?;
    Some(made.flatten().next())
}

fn tasks(named: &[String], values: &Map<String, Value>) -> Option<Option<Mistake>> {
    let active = active_tasks(values)?;
    let trained: BTreeSet<String> = active.iter().map(|task| task.to_lowercase()).collect();
    let named: BTreeSet<String> = named.iter().cloned().collect();
    let list = |tasks: &BTreeSet<String>| {
        let names: Vec<&str> = tasks.iter().map(String::as_str).collect();
        names.join(", ")
    };
    let what = || match trained.is_empty() {
        true => format!(
            "the label names {}, the record trains no task",
            list(&named)
        ),
        false => format!(
            "the label names {}, the record trains {}",
            list(&named),
            list(&trained)
        ),
    };
    Some((trained != named).then(|| Mistake {
        kind: "tasks",
        what: what(),
        key: "loss_weights",
    }))
}

fn model(label: &str, values: &Map<String, Value>) -> Option<Option<Mistake>> {
    let recorded = values.get("model")?.as_str()?;
    let is_same = same_model(label, recorded)?;
    Some((!is_same).then(|| Mistake {
        kind: "model",
        what: format!("the label names model `{label}`, the record has `model='{recorded}'`"),
        key: "model",
    }))
}

fn pretrained(label: &str, values: &Map<String, Value>) -> Option<Option<Mistake>> {
    let says = says_pretrained(label)?;
    let (_, loads) = loads_pretrained(values)?;
    let is_one = says && is_pretraining(values) == Some(true);
    let (named, found) = match says {
        true => ("pre-trained weights", "does not load any"),
        false => ("no pre-trained weights", "loads some"),
    };
    Some((says != loads && !is_one).then(|| Mistake {
        kind: "pretrained",
        what: format!("the label names {named}, the record {found}"),
        key: "load_pretrained_model",
    }))
}

fn loss(
    label: &str,
    values: &Map<String, Value>,
    vocabulary: &Vocabulary,
) -> Option<Option<Mistake>> {
    let label = compact(label);
    let mut words = vocabulary.losses.iter().peekable();
    words.peek()?;
    let differs = |word: &&&str| label.contains(**word) != has_loss(values, word);
    Some(words.find(differs).map(|word| {
        let what = match label.contains(word) {
            true => format!("the label names the loss `{word}`, the record does not"),
            false => format!("the record has the loss `{word}`, the label does not name it"),
        };
        Mistake {
            kind: "loss",
            what,
            key: "age_loss_type",
        }
    }))
}
