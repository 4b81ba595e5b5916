//! Tables as text, one file per format. Renderers compute nothing: every number comes with its text.

pub mod csv;
pub mod html;
pub mod json;
pub mod latex;
pub mod markdown;
pub mod terminal;

/// A small table with everything in it: a group, a single run, a row without a run, text to escape.
#[cfg(test)]
pub(super) fn example() -> super::table::Table {
    use super::table::{Cell, Note, Number, Table, TableRow};
    let note = |mark, text: &str, run: &str| Note {
        mark,
        pin: None,
        text: text.into(),
        run: run.into(),
    };
    let number = |text: &str, value, spread, n| {
        Cell::Number(Number {
            text: text.into(),
            value,
            spread,
            n,
            epochs: vec![3; n],
        })
    };
    Table {
        name: "example".into(),
        heading: "experiment results".into(),
        rule: "last".into(),
        header: ["model", "Gender(%)", "Age MAE"].map(str::to_owned).into(),
        rows: vec![
            TableRow {
                label: "MobileNet-V2-Gender_Age".into(),
                runs: vec!["m/a/1".into(), "m/a/2".into()],
                notes: vec![
                    note(
                        4,
                        "data source: \"results/m/a/1\", \"results/m/a/2\"",
                        "m/a/1",
                    ),
                    note(5, "hyper-parameters: Namespace(seed=[0, 1])", "m/a/1"),
                ],
                cells: vec![
                    number("82.5", 82.46, None, 2),
                    number("6.7 ± 0.10", 6.7, Some(0.1), 2),
                ],
            },
            TableRow {
                label: "MobileNet-V2-Gender".into(),
                runs: vec!["m/b/1".into()],
                notes: vec![
                    note(1, "data source: \"results/m/b/1\"", "m/b/1"),
                    note(2, "hyper-parameters: Namespace(seed=0)", "m/b/1"),
                ],
                cells: vec![number("77.8", 77.8, None, 1), Cell::Empty],
            },
            TableRow {
                label: "MobileNet-V2-[new] a|b*c_".into(),
                runs: Vec::new(),
                notes: Vec::new(),
                cells: vec![Cell::Empty, Cell::Empty],
            },
        ],
        source_notes: vec!["mean ± sample standard deviation over seeds, n = 2".into()],
        fixed_notes: Vec::new(),
        numbering: super::spec::NumberingScope::Document,
        style: super::spec::FootnoteStyle::Reference,
    }
}
