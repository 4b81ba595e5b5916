//! Headers: `Gender Acc(%)(ChaLearn_2016)` names a task, a metric, a unit and a data set.

use crate::metric::Goal;

/// What a header says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meaning {
    /// The task in lower case: the words before the metric.
    pub task: Option<String>,
    /// What is measured; `None` in a column of something else.
    pub quantity: Option<Quantity>,
    /// Whether the header names the metric, and does not only let it be guessed from `%`.
    pub names_metric: bool,
    /// Whether the unit is per cent.
    pub is_percent: bool,
    /// The data set, as printed.
    pub dataset: Option<String>,
}

/// What a column measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Share of right answers.
    Accuracy,
    /// Share of wrong answers.
    ErrorRate,
    /// Mean absolute error.
    MeanAbsoluteError,
    /// Root of the mean squared error.
    RootMeanSquaredError,
    /// Share of predicted positives that are right.
    Precision,
    /// Share of positives that are found.
    Recall,
    /// Harmonic mean of precision and recall.
    F1,
    /// Share of samples whose label is among the five most probable classes.
    TopFive,
    /// Area under the curve.
    AreaUnderCurve,
    /// Mean loss.
    Loss,
    /// Mean error against the spread of votes.
    Epsilon,
    /// Standard deviation.
    Deviation,
    /// Probability of a test.
    PValue,
}

/// Words that name a metric, in lower case.
const NOUNS: &[(&str, Quantity)] = &[
    ("accuracy", Quantity::Accuracy),
    ("acc", Quantity::Accuracy),
    ("top-1", Quantity::Accuracy),
    ("top1", Quantity::Accuracy),
    ("error", Quantity::ErrorRate),
    ("err", Quantity::ErrorRate),
    ("mae", Quantity::MeanAbsoluteError),
    ("rmse", Quantity::RootMeanSquaredError),
    ("precision", Quantity::Precision),
    ("recall", Quantity::Recall),
    ("f1", Quantity::F1),
    ("f1-score", Quantity::F1),
    ("top-5", Quantity::TopFive),
    ("top5", Quantity::TopFive),
    ("auc", Quantity::AreaUnderCurve),
    ("loss", Quantity::Loss),
    ("epsilon", Quantity::Epsilon),
    ("sd", Quantity::Deviation),
    ("std", Quantity::Deviation),
    ("p", Quantity::PValue),
];

impl Quantity {
    /// Which direction is better.
    pub fn goal(self) -> Option<Goal> {
        match self {
            Self::Accuracy
            | Self::Precision
            | Self::Recall
            | Self::F1
            | Self::TopFive
            | Self::AreaUnderCurve => Some(Goal::Max),
            Self::ErrorRate
            | Self::MeanAbsoluteError
            | Self::RootMeanSquaredError
            | Self::Loss
            | Self::Epsilon => Some(Goal::Min),
            Self::Deviation | Self::PValue => None,
        }
    }

    /// Whether it is a share of a whole.
    pub fn is_share(self) -> bool {
        matches!(
            self,
            Self::Accuracy
                | Self::ErrorRate
                | Self::Precision
                | Self::Recall
                | Self::F1
                | Self::TopFive
                | Self::AreaUnderCurve
                | Self::Epsilon
                | Self::PValue
        )
    }

    /// Whether it is a number of right or wrong samples over their number.
    pub fn is_proportion(self) -> bool {
        matches!(self, Self::Accuracy | Self::ErrorRate | Self::TopFive)
    }

    /// The name in metrics of `repro`, where it has one.
    pub fn metric_name(self) -> Option<&'static str> {
        use crate::metric::name;
        match self {
            Self::Accuracy => Some(name::ACCURACY),
            Self::MeanAbsoluteError => Some(name::MAE),
            Self::Loss => Some(name::LOSS),
            Self::Epsilon => Some(name::EPSILON),
            _ => None,
        }
    }
}

