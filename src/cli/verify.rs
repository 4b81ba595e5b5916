//! `repro verify`.

mod explain;
mod known;
mod print;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{EXIT_FAILURE, EXIT_FINDINGS, EXIT_OK, Global, documents, explained};
use crate::audit::baseline::Baseline;
use crate::audit::evidence::ReadRuns;
use crate::audit::evidence::manifest::{self, Manifest};
use crate::audit::finding::{Severities, Severity};
use crate::audit::git::{History, Wanted};
use crate::audit::output::Verified;
use crate::audit::python::TrainingCode;
use crate::audit::waiver::{Scope, Waiver, rule_named};
use crate::audit::{self, Inputs, Settings, Verification, catalogue};
use crate::project::{DocumentSettings, FILE_NAME, Project, WaiverSettings};
use crate::report::assemble::assemble;
use crate::report::lock::{self, Lock};
use crate::report::spec::{self, TableSpec};
use crate::report::table::Table;
use crate::source::nearest;
use crate::store::{Scan, Store};

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
    /// Look at the documents alone: no runs, specs, lock or history.
    #[arg(long)]
    document_only: bool,
    /// Exit 1 unless every numeric cell is verified from metrics and from predictions.
    #[arg(long)]
    require_all: bool,
    /// Findings that this file lists do not fail.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings to a file for `--baseline`.
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Print a rule, or `all`, instead of verifying.
    #[arg(long, value_name = "RULE")]
    explain: Option<String>,
    /// Draw an SVG badge of the level that the documents reach.
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,
    /// The commit that the badge names.
    #[arg(long, requires = "badge")]
    commit: Option<String>,
    /// The day for which waivers are judged and which the badge names, instead of today.
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Excerpts and a summary.
    Human,
    /// One object per document and line.
    Json,
    /// One log for code scanning.
    Sarif,
    /// Test cases: tables by families of rules.
    Junit,
    /// Annotations of workflow commands, and a summary of the job.
    Github,
    /// Tables of levels and findings.
    Markdown,
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
        if let Some(rule) = &self.explain {
            return explain::explain(rule, self.format);
        }
        let project = global.project()?;
        let store = global.store(&project)?;
        let specs = spec::read_all(&project.root)?;
        let fail_on = match self.fail_on {
            Some(fail_on) => fail_on.into(),
            None => fail_on(&project)?,
        };
        let against = Against {
            current: Current::new(&project, &store, &specs),
            lock: Lock::read(&project.root.join(lock::FILE_NAME))?,
            manifest: Manifest::read(&project.root.join(manifest::FILE_NAME))
                .map_err(anyhow::Error::msg)?,
            settings: settings(&project, self.today())?,
            store: &store,
            read_runs: ReadRuns::default(),
            specs: &specs,
            code: code(&project)?,
        };
        let alone = settings(
            &Project {
                root: project.root.clone(),
                settings: crate::project::Settings::default(),
            },
            self.today(),
        )?;
        let known = known::read(self.baseline.as_deref())?;
        let mut code = EXIT_OK;
        let mut verified = Vec::new();
        for (path, name) in self.documents(&project)? {
            let outcome = if self.is_alone(&project, &path) {
                if !global.quiet {
                    eprintln!(
                        "note: `{name}` is not part of the project at `{}`: it is audited alone",
                        project.root.display()
                    );
                }
                verify_alone(&path, &name, &alone)
            } else {
                against.verify(&path, &name)
            };
            match outcome {
                Ok(outcome) => verified.push(outcome),
                Err(error) => {
                    eprintln!("error: {}", explained(&error));
                    code = EXIT_FAILURE;
                }
            }
        }
        known::apply(known.as_ref(), &mut verified);
        for Verified { verification, .. } in &verified {
            code = code.max(self.outcome(verification, fail_on, known.as_ref()));
        }
        known::write(self.write_baseline.as_deref(), &verified)?;
        self.print(&verified, fail_on, code, global.colors_stdout())?;
        self.write_badge(&verified)?;
        Ok(code)
    }

    /// The day for which waivers are judged.
    fn today(&self) -> Date {
        let today = || TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
        self.date.unwrap_or_else(today)
    }

    /// Whether a document has nothing to do with the project's runs and settings.
    fn is_alone(&self, project: &Project, path: &Path) -> bool {
        let within = |path: &Path| {
            let root = project.root.canonicalize().ok()?;
            Some(path.canonicalize().ok()?.starts_with(root))
        };
        self.document_only || within(path) == Some(false)
    }

    fn outcome(
        &self,
        verification: &Verification,
        fail_on: Severity,
        known: Option<&Baseline>,
    ) -> u8 {
        let name = &verification.document;
        let is_incomplete = self.require_all && !verification.is_complete();
        let is_known = known.is_some_and(|known| known.is_unverified(name));
        let fails = match is_known {
            true => verification.has_new(fail_on),
            false => verification.fails(fail_on),
        };
        if verification.cells.verified == 0 && !is_known {
            eprintln!("error: `{name}`: no numeric cell could be verified");
        } else if is_incomplete {
            eprintln!(
                "error: `{name}`: some numeric cells are not verified from metrics and from predictions"
            );
        }
        if is_incomplete || fails {
            EXIT_FINDINGS
        } else {
            EXIT_OK
        }
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

/// The training code that the settings name.
fn code(project: &Project) -> anyhow::Result<Option<TrainingCode>> {
    let Some(code) = &project.settings.audit.code else {
        return Ok(None);
    };
    let read = TrainingCode::read(&project.root, code);
    read.map(Some)
        .with_context(|| format!("cannot read the training code `{}`", code.display()))
}

/// What documents are verified against.
struct Against<'a> {
    current: Current<'a>,
    lock: Option<Lock>,
    manifest: Option<Manifest>,
    settings: Settings,
    store: &'a Store,
    read_runs: ReadRuns,
    specs: &'a [TableSpec],
    code: Option<TrainingCode>,
}

