//! The repository's history as plain data: commits, versions of the document, states of the training code.
//!
//! Owns asking git, once and read-only; rules get values and ask nothing themselves. Paths are relative to the
//! project root. What is not known is an error with its reason, never an empty history.

mod command;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::python::TrainingCode;

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The program cannot be started.
    #[error("cannot run `git`: {0}")]
    NoGit(#[source] io::Error),
    /// It says that it cannot do what was asked.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// The subcommand.
        command: String,
        /// Its error.
        message: String,
    },
}

/// A commit that HEAD comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// When its change was made: rebasing keeps it.
    pub author_time: i64,
    /// The committer's distance from UTC, in minutes.
    pub offset: i64,
}

impl Commit {
    /// As people write it.
    pub fn short(&self) -> &str {
        self.id.get(..7).unwrap_or(&self.id)
    }

    /// What the committer's clock showed, as if it were UTC.
    pub fn wall_clock(&self) -> i64 {
        self.time + self.offset * 60
    }
}

/// The document as a commit left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Index into the commits.
    pub commit: usize,
    /// Its text.
    pub text: String,
}

/// The training code as a commit left it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Index into the commits.
    pub commit: usize,
    files: BTreeMap<String, Arc<str>>,
    parsed: OnceLock<TrainingCode>,
}

impl Snapshot {
    /// A state of the code that is known from elsewhere than a repository, as paths and texts.
    pub fn new(commit: usize, files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = files.into_iter();
        Self {
            commit,
            files: files.map(|(path, text)| (path, text.into())).collect(),
            parsed: OnceLock::new(),
        }
    }

    /// Its facts, gathered when they are first asked for.
    pub fn code(&self) -> &TrainingCode {
        self.parsed.get_or_init(|| {
            let files = self.files.iter();
            TrainingCode::parse(files.map(|(path, text)| (&**path, &**text)))
        })
    }

    /// Whether it has a file of that path.
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}

/// What is known of the past.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Whether the clone leaves out old commits, so that nothing can be said to be missing.
    pub is_shallow: bool,
    /// Ancestors of HEAD, parents before children.
    pub commits: Vec<Commit>,
    /// Every version of the document, oldest first, under earlier names too.
    pub document: Vec<Version>,
    /// Every state of the training code, oldest first.
    pub code: Vec<Snapshot>,
    /// Ids of all commits of all branches and tags.
    pub known: BTreeSet<String>,
}

/// What the history is read for; paths are relative to the project root.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The project root.
    pub project: &'w Path,
    /// The audited document.
    pub document: &'w Path,
    /// Folder or file of the training code.
    pub code: Option<&'w Path>,
}

impl History {
    /// Asks git.
    ///
    /// # Errors
    /// There is no git, or no repository around the project.
    pub fn read(wanted: &Wanted<'_>) -> Result<Self, HistoryError> {
        let folder = wanted.project;
        let shallow = command::lines(folder, &["rev-parse", "--is-shallow-repository"])?;
        let mut history = Self {
            is_shallow: shallow.first().is_some_and(|answer| answer == "true"),
            ..Self::default()
        };
        if command::ask(folder, &["rev-parse", "--verify", "--quiet", "HEAD"]).is_err() {
            return Ok(history);
        }
        history.commits = commits(folder)?;
        history.known = command::lines(folder, &["rev-list", "--all", "HEAD"])?
            .into_iter()
            .collect();
        let by_id: BTreeMap<&str, usize> = history
            .commits
            .iter()
            .enumerate()
            .map(|(index, commit)| (&*commit.id, index))
            .collect();
        let document = versions(wanted, &by_id)?;
        let code = snapshots(wanted, &by_id)?;
        history.document = document;
        history.code = code;
        Ok(history)
    }

    /// Whether a commit of that id, or of one that begins so, is in the repository.
    pub fn knows(&self, id: &str) -> bool {
        let id = id.to_ascii_lowercase();
        let found = self.known.range(id.clone()..).next();
        id.len() >= 4 && found.is_some_and(|known| known.starts_with(&id))
    }

    /// The newest state of the code among commits that `is_before` holds for.
    pub fn code_when(&self, is_before: impl Fn(&Commit) -> bool) -> Option<&Snapshot> {
        let before = self
            .code
            .iter()
            .filter(|snapshot| is_before(&self.commits[snapshot.commit]));
        before.max_by_key(|snapshot| (self.commits[snapshot.commit].time, snapshot.commit))
    }
}

