//! RPR201 and RPR202: whether marks mean something, and whether they lead from numbers to a run and its record.

use super::definitions::Usage;
use super::{defined, listed, mark_place, place_of};
use crate::audit::bind::{Bound, BoundRow, BoundTable};
use crate::audit::catalogue::{MISSING_PROVENANCE, UNRESOLVED_MARKER};
use crate::audit::finding::{Confidence, Finding, Place, Sink, Subject};
use crate::audit::reading::spelling::is_placeholder;
use crate::document::{Definition, Document, Kind, Mark, Resolved};
use crate::report::spec::FootnoteKind;
use crate::store::RECORD;

pub(super) fn check(bound: &Bound<'_>, usage: &Usage<'_>, sink: &mut Sink<'_>) {
    for table in &bound.tables {
        let scope = bound.document.scope(table.table);
        for row in &table.rows {
            let needs_record = match (table.spec, row.spec) {
                (Some(spec), Some(row)) => {
                    let notes = spec.footnotes_of(row).iter();
                    notes.copied().any(FootnoteKind::has_record)
                }
                _ => true,
            };
            if marks(table, row, scope, usage, sink) {
                sink.not_assessed(&MISSING_PROVENANCE, "a definition of every mark");
            } else {
                provenance(bound.document, table, row, usage, needs_record, sink);
            }
        }
    }
    for definition in &bound.document.definitions {
        if is_nothing(definition) && !usage.is_used(definition) {
            let mark = &definition.mark;
            let message = format!("mark `[{mark}]` is defined by {}", nothing(definition));
            let subject = defined(bound.document, definition, "empty-definition");
            let finding = Finding::new(
                &UNRESOLVED_MARKER,
                mark_place(definition),
                &subject,
                message,
            );
            sink.report(finding.with_hint("write what the mark means, or remove the definition"));
        }
    }
}

/// Whether a definition says nothing.
fn is_nothing(definition: &Definition) -> bool {
    let is_words = matches!(definition.kind, Kind::Narrative | Kind::Bibliographic);
    definition.kind == Kind::Empty || (is_words && is_placeholder(&definition.text))
}

/// What such a definition has in place of a meaning.
fn nothing(definition: &Definition) -> String {
    match definition.text.as_str() {
        "" => "nothing".to_owned(),
        text => format!("`{text}`"),
    }
}

/// Marks without a definition; whether there are any.
fn marks(
    table: &BoundTable<'_>,
    row: &BoundRow<'_>,
    scope: Option<usize>,
    usage: &Usage<'_>,
    sink: &mut Sink<'_>,
) -> bool {
    let mut found = false;
    for (mark, resolved) in &row.marks {
        let what = match resolved {
            _ if mark.target.is_some() => None,
            Resolved::Missing if mark.text.is_empty() => Some("is empty".to_owned()),
            Resolved::Missing if is_index(row, mark, usage) => None,
            Resolved::Missing => Some("has no definition in scope".to_owned()),
            Resolved::One(definition) if is_nothing(definition) => Some(format!(
                "is defined at line {} by {}",
                definition.line,
                nothing(definition)
            )),
            Resolved::One(_) | Resolved::Ambiguous(_) => None,
        };
        let Some(what) = what else {
            match elsewhere(scope, row, mark, resolved) {
                None => sink.verified(&UNRESOLVED_MARKER),
                Some(definition) => sink.report(other_scope(table, row, mark, definition)),
            }
            continue;
        };
        found = true;
        let label = &row.row.label;
        let message = format!("row `{label}`: mark `[{}]` {what}", mark.text);
        let subject = Subject::in_table(table.table, label, &mark.text, "undefined");
        let hint = "define the mark below the table, or run `repro tables --write`";
        sink.report(
            Finding::new(&UNRESOLVED_MARKER, place_of(row, mark), &subject, message)
                .with_hint(hint),
        );
    }
    found
}

/// The definition in another table's section that a mark leads to, while other marks of its row are defined in the
/// row's own: a number that was left undefined, rather than a run that two tables cite.
fn elsewhere<'d>(
    scope: Option<usize>,
    row: &BoundRow<'_>,
    mark: &Mark,
    resolved: &Resolved<'d>,
) -> Option<&'d Definition> {
    let Resolved::One(definition) = resolved else {
        return None;
    };
    let is_own = |(_, other): &(&Mark, Resolved<'_>)| match other {
        Resolved::One(other) => Some(other.block) == scope,
        _ => false,
    };
    let is_elsewhere = mark.target.is_none() && Some(definition.block) != scope;
    (is_elsewhere && row.marks.iter().any(is_own)).then_some(*definition)
}

fn other_scope(
    table: &BoundTable<'_>,
    row: &BoundRow<'_>,
    mark: &Mark,
    definition: &Definition,
) -> Finding {
    let label = &row.row.label;
    let message = format!(
        "row `{label}`: mark `[{}]` has no definition in its section, only at line {} in another",
        mark.text, definition.line
    );
    let subject = Subject::in_table(table.table, label, &mark.text, "other-section");
    Finding::new(&UNRESOLVED_MARKER, place_of(row, mark), &subject, message)
        .with_confidence(Confidence::Inferred)
        .with_evidence_at(
            "definition",
            mark_place(definition),
            definition.text.clone(),
        )
        .with_hint("define the mark where the row's other marks are defined")
}

