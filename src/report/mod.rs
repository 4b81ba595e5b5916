//! Tables from runs: spec → select → aggregate → table → text.
//!
//! Owns table specs, the rules that take one number out of a run, footnotes, documents and the lock. Runs
//! come from `store`; how they were trained is not known here. Everything is a pure function of what was
//! read: no clock, no locale, no width, no order of folders.

pub mod aggregate;
pub mod assemble;
mod cell;
pub mod document;
#[cfg(test)]
pub(crate) mod fixture;
pub mod footnote;
pub mod interval;
pub mod lock;
mod members;
pub mod render;
pub mod rounding;
pub mod select;
pub mod spec;
pub mod table;

pub use members::{matches, meets};
