//! What code ran where: captured once when a run starts.
//!
//! Owns asking git and the system; what cannot be found out is `None`, never guessed.

use std::path::Path;
use std::process::Command;

use super::{Code, Environment};

/// The `Cargo.lock` of this build.
const LOCKFILE: &[u8] = include_bytes!("../../Cargo.lock");

/// Vector extensions that the kernels know.
#[cfg(target_arch = "x86_64")]
fn features() -> Vec<String> {
    let known = [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("fma", is_x86_feature_detected!("fma")),
    ];
    known
        .into_iter()
        .filter(|(_, present)| *present)
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Vector extensions that the kernels know.
#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<String> {
    Vec::new()
}

/// The commit of the repository around `project`, and whether its files differ from it. Untracked files
/// count as a difference unless git ignores them; the hash is over `git diff HEAD`, which leaves their
/// content out.
pub fn code(project: &Path) -> Code {
    let commit = git(project, &["rev-parse", "HEAD"])
        .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    let changes = git(project, &["status", "--porcelain"]);
    let dirty = changes.as_ref().map(|changes| !changes.is_empty());
    let diff = match dirty {
        Some(true) => git(project, &["diff", "HEAD"]),
        _ => None,
    };
    Code {
        commit,
        dirty,
        diff_blake3: diff.map(|diff| blake3::hash(&diff).to_hex().to_string()),
        repro: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What git prints; `None` without git or outside a repository.
fn git(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// The machine and build, for a step of `threads` threads.
pub fn environment(threads: usize, instruction_set: &str, device: &str) -> Environment {
    Environment {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpu: cpu(),
        features: features(),
        instruction_set: instruction_set.to_owned(),
        threads,
        device: device.to_owned(),
        rustc: env!("REPRO_RUSTC").to_owned(),
        lockfile_blake3: blake3::hash(LOCKFILE).to_hex().to_string(),
    }
}

/// The processor's name, where the system tells it.
fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// This machine's name.
pub fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// A moment in UTC, RFC 3339 with whole seconds.
pub fn rfc3339(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A moment in UTC as run folders are named.
pub fn folder_time(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%d-%H-%M-%S").to_string()
}

/// The command line as anybody could repeat it: the program's name instead of where it lies, paths below
/// `project` relative to it, and of other absolute paths only the last part.
pub fn command(arguments: impl IntoIterator<Item = String>, project: &Path) -> Vec<String> {
    let rest = arguments.into_iter().skip(1);
    let anywhere = |argument: String| match argument.split_once('=') {
        Some((key, value)) => format!("{key}={}", without_machine(value, project)),
        None => without_machine(&argument, project),
    };
    std::iter::once("repro".to_owned())
        .chain(rest.map(anywhere))
        .collect()
}

fn without_machine(text: &str, project: &Path) -> String {
    let path = Path::new(text);
    if !path.is_absolute() {
        return text.to_owned();
    }
    match (path.strip_prefix(project), path.file_name()) {
        (Ok(below), _) => below.display().to_string(),
        (Err(_), Some(name)) => format!("…/{}", name.to_string_lossy()),
        (Err(_), None) => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(folder: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let arguments: Vec<&str> = identity.iter().chain(arguments).copied().collect();
        git(folder, &arguments).expect("git works");
    }

    #[test]
    fn changes_and_new_files_are_dirty_and_ignored_ones_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        run(folder.path(), &["init", "--quiet"]);
        write("a", "1");
        write(".gitignore", "*.log\n");
        run(folder.path(), &["add", "."]);
        run(folder.path(), &["commit", "--quiet", "-m", "first"]);
        write("x.log", "ignored");
        let clean = code(folder.path());
        assert_eq!((clean.dirty, &clean.diff_blake3), (Some(false), &None));
        assert_eq!(clean.commit.as_ref().map(String::len), Some(40));
        write("new", "");
        assert_eq!(code(folder.path()).dirty, Some(true));
        write("a", "2");
        let first = code(folder.path()).diff_blake3;
        write("a", "3");
        assert!(first.is_some() && first != code(folder.path()).diff_blake3);
    }

    #[test]
    fn outside_a_repository_nothing_is_claimed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let code = code(folder.path());
        assert_eq!(
            (code.commit, code.dirty, code.diff_blake3),
            (None, None, None)
        );
    }

    #[test]
    fn times_are_utc() {
        let moment = jiff::Timestamp::from_second(1_795_601_533).expect("valid");
        assert_eq!(rfc3339(moment), "2026-11-25T10:12:13Z");
        assert_eq!(folder_time(moment), "2026-11-25-10-12-13");
    }

    #[test]
    fn a_command_names_no_place_of_this_machine() {
        let given = [
            "/a/repro",
            "train",
            "/p/runs/x.toml",
            "--results=/q/r",
            "lr_rate=0.1",
        ];
        let found = command(given.map(str::to_owned), Path::new("/p"));
        let expected = [
            "repro",
            "train",
            "runs/x.toml",
            "--results=…/r",
            "lr_rate=0.1",
        ];
        assert_eq!(found, expected);
    }
}
