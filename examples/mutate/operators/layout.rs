//! Defects of the document's layout.

use repro::document::{Row, Table};

use super::of_all;
use crate::corpus::{Base, Corpus, Mutant};
use crate::edit;

/// A row of numbers loses its header: by a gap above it, or with the header itself.
pub(super) fn unattached_row(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let gap = |(_, row): (&Table, &Row)| {
            let text = edit::insert(&base.text, row.line, "");
            base.mutant(text, format!("a gap above line {}", row.line))
        };
        let mut mutants: Vec<Mutant> = base.numeric_rows().map(gap).collect();
        let headers = base
            .document
            .tables
            .iter()
            .filter(|table| table.header.is_some());
        for table in headers.filter(|table| table.rows.iter().any(is_numeric)) {
            let text = edit::without(&base.text, &[table.line, table.line + 1]);
            mutants.push(base.mutant(text, format!("no header at line {}", table.line)));
        }
        mutants
    })
}

fn is_numeric(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.value.is_some())
}

/// A row with fewer or more cells than the header, a divider, a second header.
pub(super) fn malformed_table(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (table, row) in base.numeric_rows() {
            let mut add = |text: String, what: &str| {
                mutants.push(base.mutant(text, format!("line {}: {what}", row.line)));
            };
            let shorter = |line: &str| line.rsplit_once('|').map(|(kept, _)| kept.to_owned());
            add(edit::on_line(&base.text, row.line, shorter), "a cell less");
            let longer = |line: &str| Some(format!("{line} | 1.0"));
            add(edit::on_line(&base.text, row.line, longer), "a cell more");
            let divider = edit::line(&base.text, table.line + 1);
            add(
                edit::insert(&base.text, row.line + 1, divider),
                "a divider below",
            );
        }
        mutants
    })
}

/// A row without a number, or with a placeholder.
pub(super) fn placeholder(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (_, row) in base.numeric_rows() {
            let label = edit::line(&base.text, row.line)
                .split('|')
                .next()
                .unwrap_or_default();
            let blank = format!("{label}{}", "| ".repeat(row.cells.len()));
            let text = edit::on_line(&base.text, row.line, |_| Some(blank));
            mutants.push(base.mutant(text, format!("line {} emptied", row.line)));
        }
        for (idx, (_, _, cell)) in base.numeric_cells().enumerate() {
            let word = ["xx", "?", "TBD", "TODO", "tba", "xxx"][idx % 6];
            let text = base.with_cell(cell, word);
            mutants.push(base.mutant(text, format!("line {}: `{word}`", cell.line)));
        }
        mutants
    })
}

/// A row twice, once with another value.
pub(super) fn duplicate_label(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let twice = |(_, row): (&Table, &Row)| {
            let cell = row.cells.iter().find(|cell| cell.value.is_some());
            let changed = base.with_cell(cell?, &edit::last_digit(&cell?.text));
            let copy = edit::line(&changed, row.line).to_owned();
            let text = edit::insert(&base.text, row.line + 1, &copy);
            Some(base.mutant(text, format!("line {} twice", row.line)))
        };
        base.numeric_rows().filter_map(twice).collect()
    })
}

/// Two rows or more of a table again under another heading, with and without a changed value.
pub(super) fn duplicated_table(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for table in base
            .document
            .tables
            .iter()
            .filter(|table| table.header.is_some())
        {
            let rows: Vec<&Row> = table.rows.iter().filter(|row| is_numeric(row)).collect();
            for pair in rows.windows(2) {
                let lines = [table.line, table.line + 1, pair[0].line, pair[1].line];
                let copy: Vec<&str> = lines.iter().map(|n| edit::line(&base.text, *n)).collect();
                let text = format!("{}\n\n## again\n\n{}\n", base.text, copy.join("\n"));
                let what = format!("lines {} and {} again", pair[0].line, pair[1].line);
                mutants.push(base.mutant(text, what));
            }
        }
        mutants
    })
}

/// Data sets in another spelling, blanks and digits of other scripts, misspelt headings.
pub(super) fn label_style(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (_, row, cell) in base.numeric_cells() {
            let wide = cell
                .text
                .replace('8', "８")
                .replace('7', "７")
                .replace('5', "５");
            if wide != cell.text {
                let text = base.with_cell(cell, &wide);
                mutants.push(base.mutant(text, format!("line {}: full-width digits", row.line)));
            }
            let text = base.with_cell(cell, &format!("{}\u{a0}", cell.text));
            mutants.push(base.mutant(text, format!("line {}: no-break space", row.line)));
            let text = base.with_cell(cell, &format!("\u{3000}{}", cell.text));
            mutants.push(base.mutant(text, format!("line {}: ideographic space", row.line)));
        }
        for heading in &base.document.headings {
            let line = edit::line(&base.text, heading.line);
            if let Some((before, after)) = line.split_once("reference") {
                let text = edit::on_line(&base.text, heading.line, |_| {
                    Some(format!("{before}referecne{after}"))
                });
                mutants.push(base.mutant(text, format!("line {}: referecne", heading.line)));
            }
        }
        mutants.extend(respelt_headers(base));
        mutants
    })
}

/// A data set that two headers name, spelled otherwise in one.
fn respelt_headers(base: &Base) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for table in &base.document.tables {
        for (from, to) in [
            ("(UTKFace)", "(UTK_Face)"),
            ("(A_2016)", "(a-2016)"),
            ("(ChaLearn_2016)", "(CHALEARN-2016)"),
            ("(IMDB-WIKI)", "(IMDB WIKI)"),
        ] {
            let header = edit::line(&base.text, table.line);
            if header.matches(from).count() > 1 {
                let text = edit::on_line(&base.text, table.line, |line| {
                    Some(line.replacen(from, to, 1))
                });
                mutants.push(base.mutant(text, format!("line {}: `{to}`", table.line)));
            }
        }
    }
    mutants
}

/// Comments and folded blocks that say something about results.
pub(super) fn hidden_text(corpus: &Corpus) -> Vec<Mutant> {
    const HIDDEN: &[&str] = &[
        "<!-- [2] 40 epochs, others 60 epochs -->",
        "<!-- batch_size=32 for the second row -->",
        "<!-- best of 3 seeds -->",
        "<!-- acc 84.3 with lr 0.01 -->",
        "<!-- gender 87% after 12 epochs -->",
        "<details><summary>more</summary>lr = 0.01, seed 3</details>",
    ];
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for table in &base.document.tables {
            for hidden in HIDDEN {
                let text = edit::insert(&base.text, table.line, &format!("{hidden}\n"));
                mutants.push(base.mutant(text, format!("line {}: {hidden}", table.line)));
            }
        }
        mutants
    })
}