/// Whether a mark is an index such as that of `x[0]`: glued to a name, and defined nowhere in the document.
fn is_index(row: &BoundRow<'_>, mark: &Mark, usage: &Usage<'_>) -> bool {
    let label = &row.row.label;
    let is_glued = mark.column == row.row.column + label.chars().count();
    let is_variable = !label.is_empty()
        && label
            .chars()
            .all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.'));
    is_glued && (is_variable || mark.text == "0") && !usage.is_defined(&mark.text)
}

/// What the marks that count for a row's numbers lead to.
struct Lead<'r, 'd> {
    definitions: Vec<&'r Definition>,
    links: Vec<&'d Mark>,
}

/// The definitions and links of a row's label; where it has no mark and every number has, those of the cells.
fn lead<'r, 'd>(row: &'r BoundRow<'d>) -> Option<Lead<'r, 'd>> {
    let own = &row.marks[..row.row.marks.len()];
    let numbers = || row.row.cells.iter().filter(|cell| cell.value.is_some());
    let marks = match own {
        [] if numbers().all(|cell| !cell.marks.is_empty()) => &row.marks[..],
        [] => return None,
        own => own,
    };
    let mut lead = Lead {
        definitions: Vec::new(),
        links: Vec::new(),
    };
    for (mark, resolved) in marks {
        match resolved {
            _ if mark.target.is_some() => lead.links.push(mark),
            Resolved::One(definition) => lead.definitions.push(definition),
            Resolved::Missing | Resolved::Ambiguous(_) => {}
        }
    }
    Some(lead)
}

/// Numeric rows that lead to no run, or to no record of it.
fn provenance(
    document: &Document,
    table: &BoundTable<'_>,
    row: &BoundRow<'_>,
    usage: &Usage<'_>,
    needs_record: bool,
    sink: &mut Sink<'_>,
) {
    let is_derived = table.spec.is_some_and(|spec| spec.derived_from.is_some());
    if !has_results(table, row) || row.is_quoted() || is_derived {
        return;
    }
    let is_ambiguous =
        |(_, resolved): &(&Mark, Resolved<'_>)| matches!(resolved, Resolved::Ambiguous(_));
    if row.marks.iter().any(is_ambiguous) {
        return sink.not_assessed(&MISSING_PROVENANCE, "one definition per mark");
    }
    let Some((kind, what)) = missing(row, needs_record) else {
        return sink.verified(&MISSING_PROVENANCE);
    };
    let label = &row.row.label;
    let message = format!("row `{label}` prints {} and {what}", row.numbers());
    let subject = Subject::in_table(table.table, label, "", kind);
    let finding = Finding::new(
        &MISSING_PROVENANCE,
        Place::of_label(row.row),
        &subject,
        message,
    );
    sink.report(offer(document, table, row, usage, kind, finding));
}

/// Whether a row prints a result.
fn has_results(table: &BoundTable<'_>, row: &BoundRow<'_>) -> bool {
    let all = !table.has_metrics();
    let mut cells = row.row.cells.iter().enumerate();
    // A number outside the header may be anything.
    let is_result = |idx| all || table.is_metric(idx) || table.meaning(idx).is_none();
    cells.any(|(idx, cell)| cell.value.is_some() && is_result(idx))
}

/// What a row's marks do not lead to: the kind of the finding, and it in words.
fn missing(row: &BoundRow<'_>, needs_record: bool) -> Option<(&'static str, &'static str)> {
    let Some(lead) = lead(row) else {
        return Some(("none", "has no mark"));
    };
    let is_linked = !lead.links.is_empty();
    let cites_path = is_linked || lead.definitions.iter().any(|found| !found.paths.is_empty());
    let has_record = is_linked
        || lead.definitions.iter().any(|found| {
            !(found.records.is_empty() && found.broken.is_empty())
                || found.paths.iter().any(|path| path.ends_with(RECORD))
        });
    match (cites_path, has_record) {
        (false, false) => {
            let what = "has marks that lead to neither a run nor a record";
            Some(("narrative-only", what))
        }
        (false, true) => Some(("no-path", "has no mark that leads to a run")),
        (true, false) if needs_record => Some(("no-record", "has no mark that leads to a record")),
        (true, _) => None,
    }
}

/// The finding with advice: the unused definitions of the row's section, where there are any.
fn offer(
    document: &Document,
    table: &BoundTable<'_>,
    row: &BoundRow<'_>,
    usage: &Usage<'_>,
    kind: &'static str,
    finding: Finding,
) -> Finding {
    let is_quotation = row
        .definitions
        .iter()
        .all(|definition| definition.kind == Kind::Bibliographic);
    if kind == "narrative-only" && is_quotation {
        let hint = "where the numbers are somebody else's, begin the definition with `quoted:`";
        return finding.with_hint(hint);
    }
    let scope = document.scope(table.table);
    let unused: Vec<&Definition> = scope.map_or_else(Vec::new, |block| usage.unused_of(block));
    if unused.is_empty() || unused.len() > 4 {
        return finding
            .with_hint("cite the run's folder and its record, as `[1][2]` behind the label");
    }
    let lines: Vec<String> = unused.iter().map(|found| found.line.to_string()).collect();
    let marks: String = unused
        .iter()
        .map(|found| format!("[{}]", found.mark))
        .collect();
    let (are, plural) = if unused.len() == 1 {
        ("is", "")
    } else {
        ("are", "s")
    };
    let hint = format!(
        "`{marks}` at line{plural} {} {are} defined in this section and used by no row: if the numbers come from there, write `{} {marks}`",
        listed(&lines),
        row.row.label
    );
    let with = |finding: Finding, found: &&Definition| {
        finding.with_evidence_at("definition", mark_place(found), found.text.clone())
    };
    unused.iter().fold(finding, with).with_hint(hint)
}
