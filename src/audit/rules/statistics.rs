//! Statistics: what stands behind a number beside its value.

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{
    BEST_MARKER, SELECTION_RULE_UNDECLARED, SINGLE_RUN, UNCERTAINTY_UNDEFINED, WITHIN_NOISE,
};
use crate::audit::finding::Sink;

/// Applies the rules of the family.
pub fn check(_: &Inputs<'_>, _: &Bound<'_>, sink: &mut Sink<'_>) {
    for rule in [
        &SINGLE_RUN,
        &UNCERTAINTY_UNDEFINED,
        &WITHIN_NOISE,
        &BEST_MARKER,
        &SELECTION_RULE_UNDECLARED,
    ] {
        sink.not_assessed(rule, "a later version");
    }
}
