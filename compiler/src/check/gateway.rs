//! The `gateway` block: that there is one, and where it listens.
//!
//! What its words take is said by their rows.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use gatewright_dsl::item::gateway::{
    DNS, REQUEST_ID_HEADER, is_everyone, is_file, no_file, no_kept_file, trusts_everyone,
};
use gatewright_dsl::schema::certificate;
use gatewright_dsl::schema::{Checked, Place, Stage, Value, Values, Want, check_block};
use gatewright_dsl::source::Span;
use gatewright_dsl::{Problem, ast, item};

use super::expr::scope::Records;
use super::expr::{self, Asked};
use super::join::{self, Settings, Written};
use super::{Check, auth, handler, problem, resolve, upstream};
use crate::checked::{
    At, Capacity, Dns, Drain, Front, Given, Listener, OwnKey, SaidBy, Shown, Trace, Trusted,
};
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
    handler::crates(check, &settings);
    auth::plaintext(check, &settings);
    let front = Front {
        admin: admin(check, &settings),
        kept: file_of(check, &settings, ("admin", "keep"), no_kept_file),
        trusted: trusted(check, &settings),
        drain: drain(check, &settings),
        capacity: capacity(check, &settings),
        trace: trace(check, &settings),
        dns: dns(&settings),
        access_log: file_of(check, &settings, ("access_log", "path"), no_file),
        request_id: request_id(&settings),
        ..Front::default()
    };
    let written = Rc::new(Written { around: 0, imports: Vec::new() });
    let settings = join::over(check, &Settings::default(), &join::own(settings, &[], &written));
    Gateway { name: first.name.text.clone(), settings, listeners, front }
}

/// What the first gateway notes of every exchange, by the words of its block: whether what stands behind them is right is
/// another question.
pub(super) fn records(gateways: &[&ast::Gateway]) -> Records {
    // Without a gateway, that is the one thing to say.
    let has = |word: &str| {
        gateways.first().is_none_or(|gateway| {
            let is_it = |statement: &ast::Statement| matches!(statement, ast::Statement::Setting(it) if it.word.text == word);
            gateway.block.statements.iter().any(is_it)
        })
    };
    Records { request_id: has("request_id"), trace: has("trace") }
}

/// Where the gateway is asked about itself: at no address where it serves clients.
fn admin(check: &mut Check<'_>, settings: &[Checked]) -> Option<(Listener, Span)> {
    let setting = settings.iter().find(|setting| setting.values.word == "admin")?;
    let given = setting.values.find("address")?;
    let span = given.span.unwrap_or(setting.span);
    let mut known = check.listeners.clone();
    let listener = match &given.value {
        Value::Addr(addr) => {
            let address = SocketAddr::new(addr.ip.unwrap_or(crate::EVERY_ADDRESS), addr.port);
            take(check, &mut known, address, span);
            Listener::Is(address)
        }
        Value::Name(name) => {
            let param = parameter(check, name, "address")?;
            take_default(check, &mut known, &param);
            Listener::Param(param)
        }
        _ => return None,
    };
    Some((listener, setting.span))
}

/// Whose word about a client is believed.
fn trusted(check: &mut Check<'_>, settings: &[Checked]) -> Option<Trusted> {
    let setting = settings.iter().find(|setting| setting.values.word == "trusted")?;
    let given = setting.values.find("proxies")?;
    let proxies = match &given.value {
        Value::List(networks) => {
            let networks = networks.iter().filter_map(|network| match network {
                Value::Cidr(address, bits) => Some((*address, *bits)),
                _ => None,
            });
            let mut proxies: Vec<_> = networks.collect();
            proxies.sort_unstable();
            proxies.dedup();
            Given::Is(proxies)
        }
        Value::Name(name) => {
            let param = parameter(check, name, "proxies")?;
            for (value, at) in Rc::clone(&check.params).by_default(&param) {
                let Constant::Cidr(address, bits) = value else { continue };
                let network = Value::Cidr(address, bits);
                if is_everyone(&network) {
                    check.problems.push(trusts_everyone(&network, at));
                }
            }
            Given::Param(param)
        }
        _ => return None,
    };
    let by = matches!(setting.values.value("by"), Some(Value::Word(by)) if by == "forwarded");
    Some(Trusted { proxies, by: if by { SaidBy::Forwarded } else { SaidBy::XForwardedFor } })
}

