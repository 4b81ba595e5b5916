//! Random numbers and order: which generators a program uses, which it seeds, and what else varies between runs.
//!
//! Owns facts about reachable code only; a seed that nothing calls seeds nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::program::{Program, Unit};
use super::syntax::{self, Argument, Expression, ExpressionKind, StatementKind};
use super::{CodePlace, phases, place};

/// A generator of random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generator {
    /// `random`.
    Python,
    /// `numpy.random`.
    NumPy,
    /// PyTorch's, on the CPU and the GPU.
    Torch,
}

impl Generator {
    /// The call that seeds it.
    pub fn seed_call(self) -> &'static str {
        match self {
            Self::Python => "random.seed",
            Self::NumPy => "np.random.seed",
            Self::Torch => "torch.manual_seed",
        }
    }
}

/// What varies between two runs of the same program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Randomness {
    /// Generators that are used, with the first use.
    pub used: BTreeMap<Generator, CodePlace>,
    /// Generators that are seeded, with the first call.
    pub seeded: BTreeMap<Generator, CodePlace>,
    /// `cudnn.benchmark = True`.
    pub benchmark: Option<CodePlace>,
    /// `cudnn.deterministic = True` or `use_deterministic_algorithms(True)`.
    pub deterministic: Option<CodePlace>,
    /// Whether the program can compute on a GPU.
    pub uses_gpu: bool,
    /// Loaders with worker processes whose generators outside PyTorch are not seeded.
    pub unseeded_workers: Vec<CodePlace>,
    /// Directory listings whose order is the file system's: the call and its place.
    pub unordered: Vec<(String, CodePlace)>,
}

impl Randomness {
    /// Generators that are used and not seeded.
    pub fn unseeded(&self) -> impl Iterator<Item = (Generator, &CodePlace)> {
        let unseeded = |(generator, _): &(&Generator, _)| !self.seeded.contains_key(generator);
        self.used
            .iter()
            .filter(unseeded)
            .map(|(generator, place)| (*generator, place))
    }
}

/// Modules under the names they are imported by.
type Modules<'p> = BTreeMap<&'p str, &'p str>;

/// Finds uses of chance in code that can run.
pub(super) fn gather(program: &Program<'_>) -> Randomness {
    let modules = modules(program);
    let mut found = Randomness::default();
    for unit in &program.units {
        for (call, function, arguments) in unit.calls() {
            let name = full_name(function, &modules);
            // A library's seeds every generator, one of the program only what its body does.
            let seeds_all =
                name.ends_with("seed_everything") && program.called("seed_everything").is_empty();
            generator(unit, call, (&name, seeds_all), &mut found);
            if is_listing(&name) && !is_sorted(unit, call) {
                found.unordered.push((name.clone(), place(unit, call.at)));
            }
            found.uses_gpu |= name.ends_with(".cuda") || name.contains("cuda.is_available");
            if name.ends_with("use_deterministic_algorithms") && is_true(arguments.first()) {
                found.deterministic.get_or_insert(place(unit, call.at));
            }
        }
        flags(unit, &mut found);
    }
    workers(program, &mut found);
    found.unordered.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

fn is_true(argument: Option<&Argument>) -> bool {
    argument.is_some_and(|argument| argument.value.value() == Some(true.into()))
}

fn modules<'p>(program: &Program<'p>) -> Modules<'p> {
    let mut modules = Modules::new();
    for unit in &program.units {
        for statement in unit.statements() {
            if let StatementKind::Import(imports) = &statement.kind {
                modules.extend(imports.iter().map(|(local, origin)| (&**local, &**origin)));
            }
        }
    }
    modules
}

/// The dotted name with its first part as it is called at its origin.
fn full_name(function: &Expression, modules: &Modules<'_>) -> String {
    let dotted = function
        .dotted()
        .or_else(|| Some(format!("?.{}", function.last_name()?)))
        .unwrap_or_default();
    let (first, rest) = dotted.split_once('.').unwrap_or((&dotted, ""));
    match modules.get(first) {
        // `from glob import glob` before `import torch.nn`, which makes `torch` known.
        Some(origin) if rest.is_empty() => (*origin).to_owned(),
        Some(origin) if origin.starts_with(&format!("{first}.")) => dotted,
        Some(origin) => format!("{origin}.{rest}"),
        None => dotted,
    }
}

