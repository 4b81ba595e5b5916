//! Exact messages of every mistake that a spec can hold, and the size of sweeps.

use proptest::prelude::*;

use super::*;

fn data() -> DataSettings {
    let settings: crate::project::Settings = toml::from_str(
        r#"
        [data.CVPR_16_ChaLearn]
        gender = { layout = "image_folder", path = "G" }
        smile = { layout = "image_folder", path = "S" }
        emotion = { layout = "fer_csv", path = "E" }
        age = { layout = "age_folder", path = "A" }
        [data.IMDB_WIKI]
        all = { layout = "age_gender_name", path = "I" }
        "#,
    )
    .expect("valid settings");
    settings.data
}

fn parse(text: &str) -> Result<Spec, SourceError> {
    let source = Source {
        path: "runs/a.toml".into(),
        text: text.into(),
    };
    Spec::parse(source, &data(), &Overrides::default())
}

fn refused(text: &str) -> String {
    parse(text).expect_err("a mistake").to_string()
}

#[test]
fn defaults_are_the_reference() {
    let spec = parse("name = \"a\"").expect("valid");
    assert_eq!((spec.seeds, spec.phase), (vec![0], Phase::Train));
    assert_eq!(spec.variants.len(), 1);
    let config = &spec.variants[0].config;
    assert_eq!(
        config.folder_sub_name(),
        "_gender_1_smile_1_emotion_1_age_1"
    );
    assert_eq!(
        (config.batch_size, config.epoch, config.image_size),
        (8, 40, 224)
    );
}

