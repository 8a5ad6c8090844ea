//! Expressions as they are evaluated: names resolved, types known, nothing left to decide but the values.
//!
//! Two expressions that are equal here are one function in the emitted code. Names of `let`s are gone: what they stand for
//! stands in their place, shared and not copied.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use gatewright_dsl::schema::Want;
use gatewright_dsl::schema::field::COOKIES;

use crate::ty::{Decimal, Range, Ty};

/// One function of the emitted code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Function {
    pub(crate) form: Form,
    pub(crate) expr: Rc<Expr>,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// A truth value.
    Bool,
    /// Whether there is a value.
    IsSet,
    /// Text, or that there is none.
    Offer,
    /// Bytes that are equal only for equal values.
    Key,
    Text,
    /// Text of one line, in which no value can end the line or what stands between quotes.
    Line,
    Json,
}

/// An expression of a known type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) ty: Ty,
    /// The number of expressions in it, itself included.
    pub(crate) size: u32,
    /// How deeply they are nested.
    pub(crate) height: u32,
}

/// What an expression is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Constant(Constant),
    Read(Read),
    /// The parameter of this name.
    Param(String),
    /// The secret of this name.
    Secret(String),
    Not(Rc<Expr>),
    And(Rc<Expr>, Rc<Expr>),
    Or(Rc<Expr>, Rc<Expr>),
    /// Of two optional values, those that are both there are compared; otherwise it is false.
    Compare(Comparison, Rc<Expr>, Rc<Expr>),
    In(Rc<Expr>, Set),
    /// The first if it is there, else the second, which may be optional too.
    Coalesce(Rc<Expr>, Rc<Expr>),
    IsSet(Rc<Expr>),
    If(Rc<Expr>, Rc<Expr>, Rc<Expr>),
    Add(Rc<Expr>, Rc<Expr>),
    Subtract(Rc<Expr>, Rc<Expr>),
    Call(Method, Rc<Expr>),
    Text(Vec<Part>),
    List(Vec<Rc<Expr>>),
    Record(Vec<(String, Rc<Expr>)>),
    /// A value as an optional one.
    Present(Rc<Expr>),
    /// An optional value that has been found to be there.
    Found(Rc<Expr>),
    /// A whole number as a decimal one.
    Widened(Rc<Expr>),
    /// A text that has been read, by its number among those of the exchange, and its name in the program. One that may be
    /// absent is of an optional type.
    Document(u16, String),
    /// The member of a record of a document: its place in the type. A member of a record that may be absent may be, too.
    Member(Rc<Expr>, usize),
    /// What stands under a key in a map of a document.
    At(Rc<Expr>, Rc<Expr>),
    /// The item that the expression around it looks at: of how many that are around each other, from the outermost.
    Element(u32),
    /// For each item of a list of a document, in its order, what the last of these makes of it. The number is that of the item.
    Each(Rc<Expr>, u32, Rc<Expr>),
    /// Of a list of a document those items for which it holds.
    Where(Rc<Expr>, u32, Rc<Expr>),
}

/// A value that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Constant {
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(String),
    Duration(Duration),
    Size(u64),
    Rate(u64, Duration),
    Percent(u32),
    Ip(IpAddr),
    Cidr(IpAddr, u8),
    Addr(SocketAddr),
    Uuid([u8; 16]),
    Date(u16, u8, u8),
    /// Seconds of a day.
    Time(u32),
    /// Of a list type.
    List(Vec<Constant>),
}

/// What is read of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Read {
    Method,
    Path,
    Host,
    ClientIp,
    Status,
    /// The id of the request, where the gateway gives one.
    RequestId,
    /// What is known of the exchange: one of [`FACTS`], by its number there.
    Fact(usize),
    /// Whether somebody is known to the `auth` of this name.
    Known(String),
    /// What the `auth` of the first name knows of who asks, under the second.
    Claim(String, String),
    /// What the n-th capture took. The router has found it to be of its type.
    Capture(u8),
    /// As it comes.
    Raw(Lookup, String),
    /// As a route declares it. The row has found it to be of its type.
    Field(Lookup, String, Option<Constant>),
}

/// Where a named text is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lookup {
    Query,
    Header,
    Cookie,
    /// The head of the answer.
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// What a value is looked for in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    /// Any of these; of an address, some may be networks.
    Any(Vec<Rc<Expr>>),
    /// A value that is a list.
    List(Rc<Expr>),
    /// Both ends included.
    Range(Option<Rc<Expr>>, Option<Rc<Expr>>),
}

