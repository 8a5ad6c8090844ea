//! What holds for all requests before they have a route, and what start-up says.

use std::cmp::Ordering;

use gatewright_dsl::schema::Value;

use super::part::Listed;
use super::setting::Draft;
use super::{Class, part};
use crate::checked::{
    At, Capacity, Dns, Drain, Front, Given, Listener, Live, Param, SaidBy, Secret, Server, Trace, Trusted,
};
use crate::linked::Crate;
use crate::routes::expr::constant;

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
pub(super) fn changes(a: &Front, b: &Front) -> Vec<Draft> {
    let (old, new) = (words(a), words(b));
    let class = |change: Listed, [a, b]: [Option<&Word>; 2]| {
        let class = a.or(b).map_or(Class::Changed, |word| word.class);
        match (change, a.and_then(|it| it.amount), b.and_then(|it| it.amount)) {
            // Without a bound there is as much as there may be.
            (Listed::Added, None, Some(_)) => Class::Narrowing,
            (Listed::Removed, Some(_), None) => Class::Widening,
            (Listed::Changed, Some(a), Some(b)) => match a.cmp(&b) {
                Ordering::Less => Class::Widening,
                Ordering::Equal => Class::Neutral,
                Ordering::Greater => Class::Narrowing,
            },
            _ => class,
        }
    };
    part::listed("setting", (&old, &new), |word| word.name, |word| word.text.clone(), class)
}

fn words(front: &Front) -> Vec<Word> {
    let Front {
        trusted,
        request_id,
        access_log,
        trace,
        admin,
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
        words.push(word("access_log", Class::Neutral, format!("access_log {file:?}")));
    }
    if let Some(Trace { span: _, to, sample, everyone }) = trace {
        let sample = given(sample, |it| Value::Percent(gatewright_dsl::ast::Percent(*it)).to_string());
        let everyone = if *everyone { " continue" } else { "" };
        words.push(word("trace", Class::Neutral, format!("trace {} sample {sample}{everyone}", at(to))));
    }
    if let Some((address, _)) = admin {
        words.push(word("admin", Class::Changed, format!("admin {}", listener(address))));
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

/// Servers that are asked, and how much each gets.
pub(super) fn servers(a: &[Server], b: &[Server]) -> Vec<Draft> {
    let shown = |it: &Server| {
        let Server { at: _, weight, backup, optional } = it;
        let flags = [(*backup, " backup"), (*optional, " optional")];
        let flags: String = flags.into_iter().filter_map(|(is_set, text)| is_set.then_some(text)).collect();
        format!("{} weight {weight}{flags}", server(it))
    };
    let (old, new): (Vec<_>, Vec<_>) =
        (a.iter().map(|it| (server(it), it)).collect(), b.iter().map(|it| (server(it), it)).collect());
    part::listed(
        "server",
        (&old, &new),
        |it| it.0.as_str(),
        |it| shown(it.1),
        |change, [a, b]| match change {
            Listed::Removed => Class::Narrowing,
            Listed::Added => Class::Widening,
            Listed::Changed if a.map(|it| it.1.backup) == b.map(|it| it.1.backup) => Class::Neutral,
            Listed::Changed => Class::Changed,
        },
    )
}

/// A parameter with all that start-up is told of it.
fn param(param: &Param) -> String {
    let Param { name, doc: _, ty, default, least, most, live } = param;
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

/// What start-up may set, and what may change later.
pub(super) fn params(a: &[Param], b: &[Param]) -> Vec<Draft> {
    let class = |change: Listed, [_, new]: [Option<&Param>; 2]| match (change, new) {
        // Start-up refuses what it does not know.
        (Listed::Removed, _) => Class::Breaking,
        (Listed::Added, Some(new)) if new.default.is_none() && new.live.is_none() => Class::Breaking,
        (Listed::Added, _) => Class::Neutral,
        (Listed::Changed, _) => Class::Changed,
    };
    part::listed("param", (a, b), |it| it.name.as_str(), param, class)
}

/// Where the crates are whose functions answer. What is in them is not known here; which routes call them, the routes say.
pub(super) fn crates(a: &[Crate], b: &[Crate]) -> Vec<Draft> {
    let class = |change: Listed, _: [Option<&Crate>; 2]| match change {
        Listed::Removed | Listed::Added => Class::Neutral,
        Listed::Changed => Class::Changed,
    };
    let shown = |it: &Crate| {
        let Crate { name, folder, span: _ } = it;
        format!("{name} {folder:?}")
    };
    part::listed("crate", (a, b), |it| it.name.as_str(), shown, class)
}

/// What start-up must be given, and nobody sees.
pub(super) fn secrets(a: &[Secret], b: &[Secret]) -> Vec<Draft> {
    let class = |change: Listed, _: [Option<&Secret>; 2]| match change {
        Listed::Added => Class::Breaking,
        Listed::Removed | Listed::Changed => Class::Neutral,
    };
    let shown = |secret: &Secret| {
        let Secret { name, doc: _ } = secret;
        name.clone()
    };
    part::listed("secret", (a, b), |it| it.name.as_str(), shown, class)
}

pub(super) fn listeners(a: &[Listener], b: &[Listener]) -> Vec<Draft> {
    let class = |change: Listed, _: [Option<&Listener>; 2]| match change {
        Listed::Removed => Class::Breaking,
        Listed::Added | Listed::Changed => Class::Widening,
    };
    part::listed("listener", (a, b), |it| it, listener, class)
}

/// Header fields that clients do not set.
pub(super) fn identity(a: &[String], b: &[String]) -> Vec<Draft> {
    let class = |change: Listed, _: [Option<&String>; 2]| match change {
        Listed::Removed => Class::Widening,
        Listed::Added | Listed::Changed => Class::Narrowing,
    };
    part::listed("identity", (a, b), String::as_str, |it| format!("no client sets {it:?}"), class)
}
