//! Labels: `MobileNet-V2-Gender_Age` names a model and the tasks that it is trained on.

/// The words of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label<'l> {
    /// What stands before the first task, without separators at its end.
    pub model: &'l str,
    /// The tasks in the order of the label, in lower case.
    pub tasks: Vec<String>,
    /// Words behind the tasks.
    pub rest: Vec<&'l str>,
}

/// Splits a label at the tasks that are known, given in lower case; `None` where it names none.
pub fn read<'l>(label: &'l str, known_tasks: &[String]) -> Option<Label<'l>> {
    let words = words(label);
    let is_task = |word: &str| known_tasks.contains(&word.to_lowercase());
    let first = words.iter().position(|(_, word)| is_task(word))?;
    let n_tasks = words[first..]
        .iter()
        .take_while(|(_, word)| is_task(word))
        .count();
    let (at, _) = words[first];
    Some(Label {
        model: label[..at].trim_end_matches(SEPARATORS),
        tasks: words[first..first + n_tasks]
            .iter()
            .map(|(_, word)| word.to_lowercase())
            .collect(),
        rest: words[first + n_tasks..]
            .iter()
            .map(|(_, word)| *word)
            .collect(),
    })
}

/// What separates words of a label.
const SEPARATORS: &[char] = &['-', '_', ' ', '+', '/', ',', '&'];

/// The words of a label with their byte offsets.
pub fn words(label: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    for part in label.split(SEPARATORS) {
        if !part.is_empty() {
            found.push((at, part));
        }
        at += part.len() + 1;
    }
    found
}

/// Words of a record's model that say nothing of its architecture.
const EMPTY_MODEL_WORDS: &[&str] = &["mtl", "stl", "model", "net", "network"];

/// Names of architectures that do not contain `net`.
const ARCHITECTURES: &[&str] = &[
    "vgg",
    "inception",
    "xception",
    "vit",
    "swin",
    "convnext",
    "mlp",
];

/// Whether the model in a label can be that of a record; `None` where the label's words name no architecture.
pub fn same_model(label: &str, recorded: &str) -> Option<bool> {
    let core = |text: &str| -> Vec<String> {
        let words = words(text).into_iter().map(|(_, word)| word.to_lowercase());
        words
            .filter(|word| !EMPTY_MODEL_WORDS.contains(&word.as_str()))
            .collect()
    };
    let (label, recorded) = (core(label), core(recorded));
    if label.is_empty() || recorded.is_empty() {
        return None;
    }
    let holds = |long: &[String], short: &[String]| long.windows(short.len()).any(|w| w == short);
    if holds(&label, &recorded) || holds(&recorded, &label) || label.concat() == recorded.concat() {
        return Some(true);
    }
    let names_one = |word: &String| {
        word.contains("net") || ARCHITECTURES.iter().any(|name| word.starts_with(name))
    };
    let is_named = label
        .iter()
        .any(|word| names_one(word) || recorded.contains(word));
    is_named.then_some(false)
}

/// Whether a label says that its run starts from pre-trained weights; `None` where it says nothing of it.
pub fn says_pretrained(label: &str) -> Option<bool> {
    let words: Vec<String> = words(label)
        .into_iter()
        .map(|(_, word)| word.to_lowercase())
        .collect();
    if words.iter().any(|word| word == "scratch") {
        return Some(false);
    }
    let at = words.iter().position(|word| word == "pretrained")?;
    let denied = |word: &String| matches!(word.as_str(), "no" | "not" | "non" | "without");
    Some(!words[at.saturating_sub(4)..at].iter().any(denied))
}

/// The words behind the tasks in lower case, a number joined to the word that it counts: `10-classes`.
pub fn variants(rest: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut number: Option<&str> = None;
    for word in rest {
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            number = Some(word);
        } else {
            let word = word.to_lowercase();
            found.push(match number.take() {
                Some(number) => format!("{number}-{word}"),
                None => word,
            });
        }
    }
    found.extend(number.map(str::to_owned));
    found
}

/// A text in lower case without what separates words.
pub fn compact(text: &str) -> String {
    text.chars()
        .filter(|c| !SEPARATORS.contains(c))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_model_tasks_and_the_rest() {
        let known: Vec<String> = ["gender", "smile", "emotion", "age"]
            .map(str::to_owned)
            .into();
        let label = read("MobileNet-V2-Gender_Smile_Emotion_Age", &known).expect("tasks");
        assert_eq!(label.model, "MobileNet-V2");
        assert_eq!(label.tasks, ["gender", "smile", "emotion", "age"]);
        let label = read("AlexNet-Age-100-class-gaussian-loss", &known).expect("tasks");
        assert_eq!(
            (label.model, &label.tasks[..]),
            ("AlexNet", &["age".to_owned()][..])
        );
        assert_eq!(label.rest, ["100", "class", "gaussian", "loss"]);
        assert_eq!(read("SSR-Net", &known), None);
        assert_eq!(
            variants(&["100", "class", "Gaussian", "5"]),
            ["100-class", "gaussian", "5"]
        );
    }

    #[test]
    fn models_agree_by_their_words() {
        for (label, recorded, expected) in [
            ("MobileNet-V2", "MTL_MobileNet_V2_model", Some(true)),
            ("MobileNetV2", "MTL_MobileNet_V2_model", Some(true)),
            (
                "pretrained MobileNet-V2",
                "MTL_MobileNet_V2_model",
                Some(true),
            ),
            ("MobileNet", "MTL_MobileNet_V2_model", Some(true)),
            ("MobileNet-V1", "MTL_MobileNet_V2_model", Some(false)),
            ("ResNet-5", "MTL_ResNet_50_model", Some(false)),
            ("AlexNet", "MTL_ResNet_50_model", Some(false)),
            ("ours", "MTL_ResNet_50_model", None),
            ("", "MTL_ResNet_50_model", None),
        ] {
            assert_eq!(same_model(label, recorded), expected, "{label}");
        }
    }

    #[test]
    fn labels_say_whether_weights_are_pretrained() {
        for (label, expected) in [
            ("ResNet-50-Age_No_IMDB_WIKI_pretrained", Some(false)),
            ("ResNet-50-Age_IMDB_WIKI_pretrained", Some(true)),
            ("ResNet-50-Age-from-scratch", Some(false)),
            ("ResNet-50-Age", None),
        ] {
            assert_eq!(says_pretrained(label), expected, "{label}");
        }
    }
}
