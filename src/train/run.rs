//! One run from its configuration to its completed record.
//!
//! Owns what stands in the record and when it changes; the loop itself is `fit`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::{CheckpointError, Snapshot, read_weights};
use super::data::{DataError, Loader, LoaderConfig, OpenOptions, Opened, SplitProtocol, open};
use super::fit::{Ended, Event, FitError, Observer, Surroundings, Trainer};
use super::kernels;
use super::model::{Network, NetworkConfig};
use super::plan::PlannedRun;
use super::spec::{Checkpoint, Config};
use crate::metric::{Goal, MetricName, Split, name};
use crate::project::DataSettings;
use crate::record::{
    Code, FORMAT, Kind, Parent, Process, Resumption, RunRecord, Selection, Status, provenance,
};
use crate::store::{
    METRICS, PREDICTIONS, RunId, RunWriter, Store, StoreError, artifact_of, checkpoint, status_now,
};

/// Decoded images kept in memory, in bytes.
const CACHE_BYTES: u64 = 1 << 30;

/// Why a run could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Training failed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Decoding threads or step threads could not be started.
    #[error("starting {n} threads failed: {source}")]
    Threads {
        /// How many.
        n: usize,
        /// The system's answer.
        source: rayon::ThreadPoolBuildError,
    },
    /// Initial weights do not fit.
    #[error("`{}`: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: candle_core::Error,
    },
    /// A run that is not to be continued.
    #[error("run `{run}` is {found}, only an interrupted or failed run can be resumed{hint}")]
    NotResumable {
        /// The run.
        run: RunId,
        /// Its status.
        found: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// Another process has the run.
    #[error("run `{run}` is being trained by another process")]
    Locked {
        /// The run.
        run: RunId,
    },
    /// The record's hyper-parameters are not ours.
    #[error("run `{run}`: `{key}`: {message}")]
    InvalidRecord {
        /// The run.
        run: RunId,
        /// The hyper-parameter.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
    /// What the run was started with is not there any more.
    #[error(
        "run `{run}` cannot be resumed: {what} changed since it was started\nhelp: train the spec again"
    )]
    Changed {
        /// The run.
        run: RunId,
        /// What changed.
        what: String,
    },
}

impl From<DataError> for RunError {
    fn from(error: DataError) -> Self {
        Self::Fit(error.into())
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Fit(error.into())
    }
}

impl From<CheckpointError> for RunError {
    fn from(error: CheckpointError) -> Self {
        Self::Fit(error.into())
    }
}

/// What runs have in common, all of it decided outside.
pub struct Session<'a> {
    /// Where runs go.
    pub store: Store,
    /// `[data]` of the project.
    pub data: &'a DataSettings,
    /// The data root.
    pub data_root: PathBuf,
    /// Where hashes of unchanged images are remembered.
    pub data_cache: Option<PathBuf>,
    /// Relative `init` files and log folders start here.
    pub project_root: PathBuf,
    /// The command line, for the record.
    pub command: Vec<String>,
    /// The code that runs, for the record.
    pub code: Code,
    /// Where to compute, for the record.
    pub device: String,
    /// Whether to stop after the round under way.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// The clock.
    pub now: fn() -> jiff::Timestamp,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub ended: Ended,
}

