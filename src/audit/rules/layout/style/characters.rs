//! Blanks and digits that look like ordinary ones and are not.

use super::Flaw;
use crate::audit::finding::Place;
use crate::document::{Definition, Document, Kind};

/// Characters that look like others, in tables, and in definitions that are more than words.
pub(super) fn odd_characters(document: &Document) -> Vec<Flaw> {
    let definitions = &document.definitions;
    let is_prose = |definition: &Definition| {
        !matches!(
            definition.kind,
            Kind::Path | Kind::Record | Kind::PathAndRecord
        )
    };
    let mut found: Vec<Flaw> = Vec::new();
    for odd in &document.odd_characters {
        let next = definitions.partition_point(|definition| definition.line <= odd.line);
        let definition = next.checked_sub(1).map(|idx| &definitions[idx]);
        let holding = definition.filter(|definition| definition.end_line >= odd.line);
        if holding.is_some_and(is_prose)
            || found.last().is_some_and(|flaw| flaw.place.line == odd.line)
        {
            continue;
        }
        let next = document
            .tables
            .partition_point(|table| table.line <= odd.line);
        let table = next.checked_sub(1).map(|idx| &document.tables[idx]);
        let row = table.and_then(|table| {
            let at = table
                .rows
                .binary_search_by_key(&odd.line, |row| row.line)
                .ok()?;
            Some(&table.rows[at])
        });
        let about = match (holding, row) {
            (Some(definition), _) => definition.mark.clone(),
            (None, Some(row)) => row.label.clone(),
            (None, None) => String::new(),
        };
        let code = u32::from(odd.character);
        found.push(Flaw {
            place: Place::of_width(odd.line, odd.column, 1),
            table: table.map_or_else(String::new, |table| table.name().to_owned()),
            about: format!("{about} {}", odd.name),
            what: format!(
                "{} (U+{code:04X}) looks like another character",
                odd.name.replace('-', " ")
            ),
            fix: plain_character(odd.character),
        });
    }
    found
}

/// What a character looks like, or nothing for one that takes no room.
fn plain_character(odd: char) -> Option<String> {
    let code = u32::from(odd);
    match odd {
        '\u{3000}' | '\u{a0}' => Some(" ".to_owned()),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xFF00 + 0x20).map(String::from),
        _ => Some(String::new()),
    }
}
