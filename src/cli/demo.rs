//! `repro demo`: the tour, on faces that the program draws itself.
//!
//! Owns the files of the project it sets up and the words around the steps. The steps are command lines of this
//! program, executed as a user would type them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::{EXIT_OK, Global, print};
use crate::metric::{MetricName, Split, name};
use crate::record::RunRecord;
use crate::report::interval::wilson;
use crate::store::{MetricRow, RunId, Store};

/// The project, by path below its root.
const FILES: &[(&str, &str)] = &[
    (
        "repro.toml",
        include_str!("../../templates/demo/repro.toml"),
    ),
    (
        "runs/demo.toml",
        include_str!("../../templates/demo/runs/demo.toml"),
    ),
    (
        "tables/demo.toml",
        include_str!("../../templates/demo/tables/demo.toml"),
    ),
    (
        "templates/RESULTS.md",
        include_str!("../../templates/demo/templates/RESULTS.md"),
    ),
];

/// What the demo does in its project, in order.
const STEPS: &[&str] = &[
    "train",
    "tables --write",
    "tables --format terminal",
    "verify --require-all",
];

/// Arguments of `repro demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Folder for the demo's project; it must be new or empty.
    #[arg(value_name = "DIR", default_value = "repro-demo")]
    folder: PathBuf,
}

impl Demo {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        if global.project.is_some() || global.results.is_some() {
            bail!("the demo sets up a project of its own\nhelp: name its folder: `repro demo DIR`");
        }
        set_up(&self.folder)?;
        let folder = self.folder.display();
        print(&format!("A project in {folder}:\n"))?;
        for (path, _) in FILES {
            print(&format!("  {path}\n"))?;
        }
        for step in STEPS {
            print(&format!("\n$ repro {step}\n"))?;
            let code = super::run(&self.command_line(step, global)?)?;
            if code != EXIT_OK {
                return Ok(code);
            }
        }
        print(
            "\nTest accuracy, with Wilson's 95 % interval (test-set sampling only, one seed):\n",
        )?;
        for line in accuracies(&Store::new(self.folder.join("results")))? {
            print(&format!("  {line}\n"))?;
        }
        print(&format!("\nGo on in {folder}:\n"))?;
        for (command, about) in NEXT {
            print(&format!("  {command:<26} {about}\n"))?;
        }
        Ok(EXIT_OK)
    }

    /// `step` in the demo's project, as loud as the demo itself.
    fn command_line(&self, step: &str, global: &Global) -> anyhow::Result<Vec<String>> {
        let folder = self
            .folder
            .to_str()
            .with_context(|| format!("`{}` is not valid UTF-8", self.folder.display()))?;
        let mut arguments = vec!["--project".to_owned(), folder.to_owned()];
        if global.quiet {
            arguments.push("--quiet".to_owned());
        }
        arguments.extend(step.split(' ').map(str::to_owned));
        Ok(arguments)
    }
}

/// Commands to go on with, and what they show.
const NEXT: &[(&str, &str)] = &[
    ("repro verify", "after changing a digit in RESULTS.md"),
    (
        "repro train --seeds 1..3",
        "two seeds more; then `repro tables` prints mean ± deviation",
    ),
    (
        "repro inspect RESULTS.md",
        "what the verifier understands of the document",
    ),
];

/// Writes the project's files, into a new or an empty folder only.
fn set_up(folder: &Path) -> anyhow::Result<()> {
    let is_taken = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => {
            return Err(error).with_context(|| format!("reading `{}`", folder.display()));
        }
    };
    if is_taken {
        bail!(
            "`{}` is not empty, and the demo overwrites nothing\nhelp: name a new folder: `repro demo DIR`",
            folder.display()
        );
    }
    for (path, text) in FILES {
        let path = folder.join(path);
        let parent = path.parent().expect("a file below the folder");
        fs::create_dir_all(parent).with_context(|| format!("creating `{}`", parent.display()))?;
        fs::write(&path, text).with_context(|| format!("writing `{}`", path.display()))?;
    }
    Ok(())
}

/// One line per run: its test accuracies at the selected epoch.
fn accuracies(store: &Store) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for (run, record) in store.scan().runs {
        let accuracies = test_accuracies(store, &run, &record)?;
        lines.push(format!("{}: {}", run.cited(), accuracies.join("; ")));
    }
    Ok(lines)
}

fn test_accuracies(store: &Store, run: &RunId, record: &RunRecord) -> anyhow::Result<Vec<String>> {
    let selected = record
        .selection
        .as_ref()
        .and_then(|selection| selection.epoch);
    let is_reported = |row: &&MetricRow| {
        let metric = row.metric.parse::<MetricName>();
        let is_accuracy = metric.is_ok_and(|m| m.split == Split::Test && m.name == name::ACCURACY);
        is_accuracy && u32::try_from(row.epoch).ok() == selected
    };
    let rows = store.metrics(run)?.rows();
    Ok(rows
        .iter()
        .filter(is_reported)
        .filter_map(accuracy)
        .collect())
}

/// `gender 97.3 % of 300 [94.8, 98.6]`; `None` where nothing was counted.
fn accuracy(row: &MetricRow) -> Option<String> {
    let n = row.count.and_then(|n| u64::try_from(n).ok())?;
    let (low, high) = wilson((row.value * n as f64).round() as u64, n)?;
    let task = row.metric.split('/').nth(1)?;
    Some(format!(
        "{task} {:.1} % of {n} [{:.1}, {:.1}]",
        100.0 * row.value,
        100.0 * low,
        100.0 * high
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_gets_every_file() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = parent.path().join("demo");
        set_up(&folder).expect("set up");
        for (path, text) in FILES {
            assert_eq!(
                fs::read_to_string(folder.join(path)).expect("readable"),
                *text
            );
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("mine.txt"), "mine").expect("written");
        let error = set_up(folder.path()).expect_err("taken");
        assert!(error.to_string().contains("is not empty"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
    }

    #[test]
    fn an_accuracy_has_its_interval() {
        let row = |count| MetricRow {
            metric: "test/gender/accuracy".to_owned(),
            epoch: 3,
            step: 30,
            value: 81.0 / 263.0,
            count,
        };
        // Newcombe 1998, table I, method 3.
        let expected = "gender 30.8 % of 263 [25.5, 36.6]";
        assert_eq!(accuracy(&row(Some(263))).as_deref(), Some(expected));
        assert_eq!(accuracy(&row(None)), None);
    }
}
