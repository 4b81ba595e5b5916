//! One training step or evaluation of MobileNet-V2 in a fresh process: speed and peak memory.
//!
//! `cargo bench --bench step -- SIDE BATCH train|eval|multi [THREADS]` prints one JSON line: images per second
//! of the median, as `beside_pytorch.py` does for PyTorch. `multi` is the multi-task step: four batches, each
//! with its own head, through one trunk. Without arguments, the sizes of the README's table.

use std::time::Instant;

use candle_core::{Device, Result, Tensor};
use repro::train::kernels::InstructionSet;
use repro::train::loss::cross_entropy;
use repro::train::model::{Network, NetworkConfig};
use repro::train::optimizer::Sgd;
use repro::train::rng::Generator;

const CLASSES: usize = 100;
const SIZES: [[usize; 2]; 4] = [[224, 8], [224, 32], [96, 32], [64, 64]];
const MODES: [&str; 3] = ["train", "eval", "multi"];
const TASKS: [&str; 4] = ["age", "emotion", "gender", "smile"];

fn main() -> Result<()> {
    repro::train::kernels::prepare_process();
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let mode = words.iter().find(|word| MODES.contains(&word.as_str()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(numbers.get(2).copied().unwrap_or(2));
    let pool = pool.build().expect("threads");
    match (numbers.as_slice(), mode) {
        ([side, batch, ..], Some(mode)) => pool.install(|| measure(*side, *batch, mode)),
        _ => pool.install(|| {
            let cases = SIZES
                .into_iter()
                .flat_map(|size| MODES.map(|mode| (size, mode)));
            cases
                .into_iter()
                .try_for_each(|([side, batch], mode)| measure(side, batch, mode))
        }),
    }
}

fn measure(side: usize, batch: usize, mode: &str) -> Result<()> {
    let tasks = if mode == "multi" {
        &TASKS[..]
    } else {
        &TASKS[..1]
    };
    let config = NetworkConfig {
        width_mult: 1.0,
        dropout: 0.5,
        heads: tasks
            .iter()
            .map(|task| ((*task).to_owned(), CLASSES))
            .collect(),
        instruction_set: InstructionSet::best(),
    };
    let network = Network::new(&config, 0)?;
    let frozen = network.freeze()?;
    let mut optimizer = Sgd::new(0.9, 1e-6);
    let mut generator = Generator::new(0, "images", &[]);
    let values = (0..batch * side * side * 3)
        .map(|_| generator.normal() as f32)
        .collect();
    let images = Tensor::from_vec(values, (batch, side, side, 3), &Device::Cpu)?;
    let labels: Vec<u32> = (0..batch)
        .map(|_| generator.below(CLASSES as u64) as u32)
        .collect();
    let mut step = || -> Result<()> {
        if mode == "eval" {
            frozen.logits(&frozen.features(&images)?, TASKS[0])?;
            return Ok(());
        }
        let mut total: Option<Tensor> = None;
        for task in tasks {
            let logits = network.logits(&network.features(&images)?, task, &mut generator)?;
            let loss = cross_entropy(&logits, &labels)?;
            total = Some(match total {
                Some(sum) => (sum + loss)?,
                None => loss,
            });
        }
        let gradients = total.expect("there is a task").backward()?;
        optimizer.step(&network, &gradients, 0.01)
    };
    for _ in 0..3 {
        step()?;
    }
    let (mut seconds, start) = (Vec::new(), Instant::now());
    while seconds.len() < 5 || (start.elapsed().as_secs() < 15 && seconds.len() < 60) {
        let step_start = Instant::now();
        step()?;
        seconds.push(step_start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let images = (batch * tasks.len()) as f64 / seconds[seconds.len() / 2];
    println!(
        r#"{{"system": "repro", "mode": "{mode}", "size": {side}, "batch": {batch}, "images_per_s": {images:.2}, "peak_mib": {}}}"#,
        peak_mib()
    );
    Ok(())
}

/// The most memory that this process has held, in MiB; 0 where the system does not tell.
fn peak_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kib.unwrap_or(0) / 1024
}
