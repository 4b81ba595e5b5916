//! Synthetic faces, drawn by `repro` itself: nothing has to lie on disk.

use super::super::decode::Image;
use super::super::faces::Face;
use super::super::{DataError, EMOTIONS, TaskLabels};
use super::{Found, Listing, Request, names};
use crate::metric::{Split, name};

/// What every face is labelled for, in the order of [`Found::labels`].
pub(super) const TASKS: [&str; 4] = ["gender", "smile", "emotion", name::AGE];

const COUNTS: [(Split, u64); 2] = [(Split::Train, 1200), (Split::Test, 300)];

/// Describes as many faces as `splits` says; drawing is left to the decoding threads.
pub(super) fn list(request: &Request<'_>) -> Result<Listing, DataError> {
    if !request.dataset.contains("synthetic") {
        return Err(DataError::UnmarkedSynthetic {
            dataset: request.dataset.to_owned(),
        });
    }
    let classes = [
        names(["female", "male"]),
        names(["no_smile", "smile"]),
        names(EMOTIONS),
        names(1..=request.age_classes),
    ];
    let tasks = TASKS
        .into_iter()
        .zip(classes)
        .map(|(name, classes)| TaskLabels {
            name: name.to_owned(),
            classes,
        });
    let found = counts(request)?.into_iter().map(|(split, n)| {
        (
            split,
            (0..n).map(|idx| found(request, split, idx)).collect(),
        )
    });
    Ok(Listing {
        tasks: tasks.collect(),
        found: found.collect(),
        ..Listing::default()
    })
}

fn found(request: &Request<'_>, split: Split, idx: u64) -> Found {
    let face = Face::new(split, idx, request.age_classes);
    Found {
        id: format!("demo_faces/{split}/{idx:06}"),
        labels: face.labels().to_vec(),
        image: Image::Face(face),
    }
}

fn counts(request: &Request<'_>) -> Result<Vec<(Split, u64)>, DataError> {
    if request.settings.splits.is_empty() {
        return Ok(COUNTS.to_vec());
    }
    let count = |(split, text): (&Split, &String)| match text.parse() {
        Ok(n) => Ok((*split, n)),
        Err(_) => Err(DataError::InvalidCount {
            origin: request.origin(),
            split: *split,
            found: text.clone(),
        }),
    };
    request.settings.splits.iter().map(count).collect()
}
