//! Opening a data set: sources are listed, examined, split and described for the record.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::examine::{Examined, Memory};
use super::fingerprint::fingerprint;
use super::layout::{self, Found, LeftOut, Listing, Request};
use super::split::{self, SplitProtocol};
use super::{DataError, Dataset, Sample};
use crate::metric::Split;
use crate::project::{DataSettings, Layout, SourceSettings};
use crate::record::{DataRecord, SplitRecord};

/// The key of a source that labels several tasks.
pub(super) const ALL: &str = "all";

/// Warnings of one kind that are named; the record names all of them.
const NAMED: usize = 10;

/// What to open.
#[derive(Debug, Clone)]
pub struct OpenOptions<'a> {
    /// `[data]` of `repro.toml`.
    pub settings: &'a DataSettings,
    /// The data root.
    pub root: &'a Path,
    /// Name of the data set.
    pub dataset: &'a str,
    /// Tasks wanted.
    pub subtasks: &'a [String],
    /// How `valid` comes about.
    pub split_protocol: SplitProtocol,
    /// Ages are 1 to this, in years.
    pub age_classes: u32,
    /// Where hashes of unchanged files are remembered; `None` reads every file.
    pub cache: Option<&'a Path>,
}

/// A data set, ready for training.
#[derive(Debug)]
pub struct Opened {
    /// One per source, in the order of the subtasks.
    pub datasets: Vec<Dataset>,
    /// What goes into the run record, by task.
    pub records: BTreeMap<String, DataRecord>,
    /// What was left out or looks wrong, one line each.
    pub warnings: Vec<String>,
}

/// The tasks that a data set has labels for, sorted.
///
/// # Errors
/// There is no such data set.
pub fn tasks(settings: &DataSettings, dataset: &str) -> Result<Vec<String>, DataError> {
    let sources = sources(settings, dataset)?;
    let mut tasks: Vec<String> = sources
        .iter()
        .flat_map(|(key, source)| layout::tasks(key, source.layout))
        .collect();
    tasks.sort();
    tasks.dedup();
    Ok(tasks)
}

/// Finds the samples of the wanted tasks, leaves out what cannot be used, and takes their fingerprints.
///
/// Files that were not seen before are read and decoded once, in parallel.
///
/// # Errors
/// A data set, task, folder or split is missing, or a file cannot be read.
pub fn open(options: &OpenOptions<'_>) -> Result<Opened, DataError> {
    let mut opened = Opened {
        datasets: Vec::new(),
        records: BTreeMap::new(),
        warnings: Vec::new(),
    };
    for (key, wanted) in wanted_by_source(options)? {
        let request = Request {
            dataset: options.dataset,
            key,
            settings: &options.settings.sets[options.dataset][key],
            root: options.root,
            age_classes: options.age_classes,
        };
        open_source(options, &request, &wanted, &mut opened)?;
    }
    Ok(opened)
}

fn sources<'a>(
    settings: &'a DataSettings,
    dataset: &str,
) -> Result<&'a BTreeMap<String, SourceSettings>, DataError> {
    settings
        .sets
        .get(dataset)
        .ok_or_else(|| DataError::UnknownDataset {
            dataset: dataset.to_owned(),
            known: settings.sets.keys().cloned().collect(),
        })
}

/// Keys of the sources needed with the tasks wanted of each, in the order of the subtasks. A task's own
/// source goes before `all`.
fn wanted_by_source<'a>(
    options: &OpenOptions<'a>,
) -> Result<Vec<(&'a str, Vec<&'a str>)>, DataError> {
    let sources = sources(options.settings, options.dataset)?;
    let mut wanted: Vec<(&str, Vec<&str>)> = Vec::new();
    for task in options.subtasks {
        let labels = |(key, source): &(&'a String, &SourceSettings)| {
            layout::tasks(key, source.layout).contains(task)
        };
        let own = sources.get_key_value(task).filter(labels);
        let Some((key, _)) = own.or_else(|| sources.get_key_value(ALL).filter(labels)) else {
            return Err(DataError::UnknownTask {
                dataset: options.dataset.to_owned(),
                task: task.clone(),
                known: tasks(options.settings, options.dataset)?,
            });
        };
        match wanted.iter_mut().find(|(other, _)| other == key) {
            Some((_, tasks)) => tasks.push(task),
            None => wanted.push((key, vec![task])),
        }
    }
    Ok(wanted)
}

fn open_source(
    options: &OpenOptions<'_>,
    request: &Request<'_>,
    wanted: &[&str],
    opened: &mut Opened,
) -> Result<(), DataError> {
    let mut listing = layout::list(request)?;
    let mut samples = examine(options, &mut listing)?;
    split::apply(options.split_protocol, &mut samples);
    check_splits(request, &samples)?;
    let dataset = select_tasks(request, &listing, samples, wanted);
    opened.warnings.append(&mut listing.warnings);
    warn_left_out(&listing.undecodable, &mut opened.warnings);
    warn_left_out(&listing.out_of_range, &mut opened.warnings);
    for task_idx in 0..dataset.tasks.len() {
        opened.records.insert(
            dataset.tasks[task_idx].name.clone(),
            record(options, request, &dataset, task_idx, &listing),
        );
    }
    opened.datasets.push(dataset);
    Ok(())
}

