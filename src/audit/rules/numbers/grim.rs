//! RPR103: a mean of whole numbers over N samples is a whole number over N. A printed one that no whole
//! number rounds to cannot be (Brown and Heathers' GRIM test).

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::GRIM_IMPOSSIBLE;
use crate::audit::finding::{Finding, Sink};
use crate::audit::measured::{Evaluated, Measured};
use crate::audit::reading::header::Quantity;

/// How far from a whole number the ends of an interval may be for want of binary digits.
const SLACK: f64 = 1e-9;

/// Applies the rule.
pub(super) fn check(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    numbers: &[Measured<'_>],
    sink: &mut Sink<'_>,
) {
    let granular = numbers.iter().filter(|number| number.column.is_granular());
    for number in granular {
        let evaluated = number.evaluated(inputs, bound);
        let Some(evaluated) = evaluated.filter(|_| is_decidable(number)) else {
            sink.no_power(&GRIM_IMPOSSIBLE);
            continue;
        };
        let n_runs = number.n_runs().max(1);
        let n = evaluated.split.n as f64 * n_runs as f64;
        if n == 0.0 || n * number.unit() / number.column.scale >= 1.0 {
            sink.no_power(&GRIM_IMPOSSIBLE);
        } else if has_whole_number(number, n) {
            sink.verified(&GRIM_IMPOSSIBLE);
        } else {
            sink.report(finding(number, n, &evaluated));
        }
    }
}

/// Whether the number of runs is known, and the errors behind a mean are whole. Otherwise, as without the
/// number of samples, there is always a mean that fits.
fn is_decidable(number: &Measured<'_>) -> bool {
    let column = number.column;
    let is_whole = column.metric.is_some() || column.quantity.is_some_and(Quantity::is_proportion);
    is_whole && (number.cell.spread.is_none() || number.n_runs() > 1)
}

/// Whether a whole number over `n` lies in the closed interval of what is printed like the number.
fn has_whole_number(number: &Measured<'_>, n: f64) -> bool {
    let [low, high] = number.interval().map(|end| end * n / number.column.scale);
    let slack = SLACK * high.abs().max(1.0);
    (low - slack).ceil() <= high + slack
}

fn finding(number: &Measured<'_>, n: f64, evaluated: &Evaluated<'_>) -> Finding {
    let exact = number.value * n / number.column.scale;
    let text = |k: f64| format!("{:.*}", number.decimals(), k * number.column.scale / n);
    let (below, above) = (exact.floor(), exact.ceil());
    let message = format!(
        "{}: `{}` is no whole number over {n} samples: {below} give {}, {above} give {}",
        number.address(),
        number.printed(),
        text(below),
        text(above)
    );
    let subject = number.subject("impossible");
    Finding::new(&GRIM_IMPOSSIBLE, number.place(), &subject, message)
        .with_confidence(evaluated.confidence)
        .with_evidence(
            "value",
            format!("{} counts {} samples", evaluated.source, evaluated.split.n),
        )
        .with_hint("check the number, and how many samples are behind it")
}
