//! Defects of code versions, environments and origins.

use repro::record::{Code, Environment};

use super::code::{Edit, edited};
use crate::beside::program::Program;
use crate::beside::{Beside, ChangedRun, runs};
use crate::corpus::{Corpus, GROUPS, LABELS, Mutant, OWN, PROGRAM};

/// Our own document with one run of which the record is another.
pub(super) fn in_runs(
    corpus: &Corpus,
    what: &str,
    change: impl Fn(&mut ChangedRun),
) -> Vec<Mutant> {
    let base = corpus.base(OWN);
    let mutant = |mut changed: ChangedRun| {
        let what = format!("{}: {what}", changed.run);
        change(&mut changed);
        base.mutant_beside(Beside::run(changed), what)
    };
    runs(corpus).into_iter().map(mutant).collect()
}

fn in_code(corpus: &Corpus, what: &str, change: impl Fn(&mut Code)) -> Vec<Mutant> {
    in_runs(corpus, what, |run| {
        change(run.record.code.as_mut().expect("our runs name their code"));
    })
}

fn in_environment(corpus: &Corpus, what: &str, change: impl Fn(&mut Environment)) -> Vec<Mutant> {
    in_runs(corpus, what, |run| {
        let environment = run.record.environment.as_mut();
        change(environment.expect("our runs name their machine"));
    })
}

/// Records without a commit, or with changes that nobody kept.
pub(super) fn code_version(corpus: &Corpus) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for base in [GROUPS, LABELS] {
        let commit = "commit='0123456789abcdef0123456789abcdef01234567', ";
        for to in ["", "commit='', ", "commit='unknown', ", "commit='0123', "] {
            mutants.extend(corpus.base(base).in_records(commit, to));
        }
    }
    mutants.extend(
        corpus
            .base(LABELS)
            .in_records("dirty=False, ", "dirty=True, "),
    );
    mutants.extend(corpus.base(LABELS).in_records("dirty=False, ", ""));
    mutants.extend(in_runs(corpus, "no code", |run| run.record.code = None));
    mutants.extend(in_code(corpus, "no commit", |code| code.commit = None));
    mutants.extend(in_code(corpus, "a changed work tree", |code| {
        code.dirty = Some(true)
    }));
    mutants.extend(in_code(corpus, "of an unknown work tree", |code| {
        code.dirty = None
    }));
    mutants
}

/// Records that do not say on what they ran.
pub(super) fn environment(corpus: &Corpus) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (from, to) in [
        ("cpu='A', ", ""),
        ("lockfile='c0ffee', ", ""),
        ("os='linux', ", ""),
        ("cpu='A', ", "working_machine='a', "),
    ] {
        mutants.extend(corpus.base(LABELS).in_records(from, to));
    }
    mutants.extend(in_runs(corpus, "no environment", |run| {
        run.record.environment = None
    }));
    mutants.extend(in_environment(corpus, "no lock", |found| {
        found.lockfile_blake3.clear()
    }));
    mutants.extend(in_environment(corpus, "no system", |found| {
        found.os.clear()
    }));
    mutants.extend(in_environment(corpus, "no processor", |found| {
        found.cpu = None
    }));
    mutants
}

/// Runs of ours without a seed.
pub(super) fn without_seed(corpus: &Corpus) -> Vec<Mutant> {
    in_runs(corpus, "no seed", |run| run.record.seed = None)
}

/// Records that the program's parser of the time did not give.
const OTHER_RECORDS: &[(&str, &str)] = &[
    ("seed=0", "momentum=0.9, seed=0"),
    ("seed=0", "optimizer='sgd', seed=0"),
    ("batch_size=8, ", ""),
    ("debug=False, ", ""),
    ("log_dir='logs', ", ""),
    ("lr_schedule=8, ", ""),
    ("epoch=60", "epochs=60"),
    ("num_workers=4", "workers=4"),
    ("model='MobileNet_V2'", "model='MobileNet_V3'"),
    ("model='MobileNet_V2'", "model='VGG_16'"),
];
/// Programs of the time that do not give the record.
const OTHER_PROGRAMS: &[Edit] = &[
    (
        "a seed by another name",
        "main.py",
        "'--seed'",
        "'--random_seed'",
    ),
    (
        "epochs by another name",
        "main.py",
        "'--epoch'",
        "'--n_epochs'",
    ),
    ("a rate by another name", "main.py", "'--lr_rate'", "'--lr'"),
    (
        "no log folder",
        "main.py",
        "    parser.add_argument('--log_dir', default='logs')\n",
        "",
    ),
    (
        "an argument more",
        "main.py",
        "    return parser.parse_args()",
        "    parser.add_argument('--gpu', type=int, default=0)\n    return parser.parse_args()",
    ),
    (
        "only V1",
        "models/factory.py",
        "'MobileNet_V2'",
        "'MobileNet_V1'",
    ),
    (
        "V2 in lower case",
        "models/factory.py",
        "'MobileNet_V2'",
        "'mobilenet_v2'",
    ),
];

/// Runs that the code of their time cannot have made.
pub(super) fn impossible(corpus: &Corpus) -> Vec<Mutant> {
    let base = corpus.base(PROGRAM);
    let of_record = |(from, to): &(&str, &str)| base.in_records(from, to);
    let mut mutants: Vec<Mutant> = OTHER_RECORDS.iter().flat_map(of_record).collect();
    let mut add = |program: &Program, code: i64, document: i64, what: String| {
        let beside = Beside {
            history: Some(program.history(code, document)),
            ..Beside::default()
        };
        mutants.push(base.mutant_beside(beside, what));
    };
    let clean = Program::read();
    for seconds in [1, 60, 3600, 86_400, 31_536_000] {
        let later = format!("the code {seconds} s after the run");
        add(&clean, seconds, 2 * seconds, later);
        let earlier = format!("cited {seconds} s before the run");
        add(&clean, -2 * seconds, -seconds, earlier);
    }
    for (what, program) in edited(OTHER_PROGRAMS) {
        add(&program, -60, 60, what);
    }
    mutants
}
