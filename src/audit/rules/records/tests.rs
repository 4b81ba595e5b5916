use std::collections::BTreeMap;

use serde_json::json;

use crate::audit::Settings;
use crate::audit::finding::Severity::{Error, Warning};
use crate::audit::rules::fixture::{
    Runs, against, alone, clean, counts, evidence, found, places, position, replace_nth, seed, spec,
};

#[test]
fn the_seed_gives_what_the_catalogue_lists() {
    let Some(text) = seed("mobilenet-v2.md") else {
        return;
    };
    let outcome = alone(&text);
    assert_eq!(
        places(&outcome, "RPR3"),
        [
            ("RPR309", 18, 23),
            ("RPR309", 21, 5),
            ("RPR309", 24, 5),
            ("RPR309", 27, 5),
            ("RPR309", 30, 6),
            ("RPR309", 49, 23),
            ("RPR302", 49, 69),
            ("RPR302", 49, 256),
        ]
    );
    assert_eq!(counts(&outcome, "RPR301"), (6, 0, 0));
    assert_eq!(counts(&outcome, "RPR303"), (5, 0, 0));
    assert_eq!(counts(&outcome, "RPR304"), (6, 0, 0));
    assert_eq!(counts(&outcome, "RPR305"), (0, 0, 1));
    assert_eq!(counts(&outcome, "RPR306"), (5, 0, 0));
    assert_eq!(evidence(&outcome, "RPR302"), [(18, 118)]);
}

#[test]
fn sibling_documents_of_the_seed() {
    let (Some(alexnet), Some(resnet)) = (seed("alexnet.md"), seed("resnet-50.md")) else {
        return;
    };
    let outcome = alone(&alexnet);
    let debugged = found(&outcome, "RPR306");
    let lines: Vec<usize> = debugged.iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, [61, 63, 65, 67, 69]);
    assert_eq!(found(&outcome, "RPR302").len(), 1);
    assert_eq!(
        found(&outcome, "RPR302")[0].3,
        "`load_IMDB_WIKI_pretrained_model` in 5 records and `load_pretrained_model` in 5 records seem to mean \
         the same"
    );
    assert_eq!(counts(&outcome, "RPR303"), (10, 0, 2));
    assert_eq!(counts(&outcome, "RPR304"), (10, 0, 0));
    let outcome = alone(&resnet);
    let missing = outcome
        .findings
        .iter()
        .filter(|finding| finding.rule == "RPR309")
        .count();
    assert_eq!((places(&outcome, "RPR3").len(), missing), (5, 5));
    assert_eq!(counts(&outcome, "RPR304"), (5, 0, 0));
}

#[test]
fn a_clean_document_has_no_finding() {
    let outcome = alone(&clean());
    assert_eq!(places(&outcome, "RPR3"), []);
    for (rule, n) in [
        ("RPR301", 3),
        ("RPR303", 3),
        ("RPR304", 3),
        ("RPR306", 3),
        ("RPR309", 3),
    ] {
        assert_eq!(counts(&outcome, rule), (n, 0, 0), "{rule}");
    }
    assert_eq!(counts(&outcome, "RPR302"), (19, 0, 0));
}

/// Replaces the first occurrence; the one finding of the rule must stand where `at` occurs in the new text.
fn raises(rule: &str, cases: &[(&str, &str, &str, &str)]) {
    for (from, to, at, message) in cases {
        let text = replace_nth(&clean(), 0, from, to);
        let outcome = alone(&text);
        let (line, column) = position(&text, 0, at);
        let severity = outcome.findings.iter().find(|finding| finding.rule == rule);
        let severity = severity.map_or(Error, |finding| finding.severity);
        assert_eq!(
            found(&outcome, rule),
            [(line, column, severity, *message)],
            "{to}"
        );
    }
}

#[test]
fn records_that_cannot_be_read() {
    raises(
        "RPR301",
        &[
            (
                "seed=0",
                "seed=<object at 0x7f>",
                "<object",
                "record of mark `[2]` cannot be read: found `<`, expected a Python literal",
            ),
            (
                "debug=False",
                "batch_size=8",
                "batch_size=8, epoch",
                "record of mark `[2]` cannot be read: key `batch_size` occurs twice",
            ),
            (
                "Namespace(",
                "Thing(",
                "Thing(",
                "record of mark `[2]` cannot be read: constructor `Thing` is not known, expected `Namespace` or \
                 `dict`",
            ),
            (
                "Namespace(",
                "Namespace ",
                "[2] Namespace",
                "record of mark `[2]` cannot be read: keys and values stand outside brackets",
            ),
        ],
    );
}

