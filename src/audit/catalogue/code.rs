//! Rules of the family "Code and environment"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &CODE_VERSION,
    &IMPOSSIBLE_ORIGIN,
    &ENVIRONMENT_UNLOCKED,
    &NONDETERMINISM,
];

/// A record does not name the code that ran.
pub static CODE_VERSION: Rule = Rule {
    id: "RPR701",
    name: "code-version",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::History],
    summary: "A record does not name the code that ran.",
    explanation: "A record names the commit of the code that ran, the commit is in the repository, and uncommitted \
        changes are stored with it.\n\
        Bad: A record without a commit; `dirty: true` without a diff.\n\
        Good: A commit of this repository, clean.\n\
        Exceptions: None.\n\
        Remedy: `repro train` records it; for past runs nothing can be done but to train again.",
};

/// A run cannot come from the code of its time.
pub static IMPOSSIBLE_ORIGIN: Rule = Rule {
    id: "RPR702",
    name: "impossible-origin",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::History, Input::Code],
    summary: "A run cannot come from the code of its time.",
    explanation: "A run must be possible: the newest commit at its start has the arguments, the model and the \
        options that the record names; the run is older than the first document that cites it, and not older than \
        its program. The finding lists the commits that would fit.\n\
        Bad: A record of a model that the code of that day does not know.\n\
        Good: Keys of the record that are those of the parser at that commit.\n\
        Exceptions: Clocks that are off, rewritten history, code that ran from elsewhere.\n\
        Remedy: Find the code that ran, and commit it.",
};

/// A record does not say on what the run ran.
pub static ENVIRONMENT_UNLOCKED: Rule = Rule {
    id: "RPR703",
    name: "environment-unlocked",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::History],
    summary: "A record does not say on what the run ran.",
    explanation: "A record says on what the run ran: locked versions with hashes, operating system, processor or \
        accelerator with its driver, threads. A nickname of a host is not enough.\n\
        Bad: `working_machine='narvi'`.\n\
        Good: A hash of the lock file and a block that describes the device.\n\
        Exceptions: None.\n\
        Remedy: `repro train` records it; add a lock file to the project.",
};

/// The training code leaves something to chance.
pub static NONDETERMINISM: Rule = Rule {
    id: "RPR704",
    name: "nondeterminism",
    severity: Severity::Warning,
    inputs: &[Input::Code, Input::Runs],
    summary: "The training code leaves something to chance.",
    explanation: "The training code must seed every source of chance that it uses, set the flags that make kernels \
        deterministic, seed its workers, and sort listed files.\n\
        Bad: No call of `manual_seed`; `cudnn.benchmark = True`; `os.listdir` without `sorted`.\n\
        Good: Seeds and flags at the start of the program, recorded with the run.\n\
        Exceptions: Frameworks that do it by default.\n\
        Remedy: Seed what the finding names.",
};
