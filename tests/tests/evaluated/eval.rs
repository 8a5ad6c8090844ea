//! What an expression is, by the words of `docs/expressions.md`. It shares nothing with the compiler or the runtime.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::values::expr::{Expr, One, Part, Two, Value};
use super::values::make::{NETWORKS, PATTERNS};

/// What an expression can read.
#[derive(Debug, Default)]
pub struct World {
    /// By name; `None`: absent.
    pub names: BTreeMap<&'static str, Option<Value>>,
    /// What `request` and `client` say, as written.
    pub said: BTreeMap<&'static str, Value>,
    /// Fields by part and name; of headers in lower case.
    pub fields: BTreeMap<(&'static str, String), Vec<String>>,
}

/// One that must be there.
type There = Value;

impl World {
    /// The value of an expression; `None`: absent.
    pub fn eval(&self, expr: &Expr) -> Option<Value> {
        Some(match expr {
            Expr::Literal(_, value) => value.clone(),
            Expr::Name(name) => self.names[name].clone()?,
            Expr::Said(said) => self.said[said].clone(),
            Expr::LookedUp(part, name) => {
                let name = if *part == "header" { name.to_lowercase() } else { (*name).to_owned() };
                let found = self.fields.get(&(part, name))?;
                // Several lines of one name are one; of the others the first counts.
                Value::Text(if *part == "header" { found.join(", ") } else { found.first()?.clone() })
            }
            Expr::One(one, of) => self.one(*one, of),
            Expr::Two(Two::Coalesce, a, b) => {
                let (first, second) = (self.eval(a), self.eval(b));
                first.or(second)?
            }
            Expr::Two(two, a, b) => self.two(*two, a, b),
            Expr::If(condition, then, otherwise) => {
                return if self.truth(condition) { self.eval(then) } else { self.eval(otherwise) };
            }
            Expr::Among(of, items, not) => {
                let found = self.eval(of);
                let is_in =
                    found.is_some_and(|found| items.iter().any(|item| equal(&found, &self.there(item))));
                Value::Bool(is_in != *not)
            }
            Expr::Within(of, low, high, not) => {
                let is_in = self.eval(of).is_some_and(|found| {
                    let beyond = |end: &Option<Box<Expr>>, wrong| {
                        end.as_ref().is_some_and(|end| order(&found, &self.there(end)) == wrong)
                    };
                    !beyond(low, std::cmp::Ordering::Less) && !beyond(high, std::cmp::Ordering::Greater)
                });
                Value::Bool(is_in != *not)
            }
            Expr::Net(of, networks) => {
                let is_in = self.eval(of).is_some_and(|found| {
                    let Value::Ip(ip) = found else { panic!("an address") };
                    networks.iter().any(|at| in_network(ip, NETWORKS[*at].1, NETWORKS[*at].2))
                });
                Value::Bool(is_in)
            }
            Expr::Matches(of, pattern) => Value::Bool(PATTERNS[*pattern].1(&self.text(of))),
            Expr::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Literal(_, says) => text.push_str(says),
                        Part::Value(value) => text.push_str(&shown(&self.there(value))),
                    }
                }
                Value::Text(text)
            }
            Expr::List(items) => Value::List(items.iter().map(|item| self.there(item)).collect()),
            Expr::Record(fields) => {
                let field = |(name, value): &(&str, Expr)| {
                    let name = name.trim_matches('"').replace("\\\"", "\"");
                    (name, self.there(value))
                };
                // `"\"q\""`: the quotes inside belong to the name.
                let mut all: Vec<(String, Value)> = fields.iter().map(field).collect();
                for ((written, _), (name, _)) in fields.iter().zip(&mut all) {
                    if *written == "\"\\\"q\\\"\"" {
                        "\"q\"".clone_into(name);
                    }
                }
                Value::Record(all)
            }
        })
    }

    fn there(&self, expr: &Expr) -> There {
        self.eval(expr).unwrap_or_else(|| panic!("it is there: {expr:?}"))
    }

    pub fn truth(&self, expr: &Expr) -> bool {
        let Value::Bool(it) = self.there(expr) else { panic!("a truth value: {expr:?}") };
        it
    }

    fn text(&self, expr: &Expr) -> String {
        let Value::Text(text) = self.there(expr) else { panic!("a text: {expr:?}") };
        text
    }

    fn one(&self, one: One, of: &Expr) -> Value {
        match one {
            One::Not => Value::Bool(!self.truth(of)),
            One::IsSet => Value::Bool(self.eval(of).is_some()),
            One::IsNotSet => Value::Bool(self.eval(of).is_none()),
            // Only the letters of ASCII have a case.
            One::Lower => Value::Text(self.text(of).to_ascii_lowercase()),
            One::Upper => Value::Text(self.text(of).to_ascii_uppercase()),
            One::Length => Value::Int(match self.there(of) {
                Value::List(items) => i64::try_from(items.len()).unwrap(),
                Value::Text(text) => i64::try_from(text.chars().count()).unwrap(),
                other => panic!("{other:?}"),
            }),
        }
    }

    fn two(&self, two: Two, a: &Expr, b: &Expr) -> Value {
        let compared = |holds: fn(std::cmp::Ordering) -> bool| {
            let (a, b) = (self.there(a), self.there(b));
            holds(order(&a, &b))
        };
        Value::Bool(match two {
            // Both sides have no effect, so that it does not matter which are looked at.
            Two::And => self.truth(a) & self.truth(b),
            Two::Or => self.truth(a) | self.truth(b),
            Two::Equal => matches!((self.eval(a), self.eval(b)), (Some(a), Some(b)) if equal(&a, &b)),
            Two::NotEqual => !equal(&self.there(a), &self.there(b)),
            Two::Less => compared(std::cmp::Ordering::is_lt),
            Two::LessEqual => compared(std::cmp::Ordering::is_le),
            Two::Greater => compared(std::cmp::Ordering::is_gt),
            Two::GreaterEqual => compared(std::cmp::Ordering::is_ge),
            Two::StartsWith => self.text(a).starts_with(&self.text(b)),
            Two::EndsWith => self.text(a).ends_with(&self.text(b)),
            Two::Contains => self.text(a).contains(&self.text(b)),
            Two::In => self.eval(a).is_some_and(|item| has(&self.there(b), &item)),
            Two::NotIn => !has(&self.there(b), &self.there(a)),
            Two::Has => has(&self.there(a), &self.there(b)),
            Two::Add | Two::Subtract => return sum(two == Two::Add, &self.there(a), &self.there(b)),
            Two::Coalesce => unreachable!("it may be absent"),
        })
    }
}

