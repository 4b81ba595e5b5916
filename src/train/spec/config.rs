//! The hyper-parameters of one run, typed: names and meaning of the reference's records.
//!
//! Owns keys, defaults, what a single value may be and what must fit together. Where a value came from
//! (a file, `--set`, a record) is known by the caller, which turns a [`Mistake`] into a message with a place.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Number, json};
use toml::Value;

use super::value::{
    count, decay, factor, flag, fraction, list, name_list, one_of, optional_count, optional_text,
    rate, text, weight,
};
use crate::record::HyperParameters;

/// The only architecture so far.
const MODELS: &[&str] = &["MTL_MobileNet_V2_model"];
/// `init` of a run that starts from nothing.
const RANDOM: &str = "random";
/// How age is learned: classification over years.
const AGE_LOSSES: &[&str] = &["age_cls_loss"];
/// Names of [`super::super::data::SplitProtocol`].
const SPLIT_PROTOCOLS: &[&str] = &["three-way", "reference"];

/// Keys that a spec may set, sorted; `epochs` is an alias of `epoch`.
pub const KEYS: &[&str] = &[
    "age_classes",
    "age_loss_type",
    "augment",
    "batch_size",
    "dataset",
    "debug",
    "dropout",
    "epoch",
    "epochs",
    "image_size",
    "init",
    "loading_jobs",
    "log_dir",
    "loss_weights",
    "lr_rate",
    "lr_schedule",
    "model",
    "momentum",
    "multitask_training_type",
    "num_workers",
    "samples_per_epoch",
    "split_protocol",
    "subtasks",
    "threads",
    "weight_decay",
    "width_mult",
    "working_machine",
];

/// Keys of a record that follow from others, and from what.
pub const DERIVED: &[(&str, &str)] = &[
    (
        "folder_sub_name",
        "it follows from `subtasks` and `loss_weights`",
    ),
    ("load_pretrained_model", "it follows from `parent`"),
    ("seed", "list them in `seeds`, or pass `--seeds`"),
];

/// How the losses of several tasks become optimiser steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingType {
    /// A batch of each task, one step for the weighted sum.
    Joint,
    /// A batch of each task, one step per task in turn.
    Alternating,
    /// A batch that carries all labels, one step for the weighted sum.
    PretrainJoint,
    /// A batch that carries all labels, one step per task in turn.
    PretrainAlternating,
}

impl TrainingType {
    const NAMES: &[(&str, Self)] = &[
        ("Train_Valid", Self::Joint),
        ("Train_Valid_2", Self::Alternating),
        ("Pretrain_Joint", Self::PretrainJoint),
        ("Pretrain_Alternating", Self::PretrainAlternating),
    ];

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, kind)| *kind == self);
        found.expect("every kind has a name").0
    }

    /// Whether one batch must carry the labels of all tasks.
    pub fn needs_all_labels(self) -> bool {
        matches!(self, Self::PretrainJoint | Self::PretrainAlternating)
    }

    fn of(value: &Value) -> Result<Self, Complaint> {
        // The reference's records write two of them as numbers.
        match value {
            Value::Integer(2) => return Ok(Self::PretrainJoint),
            Value::Integer(3) => return Ok(Self::PretrainAlternating),
            _ => {}
        }
        let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
        let found = one_of(value, &names)?;
        let kind = Self::NAMES.iter().find(|(name, _)| *name == found);
        Ok(kind.expect("one of the names").1)
    }
}

/// Why a value is refused, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Index of the element that is meant, where the value is a list.
    pub element: Option<usize>,
}

/// A complaint about the value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The key.
    pub key: &'static str,
    /// What is wrong.
    pub complaint: Complaint,
}

impl Complaint {
    /// A complaint without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            element: None,
        }
    }

    /// The same with a hint.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same about element `index` of a list.
    pub fn at(mut self, index: usize) -> Self {
        self.element = Some(index);
        self
    }

    /// The same about `key`.
    pub fn of(self, key: &'static str) -> Mistake {
        Mistake {
            key,
            complaint: self,
        }
    }
}

