//! Rules of the family "Records"; what they check is in `audit/rules`.

use super::{Input, Rule};
use crate::audit::finding::Severity;

/// The rules of the family, sorted by id.
pub(super) static RULES: &[&Rule] = &[
    &RECORD_UNPARSEABLE,
    &KEY_OR_TYPE_DRIFT,
    &LABEL_VS_RECORD,
    &DERIVED_FIELD_MISMATCH,
    &MINORITY_MAPPING,
    &DEBUG_RUN,
    &INERT_ARGUMENT,
    &UNREACHABLE_VALUE,
    &MISSING_ESSENTIAL_KEY,
];

/// A record does not follow the literal grammar.
pub static RECORD_UNPARSEABLE: Rule = Rule {
    id: "RPR301",
    name: "record-unparseable",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs],
    summary: "A record does not follow the literal grammar.",
    explanation: "A record must parse as a literal: a constructor or a mapping of keys to text, numbers, truth \
        values, `None` and lists, each key once.\n\
        Bad: `Namespace(a=<object at 0x7f…>)`, or a key twice.\n\
        Good: `Namespace(batch_size=8, debug=False)`.\n\
        Exceptions: None.\n\
        Remedy: Print the record again from the run.",
};

/// One concept stands under two keys, or one key holds two types.
pub static KEY_OR_TYPE_DRIFT: Rule = Rule {
    id: "RPR302",
    name: "key-or-type-drift",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "One concept stands under two keys, or one key holds two types.",
    explanation: "Within a project, one concept has one key and one key one type. Keys are alike if they differ by \
        a plural or two letters, or if they never occur together and hold the same kind of values.\n\
        Bad: `epoch=60` in five records and `epochs=20` in a sixth; `multitask_training_type` once a text and once a \
        number.\n\
        Good: `epoch` everywhere.\n\
        Exceptions: Two programs with schemas of their own; `[aliases]` says which keys are the same.\n\
        Remedy: Name the alias in `repro.toml`, or rename the key in the program.",
};

/// A row's run is not one that its label stands for.
pub static LABEL_VS_RECORD: Rule = Rule {
    id: "RPR303",
    name: "label-vs-record",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A row's run is not one that its label stands for.",
    explanation: "The label of a row says what the run is: model, tasks, loss, pre-training. The run's record must \
        say the same. With a table spec the row's conditions decide, without one the usual reading of the words, \
        which gives warnings.\n\
        Bad: A row `MobileNet-V1-Age` with `loss_weights=[1, 0, 0, 0]`, which trains gender alone.\n\
        Good: `MobileNet-V2-Gender` with `loss_weights=[1, 0, 0, 0]`.\n\
        Exceptions: Naming conventions of one's own: declare `label_grammar` in the table spec.\n\
        Remedy: Cite the run that the label stands for, or correct the label.",
};

/// A field or path that follows from others disagrees with them.
pub static DERIVED_FIELD_MISMATCH: Rule = Rule {
    id: "RPR304",
    name: "derived-field-mismatch",
    severity: Severity::Error,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A field or path that follows from others disagrees with them.",
    explanation: "What follows from other fields must agree with them: the folder's name with tasks and weights, \
        the path with model, data set and time, the prefix with the pre-training flag, the epochs in the metrics \
        with the recorded number, the selected epoch with the rule.\n\
        Bad: A folder `_gender_1_age_0` with weights `[0, 1]`; 40 epochs of metrics for `epoch=60`.\n\
        Good: A path whose parts all follow from the record.\n\
        Exceptions: Runs that were resumed.\n\
        Remedy: Find out which of the two is right; an edited record should be restored.",
};

/// A label's word goes with another value than in nearly all other rows.
pub static MINORITY_MAPPING: Rule = Rule {
    id: "RPR305",
    name: "minority-mapping",
    severity: Severity::Warning,
    inputs: &[Input::Document],
    summary: "A label's word goes with another value than in nearly all other rows.",
    explanation: "If a word in labels goes with one value of a key in nearly all rows (four or more, and four of \
        five), a row in which it goes with another value is probably mistaken.\n\
        Bad: `5-classes` with `age_loss_type='20_age_cls_loss'` where all other such rows have `'5_age_cls_loss'`.\n\
        Good: The same word with the same value in every row.\n\
        Exceptions: Deliberate exceptions. It is inferred, so a warning at most.\n\
        Remedy: Check label and run of the row.",
};

/// A reported run was a debugging run.
pub static DEBUG_RUN: Rule = Rule {
    id: "RPR306",
    name: "debug-run",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs],
    summary: "A reported run was a debugging run.",
    explanation: "A reported row must not come from a debugging run: a record with a truthy `debug`, `dry_run`, \
        `smoke`, `fast_dev_run`, `limit_…` or `overfit_batches`, or a folder `Debug-…`. If the flag changes data or \
        metric it is an error.\n\
        Bad: `debug=True` behind a published number.\n\
        Good: `debug=False`.\n\
        Exceptions: A flag that only makes the program talk more: lower the rule's severity.\n\
        Remedy: Train the row without the flag.",
};

/// A recorded argument has no effect in the training code.
pub static INERT_ARGUMENT: Rule = Rule {
    id: "RPR307",
    name: "inert-argument",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Code],
    summary: "A recorded argument has no effect in the training code.",
    explanation: "A recorded argument should do something. The training code is parsed, never run: an argument that \
        the entry script's calls never read, or a parameter that the callee ignores, makes records say more than is \
        true.\n\
        Bad: `lr_schedule=8` in every record, which no line reads; `pretrained=True` that vanishes in `**kwargs`.\n\
        Good: `weight_decay`, which reaches the optimizer.\n\
        Exceptions: Code that hands the whole namespace on, or reads it by reflection: then it is a note.\n\
        Remedy: Use the argument, or remove it from the parser.",
};

/// A recorded value cannot come out of the training code's argument parser.
pub static UNREACHABLE_VALUE: Rule = Rule {
    id: "RPR308",
    name: "unreachable-value",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Code, Input::History],
    summary: "A recorded value cannot come out of the training code's argument parser.",
    explanation: "A recorded value must be one that the program's argument parser can produce. `type=bool` turns \
        every non-empty text into `True`, `type=list` splits a text into letters; `choices` and `type` exclude \
        others.\n\
        Bad: `debug=False` from `type=bool, default=True`; `loss_weights=[1, 1, 1, 1]` from `type=list`.\n\
        Good: `epoch=60` from `type=int`, or any default.\n\
        Exceptions: Programs that set arguments themselves, or read configuration files.\n\
        Remedy: Use `BooleanOptionalAction` or `nargs`, and find out how the recorded value came about.",
};

/// A record does not say what repeating the run needs.
pub static MISSING_ESSENTIAL_KEY: Rule = Rule {
    id: "RPR309",
    name: "missing-essential-key",
    severity: Severity::Warning,
    inputs: &[Input::Document, Input::Runs, Input::Spec],
    summary: "A record does not say what repeating the run needs.",
    explanation: "A record must name what repeating the run needs: seed, code version, optimizer with momentum, \
        initial weights, every data set of the header, split, augmentation, selection rule, batch size, epochs. The \
        finding lists what is missing.\n\
        Bad: `Namespace(batch_size=8, epoch=60, lr_rate=0.001)` and nothing else.\n\
        Good: A record as `repro train` writes it.\n\
        Exceptions: What the code fixes, declared under `[constants]` in `repro.toml`.\n\
        Remedy: Record the keys from now on; for past runs declare the constants.",
};
