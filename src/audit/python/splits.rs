//! Which split of the data a value comes from.
//!
//! Owns following names back: a loss to the call that computed it, its loader to the data set, the data set to the
//! words in its construction. What a variable is called counts only where nothing better is known: a loader named
//! `valid_loader` over `PrivateTest` is of the test split.

use std::collections::BTreeSet;

use super::flow::{Branches, Context, Flow};
use super::program::{Program, Unit};
use super::syntax::{Argument, At, Expression, ExpressionKind};
use super::{CodePlace, place};
use crate::metric::Split;

/// How many names are followed.
const DEPTH: usize = 6;

/// A split and the place that says so.
pub(super) type Origin = (Split, CodePlace);

/// The split that a text names, if it names one.
pub(super) fn named(text: &str) -> Option<Split> {
    let words = words(text);
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&&**word));
    let train = has(&["train", "training", "trn"]);
    let valid = has(&["val", "valid", "validation", "dev", "valset"]);
    let test = has(&["test", "testing", "tst", "testset"]);
    match (train, valid, test) {
        (false, false, true) if has(&["public"]) => Some(Split::Valid),
        (true, false, false) => Some(Split::Train),
        (false, true, false) => Some(Split::Valid),
        (false, false, true) => Some(Split::Test),
        _ => None,
    }
}

/// Lower-case words of an identifier or path, cut at signs and at capital letters.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_lower = false;
    for character in text.chars() {
        let cuts = character.is_uppercase() && before_is_lower;
        if cuts || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            let last = words.last_mut().expect("it begins with one");
            last.extend(character.to_lowercase());
        }
        before_is_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The splits that an expression of `unit` may come from.
pub(super) fn of<'p>(
    program: &Program<'p>,
    unit: &Unit<'p>,
    value: &'p Expression,
) -> BTreeSet<Origin> {
    let mut search = Search {
        flow: Flow { program, branches: Branches::All },
        seen: Vec::new(),
        found: BTreeSet::new(),
    };
    search.expression(&Context::of(unit), value, DEPTH);
    search.found
}

struct Search<'s, 'p> {
    flow: Flow<'s, 'p>,
    /// What is being followed, so that loops end.
    seen: Vec<*const Expression>,
    found: BTreeSet<Origin>,
}

impl<'p> Search<'_, 'p> {
    fn keep(&mut self, context: &Context<'p>, split: Option<Split>, at: At) {
        let unit = self.flow.unit(context);
        self.found.extend(split.map(|split| (split, place(unit, at))));
    }

    fn expression(&mut self, context: &Context<'p>, value: &'p Expression, depth: usize) {
        match &value.kind {
            ExpressionKind::Literal(_) => {
                self.keep(context, value.as_text().and_then(named), value.at);
            }
            ExpressionKind::Name(name) => self.reference(context, value, name, depth),
            ExpressionKind::Attribute(owner, name) if owner.last_name() == Some("self") => {
                self.reference(context, value, name, depth);
            }
            ExpressionKind::Attribute(owner, name) => match named(name) {
                Some(split) => self.keep(context, Some(split), value.at),
                None => self.expression(context, owner, depth),
            },
            ExpressionKind::Subscript(owner, index) => match index.as_text() {
                Some(text) => self.reference(context, value, text, depth),
                None => self.expression(context, owner, depth),
            },
            ExpressionKind::Call(function, arguments) => {
                self.call(context, value, function, arguments, depth);
            }
            _ => {
                for part in value.parts() {
                    self.expression(context, part, depth);
                }
            }
        }
    }

    /// What a name stands for, or else what the name says.
    fn reference(&mut self, context: &Context<'p>, value: &'p Expression, name: &str, depth: usize) {
        if !self.follow(context, value, depth) {
            self.keep(context, named(name), value.at);
        }
    }

    /// Whether following the value back found anything.
    fn follow(&mut self, context: &Context<'p>, value: &'p Expression, depth: usize) -> bool {
        let before = self.found.len();
        if depth > 0 && !self.seen.contains(&std::ptr::from_ref(value)) {
            self.seen.push(value);
            for (context, source) in self.flow.back(context, value) {
                self.expression(&context, source, depth - 1);
            }
            self.seen.pop();
        }
        self.found.len() > before
    }

    /// Arguments say more than what is returned, and that more than names: `evaluate(model, test_loader)`.
    fn call(
        &mut self,
        context: &Context<'p>,
        call: &'p Expression,
        function: &'p Expression,
        arguments: &'p [Argument],
        depth: usize,
    ) {
        let before = self.found.len();
        for argument in arguments {
            self.expression(context, &argument.value, depth);
            if argument.value.value() == Some(true.into()) {
                let split = argument.name.as_deref().and_then(named);
                self.keep(context, split, argument.value.at);
            }
        }
        if self.found.len() > before || self.follow(context, call, depth) {
            return;
        }
        if let ExpressionKind::Attribute(owner, _) = &function.kind {
            self.expression(context, owner, depth);
        }
        if self.found.len() == before {
            self.keep(context, function.last_name().and_then(named), function.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_named_by_words() {
        for (text, split) in [
            ("train_loader", Some(Split::Train)),
            ("valLoss", Some(Split::Valid)),
            ("data/validation", Some(Split::Valid)),
            ("PrivateTest", Some(Split::Test)),
            ("PublicTest", Some(Split::Valid)),
            ("train_valid_2", None),
            ("latest", None),
            ("", None),
        ] {
            assert_eq!(named(text), split, "{text}");
        }
    }
}
