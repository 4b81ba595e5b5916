//! Keys of records: which of them mean the same, and what a record says is trained.

use serde_json::{Map, Value};

/// What a reader of a record looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concept {
    /// Seed of the generators.
    Seed,
    /// Commit or version of the code.
    CodeVersion,
    /// Optimiser and its momentum.
    Optimizer,
    /// Where the initial weights come from.
    InitialWeights,
    /// Data sets.
    Dataset,
    /// Split, or the protocol that makes it.
    Split,
    /// Augmentation of training images.
    Augmentation,
    /// Which epoch is reported.
    SelectionRule,
    /// Samples per step.
    BatchSize,
    /// Passes over the data.
    Epochs,
}

/// Keys that tell each concept.
pub const SYNONYMS: &[(Concept, &[&str])] = &[
    (
        Concept::Seed,
        &[
            "seed",
            "seeds",
            "random_seed",
            "random_state",
            "manual_seed",
            "manualSeed",
            "rng_seed",
        ],
    ),
    (
        Concept::CodeVersion,
        &[
            "commit",
            "git",
            "git_commit",
            "git_sha",
            "git_hash",
            "code_commit",
            "code_version",
            "revision",
        ],
    ),
    (
        Concept::Optimizer,
        &["optimizer", "optim", "solver", "momentum"],
    ),
    (
        Concept::InitialWeights,
        &[
            "init",
            "initial_weights",
            "init_checkpoint",
            "init_weights",
            "weights",
            "weights_id",
            "pretrained_weights",
        ],
    ),
    (
        Concept::Dataset,
        &["dataset", "datasets", "data", "data_set", "data_sets"],
    ),
    (
        Concept::Split,
        &["split", "splits", "split_protocol", "fold"],
    ),
    (
        Concept::Augmentation,
        &[
            "augment",
            "augmentation",
            "augmentations",
            "transforms",
            "data_augmentation",
        ],
    ),
    (
        Concept::SelectionRule,
        &[
            "selection",
            "select",
            "selection_rule",
            "checkpoint_rule",
            "epoch_rule",
        ],
    ),
    (
        Concept::BatchSize,
        &[
            "batch_size",
            "bs",
            "train_batch_size",
            "per_device_batch_size",
        ],
    ),
    (
        Concept::Epochs,
        &[
            "epoch",
            "epochs",
            "n_epochs",
            "num_epochs",
            "max_epochs",
            "max_steps",
            "steps",
        ],
    ),
];

/// Keys that name the machine, the device or the build of a run.
pub const MACHINE_KEYS: &[&str] = &[
    "working_machine",
    "machine",
    "host",
    "hostname",
    "device",
    "gpu",
    "precision",
    "instruction_set",
    "rustc",
    "torch_version",
    "cuda",
];

/// Keys that say what is measured, and on which network it starts.
pub const PROTOCOL_KEYS: &[&str] = &[
    "age_classes",
    "n_classes",
    "num_classes",
    "classes",
    "label_source",
    "split",
    "splits",
    "split_protocol",
    "fold",
    "init",
    "initial_weights",
    "init_checkpoint",
    "pretrained",
    "pretrained_weights",
    "load_imagenet_pretrained_weights",
    LOAD_PRETRAINED,
    "load_IMDB_WIKI_pretrained_model",
];

/// The key that says whether a run starts from another run's weights.
pub const LOAD_PRETRAINED: &str = "load_pretrained_model";

/// Keys that do not change what is trained.
pub const NEUTRAL_KEYS: &[&str] = &["num_workers", "loading_jobs", "log_dir", "threads", "seed"];

/// Keys that say how much training, data or tuning a row had.
pub const BUDGET_KEYS: &[&str] = &[
    "epoch",
    "epochs",
    "n_epochs",
    "num_epochs",
    "max_epochs",
    "steps",
    "max_steps",
    "batch_size",
    "samples_per_epoch",
    "n_trials",
    "image_size",
];

/// Keys that switch debugging on, complete or up to a star.
const DEBUG_KEYS: &[&str] = &[
    "debug",
    "dry_run",
    "smoke",
    "smoke_test",
    "fast_dev_run",
    "overfit_batches",
];

/// Whether a key can switch debugging on.
pub fn is_debug_key(key: &str) -> bool {
    DEBUG_KEYS.contains(&key) || key.starts_with("limit_")
}

/// Whether a key with this value switches debugging on: `limit_train_batches=1.0` takes all of them.
pub fn is_debugging(key: &str, value: &Value) -> bool {
    let is_all = key.starts_with("limit_") && value.is_f64() && value.as_f64() == Some(1.0);
    is_debug_key(key) && is_truthy(value) && !is_all
}

impl Concept {
    /// What a reader of a finding calls it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::CodeVersion => "code version",
            Self::Optimizer => "optimizer",
            Self::InitialWeights => "initial weights",
            Self::Dataset => "data set",
            Self::Split => "split",
            Self::Augmentation => "augmentation",
            Self::SelectionRule => "selection rule",
            Self::BatchSize => "batch size",
            Self::Epochs => "epochs",
        }
    }

    /// Keys that tell it.
    pub fn keys(self) -> &'static [&'static str] {
        let found = SYNONYMS.iter().find(|(concept, _)| *concept == self);
        found.map_or(&[], |(_, keys)| keys)
    }
}

/// Whether a record says that its run starts from another run's weights, with the key that says it.
pub fn loads_pretrained(values: &Map<String, Value>) -> Option<(&str, bool)> {
    let says = |key: &str| {
        key == LOAD_PRETRAINED || (key.starts_with("load_") && key.ends_with("_pretrained_model"))
    };
    let (key, value) = values.iter().find(|(key, _)| says(key))?;
    Some((key, value.as_bool()?))
}

/// Whether a record says that its run is a pre-training; `None` where it does not tell.
pub fn is_pretraining(values: &Map<String, Value>) -> Option<bool> {
    let kind = values.get("multitask_training_type")?.as_str()?;
    Some(kind.to_lowercase().contains("pretrain"))
}

/// Whether Python takes a value for true.
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

/// The tasks of a record with their weights, as printed; `None` where it does not tell.
pub fn weighted_tasks(values: &Map<String, Value>) -> Option<Vec<(&str, &Value)>> {
    let tasks = values.get("subtasks")?.as_array()?;
    let weights = values.get("loss_weights")?.as_array()?;
    if tasks.len() != weights.len() {
        return None;
    }
    let pairs = tasks.iter().zip(weights);
    pairs
        .map(|(task, weight)| Some((task.as_str()?, weight)))
        .collect()
}

/// The tasks that a record trains: those whose weight is not 0.
pub fn active_tasks(values: &Map<String, Value>) -> Option<Vec<&str>> {
    let tasks = weighted_tasks(values)?.into_iter();
    let active = tasks.filter(|(_, weight)| is_truthy(weight));
    Some(active.map(|(task, _)| task).collect())
}
