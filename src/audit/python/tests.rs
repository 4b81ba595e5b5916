//! Facts of the fixture programs, each defect exactly and at its place.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::*;

mod edited;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/python")
}

/// The clean program with the files of a folder in place of its own.
pub(in crate::audit) fn fixture(name: &str) -> Vec<(String, String)> {
    let mut files = BTreeMap::new();
    let folders = match name {
        "as_reference" => vec![name],
        name => vec!["clean", name],
    };
    for folder in folders {
        let root = fixtures().join(folder);
        assert!(root.is_dir(), "no fixture `{name}`");
        for found in walkdir::WalkDir::new(&root) {
            let path = found.expect("readable").into_path();
            if path.is_file() {
                let below = path.strip_prefix(&root).expect("below the root");
                let text = fs::read_to_string(&path).expect("readable");
                files.insert(below.to_string_lossy().into_owned(), text);
            }
        }
    }
    files.into_iter().collect()
}

pub(in crate::audit) fn parse(files: &[(String, String)]) -> TrainingCode {
    TrainingCode::parse(files.iter().map(|(path, text)| (&**path, &**text)))
}

fn facts(name: &str) -> Entry {
    let code = parse(&fixture(name));
    let first = code.entries.into_iter().next();
    first.expect("a script with a command line")
}

/// Everything that may be wrong with a program, one line each.
fn suspicions(entry: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    for declared in &entry.arguments.declared {
        if !entry.arguments.reads.contains_key(&declared.key) {
            lines.push(format!(
                "{}: `{}` is never read",
                declared.place, declared.key
            ));
        }
    }
    for inert in &entry.inert {
        let InertParameter {
            function,
            parameter,
            value,
            place,
            callee,
        } = inert;
        lines.push(format!(
            "{place}: `{parameter}={value}` of `{function}` is unused in {callee}"
        ));
    }
    for key in entry.arguments.assigned.iter() {
        lines.push(format!("{}: `{}` is assigned", key.1, key.0));
    }
    let others = |decided: Split| {
        entry
            .selection
            .evaluated
            .iter()
            .any(|(split, _)| *split != decided)
    };
    for decision in &entry.selection.decisions {
        if !others(decision.split) {
            let (kind, place) = (decision.kind.as_str(), &decision.place);
            lines.push(format!(
                "{place}: {kind} by `{}` of {}",
                decision.value, decision.origin
            ));
        }
    }
    for mean in &entry.batch_means {
        lines.push(format!(
            "{}: `{}` over {} is {}",
            mean.place, mean.value, mean.batches, mean.how
        ));
    }
    for stochastic in &entry.stochastic {
        lines.push(format!(
            "{}: {:?} {}",
            stochastic.place, stochastic.chance, stochastic.what
        ));
    }
    let random = &entry.randomness;
    for (generator, place) in random.unseeded() {
        lines.push(format!("{place}: no `{}`", generator.seed_call()));
    }
    lines.extend(
        random
            .benchmark
            .iter()
            .map(|place| format!("{place}: benchmark")),
    );
    if random.uses_gpu && random.deterministic.is_none() {
        lines.push("not deterministic".to_owned());
    }
    lines.extend(
        random
            .unseeded_workers
            .iter()
            .map(|place| format!("{place}: workers")),
    );
    lines.extend(
        random
            .unordered
            .iter()
            .map(|(name, place)| format!("{place}: {name}")),
    );
    lines
}

use crate::metric::Split;

#[test]
fn the_clean_program_raises_nothing() {
    let entry = facts("clean");
    assert_eq!(suspicions(&entry), [""; 0]);
    assert_eq!(entry.path, "main.py");
    let keys: Vec<&str> = entry
        .arguments
        .declared
        .iter()
        .map(|declared| &*declared.key)
        .collect();
    assert_eq!(
        keys,
        [
            "model",
            "data_root",
            "epoch",
            "batch_size",
            "lr_rate",
            "lr_schedule",
            "weight_decay",
            "loss_weights",
            "num_workers",
            "log_dir",
            "debug",
            "seed"
        ]
    );
    assert!(entry.arguments.escapes.is_empty() && entry.arguments.replaced.is_empty());
    let decisions: Vec<_> = entry
        .selection
        .decisions
        .iter()
        .map(|decision| {
            format!(
                "{} {} {:?}",
                decision.place,
                decision.kind.as_str(),
                decision.split
            )
        })
        .collect();
    assert_eq!(
        decisions,
        [
            "main.py:54:9 learning-rate schedule Valid",
            "main.py:56:12 best epoch Valid"
        ]
    );
    let evaluated: Vec<Split> = entry
        .selection
        .evaluated
        .iter()
        .map(|(split, _)| *split)
        .collect();
    assert_eq!(evaluated, [Split::Valid, Split::Test]);
}

