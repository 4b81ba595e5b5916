//! Defects of records.

use repro::document::{Row, Table};

use super::{of_all, of_compared};
use crate::corpus::{Corpus, GROUPS, LABELS, Mutant, OWN, OWN_ALONE, PROGRAM};
use crate::edit;

/// Replacements in every record that holds the text.
fn replaced(corpus: &Corpus, changes: &[(&str, &str)]) -> Vec<Mutant> {
    of_all(corpus, |base| {
        changes
            .iter()
            .flat_map(|(from, to)| base.in_records(from, to))
            .collect()
    })
}

/// A record that is no literal.
pub(super) fn unparseable(corpus: &Corpus) -> Vec<Mutant> {
    replaced(
        corpus,
        &[
            ("debug=False", "debug=<object at 0x7f2a>"),
            ("batch_size=", "batch_size=1, batch_size="),
            ("lr_rate=0.001", "lr_rate=0.001.2"),
            ("lr_rate=0.005", "lr_rate="),
            ("log_dir=None", "log_dir=None None"),
            ("dataset='", "dataset=\""),
            ("Namespace(", "Namespace(("),
        ],
    )
}

/// A key under another name, a value of another type.
pub(super) fn drift(corpus: &Corpus) -> Vec<Mutant> {
    replaced(
        corpus,
        &[
            ("batch_size=", "batch_sizes="),
            ("epoch=", "epochs="),
            ("lr_schedule=8", "lr_schedule='8'"),
            ("lr_schedule=5", "lr_schedule='5'"),
            ("batch_size=8", "batch_size='8'"),
            ("num_workers=4", "num_worker=4"),
        ],
    )
    .into_iter()
    // One record alone cannot drift from another.
    .filter(|mutant| mutant.base != PROGRAM)
    .filter(|mutant| mutant.base != "mobilenet-v2.md" || !mutant.what.contains("epoch="))
    .collect()
}

/// A label that names another task.
pub(super) fn label(corpus: &Corpus) -> Vec<Mutant> {
    of_compared(corpus, |base| {
        let mut mutants = Vec::new();
        let cited = base.numeric_rows().filter(|(_, row)| row.marks.len() == 2);
        for (_, row) in cited {
            let line = edit::line(&base.text, row.line);
            for (from, to) in [
                ("Gender ", "Smile "),
                ("Smile ", "Emotion "),
                ("Emotion ", "Age "),
                ("Age ", "Gender "),
                ("Gender_Smile", "Gender"),
                ("Gender_Age", "Age"),
            ] {
                if line.contains(from) {
                    let text = edit::on_line(&base.text, row.line, |line| {
                        Some(line.replacen(from, to, 1))
                    });
                    mutants.push(base.mutant(text, format!("line {}: {from}→ {to}", row.line)));
                }
            }
        }
        mutants
    })
}

/// A field or path that does not follow from the others.
pub(super) fn derived(corpus: &Corpus) -> Vec<Mutant> {
    let mut mutants = replaced(
        corpus,
        &[
            ("folder_sub_name='_gender_1", "folder_sub_name='_gender_0"),
            ("folder_sub_name='_gender_0", "folder_sub_name='_gender_1"),
            ("loss_weights=[1, ", "loss_weights=[2, "),
            ("model='M", "model='N"),
        ],
    );
    mutants.extend(of_all(corpus, |base| {
        let mut mutants = Vec::new();
        for definition in &base.document.definitions {
            for (from, to) in [("/_gender_1", "/_gender_0"), ("/_gender_0", "/_gender_1")] {
                let cited = base.document.tables.iter().any(|table| {
                    let cites = |row: &Row| {
                        // Path and record: one can be held against the other.
                        row.marks.len() == 2
                            && row.marks.iter().any(|mark| mark.text == definition.mark)
                    };
                    table.rows.iter().any(cites)
                });
                if let Some(text) = base
                    .with_in_definition(definition, from, to)
                    .filter(|_| cited)
                    && base.name != OWN
                {
                    mutants.push(base.mutant(text, format!("[{}]: {to}", definition.mark)));
                }
            }
        }
        mutants
    }));
    mutants
}

/// A label whose variant goes with another value than in the other rows.
pub(super) fn minority(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(LABELS);
    let mut mutants = Vec::new();
    for (from, to) in [
        ("'5_age_cls_loss'", "'20_age_cls_loss'"),
        ("'20_age_cls_loss'", "'5_age_cls_loss'"),
        ("'5_age_cls_loss'", "'age_cls_loss'"),
        ("'20_age_cls_loss'", "'age_cls_loss'"),
    ] {
        mutants.extend(base.in_records(from, to));
    }
    for (_, row) in base.numeric_rows() {
        for (from, to) in [("-5-classes", "-20-classes"), ("-20-classes", "-5-classes")] {
            if row.label.contains(from) {
                let text = edit::on_line(&base.text, row.line, |line| {
                    // The other table half has a row of the same letter.
                    Some(line.replacen(from, to, 1).replacen(" [", "x [", 1))
                });
                mutants.push(base.mutant(text, format!("line {}: {to}", row.line)));
            }
        }
    }
    mutants
}

/// A debugging run behind a row.
pub(super) fn debug(corpus: &Corpus) -> Vec<Mutant> {
    let mut mutants = replaced(
        corpus,
        &[
            ("debug=False", "debug=True"),
            ("debug=False", "fast_dev_run=True"),
            ("debug=False", "overfit_batches=2"),
        ],
    );
    mutants.extend(of_all(corpus, |base| {
        let prefixed = |(table, row): (&Table, &Row)| {
            let mark = &row.marks.first()?.text;
            let repro::document::Resolved::One(definition) = base.document.resolve(table, mark)
            else {
                return None;
            };
            if definition.text.contains("debug=True") {
                return None;
            }
            let text = base.with_in_definition(definition, "results/", "results/Debug-")?;
            Some(base.mutant(text, format!("[{mark}]: Debug-")))
        };
        base.numeric_rows().filter_map(prefixed).collect()
    }));
    mutants
}

/// A key left out of a record that names everything.
pub(super) fn missing_key(corpus: &Corpus) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for name in [GROUPS, OWN_ALONE] {
        let base = corpus.base(name);
        for (from, to) in [
            ("batch_size=16, ", ""),
            (" epoch=20,", ""),
            (" init='random',", ""),
            ("augment=True, ", ""),
            (" split_protocol='three-way',", ""),
            (" seed=[0, 1, 2],", ""),
            (" momentum=0.9,", ""),
        ] {
            mutants.extend(base.in_records(from, to));
        }
    }
    mutants.retain(|mutant| mutant.base != OWN);
    mutants
}