impl Against<'_> {
    /// The history of a document, where there is a repository and a git to ask.
    fn history(&self, document: &str) -> Option<History> {
        let project = self.current.project;
        History::read(&Wanted {
            project: &project.root,
            document: Path::new(document),
            code: project.settings.audit.code.as_deref(),
        })
        .ok()
    }

    fn verify(&self, path: &Path, name: &str) -> anyhow::Result<Verified> {
        let text = documents::read(path, name)?;
        let store = self.store.root().is_dir().then_some(self.store);
        // Without runs, rendering gives tables without numbers.
        let rendered = store.and_then(|_| self.current.rendered(path));
        let document = self.below_root(path).unwrap_or_else(|| name.to_owned());
        let rendered = rendered.as_ref().map(|rendered| match rendered {
            Ok(text) => Ok(text.as_str()),
            Err(reason) => Err(reason.as_str()),
        });
        let history = self.history(&document);
        let verification = audit::verify(&Inputs {
            document: &document,
            store,
            read_runs: Some(&self.read_runs),
            specs: self.specs,
            rendered,
            lock: self.lock.as_ref(),
            manifest: self.manifest.as_ref(),
            history: history.as_ref(),
            code: self.code.as_ref(),
            ..Inputs::alone(name, &text, &self.settings)
        });
        Ok(Verified { verification, text })
    }

    /// A document's path below the project root, with `/` between its parts.
    fn below_root(&self, path: &Path) -> Option<String> {
        let root = self.current.project.root.canonicalize().ok()?;
        let path = path.canonicalize().ok()?;
        let below = path.strip_prefix(root).ok()?;
        let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
        Some(parts?.join("/"))
    }
}

/// Verifies a document with nothing but its text.
fn verify_alone(path: &Path, name: &str, settings: &Settings) -> anyhow::Result<Verified> {
    let text = documents::read(path, name)?;
    let verification = audit::verify(&Inputs::alone(name, &text, settings));
    Ok(Verified { verification, text })
}

/// What rendering gives now.
struct Current<'a> {
    project: &'a Project,
    store: &'a Store,
    scan: Scan,
    tables: Result<Vec<Table>, String>,
}

impl<'a> Current<'a> {
    fn new(project: &'a Project, store: &'a Store, specs: &[TableSpec]) -> Self {
        let scan = store.scan();
        let table = |spec| match assemble(spec, store, &scan.runs) {
            Ok(assembled) => Ok(assembled.table),
            Err(error) => Err(below_root(project, &error.to_string())),
        };
        let tables = specs.iter().map(table).collect();
        Self {
            project,
            store,
            scan,
            tables,
        }
    }

    /// The text of a document of the project, or why there is none; `None` for other documents.
    fn rendered(&self, path: &Path) -> Option<Result<String, String>> {
        let place = path.canonicalize().ok()?;
        let lies_there = |settings: &&DocumentSettings| {
            let settled = self.project.root.join(&settings.path).canonicalize();
            settled.is_ok_and(|settled| settled == place)
        };
        let settings = self.project.settings.documents.iter().find(lies_there)?;
        let tables = match &self.tables {
            Ok(tables) => tables,
            Err(reason) => return Some(Err(reason.clone())),
        };
        let rendered = documents::rendered(self.project, settings, self.store, &self.scan, tables);
        Some(match rendered {
            Ok(rendered) => Ok(rendered.text),
            Err(error) => Err(below_root(self.project, &explained(&error))),
        })
    }
}

/// A message with paths from the project root, so that findings do not depend on where the project lies.
fn below_root(project: &Project, message: &str) -> String {
    message.replace(&format!("`{}/", project.root.display()), "`")
}

/// What the project's settings say about the audit.
fn settings(project: &Project, today: Date) -> anyhow::Result<Settings> {
    let settings = &project.settings;
    let waivers = settings.waivers.iter();
    Ok(Settings {
        severities: severities(project)?,
        aliases: settings.aliases.clone(),
        constants: settings.constants.clone(),
        waivers: waivers.map(waiver).collect::<anyhow::Result<_>>()?,
        today,
    })
}

/// A waiver of repro.toml with its rule checked.
fn waiver(settings: &WaiverSettings) -> anyhow::Result<Waiver> {
    let (line, column) = settings.position;
    let rule = rule_named(&settings.rule).map_err(|(message, help)| {
        anyhow!("{FILE_NAME}:{line}:{column}: {message}\nhelp: {help}")
    })?;
    Ok(Waiver {
        rule,
        scope: Scope::of(&settings.at),
        reason: settings.reason.clone(),
        until: settings.until,
        path: FILE_NAME.to_owned(),
        line,
        column,
    })
}

/// `[audit] severity` with its names checked.
fn severities(project: &Project) -> anyhow::Result<Severities> {
    let mut severities = BTreeMap::new();
    for (rule, severity) in &project.settings.audit.severity {
        if catalogue::by_id(rule).is_none() {
            let known = catalogue::all().map(|rule| rule.id);
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
