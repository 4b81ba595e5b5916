//! Defects by which a training program gives other numbers when it is run again.

use super::code::{Defect, Edit, edited, planted, replaced};
use crate::corpus::{Corpus, Mutant};

const SEEDED: &str = "    torch.manual_seed(seed)\n";
const SEEDING: &str = "    seed_everything(args.seed)\n";
const BENCHMARK: &str = "    torch.backends.cudnn.benchmark = True\n";
const GPU_FLAG: &str = "    torch.backends.cudnn.deterministic = True\n";
const LISTED: &str = "sorted(os.listdir(self.folder))";
const ITEM: &str = "        name = self.names[index]\n";

/// Seeds that are not set.
const SEEDS: &[Edit] = &[
    ("no seed for torch", "main.py", SEEDED, ""),
    (
        "the seed in a comment",
        "main.py",
        SEEDED,
        "    # torch.manual_seed(seed)\n",
    ),
    (
        "the initial seed",
        "main.py",
        SEEDED,
        "    torch.initial_seed()\n",
    ),
    (
        "the seed in a text",
        "main.py",
        SEEDED,
        "    print('torch.manual_seed(seed)')\n",
    ),
    (
        "the seed not called",
        "main.py",
        SEEDED,
        "    torch.manual_seed\n",
    ),
    (
        "seeding is not called",
        "main.py",
        SEEDING,
        "    print(args.seed)\n",
    ),
    (
        "seeding in a comment",
        "main.py",
        SEEDING,
        "    # seed_everything(args.seed)\n    print(args.seed)\n",
    ),
    // Whoever is handed a function may call it, so that the audit lets this pass.
    (
        "seeding not called but named",
        "main.py",
        SEEDING,
        "    print(seed_everything, args.seed)\n",
    ),
];

/// Choices of algorithms that the GPU's library makes anew.
const FLAGS: &[Edit] = &[
    (
        "benchmark",
        "main.py",
        "benchmark = False",
        "benchmark = True",
    ),
    (
        "benchmark set in main",
        "main.py",
        "    print(args)\n",
        BENCHMARK,
    ),
    ("no deterministic algorithms", "main.py", GPU_FLAG, ""),
    (
        "not deterministic",
        "main.py",
        "deterministic = True",
        "deterministic = False",
    ),
    (
        "deterministic in a comment",
        "main.py",
        "    torch.backends.cudnn.det",
        "    # torch.backends.cudnn.det",
    ),
];

/// Listings in the file system's order: what they are, an import, and themselves.
const LISTINGS: &[(&str, &str, &str)] = &[
    ("os.listdir", "", "os.listdir(self.folder)"),
    ("a list of os.listdir", "", "list(os.listdir(self.folder))"),
    (
        "a filtered os.listdir",
        "",
        "[name for name in os.listdir(self.folder) if name.endswith('.jpg')]",
    ),
    (
        "os.scandir",
        "",
        "[entry.name for entry in os.scandir(self.folder)]",
    ),
    ("os.walk", "", "next(os.walk(self.folder))[2]"),
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
];

/// Generators without a seed, choices of algorithms, and listings in the file system's order.
pub(super) fn nondeterminism(corpus: &Corpus) -> Vec<Mutant> {
    let mut defects = edited(SEEDS);
    let (what, program) = replaced(
        "the seed in a function that nothing calls",
        &[("main.py", SEEDED, "")],
    );
    let uncalled = "def seed_torch(seed):\n    torch.manual_seed(seed)";
    defects.push((what, program.with_uncalled("main.py", uncalled)));
    defects.extend(edited(FLAGS));
    for (what, import, listing) in LISTINGS {
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
        ("random", "random.random()", "    random.seed("),
        ("numpy", "np.random.rand()", "    np.random.seed("),
    ] {
        let used = format!("{ITEM}        shift = {drawn}\n");
        defects.push(replaced(
            &format!("{what} in workers"),
            &[
                ("data.py", ITEM, &used),
                ("data.py", ", worker_init_fn=seed_worker", ""),
            ],
        ));
        let printed = format!("    print('{what}', ");
        defects.push(replaced(
            &format!("{what} without a seed"),
            &[
                ("data.py", ITEM, &used),
                ("data.py", seed, &printed),
                ("main.py", seed, &printed),
            ],
        ));
    }
    defects
}
