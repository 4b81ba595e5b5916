//! The documents that defects are planted in, and what they are verified against.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use repro::audit::evidence::ReadRuns;
use repro::audit::evidence::manifest::{self, Manifest};
use repro::audit::finding::Finding;
use repro::audit::{Inputs, Settings, verify};
use repro::document::{Cell, Document, Row, Table};
use repro::project::Project;

use crate::beside::{Beside, program};
use repro::report::lock::{FILE_NAME as LOCK, Lock};
use repro::report::spec::{TableSpec, read_all};
use repro::store::Store;

/// Our own document with its runs.
pub(crate) const OWN: &str = "RESULTS.md";
/// Our own document as if nothing else were known.
pub(crate) const OWN_ALONE: &str = "RESULTS.md alone";
/// A document of groups with spreads, and of more rows than the others have.
pub(crate) const GROUPS: &str = "groups.md";
/// A document of labels with variants, and of enough numbers to tell outliers.
pub(crate) const LABELS: &str = "labels.md";
/// A document of one run of the training program that the tests call clean, with the history of both.
pub(crate) const PROGRAM: &str = "program.md";

/// A document as it is.
pub(crate) struct Base {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) document: Document,
    /// Whether an error in it would be false.
    pub(crate) is_clean: bool,
    findings: Vec<Finding>,
}

/// Every document, and the project of our own.
pub(crate) struct Corpus {
    bases: Vec<Base>,
    pub(crate) store: Store,
    pub(crate) specs: Vec<TableSpec>,
    pub(crate) lock: Option<Lock>,
    manifest: Option<Manifest>,
    read_runs: ReadRuns,
    settings: Settings,
    alone: Settings,
    /// What is beside the document of a program.
    program: Beside,
}

/// A document with one defect, in it or in what is beside it.
pub(crate) struct Mutant {
    pub(crate) base: &'static str,
    pub(crate) text: String,
    pub(crate) what: String,
    pub(crate) beside: Beside,
}

impl Corpus {
    /// Reads the documents; `None` where the shared ones are not there.
    pub(crate) fn read() -> Option<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let seed = root.join("../shared/seed");
        if !seed.is_dir() {
            return None;
        }
        let project = Project::find(&root).expect("our own settings are valid");
        let read = |path: &Path| std::fs::read_to_string(path).expect("a readable document");
        let own = read(&root.join(OWN));
        let texts = [
            (
                "mobilenet-v2.md",
                read(&seed.join("mobilenet-v2.md")),
                false,
            ),
            ("alexnet.md", read(&seed.join("alexnet.md")), false),
            ("resnet-50.md", read(&seed.join("resnet-50.md")), false),
            (OWN, own.clone(), true),
            (OWN_ALONE, own, false),
            (GROUPS, include_str!("groups.md").to_owned(), true),
            (LABELS, include_str!("labels.md").to_owned(), true),
            (PROGRAM, program::DOCUMENT.to_owned(), true),
        ];
        let mut corpus = Self {
            bases: Vec::new(),
            store: Store::new(project.results()),
            specs: read_all(&root).expect("our own table specs are valid"),
            lock: lock(&root),
            manifest: Manifest::read(&root.join(manifest::FILE_NAME))
                .expect("our own manifest is valid"),
            read_runs: ReadRuns::default(),
            settings: Settings {
                aliases: project.settings.aliases.clone(),
                constants: project.settings.constants.clone(),
                ..Settings::default()
            },
            alone: Settings::default(),
            program: program::clean(),
        };
        for (name, text, is_clean) in texts {
            let findings = corpus.findings(name, &text, &Beside::default());
            let document = Document::parse(&text);
            corpus.bases.push(Base {
                name,
                text,
                document,
                is_clean,
                findings,
            });
        }
        Some(corpus)
    }

    pub(crate) fn bases(&self) -> &[Base] {
        &self.bases
    }

    pub(crate) fn base(&self, name: &str) -> &Base {
        let found = self.bases.iter().find(|base| base.name == name);
        found.expect("every name is that of a base")
    }

    pub(crate) fn lock(&self) -> &Lock {
        self.lock.as_ref().expect("our own lock is there")
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        self.manifest.as_ref().expect("our own manifest is there")
    }

    /// The findings for a text in the place of a base.
    pub(crate) fn findings(&self, base: &str, text: &str, beside: &Beside) -> Vec<Finding> {
        let own = base == OWN;
        let changed = beside.results(self);
        let (store, lock) = match &changed {
            Some(results) => (&results.store, Some(&results.lock)),
            None => (&self.store, self.lock.as_ref()),
        };
        let program = (base == PROGRAM).then_some(&self.program);
        let of_program = |part: fn(&Beside) -> bool| program.filter(|_| !part(beside));
        let history = of_program(|beside| beside.history.is_some()).unwrap_or(beside);
        let code = of_program(|beside| beside.code.is_some()).unwrap_or(beside);
        let manifest = beside.manifest.as_ref().or(self.manifest.as_ref());
        verify(&Inputs {
            manifest: manifest.filter(|_| own),
            store: own.then_some(store),
            read_runs: (own && changed.is_none()).then_some(&self.read_runs),
            specs: if own { &self.specs } else { &[] },
            // What rendering gives would find every change of our own text, and say nothing of the other rules.
            rendered: beside.rendered.as_deref().map(Ok),
            lock: lock.filter(|_| own),
            history: history.history.as_ref(),
            code: code.code.as_ref(),
            ..Inputs::alone(base, text, if own { &self.settings } else { &self.alone })
        })
        .findings
    }
}