/// What a value can be asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    StartsWith(Rc<Expr>),
    EndsWith(Rc<Expr>),
    Contains(Rc<Expr>),
    Lower,
    Upper,
    Length,
    /// The whole text, as written between the quotes of `re"…"`, which can be used.
    Matches(String),
}

/// A piece of a text with values in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Literal(String),
    Value(Rc<Expr>),
}

impl Form {
    /// What a row gets that wants this.
    pub(crate) fn of(want: Want) -> Self {
        match want {
            Want::Bool => Self::Bool,
            Want::IsSet => Self::IsSet,
            Want::Key => Self::Key,
            Want::Text | Want::Secret => Self::Text,
            Want::Offer => Self::Offer,
            Want::Line => Self::Line,
            Want::Json => Self::Json,
        }
    }
}

impl Kind {
    /// What it is made of.
    pub(crate) fn operands(&self) -> Vec<&Rc<Expr>> {
        match self {
            Self::Constant(_)
            | Self::Read(_)
            | Self::Param(_)
            | Self::Secret(_)
            | Self::Document(..)
            | Self::Element(_) => Vec::new(),
            Self::Not(a)
            | Self::IsSet(a)
            | Self::Present(a)
            | Self::Found(a)
            | Self::Widened(a)
            | Self::Member(a, _)
            | Self::Call(Method::Lower | Method::Upper | Method::Length | Method::Matches(_), a) => vec![a],
            Self::And(a, b)
            | Self::Or(a, b)
            | Self::Compare(_, a, b)
            | Self::Coalesce(a, b)
            | Self::Add(a, b)
            | Self::Subtract(a, b)
            | Self::At(a, b)
            | Self::Each(a, _, b)
            | Self::Where(a, _, b)
            | Self::Call(Method::StartsWith(b) | Method::EndsWith(b) | Method::Contains(b), a) => vec![a, b],
            Self::If(a, b, c) => vec![a, b, c],
            Self::In(a, set) => std::iter::once(a).chain(set.operands()).collect(),
            Self::Text(parts) => parts.iter().filter_map(Part::value).collect(),
            Self::List(items) => items.iter().collect(),
            Self::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }
}

impl Set {
    fn operands(&self) -> Vec<&Rc<Expr>> {
        match self {
            Self::Any(items) => items.iter().collect(),
            Self::List(list) => vec![list],
            Self::Range(low, high) => low.iter().chain(high).collect(),
        }
    }
}

impl Part {
    fn value(&self) -> Option<&Rc<Expr>> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }
}

impl Expr {
    /// The field of the request's head that it reads, if it reads one of these. A cookie stands in the field of cookies.
    pub(crate) fn header_of<'n>(&self, names: &'n [String]) -> Option<&'n str> {
        if let Kind::Read(Read::Raw(lookup, name) | Read::Field(lookup, name, _)) = &self.kind {
            let field = match lookup {
                Lookup::Header => name,
                Lookup::Cookie => COOKIES,
                _ => return None,
            };
            return names.iter().find(|own| own.eq_ignore_ascii_case(field)).map(String::as_str);
        }
        self.kind.operands().iter().find_map(|of| of.header_of(names))
    }

    /// Whether it reads anything of who asks.
    pub(crate) fn tells_who(&self) -> bool {
        matches!(self.kind, Kind::Read(Read::Known(_) | Read::Claim(..)))
            || self.kind.operands().iter().any(|of| of.tells_who())
    }

    /// Whether it reads anything of the document of this number.
    pub(crate) fn reads_document(&self, number: u16) -> bool {
        matches!(self.kind, Kind::Document(own, _) if own == number)
            || self.kind.operands().iter().any(|of| of.reads_document(number))
    }

    /// A claim that it reads of which something is so: the name of the `auth`, and its own.
    pub(crate) fn claim(&self, is_so: &dyn Fn(&str, &str) -> bool) -> Option<(&str, &str)> {
        match &self.kind {
            Kind::Read(Read::Claim(auth, claim)) if is_so(auth, claim) => Some((auth, claim)),
            kind => kind.operands().into_iter().find_map(|of| of.claim(is_so)),
        }
    }

    pub(crate) fn new(kind: Kind, ty: Ty) -> Rc<Self> {
        let operands = kind.operands();
        let size = operands.iter().fold(1_u32, |sum, of| sum.saturating_add(of.size));
        let height = operands.iter().map(|of| of.height).max().unwrap_or(0).saturating_add(1);
        Rc::new(Self { kind, ty, size, height })
    }

    /// Whether it is a part of a document, so that it keeps the text in which it came.
    pub(crate) fn is_document(&self) -> bool {
        match &self.kind {
            Kind::Document(..) | Kind::Member(..) | Kind::At(..) | Kind::Element(_) => true,
            Kind::Coalesce(a, b) | Kind::If(_, a, b) => {
                let is_place = |of: &Self| of.is_document() || of.is_no_item();
                is_place(a) && is_place(b) && (a.is_document() || b.is_document())
            }
            Kind::Present(a) | Kind::Found(a) => a.is_document(),
            _ => false,
        }
    }

    /// Whether it is the list without items, which stands beside a part of a document as another.
    fn is_no_item(&self) -> bool {
        match &self.kind {
            Kind::List(items) => items.is_empty(),
            Kind::Present(of) => of.is_no_item(),
            _ => false,
        }
    }

    /// Whether it is a list whose items are looked at one by one: of a document, or made of one.
    pub(crate) fn is_walked(&self) -> bool {
        let is_list = matches!(self.ty, Ty::List(..));
        is_list && (self.is_document() || matches!(self.kind, Kind::Each(..) | Kind::Where(..)))
    }

    /// The types of the parts of documents that are written as they are where this is written as JSON.
    pub(crate) fn written(&self, found: &mut Vec<Ty>) {
        match &self.kind {
            _ if self.is_document() => found.push(self.ty.present().0.clone()),
            Kind::Record(fields) => fields.iter().for_each(|(_, value)| value.written(found)),
            Kind::List(items) => items.iter().for_each(|item| item.written(found)),
            Kind::Coalesce(a, b) | Kind::If(_, a, b) => {
                a.written(found);
                b.written(found);
            }
            Kind::Present(a) | Kind::Widened(a) | Kind::Each(_, _, a) => a.written(found),
            // What is left of a list is written item by item.
            Kind::Where(..) => found.extend(match &self.ty {
                Ty::List(item, _) => Some((**item).clone()),
                _ => None,
            }),
            _ => {}
        }
    }

    /// The value, if it is known.
    pub(crate) fn constant(&self) -> Option<&Constant> {
        if let Kind::Constant(constant) = &self.kind { Some(constant) } else { None }
    }
}

