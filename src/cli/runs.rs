//! `repro runs`.

use clap::Args;

use super::Global;

/// Arguments of `repro runs`.
#[derive(Debug, Args)]
pub(super) struct Runs {}

impl Runs {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let _ = global;
        anyhow::bail!("not built yet")
    }
}
