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

/// The template of a document; `replaced` is in the order of the text and does not overlap.
pub(super) fn template(text: &str, replaced: &[Replaced]) -> String {
    let mut out = String::new();
    let mut replaced = replaced.iter().peekable();
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let number = i + 1;
        match replaced.peek() {
            Some(next) if next.last == number => {
                let end = line.trim_end_matches(['\r', '\n']).len();
                out.extend(["{{ ", &next.call, " }}", &line[end..]]);
                replaced.next();
            }
            Some(next) if next.first <= number => {}
            _ => escape(line, &mut out),
        }
    }
    out
}

/// Adds what renders to `text`.
fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = ["{{", "{%", "{#"]
        .iter()
        .filter_map(|open| rest.find(open))
        .min()
    {
        let (before, behind) = rest.split_at(at);
        let (open, behind) = behind.split_at(2);
        out.extend([before, "{{ \"", open, "\" }}"]);
        rest = behind;
    }
    out.push_str(rest);
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
        fn prose_renders_to_itself(text in "[ -~é\\{}%#\\r\\n-]{0,40}") {
            prop_assert_eq!(rendered(&template(&text, &[])), text);
        }
    }
}
