//! The terminal: drawn lines, the same at every width.

use comfy_table::{ContentArrangement, presets};

use crate::report::table::{Table, TableRow};

/// The table under its heading; notes are for documents and stay out.
pub fn section(table: &Table) -> String {
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| cell.text().to_owned());
        std::iter::once(label(row)).chain(cells).collect()
    });
    let mut out = format!("{}\n{}", table.heading, grid(&table.header, rows));
    for note in &table.source_notes {
        out.push_str(note);
        out.push('\n');
    }
    out
}

/// A grid of texts under a header.
pub fn grid(header: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut grid = comfy_table::Table::new();
    grid.load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header)
        .add_rows(rows);
    format!("{grid}\n")
}

fn label(row: &TableRow) -> String {
    let marks: String = row
        .notes
        .iter()
        .map(|note| format!("[{}]", note.mark))
        .collect();
    format!("{} {marks}", row.label).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::example;

    #[test]
    fn drawn_lines() {
        let mut example = example();
        example.rows.truncate(2);
        assert_eq!(
            section(&example),
            "\
experiment results
┌────────────────────────────────┬───────────┬────────────┐
│ model                          ┆ Gender(%) ┆ Age MAE    │
╞════════════════════════════════╪═══════════╪════════════╡
│ MobileNet-V2-Gender_Age [4][5] ┆ 82.5      ┆ 6.7 ± 0.10 │
│ MobileNet-V2-Gender [1][2]     ┆ 77.8      ┆            │
└────────────────────────────────┴───────────┴────────────┘
mean ± sample standard deviation over seeds, n = 2
"
        );
    }
}
