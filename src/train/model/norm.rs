//! Running statistics of a batch normalisation.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, bail};

use crate::train::kernels::{self, Statistics};

/// Weight of the newest batch in the running statistics, PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// What evaluation normalises by, under the name of the normalisation.
#[derive(Debug)]
pub(super) struct Norm {
    name: String,
    running: RefCell<Running>,
}

#[derive(Debug, Clone)]
struct Running {
    mean: Vec<f32>,
    variance: Vec<f32>,
    n_batches: i64,
}

impl Norm {
    pub(super) fn new(name: String, channels: usize) -> Self {
        let running = RefCell::new(Running {
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
            n_batches: 0,
        });
        Self { name, running }
    }

    /// Takes a batch into the running statistics; the variance unbiased, as PyTorch does.
    pub(super) fn observe(&self, batch: &Statistics) -> Result<()> {
        if batch.n_rows < 2 {
            bail!(
                "`{}`: batch normalisation needs more than one value per channel",
                self.name
            );
        }
        let unbiased = batch.n_rows as f64 / (batch.n_rows - 1) as f64;
        let blend = |old: &mut f32, new: f64| {
            *old = ((1.0 - MOMENTUM) * f64::from(*old) + MOMENTUM * new) as f32;
        };
        let mut running = self.running.borrow_mut();
        let means = running.mean.iter_mut().zip(&batch.mean);
        means.for_each(|(old, new)| blend(old, *new));
        let variances = running.variance.iter_mut().zip(&batch.variance);
        variances.for_each(|(old, new)| blend(old, *new * unbiased));
        running.n_batches += 1;
        Ok(())
    }

    /// Scale and shift that normalise by the running statistics.
    pub(super) fn folded(&self, scale: &[f32], shift: &[f32]) -> kernels::Folded {
        let running = self.running.borrow();
        let wide = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        kernels::fold(scale, shift, &wide(&running.mean), &wide(&running.variance))
    }

    /// Running statistics by name.
    pub(super) fn buffers(&self) -> Result<BTreeMap<String, Tensor>> {
        let running = self.running.borrow();
        let (name, n, device) = (&self.name, running.mean.len(), &Device::Cpu);
        Ok(BTreeMap::from([
            (
                format!("{name}.running_mean"),
                Tensor::from_slice(&running.mean, n, device)?,
            ),
            (
                format!("{name}.running_var"),
                Tensor::from_slice(&running.variance, n, device)?,
            ),
            (
                format!("{name}.num_batches_tracked"),
                Tensor::new(running.n_batches, device)?,
            ),
        ]))
    }

    /// Replaces the running statistics by those that `take` finds by name and shape.
    pub(super) fn load_buffers<'t>(
        &self,
        take: &mut impl FnMut(&str, &[usize]) -> Result<&'t Tensor>,
    ) -> Result<()> {
        let (name, n) = (&self.name, self.running.borrow().mean.len());
        let mean = take(&format!("{name}.running_mean"), &[n])?.to_vec1()?;
        let variance = take(&format!("{name}.running_var"), &[n])?.to_vec1()?;
        let n_batches = take(&format!("{name}.num_batches_tracked"), &[])?.to_scalar()?;
        *self.running.borrow_mut() = Running {
            mean,
            variance,
            n_batches,
        };
        Ok(())
    }
}
