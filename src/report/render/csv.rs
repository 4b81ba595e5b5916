//! CSV for machines: one line per cell with a value, unrounded beside the text (RFC 4180, LF).

use crate::report::table::{Cell, Table};

/// The columns.
pub const HEADER: &str = "table,row,header,text,value,spread,n,epochs,runs,rule";

/// The cells of every table.
pub fn tables(tables: &[Table]) -> String {
    let mut out = format!("{HEADER}\n");
    for table in tables {
        for row in &table.rows {
            for (header, cell) in table.header[1..].iter().zip(&row.cells) {
                let Some([value, spread, n, epochs]) = numbers(cell) else {
                    continue;
                };
                let runs = row.runs.join(" ");
                let fields = [
                    &table.name,
                    &row.label,
                    header,
                    cell.text(),
                    &value,
                    &spread,
                    &n,
                    &epochs,
                    &runs,
                    &table.rule,
                ];
                out.push_str(&fields.map(quoted).join(","));
                out.push('\n');
            }
        }
    }
    out
}

/// Value, spread, n and epochs of a cell as text; `None` for an empty cell.
fn numbers(cell: &Cell) -> Option<[String; 4]> {
    match cell {
        Cell::Empty => None,
        Cell::Text(_) => Some(<[String; 4]>::default()),
        Cell::Number(number) => {
            let epochs: Vec<String> = number.epochs.iter().map(i32::to_string).collect();
            Some([
                number.value.to_string(),
                number
                    .spread
                    .map_or(String::new(), |spread| spread.to_string()),
                number.n.to_string(),
                epochs.join(" "),
            ])
        }
    }
}

/// The field, in quotes where it needs them.
pub fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::example;

    #[test]
    fn one_line_per_value() {
        let mut example = example();
        example.header[1] = "Gender, \"%\"".into();
        assert_eq!(
            tables(&[example]),
            "\
table,row,header,text,value,spread,n,epochs,runs,rule
example,MobileNet-V2-Gender_Age,\"Gender, \"\"%\"\"\",82.5,82.46,,2,3 3,m/a/1 m/a/2,last
example,MobileNet-V2-Gender_Age,Age MAE,6.7 ± 0.10,6.7,0.1,2,3 3,m/a/1 m/a/2,last
example,MobileNet-V2-Gender,\"Gender, \"\"%\"\"\",77.8,77.8,,1,3,m/b/1,last
"
        );
    }
}
