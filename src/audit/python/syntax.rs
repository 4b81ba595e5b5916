//! Python programs as little as the rules need of them: statements and expressions with positions.
//!
//! Owns the tree that facts are gathered from, and the walks over it; `parse` makes it, and no other module
//! knows the parser's own tree.

use serde_json::Value;

/// A position in a file, 1-based, columns in Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl At {
    /// The position of a byte offset; one inside a character counts as its beginning.
    pub(super) fn of_offset(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    pub(super) at: At,
    pub(super) kind: ExpressionKind,
}

/// The kinds that facts distinguish; the rest is [`ExpressionKind::Other`] with its parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExpressionKind {
    Name(String),
    /// `value.name`
    Attribute(Box<Expression>, String),
    Call(Box<Expression>, Vec<Argument>),
    /// A string, number, boolean or `None`.
    Literal(Value),
    /// A list, tuple or set.
    Sequence(Vec<Expression>),
    /// Keys and values; no key for `**other`.
    Dictionary(Vec<(Option<Expression>, Expression)>),
    /// `value[index]`
    Subscript(Box<Expression>, Box<Expression>),
    /// Operands of an operator.
    Operation(&'static str, Vec<Expression>),
    /// `a < b <= c`
    Comparison(Vec<Expression>, Vec<&'static str>),
    /// Elements, then per generator its target, its iterable and its conditions.
    Comprehension(
        Vec<Expression>,
        Vec<(Expression, Expression, Vec<Expression>)>,
    ),
    /// `then if test else otherwise`: test, then, otherwise.
    Conditional(Box<[Expression; 3]>),
    Other(Vec<Expression>),
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Argument {
    /// The keyword, if it has one.
    pub(super) name: Option<String>,
    /// `*value` or `**value`.
    pub(super) is_unpacked: bool,
    pub(super) value: Expression,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) at: At,
    pub(super) kind: StatementKind,
}

/// The kinds that facts distinguish.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StatementKind {
    Expression(Expression),
    /// Targets, the operator of an augmented assignment, and the value.
    Assign(Vec<Expression>, Option<&'static str>, Expression),
    /// Target, iterable, body.
    For(Expression, Expression, Vec<Statement>),
    /// Branches in order; the last may have no test.
    If(Vec<(Option<Expression>, Vec<Statement>)>),
    /// Condition or context managers, and what they govern.
    Block(Vec<Expression>, Vec<Statement>),
    Return(Option<Expression>),
    Break,
    Function(Function),
    Class(Class),
    /// Local names and what they stand for, dotted.
    Import(Vec<(String, String)>),
    Other(Vec<Expression>),
}

/// A function or method.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
    /// The name of `**kwargs`.
    pub(super) keywords: Option<String>,
    /// Whether it has `*args`.
    pub(super) has_variadic: bool,
    pub(super) decorators: Vec<Expression>,
    pub(super) body: Vec<Statement>,
}

/// A parameter that has a name of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) default: Option<Expression>,
}

/// A class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) bases: Vec<Expression>,
    pub(super) body: Vec<Statement>,
}

