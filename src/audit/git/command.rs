//! The `git` program, asked and never told: no shell, no hooks, no locks, no network, no program that a repository names.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::HistoryError;

/// Settings that keep an audited repository from starting programs of its own.
const SAFE: &[&str] = &[
    "--no-pager",
    "-c",
    "core.quotepath=off",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
];

/// Variables of a surrounding git process, which would lead to another repository.
const FOREIGN: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
];

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(SAFE).args(arguments);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
    command
}

/// What git prints.
///
/// # Errors
/// There is no git, or it fails.
pub(super) fn ask(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, HistoryError> {
    let output = command(folder, arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(HistoryError::NoGit)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(HistoryError::Failed {
        command: arguments.first().copied().unwrap_or_default().to_owned(),
        message,
    })
}

/// The same as lines.
pub(super) fn lines(folder: &Path, arguments: &[&str]) -> Result<Vec<String>, HistoryError> {
    let output = ask(folder, arguments)?;
    let text = String::from_utf8_lossy(&output);
    Ok(text.lines().map(str::to_owned).collect())
}

/// The same as entries that end with a zero byte.
pub(super) fn entries(folder: &Path, arguments: &[&str]) -> Result<Vec<String>, HistoryError> {
    let output = ask(folder, arguments)?;
    let entries = output
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty());
    Ok(entries
        .map(|entry| String::from_utf8_lossy(entry).into_owned())
        .collect())
}

/// The contents of objects, in the order asked for, from one process; `None` for what is not there.
pub(super) fn contents(
    folder: &Path,
    ids: &[String],
) -> Result<Vec<Option<Vec<u8>>>, HistoryError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut child = command(folder, &["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(HistoryError::NoGit)?;
    let mut input = child.stdin.take().expect("standard input is a pipe");
    let question = ids.join("\n") + "\n";
    // Both ends of a pipe fill up, so that one side cannot wait for the other.
    let writer = std::thread::spawn(move || input.write_all(question.as_bytes()));
    let output = child.wait_with_output().map_err(HistoryError::NoGit)?;
    // A git that ended early broke the pipe; what it printed says how far it came.
    drop(writer.join());
    Ok(split(&output.stdout, ids.len()))
}

/// Cuts `<id> <type> <size>` lines and contents apart.
fn split(mut rest: &[u8], count: usize) -> Vec<Option<Vec<u8>>> {
    let mut contents = Vec::new();
    while contents.len() < count {
        let Some(newline) = rest.iter().position(|byte| *byte == b'\n') else {
            contents.resize(count, None);
            break;
        };
        let header = String::from_utf8_lossy(&rest[..newline]).into_owned();
        rest = &rest[newline + 1..];
        let mut words = header.split(' ').skip(2);
        match words.next().and_then(|size| size.parse::<usize>().ok()) {
            Some(size) if size <= rest.len() => {
                contents.push(Some(rest[..size].to_vec()));
                rest = &rest[(size + 1).min(rest.len())..];
            }
            _ => contents.push(None),
        }
    }
    contents
}
