//! Defects of footnotes and provenance.

use repro::document::{Definition, Resolved, Row, Table};

use super::of_all;
use crate::corpus::{Base, Corpus, Mutant, OWN};
use crate::edit;

impl Base {
    /// Rows of numbers whose marks lead to a run and a record.
    pub(super) fn cited_rows(&self) -> impl Iterator<Item = (&Table, &Row)> {
        self.numeric_rows().filter(|(table, row)| {
            let one = |mark: &str| matches!(self.document.resolve(table, mark), Resolved::One(_));
            !row.marks.is_empty() && row.marks.iter().all(|mark| one(&mark.text))
        })
    }

    /// The text with every mark of a row's label replaced by `with`.
    fn with_marks(&self, row: &Row, with: &str) -> String {
        edit::on_line(&self.text, row.line, |line| {
            let (label, cells) = line.split_once('|')?;
            let (name, _) = label.split_once('[')?;
            Some(format!("{name}{with} |{cells}"))
        })
    }

    pub(super) fn definition_of(&self, table: &Table, mark: &str) -> Option<&Definition> {
        match self.document.resolve(table, mark) {
            Resolved::One(found) => self.document.definitions.iter().find(|d| *d == found),
            _ => None,
        }
    }
}

/// A row of numbers without marks.
pub(super) fn missing(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (table, row) in base.cited_rows() {
            let text = base.with_marks(row, "");
            mutants.push(base.mutant(text, format!("line {}: no marks", row.line)));
            let kinds = |mark: &str| {
                base.definition_of(table, mark)
                    .map(|found| found.kind.as_str())
            };
            if let [first, second] = &row.marks[..]
                && kinds(&first.text) != kinds(&second.text)
            {
                for kept in [first, second] {
                    let text = base.with_marks(row, &format!("[{}]", kept.text));
                    let what = format!("line {}: only [{}]", row.line, kept.text);
                    mutants.push(base.mutant(text, what));
                }
            }
        }
        mutants
    })
}

/// A mark without a definition.
pub(super) fn unresolved(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for (table, row) in base.cited_rows() {
            for with in ["[97][98]", "[]", "[ ]"] {
                let text = base.with_marks(row, with);
                mutants.push(base.mutant(text, format!("line {}: {with}", row.line)));
            }
            let mark = &row.marks[0].text;
            let n_definitions = base.document.definitions.iter();
            let n_definitions = n_definitions.filter(|found| found.mark == *mark).count();
            // Another definition of the number would be meant instead.
            if let Some(definition) = base
                .definition_of(table, mark)
                .filter(|_| n_definitions == 1)
            {
                let text = edit::without(&base.text, &[definition.line]);
                mutants.push(base.mutant(text, format!("no definition of [{mark}]")));
                let text =
                    edit::on_line(&base.text, definition.line, |_| Some(format!("[{mark}] ")));
                mutants.push(base.mutant(text, format!("nothing defined by [{mark}]")));
            }
        }
        mutants
    })
}

/// A mark defined again, just below, by something else.
pub(super) fn duplicate(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let again = |definition: &Definition| {
            let line = edit::line(&base.text, definition.line);
            let other = line.replace("gender_1", "gender_2").replace("_1", "_3");
            let other = if other == line {
                format!("{line} x")
            } else {
                other
            };
            let text = edit::insert(&base.text, definition.line + 1, &format!("\n{other}\n"));
            base.mutant(text, format!("[{}] twice", definition.mark))
        };
        base.document.definitions.iter().map(again).collect()
    })
}

/// A definition that nobody uses, a number left out, another order.
pub(super) fn hygiene(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for definition in &base.document.definitions {
            let unused = "[77] data source: \"results/M/_x_1_D/2026-01-01-00-00-00\"";
            let text = edit::insert(&base.text, definition.line, &format!("{unused}\n"));
            mutants.push(base.mutant(text, format!("[77] unused before [{}]", definition.mark)));
        }
        mutants
    })
}

/// A row with the marks of another row of its table.
pub(super) fn shared(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let rows: Vec<_> = base.cited_rows().collect();
        let mut mutants = Vec::new();
        for (table, row) in &rows {
            for (other_table, other) in &rows {
                if std::ptr::eq(*table, *other_table) && row.label != other.label {
                    let marks: Vec<String> = other
                        .marks
                        .iter()
                        .map(|mark| format!("[{}]", mark.text))
                        .collect();
                    let text = base.with_marks(row, &marks.concat());
                    let what = format!("line {} with the marks of line {}", row.line, other.line);
                    mutants.push(base.mutant(text, what));
                }
            }
        }
        mutants
    })
}

/// A path of our own document that leads to no run.
pub(super) fn unavailable(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let mut mutants = Vec::new();
    for definition in &base.document.definitions {
        for path in &definition.paths {
            for to in [
                edit::last_digit(path),
                path.replacen("results/", "results/old-", 1),
            ] {
                let text = base
                    .with_in_definition(definition, path, &to)
                    .expect("a path in its line");
                mutants.push(base.mutant(text, format!("[{}]: {to}", definition.mark)));
            }
        }
    }
    mutants
}

/// A path on somebody's machine.
pub(super) fn non_portable(corpus: &Corpus) -> Vec<Mutant> {
    of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for definition in &base.document.definitions {
            for path in definition
                .paths
                .iter()
                .filter(|path| path.starts_with("results/"))
            {
                for before in [
                    "/home/somebody/",
                    "~/",
                    "C:\\work\\",
                    "../../",
                    "/mnt/data/",
                ] {
                    let to = format!("{before}{path}");
                    if let Some(text) = base.with_in_definition(definition, path, &to) {
                        mutants.push(base.mutant(text, format!("[{}]: {to}", definition.mark)));
                    }
                }
            }
        }
        mutants
    })
}

/// Headings and comments that say something else than the records, and records than the runs.
pub(super) fn contradiction(corpus: &Corpus) -> Vec<Mutant> {
    let own = corpus.base(OWN);
    let mut mutants = Vec::new();
    for (from, to) in [
        ("batch_size=16", "batch_size=32"),
        ("epoch=20", "epoch=40"),
        ("lr_rate=0.005", "lr_rate=0.05"),
        ("augment=True", "augment=False"),
    ] {
        mutants.extend(own.in_records(from, to));
    }
    mutants.extend(of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for heading in &base.document.headings {
            let line = edit::line(&base.text, heading.line);
            let flipped = match (line.contains("= False"), line.contains("= True")) {
                (true, _) => line.replace("= False", "= True"),
                (_, true) => line.replace("= True", "= False"),
                _ => continue,
            };
            // A heading with a key that no record has is found as it is.
            if base.name == OWN {
                let text = edit::on_line(&base.text, heading.line, |_| Some(flipped));
                mutants.push(base.mutant(text, format!("line {} turned", heading.line)));
            }
        }
        for (table, row) in base.cited_rows() {
            for mark in &row.marks {
                let is_record = base
                    .definition_of(table, &mark.text)
                    .is_some_and(|found| !found.records.is_empty());
                if is_record {
                    let comment = format!("<!-- [{}] 33 epochs -->\n", mark.text);
                    let at = base
                        .definition_of(table, &mark.text)
                        .expect("as above")
                        .line;
                    let text = edit::insert(&base.text, at, &comment);
                    mutants.push(base.mutant(text, format!("[{}]: 33 epochs", mark.text)));
                }
            }
        }
        mutants
    }));
    mutants
}
