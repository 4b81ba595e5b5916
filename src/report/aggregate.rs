//! Runs of one row: whether they may stand together, and what they are reduced to.

use super::footnote::Group;
use crate::record::{HyperParameters, RunRecord};
use crate::source::backticked;
use crate::store::RunId;

/// Runs that cannot stand in one row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The hyper-parameters are not those of one recipe.
    #[error("runs `{first}` and `{second}` differ in {}\nhelp: narrow the row's `where` so that only seeds differ", backticked(.keys))]
    DifferentRecipes {
        /// One run.
        first: RunId,
        /// Another.
        second: RunId,
        /// The keys in which they differ, sorted.
        keys: Vec<String>,
    },
    /// The same recipe was trained twice with one seed.
    #[error(
        "runs `{first}` and `{second}` have the same hyper-parameters and seed\nhelp: pin one with `where = {{ run = \"{first}\" }}`"
    )]
    Duplicates {
        /// One run.
        first: RunId,
        /// The other.
        second: RunId,
    },
}

/// Values of several seeds as one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// Number of runs.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation over seeds (n − 1); `None` for a single run.
    pub sd: Option<f64>,
}

/// The runs in the order of their seeds, if they are one recipe with each seed once.
///
/// # Errors
/// They differ in a hyper-parameter that matters, or a seed occurs twice.
pub fn group<'r>(
    mut runs: Vec<(&'r RunId, &'r RunRecord)>,
) -> Result<Vec<(&'r RunId, &'r RunRecord)>, GroupError> {
    runs.sort_by_key(|(run, record)| (seed(record), *run));
    if let Some((first, rest)) = runs.split_first() {
        let recipe = recipe(first.1);
        for other in rest {
            let keys = recipe.differing_keys(&self::recipe(other.1));
            if !keys.is_empty() {
                return Err(GroupError::DifferentRecipes {
                    first: first.0.clone(),
                    second: other.0.clone(),
                    keys,
                });
            }
        }
    }
    match runs
        .windows(2)
        .find(|pair| seed(pair[0].1) == seed(pair[1].1))
    {
        None => Ok(runs),
        Some(pair) => Err(GroupError::Duplicates {
            first: pair[0].0.clone(),
            second: pair[1].0.clone(),
        }),
    }
}

/// Mean and sample standard deviation, summed in the order given; `None` for no value.
pub fn aggregate(values: &[f64]) -> Option<Aggregate> {
    let (first, n) = (*values.first()?, values.len());
    if n == 1 {
        return Some(Aggregate {
            n,
            mean: first,
            sd: None,
        });
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let sd = Some((squares / (n - 1) as f64).sqrt());
    Some(Aggregate { n, mean, sd })
}

/// The seed of a run; records of other trackers may hold it among the hyper-parameters only.
pub fn seed(record: &RunRecord) -> Option<u64> {
    let among = || record.hyper_parameters.get("seed")?.as_u64();
    record.seed.or_else(among)
}

fn recipe(record: &RunRecord) -> HyperParameters {
    record.hyper_parameters.recipe()
}

/// The hyper-parameters outside the recipe, but for the seed, in which the runs of a group differ; sorted.
pub fn incidental_differences(group: &Group<'_>) -> Vec<String> {
    let mut keys: Vec<String> = group
        .windows(2)
        .flat_map(|pair| {
            pair[0]
                .1
                .hyper_parameters
                .differing_keys(&pair[1].1.hyper_parameters)
        })
        .filter(|key| key != "seed")
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::record;
    use serde_json::json;

    fn id(text: &str) -> RunId {
        text.parse().expect("a run path")
    }

    #[test]
    fn seeds_of_one_recipe_are_a_group() {
        let runs = [
            (
                id("m/f/1"),
                record(json!({"lr_rate": 0.1, "seed": 2, "num_workers": 4})),
            ),
            (
                id("m/f/2"),
                record(json!({"lr_rate": 0.1, "seed": 0, "num_workers": 2})),
            ),
        ];
        let grouped =
            group(runs.iter().map(|(run, record)| (run, record)).collect()).expect("a group");
        assert_eq!(grouped[0].0, &runs[1].0);
        assert_eq!(incidental_differences(&grouped), ["num_workers"]);
    }

    #[test]
    fn differences_and_duplicates_are_named() {
        let a = (
            id("m/f/1"),
            record(json!({"lr_rate": 0.1, "epoch": 2, "seed": 0})),
        );
        let b = (id("m/f/2"), record(json!({"lr_rate": 0.2, "seed": 1})));
        let error = group(vec![(&a.0, &a.1), (&b.0, &b.1)]).expect_err("two recipes");
        assert_eq!(
            error.to_string(),
            "runs `m/f/1` and `m/f/2` differ in `epoch`, `lr_rate`\n\
             help: narrow the row's `where` so that only seeds differ"
        );
        let error = group(vec![(&b.0, &a.1), (&a.0, &a.1)]).expect_err("twice");
        assert_eq!(
            error.to_string(),
            "runs `m/f/1` and `m/f/2` have the same hyper-parameters and seed\n\
             help: pin one with `where = { run = \"m/f/1\" }`"
        );
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let reduced = aggregate(&[1.0, 2.0, 3.0, 4.0]).expect("values");
        assert_eq!((reduced.n, reduced.mean), (4, 2.5));
        assert!((reduced.sd.expect("several") - 1.290_994_448_735_805_6).abs() < 1e-15);
        assert_eq!(aggregate(&[7.0]).expect("a value").sd, None);
        assert_eq!(aggregate(&[]), None);
    }
}