#[test]
fn records_of_other_forms_are_read() {
    for record in [
        "argparse.Namespace(a=1, b='x')",
        "OrderedDict(a=1)",
        "Config(a=1)",
        "{'a': 1, 'b': [1, 2]}",
        "{\"a\": 1, \"b\": {\"a\": true}, \"c\": null}",
    ] {
        let outcome = alone(&format!("[1] {record}\n"));
        assert_eq!(counts(&outcome, "RPR301"), (1, 0, 0), "{record}");
    }
    for (record, column) in [
        ("{\"a\": 1, \"b\": 2, \"a\": 3}", 22),
        ("{\"a\": [{\"b\": 1, \"b\": 2}]}", 21),
        ("{'a': 1, 'a': 2}", 14),
    ] {
        let outcome = alone(&format!("[1] {record}\n"));
        assert_eq!(counts(&outcome, "RPR301"), (0, 1, 0), "{record}");
        assert_eq!(found(&outcome, "RPR301")[0].1, column, "{record}");
    }
}

#[test]
fn keys_and_types_that_drift() {
    raises(
        "RPR302",
        &[
            (
                "epoch=60",
                "epochs=60",
                "epochs=60",
                "`epochs` and `epoch` in 2 records seem to mean the same",
            ),
            (
                "batch_size=8",
                "batchsize=8",
                "batchsize=8",
                "`batchsize` and `batch_size` in 2 records seem to mean the same",
            ),
            (
                "load_pretrained_model",
                "load_IMDB_WIKI_pretrained_model",
                "load_IMDB",
                "`load_IMDB_WIKI_pretrained_model` and `load_pretrained_model` in 2 records seem to mean the same",
            ),
            (
                "lr_rate=0.001",
                "eta=0.001",
                "eta=",
                "`eta` and `lr_rate` in 2 records seem to mean the same",
            ),
            (
                "batch_size=8",
                "bs=4",
                "bs=4",
                "`bs` and `batch_size` in 2 records seem to mean the same",
            ),
            (
                "epoch=60",
                "epoch='60'",
                "epoch='60'",
                "`epoch` is a text, but a number in 2 records",
            ),
            (
                "debug=False",
                "debug=0",
                "debug=0",
                "`debug` is a number, but a truth value in 2 records",
            ),
            (
                "lr_rate=0.001",
                "lr_rate=[0.001]",
                "lr_rate=[",
                "`lr_rate` is a list, but a number in 2 records",
            ),
        ],
    );
}

#[test]
fn no_drift() {
    for (from, to) in [
        ("momentum=0.9", "momentum=1"),
        ("seed=0", "seed=[0, 1, 2]"),
        ("init='random'", "init=None"),
        ("momentum=0.9", "beta1=0.9, beta2=0.99"),
    ] {
        let outcome = alone(&replace_nth(&clean(), 0, from, to));
        assert_eq!(found(&outcome, "RPR302"), [], "{to}");
    }
    let text = replace_nth(&clean(), 0, "epoch=60", "epochs=60");
    let settings = Settings {
        aliases: BTreeMap::from([("epochs".to_owned(), "epoch".to_owned())]),
        ..Settings::default()
    };
    assert_eq!(found(&against(&text, None, &[], &settings), "RPR302"), []);
    let one = alone("[1] Namespace(a=1)\n");
    assert_eq!(counts(&one, "RPR302"), (0, 0, 1));
}

#[test]
fn labels_that_stand_for_another_run() {
    raises(
        "RPR303",
        &[
            (
                "MobileNet-V2-Gender_Age",
                "MobileNet-V2-Gender",
                "MobileNet",
                "row `MobileNet-V2-Gender`: the label names gender, the record trains age, gender",
            ),
            (
                "V2-Gender [3]",
                "V2-Age [3]",
                "MobileNet-V2-Age [3]",
                "row `MobileNet-V2-Age`: the label names age, the record trains gender",
            ),
            (
                "loss_weights=[1, 1]",
                "loss_weights=[0, 0]",
                "MobileNet",
                "row `MobileNet-V2-Gender_Age`: the label names age, gender, the record trains no task",
            ),
            (
                "MobileNet-V2-Gender_Age",
                "MobileNet-V1-Gender_Age",
                "MobileNet",
                "row `MobileNet-V1-Gender_Age`: the label names model `MobileNet-V1`, the record has \
                 `model='MTL_MobileNet_V2_model'`",
            ),
            (
                "Gender_Age [1]",
                "Gender_Age_IMDB_WIKI_pretrained [1]",
                "MobileNet",
                "row `MobileNet-V2-Gender_Age_IMDB_WIKI_pretrained`: the label names pre-trained weights, the \
                 record does not load any",
            ),
        ],
    );
    let text = clean();
    let swapped = text.replacen("[1][2]", "[5][6]", 1);
    assert_eq!(found(&alone(&swapped), "RPR303").len(), 1);
    let quoted = swapped.replacen("[5] results", "[5] quoted: results", 1);
    assert_eq!(found(&alone(&quoted), "RPR303"), []);
}

