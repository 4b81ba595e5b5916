//! Parameters that a call binds and nothing uses: `pretrained=True` that ends in an unread `**kwargs`.
//!
//! Owns following a value through calls inside the program. What leaves the program counts as used.

use super::program::{Program, Unit};
use super::syntax::{self, Argument, Expression, ExpressionKind, StatementKind};
use super::{CodePlace, place};

/// How many calls a value is followed through.
const DEPTH: usize = 5;

/// A value that a call gives and nothing reads.
#[derive(Debug, Clone, PartialEq)]
pub struct InertParameter {
    /// What is called.
    pub function: String,
    /// The parameter.
    pub parameter: String,
    /// The value as Python writes it.
    pub value: String,
    /// The call's argument.
    pub place: CodePlace,
    /// The function that ignores it.
    pub callee: CodePlace,
}

/// Every constant that a call binds to a parameter that is unused wherever it arrives.
pub(super) fn gather(program: &Program<'_>) -> Vec<InertParameter> {
    let mut found = Vec::new();
    for unit in &program.units {
        for (_, function, arguments) in unit.calls() {
            let Some(name) = function.last_name() else {
                continue;
            };
            let callees = program.called(name);
            for argument in arguments.iter().filter(|argument| !argument.is_unpacked) {
                let Some(parameter) = inert(program, &callees, arguments, argument) else {
                    continue;
                };
                let value = argument
                    .value
                    .value()
                    .map(|value| crate::literal::print(&value));
                found.push(InertParameter {
                    function: name.to_owned(),
                    parameter: parameter.to_owned(),
                    value: value.unwrap_or_default(),
                    place: place(unit, argument.value.at),
                    callee: place(callees[0], callees[0].at),
                });
            }
        }
    }
    found.sort_by(|a, b| a.place.cmp(&b.place));
    found
}

/// The parameter that the argument is bound to, if it is a constant other than the default and no callee uses it.
fn inert<'a>(
    program: &Program<'a>,
    callees: &[&Unit<'a>],
    arguments: &'a [Argument],
    argument: &'a Argument,
) -> Option<&'a str> {
    let value = argument.value.value()?;
    let mut bound = None;
    for callee in callees {
        let parameter = match &argument.name {
            Some(name) => &**name,
            None => {
                let mut positional = arguments.iter().filter(|argument| argument.name.is_none());
                let position = positional.position(|other| std::ptr::eq(other, argument))?;
                &callee.parameters().get(position)?.name
            }
        };
        let declared = callee
            .parameters()
            .iter()
            .find(|known| known.name == parameter);
        let default = declared.and_then(|declared| declared.default.as_ref()?.value());
        if default.as_ref() == Some(&value) || uses(program, callee, parameter, DEPTH) {
            return None;
        }
        bound = Some(parameter);
    }
    bound
}

/// Whether a function may use what arrives under `parameter`.
fn uses(program: &Program<'_>, unit: &Unit<'_>, parameter: &str, depth: usize) -> bool {
    let Some(function) = unit.function else {
        return true;
    };
    if depth == 0 || is_stub(&function.body) || !function.decorators.is_empty() {
        return true;
    }
    if unit
        .parameters()
        .iter()
        .any(|known| known.name == parameter)
    {
        return loads(&function.body, parameter) > 0;
    }
    let Some(keywords) = &function.keywords else {
        return true;
    };
    let mut forwarded = 0;
    for (_, called, arguments) in unit.calls() {
        let forwards = |argument: &&Argument| {
            argument.is_unpacked && argument.value.last_name() == Some(keywords)
        };
        if arguments.iter().any(|argument| forwards(&argument)) {
            forwarded += 1;
            let callees = called.last_name().map(|name| program.called(name));
            let callees = callees.unwrap_or_default();
            if callees.is_empty()
                || callees
                    .iter()
                    .any(|callee| uses(program, callee, parameter, depth - 1))
            {
                return true;
            }
        }
    }
    loads(&function.body, keywords) > forwarded
}

/// How often a name is mentioned in statements, functions inside them included.
fn loads(body: &[syntax::Statement], name: &str) -> usize {
    let mut count = 0;
    super::program::deep(body, &mut |statement| {
        for expression in statement.expressions() {
            expression.walk(&mut |part| count += usize::from(is_name(part, name)));
        }
    });
    count
}

fn is_name(expression: &Expression, name: &str) -> bool {
    matches!(&expression.kind, ExpressionKind::Name(own) if own == name)
}

/// A body that does nothing by itself: a declaration, or one that only raises.
fn is_stub(body: &[syntax::Statement]) -> bool {
    body.iter().all(|statement| match &statement.kind {
        StatementKind::Other(_) => true,
        StatementKind::Expression(value) => value.value().is_some() || value.parts().is_empty(),
        _ => false,
    })
}
