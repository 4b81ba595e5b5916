//! Run specs: what to train, as TOML. One file is one run or a sweep (a grid over keys, several seeds).
//!
//! Owns reading, validating and expanding specs; every mistake is found here, before anything is written.
//! Which runs follow and in which order is `plan`'s.

mod config;
mod overrides;
mod value;

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

pub use config::{Complaint, Config, DERIVED, KEYS, Mistake, TrainingType, canonical};
pub use overrides::{Override, Overrides, parse_seeds};

use super::data::tasks;
use crate::project::DataSettings;
use crate::source::{Source, SourceError, lookup};
use value::{list, one_of, text, unknown};

const TOP: &[&str] = &[
    "hyper_parameters",
    "name",
    "parent",
    "phase",
    "seeds",
    "sweep",
];
const HYPER_PARAMETERS: &str = "hyper_parameters";
const SWEEP: &str = "sweep";

/// A validated spec.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its name, unique among the specs of a call.
    pub name: String,
    /// What the run is for.
    pub phase: Phase,
    /// The run that it starts from.
    pub parent: Option<ParentSpec>,
    /// Seeds, one run each.
    pub seeds: Vec<u64>,
    /// The combinations of the sweep; one without a sweep.
    pub variants: Vec<Variant>,
    source: Source,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The reported training.
    Train,
    /// Training that others start from.
    Pretrain,
}

/// The run that a spec's runs start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentSpec {
    /// Name of its spec.
    pub spec: String,
    /// Which of its weights.
    pub checkpoint: Checkpoint,
}

/// A choice among the weights that a run leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checkpoint {
    /// Of the selected epoch.
    Best,
    /// Of the last epoch.
    Last,
}

/// One combination of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// `key=value` of the swept keys; empty without a sweep.
    pub label: String,
    /// The hyper-parameters.
    pub config: Config,
}

impl Spec {
    /// Reads and validates the spec at `path`.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn read(
        path: &Path,
        data: &DataSettings,
        overrides: &Overrides,
    ) -> Result<Self, SourceError> {
        Self::parse(Source::read(path)?, data, overrides)
    }

    /// The spec in `source`.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(
        source: Source,
        data: &DataSettings,
        overrides: &Overrides,
    ) -> Result<Self, SourceError> {
        source.check_keys(&source.table()?, TOP)?;
        let table: Table = source.parse()?;
        let file = File { source, table };
        let name = file.name()?;
        let phase = file.phase()?;
        let parent = file.parent()?;
        let seeds = match &overrides.seeds {
            Some(seeds) => seeds.clone(),
            None => file.seeds()?,
        };
        let variants = file.variants(data, overrides)?;
        let spec = Self {
            name,
            phase,
            parent,
            seeds,
            variants,
            source: file.source,
        };
        spec.check_init()?;
        Ok(spec)
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// An error at the value of dotted `path`.
    pub fn error_on(&self, path: &[&str], complaint: Complaint) -> SourceError {
        error_on(&self.source, path, complaint)
    }

    fn check_init(&self) -> Result<(), SourceError> {
        let twice = self.variants.iter().any(|v| v.config.init_file().is_some());
        if self.parent.is_some() && twice {
            let complaint = Complaint::new("`init` and `parent` both give initial weights")
                .help("remove one of them");
            return Err(self.error_on(&["parent"], complaint));
        }
        Ok(())
    }
}

/// A spec's text and values while it is being validated.
struct File {
    source: Source,
    table: Table,
}

