//! Text to tree, by ruff's parser: the only file that knows it.
//!
//! Owns the translation and the positions. Errors of syntax are returned beside whatever could be read.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;
use serde_json::Value;

use super::nesting;
use super::syntax::{
    Argument, At, Class, Expression, ExpressionKind, Function, Parameter, Statement, StatementKind,
};

/// A place where a file is not Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub at: At,
    /// What the parser says.
    pub message: String,
}

/// The statements of a file, as far as they can be read, and its errors.
pub(super) fn parse(text: &str) -> (Vec<Statement>, Vec<SyntaxError>) {
    if let Some(at) = nesting::too_deep(text) {
        let message = "nested too deep to be read".to_owned();
        return (Vec::new(), vec![SyntaxError { at, message }]);
    }
    let parsed = ruff_python_parser::parse_unchecked_source(text, ast::PySourceType::Python);
    let lines = Lines::new(text);
    let errors = parsed.errors().iter().map(|error| SyntaxError {
        at: lines.at(error.location.start().to_usize()),
        message: error.error.to_string(),
    });
    (lines.statements(parsed.suite()), errors.collect())
}

/// The text and where its lines begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let after = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(after).collect(),
        }
    }

    fn at(&self, offset: usize) -> At {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let before = self.text.get(start..offset).unwrap_or_default();
        At {
            line,
            column: before.chars().count() + 1,
        }
    }

    fn at_of(&self, node: &impl Ranged) -> At {
        self.at(node.start().to_usize())
    }

    fn statements(&self, body: &[Stmt]) -> Vec<Statement> {
        body.iter()
            .map(|statement| self.statement(statement))
            .collect()
    }

    fn statement(&self, statement: &Stmt) -> Statement {
        Statement {
            at: self.at_of(statement),
            kind: self.statement_kind(statement),
        }
    }

    fn statement_kind(&self, statement: &Stmt) -> StatementKind {
        match statement {
            Stmt::Expr(inner) => StatementKind::Expression(self.expression(&inner.value)),
            Stmt::Assign(inner) => StatementKind::Assign(
                self.all(&inner.targets),
                None,
                self.expression(&inner.value),
            ),
            Stmt::AugAssign(inner) => StatementKind::Assign(
                vec![self.expression(&inner.target)],
                Some(inner.op.as_str()),
                self.expression(&inner.value),
            ),
            Stmt::AnnAssign(inner) => match &inner.value {
                Some(value) => StatementKind::Assign(
                    vec![self.expression(&inner.target)],
                    None,
                    self.expression(value),
                ),
                None => StatementKind::Other(Vec::new()),
            },
            Stmt::Return(inner) => {
                StatementKind::Return(inner.value.as_deref().map(|value| self.expression(value)))
            }
            Stmt::Break(_) => StatementKind::Break,
            Stmt::FunctionDef(inner) => StatementKind::Function(self.function(inner)),
            Stmt::ClassDef(inner) => StatementKind::Class(self.class(inner)),
            Stmt::Import(_) | Stmt::ImportFrom(_) => StatementKind::Import(imports(statement)),
            other => self.block(other),
        }
    }

    /// Statements that govern others, and the few that facts do not distinguish.
    fn block(&self, statement: &Stmt) -> StatementKind {
        match statement {
            Stmt::For(inner) => {
                let mut body = self.statements(&inner.body);
                body.extend(self.statements(&inner.orelse));
                StatementKind::For(
                    self.expression(&inner.target),
                    self.expression(&inner.iter),
                    body,
                )
            }
            Stmt::While(inner) => {
                let mut body = self.statements(&inner.body);
                body.extend(self.statements(&inner.orelse));
                StatementKind::Block(vec![self.expression(&inner.test)], body)
            }
            Stmt::If(inner) => StatementKind::If(self.branches(inner)),
            Stmt::With(inner) => {
                let items = inner.items.iter().flat_map(|item| {
                    std::iter::once(&item.context_expr).chain(item.optional_vars.as_deref())
                });
                let items = items.map(|item| self.expression(item)).collect();
                StatementKind::Block(items, self.statements(&inner.body))
            }
            Stmt::Try(inner) => StatementKind::Block(Vec::new(), self.attempts(inner)),
            Stmt::Match(inner) => StatementKind::If(self.cases(inner)),
            Stmt::Delete(inner) => StatementKind::Other(self.all(&inner.targets)),
            Stmt::Raise(inner) => StatementKind::Other(self.all(inner.exc.as_deref())),
            Stmt::Assert(inner) => StatementKind::Other(self.all([&*inner.test])),
            _ => StatementKind::Other(Vec::new()),
        }
    }

    fn branches(&self, statement: &ast::StmtIf) -> Vec<(Option<Expression>, Vec<Statement>)> {
        let first = (
            Some(self.expression(&statement.test)),
            self.statements(&statement.body),
        );
        let rest = statement.elif_else_clauses.iter().map(|clause| {
            let test = clause.test.as_ref().map(|test| self.expression(test));
            (test, self.statements(&clause.body))
        });
        std::iter::once(first).chain(rest).collect()
    }

    fn attempts(&self, statement: &ast::StmtTry) -> Vec<Statement> {
        let mut body = self.statements(&statement.body);
        for ast::ExceptHandler::ExceptHandler(handler) in &statement.handlers {
            body.extend(self.statements(&handler.body));
        }
        body.extend(self.statements(&statement.orelse));
        body.extend(self.statements(&statement.finalbody));
        body
    }

    /// `case 'a':` is read as `if subject == 'a':`, as that is what facts are after.
    fn cases(&self, statement: &ast::StmtMatch) -> Vec<(Option<Expression>, Vec<Statement>)> {
        let case = |case: &ast::MatchCase| {
            let mut values = Vec::new();
            pattern_values(&case.pattern, &mut values);
            let subject = self.expression(&statement.subject);
            let kind = match values.as_slice() {
                [] => ExpressionKind::Other(vec![subject]),
                values => {
                    let options = Expression {
                        at: self.at_of(&case.pattern),
                        kind: ExpressionKind::Sequence(self.all(values.iter().copied())),
                    };
                    ExpressionKind::Comparison(vec![subject, options], vec!["in"])
                }
            };
            let at = self.at_of(case);
            (Some(Expression { at, kind }), self.statements(&case.body))
        };
        statement.cases.iter().map(case).collect()
    }

    fn function(&self, function: &ast::StmtFunctionDef) -> Function {
        let parameters = self.parameters(&function.parameters);
        Function {
            name: function.name.to_string(),
            parameters,
            keywords: function
                .parameters
                .kwarg
                .as_ref()
                .map(|keywords| keywords.name.to_string()),
            has_variadic: function.parameters.vararg.is_some(),
            decorators: self.all(
                function
                    .decorator_list
                    .iter()
                    .map(|decorator| &decorator.expression),
            ),
            body: self.statements(&function.body),
        }
    }

    fn parameters(&self, parameters: &ast::Parameters) -> Vec<Parameter> {
        let named = parameters
            .posonlyargs
            .iter()
            .chain(&parameters.args)
            .chain(&parameters.kwonlyargs);
        let parameter = |parameter: &ast::ParameterWithDefault| Parameter {
            name: parameter.parameter.name.to_string(),
            default: parameter
                .default
                .as_deref()
                .map(|value| self.expression(value)),
        };
        named.map(parameter).collect()
    }

    fn class(&self, class: &ast::StmtClassDef) -> Class {
        let bases = class.arguments.iter().flat_map(|arguments| &arguments.args);
        Class {
            name: class.name.to_string(),
            bases: self.all(bases),
            body: self.statements(&class.body),
        }
    }

    fn all<'e>(&self, expressions: impl IntoIterator<Item = &'e Expr>) -> Vec<Expression> {
        expressions
            .into_iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    fn boxed(&self, expression: &Expr) -> Box<Expression> {
        Box::new(self.expression(expression))
    }

    fn expression(&self, expression: &Expr) -> Expression {
        Expression {
            at: self.at_of(expression),
            kind: self.expression_kind(expression),
        }
    }

    fn expression_kind(&self, expression: &Expr) -> ExpressionKind {
        match expression {
            Expr::Name(inner) => ExpressionKind::Name(inner.id.to_string()),
            Expr::Attribute(inner) => {
                ExpressionKind::Attribute(self.boxed(&inner.value), inner.attr.to_string())
            }
            Expr::Call(inner) => {
                ExpressionKind::Call(self.boxed(&inner.func), self.arguments(&inner.arguments))
            }
            Expr::List(inner) => ExpressionKind::Sequence(self.all(&inner.elts)),
            Expr::Tuple(inner) => ExpressionKind::Sequence(self.all(&inner.elts)),
            Expr::Set(inner) => ExpressionKind::Sequence(self.all(&inner.elts)),
            Expr::Dict(inner) => {
                let pair = |item: &ast::DictItem| {
                    let key = item.key.as_ref().map(|key| self.expression(key));
                    (key, self.expression(&item.value))
                };
                ExpressionKind::Dictionary(inner.items.iter().map(pair).collect())
            }
            Expr::Subscript(inner) => {
                ExpressionKind::Subscript(self.boxed(&inner.value), self.boxed(&inner.slice))
            }
            Expr::StringLiteral(inner) => ExpressionKind::Literal(inner.value.to_str().into()),
            Expr::BooleanLiteral(inner) => ExpressionKind::Literal(inner.value.into()),
            Expr::NoneLiteral(_) => ExpressionKind::Literal(Value::Null),
            Expr::NumberLiteral(inner) => number(&inner.value),
            other => self.operation(other),
        }
    }

    fn operation(&self, expression: &Expr) -> ExpressionKind {
        match expression {
            Expr::BinOp(inner) => {
                let operands = self.all([&*inner.left, &*inner.right]);
                ExpressionKind::Operation(inner.op.as_str(), operands)
            }
            Expr::BoolOp(inner) => {
                ExpressionKind::Operation(inner.op.as_str(), self.all(&inner.values))
            }
            Expr::UnaryOp(inner) => {
                ExpressionKind::Operation(inner.op.as_str(), self.all([&*inner.operand]))
            }
            Expr::Compare(inner) => {
                let operands = std::iter::once(&*inner.left).chain(&inner.comparators);
                let operators = inner.ops.iter().map(ast::CmpOp::as_str).collect();
                ExpressionKind::Comparison(self.all(operands), operators)
            }
            Expr::If(inner) => ExpressionKind::Conditional(Box::new([
                self.expression(&inner.test),
                self.expression(&inner.body),
                self.expression(&inner.orelse),
            ])),
            Expr::ListComp(inner) => self.comprehension([&*inner.elt], &inner.generators),
            Expr::SetComp(inner) => self.comprehension([&*inner.elt], &inner.generators),
            Expr::Generator(inner) => self.comprehension([&*inner.elt], &inner.generators),
            Expr::DictComp(inner) => {
                let elements = inner.key.as_deref().into_iter().chain([&*inner.value]);
                self.comprehension(elements, &inner.generators)
            }
            other => ExpressionKind::Other(self.parts(other)),
        }
    }

    /// The parts of expressions that facts do not distinguish.
    fn parts(&self, expression: &Expr) -> Vec<Expression> {
        match expression {
            Expr::Lambda(inner) => self.all([&*inner.body]),
            Expr::Named(inner) => self.all([&*inner.target, &*inner.value]),
            Expr::Await(inner) => self.all([&*inner.value]),
            Expr::Yield(inner) => self.all(inner.value.as_deref()),
            Expr::YieldFrom(inner) => self.all([&*inner.value]),
            Expr::Starred(inner) => self.all([&*inner.value]),
            Expr::Slice(inner) => {
                let bounds = [&inner.lower, &inner.upper, &inner.step];
                self.all(bounds.into_iter().filter_map(|bound| bound.as_deref()))
            }
            Expr::FString(inner) => {
                let elements = inner.value.elements();
                let formatted = elements.filter_map(|element| element.as_interpolation());
                self.all(formatted.map(|element| &*element.expression))
            }
            _ => Vec::new(),
        }
    }

    fn comprehension<'e>(
        &self,
        elements: impl IntoIterator<Item = &'e Expr>,
        generators: &[ast::Comprehension],
    ) -> ExpressionKind {
        let generator = |generator: &ast::Comprehension| {
            (
                self.expression(&generator.target),
                self.expression(&generator.iter),
                self.all(&generator.ifs),
            )
        };
        ExpressionKind::Comprehension(
            self.all(elements),
            generators.iter().map(generator).collect(),
        )
    }

    fn arguments(&self, arguments: &ast::Arguments) -> Vec<Argument> {
        let positional = arguments.args.iter().map(|value| match value {
            Expr::Starred(inner) => Argument {
                name: None,
                is_unpacked: true,
                value: self.expression(&inner.value),
            },
            value => Argument {
                name: None,
                is_unpacked: false,
                value: self.expression(value),
            },
        });
        let named = arguments.keywords.iter().map(|keyword| Argument {
            name: keyword.arg.as_ref().map(ToString::to_string),
            is_unpacked: keyword.arg.is_none(),
            value: self.expression(&keyword.value),
        });
        positional.chain(named).collect()
    }
}

