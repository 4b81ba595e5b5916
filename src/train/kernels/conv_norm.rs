//! A convolution, its batch normalisation and ReLU6 as one differentiable candle op.
//!
//! Joined because the gradient of each part needs a full-size pass of its own otherwise. Saved for the
//! backward pass: the convolution's output (turned into its gradient in place), mean and deviation.

use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

use super::{depthwise, normalize, patches, product};

/// Added to variances, as PyTorch's `BatchNorm2d` does.
const EPSILON: f64 = 1e-5;

/// A convolution without bias over NHWC activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convolution {
    /// 1×1; weight `[O, I]`.
    Pointwise,
    /// 3×3 per channel, padding 1; weight `[C, 3, 3]`.
    Depthwise {
        /// Step along both axes.
        stride: usize,
    },
    /// 3×3 over all channels, padding 1; weight `[O, I·3·3]`. Gives no gradient by its input: it reads images.
    Dense {
        /// Step along both axes.
        stride: usize,
    },
}

/// What follows the normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `min(max(x, 0), 6)`.
    Relu6,
}

impl Activation {
    fn limits(self) -> [f32; 2] {
        match self {
            Self::Identity => [f32::NEG_INFINITY, f32::INFINITY],
            Self::Relu6 => [0.0, 6.0],
        }
    }
}

/// Batch statistics of one forward pass.
#[derive(Debug, Clone)]
pub struct Statistics {
    /// Per channel.
    pub mean: Vec<f64>,
    /// Per channel, biased (divided by the number of rows).
    pub variance: Vec<f64>,
    /// Number of rows they were taken over.
    pub n_rows: usize,
}

/// What the backward pass needs.
#[derive(Debug)]
struct Saved {
    convolved: Vec<f32>,
    statistics: Statistics,
}

/// The op; one value serves one forward pass and at most one backward pass.
#[derive(Debug)]
pub struct ConvNorm {
    convolution: Convolution,
    activation: Activation,
    saved: Arc<Mutex<Option<Saved>>>,
}

impl ConvNorm {
    /// Applies the op with batch statistics, which are returned beside the output.
    ///
    /// # Shapes
    /// `input: [B, H, W, I] f32`, `weight` as [`Convolution`] says, `affine: [2, O]` (scale, shift);
    /// the output is `[B, H', W', O]`.
    ///
    /// # Errors
    /// Shapes do not fit, or a tensor is not contiguous f32 on the CPU.
    pub fn train(
        input: &Tensor,
        weight: &Tensor,
        affine: &Tensor,
        convolution: Convolution,
        activation: Activation,
    ) -> Result<(Tensor, Statistics)> {
        let saved = Arc::new(Mutex::new(None));
        let op = Self {
            convolution,
            activation,
            saved: saved.clone(),
        };
        let output = input.apply_op3(weight, affine, op)?;
        let guard = saved.lock().expect("the forward pass did not panic");
        let statistics = guard.as_ref().map(|saved: &Saved| saved.statistics.clone());
        Ok((
            output,
            statistics.expect("the forward pass saves its statistics"),
        ))
    }
}

/// Convolution, fixed affine map and activation, without gradients.
///
/// # Shapes
/// As [`ConvNorm::train`]; `affine: [2, O]` is the scale and shift of the folded normalisation.
///
/// # Errors
/// As [`ConvNorm::train`].
pub fn evaluate(
    input: &Tensor,
    weight: &Tensor,
    affine: &Tensor,
    convolution: Convolution,
    activation: Activation,
) -> Result<Tensor> {
    input.apply_op3_no_bwd(
        weight,
        affine,
        &Folded {
            convolution,
            activation,
        },
    )
}

/// Scale and shift that normalise by the given statistics.
pub fn fold(scale: &[f32], shift: &[f32], mean: &[f64], variance: &[f64]) -> (Vec<f32>, Vec<f32>) {
    let folded = scale.iter().zip(shift).zip(mean).zip(variance).map(
        |(((scale, shift), mean), variance)| {
            let scale = f64::from(*scale) / (variance + EPSILON).sqrt();
            (scale as f32, (f64::from(*shift) - mean * scale) as f32)
        },
    );
    folded.unzip()
}

#[derive(Debug)]
struct Folded {
    convolution: Convolution,
    activation: Activation,
}