/// Our own lock without the hashes of whole documents, which find every change and say nothing of the rules.
fn lock(root: &Path) -> Option<Lock> {
    let lock = Lock::read(&root.join(LOCK)).expect("our own lock is valid");
    lock.map(|lock| Lock {
        documents: BTreeMap::new(),
        ..lock
    })
}

impl Base {
    /// The findings for the document as it is.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The same with another text.
    pub(crate) fn mutant(&self, text: String, what: impl Into<String>) -> Mutant {
        Mutant {
            base: self.name,
            text,
            what: what.into(),
            beside: Beside::default(),
        }
    }

    /// The same text with something else beside it.
    pub(crate) fn mutant_beside(&self, beside: Beside, what: impl Into<String>) -> Mutant {
        Mutant {
            beside,
            ..self.mutant(self.text.clone(), what)
        }
    }

    /// Rows with a number, with their tables.
    pub(crate) fn numeric_rows(&self) -> impl Iterator<Item = (&Table, &Row)> {
        let rows = |table: &'_ Table| table.header.is_some();
        self.document
            .tables
            .iter()
            .filter(move |table| rows(table))
            .flat_map(|table| table.rows.iter().map(move |row| (table, row)))
            .filter(|(_, row)| row.cells.iter().any(|cell| cell.value.is_some()))
    }

    /// Cells with a number, with their tables and rows.
    pub(crate) fn numeric_cells(&self) -> impl Iterator<Item = (&Table, &Row, &Cell)> {
        self.document.numeric_cells()
    }
}

impl Mutant {
    /// Whether the audit says more under `rule` than it says of the base.
    pub(crate) fn is_found(&self, corpus: &Corpus, rule: &str) -> bool {
        let known = keys(corpus.base(self.base).findings(), rule);
        let found = corpus.findings(self.base, &self.text, &self.beside);
        keys(&found, rule).difference(&known).next().is_some()
    }
}

/// What the findings of a rule say, wherever they stand.
pub(crate) fn keys(findings: &[Finding], rule: &str) -> BTreeSet<String> {
    let of_rule = findings.iter().filter(|finding| finding.rule == rule);
    let key = |finding: &Finding| {
        let evidence = finding.evidence.iter().map(|item| &item.text);
        let mut said = vec![finding.fingerprint.clone(), finding.message.clone()];
        said.extend(evidence.cloned());
        without_lines(&said.join(" "))
    };
    of_rule.map(key).collect()
}

/// A message without the numbers of lines in it, which move when a line is added.
fn without_lines(message: &str) -> String {
    let mut words: Vec<&str> = message.split(' ').collect();
    for at in 1..words.len() {
        if matches!(words[at - 1], "line" | "lines") {
            words[at] = "";
        }
    }
    words.join(" ")
}
