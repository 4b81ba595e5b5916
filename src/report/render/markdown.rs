//! Markdown in the layout of the reference's documents: padded columns, no outer pipes, marks behind labels.

use crate::report::footnote::{definition_text, mark_text};
use crate::report::table::{Table, TableRow};

/// The table and its source notes; `to_root` leads from the document's folder to the project root (`""`, `"../"`).
pub fn table(table: &Table, to_root: &str) -> String {
    let mut lines: Vec<Vec<String>> = vec![table.header.iter().map(|text| escape(text)).collect()];
    lines.extend(table.rows.iter().map(|row| cells(table, row, to_root)));
    let widths: Vec<usize> = (0..table.header.len())
        .map(|i| {
            lines
                .iter()
                .map(|line| line[i].chars().count())
                .max()
                .unwrap_or(0)
                .max(3)
        })
        .collect();
    lines.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect());
    let mut out = String::new();
    for line in &lines {
        let padded: Vec<String> = (line.iter().zip(&widths))
            .map(|(text, width)| padded(text, *width))
            .collect();
        out.push_str(padded.join(" | ").trim_end());
        out.push('\n');
    }
    for note in &table.source_notes {
        out.push('\n');
        out.push_str(&escape(note));
        out.push('\n');
    }
    out
}

/// The definitions of the table's marks, a block per row; none in the link style.
pub fn references(table: &Table) -> String {
    let mut blocks = Vec::new();
    for notes in table.notes_by_row() {
        let lines: Vec<String> = notes
            .into_iter()
            .filter_map(|note| definition_text(table.style, note.mark, &note.text))
            .collect();
        if !lines.is_empty() {
            blocks.push(lines.join("\n") + "\n");
        }
    }
    blocks.join("\n")
}

/// The table under its heading, its definitions below.
pub fn section(table: &Table, to_root: &str) -> String {
    let references = references(table);
    let separator = if references.is_empty() { "" } else { "\n" };
    let body = self::table(table, to_root);
    format!("## {}\n\n{body}{separator}{references}", table.heading)
}

fn cells(table: &Table, row: &TableRow, to_root: &str) -> Vec<String> {
    let marks: Vec<String> = row
        .notes
        .iter()
        .map(|note| {
            let link = format!("{to_root}results/{}/{}", note.run, crate::store::RECORD);
            mark_text(table.style, note.mark, &link)
        })
        .collect();
    let label = escape_start(&escape(&row.label));
    let label = if marks.is_empty() {
        label
    } else {
        format!("{label} {}", marks.concat())
    };
    std::iter::once(label)
        .chain(row.cells.iter().map(|cell| escape(cell.text())))
        .collect()
}

/// The text with blanks behind it up to a width, which `format!` would take up to 65,535 only.
fn padded(text: &str, width: usize) -> String {
    let n_blanks = width.saturating_sub(text.chars().count());
    text.to_owned() + &" ".repeat(n_blanks)
}

/// The text with a backslash before everything that markdown would read as markup. An underscore within a
/// word is left alone, as markdown does.
pub fn escape(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        let within_word = || {
            let is_word = |j: usize| {
                chars
                    .get(j)
                    .is_some_and(|c| c.is_alphanumeric() || *c == '_')
            };
            i > 0
                && is_word(i - 1)
                && is_word(i + 1)
                && chars[0] != '_'
                && chars[chars.len() - 1] != '_'
        };
        let markup = match c {
            '\\' | '|' | '*' | '`' | '[' | ']' | '<' | '>' | '~' | '&' => true,
            '_' => !within_word(),
            _ => false,
        };
        if markup {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A row starts with its label, which must not start another block: no heading, list or quotation.
fn escape_start(text: &str) -> String {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let behind = text[digits..].chars().next();
    match behind {
        Some('#' | '-' | '+' | '=') if digits == 0 => format!("\\{text}"),
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::render::example;

    #[test]
    fn the_layout_of_the_reference() {
        assert_eq!(
            section(&example(), ""),
            "\
## experiment results

model                          | Gender(%) | Age MAE
------------------------------ | --------- | ----------
MobileNet-V2-Gender_Age [4][5] | 82.5      | 6.7 ± 0.10
MobileNet-V2-Gender [1][2]     | 77.8      |
MobileNet-V2-\\[new\\] a\\|b\\*c\\_ |           |

mean ± sample standard deviation over seeds, n = 2

[4] data source: \"results/m/a/1\", \"results/m/a/2\"
[5] hyper-parameters: Namespace(seed=[0, 1])

[1] data source: \"results/m/b/1\"
[2] hyper-parameters: Namespace(seed=0)
"
        );
    }

    #[test]
    fn links_lead_from_the_document_to_the_record() {
        let mut table = example();
        table.style = crate::report::spec::FootnoteStyle::Link;
        let text = section(&table, "../");
        assert!(
            text.contains("Gender [1](../results/m/b/1/run.json)[2](../results/m/b/1/run.json) "),
            "{text}"
        );
        assert!(!text.contains("data source"));
    }

    /// The cells of a line as GitHub's markdown splits and unescapes them.
    fn read_cells(line: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            let last = cells.last_mut().expect("one at least");
            match (c, chars.peek()) {
                ('\\', Some(next)) if next.is_ascii_punctuation() => {
                    last.push(*next);
                    chars.next();
                }
                ('|', _) => cells.push(String::new()),
                _ => last.push(c),
            }
        }
        cells.iter().map(|cell| cell.trim().to_owned()).collect()
    }

    #[test]
    fn cells_are_as_wide_as_they_are() {
        let mut example = example();
        example.rows[2].label = "a".repeat(70_000);
        let text = table(&example, "");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[4].starts_with(&example.rows[2].label));
        let bar = lines[0].find('|').expect("a second column");
        assert_eq!(bar, 70_001);
        assert_eq!(lines[2].find('|'), Some(bar));
    }

    proptest! {
        #[test]
        fn escaped_cells_read_back(label in "[ -~é]{1,12}", header in "[ -~é]{1,12}") {
            let (label, header) = (label.trim(), header.trim());
            prop_assume!(!label.is_empty() && !header.is_empty());
            let mut example = example();
            example.header[1] = header.into();
            example.rows[2].label = label.into();
            let text = table(&example, "");
            let lines: Vec<&str> = text.lines().collect();
            prop_assert_eq!(&read_cells(lines[0])[1], header);
            prop_assert_eq!(&read_cells(lines[4])[0], label);
            prop_assert_eq!(read_cells(lines[4]).len(), 3);
            prop_assert!(!lines[4].starts_with(['#', '-', '>', '+', '*', '=', '|']));
        }
    }
}
