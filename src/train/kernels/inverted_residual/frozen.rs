//! Blocks with fixed statistics, made ready for many forward passes.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::expansion::{Activated, Expand};
use super::output_bands::Bands;
use super::{Folded, InvertedResidual, Parameters, Plan, Sequence, padded};
use crate::train::kernels::buffer::Buffer;
use crate::train::kernels::depthwise::{Scope, by_tap, convolve};
use crate::train::kernels::packed::{Packed, Weight};
use crate::train::kernels::partition::split;
use crate::train::kernels::patches::Images;
use crate::train::kernels::product::{Rows, multiply};
use crate::train::kernels::rows::{self, RELU6, UNLIMITED};
use crate::train::kernels::simd::InstructionSet;
use crate::train::kernels::storage::View;

/// A sequence of inverted residuals whose normalisations are folded into their weights.
#[derive(Debug)]
pub struct FrozenBlocks {
    set: InstructionSet,
    sequence: Sequence,
    blocks: Vec<Frozen>,
}

#[derive(Debug)]
struct Frozen {
    sizes: InvertedResidual,
    expansion: Arc<Expand>,
    /// Weight times scale, `[3·3, width]`, and shift.
    depthwise: Folded,
    projection: Packed,
    projection_shift: Vec<f32>,
}

/// What a block reads.
#[derive(Clone, Copy)]
enum Source<'a> {
    Pixels(&'a [f32]),
    Images(Images<'a>),
}

impl FrozenBlocks {
    /// Folds `folded`, scale and shift by block and layer, into `parameters: [N]`, which lie as
    /// [`train_blocks`](super::train_blocks) says.
    ///
    /// # Errors
    /// There are not as many parameters as the blocks have.
    pub fn new(
        sequence: &Sequence,
        mut parameters: &[f32],
        folded: &[[Folded; 3]],
        set: InstructionSet,
    ) -> Result<Self> {
        let stem = sequence.stem_weight(parameters);
        let mut frozen = Vec::new();
        for (sizes, folded) in sequence.blocks.iter().zip(folded) {
            let Some((own, rest)) = parameters.split_at_checked(sizes.n_parameters()) else {
                bail!("inverted-residual: too few parameters for {sizes:?}");
            };
            let mut parameters_of = sizes.parameters(own);
            if let (0, Some(stem)) = (frozen.len(), &stem) {
                parameters_of.expansion.weight = stem;
            }
            frozen.push(Frozen::new(*sizes, parameters_of, folded, set));
            parameters = rest;
        }
        match parameters.len() {
            0 => Ok(Self {
                set,
                sequence: sequence.clone(),
                blocks: frozen,
            }),
            n => bail!("inverted-residual: {n} parameters too many"),
        }
    }

    /// # Shapes
    /// `input: [B, H, W, I] f32`; the output is `[B, H', W', O]`.
    ///
    /// # Errors
    /// Shapes do not fit, or `input` is not contiguous f32 on the CPU.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        input.apply_op1_no_bwd(&Evaluation(self))
    }
}

impl Frozen {
    fn new(
        sizes: InvertedResidual,
        p: Parameters<'_>,
        [expansion, depthwise, projection]: &[Folded; 3],
        set: InstructionSet,
    ) -> Self {
        let width = sizes.width();
        let mut kernel = by_tap(p.depthwise.weight, width);
        for taps in kernel.chunks_exact_mut(width) {
            let scaled = taps.iter_mut().zip(&depthwise.0);
            scaled.for_each(|(tap, scale)| *tap *= scale);
        }
        let weight = Weight {
            data: p.projection.weight,
            columns: sizes.hidden,
            factors: &projection.0,
        };
        Self {
            sizes,
            expansion: Arc::new(Expand::new(set, &sizes, p.expansion.weight, expansion)),
            depthwise: (kernel, padded(&depthwise.1, width)),
            projection: Packed::turned(set, weight, sizes.outputs),
            projection_shift: padded(&projection.1, sizes.outputs.next_multiple_of(16)),
        }
    }

    /// The block's output: nothing else leaves the cache.
    fn forward(&self, plan: &Plan, input: Source<'_>) -> Buffer {
        let outputs = self.sizes.outputs;
        let expand = self.expansion.clone();
        let activated = match input {
            Source::Pixels(input) => Activated::Recomputed { input, expand },
            Source::Images(images) => Activated::OfImages { images, expand },
        };
        let bands = Bands::new(plan, plan.stride);
        let mut output = Buffer::stale(plan.n_output_pixels() * outputs);
        let parts = bands.parts();
        let n_pixels = parts.iter().map(|part| bands.n_pixels(plan, part));
        let pieces = split(&mut output, outputs, n_pixels);
        let parts = parts.into_par_iter().zip(pieces);
        parts.for_each(|(part, mut piece)| {
            bands.for_each(plan, &activated, part, |band, scope, expanded| {
                let pixels = band.pixels(plan.geometry.output, &band.rows);
                let n = pixels.len();
                let (target, rest) = std::mem::take(&mut piece).split_at_mut(n * outputs);
                self.project(plan, target, expanded, scope);
                if let (true, Source::Pixels(input)) = (self.sizes.adds_input, input) {
                    let addend = &input[pixels.start * outputs..pixels.end * outputs];
                    rows::add(plan.set, target, addend);
                }
                piece = rest;
            });
        });
        output
    }

    /// From the expanded input of a band to its output.
    fn project(&self, plan: &Plan, target: &mut [f32], expanded: &[f32], scope: &Scope) {
        let (set, outputs) = (plan.set, self.sizes.outputs);
        let n = target.len() / outputs;
        let (kernel, shift) = &self.depthwise;
        let mut hidden = Buffer::stale(n * plan.stride);
        convolve(set, &mut hidden, expanded, kernel, scope, shift, RELU6);
        let left = Rows::new(&hidden, plan.stride);
        let (weight, shift) = (&self.projection, &self.projection_shift);
        multiply(set, target, outputs, left, weight, n, shift, UNLIMITED);
    }
}

struct Evaluation<'a>(&'a FrozenBlocks);

impl CustomOp1 for Evaluation<'_> {
    fn name(&self) -> &'static str {
        "inverted-residuals-evaluate"
    }

    fn cpu_fwd(&self, input: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let input = View::new(input, layout)?;
        let images = self.0.sequence.images(&input)?;
        let (first, mut shape) = match images {
            Some(images) => (Source::Images(images), images.patches_shape().to_vec()),
            None => (Source::Pixels(input.data), input.dims.to_vec()),
        };
        let mut activation: Option<Buffer> = None;
        for block in &self.0.blocks {
            let plan = Plan::new(self.0.set, block.sizes, &shape)?;
            let read = activation.as_deref().map_or(first, Source::Pixels);
            activation = Some(block.forward(&plan, read));
            shape = plan.output_shape().to_vec();
        }
        let output = activation.as_deref().unwrap_or(input.data).to_vec();
        Ok((CpuStorage::F32(output), Shape::from(shape)))
    }
}
