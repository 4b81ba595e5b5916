//! Arguments of the command line: how a parser declares them, and what reads or replaces their values.
//!
//! Owns the namespace's way through the program. A name that holds the namespace anywhere counts as holding it
//! everywhere, so that reads are rather seen too often than missed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::program::{Program, Unit};
use super::syntax::{self, Argument, At, Expression, ExpressionKind, StatementKind};
use super::{CodePlace, place};

/// One `add_argument`.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// The key in the namespace.
    pub key: String,
    /// Where.
    pub place: CodePlace,
    /// The name of `type=`.
    pub kind: Option<String>,
    /// `default=`: `None` without one, `Some(None)` where it is not written out.
    pub default: Option<Option<Value>>,
    /// `choices=`, where they are written out.
    pub choices: Option<Vec<Value>>,
    /// `nargs=` as text.
    pub nargs: Option<String>,
    /// `action=`.
    pub action: Option<String>,
}

/// The namespace of an entry script.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arguments {
    /// What the parser declares, in the order of the code.
    pub declared: Vec<Declared>,
    /// Keys that are read, with the first place.
    pub reads: BTreeMap<String, CodePlace>,
    /// Keys that code sets itself, with the first place.
    pub assigned: BTreeMap<String, CodePlace>,
    /// Where the whole namespace goes somewhere that cannot be followed.
    pub escapes: Vec<CodePlace>,
    /// Where values may be replaced under names that are not written out.
    pub replaced: Vec<CodePlace>,
}

impl Arguments {
    /// How the key is declared.
    pub fn declaration(&self, key: &str) -> Option<&Declared> {
        self.declared.iter().find(|declared| declared.key == key)
    }

    /// Every key that the namespace can have.
    pub fn keys(&self) -> BTreeSet<&str> {
        let declared = self.declared.iter().map(|declared| &*declared.key);
        declared
            .chain(self.assigned.keys().map(|key| &**key))
            .collect()
    }
}

/// Calls that write their arguments down, which is no use of them.
const RECORDING: &[&str] = &[
    "print",
    "pprint",
    "str",
    "repr",
    "format",
    "info",
    "debug",
    "warning",
    "write",
    "writelines",
    "dump",
    "dumps",
    "log",
    "add_text",
    "isinstance",
    "len",
    "sorted",
    "items",
    "deepcopy",
];

/// Names that hold the namespace, and functions that return it.
#[derive(Debug, Default)]
pub(super) struct Namespace<'p> {
    names: BTreeSet<&'p str>,
    functions: BTreeSet<&'p str>,
}

impl<'p> Namespace<'p> {
    /// Follows the result of `parse_args` through the program.
    pub(super) fn of(program: &Program<'p>) -> Self {
        let mut namespace = Self::default();
        loop {
            let before = namespace.names.len() + namespace.functions.len();
            for unit in &program.units {
                namespace.follow(program, unit);
            }
            if namespace.names.len() + namespace.functions.len() == before {
                return namespace;
            }
        }
    }

    fn follow(&mut self, program: &Program<'p>, unit: &Unit<'p>) {
        for statement in unit.statements() {
            match &statement.kind {
                StatementKind::Assign(targets, None, value) if self.holds(value) => {
                    self.names.extend(targets.iter().filter_map(first_name));
                }
                StatementKind::Return(Some(value)) if self.holds(value) => {
                    self.functions.insert(unit.name);
                }
                _ => {}
            }
        }
        for (_, function, arguments) in unit.calls() {
            let Some(name) = function.last_name() else {
                continue;
            };
            for callee in program.called(name) {
                for (position, parameter) in callee.parameters().iter().enumerate() {
                    let value = syntax::argument(arguments, &parameter.name, Some(position));
                    if value.is_some_and(|value| self.holds(value)) {
                        self.names.insert(&parameter.name);
                    }
                }
            }
        }
    }

    /// Whether an expression is the namespace.
    pub(super) fn holds(&self, value: &Expression) -> bool {
        match &value.kind {
            ExpressionKind::Call(function, _) => function.last_name().is_some_and(|name| {
                matches!(name, "parse_args" | "parse_known_args") || self.functions.contains(name)
            }),
            _ => value
                .last_name()
                .is_some_and(|name| self.names.contains(name)),
        }
    }

    /// The key of `args.key`, `getattr(args, "key")` and `vars(args)["key"]`.
    pub(super) fn key_of<'e>(&self, value: &'e Expression) -> Option<&'e str> {
        match &value.kind {
            ExpressionKind::Attribute(owner, key) if self.holds(owner) => Some(key),
            ExpressionKind::Call(function, arguments) => {
                let reads = matches!(function.last_name(), Some("getattr" | "hasattr"));
                let owner = arguments.first()?;
                (reads && self.holds(&owner.value)).then(|| arguments.get(1)?.value.as_text())?
            }
            ExpressionKind::Subscript(owner, key) if self.is_dictionary(owner) => key.as_text(),
            _ => None,
        }
    }

    /// Whether an expression is `vars(args)` or `args.__dict__`.
    fn is_dictionary(&self, value: &Expression) -> bool {
        match &value.kind {
            ExpressionKind::Call(function, arguments) => {
                function.last_name() == Some("vars")
                    && arguments
                        .first()
                        .is_some_and(|first| self.holds(&first.value))
            }
            ExpressionKind::Attribute(owner, name) => name == "__dict__" && self.holds(owner),
            _ => false,
        }
    }
}

/// The first name that an assignment binds.
fn first_name(target: &Expression) -> Option<&str> {
    match &target.kind {
        ExpressionKind::Sequence(items) => items.first().and_then(first_name),
        _ => target.last_name(),
    }
}