impl File {
    /// The value of a top-level key through `read`.
    fn top<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Value) -> Result<T, Complaint>,
    ) -> Result<Option<T>, SourceError> {
        let value = self.table.get(key);
        value
            .map(|value| read(value).map_err(|complaint| self.error_at_value(&[key], complaint)))
            .transpose()
    }

    fn error_at_value(&self, path: &[&str], complaint: Complaint) -> SourceError {
        error_on(&self.source, path, complaint)
    }

    fn name(&self) -> Result<String, SourceError> {
        let missing = || {
            let complaint = Complaint::new("key `name` is missing");
            self.error_at_value(
                &[],
                complaint.help("add `name = \"…\"`, unique among specs"),
            )
        };
        self.top("name", text)?.ok_or_else(missing)
    }

    fn phase(&self) -> Result<Phase, SourceError> {
        let name = self.top("phase", |value| one_of(value, &["pretrain", "train"]))?;
        Ok(match name.as_deref() {
            Some("pretrain") => Phase::Pretrain,
            _ => Phase::Train,
        })
    }

    fn parent(&self) -> Result<Option<ParentSpec>, SourceError> {
        if !self.table.contains_key("parent") {
            return Ok(None);
        }
        let table = self.section("parent", &["checkpoint", "spec"])?;
        let part = |key: &str, read: &dyn Fn(&Value) -> Result<String, Complaint>| {
            let value = table.get(key);
            value
                .map(|value| read(value).map_err(|c| self.error_at_value(&["parent", key], c)))
                .transpose()
        };
        let Some(spec) = part("spec", &text)? else {
            let complaint = Complaint::new("`parent` names no spec");
            return Err(
                self.error_at_value(&["parent"], complaint.help("add `spec = \"…\"` to it"))
            );
        };
        let checkpoint = part("checkpoint", &|value| one_of(value, &["best", "last"]))?;
        let checkpoint = match checkpoint.as_deref() {
            Some("last") => Checkpoint::Last,
            _ => Checkpoint::Best,
        };
        Ok(Some(ParentSpec { spec, checkpoint }))
    }

    fn seeds(&self) -> Result<Vec<u64>, SourceError> {
        let seeds = self.top("seeds", |value| {
            let seeds: Vec<u64> = list(value, |item| value::count(item, 0))?;
            match (1..seeds.len()).find(|i| seeds[..*i].contains(&seeds[*i])) {
                Some(i) => Err(Complaint::new(format!("seed {} occurs twice", seeds[i])).at(i)),
                None => Ok(seeds),
            }
        })?;
        Ok(seeds.unwrap_or_else(|| vec![0]))
    }

    /// The table `key`, empty where it is absent, without unknown keys.
    fn section(&self, key: &str, known: &[&str]) -> Result<Table, SourceError> {
        let Some(value) = self.table.get(key) else {
            return Ok(Table::new());
        };
        let Value::Table(values) = value else {
            return Err(self.error_at_value(&[key], Complaint::new("expected a table")));
        };
        let positions = self.source.table()?;
        if let Some((toml::de::DeValue::Table(inner), _)) = lookup(&positions, &[key]) {
            self.refuse_derived(inner)?;
            self.source.check_keys(inner, known)?;
        }
        Ok(values.clone())
    }

    fn refuse_derived(&self, table: &toml::de::DeTable<'_>) -> Result<(), SourceError> {
        for key in table.keys() {
            let found = DERIVED
                .iter()
                .find(|(name, _)| *name == key.get_ref().as_ref());
            if let Some((name, why)) = found {
                let message = format!("`{name}` cannot be set");
                let help = Some((*why).to_owned());
                return Err(self.source.error_at(key.span().start, message, help));
            }
        }
        Ok(())
    }

    /// A key and its alias in one table would silently replace each other.
    fn refuse_alias_twice(&self, section: &str, values: &Table) -> Result<(), SourceError> {
        let is_twice =
            |alias: &&str| canonical(alias) != *alias && values.contains_key(canonical(alias));
        let Some(alias) = values.keys().map(String::as_str).find(is_twice) else {
            return Ok(());
        };
        let message = format!("`{alias}` is the same as `{}`", canonical(alias));
        let complaint = Complaint::new(message).help("keep one of them");
        Err(self.error_at_value(&[section, alias], complaint))
    }

    fn variants(
        &self,
        data: &DataSettings,
        overrides: &Overrides,
    ) -> Result<Vec<Variant>, SourceError> {
        let fixed = self.section(HYPER_PARAMETERS, KEYS)?;
        self.refuse_alias_twice(HYPER_PARAMETERS, &fixed)?;
        let mut base = Config::default();
        for (key, value) in &fixed {
            base.set(key, value)
                .map_err(|c| self.error_at_value(&[HYPER_PARAMETERS, key], c))?;
        }
        for set in &overrides.values {
            set.apply(&mut base)?;
        }
        let axes = self.axes(overrides)?;
        combinations(&axes)
            .into_iter()
            .map(|choice| self.variant(&base, &choice, data, overrides))
            .collect()
    }

    /// The swept keys with their values, sorted by key; what is overridden is not swept.
    fn axes(&self, overrides: &Overrides) -> Result<Vec<(String, Vec<Value>)>, SourceError> {
        let sweep = self.section(SWEEP, KEYS)?;
        let mut axes = Vec::new();
        self.refuse_alias_twice(SWEEP, &sweep)?;
        for (key, value) in sweep {
            let values = distinct(&value)
                .map_err(|complaint| self.error_at_value(&[SWEEP, &key], complaint))?;
            if !overrides.sets(&key) {
                axes.push((key, values));
            }
        }
        axes.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(axes)
    }

    fn variant(
        &self,
        base: &Config,
        choice: &[(&str, usize, &Value)],
        data: &DataSettings,
        overrides: &Overrides,
    ) -> Result<Variant, SourceError> {
        let mut config = base.clone();
        for (key, index, value) in choice {
            let place = [SWEEP, key, &index.to_string()];
            config
                .set(key, value)
                .map_err(|complaint| self.error_at_value(&place, complaint))?;
        }
        let place = |mistake: Mistake| self.place(mistake, choice, overrides);
        let config = config.settled().map_err(place)?;
        check_data(&config, data).map_err(place)?;
        let label: Vec<String> = choice.iter().map(|(k, _, v)| format!("{k}={v}")).collect();
        Ok(Variant {
            label: label.join(", "),
            config,
        })
    }

    /// Where the value of a key came from.
    fn place(
        &self,
        mistake: Mistake,
        choice: &[(&str, usize, &Value)],
        overrides: &Overrides,
    ) -> SourceError {
        let Mistake { key, complaint } = mistake;
        if let Some(set) = overrides.of(key) {
            return set.error(complaint);
        }
        let swept = choice.iter().find(|(name, ..)| canonical(name) == key);
        match swept {
            Some((name, index, _)) => {
                self.error_at_value(&[SWEEP, name, &index.to_string()], complaint)
            }
            None => self.error_at_value(&[HYPER_PARAMETERS, key], complaint),
        }
    }
}

