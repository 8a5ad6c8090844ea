//! Checked values: what the arguments of a setting turned out to be.

use crate::ast::{self, AnswerBody, Name, Percent, Rate};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A value of a known type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An optional parameter that was not written.
    Absent,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with decimals, its digits as written.
    Decimal(Cow<'static, str>),
    /// Text.
    Text(Cow<'static, str>),
    /// A time.
    Duration(Duration),
    /// Bytes.
    Size(u64),
    /// A count per time.
    Rate(Rate),
    /// A share.
    Percent(Percent),
    /// An address.
    Ip(IpAddr),
    /// A network: its address and the length of its prefix in bits.
    Cidr(IpAddr, u8),
    /// Where to listen.
    Addr(Addr),
    /// An absolute URL.
    Url(Url),
    /// A word from the parameter's set.
    Word(Cow<'static, str>),
    /// A status.
    Status(u16),
    /// Answers of the gateway's own.
    Cause(Cause),
    /// An answer.
    Answer(Box<Answer>),
    /// An expression, as written.
    Expr(Box<ast::Value>),
    /// The declaration of a field, as written.
    Field(Box<ast::Field>),
    /// A name for a value.
    Binding(Name, Box<ast::Value>),
    /// A name in the place of a value, where the parameter is dynamic.
    Name(Name),
    /// The name of something that is declared: an `auth`, or a type.
    Reference(Name),
    /// Values, each with its name, as written: `plan = "gold" seats = 5`.
    Named(Vec<(Name, ast::Value)>),
    /// The name of a type.
    Type(Name),
    /// The smaller of two, of which one is known only when the gateway starts.
    Least(Box<(Value, Value)>),
    /// Several.
    List(Vec<Value>),
}

/// A kind of answer that the gateway gives by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Those of one status.
    Status(u16),
    /// `5xx` is 500.
    Class(u16),
    /// Those of one reason.
    Reason(Cow<'static, str>),
}

/// An answer as a setting says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Option<AnswerBody>,
}

/// An address and a port; without an address, every address of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Addr {
    /// The address.
    pub ip: Option<IpAddr>,
    /// The port, 1 to 65535.
    pub port: u16,
}

/// An absolute URL, in parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// The scheme, in lower case.
    pub scheme: String,
    /// The host in lower case: a name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    /// The port: as written, or the scheme's own.
    pub port: u16,
    /// Path and query as written; empty, or beginning with `/` or `?`.
    pub path: String,
}

impl Cause {
    /// Whether an answer of this reason and status is one of them.
    #[must_use]
    pub fn takes(&self, reason: &str, status: u16) -> bool {
        match self {
            Self::Status(own) => *own == status,
            Self::Class(class) => class / 100 == status / 100,
            Self::Reason(own) => own == reason,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{}xx", class / 100),
            Self::Reason(reason) => f.write_str(reason),
        }
    }
}

impl Value {
    /// Which of two values of one type is larger; `None` where types differ or have no order.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Size(a), Self::Size(b)) => Some(a.cmp(b)),
            (Self::Percent(a), Self::Percent(b)) => Some(a.cmp(b)),
            (Self::Rate(a), Self::Rate(b)) => Some(a.compare(b)),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    /// The value as it is written in a program, in the largest unit that fits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Decimal(text) | Self::Word(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Duration(duration) => write_duration(f, *duration),
            Self::Size(bytes) => write_size(f, *bytes),
            Self::Rate(rate) if rate.per == Duration::from_hours(24) => write!(f, "{}/day", rate.count),
            Self::Rate(rate) => {
                write!(f, "{}/", rate.count)?;
                match rate.per.as_millis() {
                    1 => f.write_str("ms"),
                    1_000 => f.write_str("s"),
                    60_000 => f.write_str("m"),
                    3_600_000 => f.write_str("h"),
                    _ => write_duration(f, rate.per),
                }
            }
            Self::Percent(Percent(millionths)) => {
                let part = format!("{:04}", millionths % 10_000);
                let part = part.trim_end_matches('0');
                write!(f, "{}{}{part}%", millionths / 10_000, if part.is_empty() { "" } else { "." })
            }
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Cidr(ip, bits) => write!(f, "{ip}/{bits}"),
            Self::Addr(Addr { ip, port }) => match ip {
                None => write!(f, ":{port}"),
                Some(ip) => write!(f, "{}", SocketAddr::new(*ip, *port)),
            },
            Self::Url(url) => write!(f, "\"{url}\""),
            Self::Status(status) => write!(f, "{status}"),
            Self::Cause(cause) => cause.fmt(f),
            Self::Answer(answer) => write!(f, "{}", answer.status),
            Self::Expr(_) => f.write_str("an expression"),
            Self::Field(field) => {
                f.write_str(field.wire.as_ref().map_or(&field.name.text, |wire| &wire.value))
            }
            Self::Binding(name, _) | Self::Name(name) | Self::Reference(name) | Self::Type(name) => {
                f.write_str(&name.text)
            }
            Self::Named(values) => {
                let names: Vec<&str> = values.iter().map(|(name, _)| name.text.as_str()).collect();
                f.write_str(&names.join(", "))
            }
            Self::Least(two) => write!(f, "the smaller of {} and {}", two.0, two.1),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Url {
    /// The URL with its port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port, path } = self;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}{path}")
        } else {
            write!(f, "{scheme}://{host}:{port}{path}")
        }
    }
}

fn write_duration(f: &mut fmt::Formatter<'_>, duration: Duration) -> fmt::Result {
    let millis = duration.as_millis();
    let (unit, word) = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")]
        .into_iter()
        .find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit))
        .unwrap_or(if millis == 0 { (1, "s") } else { (1, "ms") });
    write!(f, "{}{word}", millis / unit)
}

fn write_size(f: &mut fmt::Formatter<'_>, bytes: u64) -> fmt::Result {
    let (unit, word) = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        .into_iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit))
        .unwrap_or((1, "B"));
    write!(f, "{}{word}", bytes / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_values_as_they_are_written() {
        let shown = |value: Value| value.to_string();
        assert_eq!(shown(Value::Duration(Duration::from_millis(1500))), "1500ms");
        assert_eq!(shown(Value::Duration(Duration::from_hours(24))), "24h");
        assert_eq!(shown(Value::Size(10 << 20)), "10MiB");
        assert_eq!(shown(Value::Percent(Percent(2_500))), "0.25%");
        assert_eq!(shown(Value::Percent(Percent(50_000))), "5%");
        assert_eq!(shown(Value::Rate(Rate { count: 20, per: Duration::from_secs(10) })), "20/10s");
        assert_eq!(shown(Value::Addr(Addr { ip: None, port: 80 })), ":80");
    }

    #[test]
    fn rates_compare_over_different_times() {
        let rate = |count, secs| Value::Rate(Rate { count, per: Duration::from_secs(secs) });
        assert_eq!(rate(100, 1).compare(&rate(1000, 10)), Some(Ordering::Equal));
        assert_eq!(rate(101, 1).compare(&rate(1000, 10)), Some(Ordering::Greater));
        assert_eq!(rate(1, 1).compare(&Value::Int(1)), None);
    }
}
