//! One written value, made into a value of a parameter's type and held against its bounds.

use super::param::Param;
use super::ty::FAILURES;
use super::url;
use super::want::own_name;
use super::{Addr, Cause, Type, Value};
use crate::ast::{Name, Template, TemplatePart, Value as Written, ValueKind};
use crate::policy::Catalogue;
use crate::problem::nearest::nearest;
use crate::problem::{Problem, setting as wrong, syntax};
use std::borrow::Cow;
use std::net::IpAddr;

/// The value, of the parameter's type and within its bounds.
pub(super) fn convert(
    written: &Written,
    param: &Param,
    catalogue: &Catalogue,
) -> Result<Value, Box<Problem>> {
    let value = match typed(written, param.ty, catalogue) {
        Ok(value) => value,
        Err(_)
            if param.dynamic.is_name()
                && let Some(name) = name(written) =>
        {
            return Ok(Value::Name(name));
        }
        Err(problem) => return Err(alone(problem, written, param)),
    };
    within(&value, param).map_err(|bounds| {
        Box::new(wrong::out_of_bounds(written.span, param.name, &value.to_string(), &bounds))
    })?;
    Ok(value)
}

/// A literal of a type, whatever the bounds of a parameter of this type are.
///
/// # Errors
///
/// The problem, where it is of another type.
pub fn literal(written: &Written, ty: Type, catalogue: &Catalogue) -> Result<Value, Box<Problem>> {
    typed(written, ty, catalogue)
}

/// Adds that a name gives the whole list, where one stands among other items.
fn alone(problem: Box<Problem>, written: &Written, param: &Param) -> Box<Problem> {
    let ValueKind::List(items) = &written.kind else { return problem };
    match items.iter().find_map(name) {
        Some(name) if param.dynamic.is_name() && problem.help.is_none() => {
            let help = format!("a `param` stands alone, and gives all of them: `{}`", name.text);
            Box::new(problem.help(help))
        }
        _ => problem,
    }
}

