//! Weights packed for products: what a block of the output reads lies side by side.

use rayon::prelude::*;

use super::buffer::Buffer;
use super::simd::InstructionSet;

/// The right operand of a product, `[K, N]`: panels of up to `Vector::COLUMNS` vectors, rows of a
/// panel side by side, missing columns 0.
#[derive(Debug)]
pub struct Packed {
    pub(super) data: Buffer,
    pub(super) n_inner: usize,
    pub(super) n_columns: usize,
}

/// A weight, row-major, and a factor for each of its rows.
#[derive(Debug, Clone, Copy)]
pub struct Weight<'a> {
    /// Row after row.
    pub data: &'a [f32],
    /// Values of a row.
    pub columns: usize,
    /// Empty for 1.
    pub factors: &'a [f32],
}

impl<'a> Weight<'a> {
    /// The weight itself.
    pub fn new(data: &'a [f32], columns: usize) -> Self {
        Self {
            data,
            columns,
            factors: &[],
        }
    }

    fn row(&self, row: usize) -> (&'a [f32], f32) {
        let factor = self.factors.get(row).copied().unwrap_or(1.0);
        (&self.data[row * self.columns..][..self.columns], factor)
    }
}

/// Side of the squares in which a weight is transposed; divides every number of lanes.
const SQUARE: usize = 4;

/// Writes `rows` (and their factors) as columns `column..` of a panel.
fn turn(
    panel: &mut [f32],
    column: usize,
    width: usize,
    rows: [(&[f32], f32); SQUARE],
    n_inner: usize,
) {
    let is_whole = rows.iter().all(|(row, _)| row.len() == n_inner);
    let n_squares = if is_whole { n_inner / SQUARE } else { 0 };
    let factors = rows.map(|(_, factor)| factor);
    for (i, block) in panel
        .chunks_exact_mut(SQUARE * width)
        .take(n_squares)
        .enumerate()
    {
        let square: [[f32; SQUARE]; SQUARE] = rows.map(|(row, _)| {
            let values = row[i * SQUARE..].first_chunk().expect("a whole square");
            *values
        });
        for (k, packed) in block.chunks_exact_mut(width).enumerate() {
            let packed = packed[column..].first_chunk_mut::<SQUARE>();
            let packed = packed.expect("a panel is whole vectors wide");
            *packed = std::array::from_fn(|n| square[n][k] * factors[n]);
        }
    }
    for k in n_squares * SQUARE..n_inner {
        for (n, (row, factor)) in rows.iter().enumerate() {
            panel[k * width + column + n] = row.get(k).map_or(0.0, |value| value * factor);
        }
    }
}

impl Packed {
    /// Packs `weight: [K, N]`, with columns of zeros up to `n_columns`.
    pub fn straight(set: InstructionSet, weight: Weight<'_>, n_columns: usize) -> Self {
        let n_inner = weight.data.len() / weight.columns;
        Self::pack(set, [n_inner, n_columns], |panel, first, width| {
            let n_here = width.min(weight.columns.saturating_sub(first));
            for (k, packed) in panel.chunks_exact_mut(width).enumerate() {
                let (row, factor) = weight.row(k);
                let (filled, rest) = packed.split_at_mut(n_here);
                let values = filled.iter_mut().zip(&row[first.min(row.len())..]);
                values.for_each(|(packed, value)| *packed = value * factor);
                rest.fill(0.0);
            }
        })
    }

    /// Packs the transpose of `weight: [N, K]`, with columns of zeros up to `n_columns`.
    pub fn turned(set: InstructionSet, weight: Weight<'_>, n_columns: usize) -> Self {
        let (n_inner, n_rows) = (weight.columns, weight.data.len() / weight.columns);
        Self::pack(set, [n_inner, n_columns], |panel, first, width| {
            for n in (0..width).step_by(SQUARE) {
                let rows: [(&[f32], f32); SQUARE] = std::array::from_fn(|j| match first + n + j {
                    row if row < n_rows => weight.row(row),
                    _ => (&[] as &[f32], 0.0),
                });
                turn(panel, n, width, rows, n_inner);
            }
        })
    }

    /// Lets `fill` write every panel, given its first column and its width.
    fn pack(
        set: InstructionSet,
        [n_inner, n_columns]: [usize; 2],
        fill: impl Fn(&mut [f32], usize, usize) + Sync,
    ) -> Self {
        let [lanes, columns] = set.block();
        let mut data = Buffer::stale(n_columns.next_multiple_of(lanes) * n_inner);
        let panels = data.par_chunks_mut((lanes * columns * n_inner).max(1));
        panels.enumerate().for_each(|(i, panel)| {
            let width = panel.len() / n_inner;
            fill(panel, i * lanes * columns, width);
        });
        Self {
            data,
            n_inner,
            n_columns,
        }
    }
}
