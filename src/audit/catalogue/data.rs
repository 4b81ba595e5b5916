//! Rules of the family "Data"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &DATA_FINGERPRINT,
    &SPLIT_OVERLAP,
    &STOCHASTIC_EVALUATION,
    &EVALUATION_COVERAGE,
];

/// A data set has no fingerprint, or another than the run used.
pub static DATA_FINGERPRINT: Rule = Rule {
    id: "RPR601",
    name: "data-fingerprint",
    severity: Severity::Error,
    inputs: &[Input::Manifest, Input::Runs, Input::Document],
    summary: "A data set has no fingerprint, or another than the run used.",
    explanation: "Every data set and split that the document names has an entry in the data manifest with number, \
        bytes and fingerprint, and the run used that very data. A missing entry is a warning, a mismatch an error.\n\
        Bad: A header that names three data sets, and no manifest.\n\
        Good: `data.lock.json` with the fingerprint that the run's record has.\n\
        Exceptions: None; images re-encoded without loss count as other data.\n\
        Remedy: Run `repro data check --lock` where the data lies, and commit `data.lock.json`.",
};

/// Samples are both in training and in evaluation.
pub static SPLIT_OVERLAP: Rule = Rule {
    id: "RPR602",
    name: "split-overlap",
    severity: Severity::Error,
    inputs: &[Input::Manifest],
    summary: "Samples are both in training and in evaluation.",
    explanation: "No sample may be in training and evaluation: by equal content, by equal person or group, or \
        nearly equal pictures, which is a warning.\n\
        Bad: Twelve files that are in both splits.\n\
        Good: Splits without a common file.\n\
        Exceptions: Blank pictures.\n\
        Remedy: Take the samples out of training, and train again.\n\
        State: not assessed yet, as the manifest has a fingerprint per split and none per file.",
};

/// Evaluation involves chance.
pub static STOCHASTIC_EVALUATION: Rule = Rule {
    id: "RPR603",
    name: "stochastic-evaluation",
    severity: Severity::Error,
    inputs: &[Input::Code, Input::Runs],
    summary: "Evaluation involves chance.",
    explanation: "Evaluation must be the same every time: no random augmentation, no sampling with replacement, no \
        active dropout, no shuffling before a cut. Read from the training code.\n\
        Bad: `RandomCrop` in the pipeline of the validation set; `WeightedRandomSampler` on test data.\n\
        Good: A fixed resize, in the order of the files.\n\
        Exceptions: Declared augmentation at test time with a fixed seed.\n\
        Remedy: Evaluate without chance, and report that number.",
};

/// A metric counts other samples than there are.
pub static EVALUATION_COVERAGE: Rule = Rule {
    id: "RPR604",
    name: "evaluation-coverage",
    severity: Severity::Error,
    inputs: &[Input::Runs, Input::Manifest],
    summary: "A metric counts other samples than there are.",
    explanation: "A metric must count every sample of its split. The logged number is compared with the data of the \
        record, and with the predictions.\n\
        Bad: 1360 samples evaluated of 2250, as two loaders were zipped.\n\
        Good: 2250 of 2250.\n\
        Exceptions: A subset that was declared.\n\
        Remedy: Evaluate the whole split again.",
};
