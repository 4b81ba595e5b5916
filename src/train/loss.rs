//! Losses.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

/// Mean cross-entropy over a batch, natural logarithm; softmax in float64, with the same bits everywhere.
///
/// # Shapes
/// `logits: [B, K] f32`, `labels: [B]` in `0..K`; the result is a scalar.
///
/// # Errors
/// Shapes do not fit, or a label is out of range.
pub fn cross_entropy(logits: &Tensor, labels: &[u32]) -> Result<Tensor> {
    let (batch, n_classes) = logits.dims2()?;
    if labels.len() != batch || labels.iter().any(|label| *label as usize >= n_classes) {
        bail!(
            "cross-entropy: labels {labels:?} for logits {:?}",
            logits.dims()
        );
    }
    logits.contiguous()?.apply_op1(CrossEntropy {
        labels: labels.to_vec(),
    })
}

struct CrossEntropy {
    labels: Vec<u32>,
}

/// Probabilities of one row of logits, and the natural logarithm of their sum before normalisation.
fn softmax(logits: &[f32]) -> (Vec<f64>, f64) {
    let highest = logits
        .iter()
        .fold(f64::NEG_INFINITY, |most, x| most.max(f64::from(*x)));
    let weights: Vec<f64> = logits
        .iter()
        .map(|x| libm::exp(f64::from(*x) - highest))
        .collect();
    let sum: f64 = weights.iter().sum();
    let probabilities = weights.iter().map(|weight| weight / sum).collect();
    (probabilities, highest + libm::log(sum))
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (CpuStorage::F32(data), Some((start, end))) = (logits, layout.contiguous_offsets())
        else {
            bail!("cross-entropy: expected contiguous f32 logits")
        };
        let rows = data[start..end].chunks_exact(layout.dims()[1]);
        let losses = rows
            .zip(&self.labels)
            .map(|(row, label)| softmax(row).1 - f64::from(row[*label as usize]));
        let mean = losses.sum::<f64>() / self.labels.len() as f64;
        Ok((CpuStorage::F32(vec![mean as f32]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let factor = f64::from(gradient.to_scalar::<f32>()?) / self.labels.len() as f64;
        let mut by_logits = Vec::with_capacity(logits.elem_count());
        for (row, label) in logits.to_vec2::<f32>()?.iter().zip(&self.labels) {
            let (probabilities, _) = softmax(row);
            by_logits.extend(
                probabilities
                    .iter()
                    .enumerate()
                    .map(|(class, probability)| {
                        let target = f64::from(u8::from(class == *label as usize));
                        ((probability - target) * factor) as f32
                    }),
            );
        }
        Tensor::from_vec(by_logits, logits.shape(), logits.device()).map(Some)
    }
}
