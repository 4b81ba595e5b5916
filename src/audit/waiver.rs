//! Waivers: findings that a project accepts, each with a reason, in the document or in `repro.toml`.
//!
//! In a document, `<!-- repro: ignore RPR204 reason="…" until=2027-01-31 -->` covers the findings of its rules on the
//! next line that is neither blank nor a comment; where a table or a paragraph of definitions begins there, on all
//! lines of it. A comment beside other text covers that line: so a row within a table is waived, as a line with nothing
//! but a comment would end the table. In `repro.toml`, `at` says what is covered, see [`Scope`].
//! A waived finding stays in the report and counts for nothing. What day it is, is an input.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use serde::Serialize;

use super::Inputs;
use super::bind::Bound;
use super::catalogue;
use super::finding::Finding;
use crate::document::{Comment, Concealment};
use crate::source::nearest;

/// Number of digits of a fingerprint.
const FINGERPRINT: usize = 16;

/// A finding that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Id of the rule.
    pub rule: String,
    /// Which of its findings.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// The file in which it stands.
    pub path: String,
    /// Its line there.
    pub line: usize,
    /// Its column.
    pub column: usize,
}

/// What a waiver covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Lines of the document in which it stands.
    Lines(RangeInclusive<usize>),
    /// One line of a document.
    Line(String, usize),
    /// A document by its path, or the rows with this label in any document.
    Name(String),
    /// One finding, wherever it moves.
    Fingerprint(String),
}

/// A waiver, and what became of it in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The waiver.
    pub waiver: Waiver,
    /// Whether its last day is over, so that it covers nothing.
    pub is_expired: bool,
    /// Indices of the findings that it covers, or would.
    pub findings: Vec<usize>,
}

/// A waiver that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Its line.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// What is wrong: lowercase, no final period.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Scope {
    /// What `at` in `repro.toml` means: a fingerprint, `path:line`, or a document's path or a row's label.
    pub fn of(at: &str) -> Self {
        let at = at.trim_start_matches("./");
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if at.len() == FINGERPRINT && at.bytes().all(is_digit) {
            return Self::Fingerprint(at.to_owned());
        }
        let line = at.rsplit_once(':').and_then(|(path, line)| {
            let line = line.parse().ok()?;
            Some(Self::Line(path.to_owned(), line))
        });
        line.unwrap_or_else(|| Self::Name(at.to_owned()))
    }

    fn covers(&self, finding: &Finding, labels: &BTreeMap<usize, &str>) -> bool {
        match self {
            Self::Lines(lines) => lines.contains(&finding.line),
            Self::Line(path, line) => *line == finding.line && is_path_of(path, finding),
            Self::Name(name) => {
                is_path_of(name, finding) || labels.get(&finding.line) == Some(&name.as_str())
            }
            Self::Fingerprint(fingerprint) => *fingerprint == finding.fingerprint,
        }
    }
}

impl Applied {
    /// `used`, `unused` or `expired`.
    pub fn state(&self) -> &'static str {
        match (self.is_expired, self.findings.is_empty()) {
            (true, _) => "expired",
            (false, true) => "unused",
            (false, false) => "used",
        }
    }
}

