//! The values of parameters and live values: read once when a gateway starts, or whenever they change.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::{Given, One};
use crate::scope::decimal::Decimal;
use crate::scope::read::{self, Cidr, Date, Rate, Time};
use crate::scope::{Value as Written, url};

/// The type of a parameter's value, or of each item of a list. Bounds are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A number, in units of 10⁻⁹.
    Decimal {
        /// Smallest.
        min: i128,
        /// Largest.
        max: i128,
    },
    /// Text, of so many Unicode scalars.
    Text {
        /// Fewest.
        min: i64,
        /// Most.
        max: i64,
    },
    /// One of these texts.
    Enum(&'static [&'static str]),
    /// A time.
    Duration,
    /// Bytes.
    Size,
    /// A count per time.
    Rate,
    /// A share.
    Percent,
    /// An IP address.
    Ip,
    /// An IP network.
    Cidr,
    /// An IP address and a port.
    Addr,
    /// An absolute URL.
    Url,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// A day.
    Date,
    /// A time of day.
    Time,
}

/// Writes down the values: a variant for one and a variant for several of each Rust type, and how they are read.
macro_rules! values {
    ($($(#[$doc:meta])* $one:ident $several:ident $ty:ty, $none:expr;)*) => {
        /// The value of a parameter. A clone of several shares them.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Value {
            /// Text, one of several texts, or an absolute URL.
            Text(Arc<str>),
            /// Several of them.
            Texts(Arc<[Box<str>]>),
            $($(#[$doc])* $one($ty),
            /// Several of them.
            $several(Arc<[$ty]>),)*
        }

        $(impl One for $ty {
            const NONE: Self = $none;

            fn of(value: &Value) -> Option<Self> {
                if let Value::$one(value) = value { Some(*value) } else { None }
            }
        }

        impl Given for $ty {
            type Lent<'a> = Self;

            fn lent<'a>(self) -> Self::Lent<'a> {
                self
            }

            fn of(value: &Value) -> Option<Self> {
                One::of(value)
            }

            fn none<'a>() -> Self::Lent<'a> {
                Self::NONE
            }
        }

        impl Given for &'static [$ty] {
            type Lent<'a> = &'a [$ty];

            fn lent<'a>(self) -> &'a [$ty] {
                self
            }

            fn of(value: &Value) -> Option<&[$ty]> {
                if let Value::$several(values) = value { Some(values) } else { None }
            }

            fn none<'a>() -> &'a [$ty] {
                &[]
            }
        })*

        impl Value {
            /// Several values of one kind as one. `None` where there is none, or they are of several kinds.
            fn several(values: &[Self]) -> Option<Self> {
                match values.first()? {
                    Self::Text(_) => {
                        let items = values.iter().map(|value| value.text().map(Box::from));
                        Some(Self::Texts(items.collect::<Option<_>>()?))
                    }
                    $(Self::$one(_) => {
                        let items: Option<Arc<[$ty]>> = values.iter().map(<$ty as One>::of).collect();
                        Some(Self::$several(items?))
                    })*
                    _ => None,
                }
            }

            /// Appends it as JSON: numbers and truth values as such, all else as strings.
            pub(crate) fn json(&self, out: &mut Vec<u8>) {
                match self {
                    Self::Text(text) => Written::json(&Cow::Borrowed(text.as_bytes()), out),
                    Self::Texts(texts) => Written::json(&&**texts, out),
                    $(Self::$one(value) => Written::json(value, out),
                    Self::$several(values) => Written::json(&&**values, out),)*
                }
            }

            /// The number of items, where it is a list.
            pub(crate) fn count(&self) -> Option<usize> {
                match self {
                    Self::Texts(texts) => Some(texts.len()),
                    $(Self::$several(values) => Some(values.len()),)*
                    _ => None,
                }
            }
        }
    };
}

values! {
    /// `true` or `false`.
    Bool Bools bool, false;
    /// A whole number.
    Int Ints i64, 0;
    /// A number.
    Decimal Decimals Decimal, Decimal(0);
    /// A time.
    Duration Durations Duration, Duration::ZERO;
    /// Bytes.
    Size Sizes u64, 0;
    /// A count per time.
    Rate Rates Rate, (0, Duration::ZERO);
    /// Millionths.
    Percent Percents u32, 0;
    /// An IP address.
    Ip Ips IpAddr, IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    /// An IP network; one that holds nothing stands for none.
    Cidr Cidrs Cidr, (IpAddr::V4(Ipv4Addr::BROADCAST), 32);
    /// An IP address and a port.
    Addr Addrs SocketAddr, SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    /// 16 bytes.
    Uuid Uuids [u8; 16], [0; 16];
    /// A day.
    Date Dates Date, (0, 1, 1);
    /// Seconds of a day.
    Time Times Time, Time(0);
}

impl Given for &'static str {
    type Lent<'a> = &'a str;

    fn lent<'a>(self) -> &'a str {
        self
    }

    fn of(value: &Value) -> Option<&str> {
        value.text()
    }

    fn none<'a>() -> &'a str {
        ""
    }
}

