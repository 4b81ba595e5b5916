//! From specs to an ordered list of runs.
//!
//! Owns expansion over sweeps and seeds, who starts from whom, and where a run will lie. Reads the results
//! root for parents that were trained before; writes nothing.

use std::path::Path;

use serde_json::Value;

use super::spec::{Checkpoint, Complaint, Config, Phase, Spec};
use crate::record::{Status, provenance};
use crate::source::{SourceError, nearest};
use crate::store::{RunId, Scan, Store, StoreError, checkpoint};

/// A run that is to be trained.
#[derive(Debug, Clone)]
pub struct PlannedRun {
    /// Name of its spec.
    pub spec: String,
    /// Spec, swept values and seed; unique in a plan.
    pub label: String,
    /// What it is for.
    pub phase: Phase,
    /// Seed of every generator.
    pub seed: u64,
    /// Hyper-parameters, threads settled.
    pub config: Config,
    /// The run that it starts from.
    pub parent: Option<PlannedParent>,
}

/// The run that a planned run starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedParent {
    /// Which run.
    pub origin: ParentRun,
    /// Which of its weights.
    pub checkpoint: Checkpoint,
}

/// A parent that is there, or will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParentRun {
    /// Index of an earlier run of the plan.
    Planned(usize),
    /// A completed run below the results root.
    Existing(RunId),
}

impl PlannedRun {
    /// The folder that the run's own folder will lie in, below the results root.
    pub fn folder(&self) -> String {
        let config = &self.config;
        let debug = if config.debug { "Debug-" } else { "" };
        let phase = match (self.phase, &self.parent) {
            (Phase::Pretrain, _) => "pretrained_",
            (Phase::Train, Some(_)) => "loaded_pretrained-",
            (Phase::Train, None) => "",
        };
        let (model, sub_name) = (&config.model, config.folder_sub_name());
        format!("{debug}{phase}{model}/{sub_name}_{}", config.dataset)
    }

    /// Where the run lies if it starts at `moment`, unless that is taken.
    ///
    /// # Errors
    /// A name of the spec is no part of a path.
    pub fn run_id(&self, moment: jiff::Timestamp) -> Result<RunId, StoreError> {
        format!("{}/{}", self.folder(), provenance::folder_time(moment)).parse()
    }
}

/// The runs of `specs`, parents before children, otherwise in the order of the specs. Runs whose spec
/// says nothing of threads get `threads`.
///
/// # Errors
/// Every mistake between specs: two of one name, a parent that neither exists nor is scheduled or that is
/// a sweep or of another width, a cycle; and `init` files that are not there.
pub fn plan(
    specs: &[Spec],
    store: &Store,
    project_root: &Path,
    threads: usize,
) -> Result<Vec<PlannedRun>, Vec<SourceError>> {
    let mut errors = duplicates(specs);
    errors.extend(missing_files(specs, project_root));
    let order = match parents_first(specs) {
        Ok(order) => order,
        Err(error) => {
            errors.push(error);
            return Err(errors);
        }
    };
    let mut scan: Option<Scan> = None;
    let mut runs: Vec<PlannedRun> = Vec::new();
    for spec in order {
        let parent = match &spec.parent {
            None => Ok(None),
            Some(_) => find_parent(spec, specs, store, &mut scan).map(Some),
        };
        match parent {
            Ok(parent) => expand(spec, parent.as_ref(), threads, &mut runs),
            Err(error) => errors.push(error),
        }
    }
    match errors.is_empty() {
        true => Ok(runs),
        false => Err(errors),
    }
}

/// What a spec's parent is, before seeds are matched.
enum Parent {
    Scheduled(String),
    Existing(RunId),
}

fn expand(spec: &Spec, parent: Option<&Parent>, threads: usize, runs: &mut Vec<PlannedRun>) {
    for variant in &spec.variants {
        for seed in &spec.seeds {
            let mut config = variant.config.clone();
            config.threads.get_or_insert(threads);
            let origin = parent.map(|parent| match parent {
                Parent::Existing(run) => ParentRun::Existing(run.clone()),
                Parent::Scheduled(name) => ParentRun::Planned(of_seed(runs, name, *seed)),
            });
            let wanted = spec.parent.as_ref().map(|parent| parent.checkpoint);
            let swept = match variant.label.as_str() {
                "" => String::new(),
                label => format!("{label}, "),
            };
            runs.push(PlannedRun {
                spec: spec.name.clone(),
                label: format!("{} ({swept}seed {seed})", spec.name),
                phase: spec.phase,
                seed: *seed,
                config,
                parent: origin
                    .zip(wanted)
                    .map(|(origin, checkpoint)| PlannedParent { origin, checkpoint }),
            });
        }
    }
}

/// The parent's run of the same seed, else its first one.
fn of_seed(runs: &[PlannedRun], spec: &str, seed: u64) -> usize {
    let of_spec = |run: &PlannedRun| run.spec == spec;
    runs.iter()
        .position(|run| of_spec(run) && run.seed == seed)
        .or_else(|| runs.iter().position(of_spec))
        .expect("parents are expanded before their children")
}

