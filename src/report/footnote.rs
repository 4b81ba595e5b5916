//! Footnotes: the text of each note and the numbers of the marks.
//!
//! The text of a note follows from the runs alone, so that the audit can say what a note should be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::spec::{FootnoteKind, FootnoteStyle};
use crate::literal::{Record, print_record};
use crate::record::{Kind, RunRecord};
use crate::store::RunId;

/// A row's runs, in the order of their seeds.
pub type Group<'r> = [(&'r RunId, &'r RunRecord)];

/// The key of a run's seed in a printed record.
const SEED: &str = "seed";

/// The hyper-parameters of a run, or of a group, as a note prints them: sorted by key. What the runs of a
/// group do not share, their seed first of all, is the list of their values in seed order.
pub fn expected_record(group: &Group<'_>) -> Record {
    let value = |record: &RunRecord, key: &str| match record.hyper_parameters.get(key) {
        None if key == SEED => record.seed.map_or(Value::Null, Value::from),
        found => found.cloned().unwrap_or(Value::Null),
    };
    let mut keys = BTreeSet::new();
    for (_, record) in group {
        keys.extend(record.hyper_parameters.0.keys().map(String::as_str));
        keys.extend(record.seed.map(|_| SEED));
    }
    let shared = |key: &str| {
        let mut values: Vec<Value> = group.iter().map(|(_, run)| value(run, key)).collect();
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            values.swap_remove(0)
        } else {
            Value::Array(values)
        }
    };
    Record {
        constructor: "Namespace".into(),
        values: keys
            .into_iter()
            .map(|key| (key.to_owned(), shared(key)))
            .collect(),
    }
}

/// [`expected_record`] as text: `Namespace(batch_size=8, …)`.
pub fn record_text(group: &Group<'_>) -> String {
    print_record(&expected_record(group))
}

/// The paths of the runs, in seed order: `results/<run>`, or what the document named that a run was read from.
fn paths<'g>(group: &'g Group<'_>) -> impl Iterator<Item = String> + 'g {
    group.iter().map(|(run, record)| match &record.cited {
        Some(cited) if record.kind == Kind::Reported => cited.clone(),
        _ => run.cited(),
    })
}

/// The quoted paths of the runs, in seed order: `"results/…", "results/…"`.
pub fn sources_text(group: &Group<'_>) -> String {
    let quoted: Vec<String> = paths(group).map(|path| format!("\"{path}\"")).collect();
    quoted.join(", ")
}

/// The text of a note, without its mark: `data source: …`, `hyper-parameters: …`, or either without these
/// words. `None` for a note that does not follow from the runs.
pub fn note_text(kind: FootnoteKind, group: &Group<'_>) -> Option<String> {
    let bare = || paths(group).collect::<Vec<_>>().join(", ");
    Some(match kind {
        FootnoteKind::DataSource => format!("data source: {}", sources_text(group)),
        FootnoteKind::HyperParameters => format!("hyper-parameters: {}", record_text(group)),
        FootnoteKind::Path => bare(),
        FootnoteKind::Record => record_text(group),
        FootnoteKind::PathAndRecord => format!("{}; {}", bare(), record_text(group)),
        FootnoteKind::RecordAndPath => format!("{}; {}", record_text(group), bare()),
        FootnoteKind::Fixed => return None,
    })
}

/// The mark `number` as it stands in a row; `link` is where the link style leads to.
pub fn mark_text(style: FootnoteStyle, number: u32, link: &str) -> String {
    match style {
        FootnoteStyle::Reference => format!("[{number}]"),
        FootnoteStyle::Gfm => format!("[^{number}]"),
        FootnoteStyle::Link => format!("[{number}]({link})"),
    }
}

/// The line that defines a mark.
pub fn definition_text(style: FootnoteStyle, number: u32, note: &str) -> Option<String> {
    match style {
        FootnoteStyle::Reference => Some(format!("[{number}] {note}")),
        FootnoteStyle::Gfm => Some(format!("[^{number}]: {note}")),
        FootnoteStyle::Link => None,
    }
}

/// The numbers of a document's notes: by first use, passing over pinned ones; equal notes share one.
#[derive(Debug, Default)]
pub struct Numbering {
    pinned: BTreeSet<u32>,
    /// Notes by number.
    notes: BTreeMap<u32, String>,
    /// The first number that each note got.
    numbers: BTreeMap<String, u32>,
    last: u32,
}

/// Two notes that were pinned to one number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mark {number} is pinned for two notes: `{first}` and `{second}`")]
pub struct PinnedTwice {
    /// The number.
    pub number: u32,
    /// The note that has it.
    pub first: String,
    /// The note that wants it too.
    pub second: String,
}