/// The hyper-parameters of one run. [`Config::default`] gives the reference's values where it had some.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Number of age classes, years 1 to this (100).
    pub age_classes: u32,
    /// How age is learned (`age_cls_loss`: classification).
    pub age_loss_type: String,
    /// Whether training images are cropped and flipped at random (true).
    pub augment: bool,
    /// Images per batch and loader (8).
    pub batch_size: usize,
    /// Name of the data set in `repro.toml` (`CVPR_16_ChaLearn`).
    pub dataset: String,
    /// Two batches per epoch, and `Debug-` before the run's folder (false).
    pub debug: bool,
    /// Number of epochs (40).
    pub epoch: u32,
    /// Side of the square input in pixels (224).
    pub image_size: usize,
    /// `random`, or a safetensors file whose trunk is loaded (`random`).
    pub init: String,
    /// Batches prepared ahead of the step (4).
    pub loading_jobs: usize,
    /// Folder of a CSV copy of the metrics, written at each epoch's end (none).
    pub log_dir: Option<String>,
    /// Factor of each task's loss, in the order of `subtasks` (all 1).
    pub loss_weights: Vec<Number>,
    /// Learning rate of the first epoch (0.001).
    pub lr_rate: f64,
    /// Epochs without a better validation loss before the learning rate drops (8).
    pub lr_schedule: u32,
    /// `MTL_MobileNet_V2_model`.
    pub model: String,
    /// Share of a head's hidden values that training sets to zero; at least 0, below 1.
    pub dropout: f64,
    /// Momentum of the optimiser (0.9).
    pub momentum: f64,
    /// How tasks share optimiser steps (`Train_Valid`).
    pub multitask_training_type: TrainingType,
    /// Threads that decode images (4).
    pub num_workers: usize,
    /// Training samples drawn with replacement per loader and epoch; `None` is every sample once.
    pub samples_per_epoch: Option<usize>,
    /// `three-way` or `reference` (`three-way`).
    pub split_protocol: String,
    /// Tasks with a head (`gender`, `smile`, `emotion`, `age`).
    pub subtasks: Vec<String>,
    /// Threads of the training step; `None` is one per core, settled before the run is recorded.
    pub threads: Option<usize>,
    /// Factor of the L2 penalty (1e-6).
    pub weight_decay: f64,
    /// Multiplier of the trunk's channel counts (1.0).
    pub width_mult: f64,
    /// A label for the record (none); nothing else reads it.
    pub working_machine: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            age_classes: 100,
            age_loss_type: AGE_LOSSES[0].to_owned(),
            augment: true,
            batch_size: 8,
            dataset: "CVPR_16_ChaLearn".to_owned(),
            debug: false,
            epoch: 40,
            image_size: 224,
            init: RANDOM.to_owned(),
            loading_jobs: 4,
            log_dir: None,
            loss_weights: Vec::new(),
            lr_rate: 0.001,
            lr_schedule: 8,
            model: MODELS[0].to_owned(),
            dropout: 0.5,
            momentum: 0.9,
            multitask_training_type: TrainingType::Joint,
            num_workers: 4,
            samples_per_epoch: None,
            split_protocol: SPLIT_PROTOCOLS[0].to_owned(),
            subtasks: ["gender", "smile", "emotion", "age"]
                .map(str::to_owned)
                .to_vec(),
            threads: None,
            weight_decay: 1e-6,
            width_mult: 1.0,
            working_machine: None,
        }
    }
}

/// The key that `key` is an alias of, or itself.
pub fn canonical(key: &str) -> &str {
    match key {
        "epochs" => "epoch",
        other => other,
    }
}

