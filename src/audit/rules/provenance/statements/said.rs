//! A statement as findings name it, with the records that speak against it as evidence.

use serde_json::Value;

use crate::audit::catalogue::STATEMENT_CONTRADICTION;
use crate::audit::citation::Citation;
use crate::audit::finding::{Finding, Place, Subject};
use crate::literal;

/// A record that says otherwise: key and value there.
pub(super) type Differing<'b> = (&'b Citation<'b>, &'b str, &'b Value);

/// A statement, and where it is made.
pub(super) struct Said<'s> {
    pub(super) origin: &'static str,
    /// As printed.
    pub(super) text: &'s str,
    /// The mark that it is said of, or nothing.
    pub(super) mark: &'s str,
    pub(super) key: &'s str,
    pub(super) place: Place,
}

impl Said<'_> {
    fn words(&self) -> String {
        let (origin, text) = (self.origin, self.text);
        match self.mark {
            "" => format!("{origin} says `{text}`"),
            mark => format!("{origin} says `{text}` of `[{mark}]`"),
        }
    }

    /// The finding; two headings may say the same of different tables, so a record's mark tells them apart.
    fn finding(&self, kind: &'static str, record: &Citation<'_>, message: String) -> Finding {
        let subject = Subject {
            table: self.origin.to_owned(),
            row: record.definition.mark.clone(),
            column: self.key.to_owned(),
            kind,
        };
        Finding::new(&STATEMENT_CONTRADICTION, self.place, &subject, message)
    }

    /// Records without the key.
    pub(super) fn key_absent(&self, absent: &[&Citation<'_>], n_tied: usize) -> Finding {
        let whose = match (absent.len(), n_tied) {
            (1, 1) => "its record does not have".to_owned(),
            (n, all) if n == all => format!("none of its {n} records has"),
            (n, all) => format!("{n} of its {all} records do not have"),
        };
        let message = format!("{}, a key that {whose}", self.words());
        let with = |finding: Finding, citation: &&Citation<'_>| {
            let text = format!(
                "record of `[{}]` has no `{}`",
                citation.definition.mark, self.key
            );
            finding.with_evidence_at("record", citation.place_of(self.key), text)
        };
        absent
            .iter()
            .fold(self.finding("key-absent", absent[0], message), with)
    }

    /// Records with another value.
    pub(super) fn contradicted(&self, differing: &[Differing<'_>]) -> Finding {
        let (first, own, value) = differing[0];
        let others = match differing.len() - 1 {
            0 => String::new(),
            1 => " and another record, too".to_owned(),
            n => format!(" and {n} other records, too"),
        };
        let message = format!(
            "{}, the record of `[{}]` says `{own}={}`{others}",
            self.words(),
            first.definition.mark,
            literal::print(value)
        );
        let with = |finding: Finding, (citation, own, value): &Differing<'_>| {
            let text = format!("`{own}={}`", literal::print(value));
            finding.with_evidence_at("record", citation.place_of(own), text)
        };
        let finding = self.finding("contradicts", first, message);
        let finding = differing.iter().fold(finding, with);
        finding.with_hint("correct whichever is wrong; the record is what ran")
    }
}
