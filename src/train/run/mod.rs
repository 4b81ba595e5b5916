//! One run from its configuration to its completed record.
//!
//! Owns what stands in the record and when it changes; the loop itself is `fit`'s.

mod error;
mod initial;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

pub use error::RunError;

use super::checkpoint::Snapshot;
use super::data::{Dataset, Loader, LoaderConfig, OpenOptions, Opened, SplitProtocol, open};
use super::fit::{Ended, Event, Observer, Surroundings, Trainer};
use super::kernels::InstructionSet;
use super::model::Network;
use super::plan::PlannedRun;
use super::spec::Config;
use crate::metric::{Goal, MetricName, Split, name};
use crate::project::DataSettings;
use crate::record::{
    Code, FORMAT, Kind, Parent, Process, Resumption, RunRecord, Selection, Status, provenance,
};
use crate::store::{
    METRICS, MetricRow, PREDICTIONS, RunId, RunWriter, Store, StoreError, artifact_of, checkpoint,
    status_now,
};
use initial::network;

/// Decoded images kept in memory, in bytes.
const CACHE_BYTES: u64 = 1 << 30;

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
    /// The vector instructions of new runs; a resumed one keeps those that it was begun with.
    pub instruction_set: InstructionSet,
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
        let mut network = network(&planned.config, planned.seed, self.instruction_set, &opened)?;
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
        let found = self.store.record(run)?;
        refuse_unless_resumable(run, &found, (self.now)())?;
        let _lock = lock(&self.store, run)?;
        // Only now can nobody else change it.
        let mut writer = RunWriter::reopen(&self.store, run)?;
        let record = writer.record().clone();
        refuse_unless_resumable(run, &record, (self.now)())?;
        let (config, seed) = recipe_of(run, &record)?;
        let opened = self.open(&config, observe)?;
        if opened.records != record.data {
            let what = "its data".to_owned();
            return Err(RunError::Changed {
                run: run.clone(),
                what,
            });
        }
        let mut network = network(&config, seed, instruction_set_of(run, &record)?, &opened)?;
        let snapshot = Snapshot::read(&writer.file(checkpoint::RESUME))?;
        if snapshot.is_none() {
            self.load_again(run, &record, &config, &mut network)?;
        }
        let step = snapshot.as_ref().map_or(0, |snapshot| snapshot.state.step);
        writer.update(|record| {
            record.status = Status::Running;
            record.process = Some(self.process());
            record.finished = None;
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
        let of_epoch = loader_config(config, 0);
        let is_too_small =
            |dataset: &&Dataset| of_epoch.n_trained(dataset.split(Split::Train).len()) == 0;
        match opened.datasets.iter().find(is_too_small) {
            None => Ok(opened),
            Some(dataset) => Err(RunError::NoBatch {
                dataset: dataset.name.clone(),
                key: dataset.key.clone(),
            }),
        }
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
                self.instruction_set.name(),
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
            cited: None,
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
        let ended = caught(|| self.train(writer, opened, network, snapshot, observe))
            .and_then(|ended| self.conclude(writer, ended));
        let run = writer.run().clone();
        ended
            .map(|ended| Outcome { run, ended })
            .inspect_err(|_| self.mark_failed(writer, observe))
    }

    /// Says in the record how training ended.
    fn conclude(
        &self,
        writer: &mut RunWriter,
        (ended, duration_secs): (Ended, f64),
    ) -> Result<Ended, RunError> {
        match ended {
            Ended::Completed => complete(writer, self.session.time(), duration_secs)?,
            Ended::Interrupted => writer.update(|record| {
                record.status = Status::Interrupted;
                record.process = None;
                record.duration_secs = Some(duration_secs);
            })?,
        }
        Ok(ended)
    }

    /// Says in the record that training failed; the error that it failed with is the one to report.
    fn mark_failed(&self, writer: &mut RunWriter, observe: &mut Observer<'_>) {
        if writer.record().status == Status::Completed {
            return;
        }
        let marked = writer.update(|record| {
            record.status = Status::Failed;
            record.process = None;
            record.finished = Some(self.session.time());
        });
        if let Err(error) = marked {
            let message = format!("its record still says that it is running: {error}");
            observe(Event::Warning(&message));
        }
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
        let loader = Loader::new(loader_config(self.config, self.seed))?;
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

    /// Metrics of the epochs before a snapshot; the file may be ahead of it.
    fn rows_before(&self, writer: &RunWriter, epoch: u32) -> Result<Vec<MetricRow>, RunError> {
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

fn loader_config(config: &Config, seed: u64) -> LoaderConfig {
    LoaderConfig {
        image_size: config.image_size,
        batch_size: config.batch_size,
        augment: config.augment,
        num_workers: config.num_workers,
        loading_jobs: config.loading_jobs,
        cache_bytes: CACHE_BYTES,
        seed,
        samples_per_epoch: config.samples_per_epoch,
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

fn refuse_unless_resumable(
    run: &RunId,
    record: &RunRecord,
    now: jiff::Timestamp,
) -> Result<(), RunError> {
    let (found, hint) = match (record.kind, status_now(record, now)) {
        (Kind::Trained, Status::Interrupted | Status::Failed) => return Ok(()),
        (Kind::Trained, Status::Completed) => (
            "completed",
            "\nhelp: train its spec again, that makes a new run",
        ),
        (Kind::Trained, Status::Running) => ("running", ""),
        (Kind::Imported, _) => ("imported", ""),
        (Kind::Reported, _) => ("read from a document", ""),
    };
    Err(RunError::NotResumable {
        run: run.clone(),
        found,
        hint,
    })
}

/// What a run was started with.
fn recipe_of(run: &RunId, record: &RunRecord) -> Result<(Config, u64), RunError> {
    let invalid = |key, message| RunError::InvalidRecord {
        run: run.clone(),
        key,
        message,
    };
    let config = Config::from_record(&record.hyper_parameters)
        .map_err(|mistake| invalid(mistake.key, mistake.complaint.message))?;
    let seed = record.seed.ok_or_else(|| {
        let message = "expected a whole number of at least 0, found none";
        invalid("seed", message.to_owned())
    })?;
    Ok((config, seed))
}

/// The vector instructions that a run was started with.
fn instruction_set_of(run: &RunId, record: &RunRecord) -> Result<InstructionSet, RunError> {
    let environment = record.environment.as_ref();
    let name = environment.map_or("", |environment| &environment.instruction_set);
    InstructionSet::named(name).ok_or_else(|| RunError::InstructionSet {
        run: run.clone(),
        name: name.to_owned(),
    })
}

/// What `work` panicked with, as an error: one run's bug must not take the others of the call with it.
fn caught<T>(work: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(RunError::Panicked {
            message: message.unwrap_or("no message").to_owned(),
        })
    })
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
