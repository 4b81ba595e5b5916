//! Defects of training code: what a program does with its arguments, and whether it would do the same again.

use crate::beside::program::Program;
use crate::corpus::{Corpus, Mutant, PROGRAM};

/// A defect of the program, in words.
pub(super) type Defect = (String, Program);

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

/// Values that the parser cannot give: of the record, or because the parser is another.
pub(super) fn unreachable(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(PROGRAM);
    let mut mutants = Vec::new();
    for (from, to) in [
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
    ] {
        mutants.extend(base.in_records(from, to));
    }
    let defects = [
        (
            "debug of `type=bool`",
            "action='store_true'",
            "type=bool, default=True",
        ),
        (
            "loss weights of `type=list`",
            "type=float, nargs='+', default=[1.0]",
            "type=list, default=[0.5]",
        ),
        (
            "the model is no choice",
            "default='MobileNet_V2', choices=['MobileNet_V2', 'ResNet_18']",
            "default='ResNet_18', choices=['ResNet_18', 'ResNet_50']",
        ),
        (
            "epochs of `type=str`",
            "--epoch', type=int, default=60",
            "--epoch', type=str, default=20",
        ),
    ]
    .map(|(what, from, to)| replaced(what, &[("main.py", from, to)]));
    let mut defects = Vec::from(defects);
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

const SEEDED: &str = "    torch.manual_seed(seed)\n";
const GPU_FLAG: &str = "    torch.backends.cudnn.deterministic = True\n";
const LISTED: &str = "sorted(os.listdir(self.folder))";
const ITEM: &str = "        name = self.names[index]\n";

/// Generators without a seed, choices of algorithms, and listings in the file system's order.
pub(super) fn nondeterminism(corpus: &Corpus) -> Vec<Mutant> {
    let mut defects = Vec::new();
    let main = |what: &str, from: &str, to: &str| replaced(what, &[("main.py", from, to)]);
    for (what, to) in [
        ("no seed for torch", ""),
        ("the seed in a comment", "    # torch.manual_seed(seed)\n"),
        ("the initial seed", "    torch.initial_seed()\n"),
        (
            "the seed in a text",
            "    print('torch.manual_seed(seed)')\n",
        ),
        ("the seed not called", "    torch.manual_seed\n"),
    ] {
        defects.push(main(what, SEEDED, to));
    }
    let (what, program) = main("the seed in a function that nothing calls", SEEDED, "");
    let uncalled = "def seed_torch(seed):\n    torch.manual_seed(seed)";
    defects.push((what, program.with_uncalled("main.py", uncalled)));
    for (what, to) in [
        ("seeding is not called", "    print(args.seed)\n"),
        (
            "seeding in a comment",
            "    # seed_everything(args.seed)\n    print(args.seed)\n",
        ),
        (
            "seeding not called but named",
            "    print(seed_everything, args.seed)\n",
        ),
    ] {
        defects.push(main(what, "    seed_everything(args.seed)\n", to));
    }
    for (what, from, to) in [
        ("benchmark", "benchmark = False", "benchmark = True"),
        ("no deterministic algorithms", GPU_FLAG, ""),
        (
            "not deterministic",
            "deterministic = True",
            "deterministic = False",
        ),
        (
            "deterministic in a comment",
            "    torch.backends.cudnn.det",
            "    # torch.backends.cudnn.det",
        ),
        (
            "benchmark set in main",
            "    print(args)\n",
            "    torch.backends.cudnn.benchmark = True\n",
        ),
    ] {
        defects.push(main(what, from, to));
    }
    for (what, listing) in [
        ("os.listdir", "os.listdir(self.folder)"),
        ("a list of os.listdir", "list(os.listdir(self.folder))"),
        (
            "a filtered os.listdir",
            "[name for name in os.listdir(self.folder) if name.endswith('.jpg')]",
        ),
        (
            "os.scandir",
            "[entry.name for entry in os.scandir(self.folder)]",
        ),
        ("os.walk", "next(os.walk(self.folder))[2]"),
    ] {
        defects.push(replaced(what, &[("data.py", LISTED, listing)]));
    }
    for (what, import, listing) in [
        (
            "glob.glob",
            "import glob\n",
            "glob.glob(self.folder + '/*.jpg')",
        ),
        (
            "glob imported by name",
            "from glob import glob\n",
            "glob(self.folder + '/*.jpg')",
        ),
        (
            "iterdir",
            "from pathlib import Path\n",
            "[path.name for path in Path(self.folder).iterdir()]",
        ),
        (
            "rglob",
            "from pathlib import Path\n",
            "list(Path(self.folder).rglob('*.jpg'))",
        ),
    ] {
        let (what, program) = replaced(what, &[("data.py", LISTED, listing)]);
        defects.push((what, program.begun("data.py", import)));
    }
    defects.extend(unseeded_helpers());
    let mut mutants = planted(corpus, defects);
    mutants.extend(super::origin::without_seed(corpus));
    mutants
}

/// Chance in the data set whose generator is not seeded in workers, or nowhere.
fn unseeded_helpers() -> Vec<Defect> {
    let mut defects = Vec::new();
    for (what, drawn, seed) in [
        ("random", "random.random()", "random.seed("),
        ("numpy", "np.random.rand()", "np.random.seed("),
    ] {
        let used = format!("{ITEM}        shift = {drawn}\n");
        defects.push(replaced(
            &format!("{what} in workers"),
            &[
                ("data.py", ITEM, &used),
                ("data.py", ", worker_init_fn=seed_worker", ""),
            ],
        ));
        let unseeded = format!("print('{what}', ");
        // `np.random.seed(` holds `random.seed(`; only calls at the begin of a line are of the module.
        let (from, to) = (format!("    {seed}"), format!("    {unseeded}"));
        defects.push(replaced(
            &format!("{what} without a seed"),
            &[
                ("data.py", ITEM, &used),
                ("data.py", &from, &to),
                ("main.py", &from, &to),
            ],
        ));
    }
    defects
}