#[test]
fn losses_of_labels_and_records() {
    let gaussian = clean()
        .replacen("V2-Gender_Age [1]", "V2-Gender_Age-gaussian-loss [1]", 1)
        .replacen("augment=True", "age_loss_gaussian='gauss', augment=True", 1);
    assert_eq!(found(&alone(&gaussian), "RPR303"), []);
    let elsewhere = gaussian.replacen("V2-Age [5]", "V2-Age-gaussian-loss [5]", 1);
    let outcome = alone(&elsewhere);
    assert_eq!(
        found(&outcome, "RPR303")[0].3,
        "row `MobileNet-V2-Age-gaussian-loss`: the label names the loss `gaussian`, the record does not"
    );
}

const SPEC: &str = r#"
heading = "results"
label_grammar = "{model}-{tasks}"
factors = ["loss_weights"]
epoch   = "last"
[[columns]]
header = "Gender(%)(ChaLearn_2016)"
metric = "test/gender/accuracy"
[[columns]]
header = "Age MAE (ChaLearn_2016)"
metric = "test/age/mae"
[[rows]]
label = "x"
"#;

#[test]
fn a_label_grammar_makes_it_an_error() {
    let specs = [spec(SPEC)];
    let verify = |text: &str| against(text, None, &specs, &Settings::default());
    assert_eq!(counts(&verify(&clean()), "RPR303"), (3, 0, 0));
    let outcome = verify(&clean().replacen("V2-Gender_Age", "V2-Gender", 1));
    assert_eq!(
        found(&outcome, "RPR303"),
        [(
            5,
            1,
            Error,
            "row `MobileNet-V2-Gender`: the record's label would be `MobileNet-V2-gender_age`, as \
             `label_grammar` is `{model}-{tasks}`"
        )]
    );
}

#[test]
fn fields_and_paths_that_follow_from_others() {
    for (from, to, at, messages) in [
        (
            "folder_sub_name='_gender_1_age_1'",
            "folder_sub_name='_gender_1_age_0'",
            "results/MTL",
            &[
                "mark `[1]`: the path has `_gender_1_age_1_CVPR_16_ChaLearn`, the record gives \
                 `_gender_1_age_0_CVPR_16_ChaLearn`",
                "mark `[2]`: `folder_sub_name='_gender_1_age_0'`, `subtasks` and `loss_weights` give \
                 '_gender_1_age_1'",
            ][..],
        ),
        (
            "loss_weights=[1, 1]",
            "loss_weights=[0, 1]",
            "folder_sub_name",
            &[
                "mark `[2]`: `folder_sub_name='_gender_1_age_1'`, `subtasks` and `loss_weights` give \
               '_gender_0_age_1'",
            ],
        ),
        (
            "loss_weights=[1, 1]",
            "loss_weights=[1]",
            "loss_weights",
            &["mark `[2]`: 1 `loss_weights` for 2 `subtasks`"],
        ),
        (
            "/_gender_1_age_1_CVPR",
            "/_gender_1_age_0_CVPR",
            "results/MTL",
            &[
                "mark `[1]`: the path has `_gender_1_age_0_CVPR_16_ChaLearn`, the record gives \
               `_gender_1_age_1_CVPR_16_ChaLearn`",
            ],
        ),
        (
            "_CVPR_16_ChaLearn/",
            "_IMDB_WIKI/",
            "results/MTL",
            &[
                "mark `[1]`: the path has `_gender_1_age_1_IMDB_WIKI`, the record gives \
               `_gender_1_age_1_CVPR_16_ChaLearn`",
            ],
        ),
        (
            "results/MTL_MobileNet_V2",
            "results/MTL_MobileNet_V1",
            "results/MTL",
            &[
                "mark `[1]`: the path has model `MTL_MobileNet_V1_model`, the record \
               `model='MTL_MobileNet_V2_model'`",
            ],
        ),
        (
            "results/MTL",
            "results/loaded_pretrained-MTL",
            "results/loaded",
            &[
                "mark `[1]`: the path has the prefix `loaded_pretrained-`, the record has \
               `load_pretrained_model=False`",
            ],
        ),
        (
            "load_pretrained_model=False",
            "load_pretrained_model=True",
            "results/MTL",
            &[
                "mark `[1]`: the path lacks the prefix `loaded_pretrained-`, the record has \
               `load_pretrained_model=True`",
            ],
        ),
        (
            "results/MTL",
            "results/pretrained_MTL",
            "results/pretrained",
            &[
                "mark `[1]`: the path has the prefix `pretrained_`, the record says otherwise in \
               `multitask_training_type`",
            ],
        ),
        (
            "results/MTL",
            "results/Debug-MTL",
            "results/Debug",
            &["mark `[1]`: the path has the prefix `Debug-`, the record says otherwise in `debug`"],
        ),
        (
            "2019-04-17-12",
            "2019-14-17-12",
            "results/MTL",
            &["mark `[1]`: the path ends in `2019-14-17-12-57-30`, which is no moment"],
        ),
    ] {
        let text = replace_nth(&clean(), 0, from, to);
        let outcome = alone(&text);
        let found = found(&outcome, "RPR304");
        let said: Vec<&str> = found.iter().map(|(.., message)| *message).collect();
        assert_eq!(said, messages, "{to}");
        let (line, column, severity, _) = found[0];
        assert_eq!((line, column), position(&text, 0, at), "{to}");
        assert_eq!(severity, Error);
    }
}

