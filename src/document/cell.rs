//! The text of a cell: its number, its spread, and how both are dressed.

use std::borrow::Cow;

use serde::Serialize;

use super::character;
use super::row::{Mark, unescape};

/// One cell after the label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Its line.
    pub line: usize,
    /// Column of its first character that is no blank; of an empty cell, the one after its delimiter.
    pub column: usize,
    /// Name of its column; `None` outside the header.
    pub header: Option<String>,
    /// Text without surrounding blanks, escapes resolved.
    pub text: String,
    /// The number in it.
    pub value: Option<f64>,
    /// Digits after the decimal point.
    pub decimals: Option<u32>,
    /// What stands after `±` or in parentheses.
    pub spread: Option<f64>,
    /// Number of runs, where the cell says so.
    pub n: Option<u64>,
    /// Whether it is printed bold.
    pub bold: bool,
    /// What else was seen, such as `percent`, `thousands`, `decimal-comma`, `marked`, `placeholder`.
    pub flags: Vec<&'static str>,
    /// Marks behind its number, which has the flag `marked` then.
    #[serde(skip)]
    pub marks: Vec<Mark>,
    /// Column after its last character, marks apart.
    #[serde(skip)]
    pub end_column: usize,
    /// The number in plain decimal or exponent notation, as printed otherwise.
    #[serde(skip)]
    pub number: Option<String>,
    /// The spread likewise.
    #[serde(skip)]
    pub spread_number: Option<String>,
}

/// Wrappers around a number, and the flag that says so; bold has its own field.
const WRAPPERS: &[(&str, &str, &str)] = &[
    ("**", "**", "bold"),
    ("__", "__", "bold"),
    ("<b>", "</b>", "bold"),
    ("<strong>", "</strong>", "bold"),
    ("<u>", "</u>", "underline"),
    ("<ins>", "</ins>", "underline"),
    ("~~", "~~", "struck"),
    ("~", "~", "struck"),
    ("*", "*", "italic"),
    ("_", "_", "italic"),
    ("<i>", "</i>", "italic"),
    ("<em>", "</em>", "italic"),
    ("`", "`", "code"),
    ("$", "$", "math"),
];

/// Characters after a number that say something about it.
const MARKERS: &[char] = &['†', '‡', '§', '*', '↑', '↓', '⁎', '∗', '!'];

/// Texts that stand for a number to come or for none.
const PLACEHOLDERS: &[&str] = &[
    "?", "tbd", "todo", "tba", "fixme", "n/a", "na", "nan", "-", "–", "—", "…", "...",
];

/// The cell with this text, blanks around it already removed; its place is left to the caller.
pub(super) fn read(raw: &str) -> Cell {
    let mut cell = Cell {
        line: 0,
        column: 0,
        header: None,
        text: String::new(),
        value: None,
        decimals: None,
        spread: None,
        n: None,
        bold: false,
        flags: Vec::new(),
        marks: Vec::new(),
        end_column: 0,
        number: None,
        spread_number: None,
    };
    if raw.is_empty() {
        return cell;
    }
    let text = unescape(raw);
    let plain = plain(&text);
    let mut flags = Vec::new();
    let bare = undress(&plain, &mut flags);
    cell.flags = flags;
    if quantity(bare, &mut cell).is_none() {
        classify(bare, &mut cell);
    }
    cell.text = text;
    cell.bold = cell.flags.contains(&"bold");
    cell.flags.retain(|flag| *flag != "bold");
    cell.flags.sort_unstable();
    cell.flags.dedup();
    cell
}

/// The text with full-width digits and typographic signs turned into plain ones, and without bold that ends before the
/// spread.
fn plain(text: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(text);
    if !text.is_ascii() {
        plain = text.chars().filter_map(plain_character).collect();
    }
    let around_value = plain
        .strip_prefix("**")
        .and_then(|rest| rest.split_once("**"))
        .filter(|(inner, after)| !inner.is_empty() && !after.is_empty());
    match around_value {
        Some((inner, after)) if !after.starts_with('*') => format!("**{inner}{after}**").into(),
        _ => plain,
    }
}

fn plain_character(character: char) -> Option<char> {
    match character {
        '０'..='９' | '．' | '，' | '％' => {
            char::from_u32(u32::from(character) - 0xFF00 + 0x20)
        }
        '−' => Some('-'),
        _ => (!character::is_zero_width(character)).then_some(character),
    }
}

/// The text without emphasis and trailing markers.
fn undress<'t>(plain: &'t str, flags: &mut Vec<&'static str>) -> &'t str {
    let mut rest = plain.trim();
    loop {
        let unwrapped = WRAPPERS.iter().find_map(|&(open, close, flag)| {
            let inner = rest.strip_prefix(open)?.strip_suffix(close)?;
            Some((inner, flag))
        });
        if let Some((inner, flag)) = unwrapped.filter(|(inner, _)| !inner.is_empty()) {
            flags.push(flag);
            rest = inner.trim();
            continue;
        }
        // Only here, so that a run of markers is walked along once and not per wrapper.
        let unmarked = rest.trim_end_matches(MARKERS);
        if unmarked.len() < rest.len() && !unmarked.is_empty() {
            flags.push("marker");
            rest = unmarked.trim_end();
        } else {
            return rest;
        }
    }
}

