//! Expressions as they would be written, read from what is evaluated: every operator's operands that are operators
//! themselves stand in parentheses.

use crate::checked::Param;
use crate::ir::Functions;
use crate::ir::expr::{Comparison, Constant, Expr, FACTS, Form, Kind, Lookup, Method, Part, Read, Set};
use crate::ty::Ty;

/// The first number of a capture of the host; those of the path are below.
pub(crate) const HOST: u8 = 128;

/// What numbers in an expression stand for.
pub(crate) struct Reader<'a> {
    pub(crate) functions: &'a Functions,
    pub(crate) params: &'a [Param],
    /// The texts of captures, by number, as far as they are known.
    pub(crate) captures: &'a [String],
    /// Those of the host, from the right.
    pub(crate) host: &'a [String],
}

impl Reader<'_> {
    /// The function of this number.
    pub(crate) fn function(&self, number: usize) -> String {
        let Some(function) = self.functions.exprs.get(number) else { return String::new() };
        match (function.form, &function.expr.ty) {
            (Form::Offer, Ty::Optional(_)) => format!("{} ?? none", self.operand(&function.expr)),
            _ => self.expr(&function.expr),
        }
    }

    /// A capture by its text, or in braces by its number from 1. Those of the host have numbers of their own.
    pub(super) fn capture(&self, index: u8) -> String {
        let (texts, at, what) = match index.checked_sub(HOST) {
            Some(at) => (self.host, at, "host "),
            None => (self.captures, index, ""),
        };
        let known = texts.get(usize::from(at)).cloned();
        known.unwrap_or_else(|| format!("{{{what}{}}}", u32::from(at) + 1))
    }

    pub(crate) fn expr(&self, expr: &Expr) -> String {
        let of = |expr: &Expr| self.operand(expr);
        match &expr.kind {
            Kind::Constant(constant) => self::constant(constant),
            Kind::Read(read) => self.read(read),
            Kind::Param(name) | Kind::Secret(name) | Kind::Document(_, name) => name.clone(),
            Kind::Not(a) => format!("not {}", of(a)),
            Kind::And(a, b) => format!("{} and {}", of(a), of(b)),
            Kind::Or(a, b) => format!("{} or {}", of(a), of(b)),
            Kind::Compare(comparison, a, b) => format!("{} {} {}", of(a), sign(*comparison), of(b)),
            Kind::In(a, set) => format!("{} in {}", of(a), self.set(set)),
            Kind::Coalesce(a, b) => format!("{} ?? {}", of(a), of(b)),
            Kind::IsSet(a) => format!("{} is set", of(a)),
            Kind::If(a, b, c) => format!("if {} then {} else {}", of(a), of(b), of(c)),
            Kind::Add(a, b) => format!("{} + {}", of(a), of(b)),
            Kind::Subtract(a, b) => format!("{} - {}", of(a), of(b)),
            Kind::Call(method, a) => format!("{}.{}", of(a), self.method(method)),
            Kind::Text(parts) => self.text(parts),
            Kind::List(items) => format!("[{}]", self.all(items.iter().map(AsRef::as_ref))),
            Kind::Record(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {}", self.expr(value))).collect();
                format!("{{ {} }}", fields.join(", "))
            }
            Kind::Element(_) => String::new(),
            Kind::Member(of, at) => format!("{}.{}", self.operand(of), member(of, *at)),
            Kind::At(map, key) => format!("{}[{}]", self.operand(map), self.expr(key)),
            Kind::Where(list, _, condition) => {
                format!("{}[where {}]", self.operand(list), self.expr(condition))
            }
            Kind::Each(list, _, body) => {
                let made = self.expr(body);
                let dot = if made.starts_with('{') { "." } else { "" };
                format!("{}[*]{dot}{made}", self.operand(list))
            }
            // The same value, seen as of another type.
            Kind::Present(a) | Kind::Found(a) | Kind::Widened(a) => self.expr(a),
        }
    }

    fn operand(&self, expr: &Expr) -> String {
        let inner = match &expr.kind {
            Kind::Present(a) | Kind::Found(a) | Kind::Widened(a) => return self.operand(a),
            kind => kind,
        };
        let is_operator = matches!(
            inner,
            Kind::Not(_)
                | Kind::And(..)
                | Kind::Or(..)
                | Kind::Compare(..)
                | Kind::In(..)
                | Kind::Coalesce(..)
                | Kind::IsSet(_)
                | Kind::If(..)
                | Kind::Add(..)
                | Kind::Subtract(..)
        );
        let shown = self.expr(expr);
        if is_operator { format!("({shown})") } else { shown }
    }

    fn all<'e>(&self, exprs: impl Iterator<Item = &'e Expr>) -> String {
        exprs.map(|expr| self.expr(expr)).collect::<Vec<_>>().join(", ")
    }

    fn set(&self, set: &Set) -> String {
        match set {
            Set::Any(items) => format!("[{}]", self.all(items.iter().map(AsRef::as_ref))),
            Set::List(list) => self.operand(list),
            Set::Range(low, high) => {
                let end = |end: &Option<_>| end.as_deref().map_or_else(String::new, |it| self.operand(it));
                format!("{}..{}", end(low), end(high))
            }
        }
    }

    fn method(&self, method: &Method) -> String {
        match method {
            Method::StartsWith(a) => format!("starts_with({})", self.expr(a)),
            Method::EndsWith(a) => format!("ends_with({})", self.expr(a)),
            Method::Contains(a) => format!("contains({})", self.expr(a)),
            Method::Lower => "lower()".to_owned(),
            Method::Upper => "upper()".to_owned(),
            Method::Length => "length".to_owned(),
            Method::Matches(regex) => format!("matches(re\"{regex}\")"),
        }
    }

    fn text(&self, parts: &[Part]) -> String {
        let inside: String = parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => {
                    let quoted = format!("{text:?}");
                    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                    inside.unwrap_or_default().replace('{', "\\{").replace('}', "\\}")
                }
                Part::Value(value) => format!("{{{}}}", self.expr(value)),
            })
            .collect();
        format!("\"{inside}\"")
    }

    fn read(&self, read: &Read) -> String {
        match read {
            Read::Method => "request.method".to_owned(),
            Read::Path => "request.path".to_owned(),
            Read::Host => "request.host".to_owned(),
            Read::ClientIp => "client.ip".to_owned(),
            Read::Status => "response.status".to_owned(),
            Read::RequestId => "request.id".to_owned(),
            Read::Known(name) => name.clone(),
            Read::Claim(of, name) => format!("{of}.{name}"),
            Read::Fact(at) => format!("exchange.{}", FACTS.get(*at).map_or("", |fact| fact.name)),
            Read::Capture(index) => {
                let shown = self.capture(*index);
                let name = shown.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                let is_name = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
                name.filter(is_name).map(str::to_owned).unwrap_or(shown)
            }
            Read::Raw(lookup, name) | Read::Field(lookup, name, _) => match lookup {
                Lookup::Query => format!("request.query({name:?})"),
                Lookup::Header => format!("request.header({name:?})"),
                Lookup::Cookie => format!("request.cookie({name:?})"),
                Lookup::Answer => format!("response.header({name:?})"),
            },
        }
    }
}

