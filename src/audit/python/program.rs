//! A program as functions that reach each other: which of them can run when an entry script is started.
//!
//! Owns the call graph. It goes by names alone, over all files that the entry script imports, so it may hold more
//! calls than happen, and never fewer: whoever mentions a function's name may call it, whoever mentions a class
//! may call its methods.

use std::collections::{BTreeMap, BTreeSet};

use super::syntax::{
    self, Argument, At, Expression, ExpressionKind, Function, Statement, StatementKind,
};

/// A file and its tree.
#[derive(Debug)]
pub(super) struct File {
    /// As findings name it.
    pub(super) path: String,
    pub(super) statements: Vec<Statement>,
}

/// Code that runs together: a function, a method, the statements of a class or of a module.
#[derive(Debug)]
pub(super) struct Unit<'p> {
    /// Its place among the program's units.
    pub(super) index: usize,
    pub(super) path: &'p str,
    /// The function's or class's own name; empty for a module.
    pub(super) name: &'p str,
    pub(super) class: Option<&'p str>,
    pub(super) at: At,
    /// Absent for the statements of a module or class.
    pub(super) function: Option<&'p Function>,
    pub(super) body: Vec<&'p Statement>,
}

/// What an entry script can run.
#[derive(Debug)]
pub(super) struct Program<'p> {
    /// Only what is reachable, files in the order of their paths.
    pub(super) units: Vec<Unit<'p>>,
}

impl<'p> Unit<'p> {
    /// Every expression, outer ones first.
    pub(super) fn expressions(&self) -> Vec<&'p Expression> {
        let mut found = Vec::new();
        syntax::walk(self.body.iter().copied(), &mut |statement| {
            for expression in statement.expressions() {
                expression.walk(&mut |part| found.push(part));
            }
        });
        found
    }

    /// Every statement, those inside loops and conditions included.
    pub(super) fn statements(&self) -> Vec<&'p Statement> {
        let mut found = Vec::new();
        syntax::walk(self.body.iter().copied(), &mut |statement| {
            found.push(statement)
        });
        found
    }

    /// Every call: the expression, what is called, and with what.
    pub(super) fn calls(&self) -> Vec<(&'p Expression, &'p Expression, &'p [Argument])> {
        let call = |expression: &'p Expression| {
            let (function, arguments) = expression.as_call()?;
            Some((expression, function, arguments))
        };
        self.expressions().into_iter().filter_map(call).collect()
    }

    /// Whether something of that last name is called.
    pub(super) fn calls_any(&self, names: &[&str]) -> bool {
        let named = |function: &Expression| {
            function
                .last_name()
                .is_some_and(|name| names.contains(&name))
        };
        self.calls().iter().any(|(_, function, _)| named(function))
    }

    /// Parameters that a caller fills, `self` left out.
    pub(super) fn parameters(&self) -> &'p [syntax::Parameter] {
        let parameters = self
            .function
            .map_or(&[][..], |function| &function.parameters);
        match parameters.first() {
            Some(first) if self.class.is_some() && matches!(&*first.name, "self" | "cls") => {
                &parameters[1..]
            }
            _ => parameters,
        }
    }

    /// The values that the unit assigns to a name, those unpacked from a sequence included.
    pub(super) fn assigned(&self, name: &str) -> Vec<&'p Expression> {
        let mut values = Vec::new();
        for statement in self.statements() {
            if let StatementKind::Assign(targets, _, value) = &statement.kind {
                for target in targets {
                    values.extend(assigned_to(target, value, name));
                }
            }
        }
        values
    }
}

/// The part of `value` that `target` gives to `name`.
fn assigned_to<'e>(
    target: &'e Expression,
    value: &'e Expression,
    name: &str,
) -> Option<&'e Expression> {
    match (&target.kind, &value.kind) {
        (ExpressionKind::Sequence(targets), ExpressionKind::Sequence(values))
            if targets.len() == values.len() =>
        {
            let mut pairs = targets.iter().zip(values);
            pairs.find_map(|(target, value)| assigned_to(target, value, name))
        }
        (ExpressionKind::Sequence(targets), _) => {
            let mut names = targets.iter().filter_map(Expression::last_name);
            names.any(|target| target == name).then_some(value)
        }
        _ => (target.last_name() == Some(name)).then_some(value),
    }
}

