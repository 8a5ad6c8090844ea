//! Types as they are written in a program, in one spelling.

use std::fmt;

use gatewright_dsl::schema::Value;

use super::{Range, Text, Ty};

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int(range) => write!(f, "int{}", Bounded(range)),
            Self::Decimal(range) => write!(f, "decimal{}", Bounded(range)),
            Self::String(Text::Length(range)) => write!(f, "string{}", Bounded(range)),
            Self::String(Text::Matches(regex)) => write!(f, "string(re\"{regex}\")"),
            Self::Enum(words) => {
                for (at, word) in words.iter().enumerate() {
                    write!(f, "{}{word:?}", if at == 0 { "" } else { " | " })?;
                }
                Ok(())
            }
            Self::Duration(range) => write!(f, "duration{}", Bounded(&range.map(Value::Duration))),
            Self::Size(range) => write!(f, "size{}", Bounded(&range.map(Value::Size))),
            Self::Rate(range) => write!(f, "rate{}", Bounded(&range.map(Value::Rate))),
            Self::Percent(range) => write!(f, "percent{}", Bounded(&range.map(Value::Percent))),
            Self::Ip => f.write_str("ip"),
            Self::Cidr => f.write_str("cidr"),
            Self::Addr => f.write_str("addr"),
            Self::Url => f.write_str("url"),
            Self::Uuid => f.write_str("uuid"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Path => f.write_str("path"),
            Self::List(item, range) => write!(f, "list<{item}>{}", Bounded(range)),
            Self::Map(item) => write!(f, "map<{item}>"),
            Self::Optional(inner) if matches!(**inner, Self::Enum(_)) => write!(f, "({inner})?"),
            Self::Optional(inner) => write!(f, "{inner}?"),
            Self::Record(record) if record.name.is_some() => {
                f.write_str(record.name.as_deref().unwrap_or_default())
            }
            Self::Record(record) => {
                let fields = &record.fields;
                for (at, field) in fields.iter().enumerate() {
                    write!(f, "{} {}: {}", if at == 0 { "{" } else { "," }, field.name, field.ty)?;
                }
                f.write_str(if fields.is_empty() { "{}" } else { " }" })
            }
            Self::Secret => f.write_str("secret"),
        }
    }
}

/// Bounds in parentheses; nothing where there are none.
struct Bounded<'a, T>(&'a Range<T>);

impl<T: fmt::Display> fmt::Display for Bounded<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Range { min: None, max: None } => Ok(()),
            range => write!(f, "({range})"),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Range<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(min) = &self.min {
            write!(f, "{min}")?;
        }
        f.write_str("..")?;
        if let Some(max) = &self.max {
            write!(f, "{max}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decimal, Field, Record};
    use super::*;

    #[test]
    fn types_are_shown_as_they_are_written() {
        let plan: Ty = Ty::Enum(["free".to_owned(), "pro".to_owned()].into());
        let up_to = |max| Range { min: Some(1), max: Some(max) };
        let record = Record { name: None, fields: vec![Field::new("a", Ty::INT)], open: false };
        for (ty, shown) in [
            (Ty::Int(up_to(50)), "int(1..50)"),
            (Ty::Decimal(Range { min: Decimal::read("0.5"), max: None }), "decimal(0.5..)"),
            (Ty::String(Text::Matches("[a-z-]+".into())), "string(re\"[a-z-]+\")"),
            (Ty::List(Ty::Url.into(), up_to(16)), "list<url>(1..16)"),
            (plan.clone(), "\"free\" | \"pro\""),
            (plan.optional(), "(\"free\" | \"pro\")?"),
            (Ty::Map(Ty::STRING.into()).optional().optional(), "map<string>?"),
            (Ty::Record(record.into()), "{ a: int }"),
        ] {
            assert_eq!(ty.to_string(), shown);
        }
    }
}
