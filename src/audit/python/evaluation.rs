//! Evaluations that depend on chance: augmentation, resampling, dropout, batches left out.
//!
//! Owns looking into everything that an evaluated loader is made of.

use std::collections::BTreeSet;

use super::flow::{Branches, Context, Flow, is_train_test};
use super::program::{Program, Unit};
use super::splits;
use super::syntax::{self, Argument, Expression, ExpressionKind, StatementKind};
use super::{CodePlace, phases, place};
use crate::metric::Split;

/// How many names are followed into an evaluated loader.
const DEPTH: usize = 8;

/// What makes an evaluation stochastic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chance {
    /// A random transformation of images.
    Augmentation,
    /// Samples drawn, with replacement.
    Replacement,
    /// No `eval()`: dropout and batch statistics are active.
    Training,
    /// A shuffled order of which only a part is evaluated.
    Truncation,
}

/// A part of an evaluation that depends on chance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stochastic {
    /// Where.
    pub place: CodePlace,
    /// How.
    pub chance: Chance,
    /// What is there, as the code names it.
    pub what: String,
}

/// Transformations that torchvision draws anew for each image.
const RANDOM_TRANSFORMS: &[&str] = &[
    "ColorJitter",
    "AutoAugment",
    "RandAugment",
    "TrivialAugmentWide",
    "AugMix",
    "Cutout",
    "GaussianNoise",
];

/// Everything in evaluations that depends on chance, in the order of the code.
pub(super) fn gather(program: &Program<'_>) -> Vec<Stochastic> {
    let mut found = BTreeSet::new();
    for unit in &program.units {
        let evaluations = phases::evaluations(program, unit);
        for evaluation in &evaluations {
            let mut search = Search {
                flow: Flow {
                    program,
                    branches: Branches::Evaluation,
                },
                seen: BTreeSet::new(),
                found: BTreeSet::new(),
                shuffles: false,
            };
            for loader in &evaluation.loaders {
                search.expression(&Context::of(unit), loader, DEPTH);
            }
            if let Some((what, at)) = truncation(evaluation).filter(|_| search.shuffles) {
                search.found.insert(Stochastic {
                    place: place(unit, at),
                    chance: Chance::Truncation,
                    what,
                });
            }
            found.extend(search.found);
        }
        if !evaluations.is_empty() && !switches_to_evaluation(program, unit) {
            found.insert(Stochastic {
                place: place(unit, unit.at),
                chance: Chance::Training,
                what: unit.name.to_owned(),
            });
        }
    }
    found.into_iter().collect()
}

/// A loop that ends before the data does: with the shortest of several loaders, or at a `break`.
fn truncation(evaluation: &phases::Loop<'_>) -> Option<(String, super::At)> {
    let mut zips = None;
    evaluation.iterable.walk(&mut |part| {
        if let Some((function, arguments)) = part.as_call()
            && function.last_name() == Some("zip")
            && arguments.len() > 1
            && evaluation.loaders.len() > 1
        {
            zips = Some(("zip".to_owned(), part.at));
        }
    });
    let mut breaks = None;
    syntax::walk(evaluation.body, &mut |statement| {
        if statement.kind == StatementKind::Break {
            breaks = Some(("break".to_owned(), statement.at));
        }
    });
    zips.or(breaks)
}

/// Whether the unit, or every function that calls it, switches dropout off before.
fn switches_to_evaluation(program: &Program<'_>, unit: &Unit<'_>) -> bool {
    if calls_eval(unit) {
        return true;
    }
    let callers: Vec<&Unit<'_>> = program
        .units
        .iter()
        .filter(|caller| !unit.name.is_empty() && caller.calls_any(&[unit.name]))
        .collect();
    !callers.is_empty() && callers.iter().all(|caller| calls_eval(caller))
}

fn calls_eval(unit: &Unit<'_>) -> bool {
    unit.calls()
        .iter()
        .any(|(_, function, arguments)| match &function.kind {
            ExpressionKind::Attribute(_, method) if method == "eval" => arguments.is_empty(),
            ExpressionKind::Attribute(_, method) if method == "train" => {
                let mode = arguments.first().map(|argument| &argument.value);
                mode.is_some_and(|mode| mode.value() != Some(true.into()))
            }
            _ => false,
        })
}

struct Search<'s, 'p> {
    flow: Flow<'s, 'p>,
    seen: BTreeSet<(usize, super::At)>,
    found: BTreeSet<Stochastic>,
    shuffles: bool,
}

