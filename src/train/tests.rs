//! Whole runs on a few tiny images: repeatability, resuming, what is left on disk.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fit::{Ended, Event};
use super::kernels::InstructionSet;
use super::plan::{PlannedRun, plan};
use super::run::{Outcome, RunError, Session};
use super::spec::{Override, Overrides, Spec};
use crate::project::Settings;
use crate::record::{Kind, RunRecord, Status, provenance};
use crate::source::Source;
use crate::store::{METRICS, PREDICTIONS, RunId, RunWriter, Store, checkpoint};

const PIXELS: u32 = 32;

/// A data root with two tasks, and a results root.
struct Lab {
    folder: tempfile::TempDir,
    settings: Settings,
}

/// BLAKE3 of the last checkpoint of two epochs in portable arithmetic.
const PORTABLE_WEIGHTS: &str = "562a525fb03701c210d8a959b2ba4dc06c63e9f42922d8e067dd0a4d031f5b34";

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (split, n) in [("TRAIN", 12), ("TEST", 5)] {
            for (class, red) in [("female", 40), ("male", 210)] {
                draw(&folder.path().join("G").join(split).join(class), n, red);
            }
            for (years, red) in [("7", 90), ("60", 160)] {
                draw(&folder.path().join("A").join(split).join(years), n, red);
            }
        }
        let settings = toml::from_str(
            r#"
            [data.Toy]
            gender = { layout = "image_folder", path = "G", splits = { train = "TRAIN", test = "TEST" } }
            age = { layout = "age_folder", path = "A", splits = { train = "TRAIN", test = "TEST" } }
            "#,
        )
        .expect("valid settings");
        Self { folder, settings }
    }

    fn store(&self) -> Store {
        Store::new(self.folder.path().join("results"))
    }

    /// The one run of a spec with a few keys replaced.
    fn planned(&self, set: &[&str]) -> PlannedRun {
        let text = r#"
            name = "toy"
            [hyper_parameters]
            dataset = "Toy"
            subtasks = ["gender", "age"]
            batch_size = 4
            epoch = 3
            image_size = 32
            width_mult = 0.25
            lr_rate = 0.05
            lr_schedule = 0
            threads = 2
        "#;
        let source = Source {
            path: "toy.toml".into(),
            text: text.into(),
        };
        let values = set
            .iter()
            .map(|text| Override::parse(text).expect("valid"))
            .collect();
        let overrides = Overrides {
            values,
            seeds: None,
        };
        let spec = Spec::parse(source, &self.settings.data, &overrides).expect("valid");
        let mut runs = plan(&[spec], &self.store(), self.folder.path(), 1).expect("valid");
        runs.remove(0)
    }

    fn session<'a>(&'a self, stop: &'a (dyn Fn() -> bool + Sync)) -> Session<'a> {
        Session {
            store: self.store(),
            data: &self.settings.data,
            data_root: self.folder.path().to_owned(),
            data_cache: None,
            project_root: self.folder.path().to_owned(),
            command: vec!["repro".into()],
            code: provenance::code(self.folder.path()),
            device: "cpu".into(),
            instruction_set: InstructionSet::best(),
            stop,
            now: jiff::Timestamp::now,
        }
    }

    fn train(&self, set: &[&str]) -> RunId {
        self.train_with(InstructionSet::best(), set)
    }

    fn train_with(&self, instruction_set: InstructionSet, set: &[&str]) -> RunId {
        let session = Session {
            instruction_set,
            ..self.session(&|| false)
        };
        let outcome = session.start(&self.planned(set), None, &mut |_| {});
        let Outcome { run, ended } = outcome.expect("trains");
        assert_eq!(ended, Ended::Completed);
        run
    }

    /// Trains until `n` rounds are done, then is asked to stop.
    fn train_rounds(&self, n: usize) -> RunId {
        let rounds = AtomicUsize::new(0);
        let stop = || rounds.load(Ordering::Relaxed) >= n;
        let outcome = self
            .session(&stop)
            .start(&self.planned(&[]), None, &mut |event| {
                count(&rounds, &event);
            });
        let Outcome { run, ended } = outcome.expect("trains");
        assert_eq!(ended, Ended::Interrupted);
        run
    }

    fn bytes(&self, run: &RunId, name: &str) -> Vec<u8> {
        std::fs::read(self.store().file(run, name)).expect("readable")
    }

    fn record(&self, run: &RunId) -> RunRecord {
        self.store().record(run).expect("readable")
    }

    fn value(&self, run: &RunId, metric: &str, epoch: i32) -> f64 {
        let rows = self.store().metrics(run).expect("readable").rows();
        let found = rows
            .iter()
            .find(|row| row.metric == metric && row.epoch == epoch);
        found.expect("present").value
    }
}

