//! Files that are there whole or not at all.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::StoreError;

/// Writes `bytes` to `path`: temporary file beside it, fsync, rename, fsync of the folder. Whoever reads
/// meanwhile, or after a crash at any moment, sees the old content or the new.
///
/// # Errors
/// The folder is missing or not writable, or the disk is full; the old content stays.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |action| StoreError::io(path, action);
    let mut file = tempfile::Builder::new()
        .prefix(".tmp-")
        .permissions(readable_by_all())
        .tempfile_in(folder)
        .map_err(failed("creating a temporary file"))?;
    file.write_all(bytes).map_err(failed("writing"))?;
    file.as_file().sync_all().map_err(failed("syncing"))?;
    file.persist(path)
        .map_err(|error| failed("renaming")(error.error))?;
    sync_folder(folder)
}

/// Makes renames inside `folder` durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let opened = File::open(folder).map_err(StoreError::io(folder, "opening"))?;
    opened.sync_all().map_err(StoreError::io(folder, "syncing"))
}

fn readable_by_all() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("run.json");
        write_atomically(&path, b"old").expect("written");
        write_atomically(&path, b"new").expect("written");
        assert_eq!(std::fs::read(&path).expect("readable"), b"new");
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("readable").count(),
            1
        );
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error =
            write_atomically(Path::new("/nonexistent/run.json"), b"").expect_err("no folder");
        assert!(
            error
                .to_string()
                .starts_with("`/nonexistent/run.json`: creating"),
            "{error}"
        );
    }
}
