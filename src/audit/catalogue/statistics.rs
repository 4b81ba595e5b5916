//! Rules of the family "Statistics"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &SINGLE_RUN,
    &UNCERTAINTY_UNDEFINED,
    &WITHIN_NOISE,
    &BEST_MARKER,
    &SELECTION_ON_REPORTED_SPLIT,
    &SELECTION_RULE_UNDECLARED,
    &BIASED_AGGREGATION,
];

/// Numbers rest on one run each.
pub static SINGLE_RUN: Rule = Rule {
    id: "RPR501",
    name: "single-run",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs],
    summary: "Numbers rest on one run each.",
    explanation: "One run says nothing of how much the number changes from seed to seed. There should be three at \
        least, better five. All cells of a table with one run each are one finding.\n\
        Bad: A table with one seed per row.\n\
        Good: Rows with three seeds and more.\n\
        Exceptions: The deterministic evaluation of a published checkpoint.\n\
        Remedy: `repro train --seeds 0..3` for the rows of the table.",
};

/// There is no spread, or nothing says what it is.
pub static UNCERTAINTY_UNDEFINED: Rule = Rule {
    id: "RPR502",
    name: "uncertainty-undefined",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "There is no spread, or nothing says what it is.",
    explanation: "Numbers need a spread, and a spread needs a name: standard deviation, standard error or interval, \
        over what, and of how many. An interval must not leave the metric's range.\n\
        Bad: `82.5 ± 0.4`, and nowhere a word on what 0.4 is.\n\
        Good: `82.5 ± 0.4` under a caption `standard deviation over 5 seeds`.\n\
        Exceptions: A caption or note that says it once for the whole table.\n\
        Remedy: Render the table with `spread`, and say what it is.",
};

/// A difference is smaller than its uncertainty.
pub static WITHIN_NOISE: Rule = Rule {
    id: "RPR503",
    name: "within-noise",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::Manifest],
    summary: "A difference is smaller than its uncertainty.",
    explanation: "The best row must be better than the others by more than chance: with several runs by Welch's \
        interval of the difference, with one run by the binomial error of the number of samples. Where bold print or \
        words claim superiority, it is an error.\n\
        Bad: 7.2 against 7.5 of 1360 samples.\n\
        Good: 33.7 against 25.1 of the same.\n\
        Exceptions: Paired predictions decide better than unpaired shares, and are preferred.\n\
        Remedy: Do not emphasize the difference, or add runs.\n\
        State: not assessed yet; it comes with the statistics between rows.",
};

/// The emphasised value is not the best of its column.
pub static BEST_MARKER: Rule = Rule {
    id: "RPR504",
    name: "best-marker",
    severity: Severity::Error,
    inputs: &[Input::Document],
    summary: "The emphasised value is not the best of its column.",
    explanation: "Bold print, underlines and arrows must mark the best value of a column in the right direction, \
        with its ties.\n\
        Bad: **84.0** above 87.6; the highest error in bold.\n\
        Good: Nothing marked, or the best and what equals it.\n\
        Exceptions: Bold print that means something else.\n\
        Remedy: Mark the best value, or nothing.\n\
        State: not assessed yet; it comes with the statistics between rows.",
};

/// What is reported also decided something.
pub static SELECTION_ON_REPORTED_SPLIT: Rule = Rule {
    id: "RPR505",
    name: "selection-on-reported-split",
    severity: Severity::Error,
    inputs: &[Input::Runs, Input::Code, Input::Spec],
    summary: "What is reported also decided something.",
    explanation: "The split that is reported must not have decided anything: not the epoch, not the learning rate, \
        not early stopping, not the seed. Read from the runs, the code, or the epoch rule of the spec.\n\
        Bad: The best epoch by test accuracy, reported as test accuracy.\n\
        Good: The epoch by validation loss, the number from the test split.\n\
        Exceptions: The last epoch under a schedule that the split steers is a warning.\n\
        Remedy: Select on the validation split, and report the test split.",
};

/// Nothing says which epoch a table reports, or its cells come from several.
pub static SELECTION_RULE_UNDECLARED: Rule = Rule {
    id: "RPR506",
    name: "selection-rule-undeclared",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "Nothing says which epoch a table reports, or its cells come from several.",
    explanation: "A table must say which epoch it reports: the last, the best by a metric, a fixed one. Without a \
        rule it is a warning; if the cells of one row come from different epochs, an error.\n\
        Bad: Gender from epoch 31 and age from epoch 55 in one row.\n\
        Good: `epoch = { rule = \"best\", metric = \"valid/total/loss\", goal = \"min\" }`.\n\
        Exceptions: None.\n\
        Remedy: Declare the rule in the table spec; where one rule explains all cells, the finding names it.",
};

/// A metric is a mean of means over unequal parts.
pub static BIASED_AGGREGATION: Rule = Rule {
    id: "RPR507",
    name: "biased-aggregation",
    severity: Severity::Warning,
    inputs: &[Input::Runs, Input::Code],
    summary: "A metric is a mean of means over unequal parts.",
    explanation: "An epoch's metric must count every sample once. A mean of means over batches of unequal size does \
        not, nor does one over classes, nor one that mixes samples drawn repeatedly. If it moves a printed digit, it \
        is an error.\n\
        Bad: `sum(batch_means) / n_batches` with a short last batch.\n\
        Good: The sum of errors by the number of samples.\n\
        Exceptions: Loaders that drop the short batch: then all are equal.\n\
        Remedy: Sum over samples and divide once.",
};
