//! [`InvertedResidual`] against the same composed of [`ConvNorm`]s, and against itself on other numbers of threads.

use candle_core::{Device, Result, Tensor, Var};

use super::{FrozenBlocks, InvertedResidual, Sequence, train_blocks};
use crate::train::kernels::{
    Activation, ConvNorm, Convolution, InstructionSet, Statistics, evaluate, fold,
};
use crate::train::rng::Generator;

/// A block, its input's shape and everything that goes into it.
struct Case {
    sizes: InvertedResidual,
    input: Var,
    parameters: Var,
    /// Weights of the sum that is differentiated.
    cotangent: Tensor,
}

/// What a pass gives.
struct Found {
    output: Vec<f32>,
    by_input: Vec<f32>,
    by_parameters: Vec<f32>,
    statistics: Vec<Statistics>,
}

impl Case {
    fn new(
        [batch, height, width, inputs]: [usize; 4],
        hidden: usize,
        outputs: usize,
        stride: usize,
    ) -> Self {
        let mut generator = Generator::new(5, "block", &[]);
        let sizes = InvertedResidual {
            inputs,
            hidden,
            outputs,
            stride,
            adds_input: stride == 1 && inputs == outputs,
        };
        let mut draw = |n: usize, mean: f64, deviation: f64| -> Vec<f32> {
            (0..n)
                .map(|_| (mean + deviation * generator.normal()) as f32)
                .collect()
        };
        let lengths = sizes.parameter_lengths();
        let parameters: Vec<f32> = lengths
            .iter()
            .enumerate()
            .flat_map(|(i, length)| match i % 3 {
                0 => draw(*length, 0.0, 0.5),
                // Around 1.5 ± 3, ReLU6 clamps below and above.
                1 => draw(*length, 3.0, 0.3),
                _ => draw(*length, 1.5, 0.3),
            })
            .collect();
        let shape = [batch, height, width, inputs];
        let input = draw(shape.iter().product(), 0.5, 1.0);
        let output = (
            batch,
            height.div_ceil(stride),
            width.div_ceil(stride),
            outputs,
        );
        let cotangent = draw(output.0 * output.1 * output.2 * outputs, 0.0, 1.0);
        let tensor = |values: Vec<f32>, shape: &[usize]| {
            Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape says")
        };
        let n = parameters.len();
        Self {
            sizes,
            input: Var::from_tensor(&tensor(input, &shape)).expect("a variable"),
            parameters: Var::from_tensor(&tensor(parameters, &[n])).expect("a variable"),
            cotangent: tensor(cotangent, &[output.0, output.1, output.2, output.3]),
        }
    }

    fn convolutions(&self) -> [(Convolution, Activation, [usize; 2]); 3] {
        let InvertedResidual {
            inputs,
            hidden,
            outputs,
            stride,
            ..
        } = self.sizes;
        [
            (Convolution::Pointwise, Activation::Relu6, [hidden, inputs]),
            (
                Convolution::Depthwise { stride },
                Activation::Relu6,
                [hidden, 9],
            ),
            (
                Convolution::Pointwise,
                Activation::Identity,
                [outputs, hidden],
            ),
        ]
    }

    /// Weight and affine map of every layer.
    fn layers(&self) -> Result<Vec<(Tensor, Tensor)>> {
        let mut start = 0;
        let mut take = |length: usize| {
            start += length;
            self.parameters.narrow(0, start - length, length)
        };
        let shapes = self.convolutions().map(|(_, _, shape)| shape);
        shapes
            .into_iter()
            .map(|[rows, columns]| {
                Ok((
                    take(rows * columns)?.reshape((rows, columns))?,
                    take(2 * rows)?.reshape((2, rows))?,
                ))
            })
            .collect()
    }

    fn sequence(&self) -> Sequence {
        Sequence {
            stem: None,
            blocks: vec![self.sizes],
        }
    }

    fn with_input(&self, output: Tensor) -> Result<Tensor> {
        match self.sizes.adds_input {
            true => output + self.input.as_tensor(),
            false => Ok(output),
        }
    }

    fn composed(&self, set: InstructionSet) -> Result<Found> {
        let mut output = self.input.as_tensor().clone();
        let mut statistics = Vec::new();
        for ((weight, affine), (convolution, activation, _)) in
            self.layers()?.iter().zip(self.convolutions())
        {
            let (next, found) =
                ConvNorm::train(&output, weight, affine, convolution, activation, set)?;
            output = next;
            statistics.push(found);
        }
        self.differentiated(self.with_input(output)?, statistics)
    }

    fn joined(&self, set: InstructionSet) -> Result<Found> {
        let (output, statistics) =
            train_blocks(&self.sequence(), &self.input, &self.parameters, set)?;
        self.differentiated(output, statistics.concat())
    }

