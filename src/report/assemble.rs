//! From a spec and the runs below a results root to a finished table.

use std::path::PathBuf;

use super::aggregate::GroupError;
use super::cell::{Reduced, decimals, read_metrics, reduce};
use super::footnote::{Group, note_text};
use super::members::members;
use super::select::SelectError;
use super::spec::{FixedNote, FootnoteKind, FootnoteStyle, Row, TableSpec};
use super::table::{Cell, Note, Table, TableRow};
use crate::record::RunRecord;
use crate::store::{RunId, Store, StoreError};

/// A table together with what its reader should know.
#[derive(Debug)]
pub struct Assembled {
    /// The table, its notes not yet numbered.
    pub table: Table,
    /// What is missing or unusual, each naming its row.
    pub warnings: Vec<String>,
    /// Runs whose metrics could not be read; their cells are empty.
    pub unreadable: Vec<StoreError>,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The runs of a row do not belong together.
    #[error("{place}: {source}")]
    Row {
        /// Spec, line and row.
        place: String,
        /// What is wrong.
        source: GroupError,
    },
    /// The epoch rule takes no value from a run.
    #[error("{place}: run `{run}`: {source}")]
    Cell {
        /// Spec, line, row and column.
        place: String,
        /// The run.
        run: RunId,
        /// What is wrong.
        source: SelectError,
    },
    /// A note of `[[notes]]` is about a run that is not there.
    #[error("{}: note [{mark}] is about run `{run}`, which is not there", spec.display())]
    NoteWithoutRun {
        /// The spec.
        spec: PathBuf,
        /// The note's number.
        mark: u32,
        /// The run it names.
        run: String,
    },
}

/// Makes the table that `spec` describes out of `runs`; their order does not matter.
///
/// # Errors
/// Runs of a row differ in more than their seed, occur twice, or the epoch rule takes no value.
pub fn assemble(
    spec: &TableSpec,
    store: &Store,
    runs: &[(RunId, RunRecord)],
) -> Result<Assembled, AssembleError> {
    let mut warnings = Vec::new();
    let mut unreadable = Vec::new();
    let mut rows = Vec::new();
    let mut groups = Vec::new();
    let fixed_notes = fixed_notes(spec, runs)?;
    for row in &spec.rows {
        let members =
            members(spec, row, runs, &mut warnings).map_err(|source| AssembleError::Row {
                place: spec.place(row),
                source,
            })?;
        let mut reduced = Vec::new();
        match read_metrics(store, &members) {
            Ok(metrics) => {
                for column in &spec.columns {
                    let cell = reduce(spec, row, column, &members, &metrics)?;
                    reduced.push(cell);
                }
            }
            Err(error) => unreadable.push(error),
        }
        reduced.resize(spec.columns.len(), Reduced::Empty);
        rows.push(reduced);
        groups.push(members);
    }
    let decimals: Vec<usize> = (0..spec.columns.len())
        .map(|i| decimals(&spec.columns[i], rows.iter().map(|row| &row[i])))
        .collect();
    let rows: Vec<TableRow> = (spec.rows.iter().zip(rows).zip(&groups))
        .map(|((row, reduced), members)| TableRow {
            label: row.label.clone(),
            runs: members.iter().map(|(run, _)| run.to_string()).collect(),
            notes: notes(spec, row, members, &fixed_notes),
            cells: (reduced.into_iter().zip(&decimals).zip(&spec.columns))
                .map(|((cell, decimals), column)| {
                    let place = spec.place_of_cell(row, column);
                    cell.print(*decimals, &place, &mut warnings)
                })
                .collect(),
        })
        .collect();
    let table = Table {
        name: spec.name.clone(),
        heading: spec.heading.clone(),
        rule: spec.epoch.to_string(),
        header: std::iter::once(spec.label_header.clone())
            .chain(spec.columns.iter().map(|column| column.header.clone()))
            .collect(),
        source_notes: source_notes(&rows, &groups),
        rows,
        fixed_notes,
        numbering: spec.numbering,
        style: spec.footnote_style,
    };
    Ok(Assembled {
        table,
        warnings,
        unreadable,
    })
}

/// The notes of `[[notes]]`.
fn fixed_notes(spec: &TableSpec, runs: &[(RunId, RunRecord)]) -> Result<Vec<Note>, AssembleError> {
    let note = |fixed: &FixedNote| {
        let note = |text: String, run: &str| Note {
            mark: 0,
            pin: Some(fixed.mark),
            text,
            run: run.to_owned(),
        };
        let Some(name) = &fixed.run else {
            return Ok(note(fixed.text.clone().unwrap_or_default(), ""));
        };
        let is_meant = |run: &RunId| run.as_str() == name || run.cited() == *name;
        let found = runs.iter().find(|(run, _)| is_meant(run));
        let kind = fixed.footnote.unwrap_or(FootnoteKind::DataSource);
        let text = found.and_then(|(run, record)| note_text(kind, &[(run, record)]));
        match (found, text) {
            (Some((run, _)), Some(text)) => Ok(note(text, run.as_str())),
            _ => Err(AssembleError::NoteWithoutRun {
                spec: spec.path.clone(),
                mark: fixed.mark,
                run: name.clone(),
            }),
        }
    };
    spec.notes.iter().map(note).collect()
}

