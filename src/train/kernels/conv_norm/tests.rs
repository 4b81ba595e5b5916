//! [`ConvNorm`] against a plain float64 computation of the same, and against itself on other numbers of threads.

use candle_core::{Device, Tensor, Var};

use super::{Activation, ConvNorm, Convolution};
use crate::train::kernels::InstructionSet;
use crate::train::rng::Generator;

/// Step of central differences; their error is about its square.
const STEP: f64 = 1e-5;
/// No pre-activation may be nearer to a limit of ReLU6: steps must not cross it.
const MARGIN: f64 = 1e-3;

/// One convolution with everything that goes into it.
#[derive(Clone)]
struct Case {
    convolution: Convolution,
    activation: Activation,
    /// Batch, height, width, channels.
    shape: [usize; 4],
    outputs: usize,
    /// Input, weight, affine map.
    arguments: [Vec<f64>; 3],
    /// Weights of the sum that is differentiated.
    cotangent: Vec<f64>,
}

impl Case {
    fn new(
        convolution: Convolution,
        activation: Activation,
        shape: [usize; 4],
        outputs: usize,
    ) -> Self {
        let mut generator = Generator::new(3, "agreement", &[]);
        // Values that float32 holds exactly: both sides then start from the same ones.
        let mut draw = |n: usize, mean: f64, deviation: f64| -> Vec<f64> {
            (0..n)
                .map(|_| f64::from((mean + deviation * generator.normal()) as f32))
                .collect()
        };
        let [batch, height, width, channels] = shape;
        let (taps, stride) = match convolution {
            Convolution::Pointwise => (channels, 1),
            Convolution::Depthwise { stride } => (9, stride),
            Convolution::Dense { stride } => (9 * channels, stride),
        };
        let n_outputs = batch * height.div_ceil(stride) * width.div_ceil(stride) * outputs;
        // Around 1.5 ± 3, ReLU6 clamps below and above.
        let mut affine = draw(outputs, 3.0, 0.3);
        affine.extend(draw(outputs, 1.5, 0.3));
        Self {
            convolution,
            activation,
            shape,
            outputs,
            arguments: [
                draw(shape.iter().product(), 0.0, 1.0),
                draw(outputs * taps, 0.0, 0.5),
                affine,
            ],
            cotangent: draw(n_outputs, 0.0, 1.0),
        }
    }

    /// The convolution, from its definition.
    fn convolved(&self) -> Vec<f64> {
        let ([batch, height, width, channels], outputs) = (self.shape, self.outputs);
        let [input, weight, _] = &self.arguments;
        let (side, stride) = match self.convolution {
            Convolution::Pointwise => (1, 1),
            Convolution::Depthwise { stride } | Convolution::Dense { stride } => (3, stride),
        };
        let is_depthwise = matches!(self.convolution, Convolution::Depthwise { .. });
        let inputs = |output: usize| match is_depthwise {
            true => output..output + 1,
            false => 0..channels,
        };
        let padding = side / 2;
        let mut values = Vec::new();
        for image in 0..batch {
            for (y, x) in (0..height.div_ceil(stride))
                .flat_map(|y| (0..width.div_ceil(stride)).map(move |x| (y * stride, x * stride)))
            {
                for output in 0..outputs {
                    let mut sum = 0.0;
                    for (tap_y, tap_x) in
                        (0..side).flat_map(|tap_y| (0..side).map(move |tap_x| (tap_y, tap_x)))
                    {
                        let (at_y, at_x) = (y + tap_y, x + tap_x);
                        let is_inside = (padding..height + padding).contains(&at_y)
                            && (padding..width + padding).contains(&at_x);
                        if !is_inside {
                            continue;
                        }
                        let pixel = (image * height + at_y - padding) * width + at_x - padding;
                        let n_inputs = inputs(output).len();
                        for (i, channel) in inputs(output).enumerate() {
                            let tap = ((output * n_inputs + i) * side + tap_y) * side + tap_x;
                            sum += input[pixel * channels + channel] * weight[tap];
                        }
                    }
                    values.push(sum);
                }
            }
        }
        values
    }

    /// Convolved and normalised by batch statistics, before the activation.
    fn normalized(&self) -> Vec<f64> {
        let outputs = self.outputs;
        let mut values = self.convolved();
        let (scale, shift) = self.arguments[2].split_at(outputs);
        let n = (values.len() / outputs) as f64;
        for channel in 0..outputs {
            let own = || values.iter().skip(channel).step_by(outputs);
            let mean = own().sum::<f64>() / n;
            let variance = own().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let inverse = 1.0 / (variance + 1e-5).sqrt();
            for value in values.iter_mut().skip(channel).step_by(outputs) {
                *value = (*value - mean) * inverse * scale[channel] + shift[channel];
            }
        }
        values
    }

    fn output(&self) -> Vec<f64> {
        let activate = |value: f64| match self.activation {
            Activation::Identity => value,
            Activation::Relu6 => value.clamp(0.0, 6.0),
        };
        self.normalized().into_iter().map(activate).collect()
    }

