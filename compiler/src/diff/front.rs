//! What holds for all requests before they have a route, and what start-up says.

use std::cmp::Ordering;

use gatewright_dsl::Span;
use gatewright_dsl::schema::Value;

use super::part::{Listed, Thing, Which};
use super::setting::Draft;
use super::{Class, Said, part};
use crate::checked::{
    At, Capacity, Dns, Drain, Front, Given, Listener, Live, OwnKey, Param, SaidBy, Secret, Server, Shown,
    Trace, Trusted,
};
use crate::ir::expr::Kind;
use crate::linked::Crate;
use crate::routes::expr::constant;
use crate::ty::inclusion::{self, Held, Wire};

/// Something that the whole gateway says.
struct Word {
    name: &'static str,
    text: String,
    /// How much it is, where more of it is let through.
    amount: Option<u128>,
    /// What it means that it becomes another.
    class: Class,
}

/// What has changed of it.
pub(super) fn changes(a: &Front, b: &Front, said: impl Fn(Which, &str) -> Vec<Said>) -> Vec<Draft> {
    let class = |of: Listed<&Word>| match of {
        // Without a bound there is as much as there may be.
        Listed::Added(Word { amount: Some(_), .. }) => Class::Narrowing,
        Listed::Removed(Word { amount: Some(_), .. }) => Class::Widening,
        Listed::Changed(Word { amount: Some(a), .. }, Word { amount: Some(b), .. }) => match a.cmp(b) {
            Ordering::Less => Class::Widening,
            Ordering::Equal => Class::Neutral,
            Ordering::Greater => Class::Narrowing,
        },
        Listed::Added(word) | Listed::Removed(word) | Listed::Changed(_, word) => word.class,
    };
    let said = |which, word: &Word| said(which, word.name.split(' ').next().unwrap_or_default());
    part::listed("setting", (&words(a), &words(b)), said, class)
}

impl Thing for Word {
    fn key(&self) -> String {
        self.name.to_owned()
    }

    fn shown(&self) -> String {
        self.text.clone()
    }
}

fn words(front: &Front) -> Vec<Word> {
    let Front {
        trusted,
        request_id,
        access_log,
        trace,
        admin,
        kept,
        drain,
        capacity,
        dns,
        tls: _,
        tls_of_others: _,
    } = front;
    let word = |name, class, text| Word { name, text, amount: None, class };
    let mut words = Vec::new();
    if let Some(Trusted { proxies, by }) = trusted {
        let networks =
            |all: &Vec<_>| all.iter().map(|(ip, bits)| format!("{ip}/{bits}")).collect::<Vec<_>>().join(", ");
        let by = match by {
            SaidBy::XForwardedFor => "x-forwarded-for",
            SaidBy::Forwarded => "forwarded",
        };
        words.push(word("trusted", Class::Changed, format!("trusted {} by {by}", given(proxies, networks))));
    }
    words.extend(
        request_id.iter().map(|field| word("request_id", Class::Changed, format!("request_id {field:?}"))),
    );
    if let Some((file, _)) = access_log {
        let file = given(file, |path| format!("{path:?}"));
        words.push(word("access_log", Class::Neutral, format!("access_log {file}")));
    }
    if let Some(Trace { span: _, to, roots, shown, named: _, secured: _, sample, everyone }) = trace {
        let sample = given(sample, |it| Value::Percent(gatewright_dsl::ast::Percent(*it)).to_string());
        let everyone = if *everyone { " continue" } else { "" };
        let roots = roots.as_ref().map(|path| format!(" roots {path:?}")).unwrap_or_default();
        let shown = shown.as_ref().map(self::shown).unwrap_or_default();
        let text = format!("trace {}{roots}{shown} sample {sample}{everyone}", at(to));
        words.push(word("trace", Class::Neutral, text));
    }
    if let Some((address, _)) = admin {
        words.push(word("admin", Class::Changed, format!("admin {}", listener(address))));
    }
    if let Some((file, _)) = kept {
        let file = given(file, |path| format!("{path:?}"));
        words.push(word("admin keep", Class::Neutral, format!("admin keep {file}")));
    }
    if let Some(Drain { within, wait }) = drain {
        let text = format!("drain {} wait {}", given(within, duration), given(wait, duration));
        words.push(word("drain", Class::Neutral, text));
    }
    if let Some(Capacity { connections, in_flight, memory, retry_after }) = capacity {
        let mut amount = |name, text: String, amount| {
            words.push(Word { name, text: format!("{name} {text}"), amount, class: Class::Changed });
        };
        for (name, number) in [("capacity connections", connections), ("capacity in_flight", in_flight)] {
            if let Some(number) = number {
                amount(
                    name,
                    given(number, ToString::to_string),
                    known(number).and_then(|it| u128::try_from(*it).ok()),
                );
            }
        }
        if let Some(memory) = memory {
            amount(
                "capacity memory",
                given(memory, |it| Value::Size(*it).to_string()),
                known(memory).map(|it| u128::from(*it)),
            );
        }
        words.push(word(
            "capacity retry_after",
            Class::Neutral,
            format!("capacity retry_after {}", given(retry_after, duration)),
        ));
    }
    if let Some((Dns { servers, min_ttl, max_ttl, within, attempts, stale }, _)) = dns {
        let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
        let [min_ttl, max_ttl, within, stale] = [min_ttl, max_ttl, within, stale].map(duration);
        let text = format!(
            "dns {} min_ttl {min_ttl} max_ttl {max_ttl} within {within} attempts {attempts} stale {stale}",
            servers.join(", ")
        );
        words.push(word("dns", Class::Changed, text));
    }
    words
}

