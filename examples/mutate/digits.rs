//! Every digit of every number in cells, marks, paths and records of our own document, changed once.

use repro::audit::finding::Severity;

use crate::beside::Beside;
use crate::corpus::{Corpus, OWN};
use crate::parallel;

/// Prints how many changes the audit misses, without comparing with what rendering gives; whether any.
pub(crate) fn check(corpus: &Corpus) -> bool {
    let base = corpus.base(OWN);
    let mut places = Vec::new();
    let mut offset = 0;
    for line in base.text.split_inclusive('\n') {
        if line.contains('|') || line.starts_with('[') {
            let digits = line
                .bytes()
                .enumerate()
                .filter(|(_, byte)| byte.is_ascii_digit());
            places.extend(digits.map(|(at, _)| offset + at));
        }
        offset += line.len();
    }
    let known: Vec<&str> = base
        .findings()
        .iter()
        .map(|found| found.fingerprint.as_str())
        .collect();
    let changes: Vec<(usize, u8)> = places
        .iter()
        .flat_map(|&at| (b'0'..=b'9').map(move |digit| (at, digit)))
        .filter(|&(at, digit)| base.text.as_bytes()[at] != digit)
        .collect();
    let missed: Vec<String> = parallel::filter_map(&changes, |&(at, digit)| {
        let mut bytes = base.text.clone().into_bytes();
        bytes[at] = digit;
        let text = String::from_utf8(bytes).expect("a digit for a digit");
        let found = corpus.findings(OWN, &text, &Beside::default());
        let is_new = |fingerprint: &str| !known.contains(&fingerprint);
        let mut errors = found
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        let caught = errors.any(|finding| is_new(&finding.fingerprint));
        (!caught).then(|| format!("byte {at} to {}", char::from(digit)))
    });
    println!(
        "\ndigits of {OWN}: {} places, {} changes, {} missed",
        places.len(),
        changes.len(),
        missed.len()
    );
    for missed in missed.iter().take(10) {
        println!("  missed {missed}");
    }
    !missed.is_empty()
}