impl Config {
    /// Takes the value of `key`, one of [`KEYS`].
    ///
    /// # Errors
    /// The value has the wrong type or is impossible by itself.
    ///
    /// # Panics
    /// `key` is not one of [`KEYS`].
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), Complaint> {
        match canonical(key) {
            "age_classes" => self.age_classes = count(value, 2)?,
            "age_loss_type" => self.age_loss_type = one_of(value, AGE_LOSSES)?,
            "augment" => self.augment = flag(value)?,
            "batch_size" => self.batch_size = count(value, 1)?,
            "dataset" => self.dataset = text(value)?,
            "debug" => self.debug = flag(value)?,
            "epoch" => self.epoch = count(value, 1)?,
            "image_size" => self.image_size = count(value, 32)?,
            "init" => self.init = text(value)?,
            "loading_jobs" => self.loading_jobs = count(value, 1)?,
            "log_dir" => self.log_dir = optional_text(value)?,
            "loss_weights" => self.loss_weights = list(value, weight)?,
            "lr_rate" => self.lr_rate = rate(value)?,
            "lr_schedule" => self.lr_schedule = count(value, 0)?,
            "model" => self.model = one_of(value, MODELS)?,
            "dropout" => self.dropout = fraction(value)?,
            "momentum" => self.momentum = fraction(value)?,
            "multitask_training_type" => self.multitask_training_type = TrainingType::of(value)?,
            "num_workers" => self.num_workers = count(value, 1)?,
            "samples_per_epoch" => self.samples_per_epoch = optional_count(value)?,
            "split_protocol" => self.split_protocol = one_of(value, SPLIT_PROTOCOLS)?,
            "subtasks" => self.subtasks = name_list(value)?,
            "threads" => self.threads = Some(count(value, 1)?),
            "weight_decay" => self.weight_decay = decay(value)?,
            "width_mult" => self.width_mult = factor(value)?,
            "working_machine" => self.working_machine = optional_text(value)?,
            other => unreachable!("`{other}` is not one of KEYS"),
        }
        Ok(())
    }

    /// Fills in what follows from other keys and checks what must fit together.
    ///
    /// # Errors
    /// Weights and subtasks differ in number, or nothing would be trained.
    pub fn settled(mut self) -> Result<Self, Mistake> {
        if self.loss_weights.is_empty() {
            self.loss_weights = vec![Number::from(1); self.subtasks.len()];
        }
        let (n_weights, n_tasks) = (self.loss_weights.len(), self.subtasks.len());
        if n_weights != n_tasks {
            let complaint = Complaint::new(format!(
                "`loss_weights` has {n_weights} values, `subtasks` has {n_tasks}"
            ));
            let help = format!(
                "give one weight for each of {}",
                crate::source::backticked(&self.subtasks)
            );
            return Err(complaint.help(help).of("loss_weights"));
        }
        if self.active_tasks().is_empty() {
            let complaint = Complaint::new("every weight is 0: nothing would be trained");
            return Err(complaint
                .help("give at least one task a positive weight")
                .of("loss_weights"));
        }
        Ok(self)
    }

    /// Tasks of positive weight, with it, in the order of `subtasks`.
    pub fn active_tasks(&self) -> Vec<(&str, f64)> {
        let weights = self.loss_weights.iter().map(as_float);
        let tasks = self.subtasks.iter().map(String::as_str);
        tasks
            .zip(weights)
            .filter(|(_, weight)| *weight > 0.0)
            .collect()
    }

    /// The file of initial weights, as the spec names it; `None` for random ones.
    pub fn init_file(&self) -> Option<&Path> {
        (self.init != RANDOM).then(|| Path::new(&self.init))
    }

    /// `_<task>_<weight>` of every subtask.
    pub fn folder_sub_name(&self) -> String {
        let parts = self.subtasks.iter().zip(&self.loss_weights);
        parts
            .map(|(task, weight)| format!("_{task}_{weight}"))
            .collect()
    }

    /// The record of these values for one seed.
    pub fn record(&self, load_pretrained_model: bool, seed: u64) -> HyperParameters {
        let values = json!({
            "age_classes": self.age_classes,
            "age_loss_type": self.age_loss_type,
            "augment": self.augment,
            "batch_size": self.batch_size,
            "dataset": self.dataset,
            "debug": self.debug,
            "epoch": self.epoch,
            "folder_sub_name": self.folder_sub_name(),
            "image_size": self.image_size,
            "init": self.init,
            "load_pretrained_model": load_pretrained_model,
            "loading_jobs": self.loading_jobs,
            "log_dir": self.log_dir,
            "loss_weights": self.loss_weights,
            "lr_rate": self.lr_rate,
            "lr_schedule": self.lr_schedule,
            "model": self.model,
            "dropout": self.dropout,
            "momentum": self.momentum,
            "multitask_training_type": self.multitask_training_type.as_str(),
            "num_workers": self.num_workers,
            "samples_per_epoch": self.samples_per_epoch,
            "seed": seed,
            "split_protocol": self.split_protocol,
            "subtasks": self.subtasks,
            "threads": self.threads,
            "weight_decay": self.weight_decay,
            "width_mult": self.width_mult,
            "working_machine": self.working_machine,
        });
        let serde_json::Value::Object(values) = values else {
            unreachable!("written as an object")
        };
        HyperParameters(values.into_iter().collect::<BTreeMap<_, _>>())
    }

    /// The values that [`Config::record`] wrote.
    ///
    /// # Errors
    /// A value is not what a spec could have set.
    pub fn from_record(record: &HyperParameters) -> Result<Self, Mistake> {
        let mut config = Self::default();
        for key in KEYS {
            let Some(value) = record.get(key).filter(|value| !value.is_null()) else {
                continue;
            };
            let value = Value::try_from(value)
                .map_err(|error| Complaint::new(error.to_string()).of(key))?;
            config
                .set(key, &value)
                .map_err(|complaint| complaint.of(key))?;
        }
        config.settled()
    }
}

fn as_float(number: &Number) -> f64 {
    number
        .as_f64()
        .expect("weights are integers or finite floats")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_its_config() {
        let mut config = Config::default();
        for (key, value) in [
            ("epochs", Value::Integer(20)),
            ("multitask_training_type", Value::Integer(2)),
            (
                "loss_weights",
                Value::Array(vec![
                    Value::Integer(1),
                    Value::Float(0.5),
                    Value::Integer(0),
                    Value::Integer(2),
                ]),
            ),
            ("samples_per_epoch", Value::Integer(100)),
            ("threads", Value::Integer(2)),
            ("log_dir", Value::String("logs".into())),
        ] {
            config.set(key, &value).expect("valid");
        }
        let config = config.settled().expect("fits");
        assert_eq!(
            config.folder_sub_name(),
            "_gender_1_smile_0.5_emotion_0_age_2"
        );
        let record = config.record(true, 3);
        assert_eq!(
            record.get("multitask_training_type"),
            Some(&json!("Pretrain_Joint"))
        );
        assert_eq!(Config::from_record(&record), Ok(config));
    }

    #[test]
    fn every_key_and_nothing_else_is_recorded() {
        let record = Config::default().settled().expect("fits").record(false, 0);
        let derived = DERIVED.iter().map(|(key, _)| *key);
        let mut expected: Vec<&str> = KEYS.iter().copied().chain(derived).collect();
        expected.retain(|key| *key != "epochs");
        expected.sort_unstable();
        let found: Vec<&str> = record.0.keys().map(String::as_str).collect();
        assert_eq!(found, expected);
    }
}