/// What of an exchange can be named, behind `exchange.`: the members of a line of the access log.
pub(crate) const FACTS: &[Fact] = &[
    Fact { name: "time", is: Is::Text, is_there: true, since: Since::End },
    Fact { name: "trace_id", is: Is::Text, is_there: true, since: Since::Trace },
    Fact { name: "span_id", is: Is::Text, is_there: true, since: Since::Trace },
    Fact { name: "route", is: Is::Text, is_there: false, since: Since::End },
    Fact { name: "status", is: Is::Number, is_there: true, since: Since::End },
    Fact { name: "reason", is: Is::Text, is_there: false, since: Since::End },
    Fact { name: "dry_run", is: Is::Text, is_there: false, since: Since::End },
    Fact { name: "evicted", is: Is::Number, is_there: true, since: Since::End },
    Fact { name: "cause", is: Is::Text, is_there: false, since: Since::End },
    Fact { name: "branch", is: Is::Text, is_there: false, since: Since::End },
    Fact { name: "incomplete", is: Is::Text, is_there: false, since: Since::End },
    Fact { name: "upstream", is: Is::Text, is_there: false, since: Since::End },
    Fact { name: "server", is: Is::Address, is_there: false, since: Since::End },
    Fact { name: "tries", is: Is::Number, is_there: true, since: Since::End },
    Fact { name: "received", is: Is::Number, is_there: true, since: Since::End },
    Fact { name: "sent", is: Is::Number, is_there: true, since: Since::End },
    Fact { name: "queue_microseconds", is: Is::Number, is_there: false, since: Since::End },
    Fact { name: "connect_microseconds", is: Is::Number, is_there: false, since: Since::End },
    Fact { name: "first_byte_microseconds", is: Is::Number, is_there: false, since: Since::End },
    Fact { name: "microseconds", is: Is::Number, is_there: true, since: Since::End },
];

/// Something that is known of an exchange. In emitted code it is the function of its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) is: Is,
    /// Whether every exchange has it.
    pub(crate) is_there: bool,
    pub(crate) since: Since,
}

/// What kind of value it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Is {
    Text,
    Number,
    Address,
}

/// From when on it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// From the beginning, where the gateway has `trace`.
    Trace,
    /// When the exchange is over.
    End,
}

impl Fact {
    pub(crate) fn ty(&self) -> Ty {
        let ty = match self.is {
            Is::Text => Ty::STRING,
            Is::Number => Ty::Int(Range { min: Some(0), max: None }),
            Is::Address => Ty::Addr,
        };
        if self.is_there { ty } else { ty.optional() }
    }
}
