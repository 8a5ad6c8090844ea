//! Expressions as a program writes them: with the parentheses that they need, or with more.

use super::chance::Random;
use super::expr::{Expr, One, Part, Two};
use super::make::{NETWORKS, PATTERNS};

/// How tightly an expression binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    If,
    Or,
    And,
    Not,
    Compared,
    Coalesced,
    Sum,
    IsSet,
    Whole,
}

/// The text of an expression; `seed` decides where parentheses stand that it does not need.
pub fn written(expr: &Expr, seed: u64) -> String {
    Writer { random: Random(seed) }.expr(expr)
}

struct Writer {
    random: Random,
}

impl Writer {
    /// One that binds at least so tightly, or in parentheses.
    fn at(&mut self, level: Level, expr: &Expr) -> String {
        let text = self.expr(expr);
        let needs = self::level(expr) < level;
        if needs || self.random.one_in(12) { format!("({text})") } else { text }
    }

    fn expr(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Literal(text, _) => text.clone(),
            Expr::Name(name) | Expr::Said(name) => (*name).to_owned(),
            Expr::LookedUp(part, name) => format!("request.{part}(\"{name}\")"),
            Expr::One(One::Not, of) => format!("not {}", self.at(Level::Not, of)),
            Expr::One(One::IsSet, of) => format!("{} is set", self.at(Level::Whole, of)),
            Expr::One(One::IsNotSet, of) => format!("{} is not set", self.at(Level::Whole, of)),
            Expr::One(One::Lower, of) => format!("{}.lower()", self.asked(of)),
            Expr::One(One::Upper, of) => format!("{}.upper()", self.asked(of)),
            Expr::One(One::Length, of) => format!("{}.length", self.asked(of)),
            Expr::Two(two, a, b) => self.two(*two, a, b),
            Expr::If(condition, then, otherwise) => {
                let (condition, then) = (self.at(Level::Or, condition), self.at(Level::Or, then));
                // What stands behind `else` goes on as far as it can.
                format!("if {condition} then {then} else {}", self.at(Level::If, otherwise))
            }
            Expr::Among(of, items, not) => {
                let items: Vec<String> = items.iter().map(|item| self.at(Level::If, item)).collect();
                let word = if *not { "not in" } else { "in" };
                format!("{} {word} [{}]", self.at(Level::Coalesced, of), items.join(", "))
            }
            Expr::Within(of, low, high, not) => {
                let mut end =
                    |end: &Option<Box<Expr>>| end.as_ref().map_or_else(String::new, |it| self.expr(it));
                let range = format!("{}..{}", end(low), end(high));
                let word = if *not { "not in" } else { "in" };
                format!("{} {word} {range}", self.at(Level::Coalesced, of))
            }
            Expr::Net(of, networks) => {
                let networks: Vec<&str> = networks.iter().map(|at| NETWORKS[*at].0).collect();
                let of = self.at(Level::Coalesced, of);
                match networks.as_slice() {
                    [one] if one.contains('/') => format!("{of} in {one}"),
                    all => format!("{of} in [{}]", all.join(", ")),
                }
            }
            Expr::Matches(of, pattern) => {
                format!("{}.matches(re\"{}\")", self.asked(of), PATTERNS[*pattern].0)
            }
            Expr::Text(parts) => {
                let mut text = String::from("\"");
                for part in parts {
                    match part {
                        Part::Literal(written, _) => text.push_str(written),
                        Part::Value(value) => {
                            let value = self.at(Level::If, value);
                            text.extend(["{", &value, "}"]);
                        }
                    }
                }
                text + "\""
            }
            Expr::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.at(Level::If, item)).collect();
                format!("[{}]", items.join(", "))
            }
            Expr::Record(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", self.at(Level::If, value)))
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }

    /// What a method is called of: literals there stand in parentheses, or their dot would be another one.
    fn asked(&mut self, of: &Expr) -> String {
        let text = self.at(Level::Whole, of);
        if matches!(of, Expr::Literal(..)) && !text.starts_with('"') { format!("({text})") } else { text }
    }

    fn two(&mut self, two: Two, a: &Expr, b: &Expr) -> String {
        use Level::{And, Coalesced, Compared, If, Or, Sum, Whole};
        let (left, word, right) = match two {
            Two::Or => (Or, "or", And),
            Two::And => (And, "and", Level::Not),
            Two::Equal => (Coalesced, "==", Coalesced),
            Two::NotEqual => (Coalesced, "!=", Coalesced),
            Two::Less => (Coalesced, "<", Coalesced),
            Two::LessEqual => (Coalesced, "<=", Coalesced),
            Two::Greater => (Coalesced, ">", Coalesced),
            Two::GreaterEqual => (Coalesced, ">=", Coalesced),
            Two::In => (Coalesced, "in", Coalesced),
            Two::NotIn => (Coalesced, "not in", Coalesced),
            Two::Has => (Coalesced, "has", Coalesced),
            Two::Coalesce => (Sum, "??", Coalesced),
            Two::Add => (Sum, "+", Level::IsSet),
            Two::Subtract => (Sum, "-", Level::IsSet),
            Two::StartsWith | Two::EndsWith | Two::Contains => {
                let name = match two {
                    Two::StartsWith => "starts_with",
                    Two::EndsWith => "ends_with",
                    _ => "contains",
                };
                return format!("{}.{name}({})", self.at(Whole, a), self.at(If, b));
            }
        };
        debug_assert!(Compared < Coalesced);
        format!("{} {word} {}", self.at(left, a), self.at(right, b))
    }
}

fn level(expr: &Expr) -> Level {
    match expr {
        Expr::If(..) => Level::If,
        Expr::One(One::Not, _) => Level::Not,
        Expr::One(One::IsSet | One::IsNotSet, _) => Level::IsSet,
        Expr::Two(Two::Or, ..) => Level::Or,
        Expr::Two(Two::And, ..) => Level::And,
        Expr::Two(Two::Coalesce, ..) => Level::Coalesced,
        Expr::Two(Two::Add | Two::Subtract, ..) => Level::Sum,
        Expr::Two(Two::StartsWith | Two::EndsWith | Two::Contains, ..) => Level::Whole,
        Expr::Two(..) | Expr::Among(..) | Expr::Within(..) | Expr::Net(..) => Level::Compared,
        _ => Level::Whole,
    }
}
