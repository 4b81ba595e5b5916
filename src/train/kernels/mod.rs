//! Training kernels for the CPU, and the candle ops that frame them.
//!
//! Activations are NHWC: a 1×1 convolution is one matrix product, and everything else vectorises over
//! channels. The kernels (`product`, `depthwise`, `rows`) work on rows that are in the cache, single-threaded;
//! the ops cut their input into parts and bands by its shape alone and merge partial sums in a fixed order,
//! so that results do not depend on the number of threads.
//!
//! [`train_blocks`] is a sequence of MobileNet-V2's blocks as one op; [`ConvNorm`] is one convolution with its
//! normalisation, for every other layer, and in tests the plain composition that the block must equal.

mod band;
mod buffer;
mod conv_norm;
mod depthwise;
mod inverted_residual;
mod linear;
mod moments;
mod packed;
mod partition;
mod patches;
mod pointwise;
mod pooled;
mod product;
mod rows;
mod simd;

mod storage;
#[cfg(test)]
mod tests;
mod threads;

/// The kernels themselves, to be measured; nobody else has a reason to call them.
#[doc(hidden)]
pub mod measured {
    pub use super::buffer::Buffer;
    pub use super::depthwise::{Geometry, Scope, Stencil, Window, convolve, differentiate};
    pub use super::packed::{Packed, Weight};
    pub use super::product::{Rows, accumulate, multiply};
    pub use super::rows::{affine, tile_moments};
}

pub use conv_norm::{Activation, ConvNorm, Convolution, evaluate};
pub use inverted_residual::{Folded, FrozenBlocks, InvertedResidual, Sequence, train_blocks};
pub use linear::linear;
pub use moments::{Statistics, fold};
pub use pooled::{FrozenPooled, train_pooled};
pub use simd::InstructionSet;
pub use threads::prepare_process;