/// Reads `value [%] [± spread [%]] [(n)]`; leaves the cell without a value where anything else is in it.
fn quantity(text: &str, cell: &mut Cell) -> Option<()> {
    let mut flags = Vec::new();
    let (number, rest) = number(text, &mut flags)?;
    let rest = percent(rest, &mut flags);
    let (spread, rest) = match ["±", "+/-", "+-", "\\pm"]
        .iter()
        .find_map(|sign| rest.strip_prefix(sign))
    {
        Some(after) => {
            let after = wrapped_number(after.trim_start(), &mut flags)?;
            (Some(after.0), percent(after.1, &mut flags))
        }
        None => (None, rest),
    };
    let (parenthesis, rest) = match rest.strip_prefix('(') {
        Some(inner) => {
            let (inner, rest) = inner.split_once(')')?;
            (Some(inner.trim()), rest.trim())
        }
        None => (None, rest),
    };
    if !rest.is_empty() {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    cell.spread_number = spread;
    if let Some(inner) = parenthesis {
        read_parenthesis(inner, cell)?;
    }
    cell.spread = match &cell.spread_number {
        Some(spread) => Some(spread.parse().ok()?),
        None => None,
    };
    cell.value = Some(value);
    cell.decimals = Some(decimals(&number));
    cell.number = Some(number);
    cell.flags.extend(flags);
    Some(())
}

/// What stands in parentheses after a number: `n=5`, `SD, n=5 seeds`, a count after a spread, else the spread.
fn read_parenthesis(inner: &str, cell: &mut Cell) -> Option<()> {
    let lower = inner.to_ascii_lowercase();
    let counted = lower.split([',', ';']).find_map(|part| {
        let after = part.trim().strip_prefix('n')?.trim_start();
        let after = after.strip_prefix('=')?.trim_start();
        let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    });
    if counted.is_some() {
        cell.n = counted;
    } else if cell.spread_number.is_some() {
        cell.n = inner.parse().ok();
    } else {
        let mut flags = Vec::new();
        let inner = inner.strip_prefix('±').unwrap_or(inner).trim();
        let (spread, rest) = number(inner, &mut flags)?;
        if !percent(rest, &mut flags).is_empty() {
            return None;
        }
        cell.spread_number = Some(spread);
    }
    Some(())
}

fn percent<'t>(text: &'t str, flags: &mut Vec<&'static str>) -> &'t str {
    let text = text.trim_start();
    match text.strip_prefix('%') {
        Some(rest) => {
            flags.push("percent");
            rest.trim_start()
        }
        None => text,
    }
}

/// A number that may itself be in bold, as the spread beside a bold value.
fn wrapped_number<'t>(text: &'t str, flags: &mut Vec<&'static str>) -> Option<(String, &'t str)> {
    number(text.trim_start_matches('*'), flags)
}

/// The number at the beginning of a text in plain notation, and what follows it.
fn number<'t>(text: &'t str, flags: &mut Vec<&'static str>) -> Option<(String, &'t str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\u{202f}' | '\'');
    let end = unsigned.find(|c| !is_part(c)).unwrap_or(unsigned.len());
    let (mantissa, rest) = unsigned.split_at(end);
    let mantissa = plain_mantissa(mantissa, flags)?;
    let (exponent, rest) = exponent(rest);
    let sign = if text.starts_with('-') { "-" } else { "" };
    let is_plain = sign.is_empty() && exponent.is_empty();
    let number = if is_plain {
        mantissa
    } else {
        format!("{sign}{mantissa}{exponent}")
    };
    Some((number, rest))
}

/// Digits with at most one point: thousands separators removed, a decimal comma turned into a point.
fn plain_mantissa(text: &str, flags: &mut Vec<&'static str>) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(fraction) {
        return Some(text.to_owned());
    }
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => match text.split_once(',') {
            // One comma and not exactly three digits after it: German or French.
            Some((whole, fraction)) if !fraction.contains(',') && fraction.len() != 3 => {
                flags.push("decimal-comma");
                (whole, Some(fraction))
            }
            _ => (text, None),
        },
    };
    let groups: Vec<&str> = whole.split([',', '\u{202f}', '\'']).collect();
    let is_grouped = groups.len() > 1;
    let grouped_well =
        (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
    if is_grouped && !grouped_well {
        return None;
    }
    if is_grouped {
        flags.push("thousands");
    }
    let whole = groups.concat();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    match fraction {
        Some(fraction) if !fraction.is_empty() && digits(fraction) && digits(&whole) => {
            Some(format!("{whole}.{fraction}"))
        }
        None if !whole.is_empty() && digits(&whole) => Some(whole),
        _ => None,
    }
}

