//! Tracked files that stand for contents kept elsewhere: Git LFS and DVC.

use std::collections::BTreeMap;
use std::path::Path;

use super::{HistoryError, command};

/// What keeps the contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerKind {
    /// Git LFS.
    Lfs,
    /// DVC.
    Dvc,
}

/// A file that says where contents are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// What keeps them.
    pub kind: PointerKind,
    /// Their hash as the pointer gives it, such as `sha256:…`.
    pub hash: String,
    /// Their size in bytes, where it is given.
    pub size: Option<u64>,
}

/// Longest text that is a pointer.
const LONGEST: usize = 4096;

/// The pointers among tracked files, given as path and blob, by the path whose contents they stand for.
pub(super) fn pointers(
    folder: &Path,
    blobs: &[(String, String)],
) -> Result<BTreeMap<String, Pointer>, HistoryError> {
    let ids: Vec<String> = blobs.iter().map(|(_, id)| id.clone()).collect();
    let contents = command::contents(folder, &ids)?;
    let pairs = blobs.iter().zip(contents);
    let pointers = pairs.filter_map(|((path, _), content)| {
        let content = content.filter(|content| content.len() <= LONGEST)?;
        let text = std::str::from_utf8(&content).ok()?;
        match path.strip_suffix(".dvc") {
            Some(stands_for) => Some((stands_for.to_owned(), dvc(text)?)),
            None => Some((path.clone(), lfs(text)?)),
        }
    });
    Ok(pointers.collect())
}

/// `oid sha256:…` and `size …` after the version.
fn lfs(text: &str) -> Option<Pointer> {
    let mut lines = text.lines();
    let version = lines.next()?.strip_prefix("version ")?;
    if !version.contains("git-lfs") {
        return None;
    }
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))
    };
    Some(Pointer {
        kind: PointerKind::Lfs,
        hash: value("oid")?.to_owned(),
        size: value("size").and_then(|size| size.parse().ok()),
    })
}

/// The first output's hash.
fn dvc(text: &str) -> Option<Pointer> {
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let line = line.trim_start_matches(['-', ' ']);
            line.strip_prefix(key)?.strip_prefix(':').map(str::trim)
        })
    };
    Some(Pointer {
        kind: PointerKind::Dvc,
        hash: format!("md5:{}", value("md5")?),
        size: value("size").and_then(|size| size.parse().ok()),
    })
}
