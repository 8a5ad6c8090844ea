//! Conditions of routes and blocks: typed, and read as sets of requests.
//!
//! What is said of one field and texts that are known becomes a set; everything else is an unknown of its own, so that two
//! conditions that ask the same are still known to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use gatewright_dsl::ast::Value;

use super::{Check, problem, resolve};
use crate::algebra::{Automaton, Condition, Field, Formula, TooComplex, Values};
use crate::ir::expr::{Comparison, Constant, Expr, Form, Function, Kind, Lookup, Method, Read, Set};
use crate::ty::Ty;

/// Under which conditions something is there.
#[derive(Clone)]
pub(super) struct When {
    pub(super) condition: Condition,
    /// What asks them at run time; `None` where there is none.
    pub(super) asks: Option<Function>,
}

/// Reads conditions that must hold together. `None` where one of them is not understood.
pub(super) fn check(check: &mut Check<'_>, whens: &[&Value]) -> Option<When> {
    let params = Rc::clone(&check.params);
    let mut formulas = Vec::new();
    let mut all: Option<Rc<Expr>> = None;
    for value in whens {
        let Function { expr, .. } = resolve::condition(check, &params.scope, value)?;
        if let Some(what) = forbidden(&expr) {
            check.problems.push(problem::wrong_condition(what, value.span));
            return None;
        }
        let shown = check.slice(value.span);
        formulas.push(truth(&expr, shown));
        all = Some(match all {
            Some(outer) => Expr::new(Kind::And(outer, expr), Ty::Bool),
            None => expr,
        });
    }
    let Some(last) = whens.last() else { return Some(When { condition: Condition::always(), asks: None }) };
    match Condition::of(&Formula::All(formulas)) {
        Err(TooComplex) => {
            check.problems.push(problem::condition_too_complex(last.span));
            None
        }
        Ok(condition) if condition.is_never() => {
            check.problems.push(problem::unmet_condition(last.span));
            None
        }
        Ok(condition) => Some(When { condition, asks: all.map(|expr| Function { form: Form::Bool, expr }) }),
    }
}

/// What a condition reads and must not: it decides before a route is known.
fn forbidden(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        Kind::Read(Read::Method) => Some("the method"),
        Kind::Read(Read::Path) => Some("the path"),
        Kind::Read(Read::Host) => Some("the host"),
        Kind::Read(Read::Capture(_)) => Some("a capture"),
        Kind::Read(Read::RequestId | Read::Fact(_)) => Some("an id"),
        Kind::Read(Read::Status | Read::Field(..) | Read::Raw(Lookup::Answer, _)) => {
            Some("what a route declares")
        }
        Kind::Secret(_) => Some("a secret"),
        kind => kind.operands().into_iter().find_map(|operand| forbidden(operand)),
    }
}

/// What must be true of a request; `shown` is the text of the whole condition.
fn truth(expr: &Expr, shown: &str) -> Formula {
    let known = match &expr.kind {
        Kind::Constant(Constant::Bool(true)) => Some(Formula::All(Vec::new())),
        Kind::Constant(Constant::Bool(false)) => Some(Formula::Any(Vec::new())),
        Kind::Not(of) => Some(Formula::Not(Box::new(truth(of, shown)))),
        Kind::And(a, b) => Some(Formula::All(vec![truth(a, shown), truth(b, shown)])),
        Kind::Or(a, b) => Some(Formula::Any(vec![truth(a, shown), truth(b, shown)])),
        Kind::IsSet(of) => field(of).map(|field| {
            let texts = field.every().texts;
            Formula::Is(field, Values::texts(texts))
        }),
        Kind::Compare(comparison @ (Comparison::Equal | Comparison::NotEqual), a, b) => {
            let sides = [(a, b), (b, a)];
            sides.into_iter().find_map(|(of, other)| compared(of, other, *comparison == Comparison::Equal))
        }
        Kind::In(of, Set::Any(items)) => within(of, items),
        Kind::Call(method, of) => called(method, of),
        _ => None,
    };
    known.unwrap_or_else(|| unknown(expr, shown))
}

/// A question that sets of texts do not answer. Equal ones have equal keys.
fn unknown(expr: &Expr, shown: &str) -> Formula {
    let field = Field::Unknown { key: format!("{expr:?}"), shown: shown.to_owned() };
    let texts = field.every().texts;
    Formula::Is(field, Values::texts(texts))
}

