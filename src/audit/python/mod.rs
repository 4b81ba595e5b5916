//! Facts of training code: what a Python program does with its arguments, its data and its random numbers.
//!
//! Owns parsing and what can be said without running anything; knows nothing of documents, runs or rules.

mod nesting;
mod parse;
mod syntax;

pub use parse::SyntaxError;
pub use syntax::At;
