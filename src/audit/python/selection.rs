//! What decides, and what is reported: the split behind schedules, early stops and best checkpoints.
//!
//! Owns finding decisions and evaluated splits; whether they may be the same is a rule's matter.

use std::collections::BTreeSet;

use super::flow::Context;
use super::program::{Program, Unit};
use super::splits::{self, Origin, words};
use super::syntax::{Expression, ExpressionKind, Statement, StatementKind};
use super::{CodePlace, phases, place};
use crate::metric::Split;

/// What a value decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionKind {
    /// The learning rate.
    Schedule,
    /// Which epoch is kept or reported.
    Checkpoint,
    /// When training ends.
    EarlyStop,
}

impl DecisionKind {
    /// As a finding says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "learning-rate schedule",
            Self::Checkpoint => "best epoch",
            Self::EarlyStop => "early stop",
        }
    }
}

/// A decision by a measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What it decides.
    pub kind: DecisionKind,
    /// The value, as far as it is a name.
    pub value: String,
    /// The split that it was measured on.
    pub split: Split,
    /// Where it decides.
    pub place: CodePlace,
    /// What says which split it is.
    pub origin: CodePlace,
}

/// Decisions and evaluations of a program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// In the order of the code.
    pub decisions: Vec<Decision>,
    /// Splits other than the training one on which the model is evaluated, with the loops.
    pub evaluated: BTreeSet<(Split, CodePlace)>,
}

/// Finds decisions, and the splits that are evaluated at all.
pub(super) fn gather(program: &Program<'_>) -> Selection {
    let mut found = Selection::default();
    for unit in &program.units {
        decide(program, unit, &unit.body, &mut found.decisions);
        for evaluation in phases::evaluations(program, unit) {
            for (split, _) in evaluation.splits {
                if split != Split::Train {
                    found
                        .evaluated
                        .insert((split, place(unit, evaluation.statement.at)));
                }
            }
        }
    }
    found
        .decisions
        .sort_by(|a, b| (&a.place, a.kind).cmp(&(&b.place, b.kind)));
    found
        .decisions
        .dedup_by(|a, b| a.place == b.place && a.kind == b.kind);
    found
}

fn decide<'p>(
    program: &Program<'p>,
    unit: &Unit<'p>,
    body: &[&'p Statement],
    found: &mut Vec<Decision>,
) {
    decide_under(program, unit, body, None, found);
}

/// `guard`: the split that an enclosing condition such as `if phase == "val"` names.
fn decide_under<'p>(
    program: &Program<'p>,
    unit: &Unit<'p>,
    body: &[&'p Statement],
    guard: Option<&Origin>,
    found: &mut Vec<Decision>,
) {
    for statement in body {
        for expression in statement.expressions() {
            let own = guard_of(unit, expression);
            let guard = own.as_ref().or(guard);
            expression.walk(&mut |part| found.extend(decision(program, unit, part, guard)));
        }
        match &statement.kind {
            StatementKind::If(branches) => {
                for (test, inner) in branches {
                    let own = test.as_ref().and_then(|test| guard_of(unit, test));
                    let inner: Vec<&Statement> = inner.iter().collect();
                    decide_under(program, unit, &inner, own.as_ref().or(guard), found);
                }
            }
            _ => decide_under(program, unit, &statement.inner(), guard, found),
        }
    }
}

/// The split in a comparison with its name.
fn guard_of(unit: &Unit<'_>, test: &Expression) -> Option<Origin> {
    let mut found = None;
    test.walk(&mut |part| {
        if let ExpressionKind::Comparison(operands, operators) = &part.kind
            && operators
                .iter()
                .all(|operator| matches!(*operator, "==" | "in"))
        {
            let named = operands.iter().find_map(|operand| {
                Some((splits::named(operand.as_text()?)?, place(unit, operand.at)))
            });
            found = found.take().or(named);
        }
    });
    found
}

