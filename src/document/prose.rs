//! Lines outside tables and definitions that look like results: sentences with numbers, pasted logs, lists of
//! settings. They are not understood, only noticed, so that nothing is lost.

use super::{path, record};

/// Words that make a number beside them a result or a setting.
const WORDS: &[&str] = &[
    "acc",
    "accuracy",
    "auc",
    "batch",
    "bleu",
    "decay",
    "epoch",
    "epochs",
    "err",
    "f1",
    "iou",
    "loss",
    "lr",
    "mae",
    "map",
    "momentum",
    "mse",
    "perplexity",
    "precision",
    "psnr",
    "recall",
    "rmse",
    "seed",
    "seeds",
    "ssim",
    "wer",
];

/// Whether a line looks like results.
pub(super) fn looks_like_results(line: &str) -> bool {
    let has_digit = line.bytes().any(|byte| byte.is_ascii_digit());
    (has_digit && (has_measure(line) || names_measure(line)))
        || record::find(line).is_some()
        || !path::runs_within(line).is_empty()
}

fn names_measure(line: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric())
        .any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// Whether a line has a decimal number or a percentage.
fn has_measure(line: &str) -> bool {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = at + digits(&bytes[at..]);
        // Names, versions, dates and addresses hold digits, too.
        let is_free =
            at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || b"._-/".contains(&bytes[at - 1]));
        let (end, is_decimal) = fraction(bytes, end);
        let after = line[end..].trim_start();
        let is_percentage = after.starts_with(['%', '％']);
        let goes_on = bytes
            .get(end)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(byte));
        if is_free && (is_percentage || (is_decimal && !goes_on)) {
            return true;
        }
        at = end;
    }
    false
}

fn digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

/// The end of the number whose whole part ends at `end`, and whether it has one fraction, as dates have more.
fn fraction(bytes: &[u8], mut end: usize) -> (usize, bool) {
    let mut n_fractions = 0;
    while bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end += 1 + digits(&bytes[end + 1..]);
        n_fractions += 1;
    }
    (end, n_fractions == 1)
}
