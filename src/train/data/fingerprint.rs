//! What data was used, in one hash per task and split.

use super::Sample;

/// Size and hash of what a sample was decoded from: a file, the pixels field of a row, or drawn pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) bytes: u64,
    pub(super) blake3: blake3::Hash,
}

impl Content {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes),
        }
    }
}

/// blake3 over the sorted lines `path TAB size TAB blake3 TAB label LF`.
///
/// `samples` are sorted by id; `label` names the label of one.
pub(super) fn fingerprint<'a>(
    samples: &'a [Sample],
    label: impl Fn(&'a Sample) -> &'a str,
) -> String {
    let mut lines: Vec<String> = samples
        .iter()
        .map(|sample| {
            let Content { bytes, blake3 } = sample.content;
            format!("{}\t{bytes}\t{blake3}\t{}\n", sample.id, label(sample))
        })
        .collect();
    lines.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for line in &lines {
        hasher.update(line.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
