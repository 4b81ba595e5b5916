//! What `repro verify` prints and writes: the report in each format, the job's summary, the badge.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use super::{Format, Verify};
use crate::audit::finding::Severity;
use crate::audit::output::Verified;
use crate::audit::output::badge::{Origin, badge};
use crate::audit::output::github::github;
use crate::audit::output::human::{Human, unused};
use crate::audit::output::json::json;
use crate::audit::output::junit::junit;
use crate::audit::output::markdown::markdown;
use crate::audit::output::sarif::sarif;

/// The variable with the file that a job's summary is appended to.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

impl Verify {
    /// Prints the report; `code` is what the program exits with.
    pub(super) fn print(
        &self,
        verified: &[Verified],
        fail_on: Severity,
        code: u8,
        is_colored: bool,
    ) -> anyhow::Result<()> {
        let each = |text: &dyn Fn(&Verified) -> String| verified.iter().map(text).collect();
        let text: String = match self.format {
            Format::Human => {
                let documents: String = each(&|verified| {
                    let human = Human {
                        verified,
                        is_colored,
                    };
                    human.to_string()
                });
                let unused = unused(verified).into_iter();
                documents + &unused.map(|text| text + "\n").collect::<String>()
            }
            Format::Json => each(&|verified| json(&verified.verification) + "\n"),
            Format::Github => each(&|verified| github(&verified.verification)),
            Format::Sarif => sarif(verified, code, self.baseline.is_some()) + "\n",
            Format::Junit => junit(verified, fail_on),
            Format::Markdown => markdown(verified),
        };
        crate::cli::print(&text)?;
        match std::env::var_os(SUMMARY) {
            Some(path) if self.format == Format::Github && !path.is_empty() => {
                append(Path::new(&path), &markdown(verified))
            }
            _ => Ok(()),
        }
    }

    /// Draws the badge, where one is asked for.
    pub(super) fn write_badge(&self, verified: &[Verified]) -> anyhow::Result<()> {
        let Some(path) = &self.badge else {
            return Ok(());
        };
        let origin = Origin {
            date: &self.today().to_string(),
            commit: self.commit.as_deref(),
            version: env!("CARGO_PKG_VERSION"),
        };
        std::fs::write(path, badge(verified, &origin))
            .with_context(|| format!("`{}`", path.display()))
    }
}

fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("`{}`, which `{SUMMARY}` names", path.display()))
}
