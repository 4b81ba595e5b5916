//! Audits the audit: plants one defect of each rule at a time in documents, and counts which are found.
//!
//! `cargo run --release --example mutate` prints the recall per rule, the errors on clean documents, and the
//! outcome of changing every digit of `RESULTS.md` and every byte of the files that it cites. Exit code 1 where
//! a defect that must be found was missed. `--all` plants every defect of a rule and not a sample, `--all-bytes`
//! makes the changes of digits and bytes.

mod beside;
mod bytes;
mod corpus;
mod digits;
mod edit;
mod operators;
mod parallel;

use std::process::ExitCode;

use corpus::Corpus;
use operators::Operator;
use repro::audit::catalogue;
use repro::audit::finding::Severity;

/// More mutants of one rule say little more.
const MOST_MUTANTS: usize = 60;

/// Fewer say little.
const LEAST_MUTANTS: usize = 20;

/// What became of the mutants of a rule.
struct Outcome {
    rule: &'static str,
    n: usize,
    missed: Vec<String>,
}

fn main() -> ExitCode {
    let Some(corpus) = Corpus::read() else {
        eprintln!("skipped: `../shared/seed` is not there");
        return ExitCode::SUCCESS;
    };
    let mut failed = clean(&corpus) | controls(&corpus);
    println!("rule    name                         mutants  found  recall");
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let most = if has("--all") {
        usize::MAX
    } else {
        MOST_MUTANTS
    };
    let mut outcomes = Vec::new();
    for operator in operators::ALL {
        let outcome = apply(&corpus, operator, most);
        print(&outcome);
        failed |= !outcome.missed.is_empty() && must_be_found(outcome.rule);
        failed |= outcome.n < LEAST_MUTANTS;
        outcomes.push(outcome);
    }
    print_total(&outcomes);
    if has("--all-bytes") {
        failed |= digits::check(&corpus);
        failed |= bytes::check(&corpus);
    }
    ExitCode::from(u8::from(failed))
}

/// Prints the errors on documents as they are; whether a clean one has any.
fn clean(corpus: &Corpus) -> bool {
    let mut failed = false;
    for base in corpus.bases() {
        let findings = base.findings();
        let errors = findings
            .iter()
            .filter(|found| found.severity == Severity::Error);
        let n = errors.count();
        let clean = if base.is_clean { " (clean)" } else { "" };
        println!(
            "{}{clean}: {n} errors, {} findings",
            base.name,
            findings.len()
        );
        failed |= base.is_clean && n > 0;
    }
    failed
}

/// Prints what is found where nothing is planted; whether anything is.
fn controls(corpus: &Corpus) -> bool {
    let controls = operators::controls(corpus);
    let found = parallel::filter_map(&controls, |(control, rules)| {
        let rule = rules
            .iter()
            .find(|rule| control.is_found(corpus, rule.id))?;
        Some(format!("{}: {}, {}", control.base, control.what, rule.id))
    });
    println!(
        "{} controls: {} with a finding",
        controls.len(),
        found.len()
    );
    for found in &found {
        println!("          found {found}");
    }
    println!();
    !found.is_empty()
}

fn apply(corpus: &Corpus, operator: &Operator, most: usize) -> Outcome {
    let mutants = spread((operator.mutants)(corpus), most);
    let missed = parallel::filter_map(&mutants, |mutant| {
        let is_missed = !mutant.is_found(corpus, operator.rule.id);
        is_missed.then(|| format!("{}: {}", mutant.base, mutant.what))
    });
    Outcome {
        rule: operator.rule.id,
        n: mutants.len(),
        missed,
    }
}

/// At most `most` of the items, evenly taken.
fn spread<T>(items: Vec<T>, most: usize) -> Vec<T> {
    let n = items.len();
    if n <= most {
        return items;
    }
    let kept = |i: &usize| (i * most) / n != ((i + 1) * most) / n;
    items
        .into_iter()
        .enumerate()
        .filter(|(i, _)| kept(i))
        .map(|(_, item)| item)
        .collect()
}

fn print(outcome: &Outcome) {
    let name = catalogue::by_id(outcome.rule).map_or("", |rule| rule.name);
    let found = outcome.n - outcome.missed.len();
    let recall = recall(found, outcome.n);
    println!(
        "{}  {name:<28} {:>6} {found:>6}  {recall:>5.1} %",
        outcome.rule, outcome.n
    );
    for missed in outcome.missed.iter().take(5) {
        println!("          missed {missed}");
    }
}

/// Per cent, rounded down: only all are 100.
fn recall(found: usize, n: usize) -> f64 {
    (1000 * found / n.max(1)) as f64 / 10.0
}

/// Prints the sum of all, and the rules that nothing is planted for.
fn print_total(outcomes: &[Outcome]) {
    let n: usize = outcomes.iter().map(|outcome| outcome.n).sum();
    let missed: usize = outcomes.iter().map(|outcome| outcome.missed.len()).sum();
    let recall = recall(n - missed, n);
    let name = format!("{} rules", outcomes.len());
    println!(
        "total   {name:<28} {n:>6} {:>6}  {recall:>5.1} %",
        n - missed
    );
    let has = |id: &str| outcomes.iter().any(|outcome| outcome.rule == id);
    let rules = catalogue::all().map(|rule| rule.id);
    let without: Vec<&str> = rules.filter(|id| !has(id)).collect();
    println!(
        "no defects planted, as the rules are not built: {}",
        without.join(", ")
    );
}

/// Families 0xx to 3xx, and the value of a cell.
fn must_be_found(rule: &str) -> bool {
    rule < "RPR400"
}
