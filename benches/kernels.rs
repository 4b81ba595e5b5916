//! The kernels, the ops made of them and the training step, beside what the machine can do at most.
//!
//! `cargo bench --bench kernels` prints arithmetic per second (an "item" is one floating-point operation) and
//! bytes per second; `peak` is the machine's. All on two threads, with the best instruction set.

use candle_core::{Device, Tensor, Var};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use repro::train::kernels::measured::{
    Geometry, Packed, Rows, Scope, Stencil, Weight, Window, accumulate, affine, convolve,
    differentiate, multiply,
};
use repro::train::kernels::{InstructionSet, InvertedResidual, Sequence, train_blocks};
use repro::train::loss::cross_entropy;
use repro::train::model::{Network, NetworkConfig};
use repro::train::optimizer::Sgd;
use repro::train::rng::Generator;

const THREADS: usize = 2;
const NO_LIMITS: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

fn main() {
    repro::train::kernels::prepare_process();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS);
    pool.build().expect("threads").install(divan::main);
}

/// Runs `work` once per thread, each with a state of its own.
fn on_all_threads<S: Send>(states: &mut [S], work: impl Fn(&mut S) + Sync) {
    rayon::scope(|scope| {
        for state in states {
            scope.spawn(|_| work(state));
        }
    });
}

fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i % 7) as f32 * 0.1 - 0.3).collect()
}

fn states<S>(make: impl Fn() -> S) -> Vec<S> {
    (0..THREADS).map(|_| make()).collect()
}

/// What the machine can do at most.
mod peak {
    use super::*;

    /// Products whose operands never leave the first-level cache.
    #[divan::bench]
    fn arithmetic(bencher: Bencher) {
        let set = InstructionSet::best();
        let (rows, k, n) = (8, 240, 48);
        let weight = values(k * n);
        let packed = Packed::straight(set, Weight::new(&weight, n), n);
        let flop = 64 * 2 * rows * k * n * THREADS;
        let mut states = states(|| (vec![0.0; rows * n], values(rows * k)));
        bencher.counter(ItemsCount::new(flop)).bench_local(|| {
            on_all_threads(&mut states, |(output, input)| {
                for _ in 0..64 {
                    let left = Rows::new(input, k);
                    multiply(set, output, n, left, &packed, rows, &[], NO_LIMITS);
                }
            });
        });
    }

    /// Reading from memory.
    #[divan::bench]
    fn memory(bencher: Bencher) {
        let n = 1 << 25;
        let mut states = states(|| vec![1_u32; n]);
        bencher
            .counter(BytesCount::new(4 * n * THREADS))
            .bench_local(|| {
                on_all_threads(&mut states, |values| {
                    divan::black_box(values.iter().fold(0, |all, value| all ^ value));
                });
            });
    }
}

/// Rows of a band, channels in, channels out: the expansions of MobileNet-V2.
const PRODUCTS: [[usize; 3]; 6] = [
    [896, 16, 96],
    [448, 24, 144],
    [168, 32, 192],
    [196, 64, 384],
    [196, 96, 576],
    [98, 160, 960],
];

/// One band of a 1×1 convolution.
mod product {
    use super::*;

    #[divan::bench(args = PRODUCTS)]
    fn forward(bencher: Bencher, [rows, k, n]: [usize; 3]) {
        let set = InstructionSet::best();
        let weight = values(k * n);
        let packed = Packed::turned(set, Weight::new(&weight, k), n);
        let mut states = states(|| (vec![0.0; rows * (n + 16)], values(rows * k)));
        let flop = 2 * rows * k * n * THREADS;
        bencher.counter(ItemsCount::new(flop)).bench_local(|| {
            on_all_threads(&mut states, |(output, input)| {
                let left = Rows::new(input, k);
                multiply(set, output, n + 16, left, &packed, rows, &[], NO_LIMITS);
            });
        });
    }

