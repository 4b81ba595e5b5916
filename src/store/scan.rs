//! The walk over a results root.

use std::path::Path;

use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::layout::{RECORD, RunId};
use super::{Store, StoreError, checkpoint};
use crate::record::RunRecord;

/// What lies below a results root; one broken run never hides the others.
#[derive(Debug, Default)]
pub struct Scan {
    /// Readable runs with their records, sorted by path.
    pub runs: Vec<(RunId, RunRecord)>,
    /// What could not be read, sorted by message.
    pub broken: Vec<StoreError>,
}

pub(super) fn scan(store: &Store) -> Scan {
    let mut result = Scan::default();
    if !store.root().exists() {
        return result;
    }
    let mut found = Vec::new();
    for entry in WalkDir::new(store.root())
        .follow_links(true)
        .into_iter()
        .filter_entry(is_of_interest)
    {
        match entry {
            Ok(entry) if entry.file_name() == RECORD => found.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => result.broken.push(walk_error(store.root(), error)),
        }
    }
    let read = |path: &std::path::PathBuf| {
        let run = run_of(store.root(), path)?;
        let record = store.record(&run)?;
        Ok((run, record))
    };
    for outcome in found
        .par_iter()
        .map(read)
        .collect::<Vec<Result<_, StoreError>>>()
    {
        match outcome {
            Ok(run) => result.runs.push(run),
            Err(error) => result.broken.push(error),
        }
    }
    result.runs.sort_by(|a, b| a.0.cmp(&b.0));
    result.broken.sort_by_cached_key(ToString::to_string);
    result
}

/// Hidden folders are unfinished or not ours; checkpoints hold no runs.
fn is_of_interest(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() == 0 || !(name.starts_with('.') || name == checkpoint::FOLDER)
}

fn run_of(root: &Path, record: &Path) -> Result<RunId, StoreError> {
    let folder = record.parent().unwrap_or(record);
    let relative = folder.strip_prefix(root).unwrap_or(folder);
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/").parse()
}

fn walk_error(root: &Path, error: walkdir::Error) -> StoreError {
    let path = error.path().unwrap_or(root).to_owned();
    let source = match error.loop_ancestor() {
        Some(ancestor) => {
            let ancestor = ancestor.display();
            std::io::Error::other(format!("a symbolic link leads back to `{ancestor}`"))
        }
        None => error
            .into_io_error()
            .unwrap_or_else(|| std::io::Error::other("unreadable")),
    };
    StoreError::Io {
        path,
        action: "walking",
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_run_hides_no_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let put = |run: &str, text: &str| {
            let path = folder.path().join(run);
            std::fs::create_dir_all(&path).expect("created");
            std::fs::write(path.join(RECORD), text).expect("written");
        };
        put("m/b/2", "{\n  not json");
        put("m/c/3", r#"{"format": 2, "code": {"repro": "0.9.0"}}"#);
        put(".new-1", "ignored");
        std::os::unix::fs::symlink(folder.path(), folder.path().join("m/loop")).expect("linked");
        let scan = Store::new(folder.path()).scan();
        assert_eq!(scan.runs.len(), 0);
        let messages: Vec<String> = scan.broken.iter().map(ToString::to_string).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(
            messages
                .iter()
                .any(|m| m.contains("m/b/2/run.json`:2:3: no run record"))
        );
        assert!(
            messages
                .iter()
                .any(|m| m.contains("format 2") && m.contains("(0.9.0)"))
        );
        assert!(messages.iter().any(|m| m.contains("leads back")));
    }
}
