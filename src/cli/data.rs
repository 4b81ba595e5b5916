//! `repro data`: what the data root holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};

use super::data_root::{cache_folder, data_root};
use super::{EXIT_FAILURE, EXIT_FINDINGS, EXIT_OK, Global};
use crate::project::Project;
use crate::store::write_atomically;
use crate::train::data::manifest::{FILE_NAME, Manifest, SplitManifest};
use crate::train::data::{OpenOptions, SplitProtocol, open, tasks};

/// Arguments of `repro data`.
#[derive(Debug, Args)]
pub(super) struct Data {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Count and fingerprint the images of data sets, and compare with data.lock.json.
    Check(Check),
}

/// Arguments of `repro data check`.
#[derive(Debug, Args)]
struct Check {
    /// Names of data sets in repro.toml; all of them unless given.
    #[arg(value_name = "DATASET")]
    datasets: Vec<String>,
    /// Where data sets lie, instead of REPRO_DATA or what repro.toml says.
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
    /// Write data.lock.json instead of comparing with it.
    #[arg(long)]
    write: bool,
    /// Form of the output.
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Terminal,
    Json,
}

/// Ages that folders may have where no run says otherwise.
const AGE_CLASSES: u32 = 100;

/// Labels that are counted one by one; of more only the range is shown.
const LABELS_SHOWN: usize = 8;

impl Data {
    pub(super) fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        match &self.command {
            Command::Check(check) => check.execute(global),
        }
    }
}

impl Check {
    fn execute(&self, global: &Global) -> anyhow::Result<u8> {
        let project = global.project()?;
        let root = data_root(self.data_root.as_deref(), &project)?;
        let names = match self.datasets.is_empty() {
            true => project.settings.data.sets.keys().cloned().collect(),
            false => self.datasets.clone(),
        };
        if names.is_empty() {
            bail!("no data set in repro.toml\nhelp: add a table such as `[data.faces]`");
        }
        let mut manifest = Manifest::default();
        let mut complete = true;
        for name in &names {
            if let Err(error) = add(&project, &root, name, global.quiet, &mut manifest) {
                eprintln!("error: {}", super::explained(&error));
                complete = false;
            }
        }
        match self.format {
            Format::Terminal if manifest.datasets.is_empty() => {}
            Format::Terminal => super::print(&format!("{}\n", table(&manifest).trim_fmt()))?,
            Format::Json => super::print(&manifest.summary().to_json())?,
        }
        if !complete {
            return Ok(EXIT_FAILURE);
        }
        let path = project.root.join(FILE_NAME);
        let locked = read_lock(&path)?;
        if self.write {
            let mut lock = locked.unwrap_or_default();
            lock.datasets.append(&mut manifest.datasets);
            write_atomically(&path, lock.to_json().as_bytes())?;
            return Ok(EXIT_OK);
        }
        let differences = locked.map_or(Vec::new(), |locked| manifest.differences(&locked));
        for difference in &differences {
            eprintln!("error: {FILE_NAME}: {difference}");
        }
        match differences.is_empty() {
            true => Ok(EXIT_OK),
            false => {
                eprintln!("help: `repro data check --write` accepts what is there now");
                Ok(EXIT_FINDINGS)
            }
        }
    }
}

fn add(
    project: &Project,
    root: &Path,
    name: &str,
    quiet: bool,
    manifest: &mut Manifest,
) -> anyhow::Result<()> {
    let opened = open(&OpenOptions {
        settings: &project.settings.data,
        root,
        dataset: name,
        subtasks: &tasks(&project.settings.data, name)?,
        split_protocol: SplitProtocol::ThreeWay,
        age_classes: AGE_CLASSES,
        cache: Some(&cache_folder(project)),
    })?;
    if !quiet {
        for warning in &opened.warnings {
            eprintln!("warning: {warning}");
        }
    }
    manifest.insert(name, &opened);
    Ok(())
}

fn read_lock(path: &Path) -> anyhow::Result<Option<Manifest>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading `{}`", path.display())),
    };
    match Manifest::parse(&text) {
        Ok(manifest) => Ok(Some(manifest)),
        Err(reason) => bail!("`{}`: {reason}", path.display()),
    }
}

fn table(manifest: &Manifest) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "data set",
        "task",
        "split",
        "n",
        "labels",
        "bytes",
        "fingerprint",
        "left out",
    ]);
    for (name, tasks) in &manifest.datasets {
        for (task, of_task) in tasks {
            let left_out = of_task.undecodable.len() + of_task.out_of_range.len();
            for (split, of_split) in &of_task.splits {
                table.add_row([
                    name.clone(),
                    task.clone(),
                    split.to_string(),
                    of_split.n.to_string(),
                    labels(of_split),
                    of_split.bytes.to_string(),
                    of_split.fingerprint.chars().take(12).collect(),
                    left_out.to_string(),
                ]);
            }
        }
    }
    for column in [3, 5, 7] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn labels(split: &SplitManifest) -> String {
    let counts: &BTreeMap<String, u64> = &split.labels;
    if counts.len() <= LABELS_SHOWN {
        let each: Vec<String> = counts
            .iter()
            .map(|(label, n)| format!("{label} {n}"))
            .collect();
        return each.join(", ");
    }
    let fewest = counts.values().min().copied().unwrap_or_default();
    let most = counts.values().max().copied().unwrap_or_default();
    format!("{} labels, {fewest} to {most} each", counts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_that_is_no_folder_is_refused_and_named() {
        let project = Project::find(Path::new("/nonexistent")).expect("default settings");
        let error =
            data_root(Some(Path::new("/nonexistent/data")), &project).expect_err("no folder");
        assert_eq!(
            error.to_string(),
            "`/nonexistent/data`, named by --data-root, is no folder"
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = data_root(Some(folder.path()), &project).expect("a folder");
        assert_eq!(root, folder.path());
    }

    #[test]
    fn many_labels_are_summed_up() {
        let split = |n_labels: u64| SplitManifest {
            n: 0,
            bytes: 0,
            labels: (1..=n_labels).map(|idx| (idx.to_string(), idx)).collect(),
            fingerprint: String::new(),
            files: None,
        };
        assert_eq!(labels(&split(2)), "1 1, 2 2");
        assert_eq!(labels(&split(9)), "9 labels, 1 to 9 each");
    }
}
