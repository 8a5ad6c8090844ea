//! Literals, read as values of a type.

use std::cmp::Ordering;
use std::net::{IpAddr, SocketAddr};

use gatewright_dsl::ast::{Percent, Rate, Value, ValueKind};
use gatewright_dsl::problem::setting::{out_of_bounds, wrong_type};
use gatewright_dsl::schema::{self, canonical_network, url};
use gatewright_dsl::{Problem, problem::nearest::nearest};

use crate::algebra::Automaton;
use crate::ir::expr::Constant;
use crate::ty::{Decimal, Range, Text, Ty};

/// The value of a literal that must be of a type, bounds included: a default, an argument.
pub(crate) fn constant(value: &Value, ty: &Ty) -> Result<Constant, Box<Problem>> {
    if let (Ty::List(item, range), ValueKind::List(items)) = (ty, &value.kind) {
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        if !range.holds(&count) {
            let found = items.len().to_string();
            return Err(Box::new(
                out_of_bounds(value.span, "the number of items", &found, &format!("within `{range}`"))
                    .help("add items, or remove some"),
            ));
        }
        let items: Result<_, _> = items.iter().map(|value| constant(value, item)).collect();
        return Ok(Constant::List(items?));
    }
    let found = of_class(value, ty).map_err(|found| Box::new(mismatch(value, ty, found.as_deref())))?;
    if within(&found, ty) {
        return Ok(found);
    }
    let shown = amount(&found).map_or_else(|| describe(value), |amount| format!("`{amount}`"));
    let problem = wrong_type(value.span, &format!("`{ty}`"), &shown);
    let near = match (ty, &found) {
        (Ty::Enum(words), Constant::Text(text)) => nearest(text, words.iter().map(String::as_str)),
        _ => None,
    };
    Err(Box::new(match near {
        Some(near) => {
            problem.help(format!("did you mean \"{near}\"?")).fix(value.span, format!("\"{near}\""))
        }
        None => problem.help("write a value within these bounds"),
    }))
}

/// The value of a literal as one of a type, whatever the type's bounds. `Err`: what was found instead, where that can be
/// said better than by showing it.
pub(super) fn of_class(value: &Value, ty: &Ty) -> Result<Constant, Option<String>> {
    Ok(match (ty, &value.kind) {
        (Ty::Optional(inner), _) => return of_class(value, inner),
        (Ty::Bool, ValueKind::Bool(it)) => Constant::Bool(*it),
        (Ty::Int(_), ValueKind::Int(it)) => Constant::Int(*it),
        (Ty::Decimal(_), ValueKind::Int(it)) => Constant::Decimal(Decimal::whole(*it)),
        (Ty::Decimal(_), ValueKind::Decimal(digits)) => Constant::Decimal(
            Decimal::read(digits).ok_or_else(|| Some(format!("`{digits}`, which has too many digits")))?,
        ),
        (Ty::String(_) | Ty::Enum(_) | Ty::Path, ValueKind::Text(it)) => Constant::Text(it.clone()),
        (Ty::Url, ValueKind::Text(it)) => {
            url::parse(it, &["http", "https"]).map_err(Some)?;
            Constant::Text(it.clone())
        }
        (Ty::Duration(_), ValueKind::Duration(it)) => Constant::Duration(*it),
        (Ty::Size(_), ValueKind::Size(it)) => Constant::Size(*it),
        (Ty::Rate(_), ValueKind::Rate(Rate { count, per })) => Constant::Rate(*count, *per),
        (Ty::Percent(_), ValueKind::Percent(Percent(it))) => Constant::Percent(*it),
        (Ty::Ip, ValueKind::Address(it) | ValueKind::Word(it)) => {
            Constant::Ip(it.parse::<IpAddr>().map_err(|_| None)?.to_canonical())
        }
        (Ty::Cidr, ValueKind::Address(it) | ValueKind::Word(it)) => cidr(it).ok_or(None)?,
        (Ty::Addr, ValueKind::Address(it) | ValueKind::Word(it)) => Constant::Addr(addr(it).ok_or(None)?),
        (Ty::Uuid, ValueKind::Text(it)) => Constant::Uuid(uuid(it).ok_or(None)?),
        (Ty::Date, ValueKind::Text(it)) => date(it).ok_or(None)?,
        (Ty::Time, ValueKind::Text(it)) => time(it).ok_or(None)?,
        _ => return Err(None),
    })
}