/// What the program declares, reads and replaces.
pub(super) fn gather(program: &Program<'_>, namespace: &Namespace<'_>) -> Arguments {
    let mut gathered = Arguments::default();
    for unit in &program.units {
        let mut visit = Visit {
            program,
            namespace,
            unit,
            gathered: &mut gathered,
        };
        for statement in unit.statements() {
            match &statement.kind {
                StatementKind::Assign(targets, operator, value) => {
                    for target in targets {
                        visit.target(target, operator.is_some());
                    }
                    visit.expression(value, false);
                }
                _ => {
                    for expression in statement.expressions() {
                        visit.expression(expression, false);
                    }
                }
            }
        }
    }
    gathered.declared.sort_by(|a, b| a.place.cmp(&b.place));
    gathered
}

struct Visit<'v, 'p> {
    program: &'v Program<'p>,
    namespace: &'v Namespace<'p>,
    unit: &'v Unit<'p>,
    gathered: &'v mut Arguments,
}

impl<'p> Visit<'_, 'p> {
    fn place(&self, at: At) -> CodePlace {
        place(self.unit, at)
    }

    fn target(&mut self, target: &'p Expression, is_augmented: bool) {
        match self.namespace.key_of(target) {
            Some(key) => {
                let place = self.place(target.at);
                self.gathered
                    .assigned
                    .entry(key.to_owned())
                    .or_insert(place);
                if is_augmented {
                    self.read(key, target.at);
                }
            }
            None if self.namespace.holds(target) => {}
            None => {
                for part in target.parts() {
                    self.expression(part, false);
                }
            }
        }
    }

    fn read(&mut self, key: &str, at: At) {
        let place = self.place(at);
        self.gathered.reads.entry(key.to_owned()).or_insert(place);
    }

    /// `is_recorded`: whether the value is only written down.
    fn expression(&mut self, value: &'p Expression, is_recorded: bool) {
        if let Some(key) = self.namespace.key_of(value) {
            return self.read(key, value.at);
        }
        if self.namespace.is_dictionary(value) {
            if !is_recorded {
                let place = self.place(value.at);
                self.gathered.escapes.push(place);
            }
            return;
        }
        match value.as_call() {
            Some((function, arguments)) => self.call(value, function, arguments, is_recorded),
            None => {
                for part in value.parts() {
                    self.expression(part, is_recorded);
                }
            }
        }
    }

    fn call(
        &mut self,
        call: &'p Expression,
        function: &'p Expression,
        arguments: &'p [Argument],
        is_recorded: bool,
    ) {
        let name = function.last_name().unwrap_or_default();
        match name {
            "add_argument" => self.declare(call.at, arguments),
            "set_defaults" => {
                for named in arguments
                    .iter()
                    .filter_map(|argument| argument.name.as_ref())
                {
                    let place = self.place(call.at);
                    self.gathered.assigned.entry(named.clone()).or_insert(place);
                }
            }
            "setattr" => self.set(call.at, arguments),
            "parse_args" | "parse_known_args" if !arguments.is_empty() => {
                let place = self.place(call.at);
                self.gathered.replaced.push(place);
            }
            "update" => self.update(call.at, function),
            _ => {}
        }
        let records = is_recorded || RECORDING.contains(&name);
        let is_known = !self.program.called(name).is_empty();
        for argument in arguments {
            let holds = self.namespace.holds(&argument.value);
            if holds && !records && !is_known && !matches!(name, "setattr" | "vars") {
                let place = self.place(argument.value.at);
                self.gathered.escapes.push(place);
            }
            self.expression(&argument.value, records);
        }
        for part in function.parts() {
            self.expression(part, records);
        }
    }

    /// `vars(args).update(…)` sets what cannot be seen.
    fn update(&mut self, at: At, function: &Expression) {
        if let ExpressionKind::Attribute(owner, _) = &function.kind
            && self.namespace.is_dictionary(owner)
        {
            let place = self.place(at);
            self.gathered.replaced.push(place);
        }
    }

    fn set(&mut self, at: At, arguments: &[Argument]) {
        let [owner, key, ..] = arguments else {
            return;
        };
        if !self.namespace.holds(&owner.value) {
            return;
        }
        let place = self.place(at);
        match key.value.as_text() {
            Some(key) => {
                self.gathered
                    .assigned
                    .entry(key.to_owned())
                    .or_insert(place);
            }
            None => self.gathered.replaced.push(place),
        }
    }

    fn declare(&mut self, at: At, arguments: &[Argument]) {
        let flags: Vec<&str> = arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .filter_map(|argument| argument.value.as_text())
            .collect();
        let named = |name: &str| syntax::argument(arguments, name, None);
        let dest = named("dest").and_then(Expression::as_text);
        let place = self.place(at);
        let Some(key) = dest.map(str::to_owned).or_else(|| key_of_flags(&flags)) else {
            return self.gathered.replaced.push(place);
        };
        let choices = named("choices").and_then(Expression::value);
        self.gathered.declared.push(Declared {
            key,
            place,
            kind: named("type")
                .and_then(Expression::last_name)
                .map(str::to_owned),
            default: named("default").map(Expression::value),
            choices: choices.and_then(|choices| choices.as_array().cloned()),
            nargs: named("nargs")
                .and_then(Expression::value)
                .map(|value| match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                }),
            action: named("action")
                .and_then(|action| action.as_text().or(action.last_name()).map(str::to_owned)),
        });
    }
}

/// What argparse makes of flags: the first long one, or else the first, with underscores.
fn key_of_flags(flags: &[&str]) -> Option<String> {
    let long = flags.iter().find(|flag| flag.starts_with("--"));
    let flag = long.or(flags.first())?;
    Some(flag.trim_start_matches('-').replace('-', "_"))
}
