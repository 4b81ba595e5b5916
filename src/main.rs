//! The `repro` command line program.

use std::process::ExitCode;

fn main() -> ExitCode {
    repro::cli::main()
}
