//! Findings: what a rule says of a place in a document, and the counters that every rule keeps.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::catalogue::Rule;
use crate::document::{Cell, Row, Table};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably wrong.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// The name in settings and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Note, Self::Warning, Self::Error]
            .into_iter()
            .find(|severity| severity.as_str() == name)
    }
}

/// How a finding was arrived at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// From what was parsed; only these are errors by default.
    Parsed,
    /// From what names and words usually mean: a warning at most, unless the settings say otherwise.
    Inferred,
    /// From what is unusual: a note, unless the settings say otherwise.
    Heuristic,
}

impl Confidence {
    /// The highest severity that a finding arrived at like this may have by itself.
    fn cap(self) -> Severity {
        match self {
            Self::Parsed => Severity::Error,
            Self::Inferred => Severity::Warning,
            Self::Heuristic => Severity::Note,
        }
    }
}

/// Where a finding points: 1-based, `end_column` after the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Column after the last character.
    pub end_column: usize,
}

impl Place {
    /// `width` characters from `column`.
    pub fn of_width(line: usize, column: usize, width: usize) -> Self {
        Self {
            line,
            column,
            end_column: column + width,
        }
    }

    /// Where a cell's text stands.
    pub fn of_cell(cell: &Cell) -> Self {
        Self {
            line: cell.line,
            column: cell.column,
            end_column: cell.end_column,
        }
    }

    /// Where the label of a row stands.
    pub fn of_label(row: &Row) -> Self {
        Self {
            line: row.line,
            column: row.column,
            end_column: row.column + row.label.chars().count(),
        }
    }
}

/// Something that supports a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// `run`, `file`, `definition`, `value`.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
    /// Where in the document it stands, for what stands there.
    pub place: Option<Place>,
}

/// What a finding is about, independent of lines: the fingerprint is made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The table's heading.
    pub table: String,
    /// The row's label, or a definition's mark.
    pub row: String,
    /// The column's header.
    pub column: String,
    /// Which form of the rule, such as `none` or `altered`.
    pub kind: &'static str,
}

impl Subject {
    /// A row, or a cell of it, of a table; empty texts stand for the whole.
    pub fn in_table(table: &Table, row: &str, column: &str, kind: &'static str) -> Self {
        Self {
            table: table.name().to_owned(),
            row: row.to_owned(),
            column: column.to_owned(),
            kind,
        }
    }
}

/// What a rule says of a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// Name of the rule.
    pub name: &'static str,
    /// After the settings.
    pub severity: Severity,
    /// The document.
    pub path: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, Unicode scalar values.
    pub column: usize,
    /// After the last character.
    pub end_column: usize,
    /// What is wrong: lowercase, no final period.
    pub message: String,
    /// What supports it.
    pub evidence: Vec<Evidence>,
    /// What to do about it.
    pub hint: Option<String>,
    /// A replacement for the text at the place.
    pub fix: Option<String>,
    /// How it was arrived at.
    pub confidence: Confidence,
    /// Stable over moves of lines: of rule, table, row, column and kind.
    pub fingerprint: String,
    /// Whether a waiver covers it.
    pub waived: bool,
    /// Whether the baseline has it.
    pub baselined: bool,
    /// Which form of the rule it is, as the [`Subject`] says.
    #[serde(skip)]
    pub kind: &'static str,
}

impl Finding {
    /// A finding of `rule` at `place`; the document's path is filled in by the [`Sink`].
    pub fn new(rule: &'static Rule, place: Place, subject: &Subject, message: String) -> Self {
        let key = [
            rule.id,
            &subject.table,
            &subject.row,
            &subject.column,
            subject.kind,
        ]
        .join("\0");
        Self {
            rule: rule.id,
            name: rule.name,
            severity: rule.severity,
            path: String::new(),
            line: place.line,
            column: place.column,
            end_column: place.end_column,
            message,
            evidence: Vec::new(),
            hint: None,
            fix: None,
            confidence: Confidence::Parsed,
            fingerprint: fingerprint(&key),
            waived: false,
            baselined: false,
            kind: subject.kind,
        }
    }

    /// Where it points.
    pub fn place(&self) -> Place {
        Place {
            line: self.line,
            column: self.column,
            end_column: self.end_column,
        }
    }

    /// Whether it counts: neither waived nor in the baseline.
    pub fn is_new(&self) -> bool {
        !self.waived && !self.baselined
    }

    /// The same with another severity than the rule's.
    #[must_use]
    pub fn with_severity(self, severity: Severity) -> Self {
        Self {
            severity: severity.min(self.confidence.cap()),
            ..self
        }
    }

    /// The same with something that supports it.
    #[must_use]
    pub fn with_evidence(mut self, kind: &'static str, text: impl Into<String>) -> Self {
        self.evidence.push(Evidence {
            kind,
            text: text.into(),
            place: None,
        });
        self
    }

    /// The same with another place of the document that supports it.
    #[must_use]
    pub fn with_evidence_at(
        mut self,
        kind: &'static str,
        place: Place,
        text: impl Into<String>,
    ) -> Self {
        self.evidence.push(Evidence {
            kind,
            text: text.into(),
            place: Some(place),
        });
        self
    }