/// How it ends when it is told to stop.
fn drain(check: &mut Check<'_>, settings: &[Checked]) -> Option<Drain> {
    let setting = settings.iter().find(|setting| setting.values.word == "drain")?;
    Some(Drain { within: given(check, setting, "within", time)?, wait: given(check, setting, "wait", time)? })
}

/// How much it takes at once.
fn capacity(check: &mut Check<'_>, settings: &[Checked]) -> Option<Capacity> {
    let setting = settings.iter().find(|setting| setting.values.word == "capacity")?;
    let number = |value: &Value| if let Value::Int(number) = value { Some(*number) } else { None };
    let size = |value: &Value| if let Value::Size(bytes) = value { Some(*bytes) } else { None };
    Some(Capacity {
        connections: given(check, setting, "connections", number),
        in_flight: given(check, setting, "in_flight", number),
        memory: given(check, setting, "memory", size),
        retry_after: given(check, setting, "retry_after", time)?,
    })
}

fn time(value: &Value) -> Option<Duration> {
    if let Value::Duration(time) = value { Some(*time) } else { None }
}

/// What a setting says at a place, or which parameter does.
fn given<T>(
    check: &mut Check<'_>,
    setting: &Checked,
    place: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<Given<T>> {
    match setting.values.value(place)? {
        Value::Name(name) => parameter(check, name, place).map(Given::Param),
        value => read(value).map(Given::Is),
    }
}

/// Where spans are sent to: to no address where the gateway serves clients, or they would have spans too.
fn trace(check: &mut Check<'_>, settings: &[Checked]) -> Option<Trace> {
    let setting = settings.iter().find(|setting| setting.values.word == "trace")?;
    let row = item::words(Place::Gateway).iter().find(|row| row.name == "trace")?;
    let param = |name: &str| row.params.iter().find(|param| param.name == name);
    let to = setting.values.find("to")?;
    let span = to.span.unwrap_or(setting.span);
    let places = match &to.value {
        Value::Url(url) => upstream::server(check, url, span).into_iter().map(|at| (at, span)).collect(),
        Value::Name(name) => {
            let name = resolve::settled(check, name, param("to")?)?;
            upstream::by_default(check, &name)
        }
        _ => Vec::new(),
    };
    let of_tls = certificate::LABELS.iter().filter_map(|label| setting.values.find(label)?.span).min();
    let (mut named, mut secured) = (None, of_tls);
    for (at, span) in &places {
        match at {
            At::Is { address, authority, .. } => {
                if let Some(listener) = listens_for(check, *address) {
                    check.problems.push(problem::server_is_listener(authority, *span, listener));
                }
            }
            At::Name { .. } => named = named.or(Some(*span)),
            At::Service { .. } | At::Param(_) => {}
        }
        match at.is_secured() {
            Some(true) => secured = secured.into_iter().chain([*span]).min(),
            // Of one that is written, its row has said so.
            Some(false) if matches!(to.value, Value::Name(_)) => {
                check.problems.extend(certificate::no_certificate(&setting.values, *span));
            }
            _ => {}
        }
    }
    let to = match (&to.value, places.into_iter().next()) {
        (Value::Name(name), _) => At::Param(name.text.clone()),
        (_, Some((at, _))) => at,
        (_, None) => return None,
    };
    let sample = match &setting.values.find("sample")?.value {
        Value::Percent(share) => Given::Is(share.0),
        Value::Name(name) => Given::Param(resolve::settled(check, name, param("sample")?)?),
        _ => return None,
    };
    let everyone = matches!(setting.values.value("continue"), Some(Value::Word(word)) if word == "everyone");
    let (roots, shown) = (path(&setting.values, "roots"), shown(check, &setting.values));
    Some(Trace { span: setting.span, to, roots, shown, named, secured, sample, everyone })
}

/// A file that is named, if one is.
fn path(values: &Values, label: &str) -> Option<String> {
    let Some(Value::Text(path)) = values.value(label) else { return None };
    Some(path.clone().into_owned())
}

/// Who the gateway is for whom spans are sent to. That its parts stand together, the row sees to.
fn shown(check: &mut Check<'_>, values: &Values) -> Option<Shown> {
    let secret = match values.value("secret") {
        Some(Value::Expr(value)) => {
            let asked = Asked { want: Want::Secret, stage: Stage::Request, takes_secret: false };
            let params = Rc::clone(&check.params);
            expr::function(&params.scope, value, asked, &mut check.problems)
        }
        _ => None,
    };
    let key = secret.map(OwnKey::Secret).or_else(|| path(values, "key").map(OwnKey::File))?;
    Some(Shown { certificate: path(values, "certificate")?, key })
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

/// The field that carries the id of a request.
fn request_id(settings: &[Checked]) -> Option<String> {
    let setting = settings.iter().find(|setting| setting.values.word == "request_id")?;
    // It says one thing: the name of the field, where that is another.
    Some(match setting.values.given.first().map(|it| &it.value) {
        Some(Value::Text(name)) => name.clone().into_owned(),
        _ => REQUEST_ID_HEADER.to_owned(),
    })
}

/// The file that a setting names, and where: that of the access log, and that of kept values.
fn file_of(
    check: &mut Check<'_>,
    settings: &[Checked],
    (word, label): (&str, &str),
    wrong: fn(&str, Span) -> Problem,
) -> Option<(Given<String>, Span)> {
    let setting = settings.iter().find(|setting| setting.values.word == word)?;
    let written = setting.values.find(label)?.span?;
    let text = |value: &Value| if let Value::Text(path) = value { Some(path.to_string()) } else { None };
    let path = given(check, setting, label, text)?;
    if let Given::Param(param) = &path {
        for (value, at) in Rc::clone(&check.params).by_default(param) {
            let Constant::Text(path) = value else { continue };
            if !is_file(&path) {
                check.problems.push(wrong(&path, at));
            }
        }
    }
    Some((path, written))
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
                let Some(param) = parameter(check, name, "address") else { continue };
                if let Some((_, first)) = names.iter().find(|(known, _)| *known == param) {
                    check.problems.push(problem::duplicate_listener(&param, span, &param, *first));
                    continue;
                }
                names.push((param.clone(), span));
                take_default(check, &mut known, &param);
                listeners.push(Listener::Param(param));
            }
            _ => {}
        }
    }
    listeners.sort_unstable();
    check.listeners = known;
    listeners
}

/// Notes what a parameter says by default.
fn take_default(check: &mut Check<'_>, known: &mut Vec<(SocketAddr, Span)>, param: &str) {
    for (value, at) in Rc::clone(&check.params).by_default(param) {
        if let Constant::Addr(address) = value {
            take(check, known, address, at);
        }
    }
}

/// The parameter that stands in the place of an address, or of networks.
fn parameter(check: &mut Check<'_>, name: &ast::Name, place: &str) -> Option<String> {
    let row = item::words(Place::Gateway).iter().flat_map(|row| row.params).find(|it| it.name == place)?;
    resolve::settled(check, name, row)
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
    check.listeners.iter().find(|(at, _)| reaches(server, *at)).map(|(_, span)| *span)
}

/// Whether what is sent to `server` arrives at `listener`, on one machine.
pub(crate) fn reaches(server: SocketAddr, listener: SocketAddr) -> bool {
    // What is sent to no address in particular arrives at this machine.
    let here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    let (to, at) = (server.ip().to_canonical(), listener.ip().to_canonical());
    listener.port() == server.port()
        && (at == to || at.is_unspecified() && here(to) || to.is_unspecified() && here(at))
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
