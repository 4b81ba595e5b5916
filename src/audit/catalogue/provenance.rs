//! Rules of the family "Footnotes and provenance"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &MISSING_PROVENANCE,
    &UNRESOLVED_MARKER,
    &DUPLICATE_DEFINITION,
    &FOOTNOTE_HYGIENE,
    &SHARED_RUN,
    &RUN_UNAVAILABLE,
    &NON_PORTABLE_PATH,
    &STATEMENT_CONTRADICTION,
];

/// A numeric row leads to no run or to no record.
pub static MISSING_PROVENANCE: Rule = Rule {
    id: "RPR201",
    name: "missing-provenance",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A numeric row leads to no run or to no record.",
    explanation: "A row with a number must lead, through its marks and in scope, to the path of a run and to its \
        record. The finding says what is missing: any mark, the record, the path, or everything but words.\n\
        Bad: `MobileNet-V2-Gender_Age | 90.9 |` without a mark.\n\
        Good: `MobileNet-V2-Gender_Age [1][2] | 90.9 |` with `[1]` a path and `[2]` a record.\n\
        Exceptions: Numbers of others, whose definition says `quoted: DOI, URL or table`.\n\
        Remedy: Cite run and record behind the label; the definitions that nobody uses may be the ones that belong \
        to it.",
};

/// A mark has no definition, or an empty one.
pub static UNRESOLVED_MARKER: Rule = Rule {
    id: "RPR202",
    name: "unresolved-marker",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A mark has no definition, or an empty one.",
    explanation: "Every mark in a row must have a definition in scope that says something; `[]` and `[ ]` in a \
        label are marks without a number.\n\
        Bad: `ResNet-50 [31]` and no `[31]` below; or `[31]` followed by nothing.\n\
        Good: `[31] results/…`.\n\
        Exceptions: Task boxes of lists and array indices such as `x[0]`.\n\
        Remedy: Define the mark below the table, or remove it.",
};

/// A mark is defined twice.
pub static DUPLICATE_DEFINITION: Rule = Rule {
    id: "RPR203",
    name: "duplicate-definition",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A mark is defined twice.",
    explanation: "Within one scope a number is defined once. If a mark could mean two definitions that say \
        different things it is an error; in sections that are complete in themselves a warning; equal definitions \
        are a note.\n\
        Bad: `[1]` for a run in the first section and `[1]` for another in the second.\n\
        Good: Numbers that run on through the document.\n\
        Exceptions: Documents that number each section afresh, where every mark has its definition in its own \
        section.\n\
        Remedy: Give every definition its own number.",
};

/// Definitions are unused, skip a number, or are not in the order of their use.
pub static FOOTNOTE_HYGIENE: Rule = Rule {
    id: "RPR204",
    name: "footnote-hygiene",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "Definitions are unused, skip a number, or are not in the order of their use.",
    explanation: "Definitions are used, count up without gaps, and stand in the order of their first use. One that \
        no row uses is a warning, the rest are notes.\n\
        Bad: `[1]`, `[2]`, `[4]`: where is `[3]`, and what does the unused `[2]` belong to?\n\
        Good: `[1]` to `[4]`, each used, in the order of the rows.\n\
        Exceptions: Bibliographies.\n\
        Remedy: Remove what is unused, or cite it where it belongs; number anew.",
};

/// Rows with different labels use one run and contradict each other.
pub static SHARED_RUN: Rule = Rule {
    id: "RPR205",
    name: "shared-run",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs],
    summary: "Rows with different labels use one run and contradict each other.",
    explanation: "Rows with different labels may share a run only if they do not contradict each other: not with \
        different values in one metric column, and not with labels that stand for different configurations. A run \
        counts as shared by mark, by path, or by equal content.\n\
        Bad: Two rows with the mark `[31]`, one printing 4.9 and one 4.92.\n\
        Good: One run of several tasks behind one row.\n\
        Exceptions: Two metrics of one run spread over two rows.\n\
        Remedy: Cite the run that each row is from.",
};

/// A cited run is missing, unreadable, unfinished or altered.
pub static RUN_UNAVAILABLE: Rule = Rule {
    id: "RPR206",
    name: "run-unavailable",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::History],
    summary: "A cited run is missing, unreadable, unfinished or altered.",
    explanation: "A cited path must lead to a completed run that can be read, with record and metrics as they were \
        left: each file has the hash that the record gives it, the record the hash that `repro.lock` gives it. \
        Without a lock the record's integrity is not assessed.\n\
        Bad: `results/…/2019-04-17-12-57-39`, which was never committed; a `metrics.parquet` that was edited.\n\
        Good: A folder below the results root with files as the lock has them.\n\
        Exceptions: Reported runs, which keep their path as text.\n\
        Remedy: Restore the run from history, or train its spec again and render the document anew.",
};

/// A path leads to a place on somebody's machine.
pub static NON_PORTABLE_PATH: Rule = Rule {
    id: "RPR207",
    name: "non-portable-path",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "A path leads to a place on somebody's machine.",
    explanation: "Paths of runs are relative to the repository, so that they mean the same on every machine.\n\
        Bad: `/home/me/project/results/…`, `~/results/…`, `C:\\results`, `../../other/results`.\n\
        Good: `results/…`.\n\
        Exceptions: Quoted output of a shell, in code.\n\
        Remedy: Cut the path to what begins at the repository's root.",
};

/// A heading, comment, note or printed record says something else than the record.
pub static STATEMENT_CONTRADICTION: Rule = Rule {
    id: "RPR208",
    name: "statement-contradiction",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs],
    summary: "A heading, comment, note or printed record says something else than the record.",
    explanation: "What headings, comments, notes and printed records say of a run must be what its record says: \
        `key = value`, a number of epochs, a batch size, a learning rate. The record either contradicts it or has no \
        such key. Read from natural language, it is a warning.\n\
        Bad: A comment `[2] 40 epochs` while record `[2]` has `epoch=60`; a heading with a key that no record has.\n\
        Good: A heading `load_pretrained_model = False` over records with that value.\n\
        Exceptions: `[aliases]` in `repro.toml` names keys that mean the same.\n\
        Remedy: Correct the statement, or cite the run that it is true of.",
};
