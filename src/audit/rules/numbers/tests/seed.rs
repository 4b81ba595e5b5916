//! The rules on numbers over the documents that the catalogue cites.

use crate::audit::finding::Severity::Note;
use crate::audit::fixture::{count, found};
use crate::audit::rules::fixture::{alone, seed};

const FAMILY: &[&str] = &[
    "RPR101", "RPR102", "RPR103", "RPR104", "RPR105", "RPR106", "RPR107", "RPR108",
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
    for rule in ["RPR101", "RPR102", "RPR107", "RPR507", "RPR604"] {
        let count = count(&outcome, rule);
        assert_eq!((count.verified, count.not_assessed), (0, 13), "{rule}");
    }
}

#[test]
fn a_sibling_mixes_decimals() {
    let Some(alexnet) = seed("alexnet.md") else {
        return;
    };
    let uneven = found(&alone(&alexnet), "RPR104");
    let places: Vec<_> = uneven
        .iter()
        .map(|found| (found.0, found.1, found.2))
        .collect();
    assert_eq!(places, [(28, 185, Note)]);
}
