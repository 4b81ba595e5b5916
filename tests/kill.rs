//! `kill -9` at 50 random moments of a training: what is left is readable and says what it is, and
//! `--resume` ends with the same metrics, byte for byte, as a training that nobody killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use repro::record::Status;
use repro::store::{METRICS, PREDICTIONS, RunId, Store, status_now};
use repro::train::rng::Generator;

const N_TRIALS: u32 = 50;
const SEED: u64 = 9;

const SETTINGS: &str = r#"
[data]
root = "."
[data.Toy]
gender = { layout = "image_folder", path = "G", splits = { train = "TRAIN", test = "TEST" } }
"#;

const SPEC: &str = r#"
name = "toy"
[hyper_parameters]
dataset = "Toy"
subtasks = ["gender"]
batch_size = 4
epoch = 6
image_size = 32
width_mult = 0.25
threads = 1
num_workers = 1
"#;

/// What killed trainings left.
#[derive(Debug, Default)]
struct Survivals {
    no_run: u32,
    interrupted: u32,
    completed: u32,
}

#[test]
fn killed_runs_are_readable_and_resume_to_the_same_metrics() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    lay_out(folder.path());
    let start = Instant::now();
    let status = train(folder.path(), "whole", &["toy.toml"]).wait();
    assert!(status.expect("waited for").success());
    let mut duration = start.elapsed();
    let whole = store(folder.path(), "whole");
    let expected = results(&whole, &only_run(&whole).expect("a run"));

    let mut delays = Generator::new(SEED, "delay", &[]);
    let mut survivals = Survivals::default();
    for trial in 0..N_TRIALS {
        let delay = duration.mul_f64(1.1 * delays.uniform());
        let root = format!("trial-{trial}");
        kill_after(delay, train(folder.path(), &root, &["toy.toml"]));
        let store = store(folder.path(), &root);
        match only_run(&store) {
            None => survivals.no_run += 1,
            Some(run) => {
                if is_interrupted(&store, &run) {
                    survivals.interrupted += 1;
                    resume(folder.path(), &root, &store, &run);
                } else {
                    survivals.completed += 1;
                    // It took no longer than this: the load of the machine changes meanwhile.
                    duration = duration.min(delay);
                }
                let same = results(&store, &run) == expected;
                assert!(same, "trial {trial}, killed after {delay:?}");
            }
        }
    }
    println!("{N_TRIALS} kills within {duration:?}: {survivals:?}");
    assert!(survivals.interrupted >= N_TRIALS / 2, "{survivals:?}");
}

fn is_interrupted(store: &Store, run: &RunId) -> bool {
    let record = store.record(run).expect("readable");
    match status_now(&record, jiff::Timestamp::now()) {
        Status::Interrupted => true,
        Status::Completed => false,
        status => panic!("`{run}` says {status:?} though its process is gone"),
    }
}

fn resume(folder: &Path, root: &str, store: &Store, run: &RunId) {
    let status = train(folder, root, &["--resume", run.as_str()]).wait();
    assert!(status.expect("waited for").success());
    let record = store.record(run).expect("readable");
    assert_eq!(record.status, Status::Completed);
    assert_eq!(record.resumed.len(), 1);
}

/// A project whose images are plain: two shades, 20 to train on and 8 to test with of each.
fn lay_out(folder: &Path) {
    std::fs::write(folder.join("repro.toml"), SETTINGS).expect("written");
    std::fs::write(folder.join("toy.toml"), SPEC).expect("written");
    for (split, n) in [("TRAIN", 20), ("TEST", 8)] {
        for (class, red) in [("female", 40), ("male", 210)] {
            let class = folder.join("G").join(split).join(class);
            std::fs::create_dir_all(&class).expect("created");
            for i in 0..n {
                let color = image::Rgb([red, 10 * i, 255 - 10 * i]);
                let image = image::RgbImage::from_pixel(32, 32, color);
                image.save(class.join(format!("{i}.png"))).expect("saved");
            }
        }
    }
}

fn train(folder: &Path, root: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_repro"))
        .args(["train", "--quiet", "--results", root])
        .args(arguments)
        .current_dir(folder)
        .env_remove("REPRO_DATA")
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts")
}

fn kill_after(delay: Duration, mut child: Child) {
    std::thread::sleep(delay);
    // SIGKILL; a process that ended before is fine.
    let _ = child.kill();
    child.wait().expect("waited for");
}

fn store(folder: &Path, root: &str) -> Store {
    Store::new(folder.join(root))
}

/// The run below a results root, if any; nothing there may be unreadable.
fn only_run(store: &Store) -> Option<RunId> {
    let scan = store.scan();
    assert!(scan.broken.is_empty(), "{:?}", scan.broken);
    assert!(scan.runs.len() <= 1);
    scan.runs.into_iter().next().map(|(run, _)| run)
}

fn results(store: &Store, run: &RunId) -> [Vec<u8>; 2] {
    let read = |path: PathBuf| std::fs::read(path).expect("readable");
    [METRICS, PREDICTIONS].map(|name| read(store.file(run, name)))
}
