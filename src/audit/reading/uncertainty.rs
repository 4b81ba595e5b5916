//! What a document says of its uncertainties: which kind, of how many runs, varied in what.

/// What lines of text say of what stands behind `±`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Definition {
    /// Standard deviation.
    pub is_deviation: bool,
    /// Standard error or confidence interval.
    pub is_error: bool,
    /// How many values are behind it.
    pub has_number: bool,
    /// What was varied between them.
    pub has_factor: bool,
}

/// Words for a standard deviation.
const DEVIATION: &[&str] = &["sd", "std", "stdev", "stddev", "σ"];
/// Words for a standard error or an interval.
const ERROR: &[&str] = &["se", "sem", "ci", "stderr"];
/// Words for what may be varied.
const FACTORS: &[&str] = &[
    "seed",
    "seeds",
    "run",
    "runs",
    "fold",
    "folds",
    "split",
    "splits",
    "trial",
    "trials",
    "bootstrap",
    "resamples",
    "repetitions",
    "initialisations",
    "initializations",
];

impl Definition {
    /// What a line says.
    pub fn of(line: &str) -> Self {
        let lower = line.to_lowercase();
        let words: Vec<&str> = lower
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '=' | '-')))
            .filter(|word| !word.is_empty())
            .collect();
        let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
        let is_deviation = has(DEVIATION) || lower.contains("standard deviation");
        let is_error = has(ERROR)
            || lower.contains("standard error")
            || lower.contains("confidence interval")
            || lower.contains("credible interval");
        Self {
            is_deviation,
            is_error,
            has_number: says_number(&words),
            has_factor: has(FACTORS),
        }
    }

    /// What both say.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            is_deviation: self.is_deviation || other.is_deviation,
            is_error: self.is_error || other.is_error,
            has_number: self.has_number || other.has_number,
            has_factor: self.has_factor || other.has_factor,
        }
    }

    /// Whether the line says what an uncertainty is.
    pub fn names_kind(self) -> bool {
        self.is_deviation || self.is_error
    }

    /// What is not said, in words.
    pub fn missing(self) -> Vec<&'static str> {
        let parts = [
            (self.names_kind(), "whether it is SD, SE or CI"),
            (self.has_number, "of how many runs"),
            (self.has_factor, "what was varied"),
        ];
        parts
            .into_iter()
            .filter_map(|(is_said, what)| (!is_said).then_some(what))
            .collect()
    }
}

/// `n=5`, `n = 5`, `5 seeds`, `over five runs`.
fn says_number(words: &[&str]) -> bool {
    const SMALL: &[&str] = &[
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let is_number = |word: &str| word.parse::<u32>().is_ok() || SMALL.contains(&word);
    let joined = words.iter().any(|word| {
        word.strip_prefix("n=")
            .is_some_and(|n| n.parse::<u32>().is_ok())
    });
    let apart = words
        .windows(3)
        .any(|three| three[0] == "n" && three[1] == "=" && is_number(three[2]));
    let counted = words
        .windows(2)
        .any(|two| is_number(two[0]) && (FACTORS.contains(&two[1]) || two[1] == "random"));
    joined || apart || counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions() {
        for (line, missing) in [
            (
                "mean ± sample standard deviation over seeds, n = 3",
                &[][..],
            ),
            ("± is SD over 5 seeds", &[]),
            ("82.5 ± 0.4 (SD, n=5 seeds)", &[]),
            ("95 % CI over five random splits", &[]),
            ("± 1 std", &["of how many runs", "what was varied"]),
            ("over 5 runs", &["whether it is SD, SE or CI"]),
        ] {
            assert_eq!(Definition::of(line).missing(), missing, "{line}");
        }
        let nothing = Definition::of("We used the seeded SDK and 40 epochs");
        assert_eq!(nothing, Definition::default());
    }
}
