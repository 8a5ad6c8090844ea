//! From types as written to types: names are looked up, bounds are read and held against each other.
//!
//! What a declared name stands for is known before; [`crate::check`] reads the declarations.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gatewright_dsl::ast::{self, Bounds, Percent, Rate, TypeKind, Value, ValueKind};
use gatewright_dsl::problem::path::{unknown_type, wrong_bounds};
use gatewright_dsl::schema;
use gatewright_dsl::{Problem, Span};

use super::{Decimal, Range, Text, Ty};
use crate::algebra::Automaton;
use crate::check::problem;

/// The types that need no declaration. `path` is for captures.
pub(crate) const NAMES: &[&str] = &[
    "addr", "bool", "cidr", "date", "decimal", "duration", "int", "ip", "list", "map", "path", "percent",
    "rate", "size", "string", "time", "url", "uuid",
];

/// The types that a program declares, by name.
#[derive(Debug, Default)]
pub(crate) struct Types {
    /// `None`: declared, and not understood, which is reported.
    declared: BTreeMap<String, Option<Ty>>,
    /// Those of them with a field that is inside of another value, each with the place of the first.
    inside: BTreeMap<String, Span>,
    used: RefCell<BTreeSet<String>>,
}

impl Types {
    /// Adds what a declared name stands for.
    pub(crate) fn declare(&mut self, name: &str, ty: Option<Ty>) {
        self.declared.insert(name.to_owned(), ty);
    }

    /// Notes that a field of a declared type is inside of another value: only claims are.
    pub(crate) fn is_inside(&mut self, name: &str, field: Span) {
        self.inside.entry(name.to_owned()).or_insert(field);
    }

    /// The declared type whose fields are claims. `Ok(None)`, and what it is where it has none: as of any type that is written.
    pub(crate) fn claims(&self, name: &ast::Name) -> Result<Option<Ty>, Box<Problem>> {
        self.named(name, None)
    }

    /// Whether a name is declared.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.declared.contains_key(name)
    }

    /// Whether some type that was resolved names this declaration. One that is not understood may be meant anywhere.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name) || matches!(self.declared.get(name), Some(None))
    }

    /// The type that is written. `Ok(None)`: it names a declaration that is not understood, which has been reported.
    pub(crate) fn find(&self, written: &ast::Type) -> Result<Option<Ty>, Box<Problem>> {
        Ok(Some(match &written.kind {
            TypeKind::Named { name, bounds } => {
                if let Some(field) = self.inside.get(&name.text) {
                    self.used.borrow_mut().insert(name.text.clone());
                    return Err(Box::new(problem::claims_only(&name.text, name.span, *field)));
                }
                return self.named(name, bounds.as_ref());
            }
            TypeKind::Generic { name, of, bounds } => {
                let Some(of) = self.find(of)? else { return Ok(None) };
                generic(name, of, bounds.as_ref())?
            }
            TypeKind::Enum(words) => Ty::Enum(words.iter().map(|word| word.value.clone()).collect()),
            TypeKind::Optional(inner) => {
                let Some(inner) = self.find(inner)? else { return Ok(None) };
                inner.optional()
            }
        }))
    }

    fn named(&self, name: &ast::Name, bounds: Option<&Bounds>) -> Result<Option<Ty>, Box<Problem>> {
        let plain = match name.text.as_str() {
            "int" => return Ok(Some(Ty::Int(bounds.map_or(Ok(Range::ALL), whole_range)?))),
            "decimal" => return Ok(Some(Ty::Decimal(bounds.map_or(Ok(Range::ALL), decimal_range)?))),
            "string" => {
                return Ok(Some(Ty::String(bounds.map_or(Ok(Text::Length(Range::ALL)), text_bounds)?)));
            }
            "duration" => return Ok(Some(Ty::Duration(bounds.map_or(Ok(Range::ALL), duration_range)?))),
            "size" => return Ok(Some(Ty::Size(bounds.map_or(Ok(Range::ALL), size_range)?))),
            "rate" => return Ok(Some(Ty::Rate(bounds.map_or(Ok(Range::ALL), rate_range)?))),
            "percent" => return Ok(Some(Ty::Percent(bounds.map_or(Ok(Range::ALL), percent_range)?))),
            "list" | "map" => {
                let (own, text) = (&name.text, format!("{}<string>", name.text));
                let problem = wrong_bounds(name.span, format!("`{own}` says what it holds"));
                return Err(Box::new(
                    problem.help(format!("write `{text}`, for example")).fix(name.span, text),
                ));
            }
            "bool" => Ty::Bool,
            "ip" => Ty::Ip,
            "cidr" => Ty::Cidr,
            "addr" => Ty::Addr,
            "url" => Ty::Url,
            "uuid" => Ty::Uuid,
            "date" => Ty::Date,
            "time" => Ty::Time,
            "path" => Ty::Path,
            declared => match self.declared.get(declared) {
                Some(ty) => {
                    self.used.borrow_mut().insert(declared.to_owned());
                    unbounded(declared, bounds)?;
                    return Ok(ty.clone());
                }
                None => return Err(Box::new(self.unknown(name))),
            },
        };
        unbounded(&name.text, bounds)?;
        Ok(Some(plain))
    }

    fn unknown(&self, name: &ast::Name) -> Problem {
        let known: Vec<&str> =
            NAMES.iter().copied().chain(self.declared.keys().map(String::as_str)).collect();
        unknown_type(name.span, &name.text, &known)
    }
}

