//! Tables from runs: spec → select → aggregate → table → text.
