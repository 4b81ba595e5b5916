//! Verification: binds a committed document to runs, recomputes its numbers, and applies the rules.
