//! A sequence of MobileNet-V2's inverted residuals as one differentiable candle op.
//!
//! Expansion (1×1), depthwise 3×3 and projection (1×1), each with batch normalisation, the first two with
//! ReLU6; the input is added where shapes allow (Sandler et al. 2018, figure 3). Joined because the
//! expanded activations, six times as wide as the input, then stay in the cache, band by band.
//!
//! One op for the sequence, because what flows between blocks then lies in buffers that are used again.
//!
//! Layout: input and output `[B, H, W, C]`; inner buffers have rows of `Plan::width` values, the hidden
//! channels rounded up to 16, zeros beyond. Saved for the backward pass, by block: the input, the outputs of
//! the depthwise convolution and of the projection, the statistics, and what `expansion` says.

mod backward;
mod expansion;
mod forward;
mod frozen;
mod input_bands;
mod output_bands;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::band::spread;
use super::buffer::Buffer;
use super::depthwise::{Geometry, TAPS};
use super::moments::Statistics;
use super::patches::{Images, from_patch_order, in_patch_order};
use super::simd::InstructionSet;
use super::storage::{View, with_slices};
use expansion::Expansion;
pub use frozen::FrozenBlocks;

/// Sizes of an inverted residual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvertedResidual {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels between expansion and projection.
    pub hidden: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Step of the depthwise convolution.
    pub stride: usize,
    /// Whether the input is added to the output.
    pub adds_input: bool,
}

/// Blocks one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Step of a 3×3 kernel, where the first block reads images: its input is then their patches,
    /// `[B, H', W', C·3·3]`, its expansion the dense convolution of the stem.
    pub stem: Option<usize>,
    /// From first to last.
    pub blocks: Vec<InvertedResidual>,
}

/// Scale and shift of a normalisation whose statistics are fixed.
pub type Folded = (Vec<f32>, Vec<f32>);

/// Applies a sequence with batch statistics, which are returned beside the output, by
/// block and layer.
///
/// Gives a gradient by `input` unless that is images, or candle knows nothing that it was computed from.
///
/// # Shapes
/// `input: [B, H, W, I] f32`, `parameters: [N]`, block after block as
/// [`InvertedResidual::parameter_lengths`] says; the output is `[B, H', W', O]`.
///
/// # Errors
/// Shapes do not fit, or a tensor is not contiguous f32 on the CPU.
pub fn train_blocks(
    sequence: &Sequence,
    input: &Tensor,
    parameters: &Tensor,
    set: InstructionSet,
) -> Result<(Tensor, Vec<[Statistics; 3]>)> {
    let saved = Arc::new(Mutex::new(None));
    let op = Training {
        sequence: sequence.clone(),
        set,
        saved: saved.clone(),
    };
    let output = input.apply_op2(parameters, op)?;
    let saved = saved.lock().expect("the forward pass did not panic");
    let steps = saved.iter().flat_map(|saved: &Whole| &saved.steps);
    let statistics = steps.map(|(_, saved)| saved.statistics.clone());
    Ok((output, statistics.collect()))
}

impl Sequence {
    /// The images whose patches the first block reads, unless it reads the op's input.
    fn images<'a>(&self, input: &View<'a>) -> Result<Option<Images<'a>>> {
        let Some(stride) = self.stem else {
            return Ok(None);
        };
        let &[batch, height, width, channels] = input.dims else {
            bail!(
                "inverted-residual: expected images [B, H, W, C], got {:?}",
                input.dims
            )
        };
        let shape = [batch, height, width, channels];
        Ok(Some(Images::new(input.data, shape, stride)))
    }

    /// The stem's weight in the order of the patches.
    fn stem_weight(&self, parameters: &[f32]) -> Option<Vec<f32>> {
        let weight = parameters.get(..self.stem_length()?)?;
        Some(in_patch_order(weight, self.blocks[0].inputs / TAPS))
    }

    /// Values of the stem's weight.
    fn stem_length(&self) -> Option<usize> {
        let first = self.blocks.first()?;
        let has_stem = self.stem.is_some() && first.inputs.is_multiple_of(TAPS);
        has_stem.then_some(first.hidden * first.inputs)
    }
}

impl InvertedResidual {
    /// Lengths of the parameters in their order: for expansion (weight `[E, I]`), depthwise (`[E, 3, 3]`)
    /// and projection (`[O, E]`) weight, scale and shift.
    pub fn parameter_lengths(&self) -> [usize; 9] {
        let (e, o) = (self.hidden, self.outputs);
        [e * self.inputs, e, e, e * TAPS, e, e, o * e, o, o]
    }

