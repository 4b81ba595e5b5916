//! Every change of a byte of a run's files is told.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::report::fixture;

/// A record that lists two artifacts, their bytes, and what the lock says of all.
fn run() -> (Vec<u8>, Vec<u8>, Vec<u8>, LockedRun) {
    let (metrics, predictions) = (b"metrics".to_vec(), b"predictions".to_vec());
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let mut record = fixture::record(json!({"seed": 0}));
    for (name, bytes) in [(METRICS, &metrics), (PREDICTIONS, &predictions)] {
        let artifact = Artifact {
            bytes: bytes.len() as u64,
            blake3: hash(bytes),
            kept: true,
        };
        record.artifacts.insert(name.to_owned(), artifact);
    }
    let record = serde_json::to_vec(&record).expect("JSON");
    let locked = LockedRun {
        record: hash(&record),
        artifacts: BTreeMap::new(),
        cited: None,
    };
    (record, metrics, predictions, locked)
}

#[test]
fn every_changed_byte_is_told() {
    let (record, metrics, predictions, locked) = run();
    let broken = |record: &[u8], metrics: &[u8], predictions: &[u8]| {
        let files = BTreeMap::from([(METRICS, metrics), (PREDICTIONS, predictions)]);
        integrity(record, &files, Some(&locked))
    };
    assert_eq!(
        broken(&record, &metrics, &predictions),
        Vec::<String>::new()
    );
    let mut n_changed = 0;
    let mut each = |bytes: &[u8], told: &dyn Fn(&[u8]) -> Vec<String>| {
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            assert!(!told(&changed).is_empty(), "byte {at}");
            n_changed += 1;
        }
    };
    each(&record, &|record| broken(record, &metrics, &predictions));
    each(&metrics, &|metrics| broken(&record, metrics, &predictions));
    each(&predictions, &|predictions| {
        broken(&record, &metrics, predictions)
    });
    assert_eq!(n_changed, record.len() + metrics.len() + predictions.len());
}

#[test]
fn files_that_are_gone_or_unlisted_are_told() {
    let (record, metrics, _, locked) = run();
    let files = BTreeMap::from([(METRICS, &*metrics)]);
    assert_eq!(
        integrity(&record, &files, Some(&locked)),
        ["`predictions.parquet` is not there, the record says that it is kept"]
    );
    let bare = serde_json::to_vec(&fixture::record(json!({"seed": 0}))).expect("JSON");
    assert_eq!(
        integrity(&bare, &files, None),
        ["`metrics.parquet` is there, the record does not list it"]
    );
    // Without the lock, nothing says what the record must be.
    assert_eq!(
        integrity(&bare, &BTreeMap::new(), None),
        Vec::<String>::new()
    );
}

#[test]
fn the_lock_speaks_for_artifacts_too() {
    let (record, metrics, predictions, mut locked) = run();
    locked.artifacts.insert(METRICS.to_owned(), "0".repeat(64));
    let files = BTreeMap::from([(METRICS, &*metrics), (PREDICTIONS, &*predictions)]);
    let told = integrity(&record, &files, Some(&locked));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].ends_with("`repro.lock` says 000000000000…"),
        "{told:?}"
    );
}

#[test]
fn errors_do_not_depend_on_where_the_results_lie() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for root in ["results", "elsewhere/runs/"] {
        let store = Store::new(folder.path().join(root));
        let run: RunId = "m/b/1".parse().expect("a run path");
        std::fs::create_dir_all(store.run_dir(&run)).expect("created");
        std::fs::write(store.file(&run, RECORD), "no").expect("written");
        let RunState::Unreadable(error) = read(Some(&store), &run, None) else {
            panic!("`no` is a record");
        };
        let start = "`results/m/b/1/run.json`:1:2: no run record: ";
        assert!(error.starts_with(start), "{error}");
    }
}