/// The name of a member.
fn member(of: &Expr, at: usize) -> &str {
    match of.ty.present().0 {
        Ty::Record(record) => record.fields.get(at).map_or("", |field| &field.name),
        _ => "",
    }
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    }
}

pub(crate) fn constant(constant: &Constant) -> String {
    match constant {
        Constant::Bool(it) => it.to_string(),
        Constant::Int(it) => it.to_string(),
        Constant::Decimal(it) => it.to_string(),
        Constant::Text(it) => format!("{it:?}"),
        Constant::Duration(it) => gatewright_dsl::schema::Value::Duration(*it).to_string(),
        Constant::Size(it) => gatewright_dsl::schema::Value::Size(*it).to_string(),
        Constant::Rate(count, per) => {
            let per = gatewright_dsl::schema::Value::Duration(*per).to_string();
            format!(
                "{count}/{}",
                per.strip_prefix('1').filter(|unit| unit.starts_with(char::is_alphabetic)).unwrap_or(&per)
            )
        }
        Constant::Percent(millionths) => format!("{}%", f64::from(*millionths) / 10_000.0),
        Constant::Ip(it) => it.to_string(),
        Constant::Cidr(it, bits) => format!("{it}/{bits}"),
        Constant::Addr(it) => it.to_string(),
        Constant::Uuid(bytes) => {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let digits = digits.concat();
            let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
            let groups: Vec<&str> = groups.into_iter().filter_map(|group| digits.get(group)).collect();
            format!("\"{}\"", groups.join("-"))
        }
        Constant::Date(year, month, day) => format!("\"{year:04}-{month:02}-{day:02}\""),
        Constant::Time(seconds) => {
            format!("\"{:02}:{:02}:{:02}\"", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
        Constant::List(items) => {
            format!("[{}]", items.iter().map(self::constant).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn an_expression_reads_as_it_would_be_written() {
        let expr = |kind| Expr::new(kind, Ty::Bool);
        let header = || expr(Kind::Read(Read::Raw(Lookup::Header, "x-a".into())));
        let text = |text: &str| expr(Kind::Constant(Constant::Text(text.into())));
        let set = expr(Kind::IsSet(header()));
        let equal = expr(Kind::Compare(Comparison::Equal, expr(Kind::Read(Read::Capture(0))), text("a\"b")));
        let both = expr(Kind::And(set, expr(Kind::Not(equal))));
        let captures = ["{id}".to_owned()];
        let reader = Reader { functions: &Functions::default(), params: &[], captures: &captures, host: &[] };
        assert_eq!(reader.expr(&both), "(request.header(\"x-a\") is set) and (not (id == \"a\\\"b\"))");
        let parts = vec![Part::Literal("to {".into()), Part::Value(Rc::clone(&header()))];
        assert_eq!(reader.expr(&expr(Kind::Text(parts))), "\"to \\{{request.header(\"x-a\")}\"");
        let rate = expr(Kind::Constant(Constant::Rate(20, std::time::Duration::from_secs(10))));
        assert_eq!(reader.expr(&rate), "20/10s");
    }
}