impl Value {
    /// The text, where it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Whether it, or each of several, is not smaller than the one and not larger than the other. What has no order is.
    pub(super) fn is_within(&self, least: Option<&Self>, most: Option<&Self>) -> bool {
        match (self, least, most) {
            (Self::Int(it), _, _) => holds(it, least, most),
            (Self::Ints(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Duration(it), _, _) => holds(it, least, most),
            (Self::Durations(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Size(it), _, _) => holds(it, least, most),
            (Self::Sizes(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Percent(it), _, _) => holds(it, least, most),
            (Self::Percents(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Rate(it), _, _) => holds_rate(*it, least, most),
            (Self::Rates(all), _, _) => all.iter().all(|it| holds_rate(*it, least, most)),
            _ => true,
        }
    }
}

fn holds<T: One>(it: &T, least: Option<&Value>, most: Option<&Value>) -> bool {
    least.and_then(T::of).is_none_or(|least| *it >= least)
        && most.and_then(T::of).is_none_or(|most| *it <= most)
}

/// Rates are compared by what they come to.
fn holds_rate(it: Rate, least: Option<&Value>, most: Option<&Value>) -> bool {
    least.and_then(<Rate as One>::of).is_none_or(|least| read::is_at_most(least, it))
        && most.and_then(<Rate as One>::of).is_none_or(|most| read::is_at_most(it, most))
}

/// Reads one value. `None` where the text is none of this kind.
pub(crate) fn one(kind: Kind, text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    Some(match kind {
        Kind::Bool => Value::Bool(read::bool(bytes)?),
        Kind::Int { min, max } => Value::Int(read::int(bytes).filter(|it| (min..=max).contains(it))?),
        Kind::Decimal { min, max } => {
            Value::Decimal(Decimal::read(bytes).filter(|it| (min..=max).contains(&it.0))?)
        }
        Kind::Text { min, max } => {
            (min..=max).contains(&read::length(bytes)).then(|| Value::Text(text.into()))?
        }
        Kind::Enum(words) => {
            words.iter().find(|word| **word == text).map(|word| Value::Text((*word).into()))?
        }
        Kind::Duration => Value::Duration(read::duration(bytes)?),
        Kind::Size => Value::Size(read::size(bytes)?),
        Kind::Rate => Value::Rate(read::rate(bytes)?),
        Kind::Percent => Value::Percent(read::percent(bytes)?),
        Kind::Ip => Value::Ip(read::ip(bytes)?),
        Kind::Cidr => Value::Cidr(read::cidr(bytes)?),
        Kind::Addr => Value::Addr(addr(text)?),
        Kind::Url => url::read(text).map(|_| Value::Text(text.into()))?,
        Kind::Uuid => Value::Uuid(read::uuid(bytes)?),
        Kind::Date => Value::Date(read::date(bytes)?),
        Kind::Time => Value::Time(read::time(bytes)?),
    })
}

/// Whether a text is a value of this kind but for its bounds.
pub(crate) fn is_beyond(kind: Kind, text: &str) -> bool {
    let all = match kind {
        Kind::Int { .. } => Kind::Int { min: i64::MIN, max: i64::MAX },
        Kind::Decimal { .. } => Kind::Decimal { min: i128::MIN, max: i128::MAX },
        Kind::Text { .. } => Kind::Text { min: 0, max: i64::MAX },
        _ => return false,
    };
    one(kind, text).is_none() && one(all, text).is_some()
}

/// Reads the items of a list, of which there may be none.
pub(crate) fn list(kind: Kind, texts: &[&str]) -> Option<Value> {
    let items: Option<Vec<Value>> = texts.iter().map(|text| one(kind, text)).collect();
    let items = items?;
    if !items.is_empty() {
        return Value::several(&items);
    }
    Some(match kind {
        Kind::Bool => Value::Bools(Arc::default()),
        Kind::Int { .. } => Value::Ints(Arc::default()),
        Kind::Decimal { .. } => Value::Decimals(Arc::default()),
        Kind::Text { .. } | Kind::Enum(_) | Kind::Url => Value::Texts(Arc::default()),
        Kind::Duration => Value::Durations(Arc::default()),
        Kind::Size => Value::Sizes(Arc::default()),
        Kind::Rate => Value::Rates(Arc::default()),
        Kind::Percent => Value::Percents(Arc::default()),
        Kind::Ip => Value::Ips(Arc::default()),
        Kind::Cidr => Value::Cidrs(Arc::default()),
        Kind::Addr => Value::Addrs(Arc::default()),
        Kind::Uuid => Value::Uuids(Arc::default()),
        Kind::Date => Value::Dates(Arc::default()),
        Kind::Time => Value::Times(Arc::default()),
    })
}

/// An address; as in a program, a port alone is every address of the machine.
fn addr(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => Some(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), url::port(port)?)),
        None => read::addr(text.as_bytes()),
    }
}