#[test]
fn arguments_are_read_as_declared() {
    let entry = facts("clean");
    let weights = entry
        .arguments
        .declaration("loss_weights")
        .expect("declared");
    assert_eq!(weights.place.to_string(), "main.py:22:5");
    assert_eq!(weights.kind.as_deref(), Some("float"));
    assert_eq!(weights.nargs.as_deref(), Some("+"));
    assert_eq!(weights.default, Some(Some(json!([1.0]))));
    let model = entry.arguments.declaration("model").expect("declared");
    assert_eq!(
        model.choices,
        Some(vec![json!("MobileNet_V2"), json!("ResNet_18")])
    );
    let debug = entry.arguments.declaration("debug").expect("declared");
    assert_eq!(debug.action.as_deref(), Some("store_true"));
    assert_eq!(debug.default, None);
}

#[test]
fn dispatch_and_constants_are_read() {
    let entry = facts("clean");
    let model = &entry.dispatch["model"];
    let options: Vec<String> = model
        .options
        .iter()
        .map(|(option, place)| format!("{option} {place}"))
        .collect();
    assert_eq!(
        options,
        [
            "MobileNet_V2 models/factory.py:5:16",
            "ResNet_18 models/factory.py:7:18"
        ]
    );
    assert!(!model.is_dynamic && !model.is_partial);
    let constants = |name: &str| -> Vec<String> {
        let entry = facts(name);
        let show = |constant: &Constant| {
            format!("{} {}={}", constant.place, constant.name, constant.value)
        };
        entry.constants.iter().map(show).collect()
    };
    assert_eq!(
        constants("clean"),
        [
            "main.py:43:46 pretrained=true",
            "models/backbone.py:5:15 AGE_CLASSES=100",
            "models/backbone.py:20:29 pretrained=false",
            "models/backbone.py:26:26 pretrained=false"
        ]
    );
    assert_eq!(
        constants("class_count")[1],
        "models/backbone.py:5:15 AGE_CLASSES=88"
    );
    let without: Vec<String> = facts("undispatched_model").dispatch["model"]
        .options
        .keys()
        .cloned()
        .collect();
    assert_eq!(without, ["ResNet_18"]);
}

