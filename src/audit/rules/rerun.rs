//! Running again: what only a re-run decides.

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{
    CLAIM_FLIP, NOT_BITWISE, RERUN_FAILED, RERUN_OUT_OF_TOLERANCE, VACUOUS_TOLERANCE,
};
use crate::audit::finding::Sink;

/// Nothing is trained again yet, so nothing is assessed.
pub fn check(_: &Inputs<'_>, _: &Bound<'_>, sink: &mut Sink<'_>) {
    for rule in [
        &RERUN_FAILED,
        &RERUN_OUT_OF_TOLERANCE,
        &CLAIM_FLIP,
        &NOT_BITWISE,
        &VACUOUS_TOLERANCE,
    ] {
        sink.not_assessed(rule, "a re-run");
    }
}
