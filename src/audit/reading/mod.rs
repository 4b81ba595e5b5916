//! What the words of a document usually mean: headers, labels, and the keys of records.
//!
//! Owns conventions only; the rules that lean on them say so through the confidence of their findings.

pub mod header;
pub mod key;
pub mod label;
pub mod spelling;
pub mod statement;
pub mod uncertainty;
