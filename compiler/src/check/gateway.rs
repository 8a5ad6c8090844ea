//! The `gateway` block: that there is one, and where it listens.
//!
//! What its words take is said by their rows.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use gatewright_dsl::item::gateway::{DNS, REQUEST_ID_HEADER};
use gatewright_dsl::schema::{Checked, Place, Value, Values, check_block};
use gatewright_dsl::source::Span;
use gatewright_dsl::{ast, item};

use super::join::{self, Settings, Written};
use super::{Check, problem, resolve};
use crate::checked::{Dns, Front, Listener, SaidBy, Trusted};
use crate::ir::expr::Constant;

/// What a `gateway` block says.
#[derive(Debug, Default)]
pub(super) struct Gateway {
    pub(super) name: String,
    /// What holds for all exchanges, those without a route included.
    pub(super) settings: Settings,
    pub(super) listeners: Vec<Listener>,
    pub(super) front: Front,
}

pub(super) fn check(check: &mut Check<'_>, gateways: &[&ast::Gateway]) -> Gateway {
    let Some((first, others)) = gateways.split_first() else {
        if !check.is_torn {
            check.problems.push(problem::missing_gateway());
        }
        return Gateway::default();
    };
    for other in others {
        check.problems.push(problem::repeated_gateway(other.name.span, first.name.span));
    }
    let (settings, problems) = check_block(&first.block, Place::Gateway, check.catalogue);
    check.problems.extend(problems);
    let listeners = listeners(check, &settings);
    let front = Front { admin: admin(check, &settings), dns: dns(&settings), ..front(&settings) };
    let written = Rc::new(Written { around: 0, imports: Vec::new() });
    let settings = join::over(check, &Settings::default(), &join::own(settings, &[], &written));
    Gateway { name: first.name.text.clone(), settings, listeners, front }
}

/// Where the gateway is asked about itself: at no address where it serves clients.
fn admin(check: &mut Check<'_>, settings: &[Checked]) -> Option<(SocketAddr, Span)> {
    let setting = settings.iter().find(|setting| setting.values.word == "admin")?;
    let given = setting.values.find("address")?;
    let Value::Addr(addr) = &given.value else { return None };
    let address = SocketAddr::new(addr.ip.unwrap_or(crate::EVERY_ADDRESS), addr.port);
    let span = given.span.unwrap_or(setting.span);
    if let Some((_, first)) = check.listeners.iter().find(|(other, _)| collide(*other, address)) {
        let (own, other) = (check.slice(span), check.slice(*first));
        check.problems.push(problem::duplicate_listener(own, span, other, *first));
    }
    Some((address, setting.span))
}

/// How names are looked up, where that is written.
fn dns(settings: &[Checked]) -> Option<(Dns, Span)> {
    let setting = settings.iter().find(|setting| setting.values.word == DNS.name)?;
    Some((looked_up(&setting.values), setting.span))
}

/// How names are looked up where nothing is said of it.
pub(super) fn dns_by_default() -> Dns {
    looked_up(&DNS.defaults())
}

