//! The rules on numbers over the documents that the catalogue cites.

use crate::audit::finding::Severity::Note;
use crate::audit::fixture::{alone, count, found, seed};

const FAMILY: &[&str] = &[
    "RPR101", "RPR102", "RPR103", "RPR104", "RPR105", "RPR106", "RPR107", "RPR108", "RPR404",
];

#[test]
fn the_seed_is_clean_and_counts_as_the_catalogue_says() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let outcome = alone(&text);
    for rule in FAMILY {
        assert_eq!(found(&outcome, rule), [], "{rule}");
    }
    assert_eq!(count(&outcome, "RPR103").no_power, 13);
    assert_eq!(count(&outcome, "RPR105").verified, 13);
    assert_eq!(count(&outcome, "RPR108").verified, 3);
    assert_eq!(count(&outcome, "RPR404").verified, 25);
    for rule in ["RPR101", "RPR102", "RPR107", "RPR507", "RPR604"] {
        let count = count(&outcome, rule);
        assert_eq!((count.verified, count.not_assessed), (0, 13), "{rule}");
    }
}

#[test]
fn siblings_leave_expected_cells_empty() {
    let (Some(alexnet), Some(resnet)) = (seed("alexnet.md"), seed("resnet-50.md")) else {
        return;
    };
    let lines = |text: &str| -> Vec<usize> {
        let found = found(&alone(text), "RPR404");
        assert!(found.iter().all(|(_, _, severity, _)| *severity == Note));
        found.iter().map(|found| found.0).collect()
    };
    assert_eq!(lines(&alexnet), [28, 32, 36, 37, 38, 39, 40]);
    assert_eq!(lines(&resnet), [13]);
    let uneven = found(&alone(&alexnet), "RPR104");
    assert_eq!((uneven.len(), uneven[0].0, uneven[0].1), (1, 28, 185));
}