fn duplicates(specs: &[Spec]) -> Vec<SourceError> {
    let twice = specs.iter().enumerate().filter_map(|(i, spec)| {
        let first = specs[..i].iter().find(|other| other.name == spec.name)?;
        let message = format!(
            "`{}` is also the name of {}",
            spec.name,
            first.path().display()
        );
        Some(spec.error_on(
            &["name"],
            Complaint::new(message).help("rename one of them"),
        ))
    });
    twice.collect()
}

/// The specs, parents first, otherwise in their order.
fn parents_first(specs: &[Spec]) -> Result<Vec<&Spec>, SourceError> {
    let mut order: Vec<&Spec> = Vec::new();
    for spec in specs {
        let mut chain = vec![spec];
        while let Some(parent) = scheduled_parent(chain[chain.len() - 1], specs) {
            if chain.iter().any(|link| link.name == parent.name) {
                let names: Vec<&str> = chain.iter().map(|link| link.name.as_str()).collect();
                let message = format!("`{}` descends from itself", parent.name);
                let help = format!("the chain is {} → {}", names.join(" → "), parent.name);
                return Err(spec.error_on(&["parent", "spec"], Complaint::new(message).help(help)));
            }
            chain.push(parent);
        }
        for link in chain.into_iter().rev() {
            if !order.iter().any(|done| std::ptr::eq(*done, link)) {
                order.push(link);
            }
        }
    }
    Ok(order)
}

fn missing_files(specs: &[Spec], project_root: &Path) -> Vec<SourceError> {
    let missing = specs.iter().filter_map(|spec| {
        let files = spec.variants.iter().filter_map(|v| v.config.init_file());
        let file = files
            .into_iter()
            .find(|file| !project_root.join(file).is_file())?;
        let message = format!("`init`: `{}` is no file", file.display());
        let complaint = Complaint::new(message).help("paths start at the project root");
        Some(spec.error_on(&["hyper_parameters", "init"], complaint))
    });
    missing.collect()
}

/// Refuses a child whose trunk has other sizes than its parent's.
fn check_width(spec: &Spec, parent: &str, width_mult: Option<f64>) -> Result<(), SourceError> {
    let Some(width_mult) = width_mult else {
        return Ok(());
    };
    let own = spec.variants.iter().map(|v| v.config.width_mult);
    let Some(other) = own.into_iter().find(|own| *own != width_mult) else {
        return Ok(());
    };
    let message = format!(
        "parent `{parent}` has `width_mult` {width_mult:?}, `{}` has {other:?}",
        spec.name
    );
    let complaint = Complaint::new(message).help("a trunk is loaded into one of the same width");
    Err(spec.error_on(&["parent", "spec"], complaint))
}

fn scheduled_parent<'s>(spec: &Spec, specs: &'s [Spec]) -> Option<&'s Spec> {
    let parent = spec.parent.as_ref()?;
    specs.iter().find(|other| other.name == parent.spec)
}