    /// The same, arrived at like this; its severity is capped accordingly.
    #[must_use]
    pub fn with_confidence(self, confidence: Confidence) -> Self {
        Self {
            confidence,
            severity: self.severity.min(confidence.cap()),
            ..self
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same with a replacement for the text at its place.
    #[must_use]
    pub fn with_fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }
}

/// Enough of a hash to tell the findings of a project apart.
fn fingerprint(key: &str) -> String {
    blake3::hash(key.as_bytes()).to_hex()[..16].to_owned()
}

/// Gives findings about one subject a fingerprint each: those after the first count on from its own.
fn tell_apart(findings: &mut [Finding]) {
    let mut occurrences: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let n = occurrences.entry(finding.fingerprint.clone()).or_default();
        *n += 1;
        if *n > 1 {
            finding.fingerprint = fingerprint(&format!("{}\0{n}", finding.fingerprint));
        }
    }
}

/// What a rule did in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// Id of the rule.
    pub rule: &'static str,
    /// Subjects found right.
    pub verified: usize,
    /// Findings reported.
    pub findings: usize,
    /// Subjects that could not be decided.
    pub not_assessed: usize,
    /// Subjects that the rule can say nothing about, as any value would pass.
    pub no_power: usize,
    /// What was missing to decide them, sorted.
    pub missing: Vec<String>,
}

/// What the settings say of severities: `None` is off.
pub type Severities = BTreeMap<String, Option<Severity>>;

/// Where rules put their findings and counts.
#[derive(Debug)]
pub struct Sink<'s> {
    path: &'s str,
    severities: &'s Severities,
    findings: Vec<Finding>,
    counts: BTreeMap<&'static str, RuleCount>,
}

impl<'s> Sink<'s> {
    /// An empty sink for the document at `path`; every rule of `rules` gets its counters.
    pub fn new(
        path: &'s str,
        severities: &'s Severities,
        rules: impl Iterator<Item = &'static Rule>,
    ) -> Self {
        let count = |rule: &'static Rule| {
            let count = RuleCount {
                rule: rule.id,
                verified: 0,
                findings: 0,
                not_assessed: 0,
                no_power: 0,
                missing: Vec::new(),
            };
            (rule.id, count)
        };
        Self {
            path,
            severities,
            findings: Vec::new(),
            counts: rules.map(count).collect(),
        }
    }

    fn count(&mut self, rule: &'static str) -> &mut RuleCount {
        self.counts
            .get_mut(rule)
            .expect("every rule is registered with the sink")
    }

    /// One subject of `rule` is right.
    pub fn verified(&mut self, rule: &'static Rule) {
        self.count(rule.id).verified += 1;
    }

    /// One subject of `rule` would pass with any value.
    pub fn no_power(&mut self, rule: &'static Rule) {
        self.count(rule.id).no_power += 1;
    }

    /// One subject of `rule` could not be decided, for want of `missing`.
    pub fn not_assessed(&mut self, rule: &'static Rule, missing: impl Into<String>) {
        let count = self.count(rule.id);
        count.not_assessed += 1;
        let missing = missing.into();
        if let Err(at) = count.missing.binary_search(&missing) {
            count.missing.insert(at, missing);
        }
    }

    /// Something is wrong; dropped where the settings switch the rule off.
    pub fn report(&mut self, finding: Finding) {
        let severity = match self.severities.get(finding.rule) {
            Some(None) => return,
            Some(Some(severity)) => *severity,
            None => finding.severity,
        };
        self.count(finding.rule).findings += 1;
        self.findings.push(Finding {
            path: self.path.to_owned(),
            severity,
            ..finding
        });
    }

    /// The lines of what was reported as an error, but for what is about the document as a whole.
    pub fn error_lines(&self) -> BTreeSet<usize> {
        let is_of_a_line = |finding: &&Finding| {
            let place = (finding.line, finding.column, finding.end_column);
            finding.severity == Severity::Error && place != (1, 1, 1)
        };
        let errors = self.findings.iter().filter(is_of_a_line);
        errors.map(|finding| finding.line).collect()
    }

    /// The findings in the order of the document, and the counts in the order of the rules.
    pub fn finish(mut self) -> (Vec<Finding>, Vec<RuleCount>) {
        self.findings.sort_by(|a, b| {
            (a.line, a.column, a.rule, &a.message).cmp(&(b.line, b.column, b.rule, &b.message))
        });
        tell_apart(&mut self.findings);
        (self.findings, self.counts.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{LABEL_STYLE, UNATTACHED_ROW};
    use super::*;

    #[test]
    fn findings_about_one_subject_are_told_apart() {
        let fingerprints = |lines: &[usize]| {
            let severities = Severities::new();
            let mut sink = Sink::new("a.md", &severities, super::super::catalogue::all());
            for &line in lines {
                for rule in [&LABEL_STYLE, &UNATTACHED_ROW] {
                    let place = Place::of_width(line, 1, 1);
                    sink.report(Finding::new(rule, place, &Subject::default(), "m".into()));
                }
            }
            let findings = sink.finish().0.into_iter();
            findings
                .map(|finding| finding.fingerprint)
                .collect::<Vec<_>>()
        };
        let all = fingerprints(&[3, 1, 2]);
        let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (6, 6));
        assert_eq!(all, fingerprints(&[1, 2, 30]));
        assert_eq!(all[..2], fingerprints(&[5]));
    }
}
