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

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::project::Project;
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
            Some(folder) => folder.clone(),
            None => std::env::current_dir()?,
        };
        Ok(Project::find(&start)?)
    }

    /// The results root: the flag's, else the project's.
    fn store(&self, project: &Project) -> Store {
        Store::new(self.results.clone().unwrap_or_else(|| project.results()))
    }
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    crate::train::kernels::prepare_process();
    match Cli::parse().execute() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(EXIT_FAILURE)
        }
    }
}
