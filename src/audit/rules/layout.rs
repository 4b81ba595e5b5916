//! Layout: whether what looks like results stands in a table that says what it is.

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::UNATTACHED_ROW;
use crate::audit::finding::{Finding, Place, Sink, Subject};

/// Applies the rules of the family.
pub fn check(_: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    for table in &bound.tables {
        for row in &table.rows {
            let n_numeric = row.n_numeric();
            if n_numeric == 0 {
                continue;
            }
            if table.table.header.is_some() {
                sink.verified(&UNATTACHED_ROW);
                continue;
            }
            let label = &row.row.label;
            let subject = Subject {
                table: table.table.name().to_owned(),
                row: label.clone(),
                column: String::new(),
                kind: "no-header",
            };
            let message = format!("row `{label}` prints {} under no header", row.numbers());
            sink.report(
                Finding::new(&UNATTACHED_ROW, Place::of_label(row.row), &subject, message)
                    .with_hint("put the row below a header and its separator, without a gap"),
            );
        }
    }
}
