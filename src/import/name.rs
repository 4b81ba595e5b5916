//! Names of files and folders made out of labels and titles.

use std::collections::BTreeSet;

use crate::store::checkpoint;

/// Longer labels are cut, so that file systems take them.
const MAX_CHARS: usize = 80;

/// `text` as one part of a path: letters, digits, `.`, `-` and `_`, not hidden; `otherwise` if nothing is left.
pub(super) fn path_part(text: &str, otherwise: &str) -> String {
    let mut part = String::new();
    for c in text.chars().take(MAX_CHARS) {
        if c.is_alphanumeric() || matches!(c, '.' | '_') {
            part.push(c);
        } else if !part.ends_with('-') {
            part.push('-');
        }
    }
    let part = part.trim_matches(['-', '.']);
    match part {
        "" => otherwise.to_owned(),
        // A scan of results does not look into this one.
        checkpoint::FOLDER => format!("{part}_"),
        part => part.to_owned(),
    }
}

/// `text` as one part of a metric's name: lower case, words joined by `_`.
pub(super) fn metric_part(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("_")
}

/// Names that were given; the same name once more gets `_2`, `_3`, …, and so do names that differ in case alone.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// `wanted`, or the first of its successors that is free.
    pub(super) fn give(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut suffix = 1_u32;
        while !self.0.insert(name.to_lowercase()) {
            suffix += 1;
            name = format!("{wanted}_{suffix}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths_are_plain() {
        for (text, part) in [
            ("MobileNet-V2-Gender_Age", "MobileNet-V2-Gender_Age"),
            ("SSR-Net (ours) / v1.0", "SSR-Net-ours-v1.0"),
            ("../..", "row"),
            (".hidden", "hidden"),
            ("", "row"),
            ("年龄", "年龄"),
            ("checkpoints", "checkpoints_"),
        ] {
            assert_eq!(path_part(text, "row"), part, "{text}");
        }
        assert_eq!(path_part(&"x".repeat(500), "row").len(), 80);
        assert_eq!(metric_part("Age  MAE (IMDB-WIKI)"), "age_mae_imdb_wiki");
    }

    #[test]
    fn equal_names_are_counted() {
        let mut names = Names::default();
        let given = ["a", "A", "b", "a"].map(|name| names.give(name));
        assert_eq!(given, ["a", "A_2", "b", "a_3"]);
    }
}
