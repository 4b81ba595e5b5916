//! The rules, one file per family of the catalogue. A rule is a function from what was bound to findings.

pub mod history;
pub mod layout;
pub mod numbers;
pub mod provenance;
pub mod records;

use super::finding::{Rule, Severity};

const fn rule(id: &'static str, name: &'static str, severity: Severity) -> Rule {
    Rule { id, name, severity }
}

/// A row of numbers belongs to no table with a header.
pub static UNATTACHED_ROW: Rule = rule("RPR001", "unattached-row", Severity::Error);
/// A printed number is not what the run gives.
pub static VALUE_MISMATCH: Rule = rule("RPR101", "value-mismatch", Severity::Error);
/// A numeric row leads to no run or to no record.
pub static MISSING_PROVENANCE: Rule = rule("RPR201", "missing-provenance", Severity::Error);
/// A mark has no definition, or an empty one.
pub static UNRESOLVED_MARKER: Rule = rule("RPR202", "unresolved-marker", Severity::Error);
/// A mark is defined twice.
pub static DUPLICATE_DEFINITION: Rule = rule("RPR203", "duplicate-definition", Severity::Error);
/// A definition is not used.
pub static FOOTNOTE_HYGIENE: Rule = rule("RPR204", "footnote-hygiene", Severity::Warning);
/// A cited run is missing, unreadable, unfinished or altered.
pub static RUN_UNAVAILABLE: Rule = rule("RPR206", "run-unavailable", Severity::Error);
/// A record in the document says something else than `run.json`.
pub static STATEMENT_CONTRADICTION: Rule =
    rule("RPR208", "statement-contradiction", Severity::Error);
/// A record does not follow the literal grammar.
pub static RECORD_UNPARSEABLE: Rule = rule("RPR301", "record-unparseable", Severity::Error);
/// A row's run is not one that the row stands for.
pub static LABEL_VS_RECORD: Rule = rule("RPR303", "label-vs-record", Severity::Error);
/// A cell is empty although the run measured its metric.
pub static EXPECTED_CELL_EMPTY: Rule = rule("RPR404", "expected-cell-empty", Severity::Note);
/// A metric counts other samples than the predictions hold.
pub static EVALUATION_COVERAGE: Rule = rule("RPR604", "evaluation-coverage", Severity::Error);
/// Rendering again would change the document.
pub static STALE_DOCUMENT: Rule = rule("RPR904", "stale-document", Severity::Error);

/// Every rule, sorted by id.
pub static ALL: &[&Rule] = &[
    &UNATTACHED_ROW,
    &VALUE_MISMATCH,
    &MISSING_PROVENANCE,
    &UNRESOLVED_MARKER,
    &DUPLICATE_DEFINITION,
    &FOOTNOTE_HYGIENE,
    &RUN_UNAVAILABLE,
    &STATEMENT_CONTRADICTION,
    &RECORD_UNPARSEABLE,
    &LABEL_VS_RECORD,
    &EXPECTED_CELL_EMPTY,
    &EVALUATION_COVERAGE,
    &STALE_DOCUMENT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sorted() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
