//! RPR502: numbers without uncertainty, or with one that nothing defines; one finding per table.

use super::header_place;
use super::said::OfTable;
use crate::audit::catalogue::UNCERTAINTY_UNDEFINED;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::measured::Measured;
use crate::audit::reading::uncertainty::Definition;

const HINT: &str = "print `mean ± SD` over seeds, and say so with their number";

/// Applies the rule to the numbers of one table.
pub(super) fn check(table: &[Measured<'_>], said: OfTable, sink: &mut Sink<'_>) {
    let with_spread = || table.iter().filter(|number| number.cell.spread.is_some());
    let bare = table
        .iter()
        .find(|number| number.cell.spread.is_none() && number.n_runs() >= 2);
    let undefined = with_spread().find_map(|number| {
        let missing = definition(number, said).missing();
        (!missing.is_empty()).then_some((number, missing))
    });
    let found = match (with_spread().next(), bare, undefined) {
        (_, Some(number), _) => Some(without_spread(number)),
        (Some(_), None, Some((number, missing))) => Some(not_defined(number, &missing)),
        (Some(_), None, None) => None,
        (None, None, _) => Some(nothing(table)),
    };
    match found {
        None => sink.verified(&UNCERTAINTY_UNDEFINED),
        Some(finding) => sink.report(finding.with_hint(HINT)),
    }
}

/// What cell and text say of a number's uncertainty.
fn definition(number: &Measured<'_>, said: OfTable) -> Definition {
    let mut definition = said.uncertainty.and(Definition::of(&number.cell.text));
    definition.has_number |= number.cell.n.is_some();
    definition
}

fn without_spread(number: &Measured<'_>) -> Finding {
    let message = format!(
        "{}: `{}` rests on {} runs and has no uncertainty",
        number.address(),
        number.cell.text,
        number.n_runs()
    );
    finding(number, number.place(), "no-spread", message)
}

fn not_defined(number: &Measured<'_>, missing: &[&str]) -> Finding {
    let message = format!(
        "{}: nothing says of `{}` {}",
        number.address(),
        number.cell.text,
        missing.join(", ")
    );
    finding(number, number.place(), "undefined", message)
}

fn nothing(table: &[Measured<'_>]) -> Finding {
    let message = "no number of the table has an uncertainty".to_owned();
    finding(&table[0], header_place(table[0].table), "none", message)
}

fn finding(number: &Measured<'_>, place: Place, kind: &'static str, message: String) -> Finding {
    let subject = Subject {
        table: number.table.table.name().to_owned(),
        kind,
        ..Subject::default()
    };
    Finding::new(&UNCERTAINTY_UNDEFINED, place, &subject, message)
}
