//! `repro verify --explain`: rules instead of findings.

use anyhow::{anyhow, bail};

use super::Format;
use crate::audit::catalogue;
use crate::audit::output::explain;
use crate::audit::waiver::rule_named;
use crate::cli::{EXIT_OK, print};

/// Prints one rule, or all.
pub(super) fn explain(rule: &str, format: Format) -> anyhow::Result<u8> {
    let id = match rule {
        "all" => String::new(),
        rule => id_of(rule)?,
    };
    let is_wanted = |found: &str| rule == "all" || id == found;
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
    print(&text)?;
    Ok(EXIT_OK)
}

/// The id of a rule that is given by its id in any case, the id's number, or its name.
fn id_of(rule: &str) -> anyhow::Result<String> {
    let is_meant = |found: &&catalogue::Rule| {
        let number = found.id.trim_start_matches("RPR");
        found.id.eq_ignore_ascii_case(rule) || found.name == rule || number == rule
    };
    match catalogue::all().find(is_meant) {
        Some(found) => Ok(found.id.to_owned()),
        None => rule_named(rule).map_err(|(message, help)| anyhow!("{message}\nhelp: {help}")),
    }
}
