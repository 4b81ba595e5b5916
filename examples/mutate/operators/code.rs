//! Defects of training code: what a program does with its arguments, and whether it would do the same again.

use crate::beside::program::Program;
use crate::corpus::{Corpus, Mutant, PROGRAM};

/// A defect of the program, in words.
pub(super) type Defect = (String, Program);

/// One replacement: what it is, the file, what stands in it, and what would.
pub(super) type Edit = (&'static str, &'static str, &'static str, &'static str);

/// The defects that are one replacement each.
pub(super) fn edited(edits: &[Edit]) -> Vec<Defect> {
    let defect = |(what, path, from, to): &Edit| replaced(what, &[(path, from, to)]);
    edits.iter().map(defect).collect()
}

/// The document of the program with one defect of it each.
pub(super) fn planted(corpus: &Corpus, defects: Vec<Defect>) -> Vec<Mutant> {
    let base = corpus.base(PROGRAM);
    let mutant = |(what, program): Defect| base.mutant_beside(program.beside(), what);
    defects.into_iter().map(mutant).collect()
}

/// A defect: files, what stands in them, and what would.
pub(super) fn replaced(what: &str, changes: &[(&str, &str, &str)]) -> Defect {
    let change =
        |program: Program, (path, from, to): &(&str, &str, &str)| program.with(path, from, to);
    let program = changes.iter().fold(Program::read(), change);
    (what.to_owned(), program)
}

/// Where the program reads an argument, and the constant that could stand there.
const READS: &[(&str, &str, &str, &str)] = &[
    ("batch_size", "data.py", "args.batch_size", "8"),
    ("data_root", "data.py", "args.data_root", "'data'"),
    ("num_workers", "data.py", "args.num_workers", "4"),
    (
        "debug",
        "main.py",
        "1 if args.debug else args.epoch",
        "args.epoch",
    ),
    ("epoch", "main.py", "args.epoch)", "60)"),
    ("log_dir", "main.py", "args.log_dir", "'logs'"),
    ("loss_weights", "main.py", "args.loss_weights[0]", "1.0"),
    ("lr_rate", "main.py", "args.lr_rate", "1e-3"),
    ("lr_schedule", "main.py", "args.lr_schedule", "8"),
    ("model", "main.py", "args.model", "'MobileNet_V2'"),
    ("seed", "main.py", "args.seed", "0"),
    ("weight_decay", "main.py", "args.weight_decay", "1e-6"),
];

/// An argument that nothing reads, and constants that a function ignores.
pub(super) fn inert_argument(corpus: &Corpus) -> Vec<Mutant> {
    let mut defects = Vec::new();
    for (key, path, read, constant) in READS {
        let fixed = Program::read().with(path, read, constant);
        let uncalled = format!("def unused(args):\n    return args.{key}");
        let read_in_vain = fixed.clone().with_uncalled(path, &uncalled);
        let commented = fixed.clone().begun(path, &format!("# {read}\n"));
        defects.push((format!("{key}: read in vain"), read_in_vain));
        defects.push((format!("{key}: read in a comment"), commented));
        defects.push((format!("{key}: {constant}"), fixed));
    }
    for (function, used) in [
        ("mobilenet_v2", "models.mobilenet_v2(pretrained=pretrained)"),
        ("resnet_18", "models.resnet18(pretrained=pretrained)"),
    ] {
        let ignores = used.replace("pretrained=pretrained", "");
        let both = [
            ("models/backbone.py", used, &*ignores),
            (
                "models/factory.py",
                &*format!("{function}(pretrained=pretrained)"),
                &*format!("{function}(pretrained=True)"),
            ),
        ];
        defects.push(replaced(&format!("{function} ignores `pretrained`"), &both));
    }
    planted(corpus, defects)
}

/// Values that no command line gives: of the record as it is, and as it would be.
const UNREACHABLE: &[(&str, &str)] = &[
    ("batch_size=8", "batch_size=8.5"),
    ("batch_size=8", "batch_size='8'"),
    ("epoch=60", "epoch=60.0"),
    ("epoch=60", "epoch=[60]"),
    ("num_workers=4", "num_workers='four'"),
    ("lr_schedule=8", "lr_schedule=8.5"),
    ("lr_rate=0.001", "lr_rate=1"),
    ("lr_rate=0.001", "lr_rate='0.001'"),
    ("weight_decay=1e-06", "weight_decay=0"),
    ("loss_weights=[1.0]", "loss_weights=1.0"),
    ("loss_weights=[1.0]", "loss_weights=['1']"),
    ("model='MobileNet_V2'", "model='VGG_16'"),
    ("model='MobileNet_V2'", "model='mobilenet_v2'"),
    ("debug=False", "debug=0"),
    ("debug=False", "debug='False'"),
    ("data_root='data'", "data_root=None"),
    ("log_dir='logs'", "log_dir=3"),
    ("seed=0", "seed='0'"),
    ("seed=0", "momentum=0.9, seed=0"),
    ("seed=0", "optimizer='adam', seed=0"),
];
/// Declarations by which the record's values cannot come about.
const DECLARED: &[Edit] = &[
    (
        "debug of `type=bool`",
        "main.py",
        "action='store_true'",
        "type=bool, default=True",
    ),
    (
        "loss weights of `type=list`",
        "main.py",
        "type=float, nargs='+', default=[1.0]",
        "type=list, default=[0.5]",
    ),
    (
        "the model is no choice",
        "main.py",
        "default='MobileNet_V2', choices=['MobileNet_V2', 'ResNet_18']",
        "default='ResNet_18', choices=['ResNet_18', 'ResNet_50']",
    ),
    (
        "epochs of `type=str`",
        "main.py",
        "--epoch', type=int, default=60",
        "--epoch', type=str, default=20",
    ),
];

/// Values that the parser cannot give: of the record, or because the parser is another.
pub(super) fn unreachable(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(PROGRAM);
    let of_record = |(from, to): &(&str, &str)| base.in_records(from, to);
    let mut mutants: Vec<Mutant> = UNREACHABLE.iter().flat_map(of_record).collect();
    let mut defects = edited(DECLARED);
    for (key, ..) in READS {
        let own = match *key {
            "data_root" => "--data-root', dest='data_root".to_owned(),
            key => format!("--{key}"),
        };
        let from = format!("'{own}'");
        let to = format!("'--other_{key}'");
        let what = format!("`{key}` is called otherwise");
        defects.push(replaced(&what, &[("main.py", &from, &to)]));
    }
    mutants.extend(planted(corpus, defects));
    mutants
}

/// Another number of classes in the code than in the record.
pub(super) fn classes(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(PROGRAM);
    let text = base
        .text
        .replace("Namespace(", "Namespace(age_classes=100, ");
    let mutant = |n: &u32| {
        let constant = format!("AGE_CLASSES = {n}");
        let program = Program::read().with("models/backbone.py", "AGE_CLASSES = 100", &constant);
        let mut mutant = base.mutant_beside(program.beside(), constant);
        mutant.text.clone_from(&text);
        mutant
    };
    [2, 8, 10, 20, 88, 99, 101, 117]
        .iter()
        .map(mutant)
        .collect()
}
