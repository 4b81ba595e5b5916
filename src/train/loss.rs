//! Losses.

use candle_core::{Result, Tensor};

/// Mean cross-entropy over a batch, natural logarithm.
///
/// # Shapes
/// `logits: [B, K] f32`, `labels: [B] u32` in `0..K`; the result is a scalar.
///
/// # Errors
/// Shapes do not fit.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    candle_nn::loss::cross_entropy(logits, labels)
}