impl Meaning {
    /// What a header says; nothing where it says nothing known.
    pub fn of(header: &str) -> Self {
        let (words, groups) = split(header);
        let mut meaning = Self::default();
        for group in groups {
            match group.trim() {
                "%" => meaning.is_percent = true,
                "" => {}
                name => meaning.dataset = Some(name.to_owned()),
            }
        }
        let mut task = Vec::new();
        for word in words.split_whitespace() {
            let plain = word.trim_end_matches(['↑', '↓', ':', ',']);
            let (plain, percent) = match plain.strip_suffix('%') {
                Some(before) => (before, true),
                None => (plain, false),
            };
            meaning.is_percent |= percent;
            let lower = plain.to_lowercase();
            match NOUNS.iter().find(|(noun, _)| *noun == lower) {
                Some((_, quantity)) => {
                    meaning.quantity = Some(*quantity);
                    meaning.names_metric = true;
                }
                None if !lower.is_empty() => task.push(lower),
                None => {}
            }
        }
        if meaning.quantity.is_none() && meaning.is_percent {
            meaning.quantity = Some(Quantity::Accuracy);
        }
        if meaning.quantity.is_some() && !task.is_empty() {
            meaning.task = Some(task.join("_"));
        }
        meaning
    }

    /// The least and the greatest value that the metric can have, as printed.
    pub fn range(&self) -> Option<[f64; 2]> {
        let quantity = self.quantity?;
        match (quantity.is_share(), self.is_percent) {
            (true, true) => Some([0.0, 100.0]),
            // Without `%` a share may be printed either way.
            (true, false) => Some([0.0, 100.0]),
            (false, _) => Some([0.0, f64::INFINITY]),
        }
    }
}

/// Words of a data set's name that tell it from no other.
const PLAIN_DATASET_WORDS: &[&str] = &[
    "data",
    "dataset",
    "set",
    "subset",
    "split",
    "train",
    "training",
    "val",
    "valid",
    "validation",
    "test",
    "of",
    "the",
    "on",
];

/// The words of a data set's name that tell it from others, in lower case: not its year.
pub fn dataset_words(name: &str) -> impl Iterator<Item = String> {
    let parts = name.split(|c: char| !c.is_alphanumeric());
    let words = parts.map(str::to_lowercase);
    words.filter(|word| {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        !is_number && !PLAIN_DATASET_WORDS.contains(&word.as_str())
    })
}

/// The text outside parentheses and brackets, and what stands in each of them.
fn split(header: &str) -> (String, Vec<String>) {
    let mut words = String::new();
    let mut groups: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    for character in header.chars() {
        match character {
            '(' | '[' | '（' => {
                depth += 1;
                if depth == 1 {
                    groups.push(String::new());
                    words.push(' ');
                }
            }
            ')' | ']' | '）' => depth = depth.saturating_sub(1),
            _ if depth == 0 => words.push(character),
            _ => groups.last_mut().expect("a group is open").push(character),
        }
    }
    (words, groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(header: &str) -> (Option<String>, Option<Quantity>, bool, bool, Option<String>) {
        let found = Meaning::of(header);
        (
            found.task,
            found.quantity,
            found.names_metric,
            found.is_percent,
            found.dataset,
        )
    }

    #[test]
    fn headers_of_real_documents() {
        let text = |text: &str| Some(text.to_owned());
        let accuracy = Some(Quantity::Accuracy);
        let mae = Some(Quantity::MeanAbsoluteError);
        for (header, expected) in [
            (
                "Gender(%)(Chalearn_2016)",
                (text("gender"), accuracy, false, true, text("Chalearn_2016")),
            ),
            (
                "Emotion Acc(%)(FER_2013)",
                (text("emotion"), accuracy, true, true, text("FER_2013")),
            ),
            ("Age Acc(%)", (text("age"), accuracy, true, true, None)),
            (
                "Age  MAE (ChaLearn_2016)",
                (text("age"), mae, true, false, text("ChaLearn_2016")),
            ),
            (
                "Gender Acc (%) [ChaLearn-2016 val]",
                (
                    text("gender"),
                    accuracy,
                    true,
                    true,
                    text("ChaLearn-2016 val"),
                ),
            ),
            ("model", (None, None, false, false, None)),
            ("initial lr", (None, None, false, false, None)),
            ("weight", (None, None, false, false, None)),
            ("Gender(%)", (text("gender"), accuracy, false, true, None)),
        ] {
            assert_eq!(meaning(header), expected, "{header}");
        }
    }
}
