//! The trunk of MobileNet-V2 (Sandler et al. 2018), shaped and named as torchvision's.

use candle_core::{Result, Tensor};

use super::block::{Block, Blocks, Names};
use super::norm::Norm;
use super::parameters::Initial;
use super::pooled::Pooled;
use crate::train::kernels::{FrozenBlocks, FrozenPooled, InstructionSet, InvertedResidual};

/// Expansion, output channels, repetitions, stride of the first: table 2 of the paper.
const STAGES: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];
const STEM_CHANNELS: usize = 32;
const LAST_CHANNELS: usize = 1280;

/// Sides and channels of the stem's kernel.
const STEM_KERNEL: usize = 3;
const STEM_STRIDE: usize = 2;
const COLOURS: usize = 3;

/// The layers from image to pooled features. The stem is the expansion of the first block, over patches.
#[derive(Debug)]
pub(super) struct MobileNetV2 {
    blocks: Blocks,
    last: Pooled,
    n_features: usize,
}

impl MobileNetV2 {
    pub(super) fn new(width_mult: f64, set: InstructionSet, initial: &mut Initial) -> Result<Self> {
        let mut channels = scaled(STEM_CHANNELS, width_mult);
        let mut blocks = Vec::new();
        for (expansion, outputs, repetitions, stride) in STAGES {
            let outputs = scaled(outputs, width_mult);
            for repetition in 0..repetitions {
                let i = blocks.len() + 1;
                let (inputs, kernel, names) = match blocks.is_empty() {
                    true => (
                        COLOURS * STEM_KERNEL * STEM_KERNEL,
                        STEM_KERNEL,
                        first_names(),
                    ),
                    false => (channels, 1, names(i)),
                };
                let sizes = InvertedResidual {
                    inputs,
                    hidden: channels * expansion,
                    outputs,
                    stride: if repetition == 0 { stride } else { 1 },
                    adds_input: repetition > 0,
                };
                blocks.push(Block {
                    sizes,
                    kernel,
                    names,
                });
                channels = outputs;
            }
        }
        let n_features = scaled(LAST_CHANNELS, width_mult.max(1.0));
        let name = format!("features.{}", blocks.len() + 1);
        let last = Pooled::new(&name, [channels, n_features], set, initial)?;
        Ok(Self {
            blocks: Blocks::new("features", Some(STEM_STRIDE), &blocks, set, initial)?,
            last,
            n_features,
        })
    }

    /// Channels of the pooled features.
    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    /// Features by batch statistics.
    ///
    /// # Shapes
    /// `images: [B, H, W, 3]` → `[B, F]`.
    pub(super) fn train(&self, images: &Tensor) -> Result<Tensor> {
        let activations = self.blocks.train(images)?;
        self.last.train(&activations)
    }

    /// The trunk with the running statistics of this moment.
    pub(super) fn freeze(&self) -> Result<FrozenTrunk> {
        Ok(FrozenTrunk {
            blocks: self.blocks.freeze()?,
            last: self.last.freeze()?,
        })
    }

    /// Every normalisation, first to last.
    pub(super) fn norms(&self) -> impl Iterator<Item = &Norm> {
        let blocks = self.blocks.norms().iter();
        blocks.chain(std::iter::once(self.last.norm()))
    }
}

/// The layers from image to pooled features, for evaluation.
#[derive(Debug)]
pub(super) struct FrozenTrunk {
    blocks: FrozenBlocks,
    last: FrozenPooled,
}

impl FrozenTrunk {
    /// # Shapes
    /// As [`MobileNetV2::train`].
    pub(super) fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let activations = self.blocks.forward(images)?;
        self.last.forward(&activations)
    }
}

/// Tensor names of the first block: the stem, then a block without expansion.
fn first_names() -> Names {
    let names =
        |convolution: &str, norm: &str| [convolution, norm].map(|part| format!("features.{part}"));
    [
        names("0.0", "0.1"),
        names("1.conv.0.0", "1.conv.0.1"),
        names("1.conv.1", "1.conv.2"),
    ]
}

fn names(block: usize) -> Names {
    let names = |convolution: &str, norm: &str| {
        [convolution, norm].map(|part| format!("features.{block}.conv.{part}"))
    };
    [names("0.0", "0.1"), names("1.0", "1.1"), names("2", "3")]
}

/// The channel count nearest to `channels · width_mult` that is a multiple of 8 and no more than a tenth below
/// it, as torchvision's `_make_divisible`.
fn scaled(channels: usize, width_mult: f64) -> usize {
    let wanted = channels as f64 * width_mult;
    let rounded = ((wanted + 4.0) as usize / 8 * 8).max(8);
    if (rounded as f64) < 0.9 * wanted {
        rounded + 8
    } else {
        rounded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle (torchvision 0.29): [_make_divisible(c * w, 8) for w in (0.35, 0.5, 1.4) for c in (16, 24, 32, 96, 1280)]
    #[test]
    fn channels_follow_torchvision() {
        let found: Vec<usize> = [0.35, 0.5, 1.4]
            .into_iter()
            .flat_map(|width| [16, 24, 32, 96, 1280].map(|channels| scaled(channels, width)))
            .collect();
        assert_eq!(
            found,
            [8, 8, 16, 32, 448, 8, 16, 16, 48, 640, 24, 32, 48, 136, 1792]
        );
    }
}
