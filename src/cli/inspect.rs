//! `repro inspect`.

use clap::Args;

use super::Global;

/// Arguments of `repro inspect`.
#[derive(Debug, Args)]
pub(super) struct Inspect {}

impl Inspect {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let _ = global;
        anyhow::bail!("not built yet")
    }
}
