//! Small repositories with fixed dates and identities.

use std::fs;
use std::process::Command;

use super::*;

/// A repository in a temporary folder.
pub(in crate::audit) struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    pub(in crate::audit) fn new() -> Self {
        let repository = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        repository.git("@0 +0000", &["init", "-q", "-b", "main"]);
        repository
    }

    pub(in crate::audit) fn root(&self) -> &Path {
        self.folder.path()
    }

    fn git(&self, date: &str, arguments: &[&str]) {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.root())
            .args([
                "-c",
                "user.name=A",
                "-c",
                "user.email=a@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(in crate::audit) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
        fs::write(path, text).expect("can be written");
    }

    /// Commits everything at `seconds` by a clock that is `offset` such as `+0300`.
    pub(in crate::audit) fn commit(&self, seconds: i64, offset: &str) {
        let date = format!("@{seconds} {offset}");
        self.git(&date, &["add", "-A"]);
        self.git(&date, &["commit", "-q", "--allow-empty", "-m", "change"]);
    }

    pub(in crate::audit) fn read(&self, code: Option<&str>) -> History {
        let wanted = Wanted {
            project: self.root(),
            document: Path::new("RESULTS.md"),
            code: code.map(Path::new),
        };
        History::read(&wanted).expect("a repository")
    }
}

#[test]
fn versions_follow_the_document_through_renames() {
    let repository = Repository::new();
    repository.write("old ä.md", "a first line that stays\nand a second\n1\n");
    repository.commit(1_555_500_000, "+0300");
    repository.write("other.txt", "no matter");
    repository.commit(1_555_500_100, "-0130");
    fs::rename(
        repository.root().join("old ä.md"),
        repository.root().join("RESULTS.md"),
    )
    .expect("moved");
    repository.commit(1_555_500_200, "+0000");
    repository.write("RESULTS.md", "a first line that stays\nand a second\n2\n");
    repository.commit(1_555_500_300, "+0000");
    let history = repository.read(None);
    let texts: Vec<(usize, &str)> = history
        .document
        .iter()
        .map(|version| (version.commit, &version.text[37..]))
        .collect();
    assert_eq!(texts, [(0, "1\n"), (2, "1\n"), (3, "2\n")]);
    let times: Vec<(i64, i64)> = history
        .commits
        .iter()
        .map(|commit| (commit.time, commit.offset))
        .collect();
    assert_eq!(
        times,
        [
            (1_555_500_000, 180),
            (1_555_500_100, -90),
            (1_555_500_200, 0),
            (1_555_500_300, 0)
        ]
    );
    assert_eq!(history.commits[0].wall_clock(), 1_555_510_800);
    assert!(!history.is_shallow && history.code.is_empty());
}

#[test]
fn snapshots_are_the_states_of_the_python_files() {
    let repository = Repository::new();
    repository.write("src/main.py", "x = 1\n");
    repository.write("src/notes.txt", "a");
    repository.commit(100, "+0000");
    repository.write("src/notes.txt", "b");
    repository.commit(200, "+0000");
    repository.write("src/data/loader [1].py", "y = (\n");
    repository.commit(300, "+0000");
    fs::remove_file(repository.root().join("src/main.py")).expect("removed");
    repository.commit(400, "+0000");
    let history = repository.read(Some("src"));
    let states: Vec<(usize, Vec<&str>)> = history
        .code
        .iter()
        .map(|snapshot| {
            (
                snapshot.commit,
                snapshot.files.keys().map(|path| &**path).collect(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            (0, vec!["src/main.py"]),
            (2, vec!["src/data/loader [1].py", "src/main.py"]),
            (3, vec!["src/data/loader [1].py"])
        ]
    );
    let at = |time: i64| {
        history
            .code_when(|commit| commit.time <= time)
            .map(|snapshot| snapshot.commit)
    };
    assert_eq!(
        [at(99), at(100), at(299), at(1000)],
        [None, Some(0), Some(0), Some(3)]
    );
    assert_eq!(history.code[2].code().files[0].errors.len(), 1);
    assert!(history.code[1].has_file("src/main.py") && !history.code[2].has_file("src/main.py"));
}

#[test]
fn commits_are_known_by_id_and_by_beginning() {
    let repository = Repository::new();
    repository.commit(100, "+0000");
    let history = repository.read(None);
    let id = &history.commits[0].id;
    assert_eq!(history.commits[0].short(), &id[..7]);
    assert!(history.knows(id) && history.knows(&id[..7]) && history.knows(&id.to_uppercase()));
    assert!(!history.knows("") && !history.knows(&id[..3]));
    assert!(!history.knows("0123456789012345678901234567890123456789"));
}

#[test]
fn a_shallow_clone_says_so() {
    let repository = Repository::new();
    repository.write("RESULTS.md", "1");
    repository.commit(100, "+0000");
    repository.write("RESULTS.md", "2");
    repository.commit(200, "+0000");
    let clone = tempfile::tempdir().expect("a temporary folder");
    let source = format!("file://{}", repository.root().display());
    let status = Command::new("git")
        .args(["clone", "-q", "--depth", "1", &source])
        .arg(clone.path())
        .status()
        .expect("git runs");
    assert!(status.success());
    let wanted = Wanted {
        project: clone.path(),
        document: Path::new("RESULTS.md"),
        code: None,
    };
    let history = History::read(&wanted).expect("a repository");
    assert!(history.is_shallow);
    assert_eq!((history.commits.len(), history.document.len()), (1, 1));
}

#[test]
fn without_repository_or_commits_the_reason_is_given() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wanted = Wanted {
        project: folder.path(),
        document: Path::new("RESULTS.md"),
        code: None,
    };
    let error = History::read(&wanted)
        .expect_err("no repository")
        .to_string();
    assert!(
        error.starts_with("`git rev-parse` failed: fatal: not a git repository"),
        "{error}"
    );
    let empty = Repository::new().read(Some("src"));
    assert!(empty.commits.is_empty() && empty.document.is_empty() && empty.code.is_empty());
}
