//! Where a value comes from: names followed back through assignments, parameters, loops and returns.
//!
//! Owns one step back, with the call through which a function was entered, so that two calls of one function are
//! not mixed up.

use std::rc::Rc;

use super::program::{Program, Unit};
use super::splits;
use super::syntax::{self, Argument, Expression, ExpressionKind, Statement, StatementKind};
use crate::metric::Split;

/// How many names lead to a dictionary.
const DEPTH: usize = 5;

/// A unit, and the call that led into it, if one did.
#[derive(Debug, Clone)]
pub(super) struct Context<'p> {
    /// Index into the program's units.
    pub(super) unit: usize,
    call: Option<Rc<(Context<'p>, &'p [Argument])>>,
}

/// An expression where it stands.
pub(super) type Source<'p> = (Context<'p>, &'p Expression);

/// Follows values; `Evaluation` leaves out branches that only training takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow<'f, 'p> {
    pub(super) program: &'f Program<'p>,
    pub(super) branches: Branches,
}

/// Which branches are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branches {
    All,
    /// Not those under `if train:` or `if split == "train":`.
    Evaluation,
}

impl<'p> Context<'p> {
    /// A unit without a call that led into it.
    pub(super) fn of(unit: &Unit<'p>) -> Self {
        Self {
            unit: unit.index,
            call: None,
        }
    }

    /// Whether it is not known which call led into the unit.
    pub(super) fn is_open(&self) -> bool {
        self.call.is_none()
    }
}

