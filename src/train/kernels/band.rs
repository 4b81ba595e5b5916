//! Bands: the rows of an activation that one thread works on while they are in its cache.

use std::ops::Range;

use super::depthwise::Window;

/// Values of a band's working set: about half of a second-level cache.
const BAND_VALUES: usize = 96 * 1024;
/// Values of a tile of rows.
const TILE_VALUES: usize = 48 * 1024;
/// Rows of a part whose sums are as large as a weight: fewer would not repay summing the parts.
const PART_ROWS: usize = 192;

/// Rows of one image, or whole planes of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Band {
    pub(super) images: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl Band {
    pub(super) fn window(&self) -> Window {
        Window {
            n_images: self.images.len(),
            rows: self.rows.clone(),
        }
    }

    /// Its pixels in an activation with planes of `[height, width]`, if its rows were `rows`.
    pub(super) fn pixels(&self, [height, width]: [usize; 2], rows: &Range<usize>) -> Range<usize> {
        let first = self.images.start * height * width + rows.start * width;
        first..first + self.images.len() * rows.len() * width
    }
}

/// Cuts `batch` planes of `n_rows` rows; `values` says how many values the work on some rows of a plane holds.
pub(super) fn bands(batch: usize, n_rows: usize, values: impl Fn(usize) -> usize) -> Vec<Band> {
    if values(n_rows) <= BAND_VALUES {
        let n_images = (BAND_VALUES / values(n_rows)).clamp(1, batch.div_ceil(8));
        let starts = (0..batch).step_by(n_images);
        return starts
            .map(|start| Band {
                images: start..(start + n_images).min(batch),
                rows: 0..n_rows,
            })
            .collect();
    }
    let fitting = (1..n_rows).take_while(|n| values(*n) <= BAND_VALUES).last();
    let n_bands = n_rows.div_ceil(fitting.unwrap_or(1));
    let cut = |image: usize| {
        (0..n_bands).map(move |i| Band {
            images: image..image + 1,
            rows: i * n_rows / n_bands..(i + 1) * n_rows / n_bands,
        })
    };
    (0..batch).flat_map(cut).collect()
}

/// Cuts `rows` into tiles for rows of `width` values.
pub(super) fn tiles(rows: Range<usize>, width: usize) -> impl Iterator<Item = Range<usize>> {
    let n = tile_rows(width);
    let end = rows.end;
    rows.step_by(n)
        .map(move |start| start..(start + n).min(end))
}

/// Rows of the largest tile.
pub(super) fn tile_rows(width: usize) -> usize {
    (TILE_VALUES / width).clamp(32, 512) / 8 * 8
}

/// Fewest rows of a part that sums up a gradient as large as a weight.
pub(super) fn part_rows(n_rows: usize) -> usize {
    PART_ROWS.min(n_rows.div_ceil(2))
}

/// A row stride that spreads the rows of a scratch area over all sets of a cache.
pub(super) fn spread(width: usize) -> usize {
    if (width / 16).is_multiple_of(2) {
        width + 16
    } else {
        width
    }
}
