//! The value of an expression for one request, by the words of the language. It shares no code with what is emitted.

use std::net::IpAddr;

use super::read;
use super::scene::Scene;
use crate::algebra::Automaton;
use crate::emit::expr::constant;
use crate::ir::expr::{Comparison, Constant, Expr, Form, Function, Kind, Lookup, Method, Part, Read, Set};
use crate::ty::{Decimal, Ty};

/// A value that is there.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(super) enum Value {
    /// Bytes, as clients send them.
    Text(Vec<u8>),
    Of(Constant),
    List(Vec<Value>),
}

/// Why a value is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// This parameter must be given.
    Param(String),
    /// It is a secret, or of the answer.
    Hidden,
}

impl Value {
    pub(super) fn of(constant: &Constant) -> Self {
        match constant {
            Constant::Text(text) => Self::Text(text.clone().into_bytes()),
            Constant::List(items) => Self::List(items.iter().map(Self::of).collect()),
            other => Self::Of(other.clone()),
        }
    }

    fn truth(&self) -> bool {
        *self == Self::Of(Constant::Bool(true))
    }

    fn bytes(&self) -> &[u8] {
        if let Self::Text(bytes) = self { bytes } else { &[] }
    }

    /// Whether it is this value, or an address of this network.
    fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Of(Constant::Ip(ip)), Self::Of(Constant::Cidr(first, bits))) => {
                in_network(*ip, *first, *bits)
            }
            _ => self == other,
        }
    }
}

/// Whether an address lies in a network.
pub(super) fn in_network(ip: IpAddr, first: IpAddr, bits: u8) -> bool {
    let (ip, first, width) = match (ip, first) {
        (IpAddr::V4(ip), IpAddr::V4(first)) => (u128::from(ip.to_bits()), u128::from(first.to_bits()), 32),
        (IpAddr::V6(ip), IpAddr::V6(first)) => (ip.to_bits(), first.to_bits(), 128),
        _ => return false,
    };
    (ip ^ first).checked_shr(width - u32::from(bits)).unwrap_or(0) == 0
}