impl<'p> Program<'p> {
    /// What can run when `entry` is started.
    pub(super) fn reached_from(files: &'p [File], entry: usize) -> Self {
        let imported = imported(files, entry);
        let mut units = Vec::new();
        for (index, file) in files.iter().enumerate() {
            if imported.contains(&index) {
                collect_module(file, index == entry, &mut units);
            }
        }
        let reachable = reachable(&units);
        let mut index = 0;
        units.retain(|_| {
            index += 1;
            reachable.contains(&(index - 1))
        });
        for (index, unit) in units.iter_mut().enumerate() {
            unit.index = index;
        }
        Self { units }
    }

    /// What a call by that name may run: functions of that name, and the constructor of a class.
    pub(super) fn called(&self, name: &str) -> Vec<&Unit<'p>> {
        let fits = |unit: &&Unit<'p>| {
            let constructs = unit.class == Some(name) && unit.name == "__init__";
            unit.function.is_some() && (unit.name == name || constructs)
        };
        self.units.iter().filter(fits).collect()
    }

    /// The arguments that calls bind to a parameter, each with the calling unit.
    pub(super) fn bound_to(
        &self,
        unit: &Unit<'p>,
        parameter: &str,
    ) -> Vec<(&Unit<'p>, &'p Expression)> {
        let position = unit
            .parameters()
            .iter()
            .position(|known| known.name == parameter);
        let Some(position) = position else {
            return Vec::new();
        };
        let is_constructor = unit.name == "__init__";
        let name = if is_constructor {
            unit.class.unwrap_or_default()
        } else {
            unit.name
        };
        let mut bound = Vec::new();
        for caller in &self.units {
            for (_, function, arguments) in caller.calls() {
                if function.last_name() == Some(name) {
                    let value = syntax::argument(arguments, parameter, Some(position));
                    bound.extend(value.map(|value| (caller, value)));
                }
            }
        }
        bound
    }
}

/// Whether a statement is `if __name__ == "__main__":`.
pub(super) fn is_main_test(statement: &Statement) -> bool {
    let StatementKind::If(branches) = &statement.kind else {
        return false;
    };
    let tests_name = |test: &Expression| match &test.kind {
        ExpressionKind::Comparison(operands, _) => {
            let is_name = |operand: &Expression| operand.last_name() == Some("__name__");
            let is_main = |operand: &Expression| operand.as_text() == Some("__main__");
            operands.iter().any(is_name) && operands.iter().any(is_main)
        }
        _ => false,
    };
    branches
        .iter()
        .any(|(test, _)| test.as_ref().is_some_and(tests_name))
}

/// The files that `entry` imports, directly or not, itself included.
fn imported(files: &[File], entry: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([entry]);
    let mut todo = vec![entry];
    while let Some(next) = todo.pop() {
        let names = imported_names(&files[next].statements);
        for (index, file) in files.iter().enumerate() {
            if names.contains(module_name(&file.path)) && found.insert(index) {
                todo.push(index);
            }
        }
    }
    found
}

/// Every part of every dotted name that is imported, wherever in the file.
fn imported_names(statements: &[Statement]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    deep(statements, &mut |statement| {
        if let StatementKind::Import(imports) = &statement.kind {
            for (_, origin) in imports {
                names.extend(origin.split('.').map(str::to_owned));
            }
        }
    });
    names
}

/// `factory` for `models/factory.py`, `models` for `models/__init__.py`.
fn module_name(path: &str) -> &str {
    let stem = path.strip_suffix(".py").unwrap_or(path);
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    stem.rsplit('/').next().unwrap_or(stem)
}

/// Visits statements and those inside them, functions and classes included.
pub(super) fn deep<'s>(statements: &'s [Statement], visit: &mut dyn FnMut(&'s Statement)) {
    let mut bodies = Vec::new();
    syntax::walk(statements, &mut |statement| {
        visit(statement);
        match &statement.kind {
            StatementKind::Function(function) => bodies.push(&function.body),
            StatementKind::Class(class) => bodies.push(&class.body),
            _ => {}
        }
    });
    for body in bodies {
        deep(body, visit);
    }
}

