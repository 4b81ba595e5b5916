//! `repro data`.

use clap::Args;

use super::Global;

/// Arguments of `repro data`.
#[derive(Debug, Args)]
pub(super) struct Data {}

impl Data {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let _ = global;
        anyhow::bail!("not built yet")
    }
}
