//! How values of batches become the value of an epoch.
//!
//! Owns recognizing means over batches that leave the batches' sizes out. A last batch that is smaller then
//! weighs as much as the others.

use super::program::{Program, Unit};
use super::syntax::{Expression, ExpressionKind, Statement, StatementKind};
use super::{CodePlace, phases, place};

/// An epoch's value as the plain mean over batches.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchMean {
    /// What is averaged.
    pub value: String,
    /// Where the mean is taken.
    pub place: CodePlace,
    /// The loop over batches.
    pub batches: CodePlace,
    /// How, such as `divided by len(loader)`.
    pub how: &'static str,
}

/// Plain means over batches in evaluations, in the order of the code.
pub(super) fn gather(program: &Program<'_>) -> Vec<BatchMean> {
    if drops_last(program) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for unit in &program.units {
        for evaluation in phases::evaluations(program, unit) {
            let batches = place(unit, evaluation.statement.at);
            let sums = accumulated(evaluation.body);
            let mut add = |value: &str, at, how| {
                found.push(BatchMean {
                    value: value.to_owned(),
                    place: place(unit, at),
                    batches: batches.clone(),
                    how,
                });
            };
            for expression in unit.expressions() {
                if let Some(name) = divided_by_batches(expression, &sums.plain, &evaluation.loaders)
                {
                    add(name, expression.at, "divided by the number of batches");
                }
                if let Some(name) = mean_of_list(expression, &sums.lists) {
                    add(
                        name,
                        expression.at,
                        "the mean of a list with one entry per batch",
                    );
                }
            }
            for (meter, at) in unweighted_meters(program, unit, evaluation.body) {
                add(meter, at, "a meter that is not told the batch's size");
            }
        }
    }
    found.sort_by(|a, b| a.place.cmp(&b.place));
    found.dedup_by(|a, b| a.place == b.place);
    found
}

/// Whether every loader that is made drops its last batch.
fn drops_last(program: &Program<'_>) -> bool {
    let mut drops = Vec::new();
    for unit in &program.units {
        for (call, _, arguments) in unit.calls() {
            if phases::makes_loader(call) {
                let drop = super::syntax::argument(arguments, "drop_last", None);
                drops.push(drop.and_then(Expression::value) == Some(true.into()));
            }
        }
    }
    !drops.is_empty() && drops.iter().all(|drop| *drop)
}

/// Names that gather one value per batch.
struct Accumulated<'p> {
    /// Sums of values that are not multiplied by a size.
    plain: Vec<&'p str>,
    lists: Vec<&'p str>,
}

fn accumulated(body: &[Statement]) -> Accumulated<'_> {
    let mut found = Accumulated {
        plain: Vec::new(),
        lists: Vec::new(),
    };
    super::syntax::walk(body, &mut |statement| match &statement.kind {
        StatementKind::Assign(targets, Some("+"), value) => {
            if let Some(name) = targets.first().and_then(Expression::last_name)
                && !is_sum(value)
            {
                found.plain.push(name);
            }
        }
        StatementKind::Expression(value) => {
            if let Some((function, arguments)) = value.as_call()
                && let ExpressionKind::Attribute(owner, method) = &function.kind
                && method == "append"
                && arguments.iter().all(|argument| !is_sum(&argument.value))
                && let Some(name) = owner.last_name()
            {
                found.lists.push(name);
            }
        }
        _ => {}
    });
    found
}

/// Whether a value of a batch is a sum over its items: multiplied by a size, a count, or summed itself.
fn is_sum(value: &Expression) -> bool {
    let mut sums = false;
    value.walk(&mut |part| {
        sums |= match &part.kind {
            ExpressionKind::Operation(operator, operands) => {
                *operator == "*" && operands.iter().any(is_size)
            }
            ExpressionKind::Call(function, _) => matches!(
                function.last_name(),
                Some("sum" | "size" | "len" | "count_nonzero" | "tolist" | "extend")
            ),
            ExpressionKind::Literal(_) => false,
            _ => false,
        };
    });
    sums || is_size(value) || value.value().is_some()
}

/// Whether an expression is a number of items.
fn is_size(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Call(function, _) => {
            matches!(function.last_name(), Some("size" | "len" | "numel"))
        }
        ExpressionKind::Subscript(owner, _) => owner.last_name() == Some("shape"),
        _ => {
            let words = super::splits::words(value.last_name().unwrap_or_default());
            let has = |name: &str| words.iter().any(|word| word == name);
            has("n") || has("count") || has("total") || has("bs") || (has("size") && !has("image"))
        }
    }
}

