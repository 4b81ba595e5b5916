//! `repro verify`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::{EXIT_FINDINGS, EXIT_OK, Global};
use crate::audit::bind::Locked;
use crate::audit::finding::{Severities, Severity};
use crate::audit::output::{human::Human, json::json};
use crate::audit::{self, Inputs, Verification, rules};
use crate::project::Project;
use crate::report::spec::{self, TableSpec};
use crate::source::nearest;
use crate::store::Store;

/// Arguments of `repro verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Documents, instead of those in repro.toml.
    documents: Vec<PathBuf>,
    /// How to print findings.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Lowest severity that exits 1, instead of the one in repro.toml.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Exit 1 unless every numeric cell is verified from metrics and from predictions.
    #[arg(long)]
    require_all: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Findings and a summary.
    Human,
    /// One object per document and line.
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Note,
    Warning,
    Error,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Note => Self::Note,
            FailOn::Warning => Self::Warning,
            FailOn::Error => Self::Error,
        }
    }
}

impl Verify {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let project = global.project()?;
        let store = global.store(&project);
        let specs = spec::read_all(&project.root)?;
        let severities = severities(&project)?;
        let fail_on = match self.fail_on {
            Some(fail_on) => fail_on.into(),
            None => fail_on(&project)?,
        };
        let mut code = EXIT_OK;
        for (path, name) in self.documents(&project)? {
            let verification = verify(&path, &name, &project, &store, &specs, &severities)?;
            match self.format {
                Format::Human => print!("{}", Human(&verification)),
                Format::Json => println!("{}", json(&verification)),
            }
            if verification.cells.verified == 0 && !global.quiet {
                eprintln!("error: `{name}`: no numeric cell could be verified");
            }
            let incomplete = self.require_all && !verification.is_complete();
            if incomplete && !global.quiet {
                eprintln!(
                    "error: `{name}`: some numeric cells are not verified from metrics and predictions"
                );
            }
            if incomplete || verification.fails(fail_on) {
                code = EXIT_FINDINGS;
            }
        }
        Ok(code)
    }

    /// The documents: where they lie, and how findings name them.
    fn documents(&self, project: &Project) -> anyhow::Result<Vec<(PathBuf, String)>> {
        let named = |path: &PathBuf| (path.clone(), path.display().to_string());
        let settled = |path: &Path| (project.root.join(path), path.display().to_string());
        let settings = &project.settings.documents;
        if !self.documents.is_empty() {
            Ok(self.documents.iter().map(named).collect())
        } else if settings.is_empty() {
            bail!("no document to verify\nhelp: name one, or add `[[documents]]` to repro.toml")
        } else {
            Ok(settings
                .iter()
                .map(|document| settled(&document.path))
                .collect())
        }
    }
}

fn verify(
    path: &Path,
    name: &str,
    project: &Project,
    store: &Store,
    specs: &[TableSpec],
    severities: &Severities,
) -> anyhow::Result<Verification> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read document `{name}`"))?;
    let locked = Locked::new();
    let _ = project;
    Ok(audit::verify(&Inputs {
        path: name,
        text: &text,
        store,
        specs,
        severities,
        rendered: None,
        locked: &locked,
    }))
}

/// `[audit] severity` with its names checked.
fn severities(project: &Project) -> anyhow::Result<Severities> {
    let mut severities = BTreeMap::new();
    for (rule, severity) in &project.settings.audit.severity {
        let known = rules::ALL.iter().map(|rule| rule.id);
        if !is_rule_id(rule) {
            let near = nearest(rule, known).unwrap_or("RPR101");
            bail!("repro.toml: `audit.severity.{rule}` is no rule\nhelp: did you mean `{near}`?");
        }
        let value = match severity.as_str() {
            "off" => None,
            name => Some(severity_named("severity", name)?),
        };
        severities.insert(rule.clone(), value);
    }
    Ok(severities)
}

/// Rules of the catalogue that this version does not check yet may be set, too.
fn is_rule_id(text: &str) -> bool {
    text.strip_prefix("RPR")
        .is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn fail_on(project: &Project) -> anyhow::Result<Severity> {
    match &project.settings.audit.fail_on {
        None => Ok(Severity::Error),
        Some(name) => severity_named("fail_on", name),
    }
}

fn severity_named(key: &str, name: &str) -> anyhow::Result<Severity> {
    Severity::from_name(name).with_context(|| {
        format!("repro.toml: `audit.{key}` is `{name}`, expected `error`, `warning` or `note`")
    })
}
