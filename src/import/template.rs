//! The template: the document with calls in the place of tables and definitions, everything else as it stands.

/// Lines of a document, 1-based and inclusive, and the call that stands for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replaced {
    /// The first line.
    pub(super) first: usize,
    /// The last line.
    pub(super) last: usize,
    /// The call, such as `table("a")`.
    pub(super) call: String,
}

/// The template of a document; `replaced` does not overlap.
pub(super) fn template(text: &str, replaced: &[Replaced]) -> String {
    let mut out = String::new();
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let number = i + 1;
        match replaced
            .iter()
            .find(|one| (one.first..=one.last).contains(&number))
        {
            None => out.push_str(&escape(line)),
            Some(one) if one.last == number => {
                out.push_str(&format!("{{{{ {} }}}}", one.call));
                let end = line.trim_end_matches(['\r', '\n']).len();
                out.push_str(&line[end..]);
            }
            Some(_) => {}
        }
    }
    out
}

/// The text as a template that renders to it.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match characters.next_if(|next| c == '{' && matches!(next, '{' | '%' | '#')) {
            Some(next) => out.push_str(&format!("{{{{ \"{c}{next}\" }}}}")),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::report::document::render_template;

    fn rendered(template: &str) -> String {
        let values = Arc::new(|_: &str, _: &str| Err(String::new()));
        render_template(Path::new("t"), template, &[], values, "")
            .expect(template)
            .text
    }

    #[test]
    fn lines_are_replaced_by_their_call() {
        let replaced = [
            Replaced {
                first: 2,
                last: 3,
                call: "table(\"a\")".into(),
            },
            Replaced {
                first: 5,
                last: 5,
                call: "note(\"a\", 1)".into(),
            },
        ];
        assert_eq!(
            template("é\n1\r\n2\r\n{% x\nend", &replaced),
            "é\n{{ table(\"a\") }}\r\n{{ \"{%\" }} x\n{{ note(\"a\", 1) }}"
        );
    }

    proptest! {
        #[test]
        fn prose_renders_to_itself(text in "[ -~é\\{}%#\\n-]{0,40}") {
            prop_assert_eq!(rendered(&template(&text, &[])), text);
        }
    }
}