/// A row's notes; the link style leads to each run's record and says nothing else.
fn notes(spec: &TableSpec, row: &Row, members: &Group<'_>, fixed: &[Note]) -> Vec<Note> {
    if members.is_empty() {
        return Vec::new();
    }
    if spec.footnote_style == FootnoteStyle::Link {
        let note = |member: &(&RunId, &RunRecord)| Note {
            mark: 0,
            pin: None,
            text: note_text(FootnoteKind::DataSource, &[*member]).unwrap_or_default(),
            run: member.0.to_string(),
        };
        return members.iter().map(note).collect();
    }
    let note = |(i, kind): (usize, &FootnoteKind)| {
        let pin = row.marks.as_ref().and_then(|marks| marks.get(i).copied());
        match note_text(*kind, members) {
            Some(text) => Some(Note {
                mark: 0,
                pin,
                text,
                run: members[0].0.to_string(),
            }),
            None => fixed.iter().find(|note| note.pin == pin).cloned(),
        }
    };
    let footnotes = spec.footnotes_of(row);
    footnotes.iter().enumerate().filter_map(note).collect()
}

/// What holds for the table as a whole: what `±` means, and which data is synthetic.
fn source_notes(rows: &[TableRow], groups: &[Vec<(&RunId, &RunRecord)>]) -> Vec<String> {
    let mut notes = Vec::new();
    let n = rows
        .iter()
        .flat_map(|row| &row.cells)
        .filter_map(|cell| match cell {
            Cell::Number(number) if number.spread.is_some() => Some(number.n),
            _ => None,
        });
    if let (Some(least), Some(most)) = (n.clone().min(), n.max()) {
        let n = if least == most {
            least.to_string()
        } else {
            format!("{least} to {most}")
        };
        notes.push(format!(
            "mean ± sample standard deviation over seeds, n = {n}"
        ));
    }
    let mut synthetic: Vec<&str> = groups
        .iter()
        .flatten()
        .flat_map(|(_, record)| record.data.values())
        .filter(|data| data.synthetic)
        .map(|data| data.name.as_str())
        .collect();
    synthetic.sort_unstable();
    synthetic.dedup();
    if !synthetic.is_empty() {
        notes.push(format!("synthetic data: {}", synthetic.join(", ")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::record::{Kind, Status};
    use crate::report::document::numbered;
    use crate::report::fixture;
    use crate::report::render::markdown;
    use crate::source::Source;

    const SPEC: &str = r#"
heading = "results"
runs = { dataset = "D" }
epoch = { rule = "best", metric = "valid/total/loss", goal = "min" }
[[columns]]
header = "A(%)"
metric = "test/a/accuracy"
scale = 100
[[columns]]
header = "MAE"
metric = "test/age/mae"
decimals = 1
[[rows]]
label = "both"
where = { loss_weights = [1, 1.0] }
[[rows]]
label = "one"
where = { loss_weights = [1, 0] }
[[rows]]
label = "none"
where = { loss_weights = [0, 1] }
"#;

    fn spec(text: &str) -> TableSpec {
        let source = Source {
            path: Path::new("tables/t.toml").into(),
            text: text.into(),
        };
        TableSpec::from_source(&source).expect("a valid spec")
    }

    /// Four seeds of `both`, one of `one`, and one that was interrupted.
    fn results(root: &Path) -> Store {
        let store = Store::new(root);
        for (seed, accuracy) in [0.8142, 0.8247, 0.8347, 0.8252].into_iter().enumerate() {
            let record = fixture::record(json!({
                "dataset": "D", "loss_weights": [1, 1], "lr_rate": 1e-6, "seed": seed
            }));
            // The path order is not the order of seeds.
            let run = format!("m/both/{}", 9 - seed);
            let rows = [
                ("valid/total/loss", 1, 0.5),
                ("valid/total/loss", 2, 0.4),
                ("valid/total/loss", 3, 0.4),
                ("test/a/accuracy", 1, 0.1),
                ("test/a/accuracy", 2, accuracy),
                ("test/a/accuracy", 3, 0.9),
                ("test/age/mae", 2, 6.25),
            ];
            fixture::write(&store, &run, record, &rows);
        }
        let one = fixture::record(json!({"dataset": "D", "loss_weights": [1, 0], "seed": 0}));
        let rows = [("valid/total/loss", 1, 0.5), ("test/a/accuracy", 1, 0.7784)];
        fixture::write(&store, "m/one/1", one.clone(), &rows);
        let mut stopped = one;
        stopped.status = Status::Interrupted;
        fixture::write(&store, "m/one/2", stopped, &rows);
        store
    }

    fn rendered(store: &Store, runs: &[(RunId, RunRecord)]) -> String {
        let assembled = assemble(&spec(SPEC), store, runs).expect("a table");
        let tables = numbered(vec![assembled.table]).expect("free numbers");
        markdown::section(&tables[0], "")
    }

    #[test]
    fn from_runs_to_text() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = results(folder.path());
        assert_eq!(
            rendered(&store, &store.scan().runs),
            "\
## results

model       | A(%)       | MAE
----------- | ---------- | ---------
both [1][2] | 82.5 ± 0.8 | 6.2 ± 0.0
one [3][4]  | 77.8       |
none        |            |

mean ± sample standard deviation over seeds, n = 4

[1] data source: \"results/m/both/9\", \"results/m/both/8\", \"results/m/both/7\", \"results/m/both/6\"
[2] hyper-parameters: Namespace(dataset='D', loss_weights=[1, 1], lr_rate=1e-06, seed=[0, 1, 2, 3])

[3] data source: \"results/m/one/1\"
[4] hyper-parameters: Namespace(dataset='D', loss_weights=[1, 0], seed=0)
"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = results(folder.path());
        let assembled = assemble(&spec(SPEC), &store, &store.scan().runs).expect("a table");
        assert_eq!(
            assembled.warnings,
            [
                "tables/t.toml:16: row `one`: run `m/one/2` is left out, its status is `interrupted`",
                "tables/t.toml:19: row `none`: no completed run",
            ]
        );
    }

    #[test]
    fn unreadable_metrics_leave_the_cells_empty() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = results(folder.path());
        std::fs::write(folder.path().join("m/one/1/metrics.parquet"), "no").expect("written");
        let assembled = assemble(&spec(SPEC), &store, &store.scan().runs).expect("a table");
        assert_eq!(assembled.unreadable.len(), 1);
        assert_eq!(assembled.table.rows[1].cells, [Cell::Empty, Cell::Empty]);
        assert_eq!(assembled.table.rows[0].cells[0].text(), "82.5 ± 0.8");
    }

    #[test]
    fn duplicates_are_an_error_until_one_is_pinned() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = results(folder.path());
        let record = fixture::record(json!({"dataset": "D", "loss_weights": [1, 0], "seed": 0}));
        let rows = [("valid/total/loss", 1, 0.5), ("test/a/accuracy", 1, 0.5)];
        fixture::write(&store, "m/one/3", record, &rows);
        let runs = store.scan().runs;
        let error = assemble(&spec(SPEC), &store, &runs).expect_err("duplicates");
        assert_eq!(
            error.to_string(),
            "tables/t.toml:16: row `one`: runs `m/one/1` and `m/one/3` have the same hyper-parameters and seed\n\
             help: pin one with `where = { run = \"m/one/1\" }`"
        );
        let pinned = SPEC.replace("[1, 0] }", "[1, 0], run = \"results/m/one/3\" }");
        let assembled = assemble(&spec(&pinned), &store, &runs).expect("a table");
        assert_eq!(assembled.table.rows[1].cells[0].text(), "50.0");
    }

    #[test]
    fn reported_numbers_are_text() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path());
        let mut record = fixture::record(json!({"dataset": "D", "loss_weights": [0, 1]}));
        record.kind = Kind::Reported;
        record.reported = Some([("test/age/mae".to_owned(), "7.1".to_owned())].into());
        fixture::write(&store, "m/none/1", record, &[]);
        let assembled = assemble(&spec(SPEC), &store, &store.scan().runs).expect("a table");
        assert_eq!(
            assembled.table.rows[2].cells,
            [Cell::Empty, Cell::Text("7.1".into())]
        );
    }

    #[test]
    fn the_tables_of_this_project_are_valid_and_placed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let specs = crate::report::spec::read_all(root).expect("valid specs");
        let store = Store::new(root.join("no-such-folder"));
        let tables: Vec<Table> = specs
            .iter()
            .map(|spec| assemble(spec, &store, &[]).expect("an empty table").table)
            .collect();
        let path = Path::new("templates/RESULTS.md");
        let template = std::fs::read_to_string(root.join(path)).expect("readable");
        let values = crate::report::document::values_of(&store, &[]);
        let rendered =
            crate::report::document::render_template(path, &template, &tables, values, "");
        let placed = rendered.expect("a document").tables;
        assert_eq!(placed.len(), tables.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_order_of_runs_does_not_matter(order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let store = results(folder.path());
            let runs = store.scan().runs;
            let shuffled: Vec<_> = order.iter().map(|&i| runs[i].clone()).collect();
            prop_assert_eq!(rendered(&store, &shuffled), rendered(&store, &runs));
        }
    }
}
