//! The record of a row: numbers as printed, and what its definitions say of the run.

use std::collections::BTreeMap;

use crate::document::Cell;
use crate::record::{FORMAT, HyperParameters, Kind, RunRecord, Status};
use crate::report::spec::Column;
use crate::store::RunId;

/// What stands around emphasized text.
const EMPHASIS: &[(&str, &str)] = &[
    ("**", "**"),
    ("__", "__"),
    ("*", "*"),
    ("_", "_"),
    ("`", "`"),
    ("<b>", "</b>"),
    ("<strong>", "</strong>"),
    ("<i>", "</i>"),
    ("<em>", "</em>"),
    ("<u>", "</u>"),
];

/// The cells that hold anything, by metric.
pub(super) fn reported(cells: &[Cell], columns: &[Column]) -> BTreeMap<String, String> {
    let texts = cells.iter().zip(columns);
    texts
        .map(|(cell, column)| (column.metric.clone(), printed(cell)))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

/// A cell's text without marks and without emphasis, which a record does not hold.
fn printed(cell: &Cell) -> String {
    let mut text = cell.text.as_str();
    for _ in &cell.marks {
        let open = text.rfind('[').filter(|_| text.ends_with([']', ')']));
        text = text[..open.unwrap_or(text.len())].trim_end();
    }
    plain(text).to_owned()
}

/// A text without the emphasis around it.
pub(super) fn plain(text: &str) -> &str {
    let without = |text, &(open, close): &(&str, &str)| -> Option<&str> {
        let inner = str::strip_prefix(text, open)?.strip_suffix(close)?.trim();
        (!inner.is_empty() && !inner.contains(close)).then_some(inner)
    };
    let mut text = text;
    while let Some(inner) = EMPHASIS.iter().find_map(|pair| without(text, pair)) {
        text = inner;
    }
    text
}

/// The record of a run that was read from `document`: whole, as nothing will ever be added to it.
pub(super) fn record(
    run: &RunId,
    document: &str,
    cited: Option<&str>,
    hyper_parameters: HyperParameters,
    reported: BTreeMap<String, String>,
) -> RunRecord {
    RunRecord {
        format: FORMAT,
        run: run.to_string(),
        spec: None,
        status: Status::Completed,
        kind: Kind::Reported,
        hyper_parameters,
        seed: None,
        started: None,
        finished: None,
        duration_secs: None,
        process: None,
        resumed: Vec::new(),
        command: ["repro", "import", document].map(str::to_owned).into(),
        code: None,
        environment: None,
        data: BTreeMap::new(),
        parent: None,
        selection: None,
        artifacts: BTreeMap::new(),
        reported: Some(reported),
        cited: cited.map(str::to_owned),
        unknown: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emphasis_is_not_kept() {
        for (text, kept) in [
            ("**82.50**", "82.50"),
            ("**_82.5_**", "82.5"),
            ("<u>82.5</u>", "82.5"),
            ("**82.5** ± **0.1**", "**82.5** ± **0.1**"),
            ("_gender_0_age_1_", "_gender_0_age_1_"),
            ("**", "**"),
            ("", ""),
        ] {
            assert_eq!(plain(text), kept, "{text}");
        }
    }
}
