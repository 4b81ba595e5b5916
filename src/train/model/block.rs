//! The blocks of the trunk: inverted residuals with their parameters and running statistics.

use candle_core::{Result, Tensor, Var};

use super::norm::Norm;
use super::parameters::{Initial, Named, weight};
use crate::train::kernels::{
    self, Folded, FrozenBlocks, InstructionSet, InvertedResidual, Sequence,
};

/// Names of a block's convolutions and normalisations: expansion, depthwise, projection.
pub(super) type Names = [[String; 2]; 3];

/// A block to be made.
pub(super) struct Block {
    pub(super) sizes: InvertedResidual,
    /// Side of the expansion's kernel: 3 where the input is patches of images.
    pub(super) kernel: usize,
    pub(super) names: Names,
}

impl Block {
    /// Weight, scale and shift of every layer.
    fn tensors(&self) -> Vec<Named> {
        let (hidden, kernel) = (self.sizes.hidden, self.kernel);
        let shapes = [
            [
                hidden,
                self.sizes.inputs / (kernel * kernel),
                kernel,
                kernel,
            ],
            [hidden, 1, 3, 3],
            [self.sizes.outputs, hidden, 1, 1],
        ];
        let layers = self.names.iter().zip(shapes);
        let tensors = layers.flat_map(|([convolution, norm], shape)| {
            [
                weight(convolution, shape),
                Named::constant(format!("{norm}.weight"), shape[0], 1.0),
                Named::constant(format!("{norm}.bias"), shape[0], 0.0),
            ]
        });
        tensors.collect()
    }

    fn norms(&self) -> [Norm; 3] {
        let InvertedResidual {
            hidden, outputs, ..
        } = self.sizes;
        let norm = |layer: usize, channels| Norm::new(self.names[layer][1].clone(), channels);
        [norm(0, hidden), norm(1, hidden), norm(2, outputs)]
    }
}

/// Blocks one after the other. Their parameters lie in one vector, so that one op reads and differentiates them.
#[derive(Debug)]
pub(super) struct Blocks {
    sequence: Sequence,
    parameters: Var,
    norms: Vec<[Norm; 3]>,
    set: InstructionSet,
}

impl Blocks {
    /// Blocks with random weights; `stem` as in [`Sequence`].
    pub(super) fn new(
        name: &str,
        stem: Option<usize>,
        blocks: &[Block],
        set: InstructionSet,
        initial: &mut Initial,
    ) -> Result<Self> {
        let tensors = blocks.iter().flat_map(Block::tensors).collect();
        Ok(Self {
            sequence: Sequence {
                stem,
                blocks: blocks.iter().map(|block| block.sizes).collect(),
            },
            parameters: initial.packed(name, tensors)?,
            norms: blocks.iter().map(Block::norms).collect(),
            set,
        })
    }

    /// Applies the blocks with batch statistics, and takes these into the running ones.
    ///
    /// # Shapes
    /// `input: [B, H, W, I]` (or images) → `[B, H', W', O]`.
    pub(super) fn train(&self, input: &Tensor) -> Result<Tensor> {
        let (output, statistics) =
            kernels::train_blocks(&self.sequence, input, &self.parameters, self.set)?;
        let norms = self.norms.as_flattened().iter();
        for (norm, statistics) in norms.zip(statistics.as_flattened()) {
            norm.observe(statistics)?;
        }
        Ok(output)
    }

    /// The blocks with the running statistics of this moment.
    pub(super) fn freeze(&self) -> Result<FrozenBlocks> {
        let parameters: Vec<f32> = self.parameters.to_vec1()?;
        let folded = self.folded(&parameters);
        FrozenBlocks::new(&self.sequence, &parameters, &folded, self.set)
    }

    /// Scale and shift by running statistics.
    fn folded(&self, parameters: &[f32]) -> Vec<[Folded; 3]> {
        let mut rest = parameters;
        let mut take = |length: usize| {
            let (part, after) = rest.split_at(length);
            rest = after;
            part
        };
        let blocks = self.sequence.blocks.iter().zip(&self.norms);
        let folded = blocks.map(|(sizes, norms)| {
            let lengths = sizes.parameter_lengths();
            [0, 1, 2].map(|layer| {
                let [_weight, scale, shift] = [0, 1, 2].map(|i| take(lengths[3 * layer + i]));
                norms[layer].folded(scale, shift)
            })
        });
        folded.collect()
    }

    pub(super) fn norms(&self) -> &[Norm] {
        self.norms.as_flattened()
    }
}
