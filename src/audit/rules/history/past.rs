//! Earlier versions of the document, read like the present one.

use crate::audit::Inputs;
use crate::audit::bind::{Bound, bind};
use crate::document::Document;

/// A version and the commit that made it.
pub(super) struct Past<'h> {
    /// As people write it.
    pub(super) commit: &'h str,
    pub(super) document: Document,
}

/// Every version in the history, oldest first, or what is missing to know them.
pub(super) fn versions<'h>(inputs: &Inputs<'h>) -> Result<Vec<Past<'h>>, &'static str> {
    let history = inputs.history.ok_or("the git history")?;
    if history.is_shallow {
        return Err("the whole git history: this clone is shallow");
    }
    if history.document.is_empty() {
        return Err("a committed version of the document");
    }
    let past = history.document.iter().map(|version| Past {
        commit: history.commits[version.commit].short(),
        document: Document::parse(&version.text),
    });
    Ok(past.collect())
}

/// Joins an earlier version with nothing but itself.
pub(super) fn bind_alone<'d>(inputs: &Inputs<'d>, document: &'d Document) -> Bound<'d> {
    let alone = Inputs::alone(inputs.path, inputs.text, inputs.settings);
    bind(document, &alone)
}
