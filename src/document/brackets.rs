//! Walking a text outside strings, with the depth of brackets.

/// Where in a text one is: how many brackets are open, and whether a string is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brackets {
    depth: usize,
    quote: Option<char>,
    is_escaped: bool,
    before: char,
}

impl Brackets {
    pub(super) fn new() -> Self {
        Self {
            depth: 0,
            quote: None,
            is_escaped: false,
            before: ' ',
        }
    }

    /// Number of open brackets.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Steps over a character; outside strings, returns the depth before it. No string goes on in the next line.
    pub(super) fn step(&mut self, character: char) -> Option<usize> {
        let before = std::mem::replace(&mut self.before, character);
        if let Some(open) = self.quote {
            let ends = character == '\n' || (character == open && !self.is_escaped);
            self.is_escaped = character == '\\' && !self.is_escaped;
            if ends {
                self.quote = None;
            }
            return None;
        }
        let depth = self.depth;
        match character {
            // An apostrophe inside a word opens nothing.
            '\'' | '"' if !before.is_alphanumeric() => self.quote = Some(character),
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Some(depth)
    }

    /// Steps over a whole text.
    pub(super) fn walk(&mut self, text: &str) {
        for character in text.chars() {
            self.step(character);
        }
    }
}

/// The parts of a text between separators outside strings and brackets, with their byte offsets, blanks
/// around them removed; empty parts are left out.
pub(super) fn split_outermost(text: &str, separator: char) -> Vec<(usize, &str)> {
    let mut brackets = Brackets::new();
    let mut found = Vec::new();
    let mut start = 0;
    let mut add = |start: usize, end: usize| {
        let part = &text[start..end];
        let indent = part.len() - part.trim_start().len();
        if !part.trim().is_empty() {
            found.push((start + indent, part.trim()));
        }
    };
    for (at, character) in text.char_indices() {
        if brackets.step(character) == Some(0) && character == separator {
            add(start, at);
            start = at + separator.len_utf8();
        }
    }
    add(start, text.len());
    found
}

/// The offset behind the bracket that closes the first one of a text.
pub(super) fn end_of_first(text: &str) -> Option<usize> {
    let mut brackets = Brackets::new();
    text.char_indices().find_map(|(at, character)| {
        let depth = brackets.step(character)?;
        let closes = depth == 1 && matches!(character, ')' | ']' | '}');
        closes.then_some(at + 1)
    })
}