/// Turns what was found into samples; what cannot be decoded moves to `listing.undecodable`.
fn examine(
    options: &OpenOptions<'_>,
    listing: &mut Listing,
) -> Result<BTreeMap<Split, Vec<Sample>>, DataError> {
    let memory = Memory::load(options.cache);
    let found: Vec<(Split, Found)> = std::mem::take(&mut listing.found)
        .into_iter()
        .flat_map(|(split, found)| found.into_iter().map(move |found| (split, found)))
        .collect();
    let mut examined = found
        .par_iter()
        .map(|(_, found)| memory.examine(&found.image))
        .collect::<Vec<_>>()
        .into_iter()
        .zip(&found)
        .map(|(examined, (_, found))| {
            examined.map_err(DataError::io(&options.root.join(&found.id), "reading"))
        })
        .collect::<Result<Vec<Examined>, _>>()?;
    listing
        .warnings
        .extend(memory.remember(&mut examined).err());

    let mut samples: BTreeMap<Split, Vec<Sample>> = BTreeMap::new();
    for ((split, found), examined) in found.into_iter().zip(examined) {
        let of_split = samples.entry(split).or_default();
        match examined.undecodable {
            None => of_split.push(Sample {
                id: found.id,
                labels: found.labels,
                label_mean: None,
                label_std: None,
                image: found.image,
                content: examined.content,
            }),
            Some(reason) => listing.undecodable.push(LeftOut {
                place: options.root.join(&found.id).display().to_string(),
                id: found.id,
                reason: format!("cannot be decoded: {reason}"),
            }),
        }
    }
    Ok(samples)
}

fn check_splits(
    request: &Request<'_>,
    samples: &BTreeMap<Split, Vec<Sample>>,
) -> Result<(), DataError> {
    for split in [Split::Train, Split::Valid, Split::Test] {
        if samples.get(&split).is_none_or(Vec::is_empty) {
            let named = request.settings.splits.get(&split);
            return Err(DataError::EmptySplit {
                origin: request.origin(),
                split,
                place: named
                    .map(|name| request.path().join(name))
                    .filter(|folder| folder.is_dir()),
            });
        }
    }
    Ok(())
}

/// The data set with the wanted tasks only, in their order.
fn select_tasks(
    request: &Request<'_>,
    listing: &Listing,
    mut samples: BTreeMap<Split, Vec<Sample>>,
    wanted: &[&str],
) -> Dataset {
    let positions: Vec<usize> = wanted
        .iter()
        .filter_map(|task| listing.tasks.iter().position(|known| known.name == **task))
        .collect();
    for sample in samples.values_mut().flatten() {
        sample.labels = positions.iter().map(|idx| sample.labels[*idx]).collect();
    }
    Dataset {
        name: request.dataset.to_owned(),
        key: request.key.to_owned(),
        tasks: positions
            .iter()
            .map(|idx| listing.tasks[*idx].clone())
            .collect(),
        samples,
    }
}

fn warn_left_out(left_out: &[LeftOut], warnings: &mut Vec<String>) {
    let line = |image: &LeftOut| format!("{}: left out, {}", image.place, image.reason);
    warnings.extend(left_out.iter().take(NAMED).map(line));
    if left_out.len() > NAMED {
        warnings.push(format!(
            "{} more like these are left out; the record names all",
            left_out.len() - NAMED
        ));
    }
}

fn record(
    options: &OpenOptions<'_>,
    request: &Request<'_>,
    dataset: &Dataset,
    task_idx: usize,
    listing: &Listing,
) -> DataRecord {
    let ids = |left_out: &[LeftOut]| {
        let mut ids: Vec<String> = left_out.iter().map(|image| image.id.clone()).collect();
        ids.sort();
        ids
    };
    let splits = dataset
        .samples
        .iter()
        .map(|(split, samples)| (*split, split_record(dataset, task_idx, samples)));
    DataRecord {
        name: dataset.name.clone(),
        synthetic: request.settings.layout == Layout::DemoFaces,
        split_protocol: options.split_protocol.to_string(),
        splits: splits.collect(),
        undecodable: ids(&listing.undecodable),
        out_of_range: ids(&listing.out_of_range),
    }
}

fn split_record(dataset: &Dataset, task_idx: usize, samples: &[Sample]) -> SplitRecord {
    let mut labels = BTreeMap::new();
    for sample in samples {
        *labels
            .entry(dataset.label(task_idx, sample).to_owned())
            .or_default() += 1;
    }
    SplitRecord {
        n: samples.len() as u64,
        labels,
        fingerprint: fingerprint(samples, |sample| dataset.label(task_idx, sample)),
    }
}

impl Dataset {
    /// The name of a sample's class.
    pub(super) fn label(&self, task_idx: usize, sample: &Sample) -> &str {
        &self.tasks[task_idx].classes[sample.labels[task_idx] as usize]
    }
}
