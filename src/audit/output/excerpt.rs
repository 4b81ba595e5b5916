//! A finding beside the lines of the document that it is about, as rustc prints errors.
//!
//! Everything goes through `annotate-snippets`, at one fixed width: long lines are cut to what stands around the mark,
//! wide characters take the room that they take in a terminal, and the terminal's own width is never asked for.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::audit::finding::{Evidence, Finding, Place, Severity};
use crate::audit::waiver::Mistake;

/// Columns that excerpts take.
const WIDTH: usize = 120;

/// Characters up to which evidence is written beside its mark; longer texts go below the excerpt.
const SHORT: usize = 60;

/// Characters up to which evidence is written in full: a record has six hundred, and stands in the document.
const LONG: usize = 240;

/// Prints findings of one document.
pub(super) struct Excerpts<'t> {
    path: &'t str,
    lines: Vec<&'t str>,
    renderer: Renderer,
}

impl<'t> Excerpts<'t> {
    /// Of the document at `path` with this text.
    pub(super) fn new(path: &'t str, text: &'t str, is_colored: bool) -> Self {
        let renderer = if is_colored {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        Self {
            path,
            lines: text.lines().collect(),
            renderer: renderer.term_width(WIDTH),
        }
    }

    /// A finding, with `others` that are the same of other places, without a line end.
    pub(super) fn finding(&self, finding: &Finding, others: &[&Finding]) -> String {
        let id = format!("{} {}", finding.rule, finding.name);
        let mut group = level(finding.severity)
            .primary_title(finding.message.as_str())
            .id(id)
            .elements(self.snippets(finding));
        for evidence in finding
            .evidence
            .iter()
            .filter(|evidence| label(evidence).is_none())
        {
            let note = Level::NOTE.with_name(evidence.kind);
            group = group.element(note.message(cut(&evidence.text)));
        }
        for other in others {
            let place = format!("{}:{}: {}", other.line, other.column, other.message);
            group = group.element(Level::NOTE.with_name("also").message(place));
        }
        if finding.waived {
            group = group.element(Level::NOTE.message("waived"));
        }
        self.render(group, finding.hint.as_deref())
    }

    /// A waiver that cannot be read, without a line end.
    pub(super) fn mistake(&self, mistake: &Mistake) -> String {
        let text = self.line(mistake.line);
        let start = byte_of(text, mistake.column);
        let end = text[start..]
            .find("-->")
            .map_or(text.len(), |at| start + at + 3);
        let mark = AnnotationKind::Primary.span(start..end);
        let snippet = self.snippet(mistake.line).annotation(mark);
        let title = Level::ERROR.primary_title(mistake.message.as_str());
        self.render(title.element(snippet), Some(&mistake.help))
    }

    fn render<'a>(&self, group: Group<'a>, hint: Option<&'a str>) -> String {
        let group = match hint {
            Some(hint) => group.element(Level::HELP.message(hint)),
            None => group,
        };
        self.renderer.render(&[group])
    }

    /// The finding's line, then those of its evidence in the order of the document.
    fn snippets(&self, finding: &'t Finding) -> Vec<Snippet<'t, Annotation<'t>>> {
        let mut others: BTreeMap<usize, Vec<Annotation<'t>>> = BTreeMap::new();
        for evidence in &finding.evidence {
            if let Some(place) = evidence.place {
                let mark = AnnotationKind::Context.span(self.span(place));
                let line = others.entry(place.line).or_default();
                line.push(match label(evidence) {
                    Some(label) => mark.label(label),
                    None => mark,
                });
            }
        }
        let own = AnnotationKind::Primary.span(self.span(finding.place()));
        let beside = others.remove(&finding.line).unwrap_or_default();
        let first = self
            .snippet(finding.line)
            .annotation(own)
            .annotations(beside);
        let others = others.into_iter();
        let others = others.map(|(line, marks)| self.snippet(line).annotations(marks));
        std::iter::once(first).chain(others).collect()
    }

    fn snippet(&self, line: usize) -> Snippet<'t, Annotation<'t>> {
        Snippet::source(self.line(line))
            .line_start(line)
            .path(self.path)
    }

    /// The text of a 1-based line; nothing outside the document.
    fn line(&self, line: usize) -> &'t str {
        line.checked_sub(1)
            .and_then(|idx| self.lines.get(idx))
            .copied()
            .unwrap_or_default()
    }

    /// The bytes of a place in its line.
    fn span(&self, place: Place) -> Range<usize> {
        let text = self.line(place.line);
        let start = byte_of(text, place.column);
        start..byte_of(text, place.end_column).max(start)
    }
}

/// The byte at which a 1-based column begins; the end of the text behind it.
fn byte_of(text: &str, column: usize) -> usize {
    let mut characters = text.char_indices();
    let found = characters.nth(column.saturating_sub(1));
    found.map_or(text.len(), |(at, _)| at)
}

/// A text, or its beginning.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// What evidence says beside its mark, where it has a place and is short enough.
fn label(evidence: &Evidence) -> Option<String> {
    let is_short = evidence.text.chars().count() <= SHORT && !evidence.text.contains('\n');
    (evidence.place.is_some() && is_short).then(|| format!("{}: {}", evidence.kind, evidence.text))
}

/// The library's word for a severity.
fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}
