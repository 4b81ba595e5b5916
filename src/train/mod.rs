//! Training: specs become runs on disk.
//!
//! Owns everything that knows candle. A run directory on disk is the only meeting place with the rest.

pub mod data;
pub mod kernels;
pub mod loss;
pub mod model;
pub mod optimizer;
pub mod rng;
pub mod schedule;
pub mod spec;
