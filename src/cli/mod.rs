//! The command line: arguments and dispatch, one file per command.
//!
//! Owns argument types, exit codes and everything that reads the environment or the clock; the work is
//! done by the library modules.

mod data;
mod data_root;
mod demo;
mod documents;
mod import;
mod inspect;
mod progress;
mod runs;
mod tables;
mod train;
mod verify;

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::project::{FILE_NAME, Project};
use crate::store::Store;

/// Fine.
pub const EXIT_OK: u8 = 0;
/// `verify` has findings, `--check` found differences, `import` found numbers that it cannot keep.
pub const EXIT_FINDINGS: u8 = 1;
/// The work could not be done: usage, configuration, unreadable input.
pub const EXIT_FAILURE: u8 = 2;

/// Comparison tables of machine-learning results as a build product.
#[derive(Debug, Parser)]
#[command(
    name = "repro",
    version,
    after_help = "Exit codes: 0 fine, 1 findings, 2 could not do the work."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Arguments that mean the same for every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Look for repro.toml here and upwards, instead of in the current folder.
    #[arg(long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Results root, instead of the one in repro.toml.
    #[arg(long, global = true, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Only errors on stderr.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// When to color findings.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train what run specs say.
    Train(train::Train),
    /// Render tables from runs.
    Tables(tables::Tables),
    /// Verify committed documents against runs.
    Verify(verify::Verify),
    /// Show what is understood of a document.
    Inspect(inspect::Inspect),
    /// Turn documents that people wrote into records, table specs and a template.
    Import(import::Import),
    /// List the runs below the results root.
    Runs(runs::Runs),
    /// Look at the data sets.
    Data(data::Data),
    /// The tour: train on synthetic faces, print a table, verify it.
    Demo(demo::Demo),
}

impl Cli {
    fn execute(&self) -> anyhow::Result<u8> {
        match &self.command {
            Command::Train(command) => command.execute(&self.global),
            Command::Tables(command) => command.execute(&self.global),
            Command::Verify(command) => command.execute(&self.global),
            Command::Inspect(command) => command.execute(&self.global),
            Command::Import(command) => command.execute(&self.global),
            Command::Runs(command) => command.execute(&self.global),
            Command::Data(command) => command.execute(&self.global),
            Command::Demo(command) => command.execute(&self.global),
        }
    }
}

/// Executes a command line of this program within this process: what the demo shows is what it does.
fn run(arguments: &[String]) -> anyhow::Result<u8> {
    let program = std::iter::once("repro");
    Cli::try_parse_from(program.chain(arguments.iter().map(String::as_str)))?.execute()
}

impl Global {
    /// Whether what goes to stdout may be colored.
    fn colors_stdout(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal()
            }
        }
    }

    /// The project around `--project`, or around the current directory.
    fn project(&self) -> anyhow::Result<Project> {
        let start = match &self.project {
            Some(folder) => {
                is_folder("--project", folder)?;
                folder.clone()
            }
            None => std::env::current_dir()?,
        };
        Ok(Project::find(&start)?)
    }

    /// The results root to read from: the flag's, which must be there, else the project's, which need not.
    fn store(&self, project: &Project) -> anyhow::Result<Store> {
        if let Some(root) = &self.results {
            is_folder("--results", root)?;
        }
        self.store_to_fill(project)
    }

    /// The results root for a command that writes runs, and so creates it.
    fn store_to_fill(&self, project: &Project) -> anyhow::Result<Store> {
        let (origin, root) = match &self.results {
            Some(root) => ("--results", root.clone()),
            None => (FILE_NAME, project.results()),
        };
        if root.exists() {
            is_folder(origin, &root)?;
        }
        Ok(Store::new(root))
    }
}

/// What an option names is a folder: a mistyped one must not pass for an empty one.
fn is_folder(origin: &str, folder: &Path) -> anyhow::Result<()> {
    if !folder.is_dir() {
        bail!("`{}`, named by {origin}, is no folder", folder.display());
    }
    Ok(())
}

/// Prints results. Whoever reads them may stop early, as `head` does, which is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// An error with its causes on one line, those that it quotes already left out, and all advice below.
fn explained(error: &anyhow::Error) -> String {
    let mut message = String::new();
    let mut advice = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        let (said, help) = cause.split_once("\nhelp: ").unwrap_or((&cause, ""));
        if message.is_empty() {
            message = said.to_owned();
        } else if !message.contains(said) {
            message = format!("{message}: {said}");
        }
        if !help.is_empty() && !advice.contains(help) {
            advice = format!("{advice}\nhelp: {help}");
        }
    }
    message + &advice
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    crate::train::kernels::prepare_process();
    match Cli::parse().execute() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {}", explained(&error));
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn causes_are_said_once_and_advice_comes_last() {
        let denied = || std::io::Error::new(ErrorKind::PermissionDenied, "denied");
        let quoted = crate::report::lock::LockError::Io {
            path: "repro.lock".into(),
            source: denied(),
        };
        let expected = "`repro.lock`: reading failed: denied";
        assert_eq!(explained(&quoted.into()), expected);
        let wrong = || anyhow!("no lock\nhelp: write it");
        let outer = Err::<(), _>(wrong()).context("cannot verify\nhelp: look");
        let outer = outer.expect_err("an error");
        assert_eq!(
            explained(&outer),
            "cannot verify: no lock\nhelp: look\nhelp: write it"
        );
        assert_eq!(explained(&denied().into()), "denied");
    }
}
