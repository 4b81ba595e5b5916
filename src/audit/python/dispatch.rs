//! What a program chooses by the value of an argument, and the sizes that its code fixes.
//!
//! Owns finding comparisons and look-ups of a key's value, through variables and parameters that hold it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::arguments::Namespace;
use super::program::Program;
use super::syntax::{self, Expression, ExpressionKind, StatementKind};
use super::{CodePlace, place};

/// The values of one key that the code tells apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dispatch {
    /// Values with the place of the first comparison.
    pub options: BTreeMap<String, CodePlace>,
    /// Whether the value is looked up as a name: any function or class may be meant.
    pub is_dynamic: bool,
    /// Whether some test is not for equality, so that values not listed may pass.
    pub is_partial: bool,
}

/// A number of classes, or a choice of initial weights, that the code fixes.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// The variable, parameter or keyword.
    pub name: String,
    /// The value.
    pub value: Value,
    /// Where.
    pub place: CodePlace,
}

/// Names that hold a key's value, by the unit's position in the program.
type Aliases<'p> = BTreeMap<(usize, &'p str), &'p str>;

/// The dispatch of every key whose value is compared or looked up.
pub(super) fn gather<'p>(
    program: &Program<'p>,
    namespace: &Namespace<'p>,
) -> BTreeMap<String, Dispatch> {
    let aliases = aliases(program, namespace);
    let mut found: BTreeMap<String, Dispatch> = BTreeMap::new();
    for (index, unit) in program.units.iter().enumerate() {
        let key_of = |value: &'p Expression| key_of(value, index, namespace, &aliases);
        for expression in unit.expressions() {
            for (key, choice) in choices(program, expression, &key_of) {
                let dispatch = found.entry(key.to_owned()).or_default();
                match choice {
                    Choice::Equal(options) => {
                        for option in options {
                            let Some(text) = option.as_text() else {
                                continue;
                            };
                            let place = place(unit, option.at);
                            dispatch.options.entry(text.to_owned()).or_insert(place);
                        }
                    }
                    Choice::Dynamic => dispatch.is_dynamic = true,
                    Choice::Partial => dispatch.is_partial = true,
                }
            }
        }
    }
    found
}

enum Choice<'p> {
    Equal(Vec<&'p Expression>),
    Dynamic,
    Partial,
}

