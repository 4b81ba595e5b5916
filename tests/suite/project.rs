//! The one helper of the suite: a project in a temporary folder, and the program run in it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use snapbox::assert::DEFAULT_ACTION_ENV;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data, Redactions};
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::runs;

/// A copy of `project/` with the case's `input/` laid over it.
pub(crate) struct Project {
    folder: TempDir,
    expected: PathBuf,
}

/// Everything a project holds, by relative path.
#[derive(PartialEq)]
pub(crate) struct Content(BTreeMap<PathBuf, Vec<u8>>);

fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite")
}

impl Project {
    /// The project of the case `cases/<name>`.
    pub(crate) fn case(name: &str) -> Self {
        let case = suite().join("cases").join(name);
        assert!(case.is_dir(), "no case `{}`", case.display());
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(&suite().join("project"), folder.path());
        let input = case.join("input");
        if input.is_dir() {
            copy(&input, folder.path());
        }
        runs::complete_all(&folder.path().join("results"));
        let expected = case.join("expected");
        Self { folder, expected }
    }

    /// A project that holds the `input/` of `cases/<name>` and nothing else.
    pub(crate) fn of_documents(name: &str) -> Self {
        let case = suite().join("cases").join(name);
        assert!(case.is_dir(), "no case `{}`", case.display());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let input = case.join("input");
        if input.is_dir() {
            copy(&input, folder.path());
        }
        let expected = case.join("expected");
        Self { folder, expected }
    }

    /// The program with `arguments`, separated by blanks, not yet run.
    pub(crate) fn repro(&self, arguments: &str) -> Step<'_> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_repro"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("REPRO_DATA")
            .env_remove("GITHUB_STEP_SUMMARY")
            .env("COLUMNS", "120");
        Step {
            project: self,
            command,
            exit: 0,
            stdout: None,
            stderr: None,
        }
    }

    /// What the program prints, whatever it exits with.
    pub(crate) fn output(&self, arguments: &str) -> String {
        let output = self.repro(arguments).command.output();
        let output = output.expect("the program starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The exit code of the program where nobody reads what it prints, and whether it spoke of that.
    pub(crate) fn without_reader(&self, arguments: &str) -> (Option<i32>, bool) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut step = self.repro(arguments);
        let output = step.command.stdout(writer).output().expect("it starts");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        (output.status.code(), said.contains("pipe"))
    }

    /// A file is as the case's golden file.
    pub(crate) fn holds(&self, name: &str, golden: &str) {
        let actual = fs::read_to_string(self.path(name)).expect("readable");
        self.compare(&actual, &self.expected.join(golden));
    }

    /// A file is as `project/` has it.
    pub(crate) fn is_settled(&self, name: &str) {
        let actual = fs::read_to_string(self.path(name)).expect("readable");
        self.compare(&actual, &suite().join("project").join(name));
    }

    /// A text is as the golden file has it.
    pub(crate) fn is_golden(&self, actual: &str, golden: &str) {
        self.compare(actual, &self.expected.join(golden));
    }

    /// Replaces the only occurrence of `from` in a file.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.path(name);
        let text = fs::read_to_string(&path).expect("readable");
        assert_eq!(text.matches(from).count(), 1, "`{from}` in `{name}`");
        fs::write(&path, text.replace(from, to)).expect("written");
    }

    /// Removes a file or a folder.
    pub(crate) fn remove(&self, name: &str) {
        let path = self.path(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("removed");
        } else {
            fs::remove_file(&path).expect("removed");
        }
    }

    /// Removes a folder and creates it again, so that the file system may list it elsewhere.
    pub(crate) fn create_again(&self, name: &str) {
        let path = self.path(name);
        let elsewhere = tempfile::tempdir().expect("a temporary folder");
        copy(&path, elsewhere.path());
        self.remove(name);
        copy(elsewhere.path(), &path);
    }

    /// Every file, to see later what a command changed.
    pub(crate) fn content(&self) -> Content {
        let files = files(self.folder.path())
            .into_iter()
            .map(|name| {
                let bytes = fs::read(self.folder.path().join(&name)).expect("readable");
                (name, bytes)
            })
            .collect();
        Content(files)
    }

    /// A file or folder of the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn compare(&self, actual: &str, golden: &Path) {
        let mut redactions = Redactions::new();
        let root = self.folder.path().display().to_string();
        redactions.insert("[ROOT]", root).expect("a valid name");
        // JSON is compared by value, its golden file indented for review; everything else byte for byte. Neither is
        // a pattern: brackets and dots of a table are meant as they stand.
        let is_json = golden.extension().is_some_and(|end| end == "json");
        let format = if is_json {
            DataFormat::Json
        } else {
            DataFormat::Text
        };
        let actual = redactions.redact(actual);
        Assert::new()
            .action_env(DEFAULT_ACTION_ENV)
            .eq(actual, Data::read_from(golden, Some(format)).raw());
    }
}

impl Content {
    /// The files in which `other` differs, new and removed ones included.
    pub(crate) fn changed(&self, other: &Self) -> Vec<String> {
        let mut names: Vec<&PathBuf> = self.0.keys().chain(other.0.keys()).collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .map(|name| name.display().to_string())
            .collect()
    }
}

/// A command line and what is expected of it: exit 0 and no output, unless said otherwise.
#[must_use = "a step does nothing until `run`"]
pub(crate) struct Step<'p> {
    project: &'p Project,
    command: Command,
    exit: i32,
    stdout: Option<&'static str>,
    stderr: Option<&'static str>,
}

impl Step<'_> {
    /// Starts it in a folder of the project instead of at its root.
    pub(crate) fn within(mut self, folder: &str) -> Self {
        self.command.current_dir(self.project.path(folder));
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Expects this exit code.
    pub(crate) fn exits(mut self, code: i32) -> Self {
        self.exit = code;
        self
    }

    /// Expects the results that the golden file holds.
    pub(crate) fn prints(mut self, golden: &'static str) -> Self {
        self.stdout = Some(golden);
        self
    }

    /// Expects the messages that the golden file holds.
    pub(crate) fn says(mut self, golden: &'static str) -> Self {
        self.stderr = Some(golden);
        self
    }

    /// Runs the program and compares; messages first, as they explain the rest.
    pub(crate) fn run(mut self) {
        let output = self.command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        self.check(&text(output.stderr), self.stderr, "stderr");
        self.check(&text(output.stdout), self.stdout, "stdout");
        assert_eq!(output.status.code(), Some(self.exit), "exit code");
    }

    fn check(&self, actual: &str, golden: Option<&str>, stream: &str) {
        match golden {
            Some(golden) => self
                .project
                .compare(actual, &self.project.expected.join(golden)),
            None => assert!(actual.is_empty(), "unexpected {stream}:\n{actual}"),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for name in files(from) {
        let target = to.join(&name);
        fs::create_dir_all(target.parent().expect("a folder")).expect("created");
        fs::copy(from.join(&name), target).expect("copied");
    }
}

/// The files below `root`, relative to it, sorted.
fn files(root: &Path) -> Vec<PathBuf> {
    WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("a readable entry"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(root).expect("below").to_owned())
        .collect()
}
