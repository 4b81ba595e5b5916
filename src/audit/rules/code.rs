//! Code and environment: whether a record names the code and the machine of its run.

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{
    CODE_VERSION, ENVIRONMENT_UNLOCKED, IMPOSSIBLE_ORIGIN, NONDETERMINISM,
};
use crate::audit::finding::Sink;

/// Applies the rules of the family.
pub fn check(_: &Inputs<'_>, _: &Bound<'_>, sink: &mut Sink<'_>) {
    for rule in [
        &CODE_VERSION,
        &IMPOSSIBLE_ORIGIN,
        &ENVIRONMENT_UNLOCKED,
        &NONDETERMINISM,
    ] {
        sink.not_assessed(rule, "a later version");
    }
}
