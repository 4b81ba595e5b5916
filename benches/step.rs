//! One training step and one evaluation pass at the sizes of the reference comparison.
//!
//! `cargo bench --bench step` prints images per second of the median step, the same measure as the
//! PyTorch script it is compared with.

use std::time::Instant;

use candle_core::{Device, Result, Tensor};
use repro::train::loss::cross_entropy;
use repro::train::model::{Mode, Network, NetworkConfig};
use repro::train::optimizer::Sgd;
use repro::train::rng::Generator;

const CLASSES: usize = 100;
const SIZES: [(usize, usize); 4] = [(224, 8), (224, 32), (96, 32), (64, 64)];

fn main() -> Result<()> {
    repro::train::kernels::prepare_process();
    for (size, batch) in SIZES {
        let train = images_per_second(size, batch, true)?;
        let evaluate = images_per_second(size, batch, false)?;
        println!(
            "{size} px, batch {batch}: train {train:.1} images/s, evaluate {evaluate:.1} images/s"
        );
    }
    Ok(())
}

fn images_per_second(size: usize, batch: usize, train: bool) -> Result<f64> {
    let config = NetworkConfig {
        width_mult: 1.0,
        dropout: 0.5,
        heads: vec![("age".into(), CLASSES)],
    };
    let network = Network::new(&config, 0)?;
    let mut optimizer = Sgd::new(0.9, 1e-6);
    let mut generator = Generator::new(0, "images", &[]);
    let values: Vec<f32> = (0..batch * size * size * 3)
        .map(|_| generator.normal() as f32)
        .collect();
    let images = Tensor::from_vec(values, (batch, size, size, 3), &Device::Cpu)?;
    let labels: Vec<u32> = (0..batch)
        .map(|_| generator.below(CLASSES as u64) as u32)
        .collect();
    let labels = Tensor::from_vec(labels, batch, &Device::Cpu)?;
    let mut step = || -> Result<()> {
        if !train {
            let features = network.features(&images, &mut Mode::Evaluate)?;
            network.logits(&features, "age", &mut Mode::Evaluate)?;
            return Ok(());
        }
        let mut mode = Mode::Train(&mut generator);
        let features = network.features(&images, &mut mode)?;
        let logits = network.logits(&features, "age", &mut mode)?;
        let gradients = cross_entropy(&logits, &labels)?.backward()?;
        optimizer.step(&network, &gradients, 0.01)
    };
    step()?;
    let mut seconds = Vec::new();
    let start = Instant::now();
    while seconds.len() < 5 || start.elapsed().as_secs() < 5 {
        let step_start = Instant::now();
        step()?;
        seconds.push(step_start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(batch as f64 / seconds[seconds.len() / 2])
}