impl<'p> Search<'_, 'p> {
    fn expression(&mut self, context: &Context<'p>, value: &'p Expression, depth: usize) {
        match &value.kind {
            ExpressionKind::Conditional(parts) => {
                let [test, then, otherwise] = &**parts;
                if !is_train_test(test) {
                    self.expression(context, then, depth);
                }
                return self.expression(context, otherwise, depth);
            }
            ExpressionKind::Dictionary(items) => {
                for (key, value) in items {
                    let key = key.as_ref().and_then(Expression::as_text);
                    if key.and_then(splits::named) != Some(Split::Train) {
                        self.expression(context, value, depth);
                    }
                }
                return;
            }
            ExpressionKind::Call(function, arguments) => {
                self.call(context, value, function, arguments, depth);
            }
            ExpressionKind::Name(_) | ExpressionKind::Attribute(..) => {
                return self.follow(context, value, depth);
            }
            // The entry that the key names, not the whole dictionary.
            ExpressionKind::Subscript(..) => return self.follow(context, value, depth),
            _ => {}
        }
        for part in value.parts() {
            self.expression(context, part, depth);
        }
    }

    fn follow(&mut self, context: &Context<'p>, value: &'p Expression, depth: usize) {
        if depth == 0 || !self.seen.insert((context.unit, value.at)) {
            return;
        }
        // Training may lead here too, where the call is not known; its data are not evaluated.
        let is_open = context.is_open();
        for (inside, source) in self.flow.back(context, value) {
            if is_open && self.only_trains(&inside, source) {
                continue;
            }
            self.expression(&inside, source, depth - 1);
        }
        self.seen.remove(&(context.unit, value.at));
    }

    fn only_trains(&self, context: &Context<'p>, source: &'p Expression) -> bool {
        let splits = splits::of(self.flow.program, context, source);
        !splits.is_empty() && splits.iter().all(|(split, _)| *split == Split::Train)
    }

    fn call(
        &mut self,
        context: &Context<'p>,
        call: &'p Expression,
        function: &'p Expression,
        arguments: &'p [Argument],
        depth: usize,
    ) {
        let name = function.last_name().unwrap_or_default();
        let is_true = |name: &str| {
            let value = syntax::argument(arguments, name, None).and_then(Expression::value);
            value == Some(true.into())
        };
        let is_false = |name: &str| {
            let value = syntax::argument(arguments, name, None).and_then(Expression::value);
            value == Some(false.into())
        };
        self.shuffles |= name == "DataLoader" && self.may_be_true(context, arguments, "shuffle");
        let chance = match function.dotted().as_deref().unwrap_or(name) {
            "np.random.choice" | "numpy.random.choice" if !is_false("replace") => {
                Some(Chance::Replacement)
            }
            "random.choices" => Some(Chance::Replacement),
            _ => match name {
                "WeightedRandomSampler" if !is_false("replacement") => Some(Chance::Replacement),
                "RandomSampler" if is_true("replacement") => Some(Chance::Replacement),
                "RandomSampler" | "WeightedRandomSampler" => None,
                _ if is_random_transform(name) => Some(Chance::Augmentation),
                _ => None,
            },
        };
        if let Some(chance) = chance {
            let place = place(self.flow.unit(context), call.at);
            self.found.insert(Stochastic {
                place,
                chance,
                what: name.to_owned(),
            });
        }
        let is_own = !self.flow.program.called(name).is_empty();
        if is_own && depth > 0 {
            self.follow(context, call, depth);
            self.members(name, depth - 1);
        }
    }

    /// Whether an argument is true, or a parameter that some call makes true.
    fn may_be_true(&self, context: &Context<'p>, arguments: &'p [Argument], name: &str) -> bool {
        let Some(value) = syntax::argument(arguments, name, None) else {
            return false;
        };
        let given = self
            .flow
            .back(context, value)
            .into_iter()
            .map(|(_, value)| value);
        std::iter::once(value)
            .chain(given)
            .any(|value| value.value() == Some(true.into()))
    }

    /// What the methods of a class of the program do when it is not training.
    fn members(&mut self, class: &str, depth: usize) {
        let program = self.flow.program;
        let methods = program
            .units
            .iter()
            .filter(|unit| unit.class == Some(class) && unit.name != class);
        for unit in methods {
            if !self.seen.insert((unit.index, unit.at)) {
                continue;
            }
            let context = Context::of(unit);
            for statement in self.flow.statements(unit) {
                for expression in statement.expressions() {
                    let mut calls = Vec::new();
                    expression.walk(&mut |part| calls.extend(part.as_call().map(|_| part)));
                    for call in calls {
                        let (function, arguments) = call.as_call().expect("only calls were kept");
                        self.call(&context, call, function, arguments, depth.min(1));
                    }
                }
            }
        }
    }
}

/// Whether a class or function of that name transforms at random.
fn is_random_transform(name: &str) -> bool {
    let random = name.starts_with("Random")
        && name != "Random"
        && !name.ends_with("Sampler")
        && !name.ends_with("State");
    random || RANDOM_TRANSFORMS.contains(&name)
}
