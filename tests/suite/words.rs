//! Rust source as words: enough of a lexer to see which names a file uses.

/// Identifiers, numbers, `::`, and every other sign by itself; blanks separate.
pub(crate) fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        if !word.trim().is_empty() {
            words.push(word);
        }
        rest = after;
    }
    words
}

/// The words outside items that are compiled for tests only.
pub(crate) fn without_tests<'t>(words: &[&'t str]) -> Vec<&'t str> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if words[at..].starts_with(TEST_ONLY) {
            at = end_of_item(words, at + TEST_ONLY.len());
        } else {
            kept.push(words[at]);
            at += 1;
        }
    }
    kept
}

/// Names in `#[cfg(test)] mod name;`: files that are compiled for tests only.
pub(crate) fn test_modules<'t>(words: &[&'t str]) -> Vec<&'t str> {
    let declared = |at: &usize| words[*at..].starts_with(TEST_ONLY);
    (0..words.len())
        .filter(declared)
        .filter_map(|at| match words[at + TEST_ONLY.len()..] {
            ["mod", name, ";", ..] => Some(name),
            _ => None,
        })
        .collect()
}

const TEST_ONLY: &[&str] = &["#", "[", "cfg", "(", "test", ")", "]"];

/// Where the item at `at` ends: behind its `;`, or behind its block.
fn end_of_item(words: &[&str], at: usize) -> usize {
    let mut open = 0;
    for (i, word) in words.iter().enumerate().skip(at) {
        match *word {
            "{" => open += 1,
            "}" => open -= 1,
            ";" if open == 0 => return i + 1,
            _ => continue,
        }
        if open == 0 {
            return i + 1;
        }
    }
    words.len()
}

/// The text with comments and the insides of literals blanked out.
pub(crate) fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == 'r' && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            raw_string(rest)
        } else if first == '"' {
            quoted(rest)
        } else if first == '\'' {
            character(rest)
        } else {
            0
        };
        if skipped == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.push(' ');
            code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            rest = &rest[skipped..];
        }
    }
    code
}

/// Length of the raw string that `rest` begins with, 0 if with none.
fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let open = 1 + hashes;
    if !rest[open..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    rest[open + 1..]
        .find(&close)
        .map_or(rest.len(), |end| open + 1 + end + close.len())
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Length of the character literal that `rest` begins with, 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => {
            let after = characters
                .next()
                .map_or(rest.len(), |(at, c)| at + c.len_utf8());
            rest[after..].find('\'').map_or(0, |end| after + end + 1)
        }
        Some(_) => match characters.next() {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        None => 0,
    }
}