/// Who the gateway is for somebody.
fn shown(Shown { certificate, key }: &Shown) -> String {
    let key = match key {
        OwnKey::File(path) => format!("key {path:?}"),
        OwnKey::Secret(function) => match &function.expr.kind {
            Kind::Secret(name) => format!("secret {name}"),
            // INVARIANT: it is a secret's name, and nothing else.
            _ => String::new(),
        },
    };
    format!(" certificate {certificate:?} {key}")
}

/// What is written, or the parameter that says it.
pub(super) fn given<T>(given: &Given<T>, shown: impl Fn(&T) -> String) -> String {
    match given {
        Given::Is(value) => shown(value),
        Given::Param(name) => name.clone(),
    }
}

fn known<T>(given: &Given<T>) -> Option<&T> {
    if let Given::Is(value) = given { Some(value) } else { None }
}

fn duration(value: &std::time::Duration) -> String {
    Value::Duration(*value).to_string()
}

fn listener(listener: &Listener) -> String {
    match listener {
        Listener::Is(address) => address.to_string(),
        Listener::Param(name) => name.clone(),
    }
}

impl Thing for Listener {
    fn key(&self) -> String {
        listener(self)
    }

    fn shown(&self) -> String {
        listener(self)
    }
}

fn at(at: &At) -> String {
    let over = if at.is_secured() == Some(true) { "https://" } else { "" };
    match at {
        At::Is { address, authority, .. } if address.to_string() == *authority => {
            format!("{over}{authority}")
        }
        At::Is { address, authority, .. } => format!("{over}{authority} at {address}"),
        At::Name { host, port, authority, .. } if format!("{host}:{port}") == *authority => {
            format!("{over}{authority}")
        }
        At::Name { host, port, authority, .. } => format!("{over}{authority} at {host}:{port}"),
        At::Service { name, .. } => format!("srv {over}{name}"),
        At::Param(name) => name.clone(),
    }
}

/// Where a server is; what makes two of them the same.
pub(super) fn server(server: &Server) -> String {
    at(&server.at)
}

impl Thing for Server {
    fn key(&self) -> String {
        server(self)
    }

    fn shown(&self) -> String {
        let Self { at: _, weight, backup, optional, span: _ } = self;
        let flags = [(*backup, " backup"), (*optional, " optional")];
        let flags: String = flags.into_iter().filter_map(|(is_set, text)| is_set.then_some(text)).collect();
        format!("{} weight {weight}{flags}", server(self))
    }
}

/// Servers that are asked, and how much each gets.
pub(super) fn servers(a: &[Server], b: &[Server], said: impl Fn(Which, Span) -> Vec<Said>) -> Vec<Draft> {
    let class = |of: Listed<&Server>| match of {
        Listed::Removed(_) => Class::Narrowing,
        Listed::Added(_) => Class::Widening,
        Listed::Changed(a, b) if a.backup != b.backup => Class::Changed,
        // The gateway no longer starts where the name cannot be found.
        Listed::Changed(a, b) if a.optional && !b.optional => Class::Breaking,
        Listed::Changed(..) => Class::Neutral,
    };
    part::listed("server", (a, b), |which, server| said(which, server.span), class)
}

impl Thing for Param {
    fn key(&self) -> String {
        self.name.clone()
    }

    /// With all that start-up is told of it.
    fn shown(&self) -> String {
        let Self { name, doc: _, ty, default, least, most, live } = self;
        let word = if live.is_some() { "live " } else { "" };
        let from = match live {
            Some(Live::File(path)) => format!(" from {path:?}"),
            _ => String::new(),
        };
        let default = default.as_ref().map(|it| format!(" = {}", constant(it))).unwrap_or_default();
        let end = |end: &Option<Value>| end.as_ref().map(ToString::to_string).unwrap_or_default();
        let bounds = match (least, most) {
            (None, None) => String::new(),
            _ => format!(" within {}..{}", end(least), end(most)),
        };
        // The bounds of what has a unit are those of its places.
        format!("{word}{name}: {}{default}{from}{bounds}", ty.unbounded())
    }

    fn is_other(&self) -> bool {
        self.live.is_some()
    }
}