fn has(list: &Value, item: &Value) -> bool {
    let Value::List(items) = list else { panic!("a list: {list:?}") };
    items.iter().any(|own| equal(own, item))
}

/// A whole number is a decimal one where it meets one.
fn equal(a: &Value, b: &Value) -> bool {
    if let (Some(a), Some(b)) = (decimal(a), decimal(b)) {
        return a == b;
    }
    assert_eq!(std::mem::discriminant(a), std::mem::discriminant(b), "{a:?} {b:?}");
    a == b
}

fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Duration(a), Value::Duration(b)) | (Value::Size(a), Value::Size(b)) => a.cmp(b),
        (Value::Percent(a), Value::Percent(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) | (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (a, b) => decimal(a).expect("a number").cmp(&decimal(b).expect("a number")),
    }
}

fn decimal(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number) * 1_000_000_000),
        Value::Decimal(units) => Some(*units),
        _ => None,
    }
}

/// At the ends of what a number can be, the nearest end; no duration is below zero.
fn sum(adds: bool, a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => {
            let exact = if adds { i128::from(*a) + i128::from(*b) } else { i128::from(*a) - i128::from(*b) };
            Value::Int(i64::try_from(exact.clamp(i64::MIN.into(), i64::MAX.into())).unwrap())
        }
        (Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(if adds { a.checked_add(*b).unwrap() } else { a.saturating_sub(*b) })
        }
        (a, b) => {
            let (a, b) = (decimal(a).expect("a number"), decimal(b).expect("a number"));
            // No sum of these tests comes near the ends.
            Value::Decimal(if adds { a.checked_add(b).unwrap() } else { a.checked_sub(b).unwrap() })
        }
    }
}

fn in_network(ip: IpAddr, first: &str, bits: u8) -> bool {
    let bits_of = |ip: IpAddr| -> Vec<bool> {
        let bytes = match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1)).collect()
    };
    let (own, first) = (bits_of(ip), bits_of(first.parse().unwrap()));
    own.len() == first.len() && own[..bits.into()] == first[..bits.into()]
}

/// A value as text.
pub fn shown(value: &Value) -> String {
    let in_units = |count: u64, units: &[(u64, &str)], least: &str| {
        let unit = units.iter().find(|(size, _)| count > 0 && count.is_multiple_of(*size));
        unit.map_or_else(|| format!("{count}{least}"), |(size, word)| format!("{}{word}", count / size))
    };
    match value {
        Value::Bool(it) => it.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(units) => digits(*units, 9),
        Value::Text(text) | Value::Uuid(text) | Value::Date(text) | Value::Time(text) => text.clone(),
        Value::Duration(0) => "0s".into(),
        Value::Duration(millis) => in_units(*millis, &[(3_600_000, "h"), (60_000, "m"), (1_000, "s")], "ms"),
        Value::Size(bytes) => {
            in_units(*bytes, &[(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")], "B")
        }
        // Millionths are ten thousandths of a hundredth.
        Value::Percent(millionths) => digits((*millionths).into(), 4) + "%",
        Value::Ip(ip) => ip.to_string(),
        Value::List(_) | Value::Record(_) => panic!("it has no text: {value:?}"),
    }
}

/// A number of units of which ten to the so manieth are one, without needless zeros.
fn digits(units: i128, places: usize) -> String {
    let text = format!("{:0width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = text.split_at(text.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let sign = if units < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// A value as JSON.
pub fn json(value: &Value, out: &mut String) {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Decimal(_) => out.push_str(&shown(value)),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                json(item, out);
            }
            out.push(']');
        }
        Value::Record(fields) => {
            out.push('{');
            for (at, (name, value)) in fields.iter().enumerate() {
                write!(out, "{}{}:", if at > 0 { "," } else { "" }, serde_json::json!(name)).unwrap();
                json(value, out);
            }
            out.push('}');
        }
        other => write!(out, "{}", serde_json::json!(shown(other))).unwrap(),
    }
}