fn key_of<'p>(
    value: &'p Expression,
    unit: usize,
    namespace: &Namespace<'p>,
    aliases: &Aliases<'p>,
) -> Option<&'p str> {
    if let Some(key) = namespace.key_of(value) {
        return Some(key);
    }
    match &value.kind {
        ExpressionKind::Name(name) => aliases.get(&(unit, &**name)).copied(),
        ExpressionKind::Call(function, arguments) if arguments.is_empty() => match &function.kind {
            ExpressionKind::Attribute(owner, method)
                if matches!(&**method, "lower" | "upper" | "strip") =>
            {
                key_of(owner, unit, namespace, aliases)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Variables and parameters that hold a key's value.
fn aliases<'p>(program: &Program<'p>, namespace: &Namespace<'p>) -> Aliases<'p> {
    let mut aliases = Aliases::new();
    loop {
        let before = aliases.len();
        let mut more = Aliases::new();
        for (index, unit) in program.units.iter().enumerate() {
            for statement in unit.statements() {
                if let StatementKind::Assign(targets, None, value) = &statement.kind
                    && let Some(key) = key_of(value, index, namespace, &aliases)
                {
                    let names = targets.iter().filter_map(Expression::last_name);
                    more.extend(names.map(|name| ((index, name), key)));
                }
            }
            for parameter in unit.parameters() {
                for (caller, value) in program.bound_to(unit, &parameter.name) {
                    if let Some(key) = key_of(value, caller.index, namespace, &aliases) {
                        more.insert((index, &*parameter.name), key);
                    }
                }
            }
        }
        aliases.extend(more);
        if aliases.len() == before {
            return aliases;
        }
    }
}

/// What one expression tells of the values of keys.
fn choices<'p>(
    program: &Program<'p>,
    expression: &'p Expression,
    key_of: &dyn Fn(&'p Expression) -> Option<&'p str>,
) -> Vec<(&'p str, Choice<'p>)> {
    match &expression.kind {
        ExpressionKind::Comparison(operands, operators) => comparison(operands, operators, key_of),
        ExpressionKind::Subscript(owner, index) => {
            let key = key_of(index);
            key.map(|key| (key, look_up(program, owner)))
                .into_iter()
                .collect()
        }
        ExpressionKind::Call(function, arguments) => call(program, function, arguments, key_of),
        _ => Vec::new(),
    }
}

fn comparison<'p>(
    operands: &'p [Expression],
    operators: &[&str],
    key_of: &dyn Fn(&'p Expression) -> Option<&'p str>,
) -> Vec<(&'p str, Choice<'p>)> {
    let ([left, right], [operator]) = (operands, operators) else {
        return Vec::new();
    };
    let (key, other) = match (key_of(left), key_of(right)) {
        (Some(key), _) => (key, right),
        (None, Some(key)) => (key, left),
        (None, None) => return Vec::new(),
    };
    let choice = match (*operator, &other.kind) {
        ("==" | "is", _) => Choice::Equal(vec![other]),
        ("in", ExpressionKind::Sequence(items)) => Choice::Equal(items.iter().collect()),
        ("!=" | "is not" | "not in", _) if is_none(other) => return Vec::new(),
        _ => Choice::Partial,
    };
    vec![(key, choice)]
}

fn is_none(value: &Expression) -> bool {
    matches!(&value.kind, ExpressionKind::Literal(Value::Null))
}

fn call<'p>(
    program: &Program<'p>,
    function: &'p Expression,
    arguments: &'p [syntax::Argument],
    key_of: &dyn Fn(&'p Expression) -> Option<&'p str>,
) -> Vec<(&'p str, Choice<'p>)> {
    let argument = |position: usize| {
        arguments
            .get(position)
            .and_then(|argument| key_of(&argument.value))
    };
    match &function.kind {
        ExpressionKind::Name(name) if name == "getattr" => argument(1)
            .map(|key| (key, Choice::Dynamic))
            .into_iter()
            .collect(),
        ExpressionKind::Attribute(owner, method) if method == "get" => argument(0)
            .map(|key| (key, look_up(program, owner)))
            .into_iter()
            .collect(),
        ExpressionKind::Attribute(owner, method)
            if matches!(&**method, "startswith" | "endswith" | "find" | "split") =>
        {
            key_of(owner)
                .map(|key| (key, Choice::Partial))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The keys of a dictionary that is written out somewhere under that name.
fn look_up<'p>(program: &Program<'p>, owner: &Expression) -> Choice<'p> {
    let Some(name) = owner.last_name() else {
        return Choice::Dynamic;
    };
    for value in program.units.iter().flat_map(|unit| unit.assigned(name)) {
        if let ExpressionKind::Dictionary(items) = &value.kind {
            return Choice::Equal(items.iter().filter_map(|(key, _)| key.as_ref()).collect());
        }
    }
    Choice::Dynamic
}

/// Names of functions and classes that can run.
pub(super) fn definitions(program: &Program<'_>) -> BTreeSet<String> {
    let names = program
        .units
        .iter()
        .flat_map(|unit| [Some(unit.name), unit.class]);
    let names = names.flatten().filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// Numbers of classes and choices of initial weights that are written in the code.
pub(super) fn constants(program: &Program<'_>) -> Vec<Constant> {
    let mut found = Vec::new();
    for unit in &program.units {
        let mut keep = |name: &str, value: &Expression| {
            if let Some(written) = value.value().filter(|value| is_protocol(name, value)) {
                found.push(Constant {
                    name: name.to_owned(),
                    value: written,
                    place: place(unit, value.at),
                });
            }
        };
        for statement in unit.statements() {
            if let StatementKind::Assign(targets, None, value) = &statement.kind {
                for name in targets.iter().filter_map(Expression::last_name) {
                    keep(name, value);
                }
            }
        }
        for (_, _, arguments) in unit.calls() {
            for argument in arguments {
                if let Some(name) = &argument.name {
                    keep(name, &argument.value);
                }
            }
        }
        for parameter in unit.parameters() {
            if let Some(default) = &parameter.default {
                keep(&parameter.name, default);
            }
        }
    }
    found.sort_by(|a, b| a.place.cmp(&b.place));
    found
}

/// Whether a constant decides what is compared: how many classes, or which weights to begin with.
fn is_protocol(name: &str, value: &Value) -> bool {
    let lower = name.to_lowercase();
    let counts =
        lower.ends_with("classes") || lower.ends_with("n_class") || lower.ends_with("num_class");
    match value {
        Value::Number(number) => counts && number.is_u64(),
        Value::Bool(_) => lower == "pretrained",
        Value::String(_) => lower == "weights",
        _ => false,
    }
}