/// A path that git takes as it is, whatever signs are in it.
fn literal(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "/");
    format!(":(literal){}", path.trim_start_matches("./"))
}

fn commits(folder: &Path) -> Result<Vec<Commit>, HistoryError> {
    let arguments = [
        "log",
        "--topo-order",
        "--reverse",
        "--date=raw",
        "--format=%H %cd %at",
        "HEAD",
        "--",
    ];
    let lines = command::lines(folder, &arguments)?;
    Ok(lines.iter().filter_map(|line| commit(line)).collect())
}

/// `<id> <seconds> <+hhmm> <seconds>`
fn commit(line: &str) -> Option<Commit> {
    let mut words = line.split(' ');
    let id = words.next()?.to_owned();
    let time = words.next()?.parse().ok()?;
    let offset: i64 = words.next()?.parse().ok()?;
    let author_time = words.next()?.parse().ok()?;
    Some(Commit {
        id,
        time,
        author_time,
        offset: offset / 100 * 60 + offset % 100,
    })
}

/// The document at every commit that changed it.
fn versions(
    wanted: &Wanted<'_>,
    by_id: &BTreeMap<&str, usize>,
) -> Result<Vec<Version>, HistoryError> {
    let path = wanted.document.to_string_lossy();
    let arguments = [
        "log",
        "--follow",
        "--topo-order",
        "--no-ext-diff",
        "--raw",
        "--no-abbrev",
        "--format=%H",
        "--",
        &path,
    ];
    let mut found = Vec::new();
    let mut current = None;
    for line in command::lines(wanted.project, &arguments)? {
        match line.strip_prefix(':') {
            Some(change) => {
                let blob = change.split(' ').nth(3).map(str::to_owned);
                found.extend(current.take().zip(blob));
            }
            None => current = by_id.get(line.as_str()).copied().or(current),
        }
    }
    found.reverse();
    let blobs: Vec<String> = found.iter().map(|(_, blob)| blob.clone()).collect();
    let texts = command::contents(wanted.project, &blobs)?;
    let versions = found
        .into_iter()
        .zip(texts)
        .filter_map(|((commit, _), text)| {
            let text = String::from_utf8_lossy(&text?).into_owned();
            Some(Version { commit, text })
        });
    Ok(versions.collect())
}

/// The code at every commit that changed it.
fn snapshots(
    wanted: &Wanted<'_>,
    by_id: &BTreeMap<&str, usize>,
) -> Result<Vec<Snapshot>, HistoryError> {
    let Some(code) = wanted.code else {
        return Ok(Vec::new());
    };
    let folder = wanted.project;
    let code = literal(code);
    let changed = [
        "log",
        "--topo-order",
        "--reverse",
        "--format=%H",
        "HEAD",
        "--",
        &code,
    ];
    let mut trees: Vec<(usize, BTreeMap<String, String>)> = Vec::new();
    for id in command::lines(folder, &changed)? {
        let Some(commit) = by_id.get(id.as_str()) else {
            continue;
        };
        let files = python_files(folder, &id, &code)?;
        if trees.last().is_none_or(|(_, before)| *before != files) {
            trees.push((*commit, files));
        }
    }
    let ids: BTreeSet<&String> = trees.iter().flat_map(|(_, files)| files.values()).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let contents = command::contents(folder, &ids)?;
    let texts: BTreeMap<String, Arc<str>> = ids
        .into_iter()
        .zip(contents)
        .filter_map(|(id, content)| Some((id, Arc::from(String::from_utf8_lossy(&content?)))))
        .collect();
    let snapshots = trees.into_iter().map(|(commit, files)| Snapshot {
        commit,
        files: files
            .into_iter()
            .filter_map(|(path, id)| Some((path, Arc::clone(texts.get(&id)?))))
            .collect(),
        parsed: OnceLock::new(),
    });
    Ok(snapshots.collect())
}

/// Path and blob of every Python file of the code at a commit.
fn python_files(
    folder: &Path,
    commit: &str,
    code: &str,
) -> Result<BTreeMap<String, String>, HistoryError> {
    let code = code.trim_start_matches(":(literal)");
    let entries = command::entries(folder, &["ls-tree", "-r", "-z", commit, "--", code])?;
    let file = |entry: &String| {
        let (about, path) = entry.split_once('\t')?;
        let id = about.split(' ').nth(2)?;
        path.ends_with(".py")
            .then(|| (path.to_owned(), id.to_owned()))
    };
    Ok(entries.iter().filter_map(file).collect())
}

#[cfg(test)]
pub(super) mod tests;