/// `total / len(loader)`, `total / n_batches` and `total / (i + 1)`.
fn divided_by_batches<'p>(
    expression: &'p Expression,
    sums: &[&'p str],
    loaders: &[&Expression],
) -> Option<&'p str> {
    let ExpressionKind::Operation("/", operands) = &expression.kind else {
        return None;
    };
    let [sum, count] = &operands[..] else {
        return None;
    };
    let name = without_factor(sum)
        .last_name()
        .filter(|name| sums.contains(name))?;
    counts_batches(count, loaders).then_some(name)
}

/// What a constant multiplies, as in `100.0 * total`; else the value itself.
fn without_factor(value: &Expression) -> &Expression {
    match &value.kind {
        ExpressionKind::Operation("*", operands) => match &operands[..] {
            [factor, rest] if factor.value().is_some() => rest,
            [rest, factor] if factor.value().is_some() => rest,
            _ => value,
        },
        _ => value,
    }
}

fn counts_batches(count: &Expression, loaders: &[&Expression]) -> bool {
    match &count.kind {
        ExpressionKind::Call(function, arguments) => match function.last_name() {
            Some("len") => arguments.iter().any(|argument| {
                let is_loader = |loader: &&Expression| loader.dotted() == argument.value.dotted();
                argument.value.dotted().is_some() && loaders.iter().any(is_loader)
            }),
            Some("float" | "int") => arguments
                .iter()
                .any(|argument| counts_batches(&argument.value, loaders)),
            _ => false,
        },
        ExpressionKind::Operation("+", operands) => operands
            .iter()
            .any(|operand| counts_batches(operand, loaders)),
        _ => {
            let words = super::splits::words(count.last_name().unwrap_or_default());
            let has = |names: &[&str]| words.iter().any(|word| names.contains(&&**word));
            has(&["batches", "steps", "iterations", "i", "step", "iteration"])
                || (has(&["batch"]) && has(&["idx", "index", "i", "num", "n"]))
        }
    }
}

/// `np.mean(values)`, `sum(values) / len(values)`, `torch.stack(values).mean()`.
fn mean_of_list<'p>(expression: &'p Expression, lists: &[&'p str]) -> Option<&'p str> {
    let listed = |value: &'p Expression| value.last_name().filter(|name| lists.contains(name));
    match &expression.kind {
        ExpressionKind::Call(function, arguments) => {
            let means = matches!(function.last_name(), Some("mean" | "fmean" | "average"));
            let first = arguments
                .first()
                .and_then(|argument| listed(&argument.value));
            let owner = match &function.kind {
                ExpressionKind::Attribute(owner, _) => stacked(owner).and_then(listed),
                _ => None,
            };
            first.or(owner).filter(|_| means && arguments.len() < 2)
        }
        ExpressionKind::Operation("/", operands) => match &operands[..] {
            [sum, count] => {
                let summed = only_argument(without_factor(sum), "sum").and_then(listed)?;
                let counted = only_argument(count, "len").and_then(listed)?;
                (summed == counted).then_some(summed)
            }
            _ => None,
        },
        _ => None,
    }
}

fn stacked(value: &Expression) -> Option<&Expression> {
    let (function, arguments) = value.as_call()?;
    let stacks = matches!(
        function.last_name(),
        Some("stack" | "tensor" | "array" | "Tensor")
    );
    Some(&arguments.first().filter(|_| stacks)?.value)
}

fn only_argument<'p>(value: &'p Expression, name: &str) -> Option<&'p Expression> {
    let (function, arguments) = value.as_call()?;
    let [argument] = arguments else {
        return None;
    };
    (function.last_name() == Some(name)).then_some(&argument.value)
}

/// `meter.update(value)` where `meter = AverageMeter()`.
fn unweighted_meters<'p>(
    program: &Program<'p>,
    unit: &Unit<'p>,
    body: &'p [Statement],
) -> Vec<(&'p str, super::At)> {
    let is_meter = |name: &str| {
        let mut values = program.units.iter().filter(|other| other.path == unit.path);
        values.any(|other| {
            let made = other
                .assigned(name)
                .into_iter()
                .filter_map(Expression::as_call);
            made.filter_map(|(function, _)| function.last_name())
                .any(|class| class.contains("Meter"))
        })
    };
    let mut found = Vec::new();
    for expression in super::syntax::expressions(body) {
        if let Some((function, [value])) = expression.as_call()
            && let ExpressionKind::Attribute(owner, method) = &function.kind
            && method == "update"
            && !value.is_unpacked
            && let Some(name) = owner.last_name()
            && is_meter(name)
        {
            found.push((name, expression.at));
        }
    }
    found
}
