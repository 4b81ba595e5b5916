//! The document parser: text → tables, rows, cells, marks, definitions, each with its place.