    /// Hidden channels rounded up to whole vectors of any instruction set.
    fn width(&self) -> usize {
        self.hidden.next_multiple_of(16)
    }

    fn n_parameters(&self) -> usize {
        self.parameter_lengths().iter().sum()
    }

    /// As [`InvertedResidual::parameters`], to write them.
    fn split_mut<'a>(&self, mut packed: &'a mut [f32]) -> [&'a mut [f32]; 9] {
        self.parameter_lengths().map(|length| {
            let (first, rest) = std::mem::take(&mut packed).split_at_mut(length);
            packed = rest;
            first
        })
    }

    /// Takes the parameters apart, of which there are as many as they should be.
    fn parameters<'a>(&self, mut packed: &'a [f32]) -> Parameters<'a> {
        let lengths = self.parameter_lengths();
        let mut next = lengths.map(|length| {
            let (first, rest) = packed.split_at(length);
            packed = rest;
            first
        });
        let mut layer = |i: usize| Layer {
            weight: std::mem::take(&mut next[3 * i]),
            scale: std::mem::take(&mut next[3 * i + 1]),
            shift: std::mem::take(&mut next[3 * i + 2]),
        };
        Parameters {
            expansion: layer(0),
            depthwise: layer(1),
            projection: layer(2),
        }
    }
}

/// Weight of a convolution, scale and shift of its normalisation.
#[derive(Debug, Clone, Copy)]
struct Layer<'a> {
    weight: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
}

#[derive(Debug, Clone, Copy)]
struct Parameters<'a> {
    expansion: Layer<'a>,
    depthwise: Layer<'a>,
    projection: Layer<'a>,
}

/// `values` with zeros up to `width`.
fn padded(values: &[f32], width: usize) -> Vec<f32> {
    let mut padded = values.to_vec();
    padded.resize(width, 0.0);
    padded
}

/// What all passes over one input share.
#[derive(Debug)]
struct Plan {
    set: InstructionSet,
    sizes: InvertedResidual,
    geometry: Geometry,
    /// Values of a pixel of the hidden activations.
    width: usize,
    /// Distance of pixels in scratch areas.
    stride: usize,
}

impl Plan {
    fn new(set: InstructionSet, sizes: InvertedResidual, input: &[usize]) -> Result<Self> {
        let &[batch, height, width, channels] = input else {
            bail!("inverted-residual: expected input [B, H, W, C], got {input:?}")
        };
        if channels != sizes.inputs || batch * height * width == 0 {
            bail!("inverted-residual: input {input:?} for {sizes:?}");
        }
        Ok(Self {
            set,
            sizes,
            geometry: Geometry::new(batch, [height, width], sizes.stride),
            width: sizes.width(),
            stride: spread(sizes.width()),
        })
    }

    fn n_input_pixels(&self) -> usize {
        self.geometry.batch * self.geometry.input[0] * self.geometry.input[1]
    }

    fn n_output_pixels(&self) -> usize {
        self.geometry.batch * self.geometry.output[0] * self.geometry.output[1]
    }

    fn output_shape(&self) -> [usize; 4] {
        let [height, width] = self.geometry.output;
        [self.geometry.batch, height, width, self.sizes.outputs]
    }
}

/// What the backward pass needs.
#[derive(Debug)]
struct Saved {
    expansion: Expansion,
    /// Output of the depthwise convolution.
    depthwise: Buffer,
    /// Output of the projection.
    projected: Buffer,
    statistics: [Statistics; 3],
}

/// A block's input, unless that is the op's own, and what else was saved.
type Step = (Option<Buffer>, Saved);

/// What the backward pass needs of all blocks.
#[derive(Debug)]
struct Whole {
    /// Shape of the first block's input.
    shape: Vec<usize>,
    steps: Vec<Step>,
}

/// The blocks' plans and parameters, from first to last; `stem_weight` stands for the first weight.
fn plans<'a>(
    blocks: &[InvertedResidual],
    set: InstructionSet,
    input: &[usize],
    mut parameters: &'a [f32],
    stem_weight: Option<&'a [f32]>,
) -> Result<Vec<(Plan, Parameters<'a>)>> {
    let mut shape: Vec<usize> = input.to_vec();
    let mut plans = Vec::new();
    for block in blocks {
        let length = block.n_parameters();
        let Some((own, rest)) = parameters.split_at_checked(length) else {
            bail!("inverted-residual: too few parameters for {block:?}");
        };
        let plan = Plan::new(set, *block, &shape)?;
        shape = plan.output_shape().to_vec();
        plans.push((plan, block.parameters(own)));
        parameters = rest;
    }
    if let (Some(weight), Some((_, first))) = (stem_weight, plans.first_mut()) {
        first.expansion.weight = weight;
    }
    match parameters.len() {
        0 => Ok(plans),
        n => bail!("inverted-residual: {n} parameters too many"),
    }
}