    #[divan::bench(args = PRODUCTS)]
    fn weight_gradient(bencher: Bencher, [rows, m, n]: [usize; 3]) {
        let set = InstructionSet::best();
        let mut states = states(|| (vec![0.0; m * n], values(rows * m), values(rows * (n + 16))));
        let flop = 2 * rows * m * n * THREADS;
        bencher.counter(ItemsCount::new(flop)).bench_local(|| {
            on_all_threads(&mut states, |(sums, left, right)| {
                let left = Rows::new(left, m);
                let right = Rows::new(right, n + 16);
                accumulate(set, sums, [m, n], left, right, rows);
            });
        });
    }
}

/// Rows, columns, channels and step of one band.
const PLANES: [[usize; 4]; 4] = [
    [9, 112, 96, 2],
    [12, 56, 144, 1],
    [14, 14, 384, 1],
    [7, 7, 960, 1],
];

/// One band of a depthwise convolution. An item is one operation on a tap inside the image.
mod depthwise {
    use super::*;

    fn sizes([height, width, _, stride]: [usize; 4]) -> (Geometry, usize) {
        let g = Geometry::new(1, [height, width], stride);
        (g, g.output[0] * g.output[1])
    }

    #[divan::bench(args = PLANES)]
    fn forward(bencher: Bencher, plane: [usize; 4]) {
        let set = InstructionSet::best();
        let [height, width, channels, _] = plane;
        let (g, n_outputs) = sizes(plane);
        let window = Window {
            n_images: 1,
            rows: 0..g.output[0],
        };
        let scope = Scope {
            geometry: g,
            window,
            inputs: 0..height,
            strides: [channels; 2],
        };
        let (weight, shift) = (values(9 * channels), vec![0.0; channels]);
        let source = (height * width + 1) * channels;
        let mut states = states(|| (vec![0.0; n_outputs * channels], values(source)));
        bencher
            .counter(ItemsCount::new(18 * n_outputs * channels * THREADS))
            .counter(BytesCount::new(
                4 * (source + n_outputs * channels) * THREADS,
            ))
            .bench_local(|| {
                on_all_threads(&mut states, |(output, input)| {
                    convolve(set, output, input, &weight, &scope, &shift, NO_LIMITS);
                });
            });
    }

    #[divan::bench(args = PLANES)]
    fn backward(bencher: Bencher, plane: [usize; 4]) {
        let set = InstructionSet::best();
        let [height, width, channels, _] = plane;
        let (g, n_outputs) = sizes(plane);
        let window = Window {
            n_images: 1,
            rows: 0..height,
        };
        let stencil = Stencil::new(&g, window, 0..g.output[0], [channels; 2]);
        let weight = values(9 * channels);
        let (inputs, outputs) = (height * width * channels, (n_outputs + 1) * channels);
        let sums = || (vec![0.0; 9 * channels], vec![0.0; channels]);
        let mut states = states(|| (values(inputs), values(outputs), sums()));
        bencher
            .counter(ItemsCount::new(36 * n_outputs * channels * THREADS))
            .counter(BytesCount::new(4 * (2 * inputs + outputs) * THREADS))
            .bench_local(|| {
                on_all_threads(&mut states, |(input, gradient, (by_weight, sums))| {
                    differentiate(
                        set, input, gradient, &weight, &stencil, NO_LIMITS, by_weight, sums,
                    );
                });
            });
    }
}

/// Normalisation and clamp of rows in the second-level cache.
#[divan::bench(args = [[448, 96], [56, 960]])]
fn normalize(bencher: Bencher, [rows, channels]: [usize; 2]) {
    let set = InstructionSet::best();
    let (scale, shift) = (values(channels), values(channels));
    let n = rows * channels;
    let mut states = states(|| (vec![0.0; n], values(n)));
    bencher
        .counter(BytesCount::new(8 * n * THREADS))
        .bench_local(|| {
            on_all_threads(&mut states, |(output, input)| {
                let source = Rows::new(input, channels);
                affine(
                    set,
                    output,
                    channels,
                    source,
                    rows,
                    &scale,
                    &shift,
                    [0.0, 6.0],
                    &[],
                );
            });
        });
}