/// The field whose text, or absence, a value is.
fn field(expr: &Expr) -> Option<Field> {
    match &expr.kind {
        Kind::Read(Read::Raw(Lookup::Header, name)) => Some(Field::Header(name.to_ascii_lowercase())),
        Kind::Read(Read::Raw(Lookup::Query, name)) => Some(Field::Query(name.clone())),
        Kind::Read(Read::Raw(Lookup::Cookie, name)) => Some(Field::Cookie(name.clone())),
        Kind::Param(name) if matches!(expr.ty, Ty::String(_) | Ty::Enum(_)) => {
            Some(Field::Param(name.clone()))
        }
        Kind::Found(of) | Kind::Present(of) => field(of),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        Kind::Constant(Constant::Text(text)) => Some(text),
        Kind::Found(of) | Kind::Present(of) => text(of),
        _ => None,
    }
}

/// `of` is one of these texts, or is none of them. What is absent is neither.
fn among(of: &Expr, texts: &[&str], is_one: bool) -> Option<Formula> {
    if let Kind::Coalesce(inner, otherwise) = &of.kind {
        let (field, otherwise) = (field(inner)?, text(otherwise)?);
        let texts_of = Automaton::any_of(texts).ok()?;
        let values = Values { texts: texts_of, absent: texts.contains(&otherwise) };
        let formula = Formula::Is(field, values);
        return Some(if is_one { formula } else { Formula::Not(Box::new(formula)) });
    }
    let field = field(of)?;
    let set = Automaton::any_of(texts).ok()?;
    let set = if is_one { set } else { field.every().texts.minus(&set).ok()? };
    Some(Formula::Is(field, Values::texts(set)))
}

fn compared(of: &Expr, other: &Rc<Expr>, is_equal: bool) -> Option<Formula> {
    if matches!(of.kind, Kind::Read(Read::ClientIp)) {
        let is_one = Formula::Is(Field::Ip, Values::texts(addresses(std::slice::from_ref(other))?));
        return Some(if is_equal { is_one } else { Formula::Not(Box::new(is_one)) });
    }
    among(of, &[text(other)?], is_equal)
}

fn within(of: &Expr, items: &[Rc<Expr>]) -> Option<Formula> {
    if matches!(of.kind, Kind::Read(Read::ClientIp)) {
        return Some(Formula::Is(Field::Ip, Values::texts(addresses(items)?)));
    }
    let texts: Vec<&str> = items.iter().map(|item| text(item)).collect::<Option<_>>()?;
    among(of, &texts, true)
}

/// The addresses of networks. IPv4 ones are those of `::ffff:0:0/96`, of which no IPv6 network has any.
fn addresses(networks: &[Rc<Expr>]) -> Option<Automaton> {
    let networks = networks.iter().map(|item| network(item)).collect::<Option<Vec<_>>>()?;
    let of = |is_four: bool| {
        let own = networks.iter().filter(|(own, _)| *own == is_four).map(|(_, digits)| digits.as_str());
        let own: Vec<&str> = own.collect();
        if own.is_empty() {
            Automaton::any_of::<&str>(&[]).ok()
        } else {
            Automaton::regex(&own.join("|")).ok()
        }
    };
    let four = Automaton::regex(&digits(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96)?).ok()?;
    of(false)?.minus(&four).ok()?.or(&of(true)?).ok()
}

/// Whether a network is one of IPv4, and the binary digits of its addresses.
fn network(expr: &Expr) -> Option<(bool, String)> {
    let (address, prefix) = match &expr.kind {
        Kind::Constant(Constant::Ip(address)) => (*address, None),
        Kind::Constant(Constant::Cidr(address, prefix)) => (*address, Some(u32::from(*prefix))),
        Kind::Present(of) => return network(of),
        _ => return None,
    };
    let (own, before) = match address {
        IpAddr::V4(address) => (address.to_ipv6_mapped(), 96),
        IpAddr::V6(address) => (address, 0),
    };
    let known = prefix.map_or(128, |prefix| (prefix + before).min(128));
    Some((address.is_ipv4(), digits(own, known)?))
}

fn digits(address: Ipv6Addr, known: u32) -> Option<String> {
    let digits = format!("{:0128b}", address.to_bits());
    Some(format!("{}[01]{{{}}}", digits.get(..known as usize)?, 128 - known))
}

/// What a method of a text answers, where its argument is known. It is not asked of what is absent.
fn called(method: &Method, of: &Expr) -> Option<Formula> {
    let field = field(of)?;
    let regex = match method {
        Method::StartsWith(part) => format!("{}.*", escaped(text(part)?)),
        Method::EndsWith(part) => format!(".*{}", escaped(text(part)?)),
        Method::Contains(part) => format!(".*{}.*", escaped(text(part)?)),
        Method::Matches(regex) => regex.clone(),
        Method::Lower | Method::Upper | Method::Length => return None,
    };
    Some(Formula::Is(field, Values::texts(Automaton::regex(&regex).ok()?)))
}

/// A text as an expression that matches it alone.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |regex, c| regex + &format!("\\x{{{:x}}}", u32::from(c)))
}

#[cfg(test)]
mod tests;
