//! RPR904: whether the document is what rendering gives now, or where that is not known, what the lock has.
//!
//! A difference that an error already names is not called stale as well; which one that is, `explained` says.

use std::collections::BTreeSet;

use super::explained::{Explained, Text};
use crate::audit::Inputs;
use crate::audit::bind::{Bound, cited_run};
use crate::audit::catalogue::STALE_DOCUMENT;
use crate::audit::evidence::NO_RESULTS;
use crate::audit::finding::{Finding, Place, Sink, Subject};
use crate::audit::rules::numbers::locked::{changed_document, is_listed, not_listed};
use crate::document::Document;
use crate::store::RunId;

/// What makes the document what rendering gives.
const HINT: &str = "run `repro tables --write` and commit the result";

/// What was found of the document.
enum Outcome {
    Same,
    /// It differs where other errors say why.
    Explained,
    Stale(Box<Finding>),
}

impl Outcome {
    fn stale(finding: Finding) -> Self {
        Self::Stale(Box::new(finding))
    }
}

/// Compares the document with what rendering gives now, whatever ends its lines, and the runs it cites with
/// the lock.
pub(super) fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let explained = Explained::of(bound, &sink.error_lines());
    let outcome = match inputs.rendered {
        None => match without_rendering(inputs) {
            Err(missing) => return sink.not_assessed(&STALE_DOCUMENT, missing),
            Ok(finding) => finding.map_or(Outcome::Same, Outcome::stale),
        },
        Some(Err(reason)) => match is_listed(inputs) && changed_document(inputs).is_none() {
            true if !explained.is_empty() => Outcome::Explained,
            _ => Outcome::stale(not_rendered(reason)),
        },
        Some(Ok(rendered)) => with_rendering(inputs, bound, rendered, &explained),
    };
    if inputs.rendered.is_some() && inputs.lock.is_some() && !is_listed(inputs) {
        sink.not_assessed(&STALE_DOCUMENT, not_listed(inputs));
    }
    let outcome = match outcome {
        Outcome::Stale(finding) => Outcome::Stale(finding),
        other => not_locked(inputs, bound, &explained).map_or(other, Outcome::stale),
    };
    match outcome {
        Outcome::Same => sink.verified(&STALE_DOCUMENT),
        Outcome::Explained => {
            sink.not_assessed(&STALE_DOCUMENT, "the other errors of the document");
        }
        Outcome::Stale(finding) => sink.report(*finding),
    }
}

/// Compares the document with what rendering gives, and where it is that, with the lock.
fn with_rendering(
    inputs: &Inputs<'_>,
    bound: &Bound<'_>,
    rendered: &str,
    explained: &Explained,
) -> Outcome {
    let (committed, rendered) = (plain(inputs.text), plain(rendered));
    if committed == rendered {
        return changed_document(inputs).map_or(Outcome::Same, Outcome::stale);
    }
    let (line, old, new) = first_difference(&committed, &rendered);
    if explained.is_empty() {
        return Outcome::stale(difference(line, old, new));
    }
    // Ends of lines are no part of them, so the document's own lines have the same numbers.
    let now = Text::of(&rendered, &Document::parse(&rendered));
    let then = Text::of(&committed, bound.document);
    match explained.rest(&then, &now) {
        Some((line, old, new)) => Outcome::stale(difference(line, &old, &new)),
        None if explained.is_any(&then, &now) || explained.has(line) => Outcome::Explained,
        None => Outcome::stale(difference(line, old, new)),
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

/// A run that the document cites and that the lock, where there is one, does not know; an error at the place
/// where it is cited says more.
fn not_locked(inputs: &Inputs<'_>, bound: &Bound<'_>, explained: &Explained) -> Option<Finding> {
    let lock = inputs.lock?;
    let cited = lock.runs.values().filter_map(|run| run.cited.as_deref());
    let cited: BTreeSet<RunId> = cited.filter_map(cited_run).collect();
    let is_known = |run: &RunId| lock.runs.contains_key(run.as_str()) || cited.contains(run);
    let is_unknown = |run: &&RunId| !is_known(run) && !explained.has_any(cited_at(bound, run));
    let run = bound.runs.keys().find(is_unknown)?;
    let message = format!("run `{}` is not in `repro.lock`", run.cited());
    Some(finding(1, 1, 1, message).with_hint(HINT))
}

/// The lines at which a document cites a run.
fn cited_at<'b>(bound: &'b Bound<'_>, run: &'b RunId) -> impl Iterator<Item = usize> + 'b {
    let is_meant = move |path: &String| cited_run(path).as_ref() == Some(run);
    let definitions = bound.document.definitions.iter();
    let definitions = definitions.filter(move |definition| definition.paths.iter().any(is_meant));
    let rows = bound.tables.iter().flat_map(|table| &table.rows);
    let rows = rows.filter(move |row| {
        row.runs.contains(run)
            || row.unusable.as_ref() == Some(run)
            || row
                .marks
                .iter()
                .any(|(mark, _)| mark.target.iter().any(is_meant))
    });
    let rows = rows.map(|row| row.row.line);
    definitions.map(|definition| definition.line).chain(rows)
}

/// A line that differs, and the words in it.
fn difference(line: usize, old: &str, new: &str) -> Finding {
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
