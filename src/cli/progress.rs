//! What training says on stderr: bars on a terminal, a line per epoch elsewhere.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::metric::{MetricName, Split, name};
use crate::store::MetricRow;
use crate::train::fit::Event;

/// The progress of all runs of a call.
#[derive(Debug)]
pub(super) struct Progress {
    bars: MultiProgress,
    is_quiet: bool,
    is_terminal: bool,
}

/// The progress of one run.
#[derive(Debug)]
pub(super) struct RunProgress<'a> {
    all: &'a Progress,
    label: String,
    bar: ProgressBar,
    n_epochs: u32,
    recent: Throughput,
}

/// Images per second over the last rounds.
#[derive(Debug, Default)]
struct Throughput {
    rounds: VecDeque<(Instant, usize)>,
}

/// Rounds that the throughput is taken over.
const RECENT: usize = 50;

impl Throughput {
    fn add(&mut self, n_images: usize) {
        self.rounds.push_back((Instant::now(), n_images));
        if self.rounds.len() > RECENT {
            self.rounds.pop_front();
        }
    }

    /// The first round only marks the start.
    fn images_per_second(&self) -> Option<f64> {
        let (first, last) = (self.rounds.front()?, self.rounds.back()?);
        let n_images: usize = self.rounds.iter().skip(1).map(|(_, n)| n).sum();
        let seconds = last.0.duration_since(first.0).as_secs_f64();
        (seconds > 0.0).then(|| n_images as f64 / seconds)
    }
}

impl Progress {
    pub(super) fn new(is_quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target = match is_terminal && !is_quiet {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            is_quiet,
            is_terminal,
        }
    }

    /// A line on stderr, above the bars; not when quiet.
    pub(super) fn say(&self, line: &str) {
        if !self.is_quiet {
            self.insist(line);
        }
    }

    /// A line on stderr, above the bars, even when quiet.
    pub(super) fn insist(&self, line: &str) {
        self.bars.suspend(|| eprintln!("{line}"));
    }

    /// A line on stdout, above the bars.
    pub(super) fn result(&self, line: &str) {
        // A run goes on, whoever stopped reading.
        self.bars.suspend(|| _ = super::print(&format!("{line}\n")));
    }

    pub(super) fn run(&self, label: &str) -> RunProgress<'_> {
        // Only the message may be wide: it is cut where the terminal ends, so that no line wraps.
        let style = ProgressStyle::with_template("{prefix} [{bar:16}] {wide_msg}")
            .expect("a valid template")
            .progress_chars("=> ");
        let bar = self.bars.add(
            ProgressBar::no_length()
                .with_style(style)
                .with_prefix(label.to_owned())
                .with_message("reading data"),
        );
        bar.tick();
        RunProgress {
            all: self,
            label: label.to_owned(),
            bar,
            n_epochs: 0,
            recent: Throughput::default(),
        }
    }
}

impl RunProgress<'_> {
    pub(super) fn observe(&mut self, event: Event<'_>) {
        match event {
            Event::Warning(text) => self.all.say(&format!("warning: {}: {text}", self.label)),
            Event::Started { n_epochs, epoch } => {
                self.n_epochs = n_epochs;
                self.bar.set_message("loading images");
                if epoch > 0 {
                    self.all
                        .say(&format!("{}: goes on after epoch {epoch}", self.label));
                }
            }
            Event::Round {
                epoch,
                round,
                n_rounds,
                n_images,
                loss,
            } => {
                self.recent.add(n_images);
                self.show_round(epoch, round, n_rounds, loss);
            }
            Event::Epoch { epoch, rows } => {
                let line = self.epoch_line(epoch, rows);
                self.all.say(&line);
                // The time until the next round is not spent training alone.
                self.recent.rounds.clear();
            }
        }
    }

    fn show_round(&self, epoch: u32, round: usize, n_rounds: usize, loss: f64) {
        if !self.all.is_terminal {
            return;
        }
        let is_first = self.bar.length().is_none();
        let n_epochs = self.n_epochs;
        let mut parts = vec![format!("epoch {epoch}/{n_epochs}, loss {loss:.3}")];
        if let Some(speed) = self.recent.images_per_second() {
            parts.push(format!("{speed:.0} images/s"));
        }
        let eta = self.bar.eta();
        if eta.as_secs() > 0 {
            parts.push(format!("{:#} left", indicatif::HumanDuration(eta)));
        }
        self.bar.set_message(parts.join(", "));
        self.bar.set_length(u64::from(n_epochs) * n_rounds as u64);
        let done = u64::from(epoch - 1) * n_rounds as u64 + round as u64;
        self.bar.set_position(done);
        if is_first {
            // What an earlier process did says nothing of the time left.
            self.bar.reset_eta();
        }
    }

    fn epoch_line(&self, epoch: u32, rows: &[MetricRow]) -> String {
        let value = |split, task: &str, metric: &str| {
            let wanted = MetricName::new(split, task, metric).to_string();
            rows.iter()
                .find(|row| row.metric == wanted)
                .map(|row| row.value)
        };
        let loss = |split| value(split, name::TOTAL, name::LOSS).unwrap_or(f64::NAN);
        let mut parts = vec![format!(
            "{}: epoch {epoch}/{}: loss train {:.3} valid {:.3}",
            self.label,
            self.n_epochs,
            loss(Split::Train),
            loss(Split::Valid)
        )];
        let tasks = rows
            .iter()
            .filter_map(|row| row.metric.parse::<MetricName>().ok());
        for found in tasks.filter(|m| m.split == Split::Valid && m.name == name::ACCURACY) {
            let accuracy = value(Split::Valid, &found.task, name::ACCURACY).unwrap_or(f64::NAN);
            parts.push(format!("{} {:.1} %", found.task, 100.0 * accuracy));
        }
        if let Some(mae) = value(Split::Valid, name::AGE, name::MAE) {
            parts.push(format!("mae {mae:.1}"));
        }
        if let Some(speed) = self.recent.images_per_second() {
            parts.push(format!("{speed:.0} images/s"));
        }
        parts.join(", ")
    }
}

impl Drop for RunProgress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
