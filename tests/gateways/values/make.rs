//! Makes expressions of a wanted type, over the names that there are.

use std::net::IpAddr;

use super::chance::Random;
use super::expr::{Expr, One, Part, Two, Type, Value};

/// How deep expressions are nested.
const DEEP: usize = 4;

/// Networks and addresses as written, with the first address, and the length of the prefix.
pub const NETWORKS: [(&str, &str, u8); 7] = [
    ("10.0.0.0/8", "10.0.0.0", 8),
    ("127.0.0.0/8", "127.0.0.0", 8),
    ("0.0.0.0/0", "0.0.0.0", 0),
    ("2001:db8::/32", "2001:db8::", 32),
    ("::/0", "::", 0),
    ("10.1.2.3", "10.1.2.3", 32),
    ("::1", "::1", 128),
];

type Matches = fn(&str) -> bool;

/// Patterns, and whether a text matches one as a whole.
pub const PATTERNS: [(&str, Matches); 4] = [
    ("[a-z]+", |text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())),
    ("a|b|the shop", |text| ["a", "b", "the shop"].contains(&text)),
    (".*o.*", |text| text.contains('o')),
    ("[^/]{0,3}", |text| text.chars().count() <= 3 && !text.contains('/')),
];

/// Literals of texts: as written, and what they say.
const TEXTS: [(&str, &str); 9] = [
    ("", ""),
    ("a", "a"),
    ("Hello", "Hello"),
    ("\\\"quoted\\\"", "\"quoted\""),
    ("line\\nbreak\\t", "line\nbreak\t"),
    ("\\{brace\\}", "{brace}"),
    ("äöü 🦀", "äöü 🦀"),
    ("\\\\ back \\u{41}", "\\ back A"),
    ("free", "free"),
];

