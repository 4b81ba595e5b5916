//! What `README.md` shows is true: its commands are run, and what it prints below them is what they print.
//!
//! A `console` block holds commands after `$ ` and, optionally, their output (`...` stands for any lines).
//! `repro` commands run in a copy of the repository's own project. What a test cannot run (the build, minutes of
//! training) must be a step of `.ci/run`, so that nothing in the README goes untried.

use std::fs;
use std::path::Path;
use std::process::Command;

use snapbox::assert::DEFAULT_ACTION_ENV;
use snapbox::{Assert, IntoData};
use walkdir::WalkDir;

/// The parts of the repository that are a `repro` project.
const PROJECT: &[&str] = &[
    "RESULTS.md",
    "data.lock.json",
    "repro.lock",
    "repro.toml",
    "results",
    "runs",
    "tables",
    "templates",
];

/// Commands that get the repository or the program onto the machine.
const SETUP: &[&str] = &["git clone ", "cd ", "cargo install --path ."];

#[derive(Debug, PartialEq)]
struct Shown {
    command: String,
    output: String,
}

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// The commands of all `console` blocks, with the output shown below each.
fn shown(markdown: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in markdown.lines() {
        match line.strip_prefix("```") {
            Some(language) => inside = !inside && language == "console",
            None if !inside => {}
            None => match line.strip_prefix("$ ") {
                Some(command) => found.push(Shown {
                    command: command
                        .split(" #")
                        .next()
                        .unwrap_or(command)
                        .trim()
                        .to_owned(),
                    output: String::new(),
                }),
                None => {
                    let shown = found.last_mut().expect("output follows a command");
                    shown.output.push_str(line);
                    shown.output.push('\n');
                }
            },
        }
    }
    found
}

/// `true` where CI, not a test, runs the command.
fn is_for_ci(command: &str) -> bool {
    command.starts_with("cargo ") || command == "repro demo"
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in PROJECT {
        // A checkout without results yet has no documents either; the commands then say so.
        for entry in WalkDir::new(root.join(name)).into_iter().flatten() {
            let target = folder
                .path()
                .join(entry.path().strip_prefix(root).expect("below"));
            if entry.file_type().is_dir() {
                fs::create_dir_all(target).expect("created");
            } else {
                fs::copy(entry.path(), target).expect("copied");
            }
        }
    }
    folder
}

#[test]
fn commands_work_as_shown() {
    let folder = project();
    for Shown { command, output } in shown(&repository("README.md")) {
        let Some(arguments) = command.strip_prefix("repro ") else {
            continue;
        };
        if is_for_ci(&command) {
            continue;
        }
        let ran = Command::new(env!("CARGO_BIN_EXE_repro"))
            .args(arguments.split_whitespace())
            .current_dir(folder.path())
            .output()
            .expect("the program starts");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(
            ran.status.success(),
            "`{command}`: {}\n{stderr}",
            ran.status
        );
        if !output.is_empty() {
            let stdout = String::from_utf8(ran.stdout).expect("UTF-8");
            Assert::new()
                .action_env(DEFAULT_ACTION_ENV)
                .eq(stdout, output.into_data());
        }
    }
}

#[test]
fn other_commands_are_steps_of_ci() {
    let ci = repository(".ci/run").replace(" --locked", "");
    for Shown { command, .. } in shown(&repository("README.md")) {
        if SETUP.iter().any(|setup| command.starts_with(setup)) || !is_for_ci(&command) {
            continue;
        }
        let plain = command.replace("repro demo", "cargo run --release -- demo");
        assert!(ci.contains(&plain), "`{plain}` is no step of .ci/run");
    }
}

#[test]
fn every_command_is_one_we_know() {
    let shown = shown(&repository("README.md"));
    assert!(shown.len() > 3, "{shown:?}");
    for Shown { command, .. } in shown {
        let known = command.starts_with("repro ")
            || is_for_ci(&command)
            || SETUP.iter().any(|setup| command.starts_with(setup));
        assert!(known, "`{command}` is neither run by a test nor by .ci/run");
    }
}

#[test]
fn blocks_are_read_with_their_output() {
    let markdown = "a\n```console\n$ repro runs  # all of them\nx\n\ny\n$ repro tables\n```\n```toml\n$ no\n```\n";
    let shown = shown(markdown);
    assert_eq!(shown.len(), 2);
    assert_eq!(
        (shown[0].command.as_str(), shown[0].output.as_str()),
        ("repro runs", "x\n\ny\n")
    );
    assert_eq!(
        (shown[1].command.as_str(), shown[1].output.as_str()),
        ("repro tables", "")
    );
}
