//! Every byte of the files that our own document cites, changed once.

use std::collections::BTreeMap;

use rayon::prelude::*;
use repro::audit::evidence::integrity;
use repro::report::lock::LockedRun;
use repro::store::{METRICS, PREDICTIONS, RECORD};

use crate::corpus::Corpus;

/// Prints how many changes the audit misses; whether any, or whether it finds something without a change.
pub(crate) fn check(corpus: &Corpus) -> bool {
    let lock = corpus.lock.as_ref().expect("our own lock is there");
    let (mut n_changes, mut missed) = (0, Vec::new());
    for (run, locked) in &lock.runs {
        let files: BTreeMap<&str, Vec<u8>> = [RECORD, METRICS, PREDICTIONS]
            .into_iter()
            .map(|name| {
                let path = corpus.store.root().join(run).join(name);
                (name, std::fs::read(path).expect("a cited file"))
            })
            .collect();
        if is_caught(&files, locked, None) {
            missed.push(format!("{run} is found to be altered as it is"));
        }
        for (name, bytes) in &files {
            n_changes += bytes.len();
            let of_file = (0..bytes.len()).into_par_iter();
            let of_file = of_file.filter(|&at| !is_caught(&files, locked, Some((name, at))));
            missed.extend(
                of_file
                    .map(|at| format!("{run}/{name}, byte {at}"))
                    .collect::<Vec<_>>(),
            );
        }
    }
    println!(
        "bytes of the files of {} runs: {n_changes} changes, {} missed",
        lock.runs.len(),
        missed.len()
    );
    for missed in missed.iter().take(10) {
        println!("  missed {missed}");
    }
    !missed.is_empty()
}

/// Whether files are found to be altered, with one byte of one of them changed.
fn is_caught(
    files: &BTreeMap<&str, Vec<u8>>,
    locked: &LockedRun,
    change: Option<(&str, usize)>,
) -> bool {
    let changed = change.map(|(name, at)| {
        let mut bytes = files[name].clone();
        bytes[at] ^= 1;
        (name, bytes)
    });
    let content = |name: &str| match &changed {
        Some((other, bytes)) if *other == name => &bytes[..],
        _ => &files[name][..],
    };
    let artifacts = [METRICS, PREDICTIONS].map(|name| (name, content(name)));
    !integrity(content(RECORD), &artifacts.into(), Some(locked)).is_empty()
}
