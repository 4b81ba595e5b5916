//! `repro` makes the comparison tables of machine-learning results a build product.
//!
//! Training leaves a record and metrics on disk ([`train`], [`store`]), tables are rendered from what
//! lies on disk ([`report`]), and committed documents are read back, recomputed and audited
//! ([`document`], [`audit`]). Dependencies between these modules point one way; the map is in
//! `ARCHITECTURE.md` and a test keeps it true.

pub mod audit;
pub mod cli;
pub mod document;
pub mod import;
pub mod literal;
pub mod metric;
pub mod project;
pub mod record;
pub mod report;
pub mod source;
pub mod store;
pub mod train;