/// The op; one value serves one forward pass and at most one backward pass.
#[derive(Debug)]
struct Training {
    sequence: Sequence,
    set: InstructionSet,
    saved: Arc<Mutex<Option<Whole>>>,
}

impl CustomOp2 for Training {
    fn name(&self) -> &'static str {
        "inverted-residuals"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        parameters: &CpuStorage,
        parameters_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let input = View::new(input, input_layout)?;
        let parameters = View::new(parameters, parameters_layout)?.data;
        let (mut activation, first) = match self.sequence.images(&input)? {
            Some(images) => (Some(images.patches()), images.patches_shape().to_vec()),
            None => (None, input.dims.to_vec()),
        };
        let (mut steps, mut shape) = (Vec::new(), first.clone());
        let stem = self.sequence.stem_weight(parameters);
        let blocks = &self.sequence.blocks;
        for (plan, parameters) in plans(blocks, self.set, &first, parameters, stem.as_deref())? {
            let before = activation.take();
            let read = before.as_deref().unwrap_or(input.data);
            let (output, step) = forward::forward(&plan, read, &parameters);
            steps.push((before, step));
            activation = Some(output);
            shape = plan.output_shape().to_vec();
        }
        *self.saved.lock().expect("nobody panicked with the lock") = Some(Whole {
            shape: first,
            steps,
        });
        let output = activation.as_deref().unwrap_or(input.data).to_vec();
        Ok((CpuStorage::F32(output), Shape::from(shape)))
    }

    fn bwd(
        &self,
        input: &Tensor,
        parameters: &Tensor,
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let saved = self
            .saved
            .lock()
            .expect("nobody panicked with the lock")
            .take();
        let Some(Whole { shape, steps }) = saved else {
            bail!("inverted-residual: the backward pass runs once per forward pass");
        };
        let is_wanted = self.sequence.stem.is_none() && input.track_op();
        let gradient = gradient.contiguous()?;
        let (by_input, mut by_parameters) = with_slices(
            [input, parameters, &gradient],
            |[input, parameters, gradient]| {
                let stem = self.sequence.stem_weight(parameters);
                let blocks = &self.sequence.blocks;
                let plans = plans(blocks, self.set, &shape, parameters, stem.as_deref())?;
                Ok::<_, candle_core::Error>(backward_all(&plans, input, steps, gradient, is_wanted))
            },
        )??;
        if let Some(length) = self.sequence.stem_length() {
            let weight = &mut by_parameters[..length];
            let channels = self.sequence.blocks[0].inputs / TAPS;
            weight.copy_from_slice(&from_patch_order(weight, channels));
        }
        let by_input = match is_wanted {
            true => Some(Tensor::from_vec(
                by_input.to_vec(),
                input.shape(),
                input.device(),
            )?),
            false => None,
        };
        let by_parameters = Tensor::from_vec(by_parameters, parameters.shape(), input.device())?;
        Ok((by_input, Some(by_parameters)))
    }
}

/// Gradients by the first block's input (empty unless wanted) and by all parameters.
fn backward_all(
    plans: &[(Plan, Parameters<'_>)],
    input: &[f32],
    saved: Vec<Step>,
    gradient: &[f32],
    is_input_wanted: bool,
) -> (Buffer, Vec<f32>) {
    let lengths = plans.iter().map(|(plan, _)| plan.sizes.n_parameters());
    let mut by_parameters = vec![0.0; lengths.sum()];
    let mut rest = by_parameters.as_mut_slice();
    let mut by_output: Option<Buffer> = None;
    for (i, ((plan, parameters), (own_input, saved))) in plans.iter().zip(saved).enumerate().rev() {
        let (before, own) = rest.split_at_mut(rest.len() - plan.sizes.n_parameters());
        rest = before;
        let is_wanted = i > 0 || is_input_wanted;
        let read = own_input.as_deref().unwrap_or(input);
        let gradient = by_output.as_deref().unwrap_or(gradient);
        let by_input = backward::backward(plan, read, parameters, saved, gradient, is_wanted, own);
        by_output = Some(by_input);
    }
    (by_output.unwrap_or_else(|| Buffer::zeros(0)), by_parameters)
}
