//! HTML: a table with linked marks and the notes below it.

use std::fmt::Write;

use crate::report::table::{Table, TableRow};

/// The table under its heading, its notes below.
pub fn section(table: &Table) -> String {
    let mut out = format!(
        "<h2>{}</h2>\n<table>\n<thead>\n<tr>{}</tr>\n</thead>\n<tbody>\n",
        escape(&table.heading),
        joined(&table.header, |header| format!(
            "<th scope=\"col\">{}</th>",
            escape(header)
        ))
    );
    for row in &table.rows {
        let cells = joined(&row.cells, |cell| {
            format!("<td>{}</td>", escape(cell.text()))
        });
        line(
            &mut out,
            format_args!("<tr>{}{cells}</tr>", label(table, row)),
        );
    }
    out.push_str("</tbody>\n</table>\n");
    for note in &table.source_notes {
        line(&mut out, format_args!("<p>{}</p>", escape(note)));
    }
    for note in table.notes_by_row().into_iter().flatten() {
        let (mark, text) = (note.mark, escape(&note.text));
        line(
            &mut out,
            format_args!(
                "<p id=\"{}-{mark}\">[{mark}] {text}</p>",
                escape(&table.name)
            ),
        );
    }
    out
}

fn label(table: &Table, row: &TableRow) -> String {
    let marks = joined(&row.notes, |note| {
        format!(
            "<sup><a href=\"#{}-{}\">[{}]</a></sup>",
            escape(&table.name),
            note.mark,
            note.mark
        )
    });
    format!("<th scope=\"row\">{}{marks}</th>", escape(&row.label))
}

fn joined<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect()
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a string takes all text");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::example;

    #[test]
    fn marks_lead_to_notes() {
        let mut example = example();
        example.rows.truncate(2);
        example.rows.remove(0);
        example.source_notes.clear();
        example.heading = "a < b & c".into();
        assert_eq!(
            section(&example),
            "\
<h2>a &lt; b &amp; c</h2>
<table>
<thead>
<tr><th scope=\"col\">model</th><th scope=\"col\">Gender(%)</th><th scope=\"col\">Age MAE</th></tr>
</thead>
<tbody>
<tr><th scope=\"row\">MobileNet-V2-Gender<sup><a href=\"#example-1\">[1]</a></sup><sup><a href=\"#example-2\">[2]</a></sup></th><td>77.8</td><td></td></tr>
</tbody>
</table>
<p id=\"example-1\">[1] data source: &quot;results/m/b/1&quot;</p>
<p id=\"example-2\">[2] hyper-parameters: Namespace(seed=0)</p>
"
        );
    }
}
