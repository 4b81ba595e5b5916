//! `repro tables`.

use clap::Args;

use super::Global;

/// Arguments of `repro tables`.
#[derive(Debug, Args)]
pub(super) struct Tables {}

impl Tables {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let _ = global;
        anyhow::bail!("not built yet")
    }
}