fn find_parent(
    spec: &Spec,
    specs: &[Spec],
    store: &Store,
    scan: &mut Option<Scan>,
) -> Result<Parent, SourceError> {
    let wanted = spec.parent.as_ref().expect("called for children only");
    let refuse = |complaint| Err(spec.error_on(&["parent", "spec"], complaint));
    if let Some(parent) = scheduled_parent(spec, specs) {
        if parent.variants.len() > 1 {
            let message = format!(
                "`{}` is a sweep of {} combinations, a parent must be one",
                parent.name,
                parent.variants.len()
            );
            return refuse(Complaint::new(message));
        }
        check_width(
            spec,
            &parent.name,
            Some(parent.variants[0].config.width_mult),
        )?;
        return Ok(Parent::Scheduled(parent.name.clone()));
    }
    let scan = scan.get_or_insert_with(|| store.scan());
    let completed = scan.runs.iter().filter(|(_, record)| {
        record.status == Status::Completed
            && record
                .spec
                .as_ref()
                .is_some_and(|name| *name == wanted.spec)
    });
    let Some((run, record)) =
        completed.max_by(|a, b| (&a.1.started, &a.0).cmp(&(&b.1.started, &b.0)))
    else {
        let message = format!(
            "parent `{}` neither has a completed run nor is trained by this call",
            wanted.spec
        );
        let names = specs
            .iter()
            .map(|s| s.name.as_str())
            .filter(|name| *name != spec.name);
        let help = match nearest(&wanted.spec, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name its spec too, or train it first".to_owned(),
        };
        return refuse(Complaint::new(message).help(help));
    };
    let file = match wanted.checkpoint {
        Checkpoint::Best => checkpoint::BEST,
        Checkpoint::Last => checkpoint::LAST,
    };
    if !store.file(run, file).is_file() {
        let message = format!("run `{run}` of parent `{}` has no `{file}`", wanted.spec);
        return refuse(Complaint::new(message).help("name its spec too, to train it again"));
    }
    let width_mult = record.hyper_parameters.get("width_mult");
    check_width(spec, &wanted.spec, width_mult.and_then(Value::as_f64))?;
    Ok(Parent::Existing(run.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Settings;
    use crate::source::Source;
    use crate::train::spec::Overrides;

    fn spec(text: &str) -> Spec {
        let settings: Settings =
            toml::from_str("[data.D]\ngender = { layout = \"image_folder\", path = \"G\" }")
                .expect("valid settings");
        let name = text.split('"').nth(1).expect("a name");
        let source = Source {
            path: format!("runs/{name}.toml").into(),
            text: format!("{text}\n[hyper_parameters]\ndataset = \"D\"\nsubtasks = [\"gender\"]\n"),
        };
        Spec::parse(source, &settings.data, &Overrides::default()).expect("valid spec")
    }

    fn planned(specs: &[Spec]) -> Result<Vec<PlannedRun>, Vec<String>> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let errors = |errors: Vec<SourceError>| errors.iter().map(ToString::to_string).collect();
        plan(specs, &Store::new(folder.path()), folder.path(), 2).map_err(errors)
    }

    fn refused(specs: &[Spec]) -> Vec<String> {
        planned(specs).expect_err("a mistake")
    }

    #[test]
    fn parents_come_first_and_seeds_match() {
        let specs = [
            spec("name = \"child\"\nseeds = [1, 7]\nparent = { spec = \"parent\" }"),
            spec("name = \"other\""),
            spec("name = \"parent\"\nseeds = [0, 1]\nphase = \"pretrain\""),
        ];
        let runs = planned(&specs).expect("valid");
        let labels: Vec<&str> = runs.iter().map(|run| run.label.as_str()).collect();
        let expected = [
            "parent (seed 0)",
            "parent (seed 1)",
            "child (seed 1)",
            "child (seed 7)",
            "other (seed 0)",
        ];
        assert_eq!(labels, expected);
        let origins: Vec<_> = runs.iter().map(|run| run.parent.clone()).collect();
        let from = |i| {
            Some(PlannedParent {
                origin: ParentRun::Planned(i),
                checkpoint: Checkpoint::Best,
            })
        };
        assert_eq!(origins, [None, None, from(1), from(0), None]);
        let folders: Vec<String> = runs.iter().map(PlannedRun::folder).collect();
        assert_eq!(folders[0], "pretrained_MTL_MobileNet_V2_model/_gender_1_D");
        assert_eq!(
            folders[2],
            "loaded_pretrained-MTL_MobileNet_V2_model/_gender_1_D"
        );
        assert_eq!(folders[4], "MTL_MobileNet_V2_model/_gender_1_D");
    }

    #[test]
    fn an_unknown_parent_and_a_second_name_are_refused() {
        let specs = [
            spec("name = \"a\"\nparent = { spec = \"bsae\" }"),
            spec("name = \"base\""),
            spec("name = \"base\""),
        ];
        let expected = [
            "runs/base.toml:1:8: `base` is also the name of runs/base.toml\nhelp: rename one of them",
            "runs/a.toml:2:19: parent `bsae` neither has a completed run nor is trained by this call\nhelp: did you mean `base`?",
        ];
        assert_eq!(refused(&specs), expected);
    }

    #[test]
    fn a_cycle_is_refused() {
        let specs = [
            spec("name = \"a\"\nparent = { spec = \"b\" }"),
            spec("name = \"b\"\nparent = { spec = \"a\" }"),
        ];
        let expected = ["runs/a.toml:2:19: `a` descends from itself\nhelp: the chain is a → b → a"];
        assert_eq!(refused(&specs), expected);
    }

    #[test]
    fn weights_that_cannot_be_loaded_are_refused() {
        let specs = [
            spec("name = \"a\"\nparent = { spec = \"b\" }\nsweep = { width_mult = [1, 0.5] }"),
            spec("name = \"b\""),
            spec("name = \"c\"\nsweep = { init = [\"random\", \"w.safetensors\"] }"),
        ];
        let expected = [
            "runs/c.toml:3:1: `init`: `w.safetensors` is no file\nhelp: paths start at the project root",
            "runs/a.toml:2:19: parent `b` has `width_mult` 1.0, `a` has 0.5\nhelp: a trunk is loaded into one of the same width",
        ];
        assert_eq!(refused(&specs), expected);
    }

    #[test]
    fn a_sweep_is_no_parent() {
        let specs = [
            spec("name = \"a\"\nparent = { spec = \"b\" }"),
            spec("name = \"b\"\nsweep = { lr_rate = [0.1, 0.2] }"),
        ];
        let expected = ["runs/a.toml:2:19: `b` is a sweep of 2 combinations, a parent must be one"];
        assert_eq!(refused(&specs), expected);
    }
}