/// The value of a literal that says itself of which type it is.
pub(super) fn free(value: &Value) -> Option<(Constant, Ty)> {
    let ty = match &value.kind {
        ValueKind::Bool(_) => Ty::Bool,
        ValueKind::Int(_) => Ty::INT,
        ValueKind::Decimal(_) => Ty::DECIMAL,
        ValueKind::Text(_) => Ty::STRING,
        ValueKind::Duration(_) => Ty::DURATION,
        ValueKind::Size(_) => Ty::SIZE,
        ValueKind::Rate(_) => Ty::RATE,
        ValueKind::Percent(_) => Ty::PERCENT,
        ValueKind::Address(it) | ValueKind::Word(it) if it.parse::<IpAddr>().is_ok() => Ty::Ip,
        ValueKind::Address(it) | ValueKind::Word(it) if it.contains('/') => Ty::Cidr,
        ValueKind::Address(_) => Ty::Addr,
        _ => return None,
    };
    of_class(value, &ty).ok().map(|constant| (constant, ty))
}

/// Whether a value lies within the bounds of its type.
pub(crate) fn within(constant: &Constant, ty: &Ty) -> bool {
    match (ty, constant) {
        (Ty::Optional(inner), _) => within(constant, inner),
        (Ty::Int(range), Constant::Int(it)) => range.holds(it),
        (Ty::Decimal(range), Constant::Decimal(it)) => range.holds(it),
        (Ty::Enum(words), Constant::Text(it)) => words.contains(it),
        (Ty::String(Text::Length(range)), Constant::Text(it)) => {
            range.holds(&i64::try_from(it.chars().count()).unwrap_or(i64::MAX))
        }
        (Ty::String(Text::Matches(regex)), Constant::Text(it)) => {
            // What cannot be used is refused where the type stands.
            Automaton::regex(regex).is_ok_and(|automaton| automaton.contains(it.as_bytes()))
        }
        _ => match (amount(constant), ty.amounts()) {
            (Some(value), Some(Range { min, max })) => {
                let is = |bound: &schema::Value, against: Ordering| value.compare(bound) == Some(against);
                !min.is_some_and(|min| is(&min, Ordering::Less))
                    && !max.is_some_and(|max| is(&max, Ordering::Greater))
            }
            _ => true,
        },
    }
}

/// A value with a unit, as the one that bounds are written in.
pub(crate) fn amount(constant: &Constant) -> Option<schema::Value> {
    Some(match constant {
        Constant::Duration(time) => schema::Value::Duration(*time),
        Constant::Size(bytes) => schema::Value::Size(*bytes),
        Constant::Percent(millionths) => schema::Value::Percent(Percent(*millionths)),
        Constant::Rate(count, per) => schema::Value::Rate(Rate { count: *count, per: *per }),
        _ => return None,
    })
}

/// Whether a value of the tree is a literal, or a choice between literals, so that its type follows from the place where
/// it stands.
pub(super) fn is_literal(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Address(_) => true,
        ValueKind::List(items) => items.iter().all(is_literal),
        ValueKind::If { then, otherwise, .. } => is_literal(then) && is_literal(otherwise),
        _ => free(value).is_some(),
    }
}