#[test]
fn one_loader_with_all_labels_is_no_pre_training() {
    let text = clean().replace("'Train_Valid'", "'Pretrain_Joint'");
    assert_eq!(found(&alone(&text), "RPR304"), []);
}

#[test]
fn weights_are_compared_as_numbers() {
    let text = clean()
        .replacen("_gender_1_age_1", "_gender_0.1_age_1.0", 2)
        .replacen("loss_weights=[1, 1]", "loss_weights=[0.1, 1]", 1);
    assert_eq!(found(&alone(&text), "RPR304"), []);
    let unknown = alone("[1] Namespace(a=1)\n");
    assert_eq!(counts(&unknown, "RPR304"), (0, 0, 1));
}

#[test]
fn epochs_of_runs_on_disk() {
    let verify = |runs: &Runs| against(&clean(), Some(&runs.store), &[], &Settings::default());
    let runs = Runs::new(4, |_, _| {});
    assert_eq!(counts(&verify(&runs), "RPR304"), (6, 0, 0));
    let runs = Runs::new(3, |_, _| {});
    let outcome = verify(&runs);
    assert_eq!(counts(&outcome, "RPR304"), (3, 3, 0));
    let (line, column, severity, message) = found(&outcome, "RPR304")[0];
    assert_eq!((line, column), position(&clean(), 0, "results/MTL"));
    assert_eq!(
        (severity, message),
        (
            Error,
            &*format!(
                "run `{}`: its metrics end with epoch 3, its record has `epoch=4`",
                runs.runs[0].cited()
            )
        )
    );
    let runs = Runs::new(4, |idx, record| {
        if idx == 1 {
            record["selection"]["epoch"] = json!(3);
        }
    });
    let outcome = verify(&runs);
    assert_eq!(
        found(&outcome, "RPR304")[0].3,
        format!(
            "run `{}`: its record chose epoch 3, the rule best `valid/total/loss` gives epoch 2",
            runs.runs[1].cited()
        )
    );
}

/// Six rows of one task with a variant of the loss each, three without.
fn variants(values: [&str; 6]) -> String {
    let row = |idx: usize| {
        let variant = if idx < 5 { "-5-classes-loss" } else { "" };
        format!("Net-Age{variant} [{idx}] | 7.{idx}\n")
    };
    let note = |(idx, value): (usize, &str)| {
        format!(
            "[{idx}] results/a/b{idx}/c; Namespace(kind='{value}', loss_weights=[1], subtasks=['age'])\n"
        )
    };
    let rows: String = (0..values.len()).map(row).collect();
    let notes: String = values.into_iter().enumerate().map(note).collect();
    format!("model | Age MAE\n--- | ---\n{rows}\n{notes}")
}

