//! Which split of the data a value comes from.
//!
//! Owns following names back: a loss to the call that computed it, its loader to the data set, the data set to the
//! words in its construction. What a variable is called counts only where nothing better is known: a loader named
//! `valid_loader` over `PrivateTest` is of the test split.

use std::collections::BTreeSet;

use super::flow::{Branches, Context, Flow};
use super::program::Program;
use super::syntax::{Argument, At, Expression, ExpressionKind};
use super::{CodePlace, place};
use crate::metric::Split;

/// How many names are followed.
const DEPTH: usize = 10;

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

/// The splits that an expression may come from.
pub(super) fn of<'p>(
    program: &Program<'p>,
    context: &Context<'p>,
    value: &'p Expression,
) -> BTreeSet<Origin> {
    let mut search = Search {
        flow: Flow {
            program,
            branches: Branches::All,
        },
        seen: Vec::new(),
        found: BTreeSet::new(),
    };
    search.expression(context, value, DEPTH);
    search.found
}

struct Search<'s, 'p> {
    flow: Flow<'s, 'p>,
    /// What is being followed, so that loops end.
    seen: Vec<*const Expression>,
    found: BTreeSet<Origin>,
}

/// Each method says whether it found a split; one that was found before counts.
impl<'p> Search<'_, 'p> {
    fn keep(&mut self, context: &Context<'p>, split: Option<Split>, at: At) -> bool {
        let unit = self.flow.unit(context);
        self.found
            .extend(split.map(|split| (split, place(unit, at))));
        split.is_some()
    }

    fn any(
        &mut self,
        context: &Context<'p>,
        values: impl IntoIterator<Item = &'p Expression>,
        depth: usize,
    ) -> bool {
        let mut found = false;
        for value in values {
            found |= self.expression(context, value, depth);
        }
        found
    }

    fn expression(&mut self, context: &Context<'p>, value: &'p Expression, depth: usize) -> bool {
        match &value.kind {
            ExpressionKind::Literal(_) => {
                self.keep(context, value.as_text().and_then(named), value.at)
            }
            ExpressionKind::Name(name) => self.reference(context, value, name, depth),
            ExpressionKind::Attribute(owner, name) if owner.last_name() == Some("self") => {
                self.reference(context, value, name, depth)
            }
            ExpressionKind::Attribute(owner, name) => {
                self.keep(context, named(name), value.at) || self.expression(context, owner, depth)
            }
            ExpressionKind::Subscript(owner, index) => match index.as_text() {
                Some(text) => self.reference(context, value, text, depth),
                None => self.expression(context, owner, depth),
            },
            ExpressionKind::Call(function, arguments) => {
                self.call(context, value, function, arguments, depth)
            }
            _ => self.any(context, value.parts(), depth),
        }
    }

    /// What a name stands for, or else the arguments of the call that gave it, or else what the name says.
    fn reference(
        &mut self,
        context: &Context<'p>,
        value: &'p Expression,
        name: &str,
        depth: usize,
    ) -> bool {
        // Where the way is too long, a name would be a guess against what it stands for.
        if depth == 0 {
            return false;
        }
        if self.follow(context, value, depth) {
            return true;
        }
        let given = self.flow.unit(context).assigned(name);
        let calls = given.into_iter().filter(|given| given.as_call().is_some());
        self.any(context, calls, depth - 1) || self.keep(context, named(name), value.at)
    }

    /// Follows the value one step back.
    fn follow(&mut self, context: &Context<'p>, value: &'p Expression, depth: usize) -> bool {
        if depth == 0 || self.seen.contains(&std::ptr::from_ref(value)) {
            return false;
        }
        self.seen.push(value);
        let mut found = false;
        for (context, source) in self.flow.back(context, value) {
            found |= self.expression(&context, source, depth - 1);
        }
        self.seen.pop();
        found
    }

    /// Arguments say more than what is returned, and that more than names: `evaluate(model, test_loader)`.
    fn call(
        &mut self,
        context: &Context<'p>,
        call: &'p Expression,
        function: &'p Expression,
        arguments: &'p [Argument],
        depth: usize,
    ) -> bool {
        let mut found = false;
        for argument in arguments {
            found |= self.expression(context, &argument.value, depth);
            if argument.value.value() == Some(true.into()) {
                let split = argument.name.as_deref().and_then(named);
                found |= self.keep(context, split, argument.value.at);
            }
        }
        if found || self.follow(context, call, depth) {
            return true;
        }
        let owner = match &function.kind {
            ExpressionKind::Attribute(owner, _) => self.expression(context, owner, depth),
            _ => false,
        };
        owner || self.keep(context, function.last_name().and_then(named), function.at)
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
