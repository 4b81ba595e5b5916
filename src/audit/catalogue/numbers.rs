//! Rules of the family "Numbers"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &VALUE_MISMATCH,
    &ROUNDING_MODE,
    &GRIM_IMPOSSIBLE,
    &PRECISION,
    &OUT_OF_RANGE,
    &COLUMN_OUTLIER,
    &TRIVIAL_BASELINE,
    &METRIC_IDENTITY,
];

/// A printed number is not what the run gives.
pub static VALUE_MISMATCH: Rule = Rule {
    id: "RPR101",
    name: "value-mismatch",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A printed number is not what the run gives.",
    explanation: "Each printed number is computed again from the metrics of the runs that its row cites: the epoch \
        by the table's rule, mean and deviation over seeds, scale, rounding. The text must be the same. The finding \
        says by how many units of the last digit it is off, and at which epoch the printed value occurs, if at any. \
        Where there are predictions, the metric is derived from them once more.\n\
        Bad: 82.4 where the run gives 82.46.\n\
        Good: 82.5.\n\
        Exceptions: Numbers quoted from elsewhere, and reported runs, which have no metrics. Without the runs, \
        `repro.lock` says what the number was.\n\
        Remedy: Run `repro tables --write`; if that changes a number that was right, the table's epoch rule is not \
        the one that was meant.",
};

/// A number is truncated, or rounded in another way than the rest.
pub static ROUNDING_MODE: Rule = Rule {
    id: "RPR102",
    name: "rounding-mode",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Runs],
    summary: "A number is truncated, or rounded in another way than the rest.",
    explanation: "Where the exact value is known, the printed one must be the nearest, and a table must round in \
        one way. Truncating or rounding up is a warning; needing two ways in one table, or a tie that only one way \
        explains, is a note.\n\
        Bad: 82.4 for 82.46; 12.48 for 12.487.\n\
        Good: 82.5 for 82.46.\n\
        Exceptions: A number of samples that was inferred and is wrong; `rounding` in the table spec declares \
        another way.\n\
        Remedy: Render the table again, or round the number to the nearest.",
};

/// A share is printed that no whole number of samples gives.
pub static GRIM_IMPOSSIBLE: Rule = Rule {
    id: "RPR103",
    name: "grim-impossible",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Manifest],
    summary: "A share is printed that no whole number of samples gives.",
    explanation: "A share of N samples can only be a multiple of 1/N. If no whole number of right answers gives the \
        printed percentage, within its rounding, the number is impossible. With large N every percentage is \
        possible: such cells are counted as having no power. N from a manifest or record makes it an error, an \
        inferred N a warning.\n\
        Bad: 88.12 % of 3590: 3163 give 88.11, 3164 give 88.13.\n\
        Good: 88.05 % of 3590, which is 3161.\n\
        Exceptions: Means over seeds (N times the number of seeds), balanced or weighted accuracy, samples that were \
        left out.\n\
        Remedy: Look up how many samples were right, and of how many.",
};

/// A column mixes numbers of decimals, or prints more digits than its uncertainty bears.
pub static PRECISION: Rule = Rule {
    id: "RPR104",
    name: "precision",
    severity: Severity::Note,
    inputs: &[Input::Document, Input::Runs],
    summary: "A column mixes numbers of decimals, or prints more digits than its uncertainty bears.",
    explanation: "A column has one number of decimals, a value and its spread have the same, and neither has digits \
        that its uncertainty cannot bear: the last digit must not be smaller than a tenth of the standard error over \
        seeds or samples. Too many digits are a warning.\n\
        Bad: 10.23 in a column with 11.8; 88.798 of 8829 samples, whose standard error is 0.34.\n\
        Good: 82.5 with a standard error of 1.0.\n\
        Exceptions: Columns of counts.\n\
        Remedy: Print as many decimals as the uncertainty bears, in the whole column the same.",
};

/// A value lies outside what its metric can be.
pub static OUT_OF_RANGE: Rule = Rule {
    id: "RPR105",
    name: "out-of-range",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Spec],
    summary: "A value lies outside what its metric can be.",
    explanation: "A value must lie in the range of its metric: accuracies in 0 to 100 %, errors and losses not \
        negative, probabilities in 0 to 1, and an interval within the same bounds. A column must not mix per cent \
        and fractions.\n\
        Bad: An accuracy of 104.2; 0.87 in a column with 85.3.\n\
        Good: 85.3.\n\
        Exceptions: Metrics whose range nothing declares are not assessed.\n\
        Remedy: Correct the value or its unit; declare other ranges as `range` of the column.",
};

/// A value lies far from its column and among those of another metric.
pub static COLUMN_OUTLIER: Rule = Rule {
    id: "RPR106",
    name: "column-outlier",
    severity: Severity::Note,
    inputs: &[Input::Document],
    summary: "A value lies far from its column and among those of another metric.",
    explanation: "A value is remarkable if it lies far from the others of its metric in the document, by more than \
        six times their usual deviation, and at the same time among those of another metric: it may stand in the \
        wrong column. At least six values are needed.\n\
        Bad: An emotion accuracy of 84.3 where others lie between 34 and 56 and smile accuracies near 85.\n\
        Good: 61.3 in the same column.\n\
        Exceptions: A true breakthrough. It is a hint from what is usual, never an error by itself.\n\
        Remedy: Check the column of the value.",
};

/// A result is no better than the trivial answer.
pub static TRIVIAL_BASELINE: Rule = Rule {
    id: "RPR107",
    name: "trivial-baseline",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Manifest],
    summary: "A result is no better than the trivial answer.",
    explanation: "A result must beat what needs no model: an accuracy the share of the largest class in the \
        evaluation split by more than two standard errors, an absolute error that of the constant median.\n\
        Bad: 25.1 % where the largest class holds 25.05 % of 1360 samples.\n\
        Good: 33.7 % of the same samples.\n\
        Exceptions: Balanced accuracy, whose trivial value is one over the number of classes.\n\
        Remedy: Say that the row does not beat the trivial answer, or find out why.",
};

/// Numbers contradict a relation that holds by definition.
pub static METRIC_IDENTITY: Rule = Rule {
    id: "RPR108",
    name: "metric-identity",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Spec],
    summary: "Numbers contradict a relation that holds by definition.",
    explanation: "Numbers of one row must agree with what holds by definition, within their rounding: error and \
        accuracy add up to 100, F1 follows from precision and recall, top-5 is not below top-1, the mean absolute \
        error not above the root mean square, a deviation not above what the range allows; and whatever `identities` \
        in the spec declares.\n\
        Bad: Precision 80.0, recall 60.0, F1 71.0 (it is 68.6).\n\
        Good: F1 68.6.\n\
        Exceptions: Macro averages, for which F1 does not follow from averaged precision and recall.\n\
        Remedy: Compute the values again from the same predictions.",
};