impl Session<'_> {
    /// Trains a planned run; `parent` is the run that it starts from.
    ///
    /// # Errors
    /// Anything that keeps it from its end; a run that had begun is left as `failed`.
    pub fn start(
        &self,
        planned: &PlannedRun,
        parent: Option<&RunId>,
        observe: &mut Observer<'_>,
    ) -> Result<Outcome, RunError> {
        let opened = self.open(&planned.config, observe)?;
        let mut network = network(&planned.config, planned.seed, &opened)?;
        let parent = self.load_initial(planned, parent, &mut network, observe)?;
        let wanted = planned.run_id((self.now)())?;
        let record = self.record(planned, &opened, parent);
        let mut writer = RunWriter::create(&self.store, &wanted, record)?;
        let _lock = lock(&self.store, writer.run())?;
        let trained = Run {
            session: self,
            config: &planned.config,
            seed: planned.seed,
        };
        trained.fit(&mut writer, opened, network, None, observe)
    }

    /// Continues an interrupted run in its folder.
    ///
    /// # Errors
    /// It is completed or being trained, its data or parent changed, or training fails.
    pub fn resume(&self, run: &RunId, observe: &mut Observer<'_>) -> Result<Outcome, RunError> {
        let mut writer = RunWriter::reopen(&self.store, run)?;
        refuse_unless_resumable(run, status_now(writer.record(), (self.now)()))?;
        let _lock = lock(&self.store, run)?;
        let record = writer.record().clone();
        let config = config_of(run, &record)?;
        let seed = record.seed.unwrap_or_default();
        let opened = self.open(&config, observe)?;
        if opened.records != record.data {
            let what = "its data".to_owned();
            return Err(RunError::Changed {
                run: run.clone(),
                what,
            });
        }
        let mut network = network(&config, seed, &opened)?;
        let snapshot = Snapshot::read(&writer.file(checkpoint::RESUME))?;
        if snapshot.is_none() {
            self.load_again(run, &record, &config, &mut network)?;
        }
        let step = snapshot.as_ref().map_or(0, |snapshot| snapshot.state.step);
        writer.update(|record| {
            record.status = Status::Running;
            record.process = Some(self.process());
            record.resumed.push(Resumption {
                at: self.time(),
                step,
                command: self.command.clone(),
            });
        })?;
        let trained = Run {
            session: self,
            config: &config,
            seed,
        };
        trained.fit(&mut writer, opened, network, snapshot, observe)
    }

    /// Opens the tasks of positive weight.
    fn open(&self, config: &Config, observe: &mut Observer<'_>) -> Result<Opened, RunError> {
        let subtasks: Vec<String> = config
            .active_tasks()
            .into_iter()
            .map(|(task, _)| task.to_owned())
            .collect();
        let split_protocol: SplitProtocol = config.split_protocol.parse()?;
        let opened = open(&OpenOptions {
            settings: self.data,
            root: &self.data_root,
            dataset: &config.dataset,
            subtasks: &subtasks,
            split_protocol,
            age_classes: config.age_classes,
            cache: self.data_cache.as_deref(),
        })?;
        for warning in &opened.warnings {
            observe(Event::Warning(warning));
        }
        Ok(opened)
    }

    /// Loads what the run starts from: nothing, a file, or its parent's weights.
    fn load_initial(
        &self,
        planned: &PlannedRun,
        parent: Option<&RunId>,
        network: &mut Network,
        observe: &mut Observer<'_>,
    ) -> Result<Option<Parent>, RunError> {
        let Some((run, wanted)) = parent.zip(planned.parent.as_ref()) else {
            if let Some(path) = self.init_file(&planned.config) {
                for name in load_trunk(network, &path)?.0 {
                    let message = format!("`{}`: `{name}` is not used", path.display());
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
    fn load_again(
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
        (config.init != "random").then(|| self.project_root.join(&config.init))
    }

    fn time(&self) -> String {
        provenance::rfc3339((self.now)())
    }

    fn process(&self) -> Process {
        Process {
            pid: std::process::id(),
            host: provenance::host(),
            heartbeat: self.time(),
        }
    }

    fn record(&self, planned: &PlannedRun, opened: &Opened, parent: Option<Parent>) -> RunRecord {
        let threads = planned
            .config
            .threads
            .expect("settled before a run is planned");
        RunRecord {
            format: FORMAT,
            run: String::new(),
            spec: Some(planned.spec.clone()),
            status: Status::Running,
            kind: Kind::Trained,
            hyper_parameters: planned.config.record(parent.is_some(), planned.seed),
            seed: Some(planned.seed),
            started: Some(self.time()),
            finished: None,
            duration_secs: None,
            process: Some(self.process()),
            resumed: Vec::new(),
            command: self.command.clone(),
            code: Some(self.code.clone()),
            environment: Some(provenance::environment(
                threads,
                kernels::instruction_set(),
                &self.device,
            )),
            data: opened.records.clone(),
            parent,
            selection: Some(Selection {
                rule: "best".to_owned(),
                metric: MetricName::new(Split::Valid, name::TOTAL, name::LOSS).to_string(),
                goal: Goal::Min,
                epoch: None,
            }),
            artifacts: Default::default(),
            reported: None,
            unknown: Default::default(),
        }
    }
}

/// A run whose folder exists.
struct Run<'a> {
    session: &'a Session<'a>,
    config: &'a Config,
    seed: u64,
}

impl Run<'_> {
    /// Trains, and leaves a record that says how it ended.
    fn fit(
        &self,
        writer: &mut RunWriter,
        opened: Opened,
        network: Network,
        snapshot: Option<Snapshot>,
        observe: &mut Observer<'_>,
    ) -> Result<Outcome, RunError> {
        let ended = self.train(writer, opened, network, snapshot, observe);
        let time = self.session.time();
        match &ended {
            Ok((Ended::Completed, duration)) => complete(writer, time, *duration)?,
            Ok((Ended::Interrupted, duration)) => writer.update(|record| {
                record.status = Status::Interrupted;
                record.process = None;
                record.duration_secs = Some(*duration);
            })?,
            Err(_) => writer.update(|record| {
                record.status = Status::Failed;
                record.process = None;
                record.finished = Some(time);
            })?,
        }
        let (ended, _) = ended?;
        Ok(Outcome {
            run: writer.run().clone(),
            ended,
        })
    }

    /// The loop, in a pool of as many threads as the configuration says; with the seconds spent.
    fn train(
        &self,
        writer: &mut RunWriter,
        opened: Opened,
        network: Network,
        snapshot: Option<Snapshot>,
        observe: &mut Observer<'_>,
    ) -> Result<(Ended, f64), RunError> {
        let n = self.config.threads.unwrap_or(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .thread_name(|i| format!("step-{i}"))
            .build()
            .map_err(|source| RunError::Threads { n, source })?;
        let loader = Loader::new(self.loader_config())?;
        let datasets = opened.datasets.into_iter().map(Arc::new).collect();
        let mut trainer = Trainer::new(self.config, self.seed, datasets, loader, network);
        if let Some(snapshot) = snapshot {
            let rows = self.rows_before(writer, snapshot.state.epoch)?;
            trainer.continue_from(snapshot, rows)?;
        }
        let now = self.session.now;
        let mut around = Surroundings {
            log: self.log_file(writer.run()),
            writer,
            stop: self.session.stop,
            now: &move || provenance::rfc3339(now()),
            observe,
        };
        let ended = pool.install(|| trainer.run(&mut around))?;
        Ok((ended, trainer.state().duration_secs))
    }

    fn loader_config(&self) -> LoaderConfig {
        let config = self.config;
        LoaderConfig {
            image_size: config.image_size,
            batch_size: config.batch_size,
            augment: config.augment,
            num_workers: config.num_workers,
            loading_jobs: config.loading_jobs,
            cache_bytes: CACHE_BYTES,
            seed: self.seed,
            samples_per_epoch: config.samples_per_epoch,
        }
    }

    /// Metrics of the epochs before a snapshot; the file may be ahead of it.
    fn rows_before(
        &self,
        writer: &RunWriter,
        epoch: u32,
    ) -> Result<Vec<crate::store::MetricRow>, RunError> {
        if epoch == 0 {
            return Ok(Vec::new());
        }
        let mut rows = self.session.store.metrics(writer.run())?.rows();
        rows.retain(|row| row.epoch <= epoch as i32);
        Ok(rows)
    }

    fn log_file(&self, run: &RunId) -> Option<PathBuf> {
        let folder = self.config.log_dir.as_ref()?;
        Some(
            self.session
                .project_root
                .join(folder)
                .join(format!("{run}.csv")),
        )
    }
}

/// Keeps other processes from training `run`, until dropped.
fn lock(store: &Store, run: &RunId) -> Result<std::fs::File, RunError> {
    let folder = store.run_dir(run);
    let file = std::fs::File::open(&folder).map_err(StoreError::io(&folder, "opening"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(RunError::Locked { run: run.clone() }),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(StoreError::io(&folder, "locking")(error).into())
        }
    }
}

fn refuse_unless_resumable(run: &RunId, status: Status) -> Result<(), RunError> {
    let (found, hint) = match status {
        Status::Interrupted | Status::Failed => return Ok(()),
        Status::Completed => (
            "completed",
            "\nhelp: train its spec again, that makes a new run",
        ),
        Status::Running => ("running", ""),
    };
    Err(RunError::NotResumable {
        run: run.clone(),
        found,
        hint,
    })
}

fn config_of(run: &RunId, record: &RunRecord) -> Result<Config, RunError> {
    Config::from_record(&record.hyper_parameters).map_err(|mistake| RunError::InvalidRecord {
        run: run.clone(),
        key: mistake.key,
        message: mistake.complaint.message,
    })
}

fn network(config: &Config, seed: u64, opened: &Opened) -> Result<Network, FitError> {
    let tasks = opened.datasets.iter().flat_map(|dataset| &dataset.tasks);
    let network = NetworkConfig {
        width_mult: config.width_mult,
        dropout: config.dropout,
        heads: tasks
            .map(|task| (task.name.clone(), task.classes.len()))
            .collect(),
    };
    Ok(Network::new(&network, seed)?)
}

/// Loads the trunk from a file; returns the names that were ignored, and the file's hash.
fn load_trunk(network: &mut Network, path: &Path) -> Result<(Vec<String>, String), RunError> {
    let (weights, blake3) = read_weights(path)?;
    let ignored = network
        .load_trunk(&weights)
        .map_err(|source| RunError::Weights {
            path: path.to_owned(),
            source,
        })?;
    Ok((ignored, blake3))
}

/// Says what the run left, then removes the snapshot that nobody needs any more.
fn complete(writer: &mut RunWriter, time: String, duration_secs: f64) -> Result<(), StoreError> {
    let files = [
        (METRICS, true),
        (PREDICTIONS, true),
        (checkpoint::BEST, false),
        (checkpoint::LAST, false),
    ];
    let artifacts = files
        .iter()
        .map(|(name, kept)| Ok(((*name).to_owned(), artifact_of(&writer.file(name), *kept)?)))
        .collect::<Result<_, StoreError>>()?;
    writer.update(|record| {
        record.status = Status::Completed;
        record.process = None;
        record.finished = Some(time);
        record.duration_secs = Some(duration_secs);
        record.artifacts = artifacts;
    })?;
    let snapshot = writer.file(checkpoint::RESUME);
    std::fs::remove_file(&snapshot).map_err(StoreError::io(&snapshot, "removing"))
}