fn count(rounds: &AtomicUsize, event: &Event<'_>) {
    if matches!(event, Event::Round { .. }) {
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// `n` images of one shade with a mark of their own.
fn draw(folder: &Path, n: u32, red: u8) {
    std::fs::create_dir_all(folder).expect("created");
    for i in 0..n {
        let image = image::RgbImage::from_fn(PIXELS, PIXELS, |x, y| {
            let mark = if (x / 4 + y / 4) % (i + 2) == 0 {
                60
            } else {
                0
            };
            image::Rgb([red, 100 + mark, (7 * i) as u8])
        });
        image.save(folder.join(format!("{i}.png"))).expect("saved");
    }
}

#[test]
fn the_same_spec_gives_the_same_bytes_whatever_the_threads() {
    let lab = Lab::new();
    let first = lab.train(&["num_workers=1", "threads=1"]);
    let second = lab.train(&["num_workers=3", "threads=2"]);
    let third = lab.train(&["loading_jobs=1"]);
    for name in [METRICS, PREDICTIONS, checkpoint::BEST, checkpoint::LAST] {
        assert!(
            lab.bytes(&first, name) == lab.bytes(&second, name),
            "{name}"
        );
        assert!(lab.bytes(&first, name) == lab.bytes(&third, name), "{name}");
    }
}

#[test]
fn threads_change_no_bit_with_any_instruction_set() {
    let lab = Lab::new();
    for set in InstructionSet::available() {
        let train = |threads: &str| {
            let run = lab.train_with(set, &["epoch=1", threads]);
            let recorded = lab.record(&run).environment.expect("recorded");
            assert_eq!(recorded.instruction_set, set.name());
            lab.bytes(&run, checkpoint::LAST)
        };
        let one = train("threads=1");
        for threads in ["threads=2", "threads=4"] {
            assert!(train(threads) == one, "{}, {threads}", set.name());
        }
    }
}

/// Nothing but IEEE 754 in a fixed order, and no mathematics of the platform: whoever computes this on another
/// machine finds the same weights.
#[test]
fn portable_arithmetic_gives_the_same_bits_everywhere() {
    let lab = Lab::new();
    let portable = InstructionSet::named("portable").expect("it is everywhere");
    let run = lab.train_with(portable, &["epoch=2"]);
    let hash = blake3::hash(&lab.bytes(&run, checkpoint::LAST));
    assert_eq!(hash.to_hex().as_str(), PORTABLE_WEIGHTS);
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one() {
    let lab = Lab::new();
    let whole = lab.train(&[]);
    // Within the first epoch, at its last round (5 of 5), and within the last.
    for n in [1, 5, 13] {
        let run = lab.train_rounds(n);
        assert_eq!(lab.record(&run).status, Status::Interrupted);
        let outcome = lab.session(&|| false).resume(&run, &mut |_| {});
        assert_eq!(outcome.expect("resumes").ended, Ended::Completed);
        for name in [METRICS, PREDICTIONS, checkpoint::BEST, checkpoint::LAST] {
            assert!(lab.bytes(&run, name) == lab.bytes(&whole, name), "{name}");
        }
        let record = lab.record(&run);
        assert_eq!(record.status, Status::Completed);
        assert_eq!(record.resumed.len(), 1);
        assert_eq!(record.resumed[0].step, n as u64);
        assert_eq!(record.selection, lab.record(&whole).selection);
        assert!(!lab.store().file(&run, checkpoint::RESUME).exists());
    }
}

#[test]
fn a_completed_run_is_never_changed() {
    let lab = Lab::new();
    let run = lab.train(&["epoch=1"]);
    let before = lab.bytes(&run, crate::store::RECORD);
    let error = lab.session(&|| false).resume(&run, &mut |_| {});
    let message = error.expect_err("completed").to_string();
    assert!(message.contains("is completed, only"), "{message}");
    assert_eq!(lab.bytes(&run, crate::store::RECORD), before);
}

#[test]
fn a_resumed_run_notices_other_data() {
    let lab = Lab::new();
    let run = lab.train_rounds(2);
    draw(&lab.folder.path().join("G/TRAIN/male"), 13, 210);
    let error = lab.session(&|| false).resume(&run, &mut |_| {});
    assert!(matches!(error, Err(RunError::Changed { .. })), "{error:?}");
}

#[test]
fn a_task_of_weight_zero_leaves_no_trace() {
    let lab = Lab::new();
    // Its images need not even be there.
    std::fs::remove_dir_all(lab.folder.path().join("A")).expect("removed");
    let run = lab.train(&["loss_weights=[1, 0]", "epoch=1"]);
    let rows = lab.store().metrics(&run).expect("readable").rows();
    assert!(rows.iter().all(|row| !row.metric.contains("/age/")));
    assert_eq!(lab.record(&run).data.keys().collect::<Vec<_>>(), ["gender"]);
    assert!(
        run.as_str()
            .starts_with("MTL_MobileNet_V2_model/_gender_1_age_0_Toy/")
    );
}

#[test]
fn a_panic_leaves_a_failed_run_that_can_be_continued() {
    let lab = Lab::new();
    let whole = lab.train(&[]);
    let mut rounds = 0;
    let outcome = lab
        .session(&|| false)
        .start(&lab.planned(&[]), None, &mut |event| {
            rounds += usize::from(matches!(event, Event::Round { .. }));
            assert!(rounds < 7, "on purpose");
        });
    let error = outcome.expect_err("a panic");
    assert_eq!(error.to_string(), "training panicked: on purpose");
    let scan = lab.store().scan();
    let failed = scan.runs.iter().find(|(run, _)| *run != whole);
    let (run, record) = failed.expect("a second run");
    assert_eq!((record.status, &record.process), (Status::Failed, &None));
    let outcome = lab.session(&|| false).resume(run, &mut |_| {});
    assert_eq!(outcome.expect("resumes").ended, Ended::Completed);
    assert!(lab.bytes(run, METRICS) == lab.bytes(&whole, METRICS));
}

#[test]
fn only_runs_of_our_own_are_continued() {
    let lab = Lab::new();
    let run = lab.train_rounds(2);
    let resume = |change: fn(&mut RunRecord)| {
        let mut writer = RunWriter::reopen(&lab.store(), &run).expect("readable");
        let before = writer.record().clone();
        writer.update(change).expect("written");
        let error = lab.session(&|| false).resume(&run, &mut |_| {});
        writer.update(|record| *record = before).expect("written");
        error.expect_err("not ours").to_string()
    };
    let message = resume(|record| record.kind = Kind::Imported);
    assert!(message.contains("is imported, only"), "{message}");
    let message = resume(|record| record.seed = None);
    assert!(
        message.contains("`seed`: expected a whole number"),
        "{message}"
    );
}

#[test]
fn a_stop_during_evaluation_is_heeded() {
    let lab = Lab::new();
    let whole = lab.train(&["epoch=1"]);
    let (rounds, polls) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // The fifth round is the last: the second question after it comes from within the evaluation.
    let stop = || rounds.load(Ordering::Relaxed) == 5 && polls.fetch_add(1, Ordering::Relaxed) == 1;
    let outcome = lab
        .session(&stop)
        .start(&lab.planned(&["epoch=1"]), None, &mut |event| {
            count(&rounds, &event);
        });
    let Outcome { run, ended } = outcome.expect("trains");
    assert_eq!(ended, Ended::Interrupted);
    assert!(!lab.store().file(&run, METRICS).exists());
    let outcome = lab.session(&|| false).resume(&run, &mut |_| {});
    assert_eq!(outcome.expect("resumes").ended, Ended::Completed);
    for name in [METRICS, PREDICTIONS, checkpoint::BEST] {
        assert!(lab.bytes(&run, name) == lab.bytes(&whole, name), "{name}");
    }
}

#[test]
fn too_few_images_for_a_batch_leave_nothing() {
    let lab = Lab::new();
    let outcome =
        lab.session(&|| false)
            .start(&lab.planned(&["samples_per_epoch=1"]), None, &mut |_| {});
    let message = outcome.expect_err("no batch").to_string();
    assert_eq!(
        message,
        "`Toy/gender` has too few training images for one batch"
    );
    assert!(!lab.store().root().exists());
}

#[test]
fn alternating_takes_a_step_per_task() {
    let lab = Lab::new();
    let steps = |kind: &str| {
        let set = format!("multitask_training_type={kind}");
        let run = lab.train(&[&set, "epoch=1"]);
        lab.store().metrics(&run).expect("readable").rows()[0].step
    };
    // 21 images of each task remain for training; the last one is no batch.
    assert_eq!((steps("Train_Valid"), steps("Train_Valid_2")), (5, 10));
}

#[test]
fn a_debug_run_is_short_and_says_so() {
    let lab = Lab::new();
    let run = lab.train(&["debug=true", "epoch=1", "log_dir=logs"]);
    assert!(run.as_str().starts_with("Debug-MTL_MobileNet_V2_model/"));
    let rows = lab.store().metrics(&run).expect("readable").rows();
    assert!(rows.iter().all(|row| row.step == 2));
    let log = lab.folder.path().join(format!("logs/{run}.csv"));
    let log = std::fs::read_to_string(log).expect("a copy of the metrics");
    assert_eq!(log.lines().count(), rows.len() + 1);
}

#[test]
fn one_batch_is_overfitted() {
    let lab = Lab::new();
    let run = lab.train(&[
        "augment=false",
        "batch_size=32",
        "dropout=0",
        "epoch=30",
        "lr_rate=0.01",
        "lr_schedule=30",
    ]);
    let first = lab.value(&run, "train/total/loss", 1);
    let last = lab.value(&run, "train/total/loss", 30);
    assert!(last < 0.1 * first, "{first} → {last}");
    assert_eq!(lab.value(&run, "train/gender/accuracy", 30), 1.0);
    assert_eq!(lab.value(&run, "train/age/accuracy", 30), 1.0);
}
