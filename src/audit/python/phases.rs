//! Loops over batches, and which of them evaluate.
//!
//! Owns recognizing loaders and telling training from evaluation.

use std::collections::BTreeSet;

use super::flow::Context;
use super::program::{Program, Unit};
use super::splits::{self, Origin, words};
use super::syntax::{Expression, ExpressionKind, Statement, StatementKind};
use crate::metric::Split;

/// A loop over the batches of one or several loaders.
#[derive(Debug)]
pub(super) struct Loop<'p> {
    pub(super) statement: &'p Statement,
    pub(super) iterable: &'p Expression,
    /// The loaders, `enumerate`, `zip` and progress bars taken off.
    pub(super) loaders: Vec<&'p Expression>,
    pub(super) body: &'p [Statement],
    pub(super) splits: BTreeSet<Origin>,
}

impl Loop<'_> {
    fn is_of(&self, split: Split) -> bool {
        self.splits.iter().any(|(own, _)| *own == split)
    }
}

/// Calls around a loader that do not change what it yields.
const WRAPPERS: &[&str] = &[
    "enumerate",
    "tqdm",
    "iter",
    "islice",
    "track",
    "trange",
    "zip",
    "cycle",
    "list",
];

/// The loops over loaders of a unit.
pub(super) fn loops<'p>(program: &Program<'p>, unit: &Unit<'p>) -> Vec<Loop<'p>> {
    let context = Context::of(unit);
    let mut found = Vec::new();
    for statement in unit.statements() {
        let StatementKind::For(_, iterable, body) = &statement.kind else {
            continue;
        };
        let mut loaders = Vec::new();
        unwrap(iterable, &mut loaders);
        loaders.retain(|loader| is_loader(unit, loader));
        if loaders.is_empty() {
            continue;
        }
        let splits = loaders
            .iter()
            .flat_map(|loader| splits::of(program, &context, loader))
            .collect();
        found.push(Loop {
            statement,
            iterable,
            loaders,
            body,
            splits,
        });
    }
    found
}

fn unwrap<'p>(iterable: &'p Expression, loaders: &mut Vec<&'p Expression>) {
    match iterable.as_call() {
        Some((function, arguments))
            if function
                .last_name()
                .is_some_and(|name| WRAPPERS.contains(&name)) =>
        {
            for argument in arguments {
                unwrap(&argument.value, loaders);
            }
        }
        _ => loaders.push(iterable),
    }
}

/// By its name, or as it is made by a `DataLoader`.
fn is_loader(unit: &Unit<'_>, value: &Expression) -> bool {
    let named = |name: &str| {
        let words = words(name);
        words
            .iter()
            .any(|word| matches!(&**word, "loader" | "loaders" | "dataloader" | "dataloaders"))
    };
    match &value.kind {
        ExpressionKind::Subscript(owner, _) => is_loader(unit, owner),
        ExpressionKind::Call(function, _) => function.last_name() == Some("DataLoader"),
        _ => value.last_name().is_some_and(|name| {
            named(name) || unit.assigned(name).iter().any(|value| makes_loader(value))
        }),
    }
}

/// Whether an expression constructs a loader.
pub(super) fn makes_loader(value: &Expression) -> bool {
    value
        .as_call()
        .is_some_and(|(function, _)| function.last_name() == Some("DataLoader"))
}

/// Whether a unit takes steps of training.
pub(super) fn trains(unit: &Unit<'_>) -> bool {
    unit.calls_any(&["backward"])
}

/// The loops of a unit in which a model is evaluated: over other data than the training split, or, where the
/// split is unknown, in a function whose name says so and that does not train.
pub(super) fn evaluations<'p>(program: &Program<'p>, unit: &Unit<'p>) -> Vec<Loop<'p>> {
    let says_so = words(unit.name).iter().any(|word| {
        matches!(
            &**word,
            "evaluate"
                | "eval"
                | "valid"
                | "validate"
                | "validation"
                | "val"
                | "test"
                | "evaluation"
        )
    });
    let trains = trains(unit);
    let mut loops = loops(program, unit);
    loops.retain(|found| {
        let evaluates = found.is_of(Split::Valid) || found.is_of(Split::Test);
        evaluates || (found.splits.is_empty() && says_so && !trains)
    });
    loops
}
