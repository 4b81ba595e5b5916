//! Properties of any text.

use proptest::prelude::*;

use super::*;

/// The seed documents, or none where they are not there.
fn seeds() -> Vec<String> {
    let names = ["mobilenet-v2.md", "alexnet.md", "resnet-50.md"];
    names.into_iter().filter_map(seed).collect()
}

/// Reads a text and asks everything that may be asked.
fn exercise(text: &str) -> Document {
    let document = Document::parse(text);
    for table in &document.tables {
        for mark in table.rows.iter().flat_map(Row::all_marks) {
            document.resolve(table, &mark.text);
        }
        for cell in table.header.iter().flatten() {
            cell.parts();
        }
    }
    document.comments.iter().for_each(|comment| {
        comment.directive();
    });
    document
}

/// What a hasty editor does to a document.
#[derive(Debug, Clone)]
enum Mutation {
    Delete(prop::sample::Index),
    Duplicate(prop::sample::Index),
    Truncate(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Swap(prop::sample::Index, prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Mutation::Delete),
        index().prop_map(Mutation::Duplicate),
        (index(), index()).prop_map(|(line, at)| Mutation::Truncate(line, at)),
        (index(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (index(), index()).prop_map(|(line, other)| Mutation::Swap(line, other)),
    ]
}

fn mutated(text: &str, mutations: Vec<Mutation>) -> String {
    let mut lines: Vec<Vec<u8>> = text
        .split('\n')
        .map(|line| line.as_bytes().to_vec())
        .collect();
    for mutation in mutations {
        let n = lines.len();
        match mutation {
            Mutation::Delete(line) if n > 1 => drop(lines.remove(line.index(n))),
            Mutation::Delete(_) => {}
            Mutation::Duplicate(line) => {
                let line = line.index(n);
                lines.insert(line, lines[line].clone());
            }
            Mutation::Truncate(line, at) => {
                let line = &mut lines[line.index(n)];
                let length = at.index(line.len() + 1);
                line.truncate(length);
            }
            Mutation::Insert(line, bytes) => {
                let line = &mut lines[line.index(n)];
                let at = bytes.len() * 31 % (line.len() + 1);
                line.splice(at..at, bytes);
            }
            Mutation::Swap(line, other) => lines.swap(line.index(n), other.index(n)),
        }
    }
    String::from_utf8_lossy(&lines.join(&b'\n')).into_owned()
}

/// A table as written and as it must be read back.
#[derive(Debug, Clone)]
struct Written {
    header: Vec<String>,
    rows: Vec<(String, Vec<u32>, Vec<String>)>,
}

fn written() -> impl Strategy<Value = Written> {
    let cell = "[a-zA-Z0-9 .|_*±%()é\u{3000}-]{0,12}";
    (2_usize..6).prop_flat_map(move |n| {
        let header = prop::collection::vec("[A-Z][a-z|()% ]{0,8}[a-z)]", n);
        let row = (
            "r[0-9][a-zA-Z0-9 |_-]{0,12}",
            prop::collection::vec(1_u32..100, 0..3),
            prop::collection::vec(cell, n - 1),
        );
        (header, prop::collection::vec(row, 0..6))
            .prop_map(|(header, rows)| Written { header, rows })
    })
}

/// The table in markdown.
fn render(table: &Written, has_outer_pipes: bool) -> String {
    let escape = |text: &String| text.replace('|', "\\|");
    let line = |cells: Vec<String>| {
        let line = cells.join(" | ");
        if has_outer_pipes {
            format!("| {line} |\n")
        } else {
            format!("{line}\n")
        }
    };
    let mut text = line(table.header.iter().map(escape).collect());
    text += &line(vec!["---".to_owned(); table.header.len()]);
    for (label, marks, cells) in &table.rows {
        let marks: String = marks.iter().map(|mark| format!("[{mark}]")).collect();
        let first = format!("{} {marks}", escape(label));
        text += &line(
            [first]
                .into_iter()
                .chain(cells.iter().map(escape))
                .collect(),
        );
    }
    text
}

/// What [`Document::resolve`] promises, by walking through everything.
fn resolved_by_walking(document: &Document, table: &Table, mark: &str) -> Vec<usize> {
    let level = |heading: Option<usize>| heading.map_or(0, |idx| document.headings[idx].level);
    let scope = |table: &Table| {
        let definitions = &document.definitions;
        let follows =
            |d: &&Definition| d.line > table.line && level(d.heading) >= level(table.heading);
        let after = definitions.iter().find(follows);
        let before = || definitions.iter().rev().find(|d| d.line < table.line);
        after.or_else(before).map(|d| d.block)
    };
    let is_claimed = |d: &Definition| {
        document.tables.iter().any(|table| {
            let mut marks = table.rows.iter().flat_map(Row::all_marks);
            marks.any(|mark| mark.text == d.mark) && scope(table) == Some(d.block)
        })
    };
    let named = || document.definitions.iter().filter(|d| d.mark == mark);
    let own = scope(table);
    let in_scope: Vec<usize> = named()
        .filter(|d| Some(d.block) == own)
        .map(|d| d.line)
        .collect();
    if in_scope.is_empty() {
        return named().filter(|d| !is_claimed(d)).map(|d| d.line).collect();
    }
    in_scope
}

/// Lines that the grammar gives a meaning, to meet each other in every order.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ a|\\[\\]0-9.`<>!#;:\"'(){}=,\\\\-]{0,30}",
        "\\PC{0,20}",
        Just("--- | ---".to_owned()),
        Just("```".to_owned()),
        Just("<!-- x".to_owned()),
        Just("y -->".to_owned()),
        Just("[1] Namespace(a=1,".to_owned()),
        Just("[2] \"a/b\", \"c/d\"; Namespace(a=(1,), b='|')".to_owned()),
        "#{1,3} [ab]",
        "\\[[1-3]\\] [ab]",
        Just("x [1][2] | 1".to_owned()),
        Just("[1] ".to_owned()),
        Just("  a: 1".to_owned()),
        Just("<details>".to_owned()),
        Just("é [1][2] | **1,234.5** ± 0.3 (5) | \u{3000}".to_owned()),
    ]
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        exercise(&text);
    }

    #[test]
    fn no_lines_panic_and_positions_lie_in_the_text(lines in prop::collection::vec(line(), 0..12), end in "\r?\n") {
        let text = lines.join(&end);
        let document = Document::parse(&text);
        let lines: Vec<&str> = text.split('\n').collect();
        for (_, _, cell) in document.numeric_cells() {
            let line: Vec<char> = lines[cell.line - 1].chars().collect();
            let printed: String = line[cell.column - 1..cell.end_column - 1].iter().collect();
            // Marks stand behind what is printed.
            prop_assert!(cell.text.starts_with(&super::super::row::unescape(&printed)));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_mutation_of_the_seed_panics(which in 0..3_usize, mutations in prop::collection::vec(mutation(), 1..12)) {
        if let Some(text) = seeds().get(which) {
            exercise(&mutated(text, mutations));
        }
    }

    #[test]
    fn marks_resolve_as_if_looked_for(lines in prop::collection::vec(line(), 0..24)) {
        let document = Document::parse(&lines.join("\n"));
        for table in &document.tables {
            for mark in ["1", "2", "3"] {
                let expected = resolved_by_walking(&document, table, mark);
                match document.resolve(table, mark) {
                    Resolved::Missing => prop_assert_eq!(expected, [0_usize; 0]),
                    Resolved::One(definition) => prop_assert_eq!(expected[0], definition.line),
                    Resolved::Ambiguous(several) => {
                        let lines: Vec<usize> = several.iter().map(|d| d.line).collect();
                        prop_assert_eq!(expected, lines);
                    }
                }
            }
        }
    }

    #[test]
    fn rendered_tables_are_the_tables_that_are_read(table in written(), has_outer_pipes in any::<bool>()) {
        let document = Document::parse(&render(&table, has_outer_pipes));
        prop_assert_eq!(document.tables.len(), 1);
        let read = &document.tables[0];
        let header: Vec<&str> = read.header.iter().flatten().map(|cell| cell.text.as_str()).collect();
        prop_assert_eq!(header, table.header.iter().map(|cell| cell.trim()).collect::<Vec<_>>());
        prop_assert_eq!(read.rows.len(), table.rows.len());
        for (row, (label, marks, cells)) in read.rows.iter().zip(&table.rows) {
            prop_assert_eq!(&row.label, label.trim());
            let read: Vec<u32> = row.marks.iter().filter_map(|mark| mark.text.parse().ok()).collect();
            prop_assert_eq!(&read, marks);
            let read: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
            prop_assert_eq!(read, cells.iter().map(|cell| cell.trim()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn written_tables_are_read_back(
        rows in prop::collection::vec(prop::collection::vec("[a-zA-Z0-9 .|_*±%-]{0,12}", 3), 1..6),
        outer in any::<bool>(),
    ) {
        let escape = |cell: &String| cell.replace('|', "\\|");
        let write = |cells: Vec<String>| {
            let line = cells.join(" | ");
            if outer { format!("| {line} |") } else { line }
        };
        let mut lines = vec![write(vec!["m".into(), "A".into(), "B".into()]), write(vec!["-".into(); 3])];
        let cells = |row: &Vec<String>, idx: usize| {
            let mut cells: Vec<String> = row.iter().map(escape).collect();
            cells[0] = format!("r{idx}{}", cells[0]);
            cells
        };
        lines.extend(rows.iter().enumerate().map(|(idx, row)| write(cells(row, idx))));
        let expected: Vec<Vec<String>> = rows
            .iter()
            .enumerate()
            .map(|(idx, row)| {
                let mut row: Vec<String> = row.iter().map(|cell| cell.trim().to_owned()).collect();
                row[0] = format!("r{idx}{}", rows[idx][0]).trim().to_owned();
                row
            })
            .collect();
        prop_assert_eq!(grid(&lines.join("\n")), vec![expected]);
    }
}
