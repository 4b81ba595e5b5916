//! RPR507 by code: a metric of an epoch that is the plain mean over batches of different sizes.

use super::{Group, marks, not_assessed, subject};
use crate::audit::bind::Bound;
use crate::audit::catalogue::BIASED_AGGREGATION;
use crate::audit::citation::Citation;
use crate::audit::finding::{Finding, Place, Sink};
use crate::audit::python::BatchMean;

/// One finding per mean: at the column that its name says, else at the first record.
pub(super) fn check(
    bound: &Bound<'_>,
    groups: &[Group<'_, '_, '_>],
    missing: Option<&'static str>,
    sink: &mut Sink<'_>,
) {
    not_assessed(&BIASED_AGGREGATION, missing, sink);
    for group in groups {
        let Some(first) = group.citations.first() else {
            continue;
        };
        let entry = group.script.entry;
        if entry.batch_means.is_empty() {
            match entry.selection.evaluated.is_empty() {
                true => {
                    sink.not_assessed(&BIASED_AGGREGATION, "an evaluation in the training code")
                }
                false => sink.verified(&BIASED_AGGREGATION),
            }
        }
        for mean in &entry.batch_means {
            let column = column_of(bound, &group.citations, mean);
            let message = format!(
                "`{}` of record {} takes the mean of `{}` over batches, whatever their size",
                entry.path,
                marks(&group.citations),
                mean.value
            );
            let mut subject = subject(bound, first, "", "code");
            subject.column = format!(
                "{}/{}",
                column.as_ref().map_or("", |(name, _)| name),
                mean.value
            );
            let place = column.map_or_else(|| first.place(), |(_, place)| place);
            let finding = Finding::new(&BIASED_AGGREGATION, place, &subject, message);
            let finding = group.script.support(finding, &mean.place, mean.how);
            let finding = group
                .script
                .support(finding, &mean.batches, "the loop over batches");
            sink.report(finding.with_hint("sum over items and divide by their number"));
        }
    }
}

/// The header, of the tables that cite the records, all of whose task and metric words the mean's name has.
fn column_of<'b>(
    bound: &'b Bound<'_>,
    citations: &[&Citation<'_>],
    mean: &BatchMean,
) -> Option<(&'b str, Place)> {
    let name = words(&mean.value);
    let tables = citations
        .iter()
        .flat_map(|citation| &citation.rows)
        .map(|(t, _)| &bound.tables[*t]);
    for table in tables {
        for cell in table.table.header.iter().flatten().skip(1) {
            let before_unit = cell.text.split('(').next().unwrap_or_default();
            let header = words(before_unit);
            if header.len() > 1 && header.iter().all(|word| name.contains(word)) {
                let width = cell.text.chars().count();
                let line = table.table.line;
                return Some((&cell.text, Place::of_width(line, cell.column, width)));
            }
        }
    }
    None
}

fn words(text: &str) -> Vec<String> {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
