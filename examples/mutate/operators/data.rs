//! Defects of data and of what was evaluated: fingerprints, counts.

use std::collections::BTreeSet;

use repro::audit::evidence::manifest::Manifest;
use repro::metric::Split;
use repro::record::SplitRecord;
use repro::store::MetricRow;

use super::origin::in_runs;
use crate::beside::{Beside, ChangedRun, runs};
use crate::corpus::{Corpus, Mutant, OWN};
use crate::edit;

/// A split that our own runs used: data set, task, split.
type Used = (String, String, Split);

/// The splits that our own runs used.
fn used(corpus: &Corpus) -> BTreeSet<Used> {
    let mut found = BTreeSet::new();
    for changed in runs(corpus) {
        for (task, data) in &changed.record.data {
            let splits = data.splits.keys();
            found.extend(splits.map(|split| (data.name.clone(), task.clone(), *split)));
        }
    }
    found
}

/// Another manifest than the runs were trained with.
pub(super) fn fingerprint(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let mut mutants = Vec::new();
    let mut add = |manifest: Manifest, what: String| {
        let beside = Beside {
            manifest: Some(manifest),
            ..Beside::default()
        };
        mutants.push(base.mutant_beside(beside, what));
    };
    for (dataset, task, split) in used(corpus) {
        let name = format!("{dataset} {task} {}", split.as_str());
        let changed = |change: &dyn Fn(&mut SplitRecord)| {
            let mut manifest = corpus.manifest().clone();
            let tasks = manifest
                .datasets
                .get_mut(&dataset)
                .expect("a used data set");
            let splits = &mut tasks.get_mut(&task).expect("a used task").splits;
            change(splits.get_mut(&split).expect("a used split"));
            manifest
        };
        let other =
            |split: &mut SplitRecord| split.fingerprint = edit::last_digit(&split.fingerprint);
        add(changed(&other), format!("{name}: another fingerprint"));
        add(
            changed(&|split| split.n += 1),
            format!("{name}: an image more"),
        );
        let mut manifest = corpus.manifest().clone();
        let tasks = manifest
            .datasets
            .get_mut(&dataset)
            .expect("a used data set");
        tasks
            .get_mut(&task)
            .expect("a used task")
            .splits
            .remove(&split);
        add(manifest, format!("{name}: not listed"));
    }
    for dataset in corpus.manifest().datasets.keys() {
        let mut manifest = corpus.manifest().clone();
        manifest.datasets.remove(dataset);
        if used(corpus).iter().any(|(name, ..)| name == dataset) {
            add(manifest, format!("{dataset} is not listed"));
        }
    }
    mutants
}

/// Another number of images counted than predicted.
pub(super) fn coverage(corpus: &Corpus) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for by in [-1, 1, 100] {
        let counted = |run: &mut ChangedRun| {
            for row in metrics(corpus, run).iter_mut() {
                if row.metric.starts_with("test/") {
                    row.count = row.count.map(|count| count + by);
                }
            }
        };
        mutants.extend(in_runs(
            corpus,
            &format!("the metrics count {by:+}"),
            counted,
        ));
        let recorded = |run: &mut ChangedRun| {
            for data in run.record.data.values_mut() {
                let test = data.splits.get_mut(&Split::Test).expect("a test split");
                test.n = test.n.saturating_add_signed(by);
            }
        };
        mutants.extend(in_runs(
            corpus,
            &format!("the record counts {by:+}"),
            recorded,
        ));
    }
    mutants
}

/// The metrics of a changed run, to be changed.
pub(super) fn metrics<'r>(corpus: &Corpus, run: &'r mut ChangedRun) -> &'r mut Vec<MetricRow> {
    let own = || {
        corpus
            .store
            .metrics(&run.run)
            .expect("our own metrics")
            .rows()
    };
    let rows = run.metrics.take().unwrap_or_else(own);
    run.metrics.insert(rows)
}
