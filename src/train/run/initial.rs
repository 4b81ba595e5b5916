//! The weights that a run starts from: random ones, a file's, or its parent's.

use std::path::{Path, PathBuf};

use super::{RunError, Session};
use crate::record::{Parent, RunRecord};
use crate::source::backticked;
use crate::store::{RunId, checkpoint};
use crate::train::checkpoint::read_weights;
use crate::train::data::Opened;
use crate::train::fit::{Event, FitError, Observer};
use crate::train::kernels::InstructionSet;
use crate::train::model::{Network, NetworkConfig};
use crate::train::plan::PlannedRun;
use crate::train::spec::{Checkpoint, Config};

impl Session<'_> {
    /// Loads what the run starts from: nothing, a file, or its parent's weights.
    pub(super) fn load_initial(
        &self,
        planned: &PlannedRun,
        parent: Option<&RunId>,
        network: &mut Network,
        observe: &mut Observer<'_>,
    ) -> Result<Option<Parent>, RunError> {
        let Some((run, wanted)) = parent.zip(planned.parent.as_ref()) else {
            if let Some(path) = self.init_file(&planned.config) {
                let (ignored, _) = load_trunk(network, &path)?;
                if !ignored.is_empty() {
                    let (file, names) = (&planned.config.init, backticked(&ignored));
                    let message = format!("`{file}` gives the trunk; not used of it: {names}");
                    observe(Event::Warning(&message));
                }
            }
            return Ok(None);
        };
        let checkpoint = match wanted.checkpoint {
            Checkpoint::Best => checkpoint::BEST,
            Checkpoint::Last => checkpoint::LAST,
        };
        // The parent's own heads are left out on purpose: no warning.
        let (_, blake3) = load_trunk(network, &self.store.file(run, checkpoint))?;
        Ok(Some(Parent {
            run: run.to_string(),
            checkpoint: checkpoint.to_owned(),
            blake3,
        }))
    }

    /// Loads again what a run without a snapshot had started from.
    pub(super) fn load_again(
        &self,
        run: &RunId,
        record: &RunRecord,
        config: &Config,
        network: &mut Network,
    ) -> Result<(), RunError> {
        let Some(parent) = &record.parent else {
            if let Some(path) = self.init_file(config) {
                load_trunk(network, &path)?;
            }
            return Ok(());
        };
        let path = self.store.file(&parent.run.parse()?, &parent.checkpoint);
        let (_, blake3) = load_trunk(network, &path)?;
        if blake3 == parent.blake3 {
            return Ok(());
        }
        Err(RunError::Changed {
            run: run.clone(),
            what: format!("`{}`", path.display()),
        })
    }

    fn init_file(&self, config: &Config) -> Option<PathBuf> {
        config.init_file().map(|path| self.project_root.join(path))
    }
}

/// The network of a configuration over the classes of its data, with random weights.
pub(super) fn network(
    config: &Config,
    seed: u64,
    set: InstructionSet,
    opened: &Opened,
) -> Result<Network, FitError> {
    let tasks = opened.datasets.iter().flat_map(|dataset| &dataset.tasks);
    let network = NetworkConfig {
        width_mult: config.width_mult,
        dropout: config.dropout,
        heads: tasks
            .map(|task| (task.name.clone(), task.classes.len()))
            .collect(),
        instruction_set: set,
    };
    Ok(Network::new(&network, seed)?)
}

/// Loads the trunk from a file; returns the names that were ignored, and the file's hash.
fn load_trunk(network: &mut Network, path: &Path) -> Result<(Vec<String>, String), RunError> {
    let (weights, blake3) = read_weights(path)?;
    let ignored = network
        .load_trunk(&weights)
        .map_err(|error| RunError::Weights {
            path: path.to_owned(),
            source: without_backtrace(error),
        })?;
    Ok((ignored, blake3))
}

/// A file that does not fit is no bug: where in the program it was noticed is of no use to anybody.
fn without_backtrace(error: candle_core::Error) -> candle_core::Error {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => *inner,
        other => other,
    }
}
