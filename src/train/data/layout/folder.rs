//! Walking folders of images.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::super::DataError;

const EXTENSIONS: [&str; 4] = ["jpg", "jpeg", "png", "bmp"];

/// The image files below a folder, sorted by path, and how many other files were passed over.
#[derive(Debug, Default)]
pub(super) struct Images {
    pub(super) files: Vec<PathBuf>,
    pub(super) others: Vec<PathBuf>,
}

impl Images {
    /// A warning that names what was passed over.
    pub(super) fn warning(&self) -> Option<String> {
        let first = self.others.first()?;
        let more = match self.others.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more beside it"),
        };
        Some(format!(
            "`{}`{more}: not named as JPEG, PNG or BMP, passed over",
            first.display()
        ))
    }
}

/// The image files below `folder`, at any depth; hidden files are nobody's images.
pub(super) fn images(folder: &Path) -> Result<Images, DataError> {
    let mut images = Images::default();
    for entry in visible(folder, usize::MAX) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.into_path();
            match is_image(&path) {
                true => images.files.push(path),
                false => images.others.push(path),
            }
        }
    }
    Ok(images)
}

/// Names and paths of the folders directly in `folder`, sorted by name.
pub(super) fn subfolders(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    visible(folder, 1)
        .filter(|entry| !matches!(entry, Ok(entry) if !entry.file_type().is_dir()))
        .map(|entry| {
            let path = entry?.into_path();
            match path.file_name().and_then(|name| name.to_str()) {
                Some(name) => Ok((name.to_owned(), path)),
                None => Err(DataError::UnprintablePath { path }),
            }
        })
        .collect()
}

fn visible(folder: &Path, max_depth: usize) -> impl Iterator<Item = Result<DirEntry, DataError>> {
    let hidden = |entry: &DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    let folder = folder.to_owned();
    WalkDir::new(&folder)
        .min_depth(1)
        .max_depth(max_depth)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(move |entry| !hidden(entry))
        .map(move |entry| {
            entry.map_err(|error| {
                let path = error.path().unwrap_or(&folder).to_owned();
                DataError::io(&path, "listing")(error.into())
            })
        })
}

fn is_image(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            EXTENSIONS
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        })
}

/// The path of a file relative to the data root, with `/` between its parts.
pub(super) fn id(root: &Path, path: &Path) -> Result<String, DataError> {
    let unprintable = || DataError::UnprintablePath {
        path: path.to_owned(),
    };
    let parts = path
        .strip_prefix(root)
        .unwrap_or(path)
        .iter()
        .map(|part| part.to_str().ok_or_else(unprintable))
        .collect::<Result<Vec<_>, _>>()?;
    let id = parts.join("/");
    match id.contains(char::is_control) {
        true => Err(unprintable()),
        false => Ok(id),
    }
}
