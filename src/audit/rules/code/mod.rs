//! Code and environment: whether a record names the code and the machine of its run, whether that code can have
//! made it, and whether it would do so again.

mod environment;
mod nondeterminism;
mod origin;
mod version;

use crate::audit::Inputs;
use crate::audit::bind::Bound;
use crate::audit::citation::{Citation, files_of, place_of_path};
use crate::audit::evidence::RunFiles;
use crate::audit::finding::{Place, Sink, Subject};
use crate::store::RunId;

use super::training_code;

/// Applies the rules of the family.
pub fn check(inputs: &Inputs<'_>, bound: &Bound<'_>, sink: &mut Sink<'_>) {
    let known = known(inputs, bound);
    version::check(inputs, &known, sink);
    origin::check(inputs, bound, sink);
    environment::check(&known, sink);
    nondeterminism::check(inputs, bound, &known, sink);
}

/// A run as the document knows it: by its printed record, by its files, or both.
struct Known<'b, 'd> {
    citation: Option<&'b Citation<'d>>,
    files: Option<&'b RunFiles>,
    /// Whether its own record would say more, and cannot be read.
    is_out_of_sight: bool,
    /// Where findings about it point: the record, or else the path.
    place: Place,
    subject: Subject,
}

impl Known<'_, '_> {
    /// How messages name it.
    fn name(&self) -> String {
        match self.citation {
            Some(citation) => format!("record [{}]", citation.definition.mark),
            None => format!("run of mark [{}]", self.subject.row),
        }
    }

    fn subject(&self, kind: &'static str) -> Subject {
        Subject {
            kind,
            ..self.subject.clone()
        }
    }
}

/// Every printed record that is not quoted, and every run that is there without one.
fn known<'b, 'd>(inputs: &Inputs<'_>, bound: &'b Bound<'d>) -> Vec<Known<'b, 'd>> {
    let citations = bound
        .citations
        .iter()
        .filter(|citation| !citation.is_quoted(bound));
    let mut known: Vec<Known<'b, 'd>> = citations
        .map(|citation| Known {
            citation: Some(citation),
            files: citation.files(bound),
            is_out_of_sight: citation.is_out_of_sight(bound, inputs.lock),
            place: citation.place(),
            subject: training_code::subject(bound, citation, "", ""),
        })
        .collect();
    let mut named: std::collections::BTreeSet<RunId> =
        bound.citations.iter().filter_map(Citation::run).collect();
    for definition in &bound.document.definitions {
        for path in &definition.paths {
            let Some(run) = crate::audit::bind::cited_run(path) else {
                continue;
            };
            let Some(files) = files_of(bound, &run) else {
                continue;
            };
            if !named.insert(run) {
                continue;
            }
            known.push(Known {
                citation: None,
                files: Some(files),
                is_out_of_sight: false,
                place: place_of_path(definition, path),
                subject: Subject {
                    table: String::new(),
                    row: definition.mark.clone(),
                    column: path.clone(),
                    kind: "",
                },
            });
        }
    }
    known
}

#[cfg(test)]
mod tests;
