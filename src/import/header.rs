//! What a column's title says of its metric: `Age Acc(%)(ChaLearn_2016)` is `test/age/accuracy` in per cent.

use super::name::metric_part;
use crate::metric::{Goal, MetricName, Split, name};

/// What is known of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    /// The metric; of a column of anything else, `test/<title>/value`.
    pub(super) metric: MetricName,
    /// Whether the title names a metric that `repro` knows.
    pub(super) is_known: bool,
    /// Factor between the metric and what is printed.
    pub(super) scale: f64,
    /// Which direction is better.
    pub(super) goal: Option<Goal>,
    /// The least and the greatest value possible, as printed.
    pub(super) range: Option<[f64; 2]>,
    /// What stands in parentheses, per cent apart: the data set.
    pub(super) data: String,
}

/// Words that name a metric, in lower case.
const NOUNS: &[(&str, &str)] = &[
    ("acc", name::ACCURACY),
    ("acc.", name::ACCURACY),
    ("accuracy", name::ACCURACY),
    ("mae", name::MAE),
    ("loss", name::LOSS),
    ("epsilon", name::EPSILON),
];

/// Words that name a split, in lower case.
const SPLITS: &[(&str, Split)] = &[
    ("train", Split::Train),
    ("training", Split::Train),
    ("val", Split::Valid),
    ("valid", Split::Valid),
    ("validation", Split::Valid),
    ("dev", Split::Valid),
    ("test", Split::Test),
];

/// Reads a title; `values` are the numbers below it.
pub(super) fn read(title: &str, values: &[f64]) -> Reading {
    let (outside, parentheses) = parts(title);
    let is_percent = title.contains('%');
    let data: Vec<&str> = parentheses
        .iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty() && *text != "%")
        .collect();
    let mut words: Vec<String> = outside
        .split(|c: char| c.is_whitespace() || matches!(c, '_' | '%' | '↑' | '↓'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let split = take(&mut words, SPLITS).unwrap_or(Split::Test);
    let noun = take(&mut words, NOUNS).or(is_percent.then_some(name::ACCURACY));
    let task = metric_part(&words.join(" "));
    let data = data.join(" ");
    let Some(noun) = noun else {
        return Reading {
            metric: MetricName::new(Split::Test, or(metric_part(title), "column"), "value"),
            is_known: false,
            scale: 1.0,
            goal: None,
            range: None,
            data,
        };
    };
    let metric = MetricName::new(split, or(task, name::TOTAL), noun);
    let is_share = noun == name::ACCURACY;
    let is_scaled = is_share && (is_percent || values.iter().any(|value| *value > 1.0));
    let scale = if is_scaled { 100.0 } else { 1.0 };
    Reading {
        goal: metric.goal(),
        metric,
        is_known: true,
        scale,
        range: is_share.then_some([0.0, scale]),
        data,
    }
}

/// The text outside parentheses, and what stands in each pair.
fn parts(title: &str) -> (String, Vec<String>) {
    let mut outside = String::new();
    let mut inside = Vec::new();
    let mut rest = title;
    while let Some((before, after)) = rest.split_once('(') {
        let Some((inner, behind)) = after.split_once(')') else {
            break;
        };
        outside.push_str(before);
        outside.push(' ');
        inside.push(inner.to_owned());
        rest = behind;
    }
    outside.push_str(rest);
    (outside, inside)
}

/// Removes the last word that `known` has, and says what it means.
fn take<T: Copy>(words: &mut Vec<String>, known: &[(&str, T)]) -> Option<T> {
    let meaning = |word: &String| known.iter().find(|(name, _)| name == word);
    let at = words.iter().rposition(|word| meaning(word).is_some())?;
    let (_, found) = meaning(&words.remove(at))?;
    Some(*found)
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_real_documents() {
        for (title, metric, scale) in [
            ("Gender(%)(Chalearn_2016)", "test/gender/accuracy", 100.0),
            ("Emotion Acc(%)(FER_2013)", "test/emotion/accuracy", 100.0),
            ("Age Acc(%)", "test/age/accuracy", 100.0),
            ("Age Acc (%)", "test/age/accuracy", 100.0),
            ("Age MAE (ChaLearn_2016)", "test/age/mae", 1.0),
            ("Age  MAE", "test/age/mae", 1.0),
            ("Val Loss ↓", "valid/total/loss", 1.0),
            ("train accuracy", "train/total/accuracy", 1.0),
        ] {
            let read = read(title, &[]);
            assert_eq!(read.metric.to_string(), metric, "{title}");
            assert_eq!((read.scale, read.is_known), (scale, true), "{title}");
        }
        let mae = read("Age MAE (IMDB-WIKI)", &[3.5]);
        assert_eq!((mae.goal, mae.range), (Some(Goal::Min), None));
        assert_eq!(mae.data, "IMDB-WIKI");
        let share = read("Age Acc(IMDB)", &[5.7]);
        assert_eq!((share.scale, share.range), (100.0, Some([0.0, 100.0])));
        let fraction = read("Age Acc(IMDB)", &[0.57]);
        assert_eq!((fraction.scale, fraction.range), (1.0, Some([0.0, 1.0])));
        assert_eq!(fraction.goal, Some(Goal::Max));
    }

    #[test]
    fn other_titles_are_columns_of_values() {
        for (title, metric) in [
            ("weight", "test/weight/value"),
            ("initial lr", "test/initial_lr/value"),
            ("# (", "test/column/value"),
            ("", "test/column/value"),
        ] {
            let read = read(title, &[0.1]);
            assert_eq!(read.metric.to_string(), metric, "{title}");
            assert!(!read.is_known && read.goal.is_none());
        }
    }
}
