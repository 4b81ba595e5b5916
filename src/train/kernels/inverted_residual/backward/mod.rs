//! The backward pass.
//!
//! Against the direction of the forward pass: the projection, then the depthwise convolution together with
//! the activation before it, then the expansion. A normalisation's gradient needs sums over the whole
//! batch, so each of the three stages ends where the next sums are complete.

mod collapsed;
mod depthwise;
mod projection;
mod stored;
mod sums;

use super::expansion::Expansion;
use super::{Parameters, Plan, Saved};
use crate::train::kernels::buffer::Buffer;
use depthwise::Depthwise;
use projection::projected;

/// Gradient by the input (empty unless wanted); that by the packed parameters goes into `by_parameters`.
pub(super) fn backward(
    plan: &Plan,
    input: &[f32],
    p: &Parameters<'_>,
    saved: Saved,
    gradient: &[f32],
    is_input_wanted: bool,
    by_parameters: &mut [f32],
) -> Buffer {
    let [
        expansion,
        a_scale,
        a_shift,
        kernel,
        b_scale,
        b_shift,
        projection,
        c_scale,
        c_shift,
    ] = plan.sizes.split_mut(by_parameters);
    let projected = projected(plan, p, &saved, gradient, projection);
    c_scale.copy_from_slice(&projected.norm.by_scale);
    c_shift.copy_from_slice(&projected.norm.by_shift);
    let statistics = &saved.statistics[1];
    let depthwise = statistics.gradient(p.depthwise.scale, &projected.sums[0], &projected.sums[1]);
    b_scale.copy_from_slice(&depthwise.by_scale);
    b_shift.copy_from_slice(&depthwise.by_shift);
    let stage = Depthwise {
        plan,
        input,
        p,
        saved: &saved,
        hidden: &projected.hidden,
        coefficients: depthwise.coefficients(&statistics.mean, plan.width),
    };
    let gradient = is_input_wanted.then_some(gradient);
    let (by_input, norm) = match &saved.expansion {
        Expansion::Recomputed(moments) => stage.collapsed(moments, gradient, expansion, kernel),
        Expansion::Stored(convolved) => stage.stored(convolved, gradient, expansion, kernel),
    };
    a_scale.copy_from_slice(&norm.by_scale);
    a_shift.copy_from_slice(&norm.by_shift);
    by_input
}
