//! Edits of a text by line, column and number.

/// The text with `columns` (1-based, characters, the end exclusive) of a 1-based line replaced.
pub(crate) fn replace(text: &str, line: usize, columns: (usize, usize), with: &str) -> String {
    on_line(text, line, |content| {
        let before: String = content.chars().take(columns.0 - 1).collect();
        let after: String = content.chars().skip(columns.1 - 1).collect();
        Some(format!("{before}{with}{after}"))
    })
}

/// The text with one line changed; removed where `change` gives none.
pub(crate) fn on_line(
    text: &str,
    line: usize,
    change: impl FnOnce(&str) -> Option<String>,
) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    match change(&lines[line - 1]) {
        Some(changed) => lines[line - 1] = changed,
        None => {
            lines.remove(line - 1);
        }
    }
    lines.join("\n")
}

/// The text without these 1-based lines.
pub(crate) fn without(text: &str, lines: &[usize]) -> String {
    let kept = text
        .split('\n')
        .enumerate()
        .filter(|(i, _)| !lines.contains(&(i + 1)));
    kept.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

/// The text with new lines before a 1-based one.
pub(crate) fn insert(text: &str, before: usize, new: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.insert(before - 1, new);
    lines.join("\n")
}

/// A 1-based line.
pub(crate) fn line(text: &str, line: usize) -> &str {
    text.split('\n').nth(line - 1).unwrap_or_default()
}

/// A number with its last digit changed by one.
pub(crate) fn last_digit(number: &str) -> String {
    let mut bytes = number.as_bytes().to_vec();
    if let Some(digit) = bytes.iter_mut().rev().find(|byte| byte.is_ascii_digit()) {
        *digit = if *digit == b'9' { b'8' } else { *digit + 1 };
    }
    String::from_utf8(bytes).expect("digits were replaced by digits")
}
