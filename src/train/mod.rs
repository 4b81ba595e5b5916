//! Training: specs become runs on disk.
//!
//! Owns everything that knows candle. A run directory on disk is the only meeting place with the rest.

pub mod checkpoint;
pub mod data;
pub mod evaluate;
mod exact;
pub mod fit;
pub mod kernels;
pub mod loss;
pub mod model;
pub mod optimizer;
pub mod plan;
pub mod queue;
pub mod rng;
pub mod run;
pub mod schedule;
pub mod spec;

#[cfg(test)]
mod tests;