#[test]
fn each_defect_is_seen_alone_at_its_place() {
    let cases: &[(&str, &[&str])] = &[
        (
            "inert_argument",
            &["main.py:20:5: `lr_schedule` is never read"],
        ),
        (
            "inert_parameter",
            &[
                "models/backbone.py:32:55: `pretrained=True` of `backbone_v2` is unused in models/backbone.py:27:1",
            ],
        ),
        ("unreachable_value", &[]),
        (
            "overridden_value",
            &[
                "main.py:41:5: `debug` is assigned",
                "main.py:42:5: `log_dir` is assigned",
            ],
        ),
        ("class_count", &[]),
        (
            "selection_on_reported_split",
            &[
                "main.py:54:9: learning-rate schedule by `valid_loss` of data.py:48:37",
                "main.py:56:12: best epoch by `valid_loss` of data.py:48:37",
            ],
        ),
        (
            "private_test_as_validation",
            &[
                "main.py:54:9: learning-rate schedule by `valid_loss` of data.py:48:38",
                "main.py:56:12: best epoch by `valid_loss` of data.py:48:38",
            ],
        ),
        (
            "batch_means",
            &[
                "train_valid.py:29:31: `total_error` over train_valid.py:22:9 is divided by the number of batches",
            ],
        ),
        (
            "mean_of_batch_list",
            &[
                "train_valid.py:29:42: `accuracies` over train_valid.py:23:9 is the mean of a list with one entry per batch",
            ],
        ),
        (
            "unweighted_meter",
            &[
                "train_valid.py:40:13: `accuracies` over train_valid.py:35:9 is a meter that is not told the batch's size",
            ],
        ),
        (
            "random_evaluation",
            &[
                "data.py:29:22: Augmentation RandomCrop",
                "data.py:29:61: Augmentation RandomHorizontalFlip",
            ],
        ),
        (
            "resampled_evaluation",
            &["data.py:16:22: Replacement choice"],
        ),
        (
            "dropout_in_evaluation",
            &["train_valid.py:18:1: Training evaluate"],
        ),
        (
            "truncated_evaluation",
            &["train_valid.py:29:17: Truncation break"],
        ),
        (
            "unseeded",
            &["data.py:41:12: no `torch.manual_seed`", "not deterministic"],
        ),
        ("unreached_seed", &["data.py:41:12: no `torch.manual_seed`"]),
        ("benchmark", &["main.py:34:5: benchmark"]),
        ("unseeded_workers", &["data.py:38:12: workers"]),
        ("unordered_listing", &["data.py:15:22: os.listdir"]),
        ("undispatched_model", &[]),
    ];
    let mut wrong = Vec::new();
    for (name, expected) in cases {
        let found = suspicions(&facts(name));
        if found != *expected {
            wrong.push(format!("{name}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_program_as_the_reference_has_all_its_defects() {
    let expected = [
        "main.py:41:5: `lr_schedule` is never read",
        "main.py:51:5: `log_dir` is never read",
        "models/MTL_MobileNet_V2_model.py:19:68: `pretrained=True` of `mobilenet_v2` is unused in models/MTL_MobileNet_V2_model.py:12:1",
        "main.py:18:5: `folder_sub_name` is assigned",
        "main.py:27:9: learning-rate schedule by `valid_loss` of data_loader.py:39:86",
        "main.py:29:12: best epoch by `valid_loss` of data_loader.py:39:86",
        "train_valid.py:29:12: `total_loss` over train_valid.py:14:5 is divided by the number of batches",
        "train_valid.py:29:36: `total_age_mae` over train_valid.py:14:5 is divided by the number of batches",
        "data_loader.py:13:22: Replacement choice",
        "data_loader.py:15:13: Augmentation RandomCrop",
        "data_loader.py:16:13: Augmentation RandomHorizontalFlip",
        "train_valid.py:14:20: Truncation zip",
        "data_loader.py:13:22: no `np.random.seed`",
        "data_loader.py:33:25: no `torch.manual_seed`",
        "not deterministic",
        "data_loader.py:33:25: workers",
        "data_loader.py:12:17: os.listdir",
    ];
    assert_eq!(suspicions(&facts("as_reference")), expected);
}

#[test]
fn a_record_is_of_the_script_whose_arguments_it_has() {
    let code = parse(&fixture("as_reference"));
    let paths: Vec<&str> = code.entries.iter().map(|entry| &*entry.path).collect();
    assert_eq!(paths, ["main.py", "pretrain.py"]);
    let entry = |keys: &[&str]| {
        let keys = keys.iter().copied().collect();
        code.entry_for(&keys).map(|entry| &*entry.path)
    };
    assert_eq!(entry(&["model", "epoch", "debug"]), Some("main.py"));
    assert_eq!(
        entry(&["model", "epochs", "batch_size"]),
        Some("pretrain.py")
    );
    assert_eq!(TrainingCode::default().entry_for(&BTreeSet::new()), None);
}

#[test]
fn errors_of_syntax_have_a_place_and_hide_nothing() {
    let code = parse(&fixture("broken_syntax"));
    let errors: Vec<String> = code
        .files
        .iter()
        .flat_map(|file| {
            file.errors.iter().map(move |error| {
                format!(
                    "{}:{}:{}: {}",
                    file.path, error.at.line, error.at.column, error.message
                )
            })
        })
        .collect();
    assert_eq!(
        errors,
        ["data.py:9:7: Simple statements must be separated by newlines or semicolons"]
    );
    assert_eq!(suspicions(&code.entries[0]), [""; 0]);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let _ = TrainingCode::parse([("main.py", &*text)]);
    }

    #[test]
    fn arbitrary_pieces_of_programs_never_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "if __name__ == '__main__':\n", "    ", "args = parser.parse_args()", "\n", "(", ")", "[", "]", "{", "}",
            "for x in loader:", "zip(a, b)", "'val'", "f'{", "\"\"\"", "lambda: ", "not ", ".step(", "argparse.ArgumentParser()",
            "def f(args, **kwargs):", "class A(B):", "x = ", "args.", ", ", "best_loss", " < ", "return ", "-", "#", "\\", "é", "match x:\n", "case 'a':",
        ]), 0..60)
    ) {
        let text = pieces.concat();
        let _ = TrainingCode::parse([("main.py", &*text), ("data.py", &*text)]);
    }
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("-", ""),
        ("not ", ""),
        ("lambda: ", ""),
        ("f(", ")"),
        ("x if y else ", ""),
    ] {
        for depth in [60, 100, 199, 100_000] {
            let text = format!(
                "import argparse\nx = {}1{}\nargparse.ArgumentParser().parse_args()\n",
                open.repeat(depth),
                close.repeat(depth)
            );
            let code = TrainingCode::parse([("main.py", &*text)]);
            let is_refused = code.files[0]
                .errors
                .iter()
                .any(|error| error.message == "nested too deep to be read");
            prop_assert_refusal(is_refused, depth, open);
        }
    }
}

/// What is refused is really deep, and what is as deep as people write never is.
fn prop_assert_refusal(is_refused: bool, depth: usize, open: &str) {
    assert!(depth > 60 || !is_refused, "{open} at {depth}");
    assert!(depth < 1000 || is_refused, "{open} at {depth}");
}
