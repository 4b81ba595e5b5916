//! Reading a long document: 10,000 table rows in about 1 MB, and the marks of 10,000 rows among 20,000 definitions.
//!
//! `cargo bench --bench document` prints times and bytes per second.

use std::fmt::Write as _;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use repro::document::{Document, Resolved, Row};

fn main() {
    divan::main();
}

const N_ROWS: usize = 10_000;

/// Sections of a table with 20 rows and some definitions each, in the style of hand-written documents.
fn document(n_definitions: usize) -> String {
    let n_sections = N_ROWS / 20;
    let mut text = "# Results\n\n".to_owned();
    let mut mark = 0;
    for section in 0..n_sections {
        let first = mark + 1;
        write!(
            text,
            "## experiment {section}, load_pretrained_model = False\n\n"
        )
        .expect("writing to a string");
        text += "model | Gender(%)(A) | Smile(%)(B) | Age MAE (C)\n------|------|------|-----\n";
        for row in 0..20 {
            let cited = first + 2 * row % n_definitions;
            writeln!(
                text,
                "Net-{section}-Gender_Age_{row} [{cited}][{}] | {}.{} | **{}.5** | 6.{row}",
                cited + 1,
                70 + row,
                section % 10,
                60 + row
            )
            .expect("writing to a string");
        }
        text += "\n### reference\n\n";
        for _ in 0..n_definitions / 2 {
            mark += 2;
            writeln!(
                text,
                "[{}] results/m_{section}/_gender_1_age_1_D/2019-04-16-20-47-31\n[{mark}] Namespace(batch_size=8, \
                 dataset='D', debug=False, epoch=40, log_dir=None, loss_weights=[1, 0, 0, 1], lr_rate=0.001, \
                 model='m_{section}', subtasks=['gender', 'age'], weight_decay=1e-06)\n",
                mark - 1
            )
            .expect("writing to a string");
        }
    }
    text
}

/// Number of marks that mean one definition.
fn n_resolved(document: &Document) -> usize {
    let mut n = 0;
    for table in &document.tables {
        for mark in table.rows.iter().flat_map(Row::all_marks) {
            let resolved = document.resolve(table, &mark.text);
            n += usize::from(matches!(resolved, Resolved::One(_)));
        }
    }
    n
}

#[divan::bench]
fn parse_one_megabyte(bencher: Bencher<'_, '_>) {
    let text = document(6);
    bencher
        .counter(BytesCount::of_str(text.as_str()))
        .bench_local(|| Document::parse(&text));
}

#[divan::bench]
fn resolve_twenty_thousand_marks(bencher: Bencher<'_, '_>) {
    let document = Document::parse(&document(40));
    assert_eq!(
        (document.definitions.len(), n_resolved(&document)),
        (20_000, 20_000)
    );
    bencher
        .counter(ItemsCount::new(2 * N_ROWS))
        .bench_local(|| n_resolved(&document));
}
