//! The training program that the tests call clean, and the document of one run of it.

use std::collections::BTreeMap;
use std::path::Path;

use repro::audit::git::{History, Snapshot, Version};
use repro::audit::python::TrainingCode;

use super::{Beside, commit};

/// The document.
pub(crate) const DOCUMENT: &str = include_str!("../program.md");
/// When its run began: 2026-11-02 10:00:00.
pub(crate) const START: i64 = 1_793_613_600;
const DAY: i64 = 86_400;
/// Of the program.
const FILES: &[&str] = &[
    "data.py",
    "main.py",
    "train_valid.py",
    "models/__init__.py",
    "models/backbone.py",
    "models/factory.py",
];

/// The texts of a program by path.
#[derive(Clone)]
pub(crate) struct Program(BTreeMap<String, String>);

impl Program {
    /// As it is.
    pub(crate) fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/python/clean");
        let text = |path: &&str| {
            let text = std::fs::read_to_string(folder.join(path)).expect("a file of the program");
            ((*path).to_owned(), text)
        };
        Self(FILES.iter().map(text).collect())
    }

    /// With a text replaced wherever it stands in a file.
    pub(crate) fn with(mut self, path: &str, from: &str, to: &str) -> Self {
        let text = self.0.get_mut(path).expect("a file of the program");
        assert!(text.contains(from), "`{from}` is not in {path}");
        *text = text.replace(from, to);
        self
    }

    /// With a text before everything in a file.
    pub(crate) fn begun(mut self, path: &str, first: &str) -> Self {
        self.0
            .get_mut(path)
            .expect("a file of the program")
            .insert_str(0, first);
        self
    }

    /// With functions that nothing calls.
    pub(crate) fn with_uncalled(mut self, path: &str, function: &str) -> Self {
        let text = self.0.get_mut(path).expect("a file of the program");
        let at = text.find("\n\n\n").expect("two blank lines") + 3;
        text.insert_str(at, &format!("{function}\n\n\n"));
        self
    }

    /// Its facts.
    pub(crate) fn code(&self) -> TrainingCode {
        TrainingCode::parse(self.0.iter().map(|(path, text)| (&**path, &**text)))
    }

    /// In the work tree, and committed a day before the run began.
    pub(crate) fn beside(&self) -> Beside {
        Beside {
            code: Some(self.code()),
            history: Some(self.history(-DAY, DAY)),
            ..Beside::default()
        }
    }

    /// Committed so many seconds after the run began, the document so many.
    pub(crate) fn history(&self, code: i64, document: i64) -> History {
        let version = Version {
            commit: 1,
            text: DOCUMENT.to_owned(),
        };
        let commits = vec![commit(0, START + code), commit(1, START + document)];
        History {
            known: commits.iter().map(|commit| commit.id.clone()).collect(),
            document: vec![version],
            code: vec![Snapshot::new(0, self.0.clone())],
            commits,
            ..History::default()
        }
    }
}

/// What is beside the document as it is.
pub(crate) fn clean() -> Beside {
    Program::read().beside()
}
