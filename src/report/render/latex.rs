//! LaTeX: a `tabular` with superscript marks and the notes below it; needs no package.

use crate::report::table::{Table, TableRow};

/// The table under its heading, its notes below.
pub fn section(table: &Table) -> String {
    let mut lines = vec![
        format!("\\section*{{{}}}", escape(&table.heading)),
        format!(
            "\\begin{{tabular}}{{l{}}}",
            "r".repeat(table.header.len() - 1)
        ),
        "\\hline".to_owned(),
        joined(table.header.iter().map(|header| escape(header))),
        "\\hline".to_owned(),
    ];
    lines.extend(table.rows.iter().map(row_line));
    lines.push("\\hline".to_owned());
    lines.push("\\end{tabular}".to_owned());
    for note in &table.source_notes {
        lines.push(format!("\n{}", escape(note)));
    }
    for note in table.notes_by_row().into_iter().flatten() {
        lines.push(format!("\n[{}] {}", note.mark, escape(&note.text)));
    }
    lines.join("\n") + "\n"
}

fn row_line(row: &TableRow) -> String {
    let marks: Vec<String> = row
        .notes
        .iter()
        .map(|note| format!("[{}]", note.mark))
        .collect();
    let label = match marks.as_slice() {
        [] => escape(&row.label),
        marks => format!(
            "{}\\textsuperscript{{{}}}",
            escape(&row.label),
            marks.concat()
        ),
    };
    joined(std::iter::once(label).chain(row.cells.iter().map(|cell| escape(cell.text()))))
}

fn joined(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("{} \\\\", cells.join(" & "))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '±' => out.push_str("$\\pm$"),
            // Brackets behind `\\` would be read as its argument.
            '[' => out.push_str("{[}"),
            ']' => out.push_str("{]}"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::example;

    #[test]
    fn a_tabular_with_notes() {
        let mut example = example();
        example.rows.remove(1);
        assert_eq!(
            section(&example),
            r#"\section*{experiment results}
\begin{tabular}{lrr}
\hline
model & Gender(\%) & Age MAE \\
\hline
MobileNet-V2-Gender\_Age\textsuperscript{[4][5]} & 82.5 & 6.7 $\pm$ 0.10 \\
MobileNet-V2-{[}new{]} a|b*c\_ &  &  \\
\hline
\end{tabular}

mean $\pm$ sample standard deviation over seeds, n = 2

[4] data source: "results/m/a/1", "results/m/a/2"

[5] hyper-parameters: Namespace(seed={[}0, 1{]})
"#
        );
    }
}
