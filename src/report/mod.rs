//! Tables from runs: spec → select → aggregate → table → text.
//!
//! Owns table specs, the rules that take one number out of a run, footnotes, documents and the lock. Runs
//! come from `store`; how they were trained is not known here. Everything is a pure function of what was
//! read: no clock, no locale, no width, no order of folders.

pub mod aggregate;
pub mod assemble;
pub mod document;
#[cfg(test)]
mod fixture;
pub mod footnote;
pub mod interval;
pub mod lock;
pub mod render;
pub mod rounding;
pub mod select;
pub mod spec;
pub mod table;