fn unbounded(name: &str, bounds: Option<&Bounds>) -> Result<(), Box<Problem>> {
    match bounds {
        None => Ok(()),
        Some(bounds) => Err(Box::new(wrong_bounds(bounds.span(), format!("`{name}` takes no bounds")))),
    }
}

fn generic(name: &ast::Name, of: Ty, bounds: Option<&Bounds>) -> Result<Ty, Box<Problem>> {
    if matches!(of, Ty::Optional(_) | Ty::Path) {
        let problem = wrong_bounds(name.span, format!("a {} cannot hold `{of}`", name.text));
        return Err(Box::new(problem.help("let it hold values that are always there: `string`, say")));
    }
    match name.text.as_str() {
        "list" => {
            let range = bounds.map_or(Ok(Range::ALL), whole_range)?;
            if range.min.is_some_and(|min| min < 0) || range.max.is_some_and(|max| max < 0) {
                let span = bounds.map_or(name.span, Bounds::span);
                let problem = wrong_bounds(span, format!("no list has `{range}` items"));
                return Err(Box::new(problem.help("begin at 0 or above")));
            }
            Ok(Ty::List(of.into(), range))
        }
        "map" => unbounded("map", bounds).map(|()| Ty::Map(of.into())),
        _ => Err(Box::new(unknown_type(name.span, &name.text, &["list", "map"]))),
    }
}

fn text_bounds(bounds: &Bounds) -> Result<Text, Box<Problem>> {
    if let Bounds::Regex(regex) = bounds {
        return match Automaton::regex(&regex.value) {
            Ok(_) => Ok(Text::Matches(regex.value.as_str().into())),
            Err(refusal) => Err(Box::new(problem::regex(&refusal, regex.span))),
        };
    }
    let range = whole_range(bounds)?;
    if range.min.is_some_and(|min| min < 0) || range.max.is_some_and(|max| max < 0) {
        let problem = wrong_bounds(bounds.span(), format!("no text has `{range}` characters"));
        return Err(Box::new(problem.help("begin at 0 or above")));
    }
    Ok(Text::Length(range))
}

fn whole_range(bounds: &Bounds) -> Result<Range<i64>, Box<Problem>> {
    range(bounds, "whole numbers", i64::to_string, |value| match value {
        ValueKind::Int(number) => Some(*number),
        _ => None,
    })
}

fn decimal_range(bounds: &Bounds) -> Result<Range<Decimal>, Box<Problem>> {
    range(bounds, "numbers of at most nine decimals", Decimal::to_string, |value| match value {
        ValueKind::Int(number) => Some(Decimal::whole(*number)),
        ValueKind::Decimal(digits) => Decimal::read(digits),
        _ => None,
    })
}

fn duration_range(bounds: &Bounds) -> Result<Range<Duration>, Box<Problem>> {
    let show = |time: &Duration| schema::Value::Duration(*time).to_string();
    range(bounds, "durations such as `250ms`", show, |value| match value {
        ValueKind::Duration(time) => Some(*time),
        _ => None,
    })
}

fn size_range(bounds: &Bounds) -> Result<Range<u64>, Box<Problem>> {
    let show = |bytes: &u64| schema::Value::Size(*bytes).to_string();
    range(bounds, "sizes such as `64KiB`", show, |value| match value {
        ValueKind::Size(bytes) => Some(*bytes),
        _ => None,
    })
}

