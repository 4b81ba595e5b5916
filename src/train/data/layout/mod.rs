//! Layouts: how files below the data root become labelled images, one file each.
//!
//! A layout finds images and reads labels off names, folders or columns. It neither hashes nor decodes
//! files, and knows nothing of split protocols.

mod age_folder;
mod age_gender_name;
mod demo_faces;
mod fer_csv;
mod folder;
mod image_folder;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::decode::Image;
use super::{DataError, TaskLabels};
use crate::metric::Split;
use crate::project::{Layout, SourceSettings};

/// One source of `repro.toml`, to be listed.
pub(super) struct Request<'a> {
    /// Name of the data set.
    pub(super) dataset: &'a str,
    /// The task, or `all`.
    pub(super) key: &'a str,
    pub(super) settings: &'a SourceSettings,
    pub(super) root: &'a Path,
    pub(super) age_classes: u32,
}

/// A labelled image that a layout found.
pub(super) struct Found {
    pub(super) id: String,
    pub(super) labels: Vec<u32>,
    pub(super) image: Image,
}

/// What a layout found in a source.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) tasks: Vec<TaskLabels>,
    pub(super) found: BTreeMap<Split, Vec<Found>>,
    /// Images left out for their label.
    pub(super) out_of_range: Vec<LeftOut>,
    /// Images left out because they are no images; files are decoded later.
    pub(super) undecodable: Vec<LeftOut>,
    pub(super) warnings: Vec<String>,
}

/// An image that is not used.
#[derive(Debug)]
pub(super) struct LeftOut {
    pub(super) id: String,
    /// Where, as messages name it.
    pub(super) place: String,
    pub(super) reason: String,
}

/// Lists a source.
pub(super) fn list(request: &Request<'_>) -> Result<Listing, DataError> {
    match request.settings.layout {
        Layout::ImageFolder => image_folder::list(request),
        Layout::AgeFolder => age_folder::list(request),
        Layout::FerCsv => fer_csv::list(request),
        Layout::AgeGenderName => age_gender_name::list(request),
        Layout::DemoFaces => demo_faces::list(request),
    }
}

/// The tasks that a source labels, without looking at it.
pub(super) fn tasks(key: &str, layout: Layout) -> Vec<String> {
    let names: &[&str] = match layout {
        Layout::AgeGenderName => &age_gender_name::TASKS,
        Layout::DemoFaces => &demo_faces::TASKS,
        Layout::ImageFolder | Layout::AgeFolder | Layout::FerCsv => &[key],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Request<'_> {
    /// The key of `repro.toml` that this source stands under.
    pub(super) fn origin(&self) -> String {
        format!("data.{}.{}", self.dataset, self.key)
    }

    /// Where the source lies.
    pub(super) fn path(&self) -> PathBuf {
        self.root.join(&self.settings.path)
    }

    /// The folder of every split, all of them present; `train` and `test` must be named.
    fn split_folders(&self) -> Result<BTreeMap<Split, PathBuf>, DataError> {
        for split in [Split::Train, Split::Test] {
            if !self.settings.splits.contains_key(&split) {
                return Err(DataError::UnmappedSplit {
                    origin: self.origin(),
                    split,
                });
            }
        }
        let folder = |(split, name): (&Split, &String)| {
            let path = self.path().join(name);
            match path.is_dir() {
                true => Ok((*split, path)),
                false => Err(DataError::missing(self.root, &path, &self.origin())),
            }
        };
        self.settings.splits.iter().map(folder).collect()
    }

    /// The one task of a layout that labels only one.
    fn single_task(&self, layout: &'static str) -> Result<String, DataError> {
        match self.key {
            super::open::ALL => Err(DataError::OneTask {
                origin: self.origin(),
                layout,
            }),
            task => Ok(task.to_owned()),
        }
    }
}

fn names<S: ToString>(classes: impl IntoIterator<Item = S>) -> Vec<String> {
    classes.into_iter().map(|class| class.to_string()).collect()
}
