//! The trunk of MobileNet-V2 (Sandler et al. 2018), shaped and named as torchvision's.

use candle_core::{Result, Tensor};

use super::Initial;
use super::layer::{Layer, Shape};
use crate::train::kernels::{Activation, Convolution};

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

/// The layers from image to pooled features.
#[derive(Debug)]
pub(super) struct MobileNetV2 {
    stem: Layer,
    blocks: Vec<InvertedResidual>,
    last: Layer,
    n_features: usize,
}

/// Expansion, depthwise convolution, projection; the input is added where shapes allow.
#[derive(Debug)]
struct InvertedResidual {
    layers: Vec<Layer>,
    adds_input: bool,
}

impl MobileNetV2 {
    pub(super) fn new(width_mult: f64, initial: &mut Initial<'_>) -> Result<Self> {
        let mut channels = scaled(STEM_CHANNELS, width_mult);
        let dense = Convolution::Dense { stride: 2 };
        let stem = layer(
            "features.0",
            ["0", "1"],
            [3, channels],
            dense,
            Activation::Relu6,
            initial,
        )?;
        let mut blocks = Vec::new();
        for (expansion, outputs, repetitions, stride) in STAGES {
            let outputs = scaled(outputs, width_mult);
            for repetition in 0..repetitions {
                let name = format!("features.{}.conv", blocks.len() + 1);
                let stride = if repetition == 0 { stride } else { 1 };
                blocks.push(InvertedResidual::new(
                    &name,
                    expansion,
                    [channels, outputs],
                    stride,
                    initial,
                )?);
                channels = outputs;
            }
        }
        let n_features = scaled(LAST_CHANNELS, width_mult.max(1.0));
        let name = format!("features.{}", blocks.len() + 1);
        let (sizes, kind) = ([channels, n_features], Convolution::Pointwise);
        let last = layer(&name, ["0", "1"], sizes, kind, Activation::Relu6, initial)?;
        Ok(Self {
            stem,
            blocks,
            last,
            n_features,
        })
    }

    /// Channels of the pooled features.
    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    /// # Shapes
    /// `images: [B, H, W, 3]` → `[B, F]`.
    pub(super) fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        let mut activations = self.stem.forward(images, train)?;
        for block in &self.blocks {
            activations = block.forward(&activations, train)?;
        }
        let activations = self.last.forward(&activations, train)?;
        activations.flatten(1, 2)?.mean(1)
    }

    /// Every layer, first to last.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer> {
        let inner = self.blocks.iter().flat_map(|block| &block.layers);
        std::iter::once(&self.stem)
            .chain(inner)
            .chain(std::iter::once(&self.last))
    }
}

impl InvertedResidual {
    fn new(
        name: &str,
        expansion: usize,
        [inputs, outputs]: [usize; 2],
        stride: usize,
        initial: &mut Initial<'_>,
    ) -> Result<Self> {
        let hidden = inputs * expansion;
        let mut layers = Vec::new();
        if expansion != 1 {
            let (sizes, kind) = ([inputs, hidden], Convolution::Pointwise);
            layers.push(layer(
                name,
                ["0.0", "0.1"],
                sizes,
                kind,
                Activation::Relu6,
                initial,
            )?);
        }
        let parts = if expansion == 1 {
            ["0.0", "0.1"]
        } else {
            ["1.0", "1.1"]
        };
        let kind = Convolution::Depthwise { stride };
        layers.push(layer(
            name,
            parts,
            [hidden, hidden],
            kind,
            Activation::Relu6,
            initial,
        )?);
        let parts = if expansion == 1 {
            ["1", "2"]
        } else {
            ["2", "3"]
        };
        let (sizes, kind) = ([hidden, outputs], Convolution::Pointwise);
        layers.push(layer(
            name,
            parts,
            sizes,
            kind,
            Activation::Identity,
            initial,
        )?);
        Ok(Self {
            layers,
            adds_input: stride == 1 && inputs == outputs,
        })
    }

    fn forward(&self, input: &Tensor, train: bool) -> Result<Tensor> {
        let mut activations = input.clone();
        for layer in &self.layers {
            activations = layer.forward(&activations, train)?;
        }
        if self.adds_input {
            activations + input
        } else {
            Ok(activations)
        }
    }
}

fn layer(
    name: &str,
    [convolution_part, norm_part]: [&str; 2],
    [inputs, outputs]: [usize; 2],
    convolution: Convolution,
    activation: Activation,
    initial: &mut Initial<'_>,
) -> Result<Layer> {
    let convolution_name = format!("{name}.{convolution_part}");
    let norm_name = format!("{name}.{norm_part}");
    Layer::new(
        Shape {
            convolution_name,
            norm_name,
            inputs,
            outputs,
            convolution,
            activation,
        },
        initial,
    )
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