/// Whether a path from the project root is the finding's, which may have been named from elsewhere.
fn is_path_of(path: &str, finding: &Finding) -> bool {
    let rest = finding.path.strip_suffix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// Marks the findings that `waivers` cover on the day `today`.
pub fn apply(
    waivers: impl Iterator<Item = Waiver>,
    findings: &mut [Finding],
    bound: &Bound<'_>,
    today: Date,
) -> Vec<Applied> {
    let rows = bound.tables.iter().flat_map(|table| &table.rows);
    let labels: BTreeMap<usize, &str> = rows
        .map(|row| (row.row.line, row.row.label.as_str()))
        .collect();
    let mut of_rule: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (idx, finding) in findings.iter().enumerate() {
        of_rule.entry(finding.rule).or_default().push(idx);
    }
    let mut applied: Vec<Applied> = Vec::new();
    for waiver in waivers {
        let candidates = of_rule
            .get(waiver.rule.as_str())
            .map_or(&[][..], Vec::as_slice);
        let candidates = match &waiver.scope {
            // Findings are in the order of lines, so that a waiver per row stays cheap.
            Scope::Lines(lines) => {
                let after = |last: usize| candidates.partition_point(|&i| findings[i].line <= last);
                &candidates[after(lines.start() - 1)..after(*lines.end())]
            }
            _ => candidates,
        };
        let covered = |idx: &usize| waiver.scope.covers(&findings[*idx], &labels);
        applied.push(Applied {
            is_expired: waiver.until.is_some_and(|until| until < today),
            findings: candidates.iter().copied().filter(covered).collect(),
            waiver,
        });
    }
    for waiver in applied.iter().filter(|waiver| !waiver.is_expired) {
        for &idx in &waiver.findings {
            findings[idx].waived = true;
        }
    }
    applied
}

/// The waivers in the comments of a document, and those that cannot be read.
pub fn in_document(bound: &Bound<'_>, inputs: &Inputs<'_>) -> (Vec<Waiver>, Vec<Mistake>) {
    let comments = &bound.document.comments;
    let directives = comments
        .iter()
        .filter_map(|comment| Some((comment, directive(comment)?)));
    let mut directives = directives.peekable();
    let (mut waivers, mut mistakes) = (Vec::new(), Vec::new());
    if directives.peek().is_none() {
        return (waivers, mistakes);
    }
    let lines = Lines::of(inputs.text, bound);
    for (comment, text) in directives {
        match text.and_then(Directive::parse) {
            Ok(directive) => waivers.extend(directive.rules.iter().map(|rule| Waiver {
                rule: rule.clone(),
                scope: Scope::Lines(lines.below(comment)),
                reason: directive.reason.clone(),
                until: directive.until,
                path: inputs.path.to_owned(),
                line: comment.line,
                column: comment.column,
            })),
            Err((message, help)) => mistakes.push(Mistake {
                line: comment.line,
                column: comment.column,
                message,
                help,
            }),
        }
    }
    (waivers, mistakes)
}

/// What comments may tell this program to do; what is not `ignore` is read elsewhere.
const VERBS: &[&str] = &["ignore", "table", "end", "derived-from"];

/// What follows `repro: ignore` in a comment, or why a comment that speaks to this program is not understood:
/// a mistyped waiver would pass for none. Other comments, and what others read, are `None`.
fn directive(comment: &Comment) -> Option<Result<&str, Wrong>> {
    let (name, text) = comment.text.split_at_checked("repro:".len())?;
    if comment.concealment != Concealment::Comment || !name.eq_ignore_ascii_case("repro:") {
        return None;
    }
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '-'));
    let (verb, rest) = text.split_at(end.unwrap_or(text.len()));
    match verb {
        "ignore" if name == "repro:" => Some(Ok(rest)),
        verb if VERBS.contains(&verb) && name == "repro:" => None,
        verb => Some(Err(unknown_verb(name, verb))),
    }
}

fn unknown_verb(name: &str, verb: &str) -> Wrong {
    let near = nearest(&verb.to_lowercase(), VERBS.iter().copied()).unwrap_or("ignore");
    (
        format!(
            "`{}` means nothing to repro",
            format!("{name} {verb}").trim()
        ),
        format!("write `repro: {near}`, or begin the comment with another word"),
    )
}

/// A waiver's words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Directive {
    rules: Vec<String>,
    reason: String,
    until: Option<Date>,
}

/// What is wrong with a directive, and what to do.
pub type Wrong = (String, String);

/// A text that is wrong as a waiver, with what a right one looks like.
fn wrong(message: impl Into<String>) -> Wrong {
    let help = "write `<!-- repro: ignore RPR204 reason=\"why it may stay\" until=2027-01-31 -->`";
    (message.into(), help.to_owned())
}

impl Directive {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let mut found = Self::default();
        let mut rest = text.trim_start_matches(is_between);
        while !rest.is_empty() {
            let (name, value, after) = word(rest)?;
            match (name, value) {
                ("reason", Some(value)) => found.reason = value.trim().to_owned(),
                ("until", Some(value)) => found.until = Some(date(&value)?),
                (rule, None) => found.rules.push(rule_named(rule)?),
                (name, Some(_)) => return Err(wrong(format!("a waiver has no `{name}`"))),
            }
            rest = after.trim_start_matches(is_between);
        }
        if found.rules.is_empty() {
            return Err(wrong("the waiver names no rule"));
        }
        if found.reason.is_empty() {
            let rules = found.rules.join(", ");
            return Err(wrong(format!("the waiver of {rules} gives no reason")));
        }
        Ok(found)
    }
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// The word that a text begins with, its value where it is `name=value`, and what follows.
fn word(text: &str) -> Result<(&str, Option<Cow<'_, str>>, &str), Wrong> {
    let end = text
        .find(|c: char| is_between(c) || c == '=')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(value) = rest.strip_prefix('=') else {
        return Ok((name, None, rest));
    };
    let quote = value
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    match quote {
        Some(quote) => match quoted(&value[1..], quote) {
            Some((value, after)) => Ok((name, Some(value.into()), after)),
            None => {
                let message = format!("the waiver's `{name}` has no closing quotation mark");
                Err(wrong(message))
            }
        },
        None => {
            let (value, after) = value.split_at(value.find(is_between).unwrap_or(value.len()));
            Ok((name, Some(value.into()), after))
        }
    }
}

