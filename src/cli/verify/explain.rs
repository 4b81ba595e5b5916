//! `repro verify --explain`: rules instead of findings.

use std::io::Write;

use anyhow::{anyhow, bail};

use super::Format;
use crate::audit::catalogue;
use crate::audit::output::explain;
use crate::audit::waiver::rule_named;
use crate::cli::EXIT_OK;

/// Prints one rule, or all.
pub(super) fn explain(rule: &str, format: Format) -> anyhow::Result<u8> {
    let is_wanted = |id: &str| rule == "all" || rule == id;
    if rule != "all" {
        rule_named(rule).map_err(|(message, help)| anyhow!("{message}\nhelp: {help}"))?;
    }
    let rules = || catalogue::all().filter(|found| is_wanted(found.id));
    let joined = |texts: Vec<String>| texts.join("\n");
    let text = match format {
        Format::Human => joined(rules().map(explain::human).collect()),
        Format::Markdown if rule == "all" => explain::page(),
        Format::Markdown => joined(rules().map(explain::section).collect()),
        Format::Json => explain::json(rules()) + "\n",
        Format::Sarif | Format::Junit | Format::Github => {
            bail!("rules are printed as `human`, `markdown` or `json`")
        }
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(EXIT_OK)
}