/// The values of a swept key; equal ones would train the same run twice.
fn distinct(value: &Value) -> Result<Vec<Value>, Complaint> {
    let values = list(value, |item| Ok(item.clone()))?;
    match (1..values.len()).find(|i| values[..*i].contains(&values[*i])) {
        Some(i) => Err(Complaint::new(format!("`{}` occurs twice", values[i])).at(i)),
        None => Ok(values),
    }
}

/// Every choice of one value per axis, the last axis changing fastest.
fn combinations(axes: &[(String, Vec<Value>)]) -> Vec<Vec<(&str, usize, &Value)>> {
    let mut all = vec![Vec::new()];
    for (key, values) in axes {
        all = all
            .into_iter()
            .flat_map(|choice: Vec<(&str, usize, &Value)>| {
                values.iter().enumerate().map(move |(i, value)| {
                    let mut longer = choice.clone();
                    longer.push((key.as_str(), i, value));
                    longer
                })
            })
            .collect();
    }
    all
}

/// Refuses data sets and subtasks that the project does not have.
fn check_data(config: &Config, data: &DataSettings) -> Result<(), Mistake> {
    let Some(set) = data.sets.get(&config.dataset) else {
        let names: Vec<&str> = data.sets.keys().map(String::as_str).collect();
        let complaint = match names.is_empty() {
            false => unknown("data set", &config.dataset, &names),
            true => Complaint::new(format!("unknown data set `{}`", config.dataset))
                .help("describe it in repro.toml under `[data.<name>]`"),
        };
        return Err(complaint.of("dataset"));
    };
    let known = tasks(data, &config.dataset).expect("the data set is there");
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let is_unknown = |task: &String| !known.contains(&task.as_str());
    if let Some(i) = config.subtasks.iter().position(is_unknown) {
        let what = format!("subtask of `{}`", config.dataset);
        let complaint = unknown(&what, &config.subtasks[i], &known);
        return Err(complaint.at(i).of("subtasks"));
    }
    // A task's own source goes before one that labels all.
    let has_own = |task: &(&str, f64)| set.contains_key(task.0);
    let active = config.active_tasks();
    let is_split = active.len() > 1 && active.iter().any(has_own);
    if config.multitask_training_type.needs_all_labels() && is_split {
        let message = format!(
            "`{}` needs images that carry every label, `{}` has a source per task",
            config.multitask_training_type.as_str(),
            config.dataset
        );
        let complaint = Complaint::new(message).help("use `Train_Valid` or `Train_Valid_2`");
        return Err(complaint.of("multitask_training_type"));
    }
    Ok(())
}

/// An error at the value of dotted `path`, or at the nearest table around it that is there.
fn error_on(source: &Source, path: &[&str], complaint: Complaint) -> SourceError {
    let Complaint {
        message,
        help,
        element,
    } = complaint;
    let index = element.map(|i| i.to_string());
    let mut path: Vec<&str> = path.to_vec();
    path.extend(index.as_deref());
    let table = source.table().unwrap_or_default();
    let offset = loop {
        if path.is_empty() {
            break 0;
        }
        match lookup(&table, &path) {
            Some((_, span)) => break span.start,
            None => path.pop(),
        };
    };
    source.error_at(offset, message, help)
}

#[cfg(test)]
mod tests;
