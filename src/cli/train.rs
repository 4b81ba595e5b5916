//! `repro train`.

use clap::Args;

use super::Global;

/// Arguments of `repro train`.
#[derive(Debug, Args)]
pub(super) struct Train {}

impl Train {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let _ = global;
        anyhow::bail!("not built yet")
    }
}