/// Batch, side, and a block's input, hidden and output channels and step.
const BLOCKS: [[usize; 6]; 5] = [
    [8, 112, 16, 96, 24, 2],
    [8, 56, 24, 144, 24, 1],
    [8, 28, 32, 192, 32, 1],
    [8, 14, 96, 576, 96, 1],
    [8, 7, 160, 960, 160, 1],
];

/// An inverted residual, forward and backward. Items are those of the three convolutions and their gradients.
#[divan::bench(args = BLOCKS)]
fn block(bencher: Bencher, [batch, side, inputs, hidden, outputs, stride]: [usize; 6]) {
    let sizes = InvertedResidual {
        inputs,
        hidden,
        outputs,
        stride,
        adds_input: stride == 1 && inputs == outputs,
    };
    let sequence = Sequence {
        stem: None,
        blocks: vec![sizes],
    };
    let n_parameters = sizes.parameter_lengths().iter().sum::<usize>();
    let mut generator = Generator::new(0, "block", &[]);
    let mut draw = |n: usize| {
        (0..n)
            .map(|_| generator.normal() as f32)
            .collect::<Vec<f32>>()
    };
    let parameters = Tensor::from_vec(draw(n_parameters), n_parameters, &Device::Cpu);
    let parameters = Var::from_tensor(&parameters.expect("fits")).expect("a variable");
    let n_inputs = batch * side * side;
    let input = draw(n_inputs * inputs);
    let input = Tensor::from_vec(input, (batch, side, side, inputs), &Device::Cpu);
    let input = Var::from_tensor(&input.expect("fits")).expect("a variable");
    let n_outputs = n_inputs / (stride * stride);
    let per_pass = 2 * hidden * (n_inputs * inputs + n_outputs * (9 + outputs));
    bencher
        .counter(ItemsCount::new(3 * per_pass))
        .bench_local(|| {
            let (output, _) = train_blocks(&sequence, &input, &parameters, InstructionSet::best())
                .expect("shapes fit");
            output
                .sum_all()
                .and_then(|sum| sum.backward())
                .expect("gradients")
        });
}

/// Side, batch, and 1 for a step of MobileNet-V2 with one head, 0 for an evaluation. An item is an image.
#[divan::bench(args = [[224, 8, 1], [224, 8, 0], [64, 64, 1], [64, 64, 0]], sample_count = 20)]
fn step(bencher: Bencher, [side, batch, is_training]: [usize; 3]) {
    let config = NetworkConfig {
        width_mult: 1.0,
        dropout: 0.5,
        heads: vec![("age".into(), 100)],
        instruction_set: InstructionSet::best(),
    };
    let network = Network::new(&config, 0).expect("a network");
    let frozen = network.freeze().expect("a network");
    let mut optimizer = Sgd::new(0.9, 1e-6);
    let mut dropout = Generator::new(0, "dropout", &[]);
    let images = values(batch * side * side * 3);
    let images = Tensor::from_vec(images, (batch, side, side, 3), &Device::Cpu).expect("fits");
    let labels: Vec<u32> = (0..batch as u32).map(|i| i % 100).collect();
    let mut work = || {
        if is_training == 0 {
            return frozen.logits(&frozen.features(&images)?, "age").map(drop);
        }
        let logits = network.logits(&network.features(&images)?, "age", &mut dropout)?;
        let gradients = cross_entropy(&logits, &labels)?.backward()?;
        optimizer.step(&network, &gradients, 0.01)
    };
    bencher
        .counter(ItemsCount::new(batch))
        .bench_local(|| work().expect("shapes fit"));
}