fn rate_range(bounds: &Bounds) -> Result<Range<Rate>, Box<Problem>> {
    let show = |rate: &Rate| schema::Value::Rate(*rate).to_string();
    range(bounds, "rates such as `100/s`", show, |value| match value {
        ValueKind::Rate(rate) => Some(*rate),
        _ => None,
    })
}

fn percent_range(bounds: &Bounds) -> Result<Range<Percent>, Box<Problem>> {
    let show = |share: &Percent| schema::Value::Percent(*share).to_string();
    range(bounds, "percentages such as `5%`", show, |value| match value {
        ValueKind::Percent(share) => Some(*share),
        _ => None,
    })
}

fn range<T: PartialOrd>(
    bounds: &Bounds,
    expected: &str,
    show: impl Fn(&T) -> String,
    read: impl Fn(&ValueKind) -> Option<T>,
) -> Result<Range<T>, Box<Problem>> {
    let wrong = |span: Span, message: String| Box::new(wrong_bounds(span, message));
    let Bounds::Range(written) = bounds else {
        return Err(wrong(bounds.span(), "only `string` is bounded by an expression `re\"…\"`".into()));
    };
    let ValueKind::Range(low, high) = &written.kind else {
        return Err(wrong(written.span, "expected a range such as `1..50` as bounds".into()));
    };
    let end = |end: &Option<Box<Value>>| {
        let read = |value: &Value| {
            read(&value.kind).ok_or_else(|| wrong(value.span, format!("expected {expected} as bounds")))
        };
        end.as_deref().map(read).transpose()
    };
    let range = Range { min: end(low)?, max: end(high)? };
    if let (Some(min), Some(max)) = (&range.min, &range.max)
        && min > max
    {
        return Err(wrong(written.span, format!("nothing is within `{}..{}`", show(min), show(max))));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_dsl::Source;
    use gatewright_dsl::ast::Declaration;

    /// The type behind `param x:`, shown, or the name of the problem.
    fn resolve(text: &str) -> Result<String, &'static str> {
        let source = Source::new("a.gw", format!("param x: {text}\n"));
        let (file, problems) = gatewright_dsl::parse(&source);
        assert!(problems.is_empty(), "{text}: {problems:?}");
        let Some(Declaration::Param(param)) = file.declarations.first() else { panic!("{text}") };
        let mut types = Types::default();
        types.declare("Plan", Some(Ty::Enum(["free".to_owned(), "pro".to_owned()].into())));
        types
            .find(&param.ty)
            .map(|ty| ty.map_or_else(String::new, |ty| ty.to_string()))
            .map_err(|problem| problem.name)
    }

    #[test]
    fn types_are_what_they_say() {
        for text in [
            "bool",
            "int",
            "int(1..50)",
            "int(-5..)",
            "decimal(0.5..1)",
            "string(..80)",
            "string(re\"[a-z]+\")",
            "\"free\" | \"pro\"",
            "duration",
            "duration(100ms..5s)",
            "size",
            "size(..64KiB)",
            "rate",
            "rate(10/s..1000/s)",
            "rate(1/m..5/s)",
            "percent",
            "percent(0.5%..5%)",
            "ip",
            "cidr",
            "addr",
            "url",
            "uuid",
            "date",
            "time",
            "path",
            "list<url>(1..16)",
            "map<int>",
            "int?",
            "(\"a\" | \"b\")?",
        ] {
            assert_eq!(resolve(text).as_deref(), Ok(text));
        }
        assert_eq!(resolve("list<Plan>").as_deref(), Ok("list<\"free\" | \"pro\">"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for text in [
            "int(5..1)",
            "uuid(1..2)",
            "int(5)",
            "int(1s..2s)",
            "string(-1..5)",
            "decimal(2..1.5)",
            "list",
            "list<int?>",
            "list<int>(-1..)",
            "map<int>(1..2)",
            "int(re\"a\")",
            "Plan(1..2)",
            "duration(1..2)",
            "duration(2s..1s)",
            "size(1s..)",
            "rate(100..)",
            "rate(61/m..1/s)",
            "percent(1..5)",
        ] {
            assert_eq!(resolve(text), Err("wrong_bounds"), "{text}");
        }
        for text in ["uid", "set<int>", "plan", "secret"] {
            assert_eq!(resolve(text), Err("unknown_type"), "{text}");
        }
    }
}
