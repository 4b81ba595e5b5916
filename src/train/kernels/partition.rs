//! Fixed partitions: how work is cut depends on shapes only, never on the number of threads.

use std::ops::Range;

/// Most partial sums that a reduction is cut into.
const MAX_PARTS: usize = 16;

/// Cuts `0..n` into at most [`MAX_PARTS`] ranges of nearly equal length, none shorter than `at_least`
/// unless it is the only one.
pub(super) fn parts(n: usize, at_least: usize) -> Vec<Range<usize>> {
    let count = (n / at_least.max(1)).clamp(1, MAX_PARTS);
    (0..count)
        .map(|i| i * n / count..(i + 1) * n / count)
        .collect()
}

/// Cuts a matrix with rows of `stride` values where `parts` of its rows end.
pub(super) fn split(
    mut data: &mut [f32],
    stride: usize,
    parts: impl IntoIterator<Item = usize>,
) -> Vec<&mut [f32]> {
    let mut pieces = Vec::new();
    for n_rows in parts {
        let (piece, rest) = data.split_at_mut((n_rows * stride).min(data.len()));
        pieces.push(piece);
        data = rest;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        for n in [0, 1, 5, 63, 64, 1000, 100_000] {
            let parts = parts(n, 64);
            assert!(parts.len() <= MAX_PARTS);
            assert_eq!(parts.first().map(|p| p.start), Some(0));
            assert_eq!(parts.last().map(|p| p.end), Some(n));
            assert!(parts.windows(2).all(|w| w[0].end == w[1].start));
        }
    }
}
