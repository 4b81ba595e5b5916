//! `repro verify --baseline` and `--write-baseline`.

use std::path::Path;

use anyhow::Context;

use crate::audit::Verification;
use crate::audit::baseline::Baseline;
use crate::audit::output::Verified;

/// The baseline in a file.
pub(super) fn read(path: Option<&Path>) -> anyhow::Result<Option<Baseline>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let place = || format!("`{}`", path.display());
    let text = std::fs::read_to_string(path).with_context(place)?;
    Ok(Some(Baseline::parse(&text).with_context(place)?))
}

/// Marks what is known, and says what is not found any more.
pub(super) fn apply(known: Option<&Baseline>, verified: &mut [Verified]) {
    let Some(known) = known else {
        return;
    };
    for Verified { verification, .. } in &mut *verified {
        known.apply(verification);
    }
    for gone in known.gone(&verifications(verified)) {
        eprintln!(
            "note: `{}`: {} of the baseline is no longer found: {}",
            gone.path, gone.rule, gone.message
        );
    }
}

/// Writes a baseline of what was found.
pub(super) fn write(path: Option<&Path>, verified: &[Verified]) -> anyhow::Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let baseline = Baseline::of(&verifications(verified));
    std::fs::write(path, baseline.to_text()).with_context(|| format!("`{}`", path.display()))
}

fn verifications(verified: &[Verified]) -> Vec<&Verification> {
    let verified = verified.iter();
    verified.map(|verified| &verified.verification).collect()
}