#[test]
fn a_word_that_goes_with_another_value() {
    let outcome = alone(&variants(["20", "20", "20", "20", "20", "5"]));
    assert_eq!(counts(&outcome, "RPR305"), (2, 0, 0));
    let outcome = alone(&variants(["20", "20", "5", "20", "20", "5"]));
    assert_eq!(
        found(&outcome, "RPR305")[0],
        (
            5,
            1,
            Warning,
            "row `Net-Age-5-classes-loss` has `5-classes` in its label and `kind='5'` in its record; 4 other rows \
             with `5-classes` have `kind='20'`"
        )
    );
    let outcome = alone(&variants(["20", "20", "5", "5", "20", "5"]));
    assert_eq!(counts(&outcome, "RPR305"), (0, 0, 1));
}

#[test]
fn debugging_runs() {
    raises(
        "RPR306",
        &[
            (
                "debug=False",
                "debug=True",
                "debug=True",
                "row `MobileNet-V2-Gender_Age` reports a debugging run: `debug=True` in the record of mark `[2]`",
            ),
            (
                "debug=False",
                "debug=False, fast_dev_run=2",
                "fast_dev_run",
                "row `MobileNet-V2-Gender_Age` reports a debugging run: `fast_dev_run=2` in the record of mark `[2]`",
            ),
            (
                "debug=False",
                "limit_train_batches=0.1",
                "limit_train",
                "row `MobileNet-V2-Gender_Age` reports a debugging run: `limit_train_batches=0.1` in the record of \
                 mark `[2]`",
            ),
            (
                "results/MTL",
                "results/Debug-MTL",
                "results/Debug",
                "row `MobileNet-V2-Gender_Age` reports a debugging run: the path of mark `[1]` has `Debug-`",
            ),
        ],
    );
    let all = replace_nth(&clean(), 0, "debug=False", "limit_train_batches=1.0");
    assert_eq!(found(&alone(&all), "RPR306"), []);
}

#[test]
fn what_a_record_does_not_say() {
    let outcome = alone(&replace_nth(&clean(), 0, "seed=0, ", ""));
    assert_eq!(
        found(&outcome, "RPR309"),
        [(12, 5, Warning, "record of mark `[2]` does not say: seed")]
    );
    for (from, missing) in [
        ("seed=0", "seed"),
        ("commit='1be65cf'", "code version"),
        ("momentum=0.9", "optimizer"),
        ("init='random'", "initial weights"),
        ("split_protocol='three-way'", "split"),
        ("augment=True", "augmentation"),
        ("selection='last'", "selection rule"),
        ("batch_size=8", "batch size"),
        ("epoch=60", "epochs"),
        ("dataset='CVPR_16_ChaLearn'", "data sets"),
    ] {
        let outcome = alone(&replace_nth(&clean(), 0, from, "other=1"));
        let expected = format!("record of mark `[2]` does not say: {missing}");
        assert_eq!(found(&outcome, "RPR309")[0].3, expected);
    }
    let other = clean().replacen("(ChaLearn_2016)", "(FER_2013)", 1);
    let outcome = alone(&other);
    let said: Vec<&str> = found(&outcome, "RPR309").iter().map(|one| one.3).collect();
    assert_eq!(
        said,
        [
            "record of mark `[2]` does not say: data set `FER_2013`",
            "record of mark `[4]` does not say: data set `FER_2013`"
        ]
    );
}

#[test]
fn constants_and_runs_say_what_a_record_leaves_out() {
    let text = clean().replace("momentum=0.9, ", "");
    let settings = Settings {
        constants: BTreeMap::from([("optimizer".to_owned(), json!("sgd"))]),
        ..Settings::default()
    };
    assert_eq!(counts(&alone(&text), "RPR309"), (0, 3, 0));
    assert_eq!(
        counts(&against(&text, None, &[], &settings), "RPR309"),
        (3, 0, 0)
    );
    let text = clean()
        .replace("commit='1be65cf', ", "")
        .replace("selection='last', ", "")
        .replace("ChaLearn_2016", "Faces");
    assert_eq!(counts(&alone(&text), "RPR309"), (0, 3, 0));
    let runs = Runs::new(4, |_, _| {});
    let outcome = against(&text, Some(&runs.store), &[], &Settings::default());
    assert_eq!(counts(&outcome, "RPR309"), (3, 0, 0));
}
