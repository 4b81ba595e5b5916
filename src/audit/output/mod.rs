//! Verifications as text: for people, for programs.

pub mod human;
pub mod json;
