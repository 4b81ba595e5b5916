//! What a document is verified against, where a defect is planted there and not in the text.

pub(crate) mod program;

use std::collections::BTreeMap;

use repro::audit::evidence::manifest::Manifest;
use repro::audit::git::{Commit, History, Version};
use repro::audit::python::TrainingCode;
use repro::record::RunRecord;
use repro::report::lock::Lock;
use repro::store::{
    METRICS, MetricRow, Metrics, PREDICTIONS, RECORD, RunId, Store, artifact_of, record_bytes,
};

use crate::corpus::Corpus;

/// Whatever is other than for the document as it is.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) runs: Vec<ChangedRun>,
    pub(crate) manifest: Option<Manifest>,
    pub(crate) history: Option<History>,
    pub(crate) code: Option<TrainingCode>,
    /// What `repro tables` would write.
    pub(crate) rendered: Option<String>,
}

/// One of our own runs with other files, as if it had been trained so.
#[derive(Clone)]
pub(crate) struct ChangedRun {
    pub(crate) run: RunId,
    pub(crate) record: RunRecord,
    /// `None` where they are not changed.
    pub(crate) metrics: Option<Vec<MetricRow>>,
}

/// A results root with changed runs, and the lock that knows them.
pub(crate) struct Results {
    _folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) lock: Lock,
}

impl Beside {
    /// With one changed run.
    pub(crate) fn run(changed: ChangedRun) -> Self {
        Self {
            runs: vec![changed],
            ..Self::default()
        }
    }

    /// Our own runs on disk, with those changed that are to be; `None` without.
    pub(crate) fn results(&self, corpus: &Corpus) -> Option<Results> {
        if self.runs.is_empty() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut results = Results {
            store: Store::new(folder.path()),
            lock: corpus.lock().clone(),
            _folder: folder,
        };
        for run in corpus.lock().runs.keys() {
            let run: RunId = run.parse().expect("the lock knows runs");
            std::fs::create_dir_all(results.store.run_dir(&run)).expect("a folder");
            for name in [RECORD, METRICS, PREDICTIONS] {
                let (from, to) = (
                    corpus.store.file(&run, name),
                    results.store.file(&run, name),
                );
                std::fs::copy(from, to).expect("a file of a run");
            }
        }
        for changed in &self.runs {
            results.change(changed);
        }
        Some(results)
    }
}

impl Results {
    /// Writes the changed files of a run, with hashes that fit in record and lock.
    fn change(&mut self, changed: &ChangedRun) {
        let mut record = changed.record.clone();
        let mut hashes = BTreeMap::new();
        if let Some(rows) = &changed.metrics {
            let path = self.store.file(&changed.run, METRICS);
            Metrics::from_rows(rows).write(&path).expect("written");
            let artifact = artifact_of(&path, true).expect("just written");
            hashes.insert(METRICS.to_owned(), artifact.blake3.clone());
            record.artifacts.insert(METRICS.to_owned(), artifact);
        }
        let path = self.store.file(&changed.run, RECORD);
        std::fs::write(&path, record_bytes(&record)).expect("written");
        let locked = self.lock.runs.get_mut(changed.run.as_str());
        let locked = locked.expect("only locked runs are changed");
        locked.record = artifact_of(&path, true).expect("just written").blake3;
        locked.artifacts.extend(hashes);
    }
}

/// Our own runs in the order of their paths, with their records.
pub(crate) fn runs(corpus: &Corpus) -> Vec<ChangedRun> {
    let paths = corpus.lock().runs.keys();
    let unchanged = paths.map(|path| {
        let run: RunId = path.parse().expect("the lock knows runs");
        let record = corpus.store.record(&run).expect("our own record");
        ChangedRun {
            run,
            record,
            metrics: None,
        }
    });
    unchanged.collect()
}

/// Commit number `number`, made at a time.
pub(crate) fn commit(number: usize, time: i64) -> Commit {
    Commit {
        id: format!("{:040x}", 0x00c0_ffee_0000_u64 + number as u64),
        time,
        author_time: time,
        offset: 0,
    }
}

/// The history of a document that was committed once, as `text`.
pub(crate) fn committed(text: &str) -> Beside {
    let version = Version {
        commit: 0,
        text: text.to_owned(),
    };
    let history = History {
        commits: vec![commit(0, 0)],
        document: vec![version],
        ..History::default()
    };
    Beside {
        history: Some(history),
        ..Beside::default()
    }
}
