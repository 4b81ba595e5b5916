//! RPR701: a record names the commit of its code, the repository has it, and changes beside it are kept.

use super::Known;
use crate::audit::Inputs;
use crate::audit::catalogue::CODE_VERSION;
use crate::audit::citation::NO_RUN;
use crate::audit::finding::{Finding, Sink};
use crate::audit::reading::key::{Concept, SYNONYMS};
use serde_json::Value;

const HINT: &str = "record the commit and whether the work tree was clean; `repro train` does";

/// What a record says of its code.
struct Version {
    commit: String,
    /// Whether the work tree differed; `None` where that is not said.
    is_dirty: Option<bool>,
    /// Whether the difference is kept.
    has_difference: bool,
}

pub(super) fn check(inputs: &Inputs<'_>, known: &[Known<'_, '_>], sink: &mut Sink<'_>) {
    for run in known {
        let finding = match version(run) {
            None => Some((
                "no-commit",
                format!("{} names no commit of the code that ran", run.name()),
            )),
            Some(version) => match mistake(inputs, run, &version) {
                Ok(finding) => finding,
                Err(missing) => {
                    sink.not_assessed(&CODE_VERSION, missing);
                    continue;
                }
            },
        };
        match finding {
            None => sink.verified(&CODE_VERSION),
            Some(("no-commit" | "unclear", _)) if run.is_out_of_sight => {
                sink.not_assessed(&CODE_VERSION, NO_RUN);
            }
            Some((kind, message)) => sink.report(
                Finding::new(&CODE_VERSION, run.place, &run.subject(kind), message).with_hint(HINT),
            ),
        }
    }
}

/// From the run's files, or else from the printed record.
fn version(run: &Known<'_, '_>) -> Option<Version> {
    if let Some(files) = run.files {
        let code = files.record.code.as_ref()?;
        return Some(Version {
            commit: code.commit.clone()?,
            is_dirty: code.dirty,
            has_difference: code.diff_blake3.is_some(),
        });
    }
    let values = &run.citation?.record.values;
    let (_, keys) = SYNONYMS
        .iter()
        .find(|(concept, _)| *concept == Concept::CodeVersion)?;
    let commit = keys.iter().find_map(|key| values.get(*key)?.as_str())?;
    // `eede995` and `eede995…` are commits, and so is the first word of `eede995 dirty=0`.
    let id: String = commit.chars().take_while(char::is_ascii_hexdigit).collect();
    Some(Version {
        commit: id,
        is_dirty: values.get("dirty").and_then(Value::as_bool),
        has_difference: values.contains_key("diff") || values.contains_key("diff_blake3"),
    })
}

type Mistake = Option<(&'static str, String)>;

fn mistake(
    inputs: &Inputs<'_>,
    run: &Known<'_, '_>,
    version: &Version,
) -> Result<Mistake, &'static str> {
    let name = run.name();
    if version.commit.len() < 7 {
        return Ok(Some((
            "no-commit",
            format!("{name} names no commit of the code that ran"),
        )));
    }
    if version.is_dirty == Some(true) && !version.has_difference {
        let message = format!("{name}: the work tree had changes, and they are not kept");
        return Ok(Some(("dirty", message)));
    }
    if version.is_dirty.is_none() {
        let message = format!("{name} does not say whether the work tree was clean");
        return Ok(Some(("unclear", message)));
    }
    let history = inputs.history.ok_or("the git history")?;
    if history.knows(&version.commit) {
        return Ok(None);
    }
    if history.is_shallow {
        return Err("the whole git history: this clone is shallow");
    }
    let message = format!(
        "{name}: commit `{}` is not in the repository",
        version.commit
    );
    Ok(Some(("unknown-commit", message)))
}
