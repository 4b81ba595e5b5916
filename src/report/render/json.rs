//! JSON for machines: the tables as they are, values unrounded beside the text.

use serde::Serialize;

use crate::report::table::Table;

#[derive(Serialize)]
struct Tables<'t> {
    format: u32,
    tables: &'t [Table],
}

/// The tables as one JSON document.
pub fn tables(tables: &[Table]) -> String {
    let document = Tables { format: 1, tables };
    let mut text = serde_json::to_string_pretty(&document).expect("tables are serialisable");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::example;

    #[test]
    fn values_stand_beside_their_text() {
        let value: serde_json::Value = serde_json::from_str(&tables(&[example()])).expect("JSON");
        assert_eq!(value["format"], 1);
        let row = &value["tables"][0]["rows"][0];
        assert_eq!(
            row["cells"][0],
            serde_json::json!({"number": {"text": "82.5", "value": 82.46, "spread": null, "n": 2, "epochs": [3, 3]}})
        );
        assert_eq!(value["tables"][0]["rows"][1]["cells"][1], "empty");
        assert_eq!(row["notes"][0]["mark"], 4);
    }
}
