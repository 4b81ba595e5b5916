//! Tables from runs on disk.

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
fn fixed_notes_are_about_a_run_or_hold_a_text() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = results(folder.path());
    let text = SPEC.replace(
        "[[columns]]\nheader = \"A",
        "[[notes]]\nmark = 7\ntext = \"words\"\n[[notes]]\nmark = 9\nrun = \"results/m/one/1\"\n\
         footnote = \"path\"\n[[columns]]\nheader = \"A",
    );
    let text = text.replace(
        "where = { loss_weights = [1, 0] }",
        "where = { loss_weights = [1, 0] }\nfootnotes = [\"note\"]\nmarks = [7]",
    );
    let runs = store.scan().runs;
    let assembled = assemble(&spec(&text), &store, &runs).expect("a table");
    let tables = numbered(vec![assembled.table]).expect("free numbers");
    let references = markdown::references(&tables[0]);
    let (_, last) = references.split_once("\n\n").expect("two blocks");
    assert_eq!(last, "[7] words\n\n[9] results/m/one/1\n");
    let error = assemble(&spec(&text), &store, &[]).expect_err("no run");
    assert_eq!(
        error.to_string(),
        "tables/t.toml: note [9] is about run `results/m/one/1`, which is not there"
    );
}

#[test]
fn a_curve_needs_a_declared_rule_and_a_planned_row_no_condition() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = results(folder.path());
    let runs = store.scan().runs;
    let rule = "epoch = { rule = \"best\", metric = \"valid/total/loss\", goal = \"min\" }";
    let undeclared = SPEC.replace(rule, "epoch = \"undeclared\"");
    let error = assemble(&spec(&undeclared), &store, &runs).expect_err("no rule");
    assert_eq!(
        error.to_string(),
        "tables/t.toml:13: row `both`, column `A(%)`: run `m/both/9`: the table declares no epoch rule\n\
         help: say which epoch is reported, such as `epoch = \"last\"`"
    );
    let planned = undeclared.replace("runs = { dataset = \"D\" }\n", "");
    let (head, _) = planned.split_once("[[rows]]").expect("rows");
    let planned = format!("{head}[[rows]]\nlabel = \"later\"\nplanned = true\n");
    let assembled = assemble(&spec(&planned), &store, &runs).expect("a table");
    assert_eq!(assembled.table.rows[0].cells, [Cell::Empty, Cell::Empty]);
    assert_eq!(assembled.warnings, [""; 0]);
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
    let rendered = crate::report::document::render_template(path, &template, &tables, values, "");
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