/// `seeds_all`: whether the function of that name seeds every generator.
fn generator(
    unit: &Unit<'_>,
    call: &Expression,
    (name, seeds_all): (&str, bool),
    found: &mut Randomness,
) {
    let place = place(unit, call.at);
    let all = [Generator::Python, Generator::NumPy, Generator::Torch];
    let seeds: &[Generator] = match name {
        "random.seed" => &all[..1],
        "numpy.random.seed" | "np.random.seed" => &all[1..2],
        "torch.manual_seed" => &all[2..],
        _ if seeds_all => &all,
        _ => &[],
    };
    for generator in seeds {
        found
            .seeded
            .entry(*generator)
            .or_insert_with(|| place.clone());
    }
    if !seeds.is_empty() {
        return;
    }
    let used = match name {
        _ if name.starts_with("numpy.random.") || name.starts_with("np.random.") => {
            Generator::NumPy
        }
        _ if name.starts_with("random.") => Generator::Python,
        _ if name.ends_with("DataLoader")
            || name.starts_with("torch.nn.")
            || name.starts_with("torch.rand") =>
        {
            Generator::Torch
        }
        _ => return,
    };
    let seeds_itself = matches!(
        name,
        "numpy.random.default_rng" | "numpy.random.RandomState" | "random.Random"
    );
    let is_given_seed = call
        .as_call()
        .is_some_and(|(_, arguments)| !arguments.is_empty());
    if !(seeds_itself && is_given_seed) {
        found.used.entry(used).or_insert(place);
    }
}

/// `cudnn.benchmark` and `cudnn.deterministic`.
fn flags(unit: &Unit<'_>, found: &mut Randomness) {
    for statement in unit.statements() {
        let StatementKind::Assign(targets, None, value) = &statement.kind else {
            continue;
        };
        if value.value() != Some(true.into()) {
            continue;
        }
        for target in targets
            .iter()
            .filter_map(|target| Some((target.dotted()?, target.at)))
        {
            let place = place(unit, target.1);
            if target.0.ends_with("cudnn.benchmark") {
                found.benchmark.get_or_insert(place);
            } else if target.0.ends_with("cudnn.deterministic") {
                found.deterministic.get_or_insert(place);
            }
        }
    }
}

/// PyTorch seeds its own generator in each worker; Python's and NumPy's are copies of one state, or of none.
fn workers(program: &Program<'_>, found: &mut Randomness) {
    let others = found
        .used
        .keys()
        .any(|generator| *generator != Generator::Torch);
    for unit in program.units.iter().filter(|_| others) {
        for (call, _, arguments) in unit.calls() {
            let named = |name: &str| syntax::argument(arguments, name, None);
            let workers =
                named("num_workers").is_some_and(|workers| workers.value() != Some(0.into()));
            if phases::makes_loader(call) && workers && named("worker_init_fn").is_none() {
                found.unseeded_workers.push(place(unit, call.at));
            }
        }
    }
    found.unseeded_workers.sort();
}

fn is_listing(name: &str) -> bool {
    matches!(
        name,
        "os.listdir" | "os.scandir" | "os.walk" | "glob.glob" | "glob.iglob" | "glob.glob.glob"
    ) || name.ends_with(".iterdir")
        || name.ends_with(".rglob")
}

/// Whether the listing stands in `sorted(…)`, or its name is sorted in the same function, or order is lost anyway.
fn is_sorted(unit: &Unit<'_>, listing: &Expression) -> bool {
    let contains = |outer: &Expression| {
        let mut inside = false;
        outer.walk(&mut |part| inside |= std::ptr::eq(part, listing));
        inside
    };
    let orderless = ["sorted", "len", "set", "any", "all", "sum"];
    let wrapped = unit.calls().iter().any(|(call, function, _)| {
        function
            .last_name()
            .is_some_and(|name| orderless.contains(&name))
            && contains(call)
    });
    wrapped
        || names_of(unit, listing)
            .iter()
            .any(|name| is_name_sorted(unit, name))
}

/// Names that hold the listing.
fn names_of<'p>(unit: &Unit<'p>, listing: &Expression) -> BTreeSet<&'p str> {
    let mut names = BTreeSet::new();
    for statement in unit.statements() {
        if let StatementKind::Assign(targets, None, value) = &statement.kind {
            let mut inside = false;
            value.walk(&mut |part| inside |= std::ptr::eq(part, listing));
            if inside {
                names.extend(targets.iter().filter_map(Expression::last_name));
            }
        }
    }
    names
}

fn is_name_sorted(unit: &Unit<'_>, name: &str) -> bool {
    unit.calls()
        .iter()
        .any(|(_, function, arguments)| match &function.kind {
            ExpressionKind::Attribute(owner, method) if method == "sort" => {
                owner.last_name() == Some(name)
            }
            ExpressionKind::Name(function) if function == "sorted" => arguments
                .iter()
                .any(|argument| argument.value.last_name() == Some(name)),
            _ => false,
        })
}