fn typed(written: &Written, ty: Type, catalogue: &Catalogue) -> Result<Value, Box<Problem>> {
    let mismatch = || {
        Box::new(hinted(wrong::wrong_type(written.span, &ty.to_string(), &found(&written.kind)), written, ty))
    };
    Ok(match (ty, &written.kind) {
        (Type::List(item), ValueKind::List(items)) => Value::List(
            items.iter().map(|written| typed(written, *item, catalogue)).collect::<Result<_, _>>()?,
        ),
        (Type::List(item), _) => Value::List(vec![typed(written, *item, catalogue)?]),
        (Type::Bool, ValueKind::Bool(value)) => Value::Bool(*value),
        (Type::Int(bounds), ValueKind::Int(number)) => {
            if !bounds.holds(*number) {
                let message = format!("within `{bounds}`");
                return Err(Box::new(wrong::out_of_bounds(
                    written.span,
                    "this",
                    &number.to_string(),
                    &message,
                )));
            }
            Value::Int(*number)
        }
        (Type::Decimal, ValueKind::Decimal(digits)) => Value::Decimal(digits.clone().into()),
        (Type::Decimal, ValueKind::Int(number)) => Value::Decimal(number.to_string().into()),
        (Type::String(bounds), ValueKind::Text(text)) => {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            if !bounds.holds(length) {
                let message = format!("`{bounds}` characters long");
                return Err(Box::new(wrong::out_of_bounds(
                    written.span,
                    "this",
                    &length.to_string(),
                    &message,
                )));
            }
            Value::Text(text.clone().into())
        }
        (Type::Duration, ValueKind::Duration(duration)) => Value::Duration(*duration),
        (Type::Size, ValueKind::Size(bytes)) => Value::Size(*bytes),
        (Type::Rate, ValueKind::Rate(rate)) => Value::Rate(*rate),
        (Type::Percent, ValueKind::Percent(percent)) => Value::Percent(*percent),
        (Type::Ip, ValueKind::Address(text) | ValueKind::Word(text)) => {
            Value::Ip(text.parse().map_err(|_| mismatch())?)
        }
        (Type::Cidr, ValueKind::Address(text) | ValueKind::Word(text)) => {
            cidr(text).ok_or_else(|| host_bits(written, text).unwrap_or_else(mismatch))?
        }
        (Type::Addr, ValueKind::Address(text) | ValueKind::Word(text)) => {
            Value::Addr(addr(text).ok_or_else(mismatch)?)
        }
        (Type::Url(schemes), ValueKind::Text(text)) => Value::Url(
            url::parse(text, schemes)
                .map_err(|found| Box::new(wrong::wrong_type(written.span, &ty.to_string(), &found)))?,
        ),
        (Type::Origin(schemes), ValueKind::Text(text)) => {
            let mut url = url::parse(text, schemes)
                .map_err(|found| Box::new(wrong::wrong_type(written.span, &ty.to_string(), &found)))?;
            if !matches!(url.path.as_str(), "" | "/") {
                let found = format!("one with the path `{}`", url.path);
                let problem = wrong::wrong_type(written.span, &ty.to_string(), &found);
                return Err(Box::new(problem.help("leave the path out here, and write it where it is sent")));
            }
            url.path.clear();
            Value::Url(url)
        }
        (Type::Word(words) | Type::Choice(words), ValueKind::Word(word))
            if words.contains(&word.as_str()) =>
        {
            Value::Word(Cow::Owned(word.clone()))
        }
        (Type::Shape(words), ValueKind::Word(word)) if words.contains(&word.as_str()) => {
            Value::Word(Cow::Owned(word.clone()))
        }
        (Type::Shape(_), ValueKind::Word(word)) if !word.contains("::") => {
            Value::Type(Name { span: written.span, text: word.clone() })
        }
        (Type::Net, ValueKind::Address(text) | ValueKind::Word(text)) => {
            net(text).ok_or_else(|| host_bits(written, text).unwrap_or_else(mismatch))?
        }
        (Type::Name, ValueKind::Text(name) | ValueKind::Word(name)) if !name.is_empty() => {
            Value::Text(name.clone().into())
        }
        (Type::Upstream, ValueKind::Word(name)) => Value::Text(name.clone().into()),
        (Type::Principal | Type::Record, ValueKind::Word(word)) => {
            Value::Reference(Name { span: written.span, text: word.clone() })
        }
        (Type::Status(low, high), _) => Value::Status(status(written, low, high).ok_or_else(mismatch)?),
        (Type::Cause, _) => Value::Cause(cause(written, catalogue)?.ok_or_else(mismatch)?),
        (Type::Path, ValueKind::Path(template)) => Value::Text(plain(template).ok_or_else(mismatch)?.into()),
        (Type::Failure, _) => Value::Cause(failure(written)?.ok_or_else(mismatch)?),
        (Type::Expr(..) | Type::Sent(_) | Type::Secret, _) => Value::Expr(Box::new(written.clone())),
        (Type::Named(_), _) => {
            Value::Binding(own_name(written).ok_or_else(mismatch)?, Box::new(written.clone()))
        }
        _ => return Err(mismatch()),
    })
}

/// Adds what was probably meant.
fn hinted(problem: Problem, written: &Written, ty: Type) -> Problem {
    match (ty, &written.kind) {
        (Type::Word(words) | Type::Choice(words), ValueKind::Word(word)) if words.len() > 1 => {
            match nearest(word, words.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")).fix(written.span, near),
                None => problem,
            }
        }
        (Type::Duration, ValueKind::Int(number)) => {
            problem.help(format!("write the unit: `{number}s`, `{number}ms`"))
        }
        (Type::Size, ValueKind::Int(number)) => {
            problem.help(format!("write the unit: `{number}B`, `{number}KiB`"))
        }
        (Type::Size, ValueKind::Duration(time)) => {
            let minutes = time.as_secs() / 60;
            // A whole number of minutes may be written as hours.
            let is_so = format!("{minutes}m").len() == written.span.end - written.span.start;
            if minutes > 0 && time.as_secs() % 60 == 0 && is_so {
                let size = format!("{minutes}MiB");
                return problem.help(format!("`m` is a minute: write `{size}`")).fix(written.span, size);
            }
            problem
        }
        (Type::Percent, ValueKind::Int(number)) => problem.help(format!("write `{number}%`")),
        (Type::Rate, ValueKind::Int(number)) => problem.help(format!("write the time too: `{number}/s`")),
        (Type::Addr, ValueKind::Int(port)) => problem.help(format!("write `:{port}`")),
        (Type::Addr, ValueKind::Address(text) | ValueKind::Word(text)) if text.parse::<IpAddr>().is_ok() => {
            problem.help(format!("write the port too, as in `{text}:8080`"))
        }
        (Type::Addr | Type::Ip | Type::Cidr | Type::Net, ValueKind::Text(text)) => {
            problem.help(format!("write `{text}` without quotes"))
        }
        _ => problem,
    }
}

