//! The identities of table specs: `mae_expected <= rmse`, `error = 1 - accuracy`, `total = mean(row)`.
//!
//! A side is made of names of metrics, numbers, `+ - * /`, parentheses, `mean(row)` and `mean(column)`; names
//! may hold `/`, so that a division stands between blanks.

use std::str::FromStr;

use super::interval::{Interval, Relation};

/// The deepest nesting that is read.
const DEEPEST: usize = 32;

/// Two sides and how they are related.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Identity {
    pub(super) left: Expression,
    pub(super) relation: Relation,
    pub(super) right: Expression,
    names: Vec<String>,
}

/// One side.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    Name(String),
    Binary(Box<Expression>, char, Box<Expression>),
}

impl Identity {
    /// Whether a name occurs in it.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.names.iter().any(|found| found == name)
    }
}

impl Expression {
    /// Its value, with names looked up.
    pub(super) fn value(
        &self,
        resolve: &mut dyn FnMut(&str) -> Result<Interval, String>,
    ) -> Result<Interval, String> {
        Ok(match self {
            Self::Number(value) => Interval::exact(*value),
            Self::Name(name) => resolve(name)?,
            Self::Binary(left, operator, right) => {
                let (left, right) = (left.value(resolve)?, right.value(resolve)?);
                match operator {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                }
            }
        })
    }
}

impl FromStr for Identity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let relations = [
            ("<=", Relation::AtMost),
            (">=", Relation::AtLeast),
            ("==", Relation::Equal),
            ("=", Relation::Equal),
        ];
        let split = relations
            .into_iter()
            .find_map(|(sign, relation)| Some((text.split_once(sign)?, relation)));
        let ((left, right), relation) = split.ok_or("no `<=`, `>=` or `=` in it")?;
        let mut names = Vec::new();
        let (left, right) = (side(left, &mut names)?, side(right, &mut names)?);
        Ok(Self {
            left,
            relation,
            right,
            names,
        })
    }
}

fn side(text: &str, names: &mut Vec<String>) -> Result<Expression, &'static str> {
    let mut parser = Parser {
        tokens: tokens(text),
        next: 0,
        names,
    };
    let expression = parser.sum(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err("something follows where it should end"),
    }
}

/// Names, numbers and signs.
fn tokens(text: &str) -> Vec<String> {
    let spaced = text
        .replace("mean(row)", "\u{1}row ")
        .replace("mean(column)", "\u{1}column ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words = spaced.split_whitespace();
    words
        .map(|word| match word {
            "\u{1}row" => "mean(row)".to_owned(),
            "\u{1}column" => "mean(column)".to_owned(),
            word => word.to_owned(),
        })
        .collect()
}

struct Parser<'n> {
    tokens: Vec<String>,
    next: usize,
    names: &'n mut Vec<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.next).map(String::as_str)
    }

    /// The sign at the next place, if it is one of these.
    fn take(&mut self, signs: [&str; 2]) -> Option<char> {
        let sign = self.peek().filter(|token| signs.contains(token))?;
        let sign = sign.chars().next();
        self.next += 1;
        sign
    }

    fn sum(&mut self, depth: usize) -> Result<Expression, &'static str> {
        let mut left = self.product(depth)?;
        while let Some(sign) = self.take(["+", "-"]) {
            let right = self.product(depth)?;
            left = Expression::Binary(Box::new(left), sign, Box::new(right));
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Result<Expression, &'static str> {
        let mut left = self.term(depth)?;
        while let Some(sign) = self.take(["*", "/"]) {
            let right = self.term(depth)?;
            left = Expression::Binary(Box::new(left), sign, Box::new(right));
        }
        Ok(left)
    }

    fn term(&mut self, depth: usize) -> Result<Expression, &'static str> {
        let token = self.peek().ok_or("a side ends too early")?.to_owned();
        self.next += 1;
        if let Ok(value) = token.parse() {
            return Ok(Expression::Number(value));
        }
        match token.as_str() {
            "(" if depth < DEEPEST => {
                let inner = self.sum(depth + 1)?;
                self.take([")", ")"]).ok_or("a parenthesis is not closed")?;
                Ok(inner)
            }
            "(" => Err("its parentheses are nested too deeply"),
            ")" | "+" | "-" | "*" | "/" => Err("a sign stands where a name should"),
            _ => {
                self.names.push(token.clone());
                Ok(Expression::Name(token))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_evaluated_over_intervals() {
        let identity: Identity = "error = 1 - test/age/accuracy * ( 2 / 4 )"
            .parse()
            .expect("an identity");
        assert!(identity.uses("error") && !identity.uses("mean(row)"));
        let mut resolve = |name: &str| {
            assert_eq!(name, "test/age/accuracy");
            Ok(Interval::new(0.5, 1.0))
        };
        let value = identity.right.value(&mut resolve);
        assert_eq!(value, Ok(Interval::new(0.5, 0.75)));
        assert_eq!(identity.relation, Relation::Equal);
        let mean: Identity = "total = mean(row)".parse().expect("an identity");
        assert!(mean.uses("mean(row)"));
    }

    #[test]
    fn what_is_none_is_said() {
        for text in ["a", "a = ", "a = b c", "a = ( b", "a <= * b", "= b"] {
            assert!(text.parse::<Identity>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[a-z/ ()+*<=>0-9.-]{0,60}") {
            let _ = text.parse::<Identity>();
        }
    }
}