fn mismatch(value: &Value, ty: &Ty, found: Option<&str>) -> Problem {
    let described = describe(value);
    let problem = wrong_type(value.span, &format!("`{ty}`"), found.unwrap_or(&described));
    match (ty, &value.kind) {
        (Ty::Duration(_), ValueKind::Int(number)) => {
            problem.help(format!("write the unit: `{number}s`, `{number}ms`"))
        }
        (Ty::Size(_), ValueKind::Int(number)) => {
            problem.help(format!("write the unit: `{number}B`, `{number}KiB`"))
        }
        (Ty::Percent(_), ValueKind::Int(number)) => problem.help(format!("write `{number}%`")),
        (Ty::Rate(_), ValueKind::Int(number)) => problem.help(format!("write the time too: `{number}/s`")),
        (Ty::Ip | Ty::Cidr | Ty::Addr, ValueKind::Text(text)) => {
            problem.help(format!("write `{text}` without quotes"))
        }
        (Ty::String(_) | Ty::Enum(_), ValueKind::Word(word)) => {
            problem.help(format!("write it in quotes: \"{word}\""))
        }
        (Ty::List(..), _) => problem.help("write a list: `[a, b]`"),
        _ => problem.help(format!("write a value of the type `{ty}`")),
    }
}

/// What a literal is, in words.
pub(super) fn describe(value: &Value) -> String {
    match &value.kind {
        ValueKind::Bool(it) => format!("`{it}`"),
        ValueKind::Int(it) => format!("`{it}`"),
        ValueKind::Decimal(it) => format!("`{it}`"),
        ValueKind::Text(it) => format!("the text {it:?}"),
        ValueKind::Duration(_) => "a duration".into(),
        ValueKind::Size(_) => "a size".into(),
        ValueKind::Rate(_) => "a rate".into(),
        ValueKind::Percent(_) => "a percentage".into(),
        ValueKind::Address(it) => format!("the address `{it}`"),
        ValueKind::Word(it) => format!("the word `{it}`"),
        ValueKind::List(_) => "a list".into(),
        ValueKind::Record(_) => "a record".into(),
        ValueKind::Range(..) | ValueKind::StatusClass(_) => "a range".into(),
        ValueKind::Path(_) => "a path".into(),
        ValueKind::Regex(_) => "a pattern".into(),
        _ => "an expression".into(),
    }
}

/// An address; a port alone is every address of the machine.
fn addr(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => Some(SocketAddr::new(crate::EVERY_ADDRESS, url::port(port)?)),
        None => text.parse::<SocketAddr>().ok().filter(|addr| addr.port() != 0),
    }
}

/// A network, whose other bits are zero.
pub(crate) fn cidr(text: &str) -> Option<Constant> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, bits): (IpAddr, u32) = (ip.parse().ok()?, bits.parse().ok()?);
    let is_first = match ip {
        IpAddr::V4(ip) => bits <= 32 && u32::from(ip).checked_shl(bits).unwrap_or(0) == 0,
        IpAddr::V6(ip) => bits <= 128 && u128::from(ip).checked_shl(bits).unwrap_or(0) == 0,
    };
    let (first, bits) = canonical_network(ip, u8::try_from(bits).ok()?);
    is_first.then_some(Constant::Cidr(first, bits))
}

pub(crate) fn uuid(text: &str) -> Option<[u8; 16]> {
    let has_dashes =
        text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text.as_bytes().get(*at) == Some(&b'-'));
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if !has_dashes || digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

pub(crate) fn date(text: &str) -> Option<Constant> {
    let [year, month, day] = *numbers(text, '-', [4, 2, 2])?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let narrow = |number: u16| u8::try_from(number).ok();
    (1..=days).contains(&day).then_some(Constant::Date(year, narrow(month)?, narrow(day)?))
}

pub(crate) fn time(text: &str) -> Option<Constant> {
    let [hour, minute, second] = *numbers(text, ':', [2, 2, 2])?;
    let is_time = hour < 24 && minute < 60 && second < 60;
    is_time.then(|| Constant::Time(u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second)))
}

/// Three numbers of so many digits each.
fn numbers(text: &str, between: char, widths: [usize; 3]) -> Option<Box<[u16; 3]>> {
    let parts: Vec<&str> = text.split(between).collect();
    let read = |(part, width): (&&str, usize)| {
        let is_number = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| is_number)
    };
    let numbers: Option<Vec<u16>> = parts.iter().zip(widths).map(read).collect();
    numbers.filter(|_| parts.len() == 3)?.try_into().ok()
}
