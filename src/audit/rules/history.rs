//! History and integrity: whether the committed text is what the project gives now.

use super::STALE_DOCUMENT;
use crate::audit::Inputs;
use crate::audit::finding::{Finding, Place, Sink, Subject};

/// Compares the document with what rendering gives now. Where another rule found an error, that explains
/// the difference, and the document is not called stale as well.
pub fn check(inputs: &Inputs<'_>, sink: &mut Sink<'_>) {
    let rendered = match inputs.rendered {
        None => return sink.not_assessed(&STALE_DOCUMENT, "the document is not in repro.toml"),
        Some(Err(reason)) => return sink.not_assessed(&STALE_DOCUMENT, reason),
        Some(Ok(rendered)) => rendered,
    };
    if rendered == inputs.text {
        return sink.verified(&STALE_DOCUMENT);
    }
    if sink.has_errors() {
        return sink.not_assessed(&STALE_DOCUMENT, "the other errors of the document");
    }
    let (line, committed, now) = first_difference(inputs.text, rendered);
    let column = committed
        .chars()
        .zip(now.chars())
        .take_while(|(a, b)| a == b)
        .count()
        + 1;
    let place = Place {
        line,
        column,
        end_column: committed.chars().count().max(column) + 1,
    };
    let message =
        "rendering now gives another document, this is the first line that differs".to_owned();
    sink.report(
        Finding::new(&STALE_DOCUMENT, place, &Subject::default(), message)
            .with_evidence("committed", committed)
            .with_evidence("rendered", now)
            .with_hint("run `repro tables --write` and commit the result"),
    );
}

/// The first line that differs, 1-based, as committed and as rendered.
fn first_difference<'t>(committed: &'t str, rendered: &'t str) -> (usize, &'t str, &'t str) {
    let (mut old, mut new) = (committed.split('\n'), rendered.split('\n'));
    let mut line = 1;
    loop {
        match (old.next(), new.next()) {
            (Some(a), Some(b)) if a == b => line += 1,
            (a, b) => return (line, a.unwrap_or_default(), b.unwrap_or_default()),
        }
    }
}
