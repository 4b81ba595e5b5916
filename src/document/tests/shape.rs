//! A document as text, one line per thing that was understood, with its place: what tests of forms compare.

use std::fmt::Write as _;

use crate::document::*;

/// Everything that was understood.
pub(super) fn shape(text: &str) -> String {
    let document = Document::parse(text);
    let mut lines = Vec::new();
    for heading in &document.headings {
        let Heading {
            line,
            column,
            end_column,
            level,
            path,
        } = heading;
        lines.push(format!(
            "{line}:{column}-{end_column} heading {level} {}",
            path.join(" > ")
        ));
    }
    for table in &document.tables {
        lines.push(table_line(table));
        lines.extend(table.rows.iter().map(row_line));
    }
    lines.extend(document.definitions.iter().map(definition_lines));
    for statement in &document.statements {
        let Statement {
            line,
            column,
            end_column,
            key,
            value,
            origin,
        } = statement;
        lines.push(format!(
            "{line}:{column}-{end_column} {origin:?} states {key} = {value}"
        ));
    }
    for comment in &document.comments {
        let Comment {
            line,
            column,
            text,
            concealment,
            end_line,
            end_column,
        } = comment;
        lines.push(format!(
            "{line}:{column}-{end_line}:{end_column} {concealment:?} {text:?}"
        ));
    }
    for odd in &document.odd_characters {
        lines.push(format!("{}:{} {}", odd.line, odd.column, odd.name));
    }
    for unparsed in &document.unparsed {
        lines.push(format!(
            "{}:{} unparsed {}",
            unparsed.line, unparsed.column, unparsed.text
        ));
    }
    lines.join("\n")
}

/// Compares the shapes of documents with what is expected of them, all at once.
pub(super) fn assert_shapes(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let found = shape(text);
        let found: Vec<&str> = found.lines().map(str::trim).collect();
        let found = found.join("\n");
        let expected: Vec<&str> = expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let expected = expected.join("\n");
        assert!(
            found == expected,
            "in\n{text}\n\nfound\n{found}\n\nexpected\n{expected}\n"
        );
    }
}

fn table_line(table: &Table) -> String {
    let header = match &table.header {
        None => "no header".to_owned(),
        Some(cells) => {
            let cell =
                |cell: &HeaderCell| format!("{}@{}-{}", cell.text, cell.column, cell.end_column);
            cells.iter().map(cell).collect::<Vec<_>>().join(" | ")
        }
    };
    let mut line = format!("{}-{} table: {header}", table.line, table.end_line);
    for separator in &table.separators {
        let Separator {
            line: at,
            column,
            end_column,
            n_cells,
        } = separator;
        let divides = if table.dividers.contains(at) {
            " divider"
        } else {
            ""
        };
        write!(
            line,
            " ; {at}:{column}-{end_column} {n_cells} dashes{divides}"
        )
        .expect("writing to a string");
    }
    for (holds, word) in [
        (table.is_glued, " ; glued"),
        (table.continues, " ; continues"),
    ] {
        line += if holds { word } else { "" };
    }
    line
}

fn marks(marks: &[Mark]) -> String {
    let mark = |mark: &Mark| {
        let target = mark
            .target
            .as_ref()
            .map_or(String::new(), |target| format!("({target})"));
        format!(
            " [{}]{target}@{}-{}",
            mark.text, mark.column, mark.end_column
        )
    };
    marks.iter().map(mark).collect()
}

fn row_line(row: &Row) -> String {
    let label = format!(
        "{}@{}-{}{}",
        row.label,
        row.column,
        row.label_end_column,
        marks(&row.marks)
    );
    let flags = if row.flags.is_empty() {
        String::new()
    } else {
        format!(" {:?}", row.flags)
    };
    let cells: String = row
        .cells
        .iter()
        .map(|cell| format!(" | {}", cell_text(cell)))
        .collect();
    format!("{}:-{} {label}{flags}{cells}", row.line, row.end_column)
}

/// `text@column-end=value~spread#n under header [flags] marks`.
pub(super) fn cell_text(cell: &Cell) -> String {
    let mut text = format!("{}@{}-{}", cell.text, cell.column, cell.end_column);
    if let (Some(value), Some(decimals)) = (cell.value, cell.decimals) {
        write!(text, "={value}/{decimals}").expect("writing to a string");
    }
    if let Some(spread) = cell.spread {
        write!(text, "~{spread}").expect("writing to a string");
    }
    if let Some(n) = cell.n {
        write!(text, "#{n}").expect("writing to a string");
    }
    if cell.header.is_none() {
        text += " outside";
    }
    if cell.bold {
        text += " bold";
    }
    if !cell.flags.is_empty() {
        write!(text, " {}", cell.flags.join("+")).expect("writing to a string");
    }
    text + &marks(&cell.marks)
}

fn definition_lines(definition: &Definition) -> String {
    let Definition {
        line,
        column,
        end_column,
        mark,
        kind,
        ..
    } = definition;
    let mut text = format!(
        "{line}:{column}-{end_column} [{mark}] {} to {} under {}",
        kind.as_str(),
        definition.end_line,
        definition
            .heading
            .map_or("none".to_owned(), |idx| idx.to_string())
    );
    for (path, place) in definition.paths.iter().zip(&definition.path_places) {
        write!(
            text,
            "\n{}:{}-{} path {path}",
            place.line, place.column, place.end_column
        )
        .expect("writing to a string");
    }
    for record in &definition.records {
        write!(
            text,
            "\n{}:{} record {}",
            record.line, record.column, record.constructor
        )
        .expect("writing to a string");
        for (key, value) in &record.values {
            let place = record.entry_place(key).expect("every key has a place");
            let EntryPlace {
                line,
                column,
                end_column,
            } = place;
            assert_eq!(record.key_place(key), Some((line, column)));
            write!(text, "\n{line}:{column}-{end_column} {key} = {value}")
                .expect("writing to a string");
        }
    }
    for broken in &definition.broken {
        write!(
            text,
            "\n{}:{} broken: {}",
            broken.line, broken.column, broken.message
        )
        .expect("writing to a string");
    }
    text
}