impl CustomOp3 for Folded {
    fn name(&self) -> &'static str {
        "conv-norm-evaluate"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        affine: &CpuStorage,
        affine_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let input = View::new(input, input_layout)?;
        let weight = View::new(weight, weight_layout)?.data;
        let affine = View::new(affine, affine_layout)?.data;
        let (mut output, shape) = convolve(self.convolution, input, weight)?;
        let (scale, shift) = affine.split_at(affine.len() / 2);
        normalize::affine_in_place(&mut output, scale, shift, self.activation.limits());
        Ok((CpuStorage::F32(output), Shape::from(&shape)))
    }
}

impl CustomOp3 for ConvNorm {
    fn name(&self) -> &'static str {
        "conv-norm"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        affine: &CpuStorage,
        affine_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let input = View::new(input, input_layout)?;
        let weight = View::new(weight, weight_layout)?.data;
        let affine = View::new(affine, affine_layout)?.data;
        let (convolved, shape) = convolve(self.convolution, input, weight)?;
        let channels = shape[3];
        if affine.len() != 2 * channels {
            bail!(
                "conv-norm: {channels} channels, but an affine map of {} values",
                affine.len()
            );
        }
        let moments = normalize::moments(&convolved, channels);
        let (scale, shift) = affine.split_at(channels);
        let (scale, shift) = fold(scale, shift, &moments.mean, &moments.variance);
        let mut output = vec![0.0; convolved.len()];
        normalize::affine(
            &mut output,
            &convolved,
            &scale,
            &shift,
            self.activation.limits(),
        );
        let n_rows = convolved.len() / channels;
        let statistics = Statistics {
            mean: moments.mean,
            variance: moments.variance,
            n_rows,
        };
        *self.saved.lock().expect("nobody panicked with the lock") = Some(Saved {
            convolved,
            statistics,
        });
        Ok((CpuStorage::F32(output), Shape::from(&shape)))
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        affine: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let saved = self
            .saved
            .lock()
            .expect("nobody panicked with the lock")
            .take();
        let Some(Saved {
            convolved,
            statistics,
        }) = saved
        else {
            bail!("conv-norm: the backward pass runs once per forward pass");
        };
        let gradient = gradient.contiguous()?;
        let (by_convolved, by_affine) =
            with_slices([affine, output, &gradient], |[affine, output, gradient]| {
                let limits = self.activation.limits();
                normalization_gradient(convolved, &statistics, affine, output, gradient, limits)
            })?;
        let by_affine = Tensor::from_vec(by_affine, affine.shape(), affine.device())?;
        let dims = input.dims4()?;
        let shape = [dims.0, dims.1, dims.2, dims.3];
        let (by_input, by_weight) = with_slices([input, weight], |[input, weight]| {
            convolution_gradient(self.convolution, shape, input, weight, &by_convolved)
        })?;
        let by_input = by_input
            .map(|g| Tensor::from_vec(g, input.shape(), input.device()))
            .transpose()?;
        let by_weight = Tensor::from_vec(by_weight, weight.shape(), weight.device())?;
        Ok((by_input, Some(by_weight), Some(by_affine)))
    }
}

/// A contiguous f32 tensor on the CPU.
#[derive(Clone, Copy)]
struct View<'a> {
    data: &'a [f32],
    dims: &'a [usize],
}

impl<'a> View<'a> {
    fn new(storage: &'a CpuStorage, layout: &'a Layout) -> Result<Self> {
        let CpuStorage::F32(data) = storage else {
            bail!("conv-norm: expected f32 tensors")
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("conv-norm: expected contiguous tensors, got {layout:?}")
        };
        Ok(Self {
            data: &data[start..end],
            dims: layout.dims(),
        })
    }
}

/// Calls `work` with the values of contiguous tensors.
fn with_slices<T, const N: usize>(
    tensors: [&Tensor; N],
    work: impl FnOnce([&[f32]; N]) -> T,
) -> Result<T> {
    let guards = tensors.map(Tensor::storage_and_layout);
    let mut slices: [&[f32]; N] = [&[]; N];
    for (slice, (storage, layout)) in slices.iter_mut().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else {
            bail!("conv-norm: expected tensors on the CPU")
        };
        *slice = View::new(storage, layout)?.data;
    }
    Ok(work(slices))
}