fn decision<'p>(
    program: &Program<'p>,
    unit: &Unit<'p>,
    expression: &'p Expression,
    guard: Option<&Origin>,
) -> Option<Decision> {
    let (kind, value) = scheduled(program, unit, expression)
        .or_else(|| stopped(expression))
        .or_else(|| best(expression))?;
    let origins = splits::of(program, &Context::of(unit), value);
    let mut measured = origins
        .into_iter()
        .filter(|(split, _)| *split != Split::Train);
    let (split, origin) = measured.next().or_else(|| guard.cloned())?;
    if measured.any(|(other, _)| other != split) || split == Split::Train {
        return None;
    }
    Some(Decision {
        kind,
        value: value.dotted().unwrap_or_else(|| "value".to_owned()),
        split,
        place: place(unit, expression.at),
        origin,
    })
}

fn has_word(expression: &Expression, known: &[&str]) -> bool {
    let name = expression.last_name().unwrap_or_default();
    words(name).iter().any(|word| known.contains(&&**word))
}

/// `scheduler.step(value)`, where the value is measured: a schedule by epochs is given a counter, or nothing.
fn scheduled<'p>(
    program: &Program<'p>,
    unit: &Unit<'p>,
    expression: &'p Expression,
) -> Option<(DecisionKind, &'p Expression)> {
    let (function, arguments) = expression.as_call()?;
    let ExpressionKind::Attribute(owner, method) = &function.kind else {
        return None;
    };
    let value = &arguments.first().filter(|_| method == "step")?.value;
    let name = owner.last_name()?;
    let is_plateau = |value: &&Expression| {
        let made = value
            .as_call()
            .and_then(|(function, _)| function.last_name());
        made.is_some_and(|made| made.contains("Plateau"))
    };
    let assigned = program.units.iter().flat_map(|unit| unit.assigned(name));
    let is_schedule = has_word(owner, &["scheduler", "schedule", "plateau", "sched"])
        || unit
            .assigned(name)
            .iter()
            .chain(&assigned.collect::<Vec<_>>())
            .any(is_plateau);
    let counts = has_word(value, &["epoch", "step", "iteration", "i"]);
    (is_schedule && !counts).then_some((DecisionKind::Schedule, value))
}

/// `early_stopping(value)` and `stopper.step(value)`.
fn stopped(expression: &Expression) -> Option<(DecisionKind, &Expression)> {
    let (function, arguments) = expression.as_call()?;
    let stops = |name: &Expression| has_word(name, &["stopping", "stopper", "earlystopping"]);
    let is_stop = match &function.kind {
        ExpressionKind::Attribute(owner, method) => {
            stops(function) || (stops(owner) && matches!(&**method, "step" | "update" | "check"))
        }
        _ => stops(function),
    };
    let value = arguments.first().filter(|_| is_stop)?;
    let is_constant = value.value.value().is_some();
    (!is_constant && value.name.is_none()).then_some((DecisionKind::EarlyStop, &value.value))
}

/// `value < best_loss`, and `max(best, value)`.
fn best(expression: &Expression) -> Option<(DecisionKind, &Expression)> {
    let operands: Vec<&Expression> = match &expression.kind {
        ExpressionKind::Comparison(operands, operators) => {
            let compares = matches!(operators[..], ["<" | "<=" | ">" | ">="]);
            operands.iter().filter(|_| compares).collect()
        }
        ExpressionKind::Call(function, arguments) => {
            let chooses = matches!(&function.kind, ExpressionKind::Name(name) if name == "max" || name == "min");
            arguments
                .iter()
                .map(|argument| &argument.value)
                .filter(|_| chooses)
                .collect()
        }
        _ => return None,
    };
    let [left, right] = operands[..] else {
        return None;
    };
    match (is_best(left), is_best(right)) {
        (true, false) => Some((DecisionKind::Checkpoint, right)),
        (false, true) => Some((DecisionKind::Checkpoint, left)),
        _ => None,
    }
}

fn is_best(operand: &Expression) -> bool {
    match &operand.kind {
        ExpressionKind::Subscript(owner, _) => is_best(owner),
        _ => has_word(operand, &["best", "lowest", "highest"]),
    }
}
