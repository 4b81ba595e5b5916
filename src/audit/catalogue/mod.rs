//! The catalogue: every rule with its id, its severity, what it needs, and its text.
//!
//! Ids are permanent: never used again, never renumbered. `repro verify --explain` and the rules page are made
//! of what stands here; what a rule does is in `audit/rules`, one file per family.

mod code;
mod data;
mod fairness;
mod history;
mod layout;
mod numbers;
mod provenance;
mod records;
mod rerun;
mod statistics;

use super::finding::Severity;

pub use code::{CODE_VERSION, ENVIRONMENT_UNLOCKED, IMPOSSIBLE_ORIGIN, NONDETERMINISM};
pub use data::{DATA_FINGERPRINT, EVALUATION_COVERAGE, SPLIT_OVERLAP, STOCHASTIC_EVALUATION};
pub use fairness::{
    CONFIG_CONFOUND, EXPECTED_CELL_EMPTY, MACHINE_CONFOUND, PROTOCOL_MISMATCH, UNREPORTED_RUNS,
};
pub use history::{ATTESTATION, NUMBER_CHANGED, RECORD_REWRITTEN, STALE_DOCUMENT};
pub use layout::{
    DUPLICATE_ROW_LABEL, DUPLICATED_TABLE, EMPTY_OR_PLACEHOLDER_ROW, HIDDEN_RESULT_TEXT,
    LABEL_STYLE, MALFORMED_TABLE, UNATTACHED_ROW,
};
pub use numbers::{
    COLUMN_OUTLIER, GRIM_IMPOSSIBLE, METRIC_IDENTITY, OUT_OF_RANGE, PRECISION, ROUNDING_MODE,
    TRIVIAL_BASELINE, VALUE_MISMATCH,
};
pub use provenance::{
    DUPLICATE_DEFINITION, FOOTNOTE_HYGIENE, MISSING_PROVENANCE, NON_PORTABLE_PATH, RUN_UNAVAILABLE,
    SHARED_RUN, STATEMENT_CONTRADICTION, UNRESOLVED_MARKER,
};
pub use records::{
    DEBUG_RUN, DERIVED_FIELD_MISMATCH, INERT_ARGUMENT, KEY_OR_TYPE_DRIFT, LABEL_VS_RECORD,
    MINORITY_MAPPING, MISSING_ESSENTIAL_KEY, RECORD_UNPARSEABLE, UNREACHABLE_VALUE,
};
pub use rerun::{CLAIM_FLIP, NOT_BITWISE, RERUN_FAILED, RERUN_OUT_OF_TOLERANCE, VACUOUS_TOLERANCE};
pub use statistics::{
    BEST_MARKER, BIASED_AGGREGATION, SELECTION_ON_REPORTED_SPLIT, SELECTION_RULE_UNDECLARED,
    SINGLE_RUN, UNCERTAINTY_UNDEFINED, WITHIN_NOISE,
};

/// Version of the rule set: it grows when a rule is added or checks something else.
pub const VERSION: u32 = 1;

/// How the paragraphs of an explanation begin that have a name; the first has none and says what is checked.
pub const LABELS: [&str; 5] = ["Bad", "Good", "Exceptions", "Remedy", "State"];

/// A rule of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `RPRnnn`.
    pub id: &'static str,
    /// Kebab-case name.
    pub name: &'static str,
    /// Severity unless a finding or the settings say otherwise.
    pub severity: Severity,
    /// What it can need; what is missing of it leaves subjects not assessed.
    pub inputs: &'static [Input],
    /// One sentence: what a finding says.
    pub summary: &'static str,
    /// What is checked; then, a line each, `Bad: …`, `Good: …`, `Exceptions: …`, `Remedy: …`, and `State: …` of a rule
    /// that nothing assesses yet.
    pub explanation: &'static str,
}

/// What a rule can need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// The document.
    Document,
    /// The git history of document and code.
    History,
    /// Run folders with record, metrics and predictions.
    Runs,
    /// Table specs.
    Spec,
    /// The data manifest, `data.lock.json`.
    Manifest,
    /// The training code.
    Code,
    /// A re-run.
    Rerun,
}

impl Input {
    /// What it is called in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "the document",
            Self::History => "the git history",
            Self::Runs => "runs",
            Self::Spec => "table specs",
            Self::Manifest => "the data manifest",
            Self::Code => "the training code",
            Self::Rerun => "a re-run",
        }
    }
}

/// Rules about one thing.
#[derive(Debug)]
pub struct Family {
    /// What they are about.
    pub title: &'static str,
    /// The rules, sorted by id.
    pub rules: &'static [&'static Rule],
}

/// The families in the order of their ids.
pub static FAMILIES: &[Family] = &[
    Family {
        title: "Layout of the document",
        rules: layout::RULES,
    },
    Family {
        title: "Numbers",
        rules: numbers::RULES,
    },
    Family {
        title: "Footnotes and provenance",
        rules: provenance::RULES,
    },
    Family {
        title: "Records",
        rules: records::RULES,
    },
    Family {
        title: "Fairness of the comparison",
        rules: fairness::RULES,
    },
    Family {
        title: "Statistics",
        rules: statistics::RULES,
    },
    Family {
        title: "Data",
        rules: data::RULES,
    },
    Family {
        title: "Code and environment",
        rules: code::RULES,
    },
    Family {
        title: "Running again",
        rules: rerun::RULES,
    },
    Family {
        title: "History and integrity",
        rules: history::RULES,
    },
];

/// Every rule, sorted by id.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.rules).copied()
}

/// The rule with this id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_sorted_and_sixty_with_one_of_our_own() {
        let ids: Vec<&str> = all().map(|rule| rule.id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        assert_eq!(
            ids.iter().filter(|id| **id != STALE_DOCUMENT.id).count(),
            60
        );
    }

    #[test]
    fn explanations_have_their_paragraphs() {
        for rule in all() {
            let mut lines = rule.explanation.lines();
            let first = lines.next().unwrap_or_default();
            assert!(first.len() > 30, "{}: `{first}`", rule.id);
            let labels: Vec<&str> = lines
                .map(|line| line.split_once(": ").map_or(line, |(label, _)| label))
                .collect();
            assert!(
                labels == LABELS[..4] || labels == LABELS,
                "{}: {labels:?}",
                rule.id
            );
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = all().map(|rule| rule.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
