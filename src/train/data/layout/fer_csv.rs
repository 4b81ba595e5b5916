//! `fer2013.csv`: one 48×48 grey face per row, columns `emotion,pixels,Usage`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::super::decode::Image;
use super::super::fingerprint::Content;
use super::super::{DataError, EMOTIONS, TaskLabels};
use super::{Found, LeftOut, Listing, Request, folder, names};
use crate::metric::Split;

const SIDE: u32 = 48;

/// Lists every row; the sample of the first row below the header is `<file>#1`.
pub(super) fn list(request: &Request<'_>) -> Result<Listing, DataError> {
    let task = request.single_task("fer_csv")?;
    let path = request.path();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(DataError::missing(request.root, &path, &request.origin()));
        }
        Err(error) => return Err(DataError::io(&path, "reading")(error)),
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let columns = Columns::of(&path, lines.next().unwrap_or_default())?;
    let usages = usages(request);
    let mut listing = Listing {
        tasks: vec![TaskLabels {
            name: task,
            classes: names(EMOTIONS),
        }],
        found: usages.values().map(|split| (*split, Vec::new())).collect(),
        ..Listing::default()
    };
    let file = folder::id(request.root, &path)?;
    for (line_idx, line) in lines.enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let left_out = |reason| LeftOut {
            id: format!("{file}#{}", line_idx + 1),
            place: format!("{}:{}", path.display(), line_idx + 2),
            reason,
        };
        match columns.read(line, &usages) {
            Ok((split, label, image)) => listing.found.entry(split).or_default().push(Found {
                id: format!("{file}#{}", line_idx + 1),
                labels: vec![label],
                image,
            }),
            Err(Problem::Label(reason)) => listing.out_of_range.push(left_out(reason)),
            Err(Problem::Pixels(reason)) => listing.undecodable.push(left_out(reason)),
        }
    }
    Ok(listing)
}

/// Value of the column `Usage` → split: FER's own names, or those of `splits`.
fn usages(request: &Request<'_>) -> BTreeMap<String, Split> {
    let named = &request.settings.splits;
    if named.is_empty() {
        let own = [
            ("Training", Split::Train),
            ("PublicTest", Split::Valid),
            ("PrivateTest", Split::Test),
        ];
        return own.map(|(usage, split)| (usage.to_owned(), split)).into();
    }
    named
        .iter()
        .map(|(split, usage)| (usage.clone(), *split))
        .collect()
}

/// Positions of the columns: some copies of the file have another order, and blanks after the commas.
struct Columns {
    emotion: usize,
    pixels: usize,
    usage: usize,
}

/// Why a row is left out.
enum Problem {
    Label(String),
    Pixels(String),
}

impl Columns {
    fn of(path: &Path, header: &str) -> Result<Self, DataError> {
        let names: Vec<&str> = header
            .trim_start_matches('\u{feff}')
            .split(',')
            .map(field)
            .collect();
        let position = |name: &str| {
            names
                .iter()
                .position(|found| found.eq_ignore_ascii_case(name))
        };
        match (position("emotion"), position("pixels"), position("usage")) {
            (Some(emotion), Some(pixels), Some(usage)) => Ok(Self {
                emotion,
                pixels,
                usage,
            }),
            _ => Err(DataError::InvalidHeader {
                path: path.to_owned(),
                found: header.chars().take(60).collect(),
            }),
        }
    }

    fn read(
        &self,
        line: &str,
        usages: &BTreeMap<String, Split>,
    ) -> Result<(Split, u32, Image), Problem> {
        let fields: Vec<&str> = line.split(',').map(field).collect();
        let of = |position: usize| fields.get(position).copied().unwrap_or_default();
        let label = of(self.emotion);
        let code = label
            .parse()
            .ok()
            .filter(|code| (*code as usize) < EMOTIONS.len())
            .ok_or_else(|| Problem::Label(format!("`{label}` is no emotion in 0..=6")))?;
        let usage = of(self.usage);
        let split = *usages.get(usage).ok_or_else(|| {
            let known: Vec<&String> = usages.keys().collect();
            Problem::Label(format!(
                "usage `{usage}` is none of {}",
                crate::source::backticked(&known)
            ))
        })?;
        Ok((split, code, pixels(of(self.pixels))?))
    }
}

fn field(text: &str) -> &str {
    text.trim().trim_matches('"')
}

fn pixels(field: &str) -> Result<Image, Problem> {
    let wrong = |reason| Problem::Pixels(format!("pixels: {reason}"));
    let pixels = field
        .split_ascii_whitespace()
        .map(|value| {
            value
                .parse()
                .map_err(|_| wrong(format!("`{value}` is no grey value in 0..=255")))
        })
        .collect::<Result<Vec<u8>, _>>()?;
    let expected = SIDE as usize * SIDE as usize;
    if pixels.len() != expected {
        return Err(wrong(format!(
            "{} values, expected {expected}",
            pixels.len()
        )));
    }
    Ok(Image::Grey {
        side: SIDE,
        pixels: Arc::from(pixels),
        content: Content::of(field.as_bytes()),
    })
}
