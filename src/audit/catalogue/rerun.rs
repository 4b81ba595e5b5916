//! Rules of the family "Running again"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &RERUN_FAILED,
    &RERUN_OUT_OF_TOLERANCE,
    &CLAIM_FLIP,
    &NOT_BITWISE,
    &VACUOUS_TOLERANCE,
];

/// Training again fails.
pub static RERUN_FAILED: Rule = Rule {
    id: "RPR801",
    name: "rerun-failed",
    severity: Severity::Error,
    inputs: &[Input::Rerun],
    summary: "Training again fails.",
    explanation: "The recorded command, in the recorded environment, must run to its end and give the metrics \
        within its budget.\n\
        Bad: A command that fails on a missing file.\n\
        Good: A re-run that completes.\n\
        Exceptions: A lack of machines or time is not assessed, and no failure.\n\
        Remedy: Repair build, data or code, as the finding says.\n\
        State: not assessed yet; it comes with `--rerun`.",
};

/// Training again gives another value.
pub static RERUN_OUT_OF_TOLERANCE: Rule = Rule {
    id: "RPR802",
    name: "rerun-out-of-tolerance",
    severity: Severity::Error,
    inputs: &[Input::Rerun, Input::Spec],
    summary: "Training again gives another value.",
    explanation: "A re-run's value must lie within the declared tolerance, or the prediction interval that the \
        seeds give. Both values, the interval and the mode are printed.\n\
        Bad: 85.0 committed, 79.3 from the re-run, with an interval of ± 2.\n\
        Good: 84.1 from the re-run.\n\
        Exceptions: With one run there is no interval: the binomial error of the samples stands in, and the finding \
        is a warning.\n\
        Remedy: Find out what differs between the two runs.\n\
        State: not assessed yet; it comes with `--rerun`.",
};

/// Training again changes the order of two rows.
pub static CLAIM_FLIP: Rule = Rule {
    id: "RPR803",
    name: "claim-flip",
    severity: Severity::Error,
    inputs: &[Input::Rerun],
    summary: "Training again changes the order of two rows.",
    explanation: "A re-run must not turn the order of two rows around, or the sign of a declared difference, beyond \
        ties. This matters more than the values.\n\
        Bad: Joint training ahead in the document, behind in the re-run.\n\
        Good: The same order with other digits.\n\
        Exceptions: Differences within noise are ties.\n\
        Remedy: Withdraw the claim, or add seeds until it stands.\n\
        State: not assessed yet; it comes with `--rerun`.",
};

/// Training again gives other bits.
pub static NOT_BITWISE: Rule = Rule {
    id: "RPR804",
    name: "not-bitwise",
    severity: Severity::Note,
    inputs: &[Input::Rerun],
    summary: "Training again gives other bits.",
    explanation: "A re-run on the declared platform should give the same bits of metrics or weights. The first \
        epoch, column and distance that differ are printed.\n\
        Bad: A loss that differs in the last digit from epoch 3 on.\n\
        Good: Equal hashes.\n\
        Exceptions: Another platform than the declared one. For a table that claims level L5 it is an error.\n\
        Remedy: Remove what is left to chance, or claim no more than L4.\n\
        State: not assessed yet; it comes with `--rerun`.",
};

/// A tolerance is so wide that every re-run passes.
pub static VACUOUS_TOLERANCE: Rule = Rule {
    id: "RPR805",
    name: "vacuous-tolerance",
    severity: Severity::Warning,
    inputs: &[Input::Spec, Input::Document],
    summary: "A tolerance is so wide that every re-run passes.",
    explanation: "A tolerance must be able to fail: smaller than half of the smallest difference that the table \
        shows, and than the distance to the trivial answer.\n\
        Bad: `tolerance = 1.0` in a table with 7.2 and 7.5.\n\
        Good: `tolerance = 0.1`.\n\
        Exceptions: None.\n\
        Remedy: Narrow the tolerance, or drop the comparison.\n\
        State: not assessed yet; it comes with `--rerun`.",
};
