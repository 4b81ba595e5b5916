//! Rules over training code, on documents and programs written for them.

use std::path::Path;

use crate::audit::python::TrainingCode;
use crate::audit::python::tests::{fixture, parse};
use crate::audit::{Inputs, Settings, Verification, verify};

/// The rules that the tests of this folder are about.
const OURS: &[&str] = &[
    "RPR307", "RPR308", "RPR403", "RPR505", "RPR507", "RPR603", "RPR704",
];

/// A document with one run of the clean program.
const DOCUMENT: &str = "\
# Results

model | Age Acc(%) | Age MAE
--- | --- | ---
MobileNet-V2-Age [1][2] | 7.5 | 7.1

[1] results/MobileNet_V2/_age_1_faces/2026-11-02-10-00-00

[2] Namespace(batch_size=8, data_root='data', debug=False, epoch=60, log_dir='logs', loss_weights=[1.0], lr_rate=0.001, lr_schedule=8, model='MobileNet_V2', num_workers=4, seed=0, weight_decay=1e-06)
";

fn verify_with(text: &str, code: Option<&TrainingCode>) -> Verification {
    verify(&Inputs {
        code,
        ..Inputs::alone("RESULTS.md", text, &Settings::default())
    })
}

fn findings(verification: &Verification, rules: &[&str]) -> Vec<String> {
    let ours = verification
        .findings
        .iter()
        .filter(|finding| rules.contains(&finding.rule));
    ours.map(|finding| {
        let (line, column) = (finding.line, finding.column);
        let severity = finding.severity.as_str();
        let evidence: Vec<&str> = finding
            .evidence
            .iter()
            .map(|evidence| evidence.text.as_str())
            .collect();
        format!(
            "{severity} {} {line}:{column}: {}\n  {}",
            finding.rule,
            finding.message,
            evidence.join("\n  ")
        )
    })
    .collect()
}

/// What the rules say of the document with a fixture program.
fn with(name: &str, text: &str) -> Vec<String> {
    let code = parse(&fixture(name));
    findings(&verify_with(text, Some(&code)), OURS)
}

#[test]
fn the_clean_program_verifies_every_rule() {
    assert_eq!(with("clean", DOCUMENT), [""; 0]);
    let code = parse(&fixture("clean"));
    let verification = verify_with(DOCUMENT, Some(&code));
    let counts: Vec<(&str, usize)> = verification
        .rules
        .iter()
        .filter(|count| OURS.contains(&count.rule) && count.rule != "RPR403")
        .map(|count| (count.rule, count.verified))
        .collect();
    assert_eq!(
        counts,
        [
            ("RPR307", 12),
            ("RPR308", 1),
            ("RPR505", 1),
            ("RPR507", 1),
            ("RPR603", 1),
            ("RPR704", 1)
        ]
    );
}

#[test]
fn without_code_the_rules_name_what_is_missing() {
    let verification = verify_with(DOCUMENT, None);
    for rule in OURS {
        let count = verification
            .rules
            .iter()
            .find(|count| count.rule == *rule)
            .expect("counted");
        assert_eq!(count.verified + count.findings, 0, "{rule}");
        let missing = "the training code (`code` below `[audit]` in repro.toml)";
        assert!(
            count.missing.contains(&missing.to_owned()),
            "{rule}: {:?}",
            count.missing
        );
    }
    let empty = TrainingCode::default();
    let verification = verify_with(DOCUMENT, Some(&empty));
    let count = verification
        .rules
        .iter()
        .find(|count| count.rule == "RPR308")
        .expect("counted");
    assert_eq!(
        count.missing,
        ["a script with a command line in the training code"]
    );
}