impl<'p> Flow<'_, 'p> {
    /// The unit of a context.
    pub(super) fn unit(&self, context: &Context<'p>) -> &Unit<'p> {
        &self.program.units[context.unit]
    }

    /// What a name, an entry or a call stands for; empty for everything else.
    pub(super) fn back(&self, context: &Context<'p>, value: &'p Expression) -> Vec<Source<'p>> {
        match &value.kind {
            ExpressionKind::Name(name) => self.name(context, name),
            ExpressionKind::Attribute(owner, name) => match owner.last_name() {
                Some("self") => self.member(context, name),
                _ => Vec::new(),
            },
            ExpressionKind::Subscript(owner, index) => self.entry(context, owner, index),
            ExpressionKind::Call(..) => self.returned(context, value, None),
            _ => Vec::new(),
        }
    }

    /// The statements of a unit that are looked into.
    pub(super) fn statements(&self, unit: &Unit<'p>) -> Vec<&'p Statement> {
        let mut found = Vec::new();
        self.collect(unit.body.iter().copied(), &mut found);
        found
    }

    fn collect(
        &self,
        statements: impl IntoIterator<Item = &'p Statement>,
        found: &mut Vec<&'p Statement>,
    ) {
        for statement in statements {
            found.push(statement);
            match &statement.kind {
                StatementKind::If(branches) => {
                    for (test, body) in branches {
                        let only_training = test.as_ref().is_some_and(is_train_test);
                        if self.branches == Branches::All || !only_training {
                            self.collect(body, found);
                        }
                    }
                }
                _ => self.collect(statement.inner(), found),
            }
        }
    }

    fn name(&self, context: &Context<'p>, name: &str) -> Vec<Source<'p>> {
        let unit = self.unit(context);
        let own = self.assigned(context, unit, name);
        if !own.is_empty() {
            return own;
        }
        if let Some(position) = unit
            .parameters()
            .iter()
            .position(|known| known.name == name)
        {
            return self.parameter(context, unit, position);
        }
        let same_file = |other: &&Unit<'p>| other.path == unit.path && other.name.is_empty();
        let module = self.program.units.iter().find(same_file);
        let found = module.map(|module| self.assigned(&Context::of(module), module, name));
        match found.filter(|found| !found.is_empty()) {
            Some(found) => found,
            None => {
                let modules = self
                    .program
                    .units
                    .iter()
                    .filter(|other| other.name.is_empty());
                modules
                    .flat_map(|module| self.assigned(&Context::of(module), module, name))
                    .collect()
            }
        }
    }

    fn parameter(
        &self,
        context: &Context<'p>,
        unit: &Unit<'p>,
        position: usize,
    ) -> Vec<Source<'p>> {
        let parameter = &unit.parameters()[position];
        let default = || {
            parameter
                .default
                .as_ref()
                .map(|default| (context.clone(), default))
        };
        match &context.call {
            Some(call) => {
                let (caller, arguments) = &**call;
                let given = syntax::argument(arguments, &parameter.name, Some(position));
                given
                    .map(|value| (caller.clone(), value))
                    .or_else(default)
                    .into_iter()
                    .collect()
            }
            None => {
                let bound = self.program.bound_to(unit, &parameter.name);
                bound
                    .into_iter()
                    .map(|(caller, value)| (Context::of(caller), value))
                    .collect()
            }
        }
    }

    /// `self.name`: what the methods of the class assign to it.
    fn member(&self, context: &Context<'p>, name: &str) -> Vec<Source<'p>> {
        let class = self.unit(context).class;
        let of_class = |unit: &&Unit<'p>| class.is_some() && unit.class == class;
        let units = self.program.units.iter().filter(of_class);
        units
            .flat_map(|unit| self.assigned(&Context::of(unit), unit, name))
            .collect()
    }

    /// What statements of the unit give to the name.
    fn assigned(&self, context: &Context<'p>, unit: &Unit<'p>, name: &str) -> Vec<Source<'p>> {
        let mut found = Vec::new();
        for statement in self.statements(unit) {
            match &statement.kind {
                StatementKind::Assign(targets, None, value) => {
                    for target in targets {
                        self.unpack(context, target, value, name, &mut found);
                    }
                }
                StatementKind::For(target, iterable, _) if binds(target, name) => {
                    found.push((context.clone(), iterable));
                }
                _ => {}
            }
        }
        found
    }

    fn unpack(
        &self,
        context: &Context<'p>,
        target: &'p Expression,
        value: &'p Expression,
        name: &str,
        found: &mut Vec<Source<'p>>,
    ) {
        let ExpressionKind::Sequence(targets) = &target.kind else {
            if target.last_name() == Some(name) {
                found.push((context.clone(), value));
            }
            return;
        };
        let Some(index) = targets
            .iter()
            .position(|target| target.last_name() == Some(name))
        else {
            return;
        };
        if let ExpressionKind::Sequence(values) = &value.kind {
            return found.extend(values.get(index).map(|value| (context.clone(), value)));
        }
        let returned = self.returned(context, value, Some(index));
        match returned.is_empty() {
            true => found.push((context.clone(), value)),
            false => found.extend(returned),
        }
    }

    /// What a call of a function of the program returns, or the part of it at `index`.
    fn returned(
        &self,
        context: &Context<'p>,
        call: &'p Expression,
        index: Option<usize>,
    ) -> Vec<Source<'p>> {
        let Some((function, arguments)) = call.as_call() else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for callee in self
            .program
            .called(function.last_name().unwrap_or_default())
        {
            if callee.name == "__init__" {
                continue;
            }
            let inside = Context {
                unit: callee.index,
                call: Some(Rc::new((context.clone(), arguments))),
            };
            for statement in self.statements(callee) {
                let StatementKind::Return(Some(value)) = &statement.kind else {
                    continue;
                };
                let part = match (&value.kind, index) {
                    (ExpressionKind::Sequence(items), Some(index)) => items.get(index),
                    _ => Some(value),
                };
                found.extend(part.map(|part| (inside.clone(), part)));
            }
        }
        found
    }

    /// `loaders["valid"]`: what is kept under that key, or else what the name stands for.
    fn entry(
        &self,
        context: &Context<'p>,
        owner: &'p Expression,
        index: &'p Expression,
    ) -> Vec<Source<'p>> {
        let mut found = Vec::new();
        self.entries(context, owner, index.as_text(), DEPTH, &mut found);
        match found.is_empty() {
            true => self.back(context, owner),
            false => found,
        }
    }

    /// What dictionaries hold under a key, or under any where it is not written out.
    fn entries(
        &self,
        context: &Context<'p>,
        owner: &'p Expression,
        key: Option<&str>,
        depth: usize,
        found: &mut Vec<Source<'p>>,
    ) {
        let fits = |other: Option<&str>| key.is_none() || other.is_none() || key == other;
        if let ExpressionKind::Dictionary(items) = &owner.kind {
            let key_of = |item: &'p (Option<Expression>, Expression)| item.0.as_ref()?.as_text();
            let entries = items.iter().filter(|item| fits(key_of(item)));
            return found.extend(entries.map(|(_, value)| (context.clone(), value)));
        }
        if let ExpressionKind::Name(name) = &owner.kind {
            for statement in self.statements(self.unit(context)) {
                if let StatementKind::Assign(targets, None, value) = &statement.kind
                    && let [target] = &targets[..]
                    && let ExpressionKind::Subscript(dictionary, index) = &target.kind
                    && dictionary.last_name() == Some(name)
                    && fits(index.as_text())
                {
                    found.push((context.clone(), value));
                }
            }
        }
        if depth > 0 {
            for (context, source) in self.back(context, owner) {
                self.entries(&context, source, key, depth - 1, found);
            }
        }
    }
}

fn binds(target: &Expression, name: &str) -> bool {
    let mut found = false;
    target.walk(&mut |part| found |= part.last_name() == Some(name));
    found
}

/// Whether a condition holds in training only: `train`, `self.is_train`, `split == "train"`.
pub(super) fn is_train_test(test: &Expression) -> bool {
    match &test.kind {
        ExpressionKind::Comparison(operands, operators) => {
            let equal = operators
                .iter()
                .all(|operator| matches!(*operator, "==" | "is" | "in"));
            let train = |operand: &Expression| {
                operand.as_text().and_then(splits::named) == Some(Split::Train)
            };
            equal && operands.iter().any(train)
        }
        ExpressionKind::Operation("and", operands) => operands.iter().any(is_train_test),
        _ => test.last_name().and_then(splits::named) == Some(Split::Train),
    }
}