impl Numbering {
    /// No note yet; the pinned numbers are kept for the rows that pin them.
    pub fn new(pinned: impl IntoIterator<Item = u32>) -> Self {
        Self {
            pinned: pinned.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The number of `note`: the pinned one, that of an equal note, or the next free one.
    ///
    /// # Errors
    /// Another note is pinned to the same number.
    pub fn number(&mut self, note: &str, pin: Option<u32>) -> Result<u32, PinnedTwice> {
        let number = match (pin, self.numbers.get(note)) {
            (Some(number), _) => number,
            (None, Some(number)) => return Ok(*number),
            (None, None) => self.next_free(),
        };
        match self.notes.get(&number) {
            Some(text) if text != note => Err(PinnedTwice {
                number,
                first: text.clone(),
                second: note.to_owned(),
            }),
            Some(_) => Ok(number),
            None => {
                self.notes.insert(number, note.to_owned());
                self.numbers.entry(note.to_owned()).or_insert(number);
                Ok(number)
            }
        }
    }

    fn next_free(&mut self) -> u32 {
        self.last += 1;
        while self.pinned.contains(&self.last) {
            self.last += 1;
        }
        self.last
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::fixture::record;

    #[test]
    fn a_record_reads_as_argparse_prints_it() {
        let run: RunId = "m/f/1".parse().expect("a run path");
        let record = record(json!({
            "weight_decay": 1e-6, "subtasks": ["gender", "age"], "log_dir": null, "debug": false,
            "loss_weights": [1, 1], "seed": 7
        }));
        assert_eq!(
            note_text(FootnoteKind::HyperParameters, &[(&run, &record)]).expect("of runs"),
            "hyper-parameters: Namespace(debug=False, log_dir=None, loss_weights=[1, 1], seed=7, \
             subtasks=['gender', 'age'], weight_decay=1e-06)"
        );
        assert_eq!(
            note_text(FootnoteKind::DataSource, &[(&run, &record)]).expect("of runs"),
            "data source: \"results/m/f/1\""
        );
    }

    #[test]
    fn the_forms_of_documents_and_the_path_that_they_named() {
        let run: RunId = "reported/d/a".parse().expect("a run path");
        let mut record = record(json!({"epochs": 2}));
        record.kind = Kind::Reported;
        record.cited = Some("/home/a/results/m".into());
        let texts: Vec<_> = FootnoteKind::ALL
            .iter()
            .map(|kind| note_text(*kind, &[(&run, &record)]).unwrap_or_default())
            .collect();
        assert_eq!(
            texts,
            [
                "data source: \"/home/a/results/m\"",
                "hyper-parameters: Namespace(epochs=2)",
                "/home/a/results/m",
                "Namespace(epochs=2)",
                "/home/a/results/m; Namespace(epochs=2)",
                "Namespace(epochs=2); /home/a/results/m",
                "",
            ]
        );
        record.kind = Kind::Trained;
        let trained = note_text(FootnoteKind::Path, &[(&run, &record)]);
        assert_eq!(trained.as_deref(), Some("results/reported/d/a"));
    }

    #[test]
    fn a_group_lists_what_it_does_not_share() {
        let runs: [RunId; 2] = ["m/f/1", "m/f/2"].map(|text| text.parse().expect("a run path"));
        let (mut a, b) = (
            record(json!({"seed": 0, "x": 1})),
            record(json!({"seed": 1, "x": 1})),
        );
        // The seed is known even where the hyper-parameters do not repeat it.
        a.hyper_parameters.0.remove("seed");
        let group = [(&runs[0], &a), (&runs[1], &b)];
        assert_eq!(record_text(&group), "Namespace(seed=[0, 1], x=1)");
        assert_eq!(sources_text(&group), "\"results/m/f/1\", \"results/m/f/2\"");
    }

    #[test]
    fn numbers_go_by_first_use_around_pinned_ones() {
        let mut numbering = Numbering::new([1, 3]);
        assert_eq!(numbering.number("a", None), Ok(2));
        assert_eq!(numbering.number("b", None), Ok(4));
        assert_eq!(numbering.number("a", None), Ok(2));
        assert_eq!(numbering.number("c", Some(3)), Ok(3));
        assert_eq!(numbering.number("c", Some(3)), Ok(3));
        let error = numbering.number("d", Some(3)).expect_err("taken");
        assert_eq!(
            error.to_string(),
            "mark 3 is pinned for two notes: `c` and `d`"
        );
    }

    #[test]
    fn styles() {
        for (style, mark, definition) in [
            (FootnoteStyle::Reference, "[4]", Some("[4] note")),
            (FootnoteStyle::Gfm, "[^4]", Some("[^4]: note")),
            (FootnoteStyle::Link, "[4](results/m/run.json)", None),
        ] {
            assert_eq!(mark_text(style, 4, "results/m/run.json"), mark);
            assert_eq!(definition_text(style, 4, "note").as_deref(), definition);
        }
    }
}
