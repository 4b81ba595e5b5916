//! What can be wrong with data sets.

use std::path::{Path, PathBuf};

use crate::metric::Split;
use crate::source::{backticked, nearest};

/// Why data could not be opened or loaded.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A name that `repro.toml` does not have.
    #[error(
        "no data set `{dataset}` in repro.toml\nhelp: {}",
        proposal(dataset, known)
    )]
    UnknownDataset {
        /// The name asked for.
        dataset: String,
        /// The names configured.
        known: Vec<String>,
    },
    /// A task that the data set has no labels for.
    #[error(
        "data set `{dataset}` has no task `{task}`\nhelp: {}",
        proposal(task, known)
    )]
    UnknownTask {
        /// The data set.
        dataset: String,
        /// The task asked for.
        task: String,
        /// The tasks it has.
        known: Vec<String>,
    },
    /// The data root is not there.
    #[error("data root `{}` is missing\n{ROOT_HELP}", path.display())]
    MissingRoot {
        /// The folder.
        path: PathBuf,
    },
    /// A folder or file below the data root is not there.
    #[error("`{}` of `{origin}` is missing\nhelp: {}\n{ROOT_HELP}", path.display(), instead(parent, path, present))]
    Missing {
        /// What is missing.
        path: PathBuf,
        /// The key of repro.toml that names it, such as `data.IMDB_WIKI.all`.
        origin: String,
        /// The nearest folder above it that is there.
        parent: PathBuf,
        /// Names in `parent`, sorted.
        present: Vec<String>,
    },
    /// A folder layout does not say where a split lies.
    #[error(
        "`{origin}` names no folder for split `{split}`\nhelp: add `splits = {{ train = \"…\", test = \"…\" }}` to it in repro.toml"
    )]
    UnmappedSplit {
        /// The key of repro.toml.
        origin: String,
        /// The split.
        split: Split,
    },
    /// A number of synthetic images that is none.
    #[error(
        "`{origin}`: split `{split}` is `{found}`, expected a number of images such as `\"1200\"`"
    )]
    InvalidCount {
        /// The key of repro.toml.
        origin: String,
        /// The split.
        split: Split,
        /// The text found.
        found: String,
    },
    /// Nothing to train or evaluate on.
    #[error("`{origin}`: split `{split}` has no image{}", place.as_ref().map_or(String::new(), |path| format!(", looked in `{}`", path.display())))]
    EmptySplit {
        /// The key of repro.toml.
        origin: String,
        /// The split.
        split: Split,
        /// Where images were looked for; `None` where the split is derived.
        place: Option<PathBuf>,
    },
    /// Synthetic faces under a name that hides it.
    #[error(
        "data set `{dataset}` draws synthetic faces, its name must say so\nhelp: call it `{dataset}_synthetic` in repro.toml"
    )]
    UnmarkedSynthetic {
        /// The data set.
        dataset: String,
    },
    /// A layout that labels one task, configured as a source of all.
    #[error(
        "`{origin}`: layout `{layout}` labels one task\nhelp: write the name of the task instead of `all`"
    )]
    OneTask {
        /// The key of repro.toml.
        origin: String,
        /// The layout.
        layout: &'static str,
    },
    /// Ages as folders in the order of their names.
    #[error(
        "`{origin}`: layout `image_folder` numbers classes by sorted folder names, ages are years\nhelp: use layout `age_folder`"
    )]
    SortedAges {
        /// The key of repro.toml.
        origin: String,
    },
    /// A path that cannot be written into records and fingerprints.
    #[error("`{}` is no printable UTF-8 path\nhelp: rename it", path.display())]
    UnprintablePath {
        /// The file or folder.
        path: PathBuf,
    },
    /// A table without its columns.
    #[error(
        "{}:1: header is `{found}`, expected the columns `emotion`, `pixels` and `Usage`", path.display()
    )]
    InvalidHeader {
        /// The file.
        path: PathBuf,
        /// Its first line, shortened.
        found: String,
    },
    /// An image that was fine when the data set was opened.
    #[error("`{id}` cannot be decoded any more: {reason}")]
    Undecodable {
        /// The sample.
        id: String,
        /// What the decoder says.
        reason: String,
    },
    /// A split protocol that does not exist.
    #[error("`{found}` is no split protocol, expected `three-way` or `reference`")]
    UnknownProtocol {
        /// The text found.
        found: String,
    },
    /// The file system refused.
    #[error("`{}`: {action} failed: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Decoding threads could not be started.
    #[error("starting {n} decoding threads failed: {source}")]
    Threads {
        /// How many.
        n: usize,
        /// The system's answer.
        source: rayon::ThreadPoolBuildError,
    },
}

const ROOT_HELP: &str = "help: the data root is `--data-root`, else `REPRO_DATA`, else `root` below `[data]` in repro.toml";

impl DataError {
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }

    /// That `path` is missing, with what lies where it should.
    pub(super) fn missing(root: &Path, path: &Path, origin: &str) -> Self {
        if !root.is_dir() {
            return Self::MissingRoot {
                path: root.to_owned(),
            };
        }
        let parent = path
            .ancestors()
            .skip(1)
            .find(|folder| folder.is_dir())
            .unwrap_or(root);
        let mut present: Vec<String> = std::fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        present.sort();
        Self::Missing {
            path: path.to_owned(),
            origin: origin.to_owned(),
            parent: parent.to_owned(),
            present,
        }
    }
}

fn proposal(found: &str, known: &[String]) -> String {
    match nearest(found, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "none is configured".to_owned(),
        None => format!("there is {}", backticked(known)),
    }
}

fn instead(parent: &Path, path: &Path, present: &[String]) -> String {
    const SHOWN: usize = 8;
    let missing = path
        .strip_prefix(parent)
        .ok()
        .and_then(|rest| rest.iter().next())
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let near = nearest(&missing, present.iter().map(String::as_str))
        .filter(|_| present.len() > 1)
        .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    let more = match present.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match present {
        [] => format!("`{}` is empty", parent.display()),
        _ => format!(
            "`{}` holds {}{more}{near}",
            parent.display(),
            backticked(&present[..present.len().min(SHOWN)])
        ),
    }
}
