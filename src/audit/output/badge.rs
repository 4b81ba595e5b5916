//! The badge: a flat SVG with a document's level and what it rests on.

use super::Verified;
use crate::audit::catalogue;
use crate::audit::level;

/// What a badge says beside what was verified.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'o> {
    /// The day.
    pub date: &'o str,
    /// The commit, where it is known.
    pub commit: Option<&'o str>,
    /// The version of this program.
    pub version: &'o str,
}

/// Width of a character, in pixels: the font may be any, so that texts are stretched to it.
const CHARACTER: usize = 7;

/// Blank beside a text, in pixels.
const PADDING: usize = 6;

/// What the left half says.
const NAME: &str = "results";

/// The badge of these documents: the lowest level of their tables.
pub fn badge(verified: &[Verified], origin: &Origin<'_>) -> String {
    let levels = verified
        .iter()
        .flat_map(|verified| &verified.verification.levels);
    let level = level::lowest(levels);
    let sum = |n: fn(&Verified) -> usize| verified.iter().map(n).sum::<usize>();
    let n_verified = sum(|verified| verified.verification.cells.verified);
    let n_left = sum(|verified| verified.verification.cells.not_assessed);
    let n_waived = sum(|verified| verified.verification.n_waived());
    let reached = match level {
        Some(level) => format!("{level} {}", level::title(level)),
        None => "no table".to_owned(),
    };
    let says = format!(
        "{reached} · {n_verified} verified · {n_left} not assessed · {n_waived} suppressed"
    );
    let title = format!(
        "{NAME}: {reached}; {n_verified} cells verified, {n_left} not assessed, {n_waived} findings suppressed; \
         {}, commit {}; repro {}, rule set {}",
        origin.date,
        origin.commit.unwrap_or("unknown"),
        origin.version,
        catalogue::VERSION
    );
    drawn(&says, &title, color(level))
}

/// Red where nothing is traced, blue where all is.
fn color(level: Option<&str>) -> &'static str {
    match level {
        None => "#767676",
        Some("none" | "L0") => "#b3261e",
        Some("L1") => "#9a5b00",
        Some("L2") => "#6b6b00",
        Some("L3") => "#2e7d32",
        Some(_) => "#0b5394",
    }
}

fn drawn(says: &str, title: &str, color: &str) -> String {
    let left = NAME.chars().count() * CHARACTER;
    let right = says.chars().count() * CHARACTER;
    let split = left + 2 * PADDING;
    let width = split + right + 2 * PADDING;
    let (says, title) = (escaped(says), escaped(title));
    let text_at = split + PADDING;
    let right_width = width - split;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n\
         <rect width=\"{split}\" height=\"20\" fill=\"#444\"/>\n\
         <rect x=\"{split}\" width=\"{right_width}\" height=\"20\" fill=\"{color}\"/>\n\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\n\
         <text x=\"{PADDING}\" y=\"14\" textLength=\"{left}\">{NAME}</text>\n\
         <text x=\"{text_at}\" y=\"14\" textLength=\"{right}\">{says}</text>\n\
         </g>\n\
         </svg>\n"
    )
}

/// A text within XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
