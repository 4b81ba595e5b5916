//! `repro train`: specs become runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, bail};
use clap::Args;

use super::data_root::{cache_folder, data_root};
use super::progress::Progress;
use super::{EXIT_FAILURE, EXIT_OK, Global};
use crate::project::Project;
use crate::record::provenance;
use crate::source::{SourceError, backticked};
use crate::store::{RunId, Store};
use crate::train::fit::Ended;
use crate::train::kernels::InstructionSet;
use crate::train::plan::{ParentRun, PlannedRun, plan};
use crate::train::queue::work_through;
use crate::train::run::{Outcome, RunError, Session};
use crate::train::spec::{Override, Overrides, Spec, parse_seeds};

/// Arguments of `repro train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Finished runs are printed on stdout, one path a line.

Ctrl-C (SIGINT) and SIGTERM let the step under way finish, write a snapshot, mark the run as interrupted
and end with exit code 130 or 143; a second one ends at once. `--resume` continues as if nothing had
happened. A run that fails does not stop the others; the exit code is then 2.")]
pub(super) struct Train {
    /// Run specs, or folders of them; runs/*.toml without any.
    #[arg(value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// Replaces a hyper-parameter in every spec; the value is TOML or plain text.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Seeds instead of those of the specs: `3`, `0..3` (0, 1, 2) or `0,2,4`.
    #[arg(long, value_name = "SEEDS", value_parser = parse_seed_list)]
    seeds: Option<SeedList>,
    /// Runs trained at once; they share the cores.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Print what would be trained and where it would go; write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Continue an interrupted run instead.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["specs", "set", "seeds", "jobs", "dry_run"])]
    resume: Option<String>,
    /// Data root, instead of `REPRO_DATA` or the one in repro.toml.
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_name = "DEVICE", default_value = "cpu", value_parser = ["cpu"])]
    device: String,
    /// Vector instructions to compute with: avx512, avx2 or portable, which gives the same bits on every
    /// x86-64 machine; the best that this machine has without it.
    #[arg(long, value_name = "NAME", value_parser = parse_instruction_set, conflicts_with = "resume")]
    instruction_set: Option<InstructionSet>,
}

fn parse_instruction_set(name: &str) -> Result<InstructionSet, String> {
    if let Some(set) = InstructionSet::named(name) {
        return Ok(set);
    }
    let available: Vec<&str> = InstructionSet::available()
        .map(InstructionSet::name)
        .collect();
    let known = match InstructionSet::NAMES.contains(&name) {
        true => "this machine lacks it",
        false => "there is no such instruction set",
    };
    Err(format!("{known}; available here: {}", available.join(", ")))
}

/// Seeds of one `--seeds`; a type of its own, as clap would take a vector for repetition.
#[derive(Debug, Clone)]
struct SeedList(Vec<u64>);

fn parse_seed_list(text: &str) -> Result<SeedList, String> {
    parse_seeds(text).map(SeedList)
}

