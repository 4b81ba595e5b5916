//! `repro verify`.

use clap::Args;

use super::Global;

/// Arguments of `repro verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {}

impl Verify {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let _ = global;
        anyhow::bail!("not built yet")
    }
}
