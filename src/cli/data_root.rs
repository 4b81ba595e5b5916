//! Where data sets lie, for every command that opens some.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::project::Project;

/// Where data sets lie: `--data-root`, else `REPRO_DATA`, else what repro.toml says, else the project itself.
///
/// # Errors
/// The flag or the variable names no folder. What repro.toml names may be missing: a project that only
/// draws its faces needs none.
pub(super) fn data_root(flag: Option<&Path>, project: &Project) -> anyhow::Result<PathBuf> {
    let variable = std::env::var_os("REPRO_DATA").filter(|value| !value.is_empty());
    let (origin, root) = match (flag, variable) {
        (Some(flag), _) => ("--data-root", flag.to_owned()),
        (None, Some(variable)) => ("REPRO_DATA", PathBuf::from(variable)),
        (None, None) => {
            let configured = project.settings.data.root.as_deref();
            return Ok(project.root.join(configured.unwrap_or(Path::new(""))));
        }
    };
    if !root.is_dir() {
        bail!("`{}`, named by {origin}, is no folder", root.display());
    }
    Ok(root)
}

/// Where hashes of unchanged data files are remembered; its own `.gitignore` keeps it out of the repository.
pub(super) fn cache_folder(project: &Project) -> PathBuf {
    project.root.join(".repro")
}