/// An end of a range: as written, and what it is.
type End = (&'static str, Value);

pub struct Maker {
    random: Random,
    names: Vec<(&'static str, Type)>,
}

fn two(op: Two, a: Expr, b: Expr) -> Expr {
    Expr::Two(op, Box::new(a), Box::new(b))
}

fn one(op: One, of: Expr) -> Expr {
    Expr::One(op, Box::new(of))
}

impl Maker {
    pub fn new(seed: u64, names: Vec<(&'static str, Type)>) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9));
        random.below(2);
        Self { random, names }
    }

    fn scalar(&mut self) -> Type {
        use Type::{Bool, Date, Decimal, Duration, Int, Ip, Percent, Size, Text, Time, Uuid};
        let all = [
            &Bool, &Bool, &Int, &Int, &Decimal, &Text, &Text, &Duration, &Size, &Percent, &Ip, &Uuid, &Date,
            &Time,
        ];
        self.random.of(&all).clone()
    }

    /// A value that has a text.
    pub fn printed(&mut self) -> Expr {
        let ty = self.scalar();
        self.of(&ty, DEEP)
    }

    /// A value that has a form in JSON.
    pub fn json(&mut self) -> Expr {
        let expr = self.nested(2);
        // JSON has no literals of its own for durations and the like.
        if matches!(expr, Expr::Literal(..)) { Expr::Name("p-dur") } else { expr }
    }

    fn nested(&mut self, depth: usize) -> Expr {
        let expr = match self.random.below(if depth == 0 { 6 } else { 10 }) {
            0..=4 => self.printed(),
            5 => self.list(&Type::Int, 1),
            6 => self.list(&Type::Text, 1),
            7 => Expr::List((0..self.random.below(3)).map(|_| self.nested(depth - 1)).collect()),
            _ => {
                let names = ["ok", "\"a b\"", "\"\\\"q\\\"\""];
                let count = self.random.below(4);
                Expr::Record(names[..count].iter().map(|name| (*name, self.nested(depth - 1))).collect())
            }
        };
        match expr {
            Expr::Literal(..) => Expr::Name("p-text"),
            expr => expr,
        }
    }

    fn named(&mut self, ty: &Type) -> Option<Expr> {
        let fitting: Vec<&'static str> =
            self.names.iter().filter(|(_, own)| own == ty).map(|(name, _)| *name).collect();
        (!fitting.is_empty()).then(|| Expr::Name(self.random.of(&fitting)))
    }

    /// A value that is there.
    pub fn of(&mut self, ty: &Type, depth: usize) -> Expr {
        if depth > 0 && self.random.one_in(6) {
            let condition = self.truth(depth - 1);
            let then = self.of(ty, depth - 1);
            // Of two literals that are texts, nothing says which type they are.
            let otherwise = if matches!(then, Expr::Literal(..)) && ty.is_quoted() {
                self.named(ty).expect("there is one of each")
            } else {
                self.of(ty, depth - 1)
            };
            return Expr::If(Box::new(condition), Box::new(then), Box::new(otherwise));
        }
        if depth > 0
            && self.random.one_in(4)
            && let Some(first) = self.maybe(ty, depth - 1)
        {
            return two(Two::Coalesce, first, self.of(ty, depth - 1));
        }
        if self.random.one_in(3) || depth == 0 && ty.is_quoted() {
            return self.named(ty).expect("there is one of each");
        }
        match ty {
            Type::Bool if depth > 0 => self.truth(depth - 1),
            Type::Int if depth > 0 => self.int(depth - 1),
            Type::Decimal if depth > 0 => {
                let op = self.random.of(&[Two::Add, Two::Subtract]);
                // A whole number is widened.
                let other = if self.random.one_in(3) { Type::Int } else { Type::Decimal };
                let (a, b) = (self.of(ty, depth - 1), self.of(&other, depth - 1));
                if self.random.one_in(2) { two(op, a, b) } else { two(op, b, a) }
            }
            Type::Duration if depth > 0 => {
                let op = self.random.of(&[Two::Add, Two::Subtract]);
                two(op, self.of(ty, depth - 1), self.of(ty, depth - 1))
            }
            Type::Text if depth > 0 => self.text(depth - 1),
            Type::Ip => Expr::Said("client.ip"),
            ty if ty.is_quoted() => self.named(ty).expect("there is one of each"),
            ty => self.literal(ty),
        }
    }

    /// A value that may be absent.
    fn maybe(&mut self, ty: &Type, depth: usize) -> Option<Expr> {
        let named = self.named(&ty.clone().maybe());
        if *ty == Type::Text && (named.is_none() || self.random.one_in(2)) {
            return Some(self.looked_up());
        }
        if depth > 0 && self.random.one_in(4) {
            let first = self.maybe(ty, 0)?;
            let second = self.maybe(ty, depth - 1)?;
            return Some(if self.random.one_in(2) {
                two(Two::Coalesce, first, second)
            } else {
                let condition = self.truth(depth - 1);
                Expr::If(Box::new(condition), Box::new(first), Box::new(second))
            });
        }
        named
    }

    fn looked_up(&mut self) -> Expr {
        let (part, name) = self.random.of(&[
            ("query", "raw"),
            ("query", "a b"),
            ("header", "x-a"),
            ("header", "Accept"),
            ("cookie", "s"),
            ("cookie", "t"),
        ]);
        Expr::LookedUp(part, name)
    }

    fn int(&mut self, depth: usize) -> Expr {
        match self.random.below(5) {
            0 | 1 => {
                let op = self.random.of(&[Two::Add, Two::Subtract]);
                two(op, self.of(&Type::Int, depth), self.of(&Type::Int, depth))
            }
            2 => one(One::Length, self.of(&Type::Text, depth)),
            3 => {
                let item = self.random.of(&[&Type::Int, &Type::Text]);
                one(One::Length, self.named(&Type::List(Box::new(item.clone()))).expect("there are lists"))
            }
            _ => self.literal(&Type::Int),
        }
    }

    fn text(&mut self, depth: usize) -> Expr {
        match self.random.below(6) {
            0 => Expr::Said(self.random.of(&["request.path", "request.host", "request.method"])),
            1 => one(self.random.of(&[One::Lower, One::Upper]), self.of(&Type::Text, depth)),
            2 | 3 => {
                let mut parts = Vec::new();
                for _ in 0..=self.random.below(3) {
                    let (written, says) = self.random.of(&TEXTS);
                    parts.push(Part::Literal(written, says));
                    let ty = self.scalar();
                    parts.push(Part::Value(self.of(&ty, depth)));
                }
                Expr::Text(parts)
            }
            4 => two(Two::Coalesce, self.looked_up(), self.of(&Type::Text, depth)),
            _ => self.literal(&Type::Text),
        }
    }

    fn list(&mut self, item: &Type, depth: usize) -> Expr {
        let ty = Type::List(Box::new(item.clone()));
        if depth > 0 && self.random.one_in(3) {
            let condition = self.truth(depth);
            let (then, otherwise) = (self.list(item, depth - 1), self.list(item, depth - 1));
            return Expr::If(Box::new(condition), Box::new(then), Box::new(otherwise));
        }
        self.named(&ty).expect("there are lists")
    }

    fn truth(&mut self, depth: usize) -> Expr {
        let next = depth.saturating_sub(1);
        if depth == 0 {
            return match self.random.below(3) {
                0 => one(One::IsSet, self.looked_up()),
                1 => self.literal(&Type::Bool),
                _ => self.named(&Type::Bool).expect("there is one"),
            };
        }
        match self.random.below(15) {
            0 => one(One::Not, self.truth(next)),
            1 | 2 => {
                let op = self.random.of(&[Two::And, Two::Or]);
                two(op, self.truth(next), self.truth(next))
            }
            3 => {
                let ty = self.scalar();
                let of = self.maybe(&ty, next).unwrap_or_else(|| self.looked_up());
                one(self.random.of(&[One::IsSet, One::IsNotSet]), of)
            }
            4 => {
                let op = self.random.of(&[Two::StartsWith, Two::EndsWith, Two::Contains]);
                two(op, self.of(&Type::Text, next), self.of(&Type::Text, next))
            }
            5 => Expr::Matches(Box::new(self.of(&Type::Text, next)), self.random.below(PATTERNS.len())),
            6 => self.network(next),
            7 => self.in_list(next),
            8 | 9 => self.among(next),
            10 => self.within(next),
            11 => {
                // Both may be absent.
                let ty = self.scalar();
                let first = self.maybe(&ty, next).unwrap_or_else(|| self.looked_up());
                let ty = if matches!(first, Expr::LookedUp(..)) { Type::Text } else { ty };
                let second = if self.random.one_in(2) { self.maybe(&ty, 0) } else { None };
                let second = second.unwrap_or_else(|| self.beside(&ty, next));
                two(Two::Equal, first, second)
            }
            _ => self.comparison(next),
        }
    }

    /// A value that stands beside one of the type; a literal there is read as one.
    fn beside(&mut self, ty: &Type, depth: usize) -> Expr {
        if self.random.one_in(3) { self.literal(ty) } else { self.of(ty, depth) }
    }

    fn comparison(&mut self, depth: usize) -> Expr {
        let ty = self.scalar();
        let equal = [Two::Equal, Two::NotEqual];
        let ordered = [Two::Less, Two::LessEqual, Two::Greater, Two::GreaterEqual, Two::Equal, Two::NotEqual];
        let op = if ty.has_order() { self.random.of(&ordered) } else { self.random.of(&equal) };
        let other = match ty {
            Type::Int if self.random.one_in(4) => Type::Decimal,
            Type::Decimal if self.random.one_in(4) => Type::Int,
            ref same => same.clone(),
        };
        let (a, b) = (self.of(&ty, depth), self.beside(&other, depth));
        // Two literals that are texts are texts.
        let a =
            if ty.is_quoted() && matches!(a, Expr::Literal(..)) { self.named(&ty).expect("one") } else { a };
        if self.random.one_in(2) { two(op, a, b) } else { two(op, b, a) }
    }

    fn network(&mut self, depth: usize) -> Expr {
        let of = match self.random.below(2) {
            0 => self.maybe(&Type::Ip, 0).expect("there is one"),
            _ => self.of(&Type::Ip, depth),
        };
        let count = 1 + self.random.below(3);
        Expr::Net(Box::new(of), (0..count).map(|_| self.random.below(NETWORKS.len())).collect())
    }

    fn in_list(&mut self, depth: usize) -> Expr {
        let item = self.random.of(&[&Type::Int, &Type::Text]).clone();
        let list = self.list(&item, 1);
        match self.random.below(4) {
            0 => two(Two::Has, list, self.beside(&item, depth)),
            1 => two(Two::NotIn, self.of(&item, depth), list),
            2 => match self.maybe(&item, depth) {
                Some(may) => two(Two::In, may, list),
                None => two(Two::Has, list, self.of(&item, depth)),
            },
            _ => two(Two::In, self.of(&item, depth), list),
        }
    }

    fn among(&mut self, depth: usize) -> Expr {
        let ty = match self.scalar() {
            Type::Ip => Type::Text,
            ty => ty,
        };
        let may = if self.random.one_in(3) { self.maybe(&ty, depth) } else { None };
        let not = may.is_none() && self.random.one_in(3);
        let of = may.unwrap_or_else(|| self.of(&ty, depth));
        let items = (0..=self.random.below(3)).map(|_| self.beside(&ty, 0)).collect();
        Expr::Among(Box::new(of), items, not)
    }

    fn within(&mut self, depth: usize) -> Expr {
        let ty = self.random.of(&[&Type::Int, &Type::Duration, &Type::Size, &Type::Decimal]).clone();
        let may = if self.random.one_in(3) { self.maybe(&ty, depth) } else { None };
        let not = may.is_none() && self.random.one_in(3);
        let of = may.unwrap_or_else(|| self.of(&ty, depth));
        let (low, high): (&[End], &[End]) = match ty {
            Type::Int => (
                &[("-7", Value::Int(-7)), ("0", Value::Int(0))],
                &[("0", Value::Int(0)), ("42", Value::Int(42))],
            ),
            Type::Duration => (
                &[("0s", Value::Duration(0)), ("250ms", Value::Duration(250))],
                &[("2s", Value::Duration(2_000)), ("1h", Value::Duration(3_600_000))],
            ),
            Type::Size => (
                &[("0B", Value::Size(0)), ("1KiB", Value::Size(1_024))],
                &[("10MB", Value::Size(10_000_000))],
            ),
            _ => (
                &[("-0.5", Value::Decimal(-500_000_000)), ("0.1", Value::Decimal(100_000_000))],
                &[("9.95", Value::Decimal(9_950_000_000))],
            ),
        };
        let mut end = |of: &[End]| {
            let (written, value) = of[self.random.below(of.len())].clone();
            Some(Box::new(Expr::Literal(written.to_owned(), value)))
        };
        let (low, high) = (end(low), end(high));
        let (low, high) = match self.random.below(4) {
            0 => (None, high),
            1 => (low, None),
            _ => (low, high),
        };
        Expr::Within(Box::new(of), low, high, not)
    }

    fn literal(&mut self, ty: &Type) -> Expr {
        let (written, value) = match ty {
            Type::Bool => self.random.of(&[("true", true), ("false", false)]).map_value(Value::Bool),
            Type::Int => {
                let number = self.random.of(&[0, 1, -1, 7, 42, i64::MAX, i64::MIN, -5]);
                (number.to_string(), Value::Int(number))
            }
            Type::Decimal => self
                .random
                .of(&[
                    ("9.95", 9_950_000_000_i128),
                    ("-0.5", -500_000_000),
                    ("0.000000001", 1),
                    ("2.50", 2_500_000_000),
                    ("-3.0", -3_000_000_000),
                ])
                .map_value(Value::Decimal),
            Type::Text => {
                let (written, says) = self.random.of(&TEXTS);
                (format!("\"{written}\""), Value::Text(says.to_owned()))
            }
            Type::Duration => self
                .random
                .of(&[
                    ("250ms", 250),
                    ("2s", 2_000),
                    ("5m", 300_000),
                    ("1h", 3_600_000),
                    ("0s", 0),
                    ("1500ms", 1_500),
                ])
                .map_value(Value::Duration),
            Type::Size => self
                .random
                .of(&[
                    ("0B", 0),
                    ("64KiB", 65_536),
                    ("10MB", 10_000_000),
                    ("1GiB", 1 << 30),
                    ("1025B", 1_025),
                ])
                .map_value(Value::Size),
            Type::Percent => self
                .random
                .of(&[("5%", 50_000), ("0%", 0), ("100%", 1_000_000), ("0.25%", 2_500)])
                .map_value(Value::Percent),
            Type::Ip => {
                let text = self.random.of(&["10.1.2.3", "::1", "2001:db8::7", "127.0.0.1"]);
                (text.to_owned(), Value::Ip(text.parse::<IpAddr>().expect("an address")))
            }
            Type::Uuid => {
                let text = self
                    .random
                    .of(&["6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10", "00000000-0000-0000-0000-00000000000A"]);
                (format!("\"{text}\""), Value::Uuid(text.to_lowercase()))
            }
            Type::Date => {
                let text = self.random.of(&["2024-02-29", "1999-12-31"]);
                (format!("\"{text}\""), Value::Date(text.to_owned()))
            }
            Type::Time => {
                let text = self.random.of(&["21:55:00", "00:00:00"]);
                (format!("\"{text}\""), Value::Time(text.to_owned()))
            }
            Type::List(_) | Type::Maybe(_) => return self.named(ty).expect("there is one"),
        };
        Expr::Literal(written, value)
    }
}

/// A literal as written, with its value made.
trait MapValue<T> {
    fn map_value(self, make: fn(T) -> Value) -> (String, Value);
}

impl<T> MapValue<T> for (&str, T) {
    fn map_value(self, make: fn(T) -> Value) -> (String, Value) {
        (self.0.to_owned(), make(self.1))
    }
}