impl Expression {
    /// The parts directly below.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            ExpressionKind::Name(_) | ExpressionKind::Literal(_) => Vec::new(),
            ExpressionKind::Attribute(value, _) => vec![value],
            ExpressionKind::Call(function, arguments) => std::iter::once(&**function)
                .chain(arguments.iter().map(|argument| &argument.value))
                .collect(),
            ExpressionKind::Sequence(items)
            | ExpressionKind::Operation(_, items)
            | ExpressionKind::Comparison(items, _)
            | ExpressionKind::Other(items) => items.iter().collect(),
            ExpressionKind::Dictionary(items) => items
                .iter()
                .flat_map(|(key, value)| key.iter().chain([value]))
                .collect(),
            ExpressionKind::Subscript(value, index) => vec![value, index],
            ExpressionKind::Comprehension(elements, generators) => {
                let inner = generators
                    .iter()
                    .flat_map(|(target, iterable, conditions)| {
                        [target, iterable].into_iter().chain(conditions)
                    });
                elements.iter().chain(inner).collect()
            }
            ExpressionKind::Conditional(parts) => parts.iter().collect(),
        }
    }

    /// Visits this expression and all below it, outer ones first.
    pub(super) fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Self)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }

    /// `a.b.c` as text, where the expression is nothing else.
    pub(super) fn dotted(&self) -> Option<String> {
        match &self.kind {
            ExpressionKind::Name(name) => Some(name.clone()),
            ExpressionKind::Attribute(value, name) => Some(format!("{}.{name}", value.dotted()?)),
            _ => None,
        }
    }

    /// The last name: `c` of `a.b.c`, of `f().c` and of `c`.
    pub(super) fn last_name(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Name(name) | ExpressionKind::Attribute(_, name) => Some(name),
            _ => None,
        }
    }

    /// What is called and with what, of a call.
    pub(super) fn as_call(&self) -> Option<(&Self, &[Argument])> {
        match &self.kind {
            ExpressionKind::Call(function, arguments) => Some((function, arguments)),
            _ => None,
        }
    }

    /// The text of a string literal.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Literal(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The value, where it is written out: literals, their lists and negative numbers.
    pub(super) fn value(&self) -> Option<Value> {
        match &self.kind {
            ExpressionKind::Literal(value) => Some(value.clone()),
            ExpressionKind::Sequence(items) => items
                .iter()
                .map(Self::value)
                .collect::<Option<Vec<_>>>()
                .map(Value::Array),
            ExpressionKind::Operation("-", operands) if operands.len() == 1 => {
                match operands[0].value()? {
                    Value::Number(number) => match number.as_i64() {
                        Some(integer) => integer.checked_neg().map(Value::from),
                        None => number.as_f64().map(|float| Value::from(-float)),
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The argument of that keyword, or at that position.
pub(super) fn argument<'a>(
    arguments: &'a [Argument],
    name: &str,
    position: Option<usize>,
) -> Option<&'a Expression> {
    let named = arguments
        .iter()
        .find(|argument| argument.name.as_deref() == Some(name));
    let at = |position: usize| {
        let mut positional = arguments.iter().filter(|argument| argument.name.is_none());
        positional
            .nth(position)
            .filter(|argument| !argument.is_unpacked)
    };
    named
        .or_else(|| position.and_then(at))
        .map(|argument| &argument.value)
}

impl Statement {
    /// The expressions of this statement itself, not of statements inside it.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        match &self.kind {
            StatementKind::Expression(value) => vec![value],
            StatementKind::Assign(targets, _, value) => targets.iter().chain([value]).collect(),
            StatementKind::For(target, iterable, _) => vec![target, iterable],
            StatementKind::If(branches) => branches
                .iter()
                .filter_map(|(test, _)| test.as_ref())
                .collect(),
            StatementKind::Block(expressions, _) | StatementKind::Other(expressions) => {
                expressions.iter().collect()
            }
            StatementKind::Return(value) => value.iter().collect(),
            StatementKind::Function(function) => {
                let defaults = function
                    .parameters
                    .iter()
                    .filter_map(|parameter| parameter.default.as_ref());
                defaults.chain(&function.decorators).collect()
            }
            StatementKind::Class(class) => class.bases.iter().collect(),
            StatementKind::Break | StatementKind::Import(_) => Vec::new(),
        }
    }

    /// The statements directly inside, those of a function or class that it defines left out.
    pub(super) fn inner(&self) -> Vec<&Self> {
        match &self.kind {
            StatementKind::For(_, _, body) | StatementKind::Block(_, body) => body.iter().collect(),
            StatementKind::If(branches) => branches.iter().flat_map(|(_, body)| body).collect(),
            _ => Vec::new(),
        }
    }
}

/// Visits statements and those inside them, bodies of functions and classes left out.
pub(super) fn walk<'s>(
    statements: impl IntoIterator<Item = &'s Statement>,
    visit: &mut dyn FnMut(&'s Statement),
) {
    for statement in statements {
        visit(statement);
        walk(statement.inner(), visit);
    }
}

/// Every expression of the statements and of those inside them, outer ones first.
pub(super) fn expressions(statements: &[Statement]) -> Vec<&Expression> {
    let mut found = Vec::new();
    walk(statements, &mut |statement| {
        for expression in statement.expressions() {
            expression.walk(&mut |part| found.push(part));
        }
    });
    found
}