fn number(number: &ast::Number) -> ExpressionKind {
    let value = match number {
        ast::Number::Int(integer) => integer.as_i64().map(Value::from),
        ast::Number::Float(float) => serde_json::Number::from_f64(*float).map(Value::Number),
        ast::Number::Complex { .. } => None,
    };
    value.map_or(ExpressionKind::Other(Vec::new()), ExpressionKind::Literal)
}

fn imports(statement: &Stmt) -> Vec<(String, String)> {
    match statement {
        Stmt::Import(inner) => inner
            .names
            .iter()
            .map(|alias| match &alias.asname {
                Some(local) => (local.to_string(), alias.name.to_string()),
                None => {
                    let first = alias.name.split('.').next().unwrap_or_default();
                    (first.to_owned(), alias.name.to_string())
                }
            })
            .collect(),
        Stmt::ImportFrom(inner) => {
            let module = inner
                .module
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let one = |alias: &ast::Alias| {
                let local = alias.asname.as_ref().unwrap_or(&alias.name);
                (local.to_string(), format!("{module}.{}", alias.name))
            };
            inner.names.iter().map(one).collect()
        }
        _ => Vec::new(),
    }
}

/// The values that a pattern compares with.
fn pattern_values<'p>(pattern: &'p ast::Pattern, values: &mut Vec<&'p Expr>) {
    match pattern {
        ast::Pattern::MatchValue(inner) => values.push(&inner.value),
        ast::Pattern::MatchOr(inner) => {
            for pattern in &inner.patterns {
                pattern_values(pattern, values);
            }
        }
        _ => {}
    }
}
