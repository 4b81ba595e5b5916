//! Any bytes through the document parser: nothing panics, every mark resolves or does not, and positions lie in
//! the text.
//!
//! The modules are taken by path: the crate `repro` would bring candle and polars along, which take minutes to
//! compile with instrumentation.

#![no_main]
// The target uses a part of the modules only.
#![expect(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/document/mod.rs"]
mod document;
#[path = "../../src/literal/mod.rs"]
mod literal;

use document::Document;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let document = Document::parse(&text);
    for table in &document.tables {
        for mark in table.rows.iter().flat_map(document::Row::all_marks) {
            document.resolve(table, &mark.text);
        }
    }
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    let lies_within = |line: usize, column: usize| column <= lines[line - 1] + 1;
    for (_, _, cell) in document.numeric_cells() {
        assert!(lies_within(cell.line, cell.end_column));
    }
    for definition in &document.definitions {
        assert!(lies_within(definition.line, definition.end_column));
        for place in &definition.path_places {
            assert!(lies_within(place.line, place.end_column));
        }
        for record in &definition.records {
            for key in record.values.keys() {
                let place = record.entry_place(key).expect("every key has a place");
                assert!(lies_within(place.line, place.end_column));
            }
        }
    }
    for statement in &document.statements {
        assert!(lies_within(statement.line, statement.end_column));
    }
    serde_json::to_string(&document).expect("serialisable");
    let _ = literal::parse_record(&text);
    let _ = literal::parse_placed_record(&text, literal::Dialect::Json);
});
