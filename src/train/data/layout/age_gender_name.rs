//! `<split>/<age>_<gender>_<name>.jpg`, as IMDB-WIKI's aligned faces: gender 0 female, 1 male.

use std::path::Path;

use super::super::decode::Image;
use super::super::{DataError, TaskLabels};
use super::{Found, LeftOut, Listing, Request, folder, names};
use crate::metric::name;

/// What a name labels, in the order of [`Found::labels`].
pub(super) const TASKS: [&str; 2] = ["gender", name::AGE];

/// Lists every image whose name has both labels. Ages beyond the classes become the nearest class.
pub(super) fn list(request: &Request<'_>) -> Result<Listing, DataError> {
    let [gender, age] = TASKS.map(str::to_owned);
    let mut listing = Listing {
        tasks: vec![
            TaskLabels {
                name: gender,
                classes: names(["female", "male"]),
            },
            TaskLabels {
                name: age,
                classes: names(1..=request.age_classes),
            },
        ],
        ..Listing::default()
    };
    for (split, path) in request.split_folders()? {
        let images = folder::images(&path)?;
        listing.warnings.extend(images.warning());
        let mut found = Vec::new();
        for file in images.files {
            let id = folder::id(request.root, &file)?;
            match labels(&file, request.age_classes) {
                Some(labels) => found.push(Found {
                    id,
                    labels: labels.to_vec(),
                    image: Image::File(file),
                }),
                None => listing.out_of_range.push(LeftOut {
                    id,
                    place: file.display().to_string(),
                    reason: "its name is not `<age>_<0 female, 1 male>_<name>`".to_owned(),
                }),
            }
        }
        listing.found.insert(split, found);
    }
    Ok(listing)
}

/// Gender and age class of a file name.
fn labels(file: &Path, age_classes: u32) -> Option<[u32; 2]> {
    let mut parts = file.file_name()?.to_str()?.splitn(3, '_');
    let (age, gender, _) = (parts.next()?, parts.next()?, parts.next()?);
    let years: i64 = age.parse().ok()?;
    let gender = match gender {
        "0" => 0,
        "1" => 1,
        _ => return None,
    };
    let class = years.clamp(1, i64::from(age_classes)) - 1;
    Some([gender, u32::try_from(class).ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_off_names() {
        let read = |name: &str| labels(Path::new(name), 100);
        assert_eq!(read("25_0_a.jpg"), Some([0, 24]));
        assert_eq!(read("100_1_a_b.jpg"), Some([1, 99]));
        assert_eq!(read("0_1_newborn.jpg"), Some([1, 0]));
        assert_eq!(read("116_0_a.jpg"), Some([0, 99]));
        for name in [
            "25_2_a.jpg",
            "25_nan_a.jpg",
            "old_1_a.jpg",
            "25_1.jpg",
            "a.jpg",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
