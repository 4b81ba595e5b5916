//! Records and run directories of the grammar.

use super::shape::assert_shapes;
use crate::document::*;

#[test]
fn records_of_every_form() {
    assert_shapes(&[
        (
            "[1] Namespace(a='b', c=1, d=1e-06, e=True, f=None, g=[1, 0], h=['x', 'y'],working_machine='narvi')",
            r#"
            1:1-99 [1] record to 1 under none
            1:5 record Namespace
            1:15-20 a = "b"
            1:22-25 c = 1
            1:27-34 d = 1e-6
            1:36-42 e = true
            1:44-50 f = null
            1:52-60 g = [1,0]
            1:62-74 h = ["x","y"]
            1:75-98 working_machine = "narvi"
"#,
        ),
        (
            "[1] dict(a=1, b=(2, 3))",
            r#"
            1:1-24 [1] record to 1 under none
            1:5 record dict
            1:10-13 a = 1
            1:15-23 b = [2,3]
"#,
        ),
        (
            "[1] Config(a=1)",
            r#"
            1:1-16 [1] record to 1 under none
            1:5 record Config
            1:12-15 a = 1
"#,
        ),
        (
            "[1] {'a': 1, 'b': None}",
            r#"
            1:1-24 [1] record to 1 under none
            1:5 record
            1:6-12 a = 1
            1:14-23 b = null
"#,
        ),
        (
            "[1] {\"a\": true, \"b\": null, \"c\": [1.5]}",
            r#"
            1:1-39 [1] record to 1 under none
            1:5 record
            1:6-15 a = true
            1:17-26 b = null
            1:28-38 c = [1.5]
"#,
        ),
        (
            "[1] Namespace(a=Namespace(b=1, c={'d': 2}), e=dict())",
            r#"
            1:1-54 [1] record to 1 under none
            1:5 record Namespace
            1:15-43 a = {"b":1,"c":{"d":2}}
            1:45-53 e = {}
"#,
        ),
        (
            r#"[1] Namespace(a='it\'s; (not', b="say \"x\"")"#,
            r#"
            1:1-46 [1] record to 1 under none
            1:5 record Namespace
            1:15-30 a = "it's; (not"
            1:32-45 b = "say \"x\""
"#,
        ),
        // Over several lines.
        (
            "[1] hyper-parameters: Namespace(a=1,\n    b=[1,\n    2],\n    c='|')",
            r#"
            1:1-37 [1] record to 4 under none
            1:23 record Namespace
            1:33-36 a = 1
            2:5-10 b = [1,2]
            4:5-10 c = "|"
"#,
        ),
        (
            "[1] hyper-parameters:\n  batch_size: 8\n  lr: 1e-06  # half\n  debug: false\n  log_dir: ~\n  subtasks: [gender, 'smile']\n  optimizer:\n    name: sgd\n    betas:\n    - 0.9\n    - 0.99\n  weights: {a: 1, b: x}",
            r#"
            1:1-22 [1] record to 12 under none
            2:3 record
            2:3-16 batch_size = 8
            3:3-12 lr = 1e-6
            4:3-15 debug = false
            5:3-13 log_dir = null
            6:3-30 subtasks = ["gender","smile"]
            7:3-13 optimizer = {"name":"sgd","betas":[0.9,0.99]}
            12:3-24 weights = {"a":1,"b":"x"}
"#,
        ),
        (
            "[1] batch_size: 8\nmodel: MTL_AlexNet_model\npath: results/m/f_d/t",
            r#"
            1:1-18 [1] record to 3 under none
            1:5 record
            1:5-18 batch_size = 8
            2:1-25 model = "MTL_AlexNet_model"
            3:1-22 path = "results/m/f_d/t"
"#,
        ),
        (
            "[1] options:\n          batch_size: 1     [default: 8]\n          name: x",
            r#"
            1:1-13 [1] record to 3 under none
            2:11 record
            2:11-24 batch_size = 1
            3:11-18 name = "x"
"#,
        ),
        (
            "[1] batch_size=8\nlr=0.001\nmodel=alex",
            r#"
            1:1-17 [1] record to 3 under none
            1:5 record
            1:5-17 batch_size = 8
            2:1-9 lr = 0.001
            3:1-11 model = "alex"
"#,
        ),
        (
            "[1] batch_size=8, lr=0.001, model=alex",
            r#"
            1:1-39 [1] record to 1 under none
            1:5 record
            1:5-17 batch_size = 8
            1:19-27 lr = 0.001
            1:29-39 model = "alex"
"#,
        ),
        // In fenced code below the mark.
        (
            "[1] hyper-parameters:\n```yaml\nbatch_size: 8\n\nlr: 0.1\n```\n[2] x",
            r#"
            1:1-22 [1] record to 6 under none
            3:1 record
            3:1-14 batch_size = 8
            5:1-8 lr = 0.1
            7:1-6 [2] narrative to 7 under none
"#,
        ),
        (
            "[1]\n```json\n{\"a\": 1,\n \"b\": 2}\n```",
            r#"
            1:1-4 [1] record to 5 under none
            3:1 record
            3:2-8 a = 1
            4:2-8 b = 2
"#,
        ),
        (
            "[1] see\n```\na | b\n```",
            "1:1-8 [1] narrative to 1 under none",
        ),
        // Command lines.
        (
            "[1] python main.py --batch-size 8 --lr=1e-3 --subtasks gender smile --debug --name \"a b\" -j 4 \\\n    --shift -0.5",
            r#"
            1:1-96 [1] record to 2 under none
            1:5 record
            1:20-34 batch_size = 8
            1:35-44 lr = 0.001
            1:45-68 subtasks = ["gender","smile"]
            1:69-76 debug = true
            1:77-89 name = "a b"
            1:90-94 j = 4
            2:5-17 shift = -0.5
"#,
        ),
        (
            "[1] command: `CUDA_VISIBLE_DEVICES=0 python main.py --lr 0.1`",
            r#"
            1:1-62 [1] record to 1 under none
            1:14 record
            1:53-61 lr = 0.1
"#,
        ),
        (
            "[1] --lr 0.1 --epochs 40",
            r#"
            1:1-25 [1] record to 1 under none
            1:5 record
            1:5-13 lr = 0.1
            1:14-25 epochs = 40
"#,
        ),
        (
            "[1] trained with --lr 0.1",
            "1:1-26 [1] narrative to 1 under none",
        ),
    ]);
}

