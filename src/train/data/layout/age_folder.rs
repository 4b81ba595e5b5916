//! `<split>/<age>/<image>`: the folder is the age in years.

use std::path::Path;

use super::super::decode::Image;
use super::super::{DataError, TaskLabels};
use super::{Found, LeftOut, Listing, Request, folder, names};
use crate::metric::Split;

/// Lists every image below the age folders. Class = years − 1: never the position of the folder, so that an
/// age without images leaves a gap.
pub(super) fn list(request: &Request<'_>) -> Result<Listing, DataError> {
    let task = request.single_task("age_folder")?;
    let splits = request.split_folders()?;
    let mut listing = Listing {
        tasks: vec![TaskLabels {
            name: task,
            classes: names(1..=request.age_classes),
        }],
        found: splits.keys().map(|split| (*split, Vec::new())).collect(),
        ..Listing::default()
    };
    for (split, path) in &splits {
        for (age, path) in folder::subfolders(path)? {
            add_age(request, &mut listing, *split, &age, &path)?;
        }
    }
    Ok(listing)
}

fn add_age(
    request: &Request<'_>,
    listing: &mut Listing,
    split: Split,
    age: &str,
    path: &Path,
) -> Result<(), DataError> {
    let images = folder::images(path)?;
    listing.warnings.extend(images.warning());
    if images.files.is_empty() {
        listing
            .warnings
            .push(format!("`{}` holds no image", path.display()));
    }
    let years = age
        .parse()
        .ok()
        .filter(|years| (1..=request.age_classes).contains(years));
    for file in images.files {
        let id = folder::id(request.root, &file)?;
        match years {
            Some(years) => listing.found.entry(split).or_default().push(Found {
                id,
                labels: vec![years - 1],
                image: Image::File(file),
            }),
            None => listing.out_of_range.push(LeftOut {
                id,
                place: file.display().to_string(),
                reason: format!("`{age}` is no age in 1..={}", request.age_classes),
            }),
        }
    }
    Ok(())
}
