//! The learning-rate schedule: reduce on plateau, as PyTorch's `ReduceLROnPlateau` (mode min, relative threshold).

use serde::{Deserialize, Serialize};

use super::exact;

/// Factor by which the learning rate shrinks.
pub const FACTOR: f64 = 0.1;
/// Relative improvement that counts as one.
pub const THRESHOLD: f64 = 1e-5;

/// The schedule's whole state; serialisable for resuming.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReduceOnPlateau {
    /// Rate of the next epoch.
    #[serde(with = "exact")]
    pub learning_rate: f64,
    /// Epochs without improvement that are still tolerated (`lr_schedule`).
    pub patience: u32,
    /// Lowest loss so far; `None` before the first that is a number.
    #[serde(with = "exact::option")]
    pub best: Option<f64>,
    /// Epochs since then.
    pub n_bad_epochs: u32,
}

impl ReduceOnPlateau {
    /// The schedule before the first epoch.
    pub fn new(learning_rate: f64, patience: u32) -> Self {
        Self {
            learning_rate,
            patience,
            best: None,
            n_bad_epochs: 0,
        }
    }

    /// Takes the validation loss of an epoch that ended.
    pub fn observe(&mut self, loss: f64) {
        // Without a best one the bound is infinite; a NaN never improves on anything, as in PyTorch.
        let bound = self
            .best
            .map_or(f64::INFINITY, |best| best * (1.0 - THRESHOLD));
        if loss < bound {
            self.best = Some(loss);
            self.n_bad_epochs = 0;
        } else {
            self.n_bad_epochs += 1;
        }
        if self.n_bad_epochs > self.patience {
            self.learning_rate *= FACTOR;
            self.n_bad_epochs = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle (torch 2.15):
    // p = torch.nn.Parameter(torch.zeros(1)); o = torch.optim.SGD([p], lr=0.1)
    // s = torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=0.1, patience=1, threshold=1e-5)
    // for x in [1.0, 0.9, 0.9, 0.899999, 0.95, 0.8, 0.8, 0.8]: s.step(x); print(o.param_groups[0]["lr"])
    #[test]
    fn follows_pytorch() {
        let mut schedule = ReduceOnPlateau::new(0.1, 1);
        let losses = [1.0, 0.9, 0.9, 0.899_999, 0.95, 0.8, 0.8, 0.8];
        let rates: Vec<f64> = losses
            .iter()
            .map(|loss| {
                schedule.observe(*loss);
                schedule.learning_rate
            })
            .collect();
        let expected = [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.001];
        assert!(
            rates
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12),
            "{rates:?}"
        );
    }

    // PyTorch's best loss begins infinite, and a comparison with NaN is false.
    #[test]
    fn a_first_nan_is_a_bad_epoch_like_any_other() {
        let mut schedule = ReduceOnPlateau::new(0.1, 1);
        schedule.observe(f64::NAN);
        assert_eq!((schedule.best, schedule.n_bad_epochs), (None, 1));
        schedule.observe(1.0);
        assert_eq!((schedule.best, schedule.n_bad_epochs), (Some(1.0), 0));
    }
}