#[test]
fn each_defect_gives_its_finding_and_no_other() {
    let cases: &[(&str, &[&str])] = &[
        (
            "inert_argument",
            &[
                "warning RPR307 9:121: `lr_schedule` of record [2] is never read by `main.py`\n  main.py:20:5: declared here",
            ],
        ),
        (
            "inert_parameter",
            &[
                "warning RPR307 9:136: `main.py` calls `backbone_v2` with `pretrained=True`, which nothing uses\n  models/backbone.py:32:55: given here\n  models/backbone.py:27:1: and not used here",
            ],
        ),
        (
            "unreachable_value",
            &[
                "warning RPR308 9:47: 2 values of record [2] cannot come from the command line of `main.py`: `debug=False`, `loss_weights=[1.0]`\n  main.py:25:5: `debug`: `type=bool` makes True of every text but the empty one\n  main.py:22:5: `loss_weights`: `type=list` makes a list of single characters",
            ],
        ),
        ("overridden_value", &[]),
        ("class_count", &[]),
        (
            "selection_on_reported_split",
            &[
                "error RPR505 9:5: `main.py` of record [2] decides by the `test` split, the only one it evaluates and so the reported one\n  main.py:54:9: learning-rate schedule by `valid_loss`\n  main.py:56:12: best epoch by `valid_loss`\n  data.py:48:37: which comes from here\n  train_valid.py:22:9: the `test` split is evaluated",
            ],
        ),
        (
            "private_test_as_validation",
            &[
                "error RPR505 9:5: `main.py` of record [2] decides by the `test` split, the only one it evaluates and so the reported one\n  main.py:54:9: learning-rate schedule by `valid_loss`\n  main.py:56:12: best epoch by `valid_loss`\n  data.py:48:38: which comes from here\n  train_valid.py:22:9: the `test` split is evaluated",
            ],
        ),
        (
            "batch_means",
            &[
                "warning RPR507 9:5: `main.py` of record [2] takes the mean of `total_error` over batches, whatever their size\n  train_valid.py:29:31: divided by the number of batches\n  train_valid.py:22:9: the loop over batches",
            ],
        ),
        (
            "mean_of_batch_list",
            &[
                "warning RPR507 9:5: `main.py` of record [2] takes the mean of `accuracies` over batches, whatever their size\n  train_valid.py:29:42: the mean of a list with one entry per batch\n  train_valid.py:23:9: the loop over batches",
            ],
        ),
        (
            "unweighted_meter",
            &[
                "warning RPR507 9:5: `main.py` of record [2] takes the mean of `accuracies` over batches, whatever their size\n  train_valid.py:40:13: a meter that is not told the batch's size\n  train_valid.py:35:9: the loop over batches",
            ],
        ),
        (
            "random_evaluation",
            &[
                "error RPR603 9:5: `main.py` of record [2] evaluates images that are augmented at random\n  data.py:29:22: `RandomCrop`\n  data.py:29:61: `RandomHorizontalFlip`",
            ],
        ),
        (
            "resampled_evaluation",
            &[
                "error RPR603 9:5: `main.py` of record [2] evaluates samples that are drawn with replacement\n  data.py:16:22: `choice`",
            ],
        ),
        (
            "dropout_in_evaluation",
            &[
                "error RPR603 9:5: `main.py` of record [2] evaluates without `eval()`: dropout and batch statistics are those of training\n  train_valid.py:18:1: `evaluate`",
            ],
        ),
        (
            "truncated_evaluation",
            &[
                "error RPR603 9:5: `main.py` of record [2] evaluates a part of shuffled data\n  train_valid.py:29:17: `break`",
            ],
        ),
        (
            "unseeded",
            &[
                "warning RPR704 9:5: `main.py` of record [2] gives other numbers when it is run again: cuDNN's choice of algorithms, unseeded generators\n  data.py:41:12: used, and `torch.manual_seed` is never called\n  main.py: `cudnn.deterministic` is never set",
            ],
        ),
        (
            "unreached_seed",
            &[
                "warning RPR704 9:5: `main.py` of record [2] gives other numbers when it is run again: unseeded generators\n  data.py:41:12: used, and `torch.manual_seed` is never called",
            ],
        ),
        (
            "benchmark",
            &[
                "warning RPR704 9:5: `main.py` of record [2] gives other numbers when it is run again: cuDNN's choice of algorithms\n  main.py:34:5: `cudnn.benchmark = True`",
            ],
        ),
        (
            "unseeded_workers",
            &[
                "warning RPR704 9:5: `main.py` of record [2] gives other numbers when it is run again: unseeded workers\n  data.py:38:12: worker processes without `worker_init_fn`",
            ],
        ),
        (
            "unordered_listing",
            &[
                "warning RPR704 9:5: `main.py` of record [2] gives other numbers when it is run again: unordered listings\n  data.py:15:22: `os.listdir` is not sorted",
            ],
        ),
        ("undispatched_model", &[]),
        ("broken_syntax", &[]),
    ];
    let mut wrong = Vec::new();
    for (name, expected) in cases {
        let found = with(name, DOCUMENT);
        if found != *expected {
            wrong.push(format!("{name}:\n{}", found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_record_that_the_code_contradicts_is_a_mismatch() {
    let text = DOCUMENT.replace("Namespace(", "Namespace(age_classes=100, ");
    let code = parse(&fixture("class_count"));
    assert_eq!(
        findings(&verify_with(&text, Some(&code)), &["RPR403"]),
        [
            "error RPR403 9:15: record [2] says `age_classes=100`, the code fixes `AGE_CLASSES=88`\n  models/backbone.py:5:15: fixed here"
        ]
    );
    let code = parse(&fixture("clean"));
    assert_eq!(
        findings(&verify_with(&text, Some(&code)), &["RPR403"]),
        [""; 0]
    );
}

#[test]
fn arguments_that_are_passed_on_as_a_whole_are_only_noted() {
    let mut files = fixture("inert_argument");
    for (_, text) in &mut files {
        *text = text.replace(
            "    print(args)\n",
            "    print(args)\n    configure(**vars(args))\n",
        );
    }
    assert_eq!(
        findings(&verify_with(DOCUMENT, Some(&parse(&files))), &["RPR307"]),
        [
            "note RPR307 9:121: `lr_schedule` of record [2] is never read by `main.py`\n  main.py:20:5: declared here\n  main.py:41:17: all arguments are passed on here"
        ]
    );
}

/// The places of the catalogue's expectation for the seed, once its code is there.
#[test]
fn the_seed_with_code_like_its_own_has_the_defects_of_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/mobilenet-v2.md");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no `{}`", path.display());
        return;
    };
    let code = parse(&fixture("as_reference"));
    let verification = verify_with(&text, Some(&code));
    let ours = verification
        .findings
        .iter()
        .filter(|finding| OURS.contains(&finding.rule));
    let places: Vec<String> = ours
        .map(|finding| format!("{} {}:{}", finding.rule, finding.line, finding.column))
        .collect();
    assert_eq!(
        places,
        [
            "RPR507 5:166",
            "RPR505 18:23",
            "RPR507 18:23",
            "RPR603 18:23",
            "RPR603 18:23",
            "RPR603 18:23",
            "RPR704 18:23",
            "RPR308 18:105",
            "RPR307 18:226",
            "RPR307 18:282",
            "RPR307 18:297",
            "RPR308 21:87",
            "RPR308 24:87",
            "RPR308 27:87",
            "RPR308 30:88",
            "RPR704 49:23",
            "RPR307 49:160",
            "RPR307 49:209",
            "RPR307 49:224",
        ]
    );
}
