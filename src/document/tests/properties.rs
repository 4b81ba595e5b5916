//! Properties of any text.

use proptest::prelude::*;

use super::*;

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
        Just("é [1][2] | **1,234.5** ± 0.3 (5) | \u{3000}".to_owned()),
    ]
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        Document::parse(&text);
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
        Document::parse(&String::from_utf8_lossy(&bytes));
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
