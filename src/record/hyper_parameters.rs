//! Hyper-parameters as the record keeps them: names of the reference's records, values as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Keys that runs of one group may differ in: they do not change what is trained, or are the group's axis.
pub const NOT_PART_OF_THE_RECIPE: &[&str] = &[
    "seed",
    "num_workers",
    "loading_jobs",
    "log_dir",
    "threads",
    "working_machine",
];

/// What the user set for a run, by key, sorted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HyperParameters(pub BTreeMap<String, Value>);

impl HyperParameters {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The same without the keys that do not change what is trained.
    pub fn recipe(&self) -> Self {
        let keep = |key: &String| !NOT_PART_OF_THE_RECIPE.contains(&key.as_str());
        Self(
            self.0
                .iter()
                .filter(|(key, _)| keep(key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        )
    }

    /// The keys in which the two differ, a missing key counting as a difference; sorted.
    pub fn differing_keys(&self, other: &Self) -> Vec<String> {
        let mut keys: Vec<&String> = self.0.keys().chain(other.0.keys()).collect();
        keys.sort();
        keys.dedup();
        keys.into_iter()
            .filter(|key| self.0.get(*key) != other.0.get(*key))
            .cloned()
            .collect()
    }
}
