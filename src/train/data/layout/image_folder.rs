//! `<split>/<class>/<image>`: classes are the sorted folder names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::decode::Image;
use super::super::{DataError, TaskLabels};
use super::{Found, Listing, Request, folder};
use crate::metric::{Split, name};

/// Lists every image below the class folders. A class that any split has a folder for has an index, so that
/// the index means the same in all splits.
pub(super) fn list(request: &Request<'_>) -> Result<Listing, DataError> {
    let task = request.single_task("image_folder")?;
    if task == name::AGE {
        return Err(DataError::SortedAges {
            origin: request.origin(),
        });
    }
    let mut folders: BTreeMap<String, BTreeMap<Split, PathBuf>> = BTreeMap::new();
    let splits = request.split_folders()?;
    for (split, path) in &splits {
        for (class, path) in folder::subfolders(path)? {
            folders.entry(class).or_default().insert(*split, path);
        }
    }
    let mut listing = Listing {
        tasks: vec![TaskLabels {
            name: task,
            classes: folders.keys().cloned().collect(),
        }],
        found: splits.keys().map(|split| (*split, Vec::new())).collect(),
        ..Listing::default()
    };
    for (class_idx, (class, of_class)) in folders.iter().enumerate() {
        for (split, path) in &splits {
            match of_class.get(split) {
                Some(folder) => add_class(request, &mut listing, *split, class_idx, folder)?,
                None => listing.warnings.push(format!(
                    "`{}` has no folder for class `{class}`, which keeps index {class_idx}",
                    path.display()
                )),
            }
        }
    }
    Ok(listing)
}

fn add_class(
    request: &Request<'_>,
    listing: &mut Listing,
    split: Split,
    class_idx: usize,
    path: &std::path::Path,
) -> Result<(), DataError> {
    let images = folder::images(path)?;
    listing.warnings.extend(images.warning());
    if images.files.is_empty() {
        listing.warnings.push(format!(
            "`{}` holds no image; the class keeps index {class_idx}",
            path.display()
        ));
    }
    for file in images.files {
        listing.found.entry(split).or_default().push(Found {
            id: folder::id(request.root, &file)?,
            labels: vec![class_idx as u32],
            image: Image::File(file),
        });
    }
    Ok(())
}