fn looked_up(values: &Values) -> Dns {
    let servers = match values.value("servers") {
        Some(Value::List(servers)) => servers.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let servers = servers.iter().filter_map(|server| match server {
        Value::Addr(addr) => Some(SocketAddr::new(addr.ip?, addr.port)),
        _ => None,
    });
    // INVARIANT: each has a default, of its type.
    let time = |name: &str| match values.value(name) {
        Some(Value::Duration(time)) => *time,
        _ => Duration::ZERO,
    };
    let attempts = match values.value("attempts") {
        Some(Value::Int(attempts)) => u32::try_from(*attempts).unwrap_or(1),
        _ => 1,
    };
    Dns {
        servers: servers.collect(),
        min_ttl: time("min_ttl"),
        max_ttl: time("max_ttl"),
        within: time("within"),
        attempts,
        stale: time("stale"),
    }
}

/// What the words of the block say that hold for all requests, before they have a route.
fn front(settings: &[Checked]) -> Front {
    let find = |word: &str| settings.iter().find(|setting| setting.values.word == word);
    let trusted = find("trusted").and_then(|setting| {
        let Value::List(networks) = setting.values.value("proxies")? else { return None };
        let networks = networks.iter().filter_map(|network| match network {
            Value::Cidr(address, bits) => Some((*address, *bits)),
            _ => None,
        });
        let by = matches!(setting.values.value("by"), Some(Value::Word(by)) if by == "forwarded");
        let mut proxies: Vec<_> = networks.collect();
        proxies.sort_unstable();
        proxies.dedup();
        Some(Trusted { proxies, by: if by { SaidBy::Forwarded } else { SaidBy::XForwardedFor } })
    });
    // It says one thing: the name of the field, where that is another.
    let request_id =
        find("request_id").map(|setting| match setting.values.given.first().map(|it| &it.value) {
            Some(Value::Text(name)) => name.clone().into_owned(),
            _ => REQUEST_ID_HEADER.to_owned(),
        });
    Front { trusted, request_id, admin: None, dns: None }
}

fn listeners(check: &mut Check<'_>, settings: &[Checked]) -> Vec<Listener> {
    let mut known: Vec<(SocketAddr, Span)> = Vec::new();
    let mut listeners: Vec<Listener> = Vec::new();
    let mut names: Vec<(String, Span)> = Vec::new();
    for setting in settings.iter().filter(|setting| setting.values.word == "listen") {
        let Some(given) = setting.values.find("address") else { continue };
        let span = given.span.unwrap_or(setting.span);
        match &given.value {
            Value::Addr(addr) => {
                let address = SocketAddr::new(addr.ip.unwrap_or(crate::EVERY_ADDRESS), addr.port);
                take(check, &mut known, address, span);
                listeners.push(Listener::Is(address));
            }
            Value::Name(name) => {
                let Some(param) = parameter(check, name) else { continue };
                if let Some((_, first)) = names.iter().find(|(known, _)| *known == param) {
                    check.problems.push(problem::duplicate_listener(&param, span, &param, *first));
                    continue;
                }
                names.push((param.clone(), span));
                for (value, at) in Rc::clone(&check.params).by_default(&param) {
                    if let Constant::Addr(address) = value {
                        take(check, &mut known, address, at);
                    }
                }
                listeners.push(Listener::Param(param));
            }
            _ => {}
        }
    }
    listeners.sort_unstable();
    check.listeners = known;
    listeners
}

/// The parameter that stands in the place of an address.
fn parameter(check: &mut Check<'_>, name: &ast::Name) -> Option<String> {
    let row =
        item::words(Place::Gateway).iter().flat_map(|row| row.params).find(|it| it.name == "address")?;
    let params = Rc::clone(&check.params);
    resolve::reference(check, &params.scope, name, row)
}

/// Notes that an address is listened at, unless it is already.
fn take(check: &mut Check<'_>, known: &mut Vec<(SocketAddr, Span)>, address: SocketAddr, span: Span) {
    match known.iter().find(|(other, _)| collide(*other, address)) {
        Some((_, first)) => {
            let (own, other) = (check.slice(span).to_owned(), check.slice(*first).to_owned());
            check.problems.push(problem::duplicate_listener(&own, span, &other, *first));
        }
        None => known.push((address, span)),
    }
}

/// Where the gateway listens for what is sent to `server`, if it does.
pub(super) fn listens_for(check: &Check<'_>, server: SocketAddr) -> Option<Span> {
    // What is sent to no address in particular arrives at this machine.
    let here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    let reaches = |listener: SocketAddr| {
        listener.ip() == server.ip()
            || listener.ip().is_unspecified() && here(server.ip())
            || server.ip().is_unspecified() && here(listener.ip())
    };
    let mut listeners = check.listeners.iter();
    listeners.find(|(at, _)| at.port() == server.port() && reaches(*at)).map(|(_, span)| *span)
}

/// Whether one socket would take what the other is to receive.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let covers = |all: IpAddr, one: IpAddr| match all {
        IpAddr::V4(all) => all.is_unspecified() && one.is_ipv4(),
        // A socket of every IPv6 address takes IPv4 as well.
        IpAddr::V6(all) => all.is_unspecified(),
    };
    a.port() == b.port() && (a.ip() == b.ip() || covers(a.ip(), b.ip()) || covers(b.ip(), a.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_collides_with_each() {
        let check = |a: &str, b: &str, expected| {
            assert_eq!(collide(a.parse().unwrap(), b.parse().unwrap()), expected, "{a} {b}");
            assert_eq!(collide(b.parse().unwrap(), a.parse().unwrap()), expected, "{b} {a}");
        };
        check("[::]:80", "0.0.0.0:80", true);
        check("[::]:80", "127.0.0.1:80", true);
        check("0.0.0.0:80", "127.0.0.1:80", true);
        check("127.0.0.1:80", "127.0.0.1:80", true);
        check("127.0.0.1:80", "127.0.0.2:80", false);
        check("0.0.0.0:80", "[::1]:80", false);
        check("[::]:80", "[::]:81", false);
    }
}