/// The text up to the closing quotation mark, and what follows; a backslash takes its meaning from a quotation
/// mark or a backslash behind it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let is_escape = |(_, next): &(usize, char)| *next == quote || *next == '\\';
        match character {
            _ if character == quote => return Some((value, &text[at + 1..])),
            '\\' => match characters.next_if(is_escape) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push(character),
            },
            _ => value.push(character),
        }
    }
    None
}

/// A day of the calendar.
fn date(text: &str) -> Result<Date, Wrong> {
    text.parse().map_err(|_| {
        (
            format!("the waiver's `until` is `{text}`"),
            "write a day as 2027-01-31".to_owned(),
        )
    })
}

/// The id of a rule of the catalogue.
pub fn rule_named(id: &str) -> Result<String, Wrong> {
    if catalogue::by_id(id).is_some() {
        return Ok(id.to_owned());
    }
    let near = nearest(id, catalogue::all().map(|rule| rule.id));
    let near = near.map_or(String::new(), |near| format!(", the nearest is `{near}`"));
    Err((
        format!("`{id}` is no rule{near}"),
        "`repro verify --explain all` lists the rules".to_owned(),
    ))
}

/// The lines of a document, and the blocks that begin at them.
struct Lines<'t> {
    texts: Vec<&'t str>,
    /// First line → last line of each table with a header.
    tables: BTreeMap<usize, usize>,
    /// Lines at which definitions begin.
    definitions: BTreeMap<usize, usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str, bound: &Bound<'_>) -> Self {
        let definitions = &bound.document.definitions;
        Self {
            texts: text.lines().collect(),
            tables: bound
                .tables
                .iter()
                .filter(|table| table.table.header.is_some())
                .map(|table| (table.table.line, table.last_line()))
                .collect(),
            definitions: definitions
                .iter()
                .map(|found| {
                    (
                        found.line,
                        found.line + found.text.lines().count().max(1) - 1,
                    )
                })
                .collect(),
        }
    }

    /// The text of a 1-based line.
    fn text(&self, line: usize) -> &'t str {
        self.texts.get(line - 1).copied().unwrap_or_default()
    }

    fn is_blank(&self, line: usize) -> bool {
        self.text(line).trim().is_empty()
    }

    /// The lines that a waiver in `comment` covers.
    fn below(&self, comment: &Comment) -> RangeInclusive<usize> {
        if !self.is_comment_alone(comment) {
            return comment.line..=comment.line;
        }
        let mut line = self.end_of_comment(comment.line) + 1;
        while line <= self.texts.len() && (self.is_blank(line) || self.begins_comment(line)) {
            line = if self.begins_comment(line) {
                self.end_of_comment(line) + 1
            } else {
                line + 1
            };
        }
        line..=self.end_of_block(line, comment.line)
    }

    /// Whether nothing else stands on the lines of a comment.
    fn is_comment_alone(&self, comment: &Comment) -> bool {
        self.begins_comment(comment.line)
            && self
                .text(self.end_of_comment(comment.line))
                .trim_end()
                .ends_with("-->")
    }

    fn begins_comment(&self, line: usize) -> bool {
        self.text(line).trim_start().starts_with("<!--")
    }

    /// The line on which the comment that begins at `line` ends.
    fn end_of_comment(&self, line: usize) -> usize {
        let ends = |line: &usize| self.text(*line).contains("-->");
        (line..=self.texts.len()).find(ends).unwrap_or(line)
    }

    /// The last line of what begins at `line`, for a comment at line `from` above it.
    fn end_of_block(&self, line: usize, from: usize) -> usize {
        if let Some(&last) = self.tables.get(&line) {
            return last;
        }
        let Some(&last) = self.definitions.get(&line) else {
            return line;
        };
        // In the middle of a paragraph, only the definition itself is meant.
        if from > 1
            && self
                .definitions
                .range(..from)
                .next_back()
                .is_some_and(|(_, &end)| end == from - 1)
        {
            return last;
        }
        let mut last = last;
        while let Some(&next) = self.definitions.get(&(last + 1)) {
            last = next;
        }
        last
    }
}

#[cfg(test)]
mod tests;