impl Train {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let project = global.project()?;
        let store = global.store_to_fill(&project)?;
        if let Some(run) = &self.resume {
            let run = run_named(run, &store)?;
            return self.with_session(global, &project, store, |session, progress| {
                let spec = session
                    .store
                    .record(&run)
                    .ok()
                    .and_then(|record| record.spec);
                let label = spec.unwrap_or_else(|| run.to_string());
                let mut shown = progress.run(&label);
                let outcome = session.resume(&run, &mut |event| shown.observe(event));
                drop(shown);
                vec![report(progress, &label, outcome)]
            });
        }
        let specs = match self.read_specs(&project) {
            Ok(specs) => specs,
            Err(errors) => return print_all(errors?),
        };
        let runs = match plan(&specs, &store, &project.root, self.threads()) {
            Ok(runs) => runs,
            Err(errors) => return print_all(errors),
        };
        if self.dry_run {
            for run in &runs {
                super::print(&format!("{}\n", dry_line(run, &runs)))?;
            }
            return Ok(EXIT_OK);
        }
        self.with_session(global, &project, store, |session, progress| {
            train_all(session, progress, &runs, usize::from(self.jobs))
        })
    }

    /// Cores per run.
    fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        (cores / usize::from(self.jobs)).max(1)
    }

    /// Every spec named, or every mistake in them.
    fn read_specs(&self, project: &Project) -> Result<Vec<Spec>, anyhow::Result<Vec<SourceError>>> {
        let paths = spec_paths(&self.specs, project).map_err(Err)?;
        let mut errors = Vec::new();
        let mut overrides = Overrides {
            values: Vec::new(),
            seeds: self.seeds.clone().map(|seeds| seeds.0),
        };
        for text in &self.set {
            match Override::parse(text) {
                Ok(set) => overrides.values.push(set),
                Err(error) => errors.push(error),
            }
        }
        let mut specs = Vec::new();
        for path in &paths {
            match Spec::read(path, &project.settings.data, &overrides) {
                Ok(spec) => specs.push(spec),
                Err(error) => errors.push(error),
            }
        }
        match errors.is_empty() {
            true => Ok(specs),
            false => Err(Ok(errors)),
        }
    }

    /// Does `work` between taking over signals and the exit code.
    fn with_session(
        &self,
        global: &Global,
        project: &Project,
        store: Store,
        work: impl FnOnce(&Session<'_>, &Progress) -> Vec<Option<Ended>>,
    ) -> anyhow::Result<u8> {
        let signals = Signals::listen().context("listening to signals")?;
        let stop = || signals.received().is_some();
        let session = Session {
            store,
            data: &project.settings.data,
            data_root: data_root(self.data_root.as_deref(), project)?,
            data_cache: Some(cache_folder(project)),
            project_root: project.root.clone(),
            command: provenance::command(std::env::args(), &project.root),
            code: provenance::code(&project.root),
            device: self.device.clone(),
            instruction_set: self.instruction_set.unwrap_or_else(InstructionSet::best),
            stop: &stop,
            now: jiff::Timestamp::now,
        };
        let outcomes = work(&session, &Progress::new(global.quiet));
        if let Some(signal) = signals.received() {
            return Ok(128 + signal);
        }
        let all_done = outcomes
            .iter()
            .all(|ended| *ended == Some(Ended::Completed));
        Ok(if all_done { EXIT_OK } else { EXIT_FAILURE })
    }
}

/// Trains `runs`, children after their parents.
fn train_all(
    session: &Session<'_>,
    progress: &Progress,
    runs: &[PlannedRun],
    n_jobs: usize,
) -> Vec<Option<Ended>> {
    let after: Vec<Option<usize>> = runs
        .iter()
        .map(
            |run| match run.parent.as_ref().map(|parent| &parent.origin) {
                Some(ParentRun::Planned(i)) => Some(*i),
                _ => None,
            },
        )
        .collect();
    let outcomes = work_through(n_jobs, &after, |i, parent| {
        train_one(session, progress, &runs[i], parent)
    });
    outcomes
        .into_iter()
        .map(|outcome| outcome.map(|outcome| outcome.ended))
        .collect()
}

fn train_one(
    session: &Session<'_>,
    progress: &Progress,
    run: &PlannedRun,
    parent: Option<&Option<Outcome>>,
) -> Option<Outcome> {
    if (session.stop)() {
        progress.say(&format!("{}: not started", run.label));
        return None;
    }
    let parent = match (run.parent.as_ref().map(|parent| &parent.origin), parent) {
        (Some(ParentRun::Existing(run)), _) => Some(run.clone()),
        (_, Some(Some(outcome))) if outcome.ended == Ended::Completed => Some(outcome.run.clone()),
        (_, Some(_)) => {
            let line = format!(
                "error: {}: its parent was not trained to its end",
                run.label
            );
            progress.insist(&line);
            return None;
        }
        (_, None) => None,
    };
    let mut shown = progress.run(&run.label);
    let outcome = session.start(run, parent.as_ref(), &mut |event| shown.observe(event));
    drop(shown);
    let found = outcome.as_ref().ok().cloned();
    report(progress, &run.label, outcome);
    found
}

