//! Data: whether what was evaluated is known, separate from training, and complete.

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{DATA_FINGERPRINT, SPLIT_OVERLAP};
use crate::audit::finding::Sink;

/// Applies the rules of the family.
pub fn check(_: &Inputs<'_>, _: &Bound<'_>, sink: &mut Sink<'_>) {
    for rule in [&DATA_FINGERPRINT, &SPLIT_OVERLAP] {
        sink.not_assessed(rule, "a later version");
    }
}
