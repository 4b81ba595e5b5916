//! Verifications as text: for people, for programs, for what runs in CI; and the rules as text.

pub mod badge;
mod excerpt;
pub mod explain;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;

use std::collections::BTreeMap;

use super::Verification;
use super::finding::{Finding, Severity};
use super::waiver::Waiver;

/// A verification with the text of its document.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The verification.
    pub verification: Verification,
    /// The text that was verified.
    pub text: String,
}

impl Verification {
    /// Number of findings of a severity that count.
    fn n_new(&self, severity: Severity) -> usize {
        let counts = |finding: &&Finding| finding.is_new() && finding.severity == severity;
        self.findings.iter().filter(counts).count()
    }

    fn n_waived(&self) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.waived).count()
    }

    fn n_baselined(&self) -> usize {
        let is_known = |finding: &&Finding| finding.baselined && !finding.waived;
        self.findings.iter().filter(is_known).count()
    }

    /// The waiver that covers each waived finding, by the finding's index.
    fn waivers_by_finding(&self) -> BTreeMap<usize, &Waiver> {
        let used = self.waivers.iter().filter(|applied| !applied.is_expired);
        used.flat_map(|applied| applied.findings.iter().map(|&idx| (idx, &applied.waiver)))
            .collect()
    }
}

impl Verification {
    /// The same with what terminals and pages would obey made visible, in every text that comes from the document.
    fn visible(&self) -> Self {
        let mut shown = self.clone();
        let mut texts: Vec<&mut String> = vec![&mut shown.document];
        for finding in &mut shown.findings {
            texts.extend([&mut finding.path, &mut finding.message]);
            texts.extend(finding.evidence.iter_mut().map(|found| &mut found.text));
            texts.extend(finding.hint.iter_mut().chain(&mut finding.fix));
        }
        for applied in &mut shown.waivers {
            texts.extend([&mut applied.waiver.path, &mut applied.waiver.reason]);
        }
        for mistake in &mut shown.mistakes {
            texts.extend([&mut mistake.message, &mut mistake.help]);
        }
        texts.extend(shown.levels.iter_mut().map(|level| &mut level.table));
        texts.extend(shown.rules.iter_mut().flat_map(|count| &mut count.missing));
        for text in texts {
            *text = visible(text);
        }
        shown
    }
}

/// A text in which control characters are seen instead of obeyed; line ends and tabs stay.
pub fn visible(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        '\0'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).expect("a picture for each of them")
        }
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ => character,
    };
    text.chars().map(shown).collect()
}

/// A number of things, such as `1 error` or `2 errors`.
pub fn counted(n: usize, thing: &str) -> String {
    match n {
        1 => format!("1 {thing}"),
        _ => format!("{n} {thing}s"),
    }
}

#[cfg(test)]
mod tests;