    /// `Σ cotangent · output`.
    fn sum(&self) -> f64 {
        let terms = self.output().into_iter().zip(&self.cotangent);
        terms.map(|(output, factor)| output * factor).sum()
    }

    /// Central differences of [`Case::sum`] by one of the arguments.
    fn differences(&self, argument: usize) -> Vec<f64> {
        let moved = |i: usize, step: f64| {
            let mut case = self.clone();
            case.arguments[argument][i] += step;
            case.sum()
        };
        (0..self.arguments[argument].len())
            .map(|i| (moved(i, STEP) - moved(i, -STEP)) / (2.0 * STEP))
            .collect()
    }

    fn tensor(values: &[f64], shape: &[usize]) -> Tensor {
        let values: Vec<f32> = values.iter().map(|x| *x as f32).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape says")
    }

    /// Output and gradients of the op.
    fn trained(&self, set: InstructionSet) -> [Vec<f32>; 4] {
        let [input, weight, affine] = &self.arguments;
        let outputs = self.outputs;
        let shapes = [
            self.shape.to_vec(),
            vec![outputs, weight.len() / outputs],
            vec![2, outputs],
        ];
        let variables: Vec<Var> = [input, weight, affine]
            .into_iter()
            .zip(&shapes)
            .map(|(values, shape)| {
                Var::from_tensor(&Self::tensor(values, shape)).expect("a variable")
            })
            .collect();
        let (output, _) = ConvNorm::train(
            &variables[0],
            &variables[1],
            &variables[2],
            self.convolution,
            self.activation,
            set,
        )
        .expect("shapes fit");
        let cotangent = Self::tensor(&self.cotangent, output.dims());
        let sum = (&output * cotangent).and_then(|terms| terms.sum_all());
        let gradients = sum.and_then(|sum| sum.backward()).expect("differentiable");
        let values = |tensor: &Tensor| -> Vec<f32> {
            let flat = tensor.flatten_all().and_then(|flat| flat.to_vec1());
            flat.expect("float32")
        };
        // The dense convolution reads images and gives no gradient by them.
        let gradient = |variable: &Var| gradients.get(variable).map(values).unwrap_or_default();
        [
            values(&output),
            gradient(&variables[0]),
            gradient(&variables[1]),
            gradient(&variables[2]),
        ]
    }
}

/// Asserts agreement relative to the largest value.
fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / largest;
        assert!(error < 2e-5, "{what}[{i}]: {found}, expected {expected}");
    }
}

const KINDS: [Convolution; 5] = [
    Convolution::Pointwise,
    Convolution::Depthwise { stride: 1 },
    Convolution::Depthwise { stride: 2 },
    Convolution::Dense { stride: 1 },
    Convolution::Dense { stride: 2 },
];

#[test]
fn gradients_agree_with_finite_differences() {
    for convolution in KINDS {
        for activation in [Activation::Identity, Activation::Relu6] {
            let outputs = match convolution {
                Convolution::Depthwise { .. } => 3,
                _ => 5,
            };
            let case = Case::new(convolution, activation, [2, 7, 5, 3], outputs);
            let near = |value: &f64| value.abs() < MARGIN || (value - 6.0).abs() < MARGIN;
            let is_clamped = |value: &f64| *value < 0.0 || *value > 6.0;
            let normalized = case.normalized();
            assert!(!normalized.iter().any(near), "a value at a limit");
            assert!(normalized.iter().any(is_clamped), "nothing to clamp");
            let name = format!("{convolution:?}, {activation:?}");
            let differences = [0, 1, 2].map(|argument| case.differences(argument));
            for set in InstructionSet::available() {
                let name = format!("{name}, {}", set.name());
                let [output, by_input, by_weight, by_affine] = case.trained(set);
                assert_close(&format!("{name}: output"), &output, &case.output());
                if matches!(convolution, Convolution::Dense { .. }) {
                    assert!(by_input.is_empty(), "{name}: a gradient by images");
                } else {
                    assert_close(&format!("{name}: by input"), &by_input, &differences[0]);
                }
                assert_close(&format!("{name}: by weight"), &by_weight, &differences[1]);
                assert_close(&format!("{name}: by affine"), &by_affine, &differences[2]);
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let bits = |case: &Case, set: InstructionSet, n_threads: usize| -> Vec<Vec<u32>> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .expect("threads");
        let found = pool.install(|| case.trained(set));
        found
            .iter()
            .map(|values| values.iter().map(|x| x.to_bits()).collect())
            .collect()
    };
    // Below and above the number of rows from which on products are tiled.
    for shape in [
        [1, 97, 61, 19],
        [2, 97, 61, 7],
        [1, 13, 11, 137],
        [3, 2, 3, 35],
    ] {
        for convolution in KINDS {
            let outputs = match convolution {
                Convolution::Depthwise { .. } => shape[3],
                _ => 41,
            };
            let case = Case::new(convolution, Activation::Relu6, shape, outputs);
            for set in InstructionSet::available() {
                let expected = bits(&case, set, 1);
                for n_threads in [2, 4] {
                    let same = bits(&case, set, n_threads) == expected;
                    assert!(same, "{convolution:?} {shape:?} on {n_threads} threads");
                }
            }
        }
    }
}