fn convolve(
    convolution: Convolution,
    input: View<'_>,
    weight: &[f32],
) -> Result<(Vec<f32>, [usize; 4])> {
    let &[batch, height, width, channels] = input.dims else {
        bail!(
            "conv-norm: expected input [B, H, W, C], got {:?}",
            input.dims
        )
    };
    let shape = [batch, height, width, channels];
    let fits = |unit: usize| match !weight.is_empty() && weight.len().is_multiple_of(unit) {
        true => Ok(weight.len() / unit),
        false => bail!(
            "conv-norm: {} weights do not fit {channels} input channels",
            weight.len()
        ),
    };
    match convolution {
        Convolution::Pointwise => {
            let outputs = fits(channels)?;
            let mut output = vec![0.0; batch * height * width * outputs];
            product::forward(&mut output, input.data, weight, channels);
            Ok((output, [batch, height, width, outputs]))
        }
        Convolution::Depthwise { stride } => {
            if weight.len() != channels * patches::KERNEL * patches::KERNEL {
                bail!(
                    "conv-norm: {} weights for {channels} channels of 3×3",
                    weight.len()
                );
            }
            let geometry = depthwise::Geometry::new(shape, stride);
            let [out_height, out_width] = geometry.output;
            let mut output = vec![0.0; batch * out_height * out_width * channels];
            depthwise::forward(&mut output, input.data, weight, geometry);
            Ok((output, [batch, out_height, out_width, channels]))
        }
        Convolution::Dense { stride } => {
            let taps = channels * patches::KERNEL * patches::KERNEL;
            let outputs = fits(taps)?;
            let [out_height, out_width] =
                [height, width].map(|size| patches::output_size(size, stride));
            let mut output = vec![0.0; batch * out_height * out_width * outputs];
            let patches = patches::patches(input.data, shape, stride);
            product::forward(&mut output, &patches, weight, taps);
            Ok((output, [batch, out_height, out_width, outputs]))
        }
    }
}

/// Gradients by the convolution's output (in the place of that output) and by scale and shift.
///
/// # Source
/// Ioffe and Szegedy 2015, section 3, collapsed to `a · gradient + b · value + c` per channel.
fn normalization_gradient(
    mut convolved: Vec<f32>,
    statistics: &Statistics,
    affine: &[f32],
    output: &[f32],
    gradient: &[f32],
    limits: [f32; 2],
) -> (Vec<f32>, Vec<f32>) {
    let channels = statistics.mean.len();
    let mean: Vec<f32> = statistics.mean.iter().map(|mean| *mean as f32).collect();
    let (plain, centred) = normalize::gradient_sums(gradient, output, &convolved, &mean, limits);
    let mut by_affine = vec![0.0; 2 * channels];
    let mut coefficients = [
        vec![0.0; channels],
        vec![0.0; channels],
        vec![0.0; channels],
    ];
    let n = statistics.n_rows as f64;
    for c in 0..channels {
        let inverse = 1.0 / (statistics.variance[c] + EPSILON).sqrt();
        by_affine[c] = (centred[c] * inverse) as f32;
        by_affine[channels + c] = plain[c] as f32;
        let a = f64::from(affine[c]) * inverse;
        let b = -a * inverse * inverse * centred[c] / n;
        coefficients[0][c] = a as f32;
        coefficients[1][c] = b as f32;
        coefficients[2][c] = (-a * plain[c] / n - b * f64::from(mean[c])) as f32;
    }
    normalize::input_gradient_in_place(&mut convolved, gradient, output, &coefficients, limits);
    (convolved, by_affine)
}

fn convolution_gradient(
    convolution: Convolution,
    shape: [usize; 4],
    input: &[f32],
    weight: &[f32],
    gradient: &[f32],
) -> (Option<Vec<f32>>, Vec<f32>) {
    let channels = shape[3];
    let mut by_weight = vec![0.0; weight.len()];
    match convolution {
        Convolution::Pointwise => {
            let mut by_input = vec![0.0; input.len()];
            product::input_gradient(&mut by_input, gradient, weight, channels);
            product::weight_gradient(&mut by_weight, gradient, input, channels);
            (Some(by_input), by_weight)
        }
        Convolution::Depthwise { stride } => {
            let geometry = depthwise::Geometry::new(shape, stride);
            let mut by_input = vec![0.0; input.len()];
            depthwise::input_gradient(&mut by_input, gradient, weight, geometry);
            depthwise::weight_gradient(&mut by_weight, gradient, input, geometry);
            (Some(by_input), by_weight)
        }
        Convolution::Dense { stride } => {
            let patches = patches::patches(input, shape, stride);
            product::weight_gradient(&mut by_weight, gradient, &patches, channels * 9);
            (None, by_weight)
        }
    }
}
