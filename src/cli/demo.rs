//! `repro demo`.

use clap::Args;

use super::Global;

/// Arguments of `repro demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {}

impl Demo {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let _ = global;
        anyhow::bail!("not built yet")
    }
}
