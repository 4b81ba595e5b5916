//! Rules of the family "Layout of the document"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &UNATTACHED_ROW,
    &MALFORMED_TABLE,
    &EMPTY_OR_PLACEHOLDER_ROW,
    &DUPLICATE_ROW_LABEL,
    &DUPLICATED_TABLE,
    &LABEL_STYLE,
    &HIDDEN_RESULT_TEXT,
];

/// A row of numbers belongs to no table with a header.
pub static UNATTACHED_ROW: Rule = Rule {
    id: "RPR001",
    name: "unattached-row",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "A row of numbers belongs to no table with a header.",
    explanation: "A line with a pipe and a number outside code must belong to a table that has a header and a \
        separator; otherwise nobody can say what its numbers measure. Without a number it is a warning.\n\
        Bad: `MobileNet-V2-Age | 7.5 | 7.1` alone in a paragraph, or after a blank line below a table.\n\
        Good: The same line directly below a header and `--- | --- | ---`.\n\
        Exceptions: Code spans, code blocks and prose with a pipe in it are no rows.\n\
        Remedy: Put the row below its header, or give it a header of its own.",
};

/// A table's rows, separators or headers do not fit together.
pub static MALFORMED_TABLE: Rule = Rule {
    id: "RPR002",
    name: "malformed-table",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "A table's rows, separators or headers do not fit together.",
    explanation: "Every row must have as many cells as the header, and a table one separator, on its second line. A \
        number that stands beyond the last header cell is an error, as it measures nothing that is named.\n\
        Bad: `SSR-Net [3] | ` below three header cells; a second header or a separator within the body; a header \
        cell glued to a foreign `#` comment.\n\
        Good: Rows padded with empty cells: `SSR-Net [3] | | `.\n\
        Exceptions: Dividers that a project draws on purpose can be waived.\n\
        Remedy: Add the missing cells, split the table, or remove the divider.",
};

/// A row has a label and no number, or a placeholder instead of one.
pub static EMPTY_OR_PLACEHOLDER_ROW: Rule = Rule {
    id: "RPR003",
    name: "empty-or-placeholder-row",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Spec],
    summary: "A row has a label and no number, or a placeholder instead of one.",
    explanation: "A row that has a label and no metric is a promise or a leftover. A placeholder such as `xx`, `?`, \
        `TBD`, `TODO` or `N/A` is a warning, as it looks like a result.\n\
        Bad: `MobileNet-V2-Gender | | |`, or a cell that says `xx`.\n\
        Good: No row until there is a result; or `–` in a cell that the table spec lists under `expected_empty`.\n\
        Exceptions: A row with `planned = true` in its table spec.\n\
        Remedy: Fill the row, remove it, or plan it in the spec.",
};

/// Two rows have the same label and different numbers.
pub static DUPLICATE_ROW_LABEL: Rule = Rule {
    id: "RPR004",
    name: "duplicate-row-label",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "Two rows have the same label and different numbers.",
    explanation: "Two rows of tables with the same header must not have the same label and the same other words, \
        but different numbers in one metric column: a reader cannot know which to believe.\n\
        Bad: Two rows `DenseNet-Age`, one with 15.71 and one with 15.46.\n\
        Good: Labels that differ, or a column such as `weight` that tells the rows apart.\n\
        Exceptions: One model under two headings is still found; the message names the sections.\n\
        Remedy: Name what differs in the label, or in a column of its own.",
};

/// Rows stand in two tables with the same values, or with values that disagree.
pub static DUPLICATED_TABLE: Rule = Rule {
    id: "RPR005",
    name: "duplicated-table",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::History],
    summary: "Rows stand in two tables with the same values, or with values that disagree.",
    explanation: "Two tables must not repeat rows: at least two rows with equal labels and equal values are a copy, \
        and copies drift. Where a copied row already disagrees in a cell, it is an error.\n\
        Bad: A summary that repeats five rows of the table above, one of them from an earlier state.\n\
        Good: One table and a link to it.\n\
        Exceptions: A table whose spec names the other under `derived_from`: it is then checked for equality.\n\
        Remedy: Keep one table and generate the other from it.",
};

/// One name is spelled in several ways, or a header lacks metric, unit or data set.
pub static LABEL_STYLE: Rule = Rule {
    id: "RPR006",
    name: "label-style",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Spec],
    summary: "One name is spelled in several ways, or a header lacks metric, unit or data set.",
    explanation: "Within a document, one metric, data set or unit has one spelling; a metric column names metric, \
        unit and data set; the heading over the definitions is spelled alike everywhere; and tables and records hold \
        no look-alike characters.\n\
        Bad: `Chalearn_2016` beside `ChaLearn_2016`; `Gender(%)` without a noun; `Age Acc(%)` without a data set; \
        `referecne`; a full-width digit.\n\
        Good: `Gender Acc (%) [ChaLearn-2016 val]`.\n\
        Exceptions: Different data sets with nearly the same name: switch the rule off, or waive the line.\n\
        Remedy: Use one spelling, and say in the header what is measured, in which unit and on which data.",
};

/// Text that readers do not see says something about results.
pub static HIDDEN_RESULT_TEXT: Rule = Rule {
    id: "RPR007",
    name: "hidden-result-text",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "Text that readers do not see says something about results.",
    explanation: "What a reader of the rendered page does not see must not say anything about results: comments, \
        folded blocks and white text with a mark, a key of the configuration, or a number with a word such as epoch, \
        %, lr, seed.\n\
        Bad: `<!-- [2] 40 epochs, other models 60 epochs -->`.\n\
        Good: The sentence in the notes below the table.\n\
        Exceptions: Comments for tools: `repro:`, `markdownlint`, `toc`.\n\
        Remedy: Move the text to where it can be read, or remove it.",
};
