//! Hashing files and trying to decode them, remembered between calls.
//!
//! A file that has the size, time of change and inode it had is not read again. Content that was decoded
//! once is not decoded again, wherever it lies now.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::decode::{Image, decode};
use super::fingerprint::Content;
use crate::store::write_atomically;

const FILE_NAME: &str = "data-hashes";

/// What became of files when they were last read.
#[derive(Debug, Default)]
pub(super) struct Memory {
    path: Option<PathBuf>,
    files: BTreeMap<String, Entry>,
    outcomes: HashMap<String, Option<String>>,
}

/// A file as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    bytes: u64,
    changed_ns: i128,
    inode: u64,
    blake3: String,
    /// Why it cannot be decoded; `None` where it can.
    undecodable: Option<String>,
}

/// What is known of an image.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) content: Content,
    /// Why it cannot be decoded; `None` where it can.
    pub(super) undecodable: Option<String>,
    news: Option<(String, Entry)>,
}

impl Memory {
    /// What `folder` remembers: nothing if it has no such file, or a damaged one.
    pub(super) fn load(folder: Option<&Path>) -> Self {
        let path = folder.map(|folder| folder.join(FILE_NAME));
        let files = path.as_deref().and_then(read).unwrap_or_default();
        let outcomes = files
            .values()
            .map(|entry| (entry.blake3.clone(), entry.undecodable.clone()))
            .collect();
        Self {
            path,
            files,
            outcomes,
        }
    }

    /// Size and hash of what an image is stored as, and whether it can be decoded.
    pub(super) fn examine(&self, image: &Image) -> io::Result<Examined> {
        match image {
            Image::File(path) => self.examine_file(path),
            Image::Grey { content, .. } => Ok(Examined::decodable(*content)),
            Image::Face(face) => Ok(Examined::decodable(Content::of(face.draw().as_raw()))),
        }
    }

    fn examine_file(&self, path: &Path) -> io::Result<Examined> {
        let metadata = std::fs::metadata(path)?;
        let key = std::path::absolute(path)?.to_string_lossy().into_owned();
        let changed_ns =
            i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        if let Some(known) = self.files.get(&key) {
            let same = (known.bytes, known.changed_ns, known.inode)
                == (metadata.len(), changed_ns, metadata.ino());
            if let (true, Ok(blake3)) = (same, blake3::Hash::from_hex(&known.blake3)) {
                return Ok(Examined {
                    content: Content {
                        bytes: known.bytes,
                        blake3,
                    },
                    undecodable: known.undecodable.clone(),
                    news: None,
                });
            }
        }
        let bytes = std::fs::read(path)?;
        let content = Content::of(&bytes);
        let blake3 = content.blake3.to_hex().to_string();
        let undecodable = match self.outcomes.get(&blake3) {
            Some(known) => known.clone(),
            None => decode(&bytes).err(),
        };
        let entry = Entry {
            bytes: content.bytes,
            changed_ns,
            inode: metadata.ino(),
            blake3,
            undecodable: undecodable.clone(),
        };
        Ok(Examined {
            content,
            undecodable,
            news: Some((key, entry)),
        })
    }

    /// Remembers what was found for the next call.
    ///
    /// # Errors
    /// The folder cannot be written; what was found is still right.
    pub(super) fn remember(mut self, examined: &mut [Examined]) -> Result<(), String> {
        let news: Vec<_> = examined
            .iter_mut()
            .filter_map(|found| found.news.take())
            .collect();
        let Some(path) = self.path.filter(|_| !news.is_empty()) else {
            return Ok(());
        };
        self.files.extend(news);
        write(&path, &self.files)
            .map_err(|reason| format!("`{}`: hashes are not remembered: {reason}", path.display()))
    }
}

impl Examined {
    fn decodable(content: Content) -> Self {
        Self {
            content,
            undecodable: None,
            news: None,
        }
    }
}

/// The file is the hash of its second line, then that line: damage of any kind is noticed.
fn read(path: &Path) -> Option<BTreeMap<String, Entry>> {
    let text = std::fs::read_to_string(path).ok()?;
    let (hash, entries) = text.split_once('\n')?;
    let intact = blake3::hash(entries.as_bytes()).to_hex().as_str() == hash;
    intact.then(|| serde_json::from_str(entries).ok())?
}

fn write(path: &Path, files: &BTreeMap<String, Entry>) -> Result<(), String> {
    let folder = path.parent().expect("the file was joined to a folder");
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    std::fs::write(folder.join(".gitignore"), "*\n").map_err(|error| error.to_string())?;
    let entries = serde_json::to_string(files).map_err(|error| error.to_string())?;
    let text = format!("{}\n{entries}", blake3::hash(entries.as_bytes()));
    write_atomically(path, text.as_bytes()).map_err(|error| error.to_string())
}