fn addr(text: &str) -> Option<Addr> {
    if let Some(port) = text.strip_prefix(':') {
        return Some(Addr { ip: None, port: url::port(port)? });
    }
    let (ip, port) = text.rsplit_once(':')?;
    let ip = match ip.strip_prefix('[') {
        Some(ip) => IpAddr::V6(ip.strip_suffix(']')?.parse().ok()?),
        None => IpAddr::V4(ip.parse().ok()?),
    };
    Some(Addr { ip: Some(ip), port: url::port(port)? })
}

/// A network, whose host bits are zero.
fn cidr(text: &str) -> Option<Value> {
    let (ip, bits) = text.split_once('/')?;
    let ip: IpAddr = ip.parse().ok()?;
    let bits: u8 = bits.parse().ok()?;
    let clear = match ip {
        IpAddr::V4(ip) => bits <= 32 && u32::from(ip).checked_shl(u32::from(bits)).unwrap_or(0) == 0,
        IpAddr::V6(ip) => bits <= 128 && u128::from(ip).checked_shl(u32::from(bits)).unwrap_or(0) == 0,
    };
    clear.then(|| network(ip, bits))
}

/// A network by its first address. An IPv4 one in the form of an IPv6 one is IPv4.
fn network(first: IpAddr, bits: u8) -> Value {
    let (first, bits) = canonical_network(first, bits);
    Value::Cidr(first, bits)
}

/// A network in its one form: an IPv4 one in the form of an IPv6 one is IPv4. One of which IPv4 addresses in that form would be a part
/// is IPv6, and has none of them.
#[must_use]
pub fn canonical_network(first: IpAddr, bits: u8) -> (IpAddr, u8) {
    match (first.to_canonical(), first, bits.checked_sub(96)) {
        (four @ IpAddr::V4(_), IpAddr::V6(_), Some(bits)) => (four, bits),
        _ => (first, bits),
    }
}

/// The problem of a network with more than its own bits, if that is what is wrong with it.
fn host_bits(written: &Written, text: &str) -> Option<Box<Problem>> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, bits): (IpAddr, u32) = (ip.parse().ok()?, bits.parse().ok()?);
    let clear: IpAddr = match ip {
        IpAddr::V4(ip) if bits <= 32 => {
            std::net::Ipv4Addr::from(u32::from(ip) & u32::MAX.checked_shl(32 - bits).unwrap_or(0)).into()
        }
        IpAddr::V6(ip) if bits <= 128 => {
            std::net::Ipv6Addr::from(u128::from(ip) & u128::MAX.checked_shl(128 - bits).unwrap_or(0)).into()
        }
        _ => return None,
    };
    Some(Box::new(wrong::host_bits(written.span, text, &format!("{clear}/{bits}"))))
}

/// A network, or an address as a network of one.
fn net(text: &str) -> Option<Value> {
    match text.parse::<IpAddr>() {
        Ok(ip) => Some(network(ip, if ip.is_ipv4() { 32 } else { 128 })),
        Err(_) => cidr(text),
    }
}

/// A status within bounds.
pub(super) fn status(written: &Written, low: u16, high: u16) -> Option<u16> {
    let ValueKind::Int(number) = &written.kind else { return None };
    u16::try_from(*number).ok().filter(|status| (low..=high).contains(status))
}

