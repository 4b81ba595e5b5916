//! Spellings: when two names are one name written in two ways, and what stands for a number to come.

/// A name without what spellings of it differ in: case, blanks, `-` and `_`.
pub fn folded(name: &str) -> String {
    let kept = |c: &char| !(c.is_whitespace() || matches!(c, '-' | '_'));
    name.chars()
        .filter(kept)
        .flat_map(char::to_lowercase)
        .collect()
}

/// A label as words in lower case, whatever parts and adorns them; `V1-1` and `V11` stay apart.
pub fn plain(label: &str) -> String {
    let words = label
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '*' | '`'))
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Whether two different names are so near that one is probably a slip of the other: same number of words, the same
/// digits, and in each word at most one or, in long ones, two letters apart.
pub fn is_near(a: &str, b: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let parts = name.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_'));
        parts.map(str::to_lowercase).collect()
    };
    let (a, b) = (words(a), words(b));
    a != b && a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| is_near_word(a, b))
}

fn is_near_word(a: &str, b: &str) -> bool {
    /// Shorter words are near to too many others.
    const SHORTEST: usize = 5;
    const LONG: usize = 8;
    if a == b {
        return true;
    }
    let length = a.chars().count().min(b.chars().count());
    let digits = |word: &str| {
        word.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let allowed = if length < LONG { 1 } else { 2 };
    length >= SHORTEST
        && a.chars().next() == b.chars().next()
        && digits(a) == digits(b)
        && strsim::damerau_levenshtein(a, b) <= allowed
}

/// Words that say that something is still to come.
const TO_COME: &[&str] = &[
    "tbd", "todo", "to do", "tba", "tbc", "fixme", "pending", "wip",
];

/// Whether a text says nothing but that something is still to come: `TBD`, `todo`.
pub fn is_to_come(text: &str) -> bool {
    TO_COME.contains(&bare(text).as_str())
}

/// Whether a text stands where a number should: `xx`, `xx.x`, `?`, `TBD`, `n/a` without a reason; a dash does not,
/// it says that there is none.
pub fn is_placeholder(text: &str) -> bool {
    let bare = bare(text);
    let only = |wanted: char| !bare.is_empty() && bare.chars().all(|c| c == wanted);
    TO_COME.contains(&bare.as_str())
        || ["n/a", "na", "nan", "…"].contains(&bare.as_str())
        || only('x')
        || only('?')
        || (!text.is_empty() && text.trim_matches('.').is_empty())
        || (text.len() > 1 && text.trim_matches('_').is_empty())
}

/// Whether a text is nothing but dashes.
pub fn is_dash(text: &str) -> bool {
    let dash = |c: char| matches!(c, '-' | '–' | '—' | '−');
    !text.is_empty() && text.chars().all(dash)
}

/// A text in lower case without emphasis, points and units.
fn bare(text: &str) -> String {
    let kept = |c: &char| !matches!(c, '*' | '`' | '.' | '%' | '(' | ')' | '<' | '>' | '!' | ':');
    let text: String = text.chars().filter(kept).collect();
    text.trim().trim_matches('_').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name() {
        assert_eq!(folded("ChaLearn_2016"), folded("chalearn-2016"));
        assert_eq!(folded("IMDB-WIKI"), folded("IMDB WIKI"));
        assert_eq!(plain("**ResNet-18** Age"), plain("resnet_18-age"));
        assert_ne!(plain("Age-1-0"), plain("Age-10"));
    }

    #[test]
    fn near_names_are_slips_and_other_names_are_not() {
        for (a, b) in [
            ("ChaLearn_2016", "ChaLern_2016"),
            ("Cityscapes", "Cityscape"),
            ("reference", "referecne"),
        ] {
            assert!(is_near(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("CIFAR-10", "CIFAR-100"),
            ("ImageNet-A", "ImageNet-R"),
            ("MNIST", "EMNIST"),
            ("LFW", "LFPW"),
            ("FER_2013", "FER_2012"),
            ("UTKFace", "UTKFace"),
        ] {
            assert!(!is_near(a, b), "{a} {b}");
        }
    }

    #[test]
    fn placeholders_and_what_is_none() {
        for text in [
            "x", "xx", "XXX", "xx.x", "xx%", "?", "??", "TBD", "TODO", "tba", "FIXME", "N/A",
            "**TBD**", "...", "…",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "",
            "–",
            "-",
            "82.5",
            "fine tune",
            "n/a (not trained)",
            "yes",
            "planned",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
        assert!(is_dash("–") && is_dash("--") && !is_dash(""));
    }
}
