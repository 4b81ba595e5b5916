//! Which samples decide and which are reported.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{DataError, Sample};
use crate::metric::Split;

/// How `valid` comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitProtocol {
    /// `valid` is the data's own, or every tenth training image; `test` has no influence on training.
    ThreeWay,
    /// As the reference did: the samples of `test` decide too, and nothing is taken from training.
    Reference,
}

/// One in so many training images becomes `valid`.
const VALID_EVERY: usize = 10;

impl SplitProtocol {
    /// The name in specs and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ThreeWay => "three-way",
            Self::Reference => "reference",
        }
    }
}

impl fmt::Display for SplitProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SplitProtocol {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "three-way" => Ok(Self::ThreeWay),
            "reference" => Ok(Self::Reference),
            _ => Err(DataError::UnknownProtocol {
                found: text.to_owned(),
            }),
        }
    }
}

/// Gives every split its samples, sorted by id.
pub(super) fn apply(protocol: SplitProtocol, samples: &mut BTreeMap<Split, Vec<Sample>>) {
    for of_split in samples.values_mut() {
        of_split.sort_by(|a, b| a.id.cmp(&b.id));
    }
    match protocol {
        SplitProtocol::Reference => {
            let test = samples.get(&Split::Test).cloned().unwrap_or_default();
            samples.insert(Split::Valid, test);
        }
        SplitProtocol::ThreeWay if samples.contains_key(&Split::Valid) => {}
        SplitProtocol::ThreeWay => {
            let train = samples.remove(&Split::Train).unwrap_or_default();
            let (train, valid) = hold_out(train);
            samples.insert(Split::Train, train);
            samples.insert(Split::Valid, valid);
        }
    }
}

/// Takes the first, eleventh, twenty-first … in the order of blake3(id) out of `samples`; both parts stay
/// in the order they came in.
fn hold_out(samples: Vec<Sample>) -> (Vec<Sample>, Vec<Sample>) {
    let mut by_hash: Vec<(blake3::Hash, usize)> = samples
        .iter()
        .enumerate()
        .map(|(idx, sample)| (blake3::hash(sample.id.as_bytes()), idx))
        .collect();
    by_hash.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    let mut held_out = vec![false; samples.len()];
    // A single image stays with training.
    let n_candidates = if samples.len() > 1 { samples.len() } else { 0 };
    for (_, idx) in by_hash[..n_candidates].iter().step_by(VALID_EVERY) {
        held_out[*idx] = true;
    }
    let (valid, train): (Vec<_>, Vec<_>) = samples
        .into_iter()
        .zip(held_out)
        .partition(|(_, held_out)| *held_out);
    let strip = |part: Vec<(Sample, bool)>| part.into_iter().map(|(sample, _)| sample).collect();
    (strip(train), strip(valid))
}
