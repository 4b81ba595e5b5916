//! Fairness: whether the rows of a table may be compared.

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{
    CONFIG_CONFOUND, MACHINE_CONFOUND, PROTOCOL_MISMATCH, UNREPORTED_RUNS,
};
use crate::audit::finding::Sink;

/// Applies the rules of the family.
pub fn check(_: &Inputs<'_>, _: &Bound<'_>, sink: &mut Sink<'_>) {
    for rule in [
        &CONFIG_CONFOUND,
        &MACHINE_CONFOUND,
        &PROTOCOL_MISMATCH,
        &UNREPORTED_RUNS,
    ] {
        sink.not_assessed(rule, "a later version");
    }
}
