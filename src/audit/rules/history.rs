//! History and integrity: whether the committed text is what the project gives now.

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::catalogue::{ATTESTATION, STALE_DOCUMENT};
use crate::audit::evidence::NO_RESULTS;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::rules::numbers::locked::{changed_document, is_listed, not_listed};

/// What makes the document what rendering gives.
const HINT: &str = "run `repro tables --write` and commit the result";

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    unsigned(sink);
    stale(inputs, bound, sink);
}

/// No document can be signed yet, so none carries a statement.
fn unsigned(sink: &mut Sink<'_>) {
    let message = "the document carries no signed statement".to_owned();
    let place = Place::of_width(1, 1, 0);
    let subject = Subject {
        kind: "missing",
        ..Subject::default()
    };
    sink.report(Finding::new(&ATTESTATION, place, &subject, message));
}

/// Compares the document with what rendering gives now, whatever ends its lines, and the runs it cites with
/// the lock. Where another rule found an error, that explains the difference, and the document is not called
/// stale as well.
fn stale(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let finding = match inputs.rendered {
        None => match without_rendering(inputs) {
            Err(missing) => return sink.not_assessed(&STALE_DOCUMENT, missing),
            Ok(finding) => finding,
        },
        Some(Err(reason)) => Some(not_rendered(reason)),
        Some(Ok(rendered)) => {
            let (committed, rendered) = (plain(inputs.text), plain(rendered));
            let differs = committed != rendered;
            let found = differs.then(|| difference(&committed, &rendered));
            found.or_else(|| changed_document(inputs))
        }
    };
    if inputs.rendered.is_some() && inputs.lock.is_some() && !is_listed(inputs) {
        sink.not_assessed(&STALE_DOCUMENT, not_listed(inputs));
    }
    match finding.or_else(|| not_locked(inputs, bound)) {
        None => sink.verified(&STALE_DOCUMENT),
        Some(_) if sink.has_errors() => {
            sink.not_assessed(&STALE_DOCUMENT, "the other errors of the document");
        }
        Some(finding) => sink.report(finding),
    }
}

/// How the document differs from the locked one, where rendering says nothing; what is missing to tell.
fn without_rendering(inputs: &Inputs<'_>) -> Result<Option<Finding>, String> {
    match inputs.lock {
        Some(_) if is_listed(inputs) => Ok(changed_document(inputs)),
        Some(_) => Err(not_listed(inputs)),
        None if inputs.store.is_none() => Err(NO_RESULTS.to_owned()),
        None => Err("the document is not in repro.toml".to_owned()),
    }
}

/// The text without what editors and checkouts change.
fn plain(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n")
}

fn finding(line: usize, column: usize, end_column: usize, message: String) -> Finding {
    let place = Place {
        line,
        column,
        end_column,
    };
    Finding::new(&STALE_DOCUMENT, place, &Subject::default(), message)
}

/// The document cannot be compared, because `repro tables` would fail.
fn not_rendered(reason: &str) -> Finding {
    let (error, help) = reason.split_once("\nhelp: ").unwrap_or((reason, ""));
    let hint = if help.is_empty() { HINT } else { help };
    finding(1, 1, 1, "the document cannot be rendered now".to_owned())
        .with_evidence("error", error)
        .with_hint(hint)
}

/// A run that the document cites and that the lock, where there is one, does not know.
fn not_locked(inputs: &Inputs<'_>, bound: &Bound<'_>) -> Option<Finding> {
    let lock = inputs.lock?;
    let unknown = |run: &str| !lock.runs.contains_key(run);
    let run = bound.runs.keys().find(|run| unknown(run.as_str()))?;
    let message = format!("run `{}` is not in `repro.lock`", run.cited());
    Some(finding(1, 1, 1, message).with_hint(HINT))
}

/// The first line that differs, and the words in it.
fn difference(committed: &str, rendered: &str) -> Finding {
    let (line, old, new) = first_difference(committed, rendered);
    let (start, said, given) = differing_words(old, new);
    let column = old[..start].chars().count() + 1;
    let message = match (said.trim(), given.trim()) {
        ("", "") => "the document ends elsewhere than what rendering gives now".to_owned(),
        ("", given) => format!("the document lacks `{given}`, which rendering gives now"),
        (said, "") => format!("the document says `{said}`, which rendering does not give now"),
        (said, given) => format!("the document says `{said}`, rendering gives `{given}` now"),
    };
    finding(line, column, column + said.chars().count(), message)
        .with_evidence("committed", old)
        .with_evidence("rendered", new)
        .with_hint(HINT)
}

/// What lies between the words that two lines begin and end with, and its byte offset.
fn differing_words<'t>(old: &'t str, new: &'t str) -> (usize, &'t str, &'t str) {
    let common = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        let same = pairs.take_while(|(a, b)| a == b);
        same.map(|(character, _)| character.len_utf8()).sum()
    };
    let begin = common(&mut old.chars().zip(new.chars()));
    let start = old[..begin].rfind(' ').map_or(0, |blank| blank + 1);
    let (old, new) = (&old[start..], &new[start..]);
    let end = common(&mut old.chars().rev().zip(new.chars().rev()));
    let tail = &old[old.len() - end..];
    let kept = tail.find(' ').map_or(0, |blank| tail.len() - blank);
    (start, &old[..old.len() - kept], &new[..new.len() - kept])
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