fn collect_module<'p>(file: &'p File, is_entry: bool, units: &mut Vec<Unit<'p>>) {
    let runs = |statement: &&Statement| is_entry || !is_main_test(statement);
    let body: Vec<&Statement> = file.statements.iter().filter(runs).collect();
    collect_definitions(file, &body, None, units);
    units.push(Unit {
        index: 0,
        path: &file.path,
        name: "",
        class: None,
        at: At { line: 1, column: 1 },
        function: None,
        body,
    });
}

/// Units of the functions and classes that statements define, those inside functions included.
fn collect_definitions<'p>(
    file: &'p File,
    body: &[&'p Statement],
    class: Option<&'p str>,
    units: &mut Vec<Unit<'p>>,
) {
    syntax::walk(body.iter().copied(), &mut |statement| {
        let (name, inner, function, owner) = match &statement.kind {
            StatementKind::Function(function) => {
                (&function.name, &function.body, Some(function), class)
            }
            StatementKind::Class(defined) => {
                (&defined.name, &defined.body, None, Some(&*defined.name))
            }
            _ => return,
        };
        let inner: Vec<&Statement> = inner.iter().collect();
        let within = if function.is_some() { None } else { owner };
        collect_definitions(file, &inner, within, units);
        units.push(Unit {
            index: 0,
            path: &file.path,
            name,
            class: owner,
            at: statement.at,
            function,
            body: inner,
        });
    });
}

/// Indices of the units that can run, beginning with the statements of modules.
fn reachable(units: &[Unit<'_>]) -> BTreeSet<usize> {
    let aliases = aliases(units);
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in units.iter().enumerate() {
        by_name.entry(unit.name).or_default().push(index);
        if let Some(class) = unit.class.filter(|class| *class != unit.name) {
            by_name.entry(class).or_default().push(index);
        }
    }
    if units.iter().any(looks_up_names) {
        return (0..units.len()).collect();
    }
    let mut todo = by_name.get("").cloned().unwrap_or_default();
    let mut found: BTreeSet<usize> = todo.iter().copied().collect();
    while let Some(next) = todo.pop() {
        for name in mentioned(&units[next], &aliases) {
            for index in by_name.get(name).into_iter().flatten() {
                if found.insert(*index) {
                    todo.push(*index);
                }
            }
        }
    }
    found
}

/// Local names of imports that are called differently at their origin, wherever they are imported.
fn aliases<'p>(units: &[Unit<'p>]) -> BTreeMap<&'p str, &'p str> {
    let mut aliases = BTreeMap::new();
    for statement in units.iter().flat_map(Unit::statements) {
        if let StatementKind::Import(imports) = &statement.kind {
            for (local, origin) in imports {
                let origin = origin.rsplit('.').next().unwrap_or(origin);
                if origin != local {
                    aliases.insert(&**local, origin);
                }
            }
        }
    }
    aliases
}

/// Names that a unit mentions: of functions, classes and attributes, renamed imports by both names.
fn mentioned<'p>(unit: &Unit<'p>, aliases: &BTreeMap<&'p str, &'p str>) -> BTreeSet<&'p str> {
    let mut names: BTreeSet<&str> = unit
        .expressions()
        .into_iter()
        .filter_map(Expression::last_name)
        .collect();
    let renamed = names.iter().filter_map(|name| aliases.get(name));
    let renamed: Vec<&str> = renamed.copied().collect();
    names.extend(renamed);
    names.remove("");
    names
}

/// Whether functions are found by computed names, so that any of them may run.
fn looks_up_names(unit: &Unit<'_>) -> bool {
    unit.calls().iter().any(
        |(_, function, arguments)| match function.dotted().as_deref() {
            Some("globals" | "importlib.import_module" | "eval" | "exec") => true,
            Some("getattr") => {
                let name = arguments.get(1).map(|argument| &argument.value);
                let on_module = arguments.first().is_some_and(|first| {
                    let module = first.value.last_name().unwrap_or_default();
                    module.contains("model") || module.contains("module") || module.contains("net")
                });
                on_module && name.is_some_and(|name| name.as_text().is_none())
            }
            _ => false,
        },
    )
}
