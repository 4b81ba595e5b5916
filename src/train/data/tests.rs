//! Opening whole data sets: small ones made here, and those of the data pack where it lies beside the crate.

use std::path::{Path, PathBuf};

use super::*;
use crate::project::{DataSettings, Settings};

/// A data root in a temporary folder, with the text of its `[data]` table.
struct Root {
    folder: tempfile::TempDir,
    settings: DataSettings,
}

impl Root {
    fn new(settings: &str) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            settings: toml::from_str::<Settings>(settings)
                .expect("valid settings")
                .data,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("created");
        std::fs::write(path, bytes).expect("written");
    }

    /// A PNG of one colour; the colour makes contents differ.
    fn image(&self, name: &str, color: u8) {
        self.write(name, &png(color));
    }

    fn options<'a>(&'a self, subtasks: &'a [String]) -> OpenOptions<'a> {
        OpenOptions {
            settings: &self.settings,
            root: self.folder.path(),
            dataset: "set_synthetic",
            subtasks,
            split_protocol: SplitProtocol::ThreeWay,
            age_classes: 100,
            cache: None,
        }
    }

    fn open(&self, subtasks: &[&str]) -> Result<Opened, DataError> {
        open(&self.options(&owned(subtasks)))
    }

    /// The text with the root's own path taken out.
    fn relative(&self, text: impl ToString) -> String {
        text.to_string()
            .replace(&self.folder.path().display().to_string(), "ROOT")
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn png(color: u8) -> Vec<u8> {
    let image = image::RgbImage::from_pixel(6, 6, image::Rgb([color, 255 - color, 7]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("encodable");
    bytes.into_inner()
}

const FOLDERS: &str = r#"
[data.set_synthetic]
smile = { layout = "image_folder", path = "s", splits = { train = "TRAIN", test = "VALID" } }
age = { layout = "age_folder", path = "a", splits = { train = "TRAIN", valid = "DEV", test = "VALID" } }
"#;

fn ids(dataset: &Dataset, split: Split) -> Vec<&str> {
    dataset
        .split(split)
        .iter()
        .map(|sample| sample.id.as_str())
        .collect()
}

fn labels(dataset: &Dataset, split: Split) -> Vec<u32> {
    dataset
        .split(split)
        .iter()
        .map(|sample| sample.labels[0])
        .collect()
}

#[test]
fn an_image_folder_numbers_sorted_names_over_all_splits() {
    let root = Root::new(FOLDERS);
    for idx in 0..12_u8 {
        root.image(&format!("s/TRAIN/b/{idx:02}.png"), idx);
    }
    root.image("s/TRAIN/a/deep/er.PNG", 100);
    root.image("s/VALID/b/x.png", 101);
    root.image("s/VALID/c/y.png", 102);
    root.write("s/TRAIN/b/notes.txt", b"hello");
    root.write("s/TRAIN/.hidden/x.png", b"nothing");
    std::fs::create_dir_all(root.path("s/VALID/d")).expect("created");
    let opened = root.open(&["smile"]).expect("readable");
    let dataset = &opened.datasets[0];
    assert_eq!(dataset.tasks[0].classes, ["a", "b", "c", "d"]);
    assert_eq!(
        ids(dataset, Split::Test),
        ["s/VALID/b/x.png", "s/VALID/c/y.png"]
    );
    assert_eq!(labels(dataset, Split::Test), [1, 2]);
    assert_eq!(dataset.split(Split::Valid).len(), 2);
    assert_eq!(dataset.split(Split::Train).len(), 11);
    let warnings: Vec<String> = opened
        .warnings
        .iter()
        .map(|text| root.relative(text))
        .collect();
    assert_eq!(
        warnings,
        [
            "`ROOT/s/VALID` has no folder for class `a`, which keeps index 0",
            "`ROOT/s/TRAIN/b/notes.txt`: not named as JPEG, PNG or BMP, passed over",
            "`ROOT/s/TRAIN` has no folder for class `c`, which keeps index 2",
            "`ROOT/s/TRAIN` has no folder for class `d`, which keeps index 3",
            "`ROOT/s/VALID/d` holds no image; the class keeps index 3",
        ]
    );
}

#[test]
fn ages_keep_their_gaps_and_what_is_no_age_is_named() {
    let root = Root::new(FOLDERS);
    for (idx, name) in [
        "TRAIN/9",
        "TRAIN/10",
        "TRAIN/100",
        "DEV/33",
        "VALID/2",
        "VALID/101",
        "VALID/x",
    ]
    .iter()
    .enumerate()
    {
        root.image(&format!("a/{name}/i.png"), idx as u8);
    }
    let opened = root.open(&["age"]).expect("readable");
    let dataset = &opened.datasets[0];
    assert_eq!(dataset.tasks[0].classes.len(), 100);
    assert_eq!(
        ids(dataset, Split::Train),
        ["a/TRAIN/10/i.png", "a/TRAIN/100/i.png", "a/TRAIN/9/i.png"]
    );
    assert_eq!(labels(dataset, Split::Train), [9, 99, 8]);
    assert_eq!(labels(dataset, Split::Valid), [32]);
    assert_eq!(labels(dataset, Split::Test), [1]);
    let record = &opened.records["age"];
    assert_eq!(
        record.out_of_range,
        ["a/VALID/101/i.png", "a/VALID/x/i.png"]
    );
    assert_eq!(record.splits[&Split::Train].labels["100"], 1);
    assert_eq!(
        root.relative(opened.warnings.join("\n")),
        "ROOT/a/VALID/101/i.png: left out, `101` is no age in 1..=100\n\
         ROOT/a/VALID/x/i.png: left out, `x` is no age in 1..=100"
    );
}

#[test]
fn undecodable_images_are_left_out_named_and_remembered() {
    let root = Root::new(FOLDERS);
    for idx in 0..4 {
        root.image(&format!("s/TRAIN/a/{idx}.png"), idx);
        root.image(&format!("s/VALID/a/{idx}.png"), 100 + idx);
    }
    root.write("s/TRAIN/a/bad.jpg", b"\xff\xd8\xff\xe0 no picture");
    root.write("s/TRAIN/a/cut.png", &png(9)[..50]);
    let subtasks = owned(&["smile"]);
    let cache = root.path("cache");
    let options = OpenOptions {
        cache: Some(&cache),
        ..root.options(&subtasks)
    };
    let first = open(&options).expect("readable");
    assert_eq!(
        first.records["smile"].undecodable,
        ["s/TRAIN/a/bad.jpg", "s/TRAIN/a/cut.png"]
    );
    assert_eq!(first.records["smile"].splits[&Split::Train].n, 3);
    assert_eq!(first.warnings.len(), 2);
    let warning = root.relative(&first.warnings[0]);
    assert!(
        warning.starts_with("ROOT/s/TRAIN/a/bad.jpg: left out, cannot be decoded: "),
        "{warning}"
    );
    let remembered = std::fs::read(cache.join("data-hashes")).expect("written");
    let second = open(&options).expect("readable");
    assert_eq!(second.records, first.records);
    assert_eq!(second.warnings, first.warnings);
    std::fs::write(
        cache.join("data-hashes"),
        &remembered[..remembered.len() - 9],
    )
    .expect("written");
    assert_eq!(open(&options).expect("readable").records, first.records);
    assert_eq!(
        std::fs::read(cache.join("data-hashes")).expect("written"),
        remembered
    );
}

#[test]
fn a_changed_file_has_another_fingerprint_despite_the_memory() {
    let root = Root::new(FOLDERS);
    for split in ["TRAIN", "VALID"] {
        root.image(&format!("s/{split}/a/0.png"), 1);
        root.image(&format!("s/{split}/a/1.png"), 2);
    }
    let subtasks = owned(&["smile"]);
    let cache = root.path("cache");
    let options = OpenOptions {
        cache: Some(&cache),
        ..root.options(&subtasks)
    };
    let print = || {
        open(&options).expect("readable").records["smile"].splits[&Split::Test]
            .fingerprint
            .clone()
    };
    let first = print();
    assert_eq!(print(), first);
    root.image("s/VALID/a/1.png", 3);
    assert_ne!(print(), first);
    root.image("s/VALID/a/1.png", 2);
    assert_eq!(print(), first);
}

#[test]
fn the_fingerprint_is_the_hash_of_the_documented_lines() {
    let root = Root::new(FOLDERS);
    for idx in 0..3 {
        root.image(&format!("s/TRAIN/a/{idx}.png"), idx);
    }
    root.image("s/VALID/b/z.png", 50);
    root.image("s/VALID/a/y.png", 51);
    let opened = root.open(&["smile"]).expect("readable");
    let line = |name: &str, color: u8, label: &str| {
        let bytes = png(color);
        format!(
            "{name}\t{}\t{}\t{label}\n",
            bytes.len(),
            blake3::hash(&bytes).to_hex()
        )
    };
    let lines = line("s/VALID/a/y.png", 51, "a") + &line("s/VALID/b/z.png", 50, "b");
    let expected = blake3::hash(lines.as_bytes()).to_hex().to_string();
    assert_eq!(
        opened.records["smile"].splits[&Split::Test].fingerprint,
        expected
    );
}

#[test]
fn what_is_missing_is_named_with_what_is_there() {
    let root = Root::new(FOLDERS);
    root.image("s/TRAIM/a/0.png", 0);
    root.image("s/VALID/a/0.png", 0);
    let message = |subtasks: &[&str]| root.relative(root.open(subtasks).expect_err("missing"));
    const ROOT_HELP: &str = "\nhelp: the data root is `--data-root`, else `REPRO_DATA`, else `root` below `[data]` in repro.toml";
    assert_eq!(
        message(&["smile"]),
        format!(
            "`ROOT/s/TRAIN` of `data.set_synthetic.smile` is missing\nhelp: `ROOT/s` holds `TRAIM`, `VALID`; did you mean `TRAIM`?{ROOT_HELP}"
        )
    );
    assert_eq!(
        message(&["age"]),
        format!(
            "`ROOT/a/TRAIN` of `data.set_synthetic.age` is missing\nhelp: `ROOT` holds `s`{ROOT_HELP}"
        )
    );
    assert_eq!(
        message(&["smil"]),
        "data set `set_synthetic` has no task `smil`\nhelp: did you mean `smile`?"
    );
    std::fs::rename(root.path("s/TRAIM"), root.path("s/TRAIN")).expect("renamed");
    assert_eq!(
        message(&["smile"]),
        "`data.set_synthetic.smile`: split `valid` has no image"
    );
    root.image("s/TRAIN/a/1.png", 1);
    std::fs::remove_file(root.path("s/VALID/a/0.png")).expect("removed");
    assert_eq!(
        message(&["smile"]),
        "`data.set_synthetic.smile`: split `test` has no image, looked in `ROOT/s/VALID`"
    );
    let subtasks = owned(&["smile"]);
    let nowhere = root.path("nowhere");
    let elsewhere = OpenOptions {
        root: &nowhere,
        ..root.options(&subtasks)
    };
    assert_eq!(
        root.relative(open(&elsewhere).expect_err("missing")),
        format!("data root `ROOT/nowhere` is missing{ROOT_HELP}")
    );
    let other = OpenOptions {
        dataset: "set",
        ..root.options(&subtasks)
    };
    assert_eq!(
        open(&other).expect_err("unknown").to_string(),
        "no data set `set` in repro.toml\nhelp: there is `set_synthetic`"
    );
}

#[test]
fn misleading_settings_are_refused() {
    let message = |source: &str, task: &str| {
        let root = Root::new(&format!("[data.set_synthetic]\n{source}"));
        root.relative(root.open(&[task]).expect_err("refused"))
    };
    assert_eq!(
        message(
            "age = { layout = \"image_folder\", splits = { train = \"a\", test = \"b\" } }",
            "age"
        ),
        "`data.set_synthetic.age`: layout `image_folder` numbers classes by sorted folder names, ages are years\nhelp: use layout `age_folder`"
    );
    assert_eq!(
        message("all = { layout = \"fer_csv\" }", "all"),
        "`data.set_synthetic.all`: layout `fer_csv` labels one task\nhelp: write the name of the task instead of `all`"
    );
    assert_eq!(
        message(
            "smile = { layout = \"image_folder\", splits = { train = \"a\" } }",
            "smile"
        ),
        "`data.set_synthetic.smile` names no folder for split `test`\nhelp: add `splits = { train = \"…\", test = \"…\" }` to it in repro.toml"
    );
    assert_eq!(
        message(
            "all = { layout = \"demo_faces\", splits = { train = \"many\" } }",
            "age"
        ),
        "`data.set_synthetic.all`: split `train` is `many`, expected a number of images such as `\"1200\"`"
    );
    let settings = toml::from_str::<Settings>("[data.faces]\nall = { layout = \"demo_faces\" }")
        .expect("valid");
    let subtasks = owned(&["age"]);
    let options = OpenOptions {
        settings: &settings.data,
        root: Path::new("."),
        dataset: "faces",
        subtasks: &subtasks,
        split_protocol: SplitProtocol::ThreeWay,
        age_classes: 100,
        cache: None,
    };
    assert_eq!(
        open(&options).expect_err("refused").to_string(),
        "data set `faces` draws synthetic faces, its name must say so\nhelp: call it `faces_synthetic` in repro.toml"
    );
}

#[test]
fn rows_of_fer_are_read_by_column_name_and_bad_ones_named_by_line() {
    let root =
        Root::new("[data.set_synthetic]\nemotion = { layout = \"fer_csv\", path = \"f/fer.csv\" }");
    let pixels = |grey: u8| vec![grey.to_string(); 48 * 48].join(" ");
    let rows = [
        "emotion, Usage, pixels".to_owned(),
        format!("3,Training,{}", pixels(7)),
        format!("0,Training,{}", pixels(8)),
        format!("6,PublicTest,{}", pixels(9)),
        format!("1,PrivateTest,{}", pixels(10)),
        format!("7,Training,{}", pixels(11)),
        "1,Training,1 2 3".to_owned(),
        format!("1,Test,{}", pixels(12)),
        "1,Training,1 256".to_owned(),
    ];
    root.write("f/fer.csv", rows.join("\r\n").as_bytes());
    let opened = root.open(&["emotion"]).expect("readable");
    let dataset = &opened.datasets[0];
    assert_eq!(dataset.tasks[0].classes[3], "happy");
    assert_eq!(ids(dataset, Split::Train), ["f/fer.csv#1", "f/fer.csv#2"]);
    assert_eq!(labels(dataset, Split::Train), [3, 0]);
    assert_eq!(labels(dataset, Split::Valid), [6]);
    let record = &opened.records["emotion"];
    assert_eq!(record.undecodable, ["f/fer.csv#6", "f/fer.csv#8"]);
    assert_eq!(record.out_of_range, ["f/fer.csv#5", "f/fer.csv#7"]);
    let line = format!(
        "f/fer.csv#4\t{}\t{}\tdisgust\n",
        pixels(10).len(),
        blake3::hash(pixels(10).as_bytes())
    );
    assert_eq!(
        record.splits[&Split::Test].fingerprint,
        blake3::hash(line.as_bytes()).to_hex().to_string()
    );
    assert_eq!(
        root.relative(opened.warnings.join("\n")),
        "ROOT/f/fer.csv:7: left out, pixels: 3 values, expected 2304\n\
         ROOT/f/fer.csv:9: left out, pixels: `256` is no grey value in 0..=255\n\
         ROOT/f/fer.csv:6: left out, `7` is no emotion in 0..=6\n\
         ROOT/f/fer.csv:8: left out, usage `Test` is none of `PrivateTest`, `PublicTest`, `Training`"
    );
    root.write("f/fer.csv", b"label,image\n");
    assert_eq!(
        root.relative(root.open(&["emotion"]).expect_err("no columns")),
        "ROOT/f/fer.csv:1: header is `label,image`, expected the columns `emotion`, `pixels` and `Usage`"
    );
}

#[test]
fn one_source_of_several_tasks_is_one_data_set_in_the_order_asked_for() {
    let root = Root::new(
        "[data.set_synthetic]\nall = { layout = \"age_gender_name\", path = \".\", splits = { train = \"t\", test = \"v\" } }",
    );
    for (idx, name) in [
        "t/30_1_a.png",
        "t/200_0_b.png",
        "v/1_0_c.png",
        "v/2_3_d.png",
    ]
    .iter()
    .enumerate()
    {
        root.image(name, idx as u8);
    }
    let opened = root.open(&["age", "gender"]).expect("readable");
    let [dataset] = &opened.datasets[..] else {
        panic!("one data set")
    };
    assert_eq!(dataset.key, "all");
    assert_eq!(dataset.tasks[0].name, "age");
    assert_eq!(dataset.split(Split::Test)[0].labels, [0, 0]);
    assert_eq!(
        opened.records["gender"].splits[&Split::Test].labels["female"],
        1
    );
    assert_eq!(opened.records["age"].out_of_range, ["v/2_3_d.png"]);
    assert_eq!(
        root.open(&["gender"]).expect("readable").datasets[0].split(Split::Test)[0].labels,
        [0]
    );
}

#[test]
fn the_reference_protocol_lets_test_decide_and_trains_on_everything() {
    let root = Root::new(FOLDERS);
    for idx in 0..20 {
        root.image(&format!("s/TRAIN/a/{idx}.png"), idx);
    }
    root.image("s/VALID/a/0.png", 77);
    let subtasks = owned(&["smile"]);
    let options = OpenOptions {
        split_protocol: SplitProtocol::Reference,
        ..root.options(&subtasks)
    };
    let opened = open(&options).expect("readable");
    let dataset = &opened.datasets[0];
    assert_eq!(dataset.split(Split::Train).len(), 20);
    assert_eq!(ids(dataset, Split::Valid), ids(dataset, Split::Test));
    assert_eq!(opened.records["smile"].split_protocol, "reference");

    let dataset = &root.open(&["smile"]).expect("readable").datasets[0];
    let mut by_hash: Vec<String> = (0..20).map(|idx| format!("s/TRAIN/a/{idx}.png")).collect();
    by_hash.sort_by_key(|id| *blake3::hash(id.as_bytes()).as_bytes());
    let mut expected = [by_hash[0].as_str(), by_hash[10].as_str()];
    expected.sort_unstable();
    assert_eq!(ids(dataset, Split::Valid), expected);
    assert_eq!(dataset.split(Split::Train).len(), 18);
}

/// The settings committed with the crate and the data root they name, if it is there.
fn pack() -> Option<(DataSettings, PathBuf)> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = Settings::read(&crate_root.join("repro.toml"))
        .expect("valid")
        .data;
    let root = crate_root.join("../shared/data");
    if !root.is_dir() {
        println!("skipped: `{}` is not there", root.display());
        return None;
    }
    Some((settings, root))
}

#[test]
fn the_data_pack_has_the_counts_of_its_description() {
    let Some((settings, root)) = pack() else {
        return;
    };
    let sizes = |dataset: &str, task: &str, split_protocol| {
        let opened = open(&OpenOptions {
            settings: &settings,
            root: &root,
            dataset,
            subtasks: &owned(&[task]),
            split_protocol,
            age_classes: 100,
            cache: None,
        })
        .expect("readable");
        assert_eq!(opened.warnings, [""; 0]);
        let splits = &opened.records[task].splits;
        [Split::Train, Split::Valid, Split::Test].map(|split| splits[&split].n)
    };
    let three_way = |dataset, task| sizes(dataset, task, SplitProtocol::ThreeWay);
    assert_eq!(three_way("CVPR_16_ChaLearn", "age"), [1340, 149, 510]);
    assert_eq!(three_way("CVPR_16_ChaLearn", "gender"), [1350, 150, 500]);
    assert_eq!(three_way("CVPR_16_ChaLearn", "smile"), [1350, 150, 500]);
    assert_eq!(three_way("CVPR_16_ChaLearn", "emotion"), [1750, 372, 389]);
    assert_eq!(three_way("IMDB_WIKI", "age"), [900, 100, 250]);
    assert_eq!(
        sizes("CVPR_16_ChaLearn", "emotion", SplitProtocol::Reference),
        [1750, 389, 389]
    );
}

#[test]
fn the_manifest_lists_every_file_on_a_line_and_names_what_differs() {
    let root = Root::new(FOLDERS);
    root.image("s/TRAIN/a/0.png", 0);
    root.image("s/TRAIN/a/1.png", 1);
    root.image("s/VALID/a/0.png", 2);
    let manifest = || {
        let mut manifest = manifest::Manifest::default();
        manifest.insert("set", &root.open(&["smile"]).expect("readable"));
        manifest
    };
    let locked = manifest();
    let text = locked.to_json();
    let bytes = png(2);
    let line = format!(
        "              \"s/VALID/a/0.png\": [{},\"{}\",\"a\"]\n",
        bytes.len(),
        blake3::hash(&bytes)
    );
    assert!(text.contains(&line), "{text}");
    assert_eq!(
        manifest::Manifest::parse(&text).expect("a manifest"),
        locked
    );
    assert_eq!(manifest().differences(&locked), [""; 0]);
    root.image("s/VALID/a/0.png", 3);
    root.image("s/VALID/a/1.png", 4);
    assert_eq!(
        manifest().differences(&locked),
        ["`set`, task `smile`, split `test`: `s/VALID/a/0.png` changed, and 1 more differ"]
    );
}
