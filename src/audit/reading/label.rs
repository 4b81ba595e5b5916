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
    }
}