/// What the gateway may answer by itself. `None` if it is nothing of the kind.
fn cause(written: &Written, catalogue: &Catalogue) -> Result<Option<Cause>, Box<Problem>> {
    Ok(match &written.kind {
        ValueKind::StatusClass(class @ (400 | 500)) => Some(Cause::Class(*class)),
        ValueKind::Word(word) if catalogue.reasons().any(|reason| reason == word) => {
            Some(Cause::Reason(word.clone().into()))
        }
        ValueKind::Word(word) => {
            return Err(Box::new(syntax::unknown_reason(written.span, word, catalogue.reasons())));
        }
        _ => status(written, 400, 599).map(Cause::Status),
    })
}

/// A path without values in it, as written.
fn plain(template: &Template) -> Option<String> {
    let text = template.parts.iter().map(|part| match part {
        TemplatePart::Literal { text, .. } => Some(text.as_str()),
        TemplatePart::Value(_) => None,
    });
    text.collect()
}

/// What a server may do wrong. `None` if it is nothing of the kind.
fn failure(written: &Written) -> Result<Option<Cause>, Box<Problem>> {
    Ok(match &written.kind {
        ValueKind::StatusClass(class @ (400 | 500)) => Some(Cause::Class(*class)),
        ValueKind::Word(word) if FAILURES.contains(&word.as_str()) => {
            Some(Cause::Reason(word.clone().into()))
        }
        ValueKind::Word(word) => {
            let known = FAILURES.iter().copied();
            return Err(Box::new(syntax::unknown_word(written.span, "failure", word, known)));
        }
        _ => status(written, 400, 599).map(Cause::Status),
    })
}

/// A bare word, where a name may stand.
fn name(written: &Written) -> Option<Name> {
    match &written.kind {
        ValueKind::Word(word) if !word.contains(':') => Some(Name { span: written.span, text: word.clone() }),
        _ => None,
    }
}

/// Whether a value, or each of a list, is within the parameter's bounds; the bounds in words if not.
fn within(value: &Value, param: &Param) -> Result<(), String> {
    if let Value::List(items) = value {
        return items.iter().try_for_each(|item| within(item, param));
    }
    let low = param.min.as_ref().is_none_or(|min| value.compare(min).is_none_or(std::cmp::Ordering::is_ge));
    let high = param.max.as_ref().is_none_or(|max| value.compare(max).is_none_or(std::cmp::Ordering::is_le));
    if low && high {
        return Ok(());
    }
    Err(match (&param.min, &param.max) {
        (Some(min), Some(max)) => format!("from `{min}` to `{max}`"),
        (Some(min), None) => format!("at least `{min}`"),
        (None, Some(max)) => format!("at most `{max}`"),
        (None, None) => String::new(),
    })
}

/// What was found, in words.
pub(super) fn found(kind: &ValueKind) -> String {
    match kind {
        ValueKind::Bool(value) => format!("`{value}`"),
        ValueKind::Int(number) => format!("the number `{number}`"),
        ValueKind::Decimal(digits) => format!("the number `{digits}`"),
        ValueKind::Text(_) => "a string".into(),
        ValueKind::Duration(_) => "a duration".into(),
        ValueKind::Size(_) => "a size".into(),
        ValueKind::Rate(_) => "a rate".into(),
        ValueKind::Percent(_) => "a percentage".into(),
        ValueKind::Range(..) => "a range".into(),
        ValueKind::Address(text) => format!("the address `{text}`"),
        ValueKind::Word(word) => format!("the word `{word}`"),
        ValueKind::Path(_) => "a path".into(),
        ValueKind::List(_) => "a list".into(),
        ValueKind::Record(_) => "a record".into(),
        ValueKind::Interpolated(_) => "a string with values in it".into(),
        ValueKind::Regex(_) => "a regular expression".into(),
        ValueKind::StatusClass(code) => format!("`{}xx`", code / 100),
        _ => "an expression".into(),
    }
}