#[test]
fn mistakes_in_records_have_their_places() {
    assert_shapes(&[
        (
            "[1] Namespace(a=<object at 0x7f>)",
            r#"
            1:1-34 [1] record to 1 under none
            1:17 broken: found `<`, expected a Python literal
"#,
        ),
        (
            "[1] Namespace(a=1, a=2)",
            r#"
            1:1-24 [1] record to 1 under none
            1:20 broken: key `a` occurs twice
"#,
        ),
        (
            "[1] {\"a\": 1, \"a\": true}",
            r#"
            1:1-24 [1] record to 1 under none
            1:14 broken: key `a` occurs twice
"#,
        ),
        (
            "[1] a: 1\nb: 2\na: 3",
            r#"
            1:1-9 [1] record to 3 under none
            3:1 broken: key `a` occurs twice
"#,
        ),
        (
            "[1] main.py --a 1 --b 2 --a 3",
            r#"
            1:1-30 [1] record to 1 under none
            1:25 broken: key `a` occurs twice
"#,
        ),
        (
            "[1] results/m/f_d/t; Namespace(a=1",
            r#"
            1:1-35 [1] path+record to 1 under none
            1:5-20 path results/m/f_d/t
            1:35 broken: the text ends, expected `,` or `)`
"#,
        ),
    ]);
}

#[test]
fn run_directories_of_every_form() {
    for path in [
        "results/MTL_AlexNet_model/_gender_1_CVPR_16_ChaLearn/2019-04-16-20-47-31",
        "results/pretrained_MTL_MobileNet_V2_model/_gender_1_age_1_IMDB_WIKI/2019-04-21-14-00-09",
        "results/loaded_pretrained-MTL_AlexNet_model/_gender_1_CVPR_16_ChaLearn/2019-04-16-20-47-31",
        "results/Debug-MTL_AlexNet_model/_age_1_CVPR_16_ChaLearn/2019-04-16-20-47-31",
        "results/m/_age_1_d/2019-05-07-15-24-16_100-class-10-classes-crossentropy-gaussian-loss",
        "/home/yi/narvi_yi_home/projects/x/results/m/_age_1_d/2019-05-07-15-24-16",
        "~/results/m/_age_1_d/2019-05-07-15-24-16",
        "../x/results/m/_age_1_d/2019-05-07-15-24-16",
        "C:\\results\\m\\d\\2019-05-07-15-24-16",
        "2019-03-24-12-56-49--Age_Gender--IMDB_WIKI",
    ] {
        for (before, after) in [
            ("", ""),
            ("\"", "\""),
            ("'", "'"),
            ("`", "`"),
            ("data source: \"", "\""),
        ] {
            let document = Document::parse(&format!("é\n\n[1] {before}{path}{after}  \n"));
            let definition = &document.definitions[0];
            assert_eq!(
                (definition.kind, &definition.paths[..]),
                (Kind::Path, &[path.to_owned()][..])
            );
            let column = 5 + before.len();
            let place = PathPlace {
                line: 3,
                column,
                end_column: column + path.len(),
            };
            assert_eq!(definition.path_places, [place], "{before}{path}");
        }
    }
    for text in [
        "https://example.org/results/a/b",
        "doi:10.1000/results/1",
        "and or",
    ] {
        assert_eq!(
            Document::parse(&format!("[1] {text}")).definitions[0].paths,
            [""; 0],
            "{text}"
        );
    }
}