impl Scene<'_> {
    /// Whether a function that gives a truth value gives `true`.
    pub(super) fn holds(&self, function: &Function) -> Result<bool, Open> {
        let value = self.value(&function.expr)?;
        Ok(if function.form == Form::IsSet { value.is_some() } else { value.is_some_and(|it| it.truth()) })
    }

    /// The value, or nothing where it is absent.
    fn value(&self, expr: &Expr) -> Result<Option<Value>, Open> {
        let bool = |it: bool| Ok(Some(Value::Of(Constant::Bool(it))));
        match &expr.kind {
            Kind::Constant(constant) => Ok(Some(Value::of(constant))),
            Kind::Read(read) => self.read(read, &expr.ty),
            Kind::Param(name) => self.param(name).map(Some),
            Kind::Not(of) => bool(!self.truth(of)?),
            Kind::And(a, b) => bool(self.truth(a)? && self.truth(b)?),
            Kind::Or(a, b) => bool(self.truth(a)? || self.truth(b)?),
            Kind::Compare(comparison, a, b) => {
                let (Some(a), Some(b)) = (self.value(a)?, self.value(b)?) else { return bool(false) };
                bool(match comparison {
                    Comparison::Equal => a == b,
                    Comparison::NotEqual => a != b,
                    Comparison::Less => a < b,
                    Comparison::LessEqual => a <= b,
                    Comparison::Greater => a > b,
                    Comparison::GreaterEqual => a >= b,
                })
            }
            Kind::In(of, set) => match self.value(of)? {
                Some(value) => bool(self.is_in(&value, set)?),
                None => bool(false),
            },
            Kind::Coalesce(a, b) => match self.value(a)? {
                None => self.value(b),
                found => Ok(found),
            },
            Kind::IsSet(of) => bool(self.value(of)?.is_some()),
            Kind::If(condition, then, otherwise) => {
                self.value(if self.truth(condition)? { then } else { otherwise })
            }
            Kind::Add(a, b) => self.sum(a, b, i64::saturating_add, i128::saturating_add),
            Kind::Subtract(a, b) => self.sum(a, b, i64::saturating_sub, i128::saturating_sub),
            Kind::Call(method, of) => match self.value(of)? {
                Some(value) => self.call(method, &value),
                None => Ok(None),
            },
            Kind::Text(parts) => {
                let mut text = Vec::new();
                for part in parts {
                    match part {
                        Part::Literal(own) => text.extend_from_slice(own.as_bytes()),
                        Part::Value(value) => match self.value(value)? {
                            Some(Value::Of(constant)) => text.extend(constant::text(&constant).into_bytes()),
                            Some(value) => text.extend_from_slice(value.bytes()),
                            None => {}
                        },
                    }
                }
                Ok(Some(Value::Text(text)))
            }
            Kind::List(items) => self.all(items).map(|items| Some(Value::List(items))),
            // A record is written, and never asked; and what a body says is not a part of what is explained.
            Kind::Secret(_)
            | Kind::Record(_)
            | Kind::Document(..)
            | Kind::Member(..)
            | Kind::At(..)
            | Kind::Element(_)
            | Kind::Each(..)
            | Kind::Where(..) => Err(Open::Hidden),
            Kind::Present(of) | Kind::Found(of) => self.value(of),
            Kind::Widened(of) => Ok(self.value(of)?.map(|value| match value {
                Value::Of(Constant::Int(number)) => Value::Of(Constant::Decimal(Decimal::whole(number))),
                other => other,
            })),
        }
    }

    /// The text of a value, as it is written where a text is wanted; nothing of what is absent.
    pub(super) fn written(&self, expr: &Expr) -> Result<Vec<u8>, Open> {
        Ok(match self.value(expr)? {
            Some(Value::Of(constant)) => constant::text(&constant).into_bytes(),
            Some(Value::Text(text)) => text,
            // Only a record, which is open already, has a list in it.
            Some(Value::List(_)) => return Err(Open::Hidden),
            None => Vec::new(),
        })
    }

    fn truth(&self, expr: &Expr) -> Result<bool, Open> {
        Ok(self.value(expr)?.is_some_and(|value| value.truth()))
    }

    fn all(&self, exprs: &[std::rc::Rc<Expr>]) -> Result<Vec<Value>, Open> {
        let values: Result<Vec<_>, _> = exprs.iter().map(|expr| self.value(expr)).collect();
        Ok(values?.into_iter().flatten().collect())
    }

    fn is_in(&self, value: &Value, set: &Set) -> Result<bool, Open> {
        let end = |end: &Option<_>| end.as_deref().map_or(Ok(None), |end| self.value(end));
        Ok(match set {
            Set::Any(items) => self.all(items)?.iter().any(|item| value.is_of(item)),
            Set::List(list) => match self.value(list)? {
                Some(Value::List(items)) => items.iter().any(|item| value.is_of(item)),
                _ => false,
            },
            Set::Range(low, high) => {
                end(low)?.is_none_or(|low| *value >= low) && end(high)?.is_none_or(|high| *value <= high)
            }
        })
    }

    /// Sums stop at the ends of what a number can be.
    fn sum(
        &self,
        a: &Expr,
        b: &Expr,
        whole: fn(i64, i64) -> i64,
        units: fn(i128, i128) -> i128,
    ) -> Result<Option<Value>, Open> {
        Ok(match (self.value(a)?, self.value(b)?) {
            (Some(Value::Of(Constant::Int(a))), Some(Value::Of(Constant::Int(b)))) => {
                Some(Value::Of(Constant::Int(whole(a, b))))
            }
            (Some(Value::Of(Constant::Decimal(a))), Some(Value::Of(Constant::Decimal(b)))) => {
                Some(Value::Of(Constant::Decimal(Decimal(units(a.0, b.0)))))
            }
            _ => None,
        })
    }

    fn call(&self, method: &Method, of: &Value) -> Result<Option<Value>, Open> {
        let text = of.bytes();
        let part = |expr: &Expr| Ok(self.value(expr)?.map_or_else(Vec::new, |part| part.bytes().to_vec()));
        let is = match method {
            Method::StartsWith(expr) => text.starts_with(&part(expr)?),
            Method::EndsWith(expr) => text.ends_with(&part(expr)?),
            Method::Contains(expr) => {
                let part = part(expr)?;
                part.is_empty() || text.windows(part.len()).any(|window| window == part)
            }
            Method::Matches(regex) => Automaton::regex(regex).is_ok_and(|automaton| automaton.contains(text)),
            Method::Lower => return Ok(Some(Value::Text(text.to_ascii_lowercase()))),
            Method::Upper => return Ok(Some(Value::Text(text.to_ascii_uppercase()))),
            Method::Length => {
                let count = match of {
                    Value::List(items) => items.len(),
                    _ => text.iter().filter(|byte| **byte & 0xc0 != 0x80).count(),
                };
                return Ok(Some(Value::Of(Constant::Int(i64::try_from(count).unwrap_or(i64::MAX)))));
            }
        };
        Ok(Some(Value::Of(Constant::Bool(is))))
    }

    fn read(&self, read: &Read, ty: &Ty) -> Result<Option<Value>, Open> {
        Ok(match read {
            Read::Method => Some(Value::Text(self.asked.method.clone().into_bytes())),
            Read::Path => Some(Value::Text(self.path.as_bytes().to_vec())),
            Read::Host => {
                Some(Value::Text(host(self.asked.host.as_deref().unwrap_or_default()).into_bytes()))
            }
            Read::ClientIp => Some(Value::Of(Constant::Ip(self.asked.client.to_canonical()))),
            Read::Status
            | Read::RequestId
            | Read::Known(_)
            | Read::Claim(..)
            | Read::Fact(_)
            | Read::Raw(Lookup::Answer, _)
            | Read::Field(Lookup::Answer, ..) => {
                return Err(Open::Hidden);
            }
            Read::Capture(number) => self.capture(*number).and_then(|text| typed(ty, text)),
            Read::Raw(lookup, name) => self.field(*lookup, name).map(Value::Text),
            Read::Field(lookup, name, default) => {
                let default = default.as_ref().map(Value::of);
                match ty.present().0 {
                    Ty::List(item, _) => {
                        let texts = self.members(*lookup, name).into_iter().flatten();
                        let items: Vec<Value> = texts.filter_map(|text| typed(item, text)).collect();
                        if items.is_empty() {
                            default.or(Some(Value::List(items)))
                        } else {
                            Some(Value::List(items))
                        }
                    }
                    ty => self.field(*lookup, name).and_then(|text| typed(ty, text)).or(default),
                }
            }
        })
    }
}

/// What was found to be of a type; a text stays the bytes that it is.
fn typed(ty: &Ty, text: Vec<u8>) -> Option<Value> {
    if matches!(ty.present().0, Ty::String(_) | Ty::Enum(_) | Ty::Url | Ty::Path) {
        return Some(Value::Text(text));
    }
    read::read(ty, &text)
}

/// In lower case, without its port and without a final dot.
fn host(whole: &str) -> String {
    let name = match whole.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((name, port)) if !port.contains(']') => name,
        _ => whole,
    };
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}