/// What start-up may set, and what may change later.
pub(super) fn params(
    a: &[Param],
    b: &[Param],
    said: impl Fn(Which, &'static str, &str) -> Vec<Said>,
) -> Vec<Draft> {
    let class = |of: Listed<&Param>| match of {
        // Start-up refuses what it does not know.
        Listed::Removed(_) => Class::Breaking,
        Listed::Added(new) if new.default.is_none() && new.live.is_none() => Class::Breaking,
        Listed::Added(_) => Class::Neutral,
        Listed::Changed(old, new) => param(old, new),
    };
    part::listed("param", (a, b), |which, it| said(which, "param", &it.name), class)
}

/// What it means that something else may be said, or that something else holds where nothing is said.
fn param(old: &Param, new: &Param) -> Class {
    let Param { name: _, doc: _, ty, default, least, most, live } = old;
    // Whether there are fewer values now, or more.
    let least = end(least.as_ref(), new.least.as_ref(), Ordering::Less);
    let most = end(most.as_ref(), new.most.as_ref(), Ordering::Greater);
    let ends = [least, most];
    let types = inclusion::compared(&ty.unbounded(), &new.ty.unbounded(), Wire::Text);
    let is_known = types != Held::Unknown && !ends.contains(&None);
    let is_fewer = types == Held::Fewer || ends.contains(&Some(Ordering::Less));
    let is_more = types == Held::More || ends.contains(&Some(Ordering::Greater));
    match (default, &new.default) {
        _ if is_fewer => Class::Breaking,
        _ if !is_known => Class::Changed,
        (Some(_), None) if new.live.is_none() => Class::Breaking,
        _ if *live != new.live => Class::Changed,
        (Some(old), Some(other)) if old != other => Class::Changed,
        _ if is_more => Class::Widening,
        _ => Class::Neutral,
    }
}

/// Whether fewer values lie inside of an end than did, or more. `outward` is where more of them are.
fn end(old: Option<&Value>, new: Option<&Value>, outward: Ordering) -> Option<Ordering> {
    match (old, new) {
        (Some(old), Some(new)) if outward == Ordering::Greater => new.compare(old),
        (Some(old), Some(new)) => old.compare(new),
        (None, None) => Some(Ordering::Equal),
        (None, Some(_)) => Some(Ordering::Less),
        (Some(_), None) => Some(Ordering::Greater),
    }
}

impl Thing for Crate {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn shown(&self) -> String {
        let Self { name, folder, span: _ } = self;
        format!("{name} {folder:?}")
    }
}

/// Where the crates are whose functions answer. What is in them is not known here; which routes call them, the routes say.
pub(super) fn crates(a: &[Crate], b: &[Crate], said: impl Fn(Which, Span) -> Vec<Said>) -> Vec<Draft> {
    let class = |of: Listed<&Crate>| match of {
        Listed::Removed(_) | Listed::Added(_) => Class::Neutral,
        Listed::Changed(..) => Class::Changed,
    };
    part::listed("crate", (a, b), |which, it| said(which, it.span), class)
}

impl Thing for Secret {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn shown(&self) -> String {
        let Self { name, doc: _ } = self;
        name.clone()
    }
}

/// What start-up must be given, and nobody sees.
pub(super) fn secrets(
    a: &[Secret],
    b: &[Secret],
    said: impl Fn(Which, &'static str, &str) -> Vec<Said>,
) -> Vec<Draft> {
    let class = |of: Listed<&Secret>| match of {
        Listed::Added(_) => Class::Breaking,
        Listed::Removed(_) | Listed::Changed(..) => Class::Neutral,
    };
    part::listed("secret", (a, b), |which, it| said(which, "secret", &it.name), class)
}

/// Where clients come to.
pub(super) fn listeners(a: &[Listener], b: &[Listener], said: impl Fn(Which) -> Vec<Said>) -> Vec<Draft> {
    let class = |of: Listed<&Listener>| match of {
        Listed::Removed(_) => Class::Breaking,
        Listed::Added(_) | Listed::Changed(..) => Class::Widening,
    };
    // One of several is told from the others by its port or its name.
    let said = |which, it: &Listener| {
        let sign = match it {
            Listener::Is(address) => format!(":{}", address.port()),
            Listener::Param(name) => name.clone(),
        };
        said(which)
            .into_iter()
            .filter(|said| said.text.split([' ', ';']).any(|word| word.ends_with(&sign)))
            .collect()
    };
    part::listed("listener", (a, b), said, class)
}

/// A header field that clients do not set.
struct Identity<'a>(&'a str);

impl Thing for Identity<'_> {
    fn key(&self) -> String {
        self.0.to_owned()
    }

    fn shown(&self) -> String {
        format!("no client sets {:?}", self.0)
    }
}

/// Header fields that clients do not set.
pub(super) fn identity(a: &[String], b: &[String], said: impl Fn(Which) -> Vec<Said>) -> Vec<Draft> {
    let class = |of: Listed<&Identity<'_>>| match of {
        Listed::Removed(_) => Class::Widening,
        Listed::Added(_) | Listed::Changed(..) => Class::Narrowing,
    };
    let old: Vec<Identity<'_>> = a.iter().map(|name| Identity(name)).collect();
    let new: Vec<Identity<'_>> = b.iter().map(|name| Identity(name)).collect();
    part::listed("identity", (&old, &new), |which, _| said(which), class)
}
