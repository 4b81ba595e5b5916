//! A guard before parsing: how deep a file nests, found without recursion.
//!
//! Owns a scan over the text that never understates the depth of the syntax tree: brackets, chains of operators
//! and blocks. What is deeper than people write is refused, as trees are walked and dropped recursively.

use super::syntax::At;

/// Deepest tree of one expression; people write less than a tenth of it.
const EXPRESSION_LIMIT: usize = 200;
/// Deepest nesting of blocks; Python itself stops at 100.
const BLOCK_LIMIT: usize = 50;

/// Words that open another level without a bracket.
const NESTING_WORDS: &[&str] = &[
    "and", "await", "case", "else", "for", "from", "if", "in", "is", "lambda", "not", "or", "yield",
];

/// Where the text first nests deeper than is parsed.
pub(super) fn too_deep(text: &str) -> Option<At> {
    let mut scan = Scan::new(text);
    while scan.at < scan.text.len() {
        scan.step();
        if scan.depth > EXPRESSION_LIMIT || scan.blocks.len() > BLOCK_LIMIT {
            return Some(At::of_offset(text, scan.at.min(text.len())));
        }
    }
    None
}

/// What is open.
enum Open {
    /// A bracket, and the depth before it.
    Bracket { depth: usize },
    /// A formatted string, its quotes, and the depth before it.
    Formatted { quotes: Vec<u8>, depth: usize },
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    open: Vec<Open>,
    blocks: Vec<usize>,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            depth: 0,
            open: Vec::new(),
            blocks: vec![0],
        }
    }

    /// Takes one token, or one character of a formatted string.
    fn step(&mut self) {
        if let Some(Open::Formatted { quotes, depth }) = self.open.last() {
            let (quotes, depth) = (quotes.clone(), *depth);
            return self.formatted(&quotes, depth);
        }
        let byte = self.text[self.at];
        match byte {
            b'#' => self.comment(),
            b'\n' => self.line_end(),
            b'"' | b'\'' => self.string(false),
            b'\\' => self.at += 2,
            b'(' | b'[' | b'{' => {
                self.open.push(Open::Bracket { depth: self.depth });
                self.depth += 1;
                self.at += 1;
            }
            b')' | b']' | b'}' => self.close(),
            b',' | b';' => {
                self.depth = self.base();
                self.at += 1;
            }
            _ if byte.is_ascii_whitespace() => self.at += 1,
            _ if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => self.word(),
            _ => {
                self.depth += 1;
                self.at += 1;
            }
        }
    }

    /// The depth at which the innermost bracket's elements begin.
    fn base(&self) -> usize {
        match self.open.last() {
            Some(Open::Bracket { depth } | Open::Formatted { depth, .. }) => depth + 1,
            None => 0,
        }
    }

    /// A call or an index is one deeper than what it is applied to.
    fn close(&mut self) {
        self.at += 1;
        if let Some(Open::Bracket { depth }) = self.open.pop() {
            self.depth = depth + 1;
        }
    }

    fn comment(&mut self) {
        while self.at < self.text.len() && self.text[self.at] != b'\n' {
            self.at += 1;
        }
    }

    /// Outside brackets a line ends a statement, and the next line's indentation counts blocks.
    fn line_end(&mut self) {
        self.at += 1;
        if !self.open.is_empty() {
            return;
        }
        self.depth = 0;
        let start = self.at;
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\x0c')) {
            self.at += 1;
        }
        if matches!(self.text.get(self.at), None | Some(b'\n' | b'\r' | b'#')) {
            return;
        }
        let width = self.at - start;
        while self.blocks.last().is_some_and(|block| *block > width) {
            self.blocks.pop();
        }
        if self.blocks.last().is_none_or(|block| *block < width) {
            self.blocks.push(width);
        }
    }

    /// A name, a number, a keyword, or the prefix of a string.
    fn word(&mut self) {
        let start = self.at;
        let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        while self.text.get(self.at).is_some_and(inside) {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        if matches!(self.text.get(self.at), Some(b'"' | b'\'')) && word.len() <= 2 {
            let formats = |byte: &u8| matches!(byte.to_ascii_lowercase(), b'f' | b't');
            return self.string(word.iter().any(formats));
        }
        if NESTING_WORDS.iter().any(|known| known.as_bytes() == word) {
            self.depth += 1;
        }
    }

    /// Steps over a string, or into a formatted one.
    fn string(&mut self, is_formatted: bool) {
        let quote = self.text[self.at];
        let rest = &self.text[self.at..];
        let triple = rest.len() >= 3 && rest[1] == quote && rest[2] == quote;
        let quotes = vec![quote; if triple { 3 } else { 1 }];
        self.at += quotes.len();
        if is_formatted {
            let depth = self.depth;
            return self.open.push(Open::Formatted { quotes, depth });
        }
        while self.at < self.text.len() && !self.text[self.at..].starts_with(&quotes) {
            match self.text[self.at] {
                b'\n' if !triple => return,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += quotes.len();
    }

    /// One character of a formatted string; a brace leads back to code.
    fn formatted(&mut self, quotes: &[u8], depth: usize) {
        let rest = &self.text[self.at..];
        if rest.starts_with(quotes) || (quotes.len() == 1 && rest[0] == b'\n') {
            self.open.pop();
            self.depth = depth;
            self.at += if rest[0] == b'\n' { 0 } else { quotes.len() };
        } else if rest.starts_with(b"{{") || rest[0] == b'\\' {
            self.at += 2;
        } else if rest[0] == b'{' {
            self.open.push(Open::Bracket { depth: depth + 1 });
            self.depth = depth + 2;
            self.at += 1;
        } else {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_but_flat_code_passes() {
        let flat = [
            "x = [".to_owned() + &"-1, ".repeat(5000) + "]\n",
            "x = 1 + 2\n".repeat(5000),
            "if a:\n    b = 1\n".repeat(5000),
            format!("\"\"\"{}\"\"\"\n", "-".repeat(5000)),
            format!("# {}\n", "(".repeat(5000)),
            format!("print(f'{}')\n", "-".repeat(5000)),
        ];
        for text in flat {
            assert_eq!(too_deep(&text), None, "{}", &text[..40]);
        }
    }

    #[test]
    fn whatever_nests_is_seen() {
        let blocks: String = (0..200).map(|i| " ".repeat(i) + "if a:\n").collect();
        let deep = [
            "(".repeat(5000),
            "x = ".to_owned() + &"-".repeat(5000) + "1",
            "x = ".to_owned() + &"not ".repeat(5000) + "1",
            "x = ".to_owned() + &"lambda: ".repeat(5000) + "1",
            "x = 1".to_owned() + &" + 1".repeat(5000),
            "x = a".to_owned() + &".b".repeat(5000),
            "x = a".to_owned() + &"()".repeat(5000),
            "x = a".to_owned() + &" if b else c".repeat(5000),
            "x = ".to_owned() + &"f'{".repeat(5000),
            blocks,
        ];
        for text in deep {
            assert!(too_deep(&text).is_some(), "{}", &text[..40]);
        }
    }

    #[test]
    fn the_place_is_where_it_becomes_too_deep() {
        let text = "x = 1\n".to_owned() + &"(".repeat(300);
        let place = too_deep(&text).expect("too deep");
        assert_eq!((place.line, place.column), (2, 202));
    }
}