/// `e-06` and the like, or nothing.
fn exponent(text: &str) -> (&str, &str) {
    let Some(after) = text.strip_prefix(['e', 'E']) else {
        return ("", text);
    };
    let digits = after.strip_prefix(['-', '+']).unwrap_or(after);
    let n_digits = digits.bytes().take_while(u8::is_ascii_digit).count();
    // More digits than any finite number needs are no exponent.
    if n_digits == 0 || n_digits > 4 {
        return ("", text);
    }
    let end = text.len() - digits.len() + n_digits;
    text.split_at(end)
}

/// Digits after the point once the exponent is applied.
fn decimals(number: &str) -> u32 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let fraction = mantissa
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let fraction = i64::try_from(fraction).unwrap_or(i64::MAX);
    let shift = exponent.parse::<i64>().unwrap_or(0);
    u32::try_from((fraction - shift).max(0)).unwrap_or(u32::MAX)
}

/// Flags of a cell that holds no number.
fn classify(text: &str, cell: &mut Cell) {
    let lower = text.to_ascii_lowercase();
    let is_crosses = !lower.is_empty() && lower.bytes().all(|byte| byte == b'x');
    if is_crosses || PLACEHOLDERS.contains(&lower.as_str()) {
        cell.flags.push("placeholder");
    }
    let is_number = |part: &str| part.trim().parse::<f64>().is_ok();
    if text.contains(',')
        && text
            .trim_matches(['[', ']', '(', ')'])
            .split(',')
            .all(is_number)
    {
        cell.flags.push("list");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<f64>, Option<u32>, Option<f64>, Option<u64>) {
        let cell = read(text);
        (cell.value, cell.decimals, cell.spread, cell.n)
    }

    #[test]
    fn numbers_in_every_dress() {
        let cases = [
            ("15", 15.0, 0),
            ("82.5%", 82.5, 1),
            ("82.5 %", 82.5, 1),
            ("**82.5**", 82.5, 1),
            ("**82.5%**", 82.5, 1),
            ("<u>82.50</u>", 82.5, 2),
            ("~82.5~", 82.5, 1),
            ("1,234.5", 1234.5, 1),
            ("1,234", 1234.0, 0),
            ("1e-3", 0.001, 3),
            ("1e-06", 1e-6, 6),
            (".5", 0.5, 1),
            ("82,5", 82.5, 1),
            ("82.5†", 82.5, 1),
            ("***82.5***", 82.5, 1),
            ("**82.5†**", 82.5, 1),
            ("82.5 *", 82.5, 1),
            ("-0.25", -0.25, 2),
            ("−3", -3.0, 0),
            ("\\-3", -3.0, 0),
            ("８２．５", 82.5, 1),
            ("0.12345678901234567", 0.123_456_789_012_345_67, 17),
        ];
        for (text, value, decimals) in cases {
            assert_eq!(
                parsed(text),
                (Some(value), Some(decimals), None, None),
                "{text}"
            );
        }
        assert!(read("**82.5**").bold);
        assert_eq!(read("82,5").flags, ["decimal-comma"]);
        assert_eq!(read("1,234.5%").flags, ["percent", "thousands"]);
    }

    #[test]
    fn spreads_and_counts() {
        let cases = [
            ("82.5 ± 0.4", 0.4, None),
            ("82.5±0.4 (5)", 0.4, Some(5)),
            ("82.5 (0.4)", 0.4, None),
            ("82.5 ± 0.4 (SD, n=5 seeds)", 0.4, Some(5)),
            ("82.5 ± 0.4 (n = 3)", 0.4, Some(3)),
            ("82.5% ± 0.4%", 0.4, None),
        ];
        for (text, spread, n) in cases {
            assert_eq!(
                parsed(text),
                (Some(82.5), Some(1), Some(spread), n),
                "{text}"
            );
        }
        assert_eq!(parsed("82.5 (n=5)"), (Some(82.5), Some(1), None, Some(5)));
    }

    #[test]
    fn other_texts_hold_no_number() {
        for text in [
            "",
            "xx",
            "xxx",
            "1, 1, 1, 1",
            "fine tune",
            "_gender_0_age_1_IMDB_WIKI",
            "–",
            "n/a",
            "1.2.3",
            "12 epochs",
            "(5)",
            "1,23,4",
            ".",
            ",",
            "1e99999",
            "82.5 (see text)",
            "**",
            "0x1f",
        ] {
            assert_eq!(read(text).value, None, "{text}");
        }
        assert_eq!(read("xx").flags, ["placeholder"]);
        assert_eq!(read("–").flags, ["placeholder"]);
        assert_eq!(read("1, 0.1, 1").flags, ["list"]);
    }
}