#[test]
fn mistakes_have_place_and_hint() {
    let cases = [
        (
            "[hyper_parameters]",
            "runs/a.toml:1:1: key `name` is missing\nhelp: add `name = \"…\"`, unique among specs",
        ),
        (
            "name = \"a\"\nseed = [1]",
            "runs/a.toml:2:1: unknown key `seed`\nhelp: did you mean `seeds`?",
        ),
        (
            "name = \"a\"\nseeds = [1, -1]",
            "runs/a.toml:2:13: expected a whole number of at least 0, found `-1`",
        ),
        (
            "name = \"a\"\nseeds = [1, 2, 1]",
            "runs/a.toml:2:16: seed 1 occurs twice",
        ),
        (
            "name = \"a\"\nphase = \"pretrained\"",
            "runs/a.toml:2:9: unknown value `pretrained`\nhelp: did you mean `pretrain`?",
        ),
        (
            "name = \"a\"\nparent = { checkpoint = \"best\" }",
            "runs/a.toml:2:10: `parent` names no spec\nhelp: add `spec = \"…\"` to it",
        ),
        (
            "name = \"a\"\nparent = { spec = \"b\" }\n[hyper_parameters]\ninit = \"w.safetensors\"",
            "runs/a.toml:2:10: `init` and `parent` both give initial weights\nhelp: remove one of them",
        ),
        ("name = ", "runs/a.toml:1:8: "),
    ];
    for (text, expected) in cases {
        let found = refused(text);
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn hyper_parameters_are_checked_one_by_one() {
    let cases = [
        (
            "lr_rat = 1",
            "1: unknown key `lr_rat`\nhelp: did you mean `lr_rate`?",
        ),
        (
            "load_pretrained_model = true",
            "1: `load_pretrained_model` cannot be set\nhelp: it follows from `parent`",
        ),
        (
            "batch_size = 0",
            "14: expected a whole number of at least 1, found `0`",
        ),
        (
            "batch_size = \"8\"",
            "14: expected a whole number of at least 1, found the text `8`",
        ),
        (
            "epochs = 0",
            "10: expected a whole number of at least 1, found `0`",
        ),
        (
            "image_size = 16",
            "14: expected a whole number of at least 32, found `16`",
        ),
        (
            "lr_rate = -0.1",
            "11: expected a number above 0, found `-0.1`",
        ),
        (
            "momentum = 1",
            "12: expected a number of at least 0 and below 1, found `1`",
        ),
        (
            "width_mult = 0",
            "14: expected a number above 0 and at most 4, found `0`",
        ),
        ("augment = 1", "11: expected `true` or `false`, found `1`"),
        (
            "model = \"MTL_MobileNet_V3_model\"",
            "9: unknown value `MTL_MobileNet_V3_model`\nhelp: did you mean `MTL_MobileNet_V2_model`?",
        ),
        (
            "loss_weights = [1, -1, 1, 1]",
            "20: expected a weight of at least 0, found `-1`",
        ),
        (
            "loss_weights = [0, 0, 0, 0]",
            "16: every weight is 0: nothing would be trained\nhelp: give at least one task a positive weight",
        ),
        (
            "loss_weights = [1]",
            "16: `loss_weights` has 1 values, `subtasks` has 4\nhelp: give one weight for each of `gender`, `smile`, `emotion`, `age`",
        ),
        (
            "subtasks = [\"gender\", \"gender\"]",
            "23: `gender` occurs twice",
        ),
        (
            "subtasks = [\"gendr\"]",
            "13: unknown subtask of `CVPR_16_ChaLearn` `gendr`\nhelp: did you mean `gender`?",
        ),
        (
            "dataset = \"IMDB_WIKY\"",
            "11: unknown data set `IMDB_WIKY`\nhelp: did you mean `IMDB_WIKI`?",
        ),
        (
            "multitask_training_type = \"Pretrain_Joint\"",
            "27: `Pretrain_Joint` needs images that carry every label, `CVPR_16_ChaLearn` has a source per task\nhelp: use `Train_Valid` or `Train_Valid_2`",
        ),
        (
            "epoch = 1\nepochs = 2",
            "10: `epochs` is the same as `epoch`\nhelp: keep one of them",
        ),
    ];
    for (line, expected) in cases {
        let found = refused(&format!("name = \"a\"\n[hyper_parameters]\n{line}\n"));
        let at = if line.contains('\n') { 4 } else { 3 };
        assert_eq!(found, format!("runs/a.toml:{at}:{expected}"), "{line}");
    }
}

#[test]
fn swept_values_are_checked_where_they_stand() {
    let found = refused("name = \"a\"\n[sweep]\nlr_rate = [0.1, 0]\n");
    assert_eq!(
        found,
        "runs/a.toml:3:17: expected a number above 0, found `0`"
    );
    let found = refused("name = \"a\"\n[sweep]\nloss_weights = [[1, 1, 1, 1], [1, 1]]\n");
    assert!(
        found.starts_with("runs/a.toml:3:31: `loss_weights` has 2 values"),
        "{found}"
    );
}

#[test]
fn a_sweep_trains_nothing_twice() {
    let found = refused("name = \"a\"\n[sweep]\nlr_rate = [0.1, 0.2, 0.1]\n");
    assert_eq!(found, "runs/a.toml:3:22: `0.1` occurs twice");
    let found = refused("name = \"a\"\n[sweep]\nepoch = [1]\nepochs = [2]\n");
    assert_eq!(
        found,
        "runs/a.toml:4:10: `epochs` is the same as `epoch`\nhelp: keep one of them"
    );
}

#[test]
fn an_override_replaces_value_and_axis() {
    let source = Source {
        path: "runs/a.toml".into(),
        text: "name = \"a\"\n[sweep]\nlr_rate = [0.1, 0.2]\nepoch = [1, 2]\n".into(),
    };
    let overrides = Overrides {
        values: vec![Override::parse("lr_rate=0.5").expect("valid")],
        seeds: Some(vec![4]),
    };
    let spec = Spec::parse(source, &data(), &overrides).expect("valid");
    assert_eq!(spec.seeds, [4]);
    let labels: Vec<&str> = spec.variants.iter().map(|v| v.label.as_str()).collect();
    assert_eq!(labels, ["epoch=1", "epoch=2"]);
    assert!(spec.variants.iter().all(|v| v.config.lr_rate == 0.5));
}

proptest! {
    #[test]
    fn a_sweep_has_the_size_of_the_product_and_unique_labels(
        rates in 1_usize..5,
        epochs in 1_usize..4,
        patiences in 1_usize..4,
    ) {
        let list = |n: usize| (1..=n).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
        let text = format!(
            "name = \"a\"\n[sweep]\nlr_rate = [{}]\nepoch = [{}]\nlr_schedule = [{}]\n",
            list(rates), list(epochs), list(patiences),
        );
        let spec = parse(&text).expect("valid");
        prop_assert_eq!(spec.variants.len(), rates * epochs * patiences);
        let mut labels: Vec<&String> = spec.variants.iter().map(|v| &v.label).collect();
        labels.sort();
        labels.dedup();
        prop_assert_eq!(labels.len(), spec.variants.len());
    }
}
