//! Sums over parts, in their order.

use rayon::prelude::*;

use crate::train::kernels::buffer::Buffer;

/// Sums of f32 parts, in their order, in f64.
pub(super) fn summed<'a>(parts: impl IntoIterator<Item = &'a [f32]>, n: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n];
    for part in parts {
        for (sum, value) in sums.iter_mut().zip(part) {
            *sum += f64::from(*value);
        }
    }
    sums
}

/// Sums of f32 parts `[R, width]`, in their order, in f64, without the columns beyond those of `target`.
pub(super) fn sum_into(target: &mut [f32], columns: usize, parts: &[Buffer], width: usize) {
    let rows = target.par_chunks_mut(columns).enumerate();
    rows.for_each(|(row, target)| {
        let here = row * width..row * width + columns;
        let sums = summed(parts.iter().map(|part| &part[here.clone()]), columns);
        target
            .iter_mut()
            .zip(sums)
            .for_each(|(to, sum)| *to = sum as f32);
    });
}

/// As [`sum_into`], transposed: `parts` are `[I, width]`, `target` is `[E, I]`.
pub(super) fn sum_turned_into(target: &mut [f32], inputs: usize, parts: &[Buffer], width: usize) {
    let n_columns = 16;
    let chunks = target.par_chunks_mut(n_columns * inputs).enumerate();
    chunks.for_each(|(chunk, target)| {
        let n_here = target.len() / inputs;
        for input in 0..inputs {
            let first = input * width + chunk * n_columns;
            let here = first..first + n_here;
            let sums = summed(parts.iter().map(|part| &part[here.clone()]), n_here);
            let column = target[input..].iter_mut().step_by(inputs);
            column.zip(sums).for_each(|(to, sum)| *to = sum as f32);
        }
    });
}

/// Adds f32 sums to f64 ones and sets them to 0.
pub(super) fn drain(sums: &mut [f64], tile: &mut [f32]) {
    for (sum, value) in sums.iter_mut().zip(tile) {
        *sum += f64::from(*value);
        *value = 0.0;
    }
}

pub(super) fn added(mut left: Vec<f64>, right: &[f64]) -> Vec<f64> {
    left.iter_mut()
        .zip(right)
        .for_each(|(sum, value)| *sum += value);
    left
}