    fn differentiated(&self, output: Tensor, statistics: Vec<Statistics>) -> Result<Found> {
        let gradients = (&output * &self.cotangent)?.sum_all()?.backward()?;
        let gradient = |variable: &Var| {
            let gradient = gradients.get(variable).expect("a gradient");
            gradient.flatten_all()?.to_vec1()
        };
        Ok(Found {
            output: output.flatten_all()?.to_vec1()?,
            by_input: gradient(&self.input)?,
            by_parameters: gradient(&self.parameters)?,
            statistics,
        })
    }

    /// Evaluation by the statistics of this very batch, joined and composed.
    fn evaluated(&self, statistics: &[Statistics], set: InstructionSet) -> Result<[Vec<f32>; 2]> {
        let mut output = self.input.as_tensor().clone();
        let mut folded = Vec::new();
        let layers = self.layers()?;
        for (((weight, affine), (convolution, activation, _)), found) in
            layers.iter().zip(self.convolutions()).zip(statistics)
        {
            let [scale, shift]: [Vec<f32>; 2] = affine.to_vec2()?.try_into().expect("two rows");
            let (scale, shift) = fold(&scale, &shift, &found.mean, &found.variance);
            let n = scale.len();
            let affine = Tensor::from_vec(
                [scale.clone(), shift.clone()].concat(),
                (2, n),
                &Device::Cpu,
            )?;
            output = evaluate(&output, weight, &affine, convolution, activation, set)?;
            folded.push((scale, shift));
        }
        let folded = folded.try_into().expect("three layers");
        let parameters: Vec<f32> = self.parameters.to_vec1()?;
        let frozen = FrozenBlocks::new(&self.sequence(), &parameters, &[folded], set)?;
        let joined = frozen.forward(&self.input)?;
        Ok([joined, self.with_input(output)?]
            .map(|tensor| tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")))
    }
}

/// Few and many input channels, odd sizes and channel counts, planes of several bands and bands of several planes.
fn cases() -> Vec<Case> {
    vec![
        Case::new([2, 5, 7, 3], 18, 5, 1),
        Case::new([2, 6, 5, 8], 48, 8, 1),
        Case::new([3, 7, 4, 5], 19, 7, 2),
        Case::new([2, 97, 61, 6], 33, 6, 1),
        Case::new([2, 61, 97, 16], 96, 24, 2),
        Case::new([17, 3, 3, 40], 48, 40, 1),
        Case::new([3, 8, 8, 36], 72, 44, 2),
        Case::new([2, 45, 40, 34], 64, 34, 1),
        Case::new([9, 1, 2, 4], 24, 4, 1),
        Case::new([9, 3, 1, 33], 40, 8, 2),
    ]
}

/// Asserts agreement relative to the largest value.
fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(
            error < tolerance,
            "{what}[{i}]: {found}, expected {expected}, largest {largest}"
        );
    }
}

#[test]
fn the_block_equals_its_composition() {
    for case in cases() {
        for set in InstructionSet::available() {
            let name = format!(
                "{:?} over {:?}, {}",
                case.sizes,
                case.input.dims(),
                set.name()
            );
            let expected = case.composed(set).expect("shapes fit");
            let found = case.joined(set).expect("shapes fit");
            assert_close(
                &format!("{name}: output"),
                &found.output,
                &expected.output,
                2e-5,
            );
            assert_close(
                &format!("{name}: by input"),
                &found.by_input,
                &expected.by_input,
                1e-4,
            );
            let mut start = 0;
            for (i, length) in case.sizes.parameter_lengths().into_iter().enumerate() {
                let part = start..start + length;
                let what = format!("{name}: by parameter {i}");
                assert_close(
                    &what,
                    &found.by_parameters[part.clone()],
                    &expected.by_parameters[part],
                    1e-4,
                );
                start += length;
            }
            for (found, expected) in found.statistics.iter().zip(&expected.statistics) {
                assert_eq!(found.n_rows, expected.n_rows, "{name}");
                for (found, expected) in found.variance.iter().zip(&expected.variance) {
                    assert!(
                        (found / expected - 1.0).abs() < 1e-5,
                        "{name}: variance {found}, expected {expected}"
                    );
                }
            }
            let [joined, composed] = case
                .evaluated(&expected.statistics, set)
                .expect("shapes fit");
            assert_close(&format!("{name}: evaluated"), &joined, &composed, 2e-5);
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
        let found = pool.install(|| case.joined(set)).expect("shapes fit");
        let all = [found.output, found.by_input, found.by_parameters];
        all.map(|values| values.iter().map(|x| x.to_bits()).collect())
            .to_vec()
    };
    for case in cases() {
        for set in InstructionSet::available() {
            let expected = bits(&case, set, 1);
            for n_threads in [2, 4] {
                let same = bits(&case, set, n_threads) == expected;
                assert!(
                    same,
                    "{:?} over {:?} on {n_threads} threads",
                    case.sizes,
                    case.input.dims()
                );
            }
        }
    }
}
