//! Training kernels for the CPU, and the candle op that frames them.
//!
//! Activations are NHWC: a 1×1 convolution is one matrix product, and everything else vectorises over
//! channels. The kernels (`product`, `depthwise`, `patches`, `normalize`) are plain functions
//! over slices; [`ConvNorm`] joins a convolution, its batch normalisation and ReLU6 into one
//! differentiable candle op. Work is partitioned by shapes alone and partial sums are merged in a fixed
//! order, so that results do not depend on the number of threads.

#[cfg(test)]
mod agreement;
mod conv_norm;
mod depthwise;
mod normalize;
mod partition;
mod patches;
mod product;
mod simd;
mod threads;

pub use conv_norm::{Activation, ConvNorm, Convolution, Statistics, evaluate, fold};
pub use simd::instruction_set;
pub use threads::prepare_process;