/// Prints what became of a run.
fn report(progress: &Progress, label: &str, outcome: Result<Outcome, RunError>) -> Option<Ended> {
    match outcome {
        Ok(Outcome { run, ended }) => {
            match ended {
                Ended::Completed => progress.result(&run.cited()),
                Ended::Interrupted => progress.say(&format!(
                    "{label}: interrupted\nhelp: `repro train --resume {}` goes on",
                    run.cited()
                )),
            }
            Some(ended)
        }
        Err(error) => {
            progress.insist(&format!("error: {label}: {error}"));
            None
        }
    }
}

/// `<where> <label>` of a run that would be trained.
fn dry_line(run: &PlannedRun, runs: &[PlannedRun]) -> String {
    let origin = run.parent.as_ref().map(|parent| match &parent.origin {
        ParentRun::Planned(i) => format!(", from {}", runs[*i].label),
        ParentRun::Existing(run) => format!(", from {}", run.cited()),
    });
    format!(
        "results/{}/<UTC time>  {}, {} epochs{}",
        run.folder(),
        run.label,
        run.config.epoch,
        origin.unwrap_or_default()
    )
}

fn print_all(errors: Vec<SourceError>) -> anyhow::Result<u8> {
    for error in errors {
        eprintln!("error: {error}");
    }
    Ok(EXIT_FAILURE)
}

/// The spec files that `named` means, sorted within a folder.
fn spec_paths(named: &[PathBuf], project: &Project) -> anyhow::Result<Vec<PathBuf>> {
    if named.is_empty() {
        // Folders below hold what is not trained by accident.
        let folder = from_here(&project.root.join("runs"))?;
        return specs_below(&folder, 1);
    }
    let mut paths = Vec::new();
    for path in named {
        match path.is_dir() {
            true => paths.extend(specs_below(path, usize::MAX)?),
            false => paths.push(path.clone()),
        }
    }
    Ok(paths)
}

fn specs_below(folder: &Path, depth: usize) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let walk = walkdir::WalkDir::new(folder)
        .max_depth(depth)
        .sort_by_file_name();
    for entry in walk {
        let path = entry.context("looking for run specs")?.into_path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        bail!(
            "`{}` holds no run spec (*.toml)\nhelp: {}",
            folder.display(),
            name_one(folder)?
        );
    }
    Ok(paths)
}

/// What to do about a folder without specs: name one of the folders in it.
fn name_one(folder: &Path) -> anyhow::Result<String> {
    let mut inside = Vec::new();
    for entry in walkdir::WalkDir::new(folder)
        .min_depth(1)
        .max_depth(1)
        .sort_by_file_name()
    {
        let entry = entry.context("looking for run specs")?;
        if entry.file_type().is_dir() {
            inside.push(entry.path().display().to_string());
        }
    }
    Ok(match inside.is_empty() {
        true => "name one".to_owned(),
        false => format!("name one of the folders in it: {}", backticked(&inside)),
    })
}

/// `path` relative to the current folder where it lies below it, as messages should show it.
fn from_here(path: &Path) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir()?;
    Ok(path.strip_prefix(&here).unwrap_or(path).to_owned())
}

/// A run as people name it: its path below the results root, as cited, or its folder.
fn run_named(text: &str, store: &Store) -> anyhow::Result<RunId> {
    let text = text.strip_prefix("./").unwrap_or(text);
    let below = Path::new(text).strip_prefix(store.root()).ok();
    let text = below.map_or(text.into(), |path| path.to_string_lossy());
    let run = match RunId::from_cited(&text) {
        Some(run) => run,
        None => text.trim_end_matches('/').parse()?,
    };
    if !store.run_dir(&run).is_dir() {
        bail!("no run `{run}`\nhelp: `repro runs` lists what is there");
    }
    Ok(run)
}

/// SIGINT and SIGTERM as a flag.
struct Signals {
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// From now on the first signal sets the flag, and a second one ends the process.
    fn listen() -> std::io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        use signal_hook::flag;
        let number = Arc::new(AtomicUsize::new(0));
        let is_second = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&is_second))?;
            flag::register(signal, Arc::clone(&is_second))?;
            flag::register_usize(signal, Arc::clone(&number), signal as usize)?;
        }
        Ok(Self { number })
    }

    fn received(&self) -> Option<u8> {
        match self.number.load(Ordering::Relaxed) {
            0 => None,
            number => u8::try_from(number).ok(),
        }
    }
}
