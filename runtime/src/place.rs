//! Where a gateway listens and where its servers are, once its parameters are known; and what is wrong with that which only then
//! can be seen. It opens nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::params::given::{Text, found};
use crate::params::{Params, Setting, Value};
use crate::program::{self, At, Listener, Program};
use crate::scope::url;
use crate::tls::{Dial, Dialler, Trust};

/// A server whose place is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    /// What `Host` says.
    pub(crate) authority: &'static str,
    pub(crate) weight: u32,
    pub(crate) backup: bool,
    /// Which of the servers that are written for its upstream it is, or one address of; those that a parameter gives
    /// are counted one by one.
    pub(crate) line: u16,
    /// It is an address of a name.
    pub(crate) named: bool,
    /// How it is spoken to over TLS, if it is.
    pub(crate) tls: Option<&'static Dial>,
}

/// A server whose place has to be looked up.
#[cfg(feature = "dns")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) host: &'static str,
    /// The port of each address; `None`: SRV records say it.
    pub(crate) port: Option<u16>,
    pub(crate) authority: &'static str,
    pub(crate) weight: u32,
    pub(crate) backup: bool,
    pub(crate) optional: bool,
    pub(crate) line: u16,
    pub(crate) tls: Option<&'static Dial>,
}

/// Everything that has a place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// In the order of declaration.
    pub(crate) listeners: Vec<SocketAddr>,
    /// The servers of each upstream that have an address.
    pub(crate) upstreams: Vec<Vec<Place>>,
    /// Those that have a name.
    #[cfg(feature = "dns")]
    pub(crate) names: Vec<Vec<Named>>,
    /// What each server of an upstream is called: [`Place::line`] counts from 0 here.
    pub(crate) lines: Vec<Vec<&'static str>>,
}

/// What is written for one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Address(SocketAddr, &'static str),
    #[cfg(feature = "dns")]
    Name(&'static str, Option<u16>, &'static str),
}

/// Finds all places.
///
/// # Errors
///
/// All that is wrong with what parameters say, a paragraph for each.
pub(crate) fn places(program: &Program, params: &Arc<Params>, given: &[Text]) -> Result<Places, String> {
    let (places, trust) = (Places::default(), Trust::new(params));
    let mut finding = Finding { program, params, given, places, trust, wrong: Vec::new() };
    finding.listeners();
    finding.admin();
    finding.proxies();
    for upstream in program.upstreams {
        finding.servers(upstream);
    }
    let Finding { places, wrong, .. } = finding;
    if wrong.is_empty() { Ok(places) } else { Err(wrong.join("\nerror: ")) }
}

/// It has been said what is wrong.
struct Said;

struct Finding<'a> {
    program: &'a Program,
    params: &'a Params,
    given: &'a [Text],
    places: Places,
    trust: Trust,
    wrong: Vec<String>,
}

impl Finding<'_> {
    fn listeners(&mut self) {
        for Listener { address } in self.program.listeners {
            let at = address.at(self.params);
            self.hold_apart(address, at);
            self.places.listeners.push(at);
        }
    }

    /// Operators ask where no client is served.
    fn admin(&mut self) {
        if let Some(admin) = &self.program.admin {
            self.hold_apart(&admin.address, admin.address.at(self.params));
        }
    }

    /// An address is none of the listeners' that are known already.
    fn hold_apart(&mut self, address: &Setting<SocketAddr>, at: SocketAddr) {
        let mut known = self.program.listeners.iter().zip(&self.places.listeners);
        let Some((other, other_at)) = known.find(|(_, other)| collide(**other, at)) else { return };
        // What is written on both sides, the compiler has looked at.
        if let Some(told) = self.told([number(address), number(&other.address)]) {
            self.wrong.push(format!("{at} is taken by {other_at}, where this gateway listens too: {told}"));
        }
    }

    /// Who believes everybody lets every client say that it has any address.
    fn proxies(&mut self) {
        let Some(trusted) = &self.program.trusted_proxies else { return };
        let Some(everyone) = trusted.proxies.at(self.params).iter().find(|network| is_everyone(**network))
        else {
            return;
        };
        if let Some(told) = self.told([number(&trusted.proxies), None]) {
            let (address, bits) = everyone;
            self.wrong.push(format!(
                "the network {address}/{bits} of trusted proxies is everybody, so that each client could say that it has any address: {told}"
            ));
        }
    }

    fn servers(&mut self, declared: &program::Upstream) {
        let upstream = declared.name;
        let mut all: Vec<(Written, Option<u16>)> = Vec::new();
        let mut dialler = None;
        let mut places = Vec::new();
        #[cfg(feature = "dns")]
        let mut names = Vec::new();
        for server in declared.servers {
            let (found, by) = match server.at {
                At::Is { address, authority, tls } => {
                    (vec![(Written::Address(address, authority), tls)], None)
                }
                #[cfg(feature = "dns")]
                At::Name { host, port, authority, tls } => {
                    (vec![(Written::Name(host, Some(port), authority), tls)], None)
                }
                #[cfg(feature = "dns")]
                At::Service { name, tls } => (vec![(Written::Name(name, None, name), tls)], None),
                At::Param(number) => (self.given(declared, number), Some(number)),
            };
            for (own, tls) in found {
                let twin = all.iter().find(|(other, _)| other.is(&own));
                if let Some(told) = twin.and_then(|(_, other)| self.told([by, *other])) {
                    self.wrong.push(format!("the upstream `{upstream}` has {} twice: {told}", own.place()));
                    continue;
                }
                let line = u16::try_from(all.len()).unwrap_or(u16::MAX);
                all.push((own, by));
                let program::Server { weight, backup, .. } = *server;
                // What stands there in a test speaks plain HTTP, and no file is needed for that.
                let tls = tls && !cfg!(feature = "tested");
                let tls = if tls { self.dial(declared, own, &mut dialler) } else { None };
                match own {
                    Written::Address(address, authority) => {
                        self.hold_against_listeners(upstream, address, by);
                        places.push(Place { address, authority, weight, backup, line, named: false, tls });
                    }
                    #[cfg(feature = "dns")]
                    Written::Name(host, port, authority) => {
                        let optional = server.optional;
                        names.push(Named { host, port, authority, weight, backup, optional, line, tls });
                    }
                }
            }
        }
        self.places.upstreams.push(places);
        #[cfg(feature = "dns")]
        self.places.names.push(names);
        self.places.lines.push(all.into_iter().map(|(written, _)| written.authority()).collect());
    }

    /// A server that is a listener would send requests round in a circle.
    fn hold_against_listeners(&mut self, upstream: &str, server: SocketAddr, by: Option<u16>) {
        let all = self.program.listeners.iter().zip(&self.places.listeners);
        let listener = all.clone().find(|(_, at)| reaches(server, **at)).map(|(it, _)| number(&it.address));
        if let Some(told) = listener.and_then(|listener| self.told([by, listener])) {
            self.wrong.push(format!("the server {server} of `{upstream}` is this gateway itself: {told}"));
        }
    }

    /// How a server is spoken to over TLS. What is wrong with that is said once for each upstream.
    fn dial(
        &mut self,
        declared: &program::Upstream,
        server: Written,
        dialler: &mut Option<Result<Dialler, Said>>,
    ) -> Option<&'static Dial> {
        let Self { trust, wrong, .. } = self;
        let mut say = |why: String| wrong.push(format!("the upstream `{}`: {why}", declared.name));
        let dialler = dialler.get_or_insert_with(|| {
            trust.dialler(declared.tls.as_ref(), &[]).map_err(|why| {
                say(why);
                Said
            })
        });
        dialler.as_ref().ok()?.dial(&server.host()).map_err(&mut say).ok()
    }

    /// The servers that a parameter gives, and whether each is spoken to over TLS.
    fn given(&mut self, declared: &program::Upstream, number: u16) -> Vec<(Written, bool)> {
        let (params, upstream) = (self.params, declared.name);
        let urls = match params.at(number) {
            Some(Value::Text(url)) => vec![&**url],
            Some(Value::Texts(urls)) => urls.iter().map(|url| &**url).collect(),
            // INVARIANT: the compiler asks for the servers of an upstream only what holds URLs.
            _ => Vec::new(),
        };
        let mut servers = Vec::with_capacity(urls.len());
        for url in urls {
            let plain = "whose scheme is `https`, and no upstream of this gateway was compiled for it";
            let found = server(url, self.program, (!self.program.tls).then_some(plain));
            let found = found.and_then(|(server, tls)| match declared.tls {
                Some(_) if !tls => Err("whose scheme is `http`, and the upstream says `tls`".to_owned()),
                _ => Ok((server, tls)),
            });
            match found {
                Ok(server) => servers.push(server),
                Err(why) => {
                    let told = self.told([Some(number), None]).unwrap_or_default();
                    self.wrong.push(format!(
                        "a server of `{upstream}` must be a URL such as http://10.0.0.7:9001, found {url:?}, {why}: {told}"
                    ));
                }
            }
        }
        servers
    }

    /// What the parameters are that say something, and where that was found. `None`: none does, and the compiler has looked at it.
    fn told(&self, numbers: [Option<u16>; 2]) -> Option<String> {
        let params = numbers.iter().flatten().filter_map(|it| self.program.params.get(usize::from(*it)));
        let mut all: Vec<String> = params
            .map(|param| {
                let given = self.given.iter().find(|text| text.name == param.name);
                format!("`{}` is {}", param.name, found(param, given))
            })
            .collect();
        all.dedup();
        (!all.is_empty()).then(|| all.join(", and "))
    }
}

fn number<T: 'static>(setting: &Setting<T>) -> Option<u16> {
    if let Setting::Param(number) = setting { Some(*number) } else { None }
}

/// Every address of a family; of IPv4, in the form of IPv6 too.
fn is_everyone((address, bits): (IpAddr, u8)) -> bool {
    match address {
        IpAddr::V4(_) => bits == 0,
        IpAddr::V6(address) => bits == 0 || bits <= 96 && address.to_ipv4_mapped().is_some(),
    }
}

impl Written {
    fn authority(self) -> &'static str {
        match self {
            Self::Address(_, authority) => authority,
            #[cfg(feature = "dns")]
            Self::Name(.., authority) => authority,
        }
    }

    /// The name or address that a certificate is to be for.
    fn host(self) -> String {
        match self {
            Self::Address(address, _) => address.ip().to_string(),
            #[cfg(feature = "dns")]
            Self::Name(host, ..) => host.to_owned(),
        }
    }

    fn is(self, other: &Self) -> bool {
        match (self, other) {
            (Self::Address(own, _), Self::Address(other, _)) => own == *other,
            #[cfg(feature = "dns")]
            (Self::Name(host, port, _), Self::Name(other, other_port, _)) => {
                host == *other && port == *other_port
            }
            #[cfg(feature = "dns")]
            _ => false,
        }
    }

    fn place(self) -> String {
        match self {
            Self::Address(address, _) => address.to_string(),
            #[cfg(feature = "dns")]
            Self::Name(.., authority) => authority.to_owned(),
        }
    }
}

/// The server that a URL names, and whether it is spoken to over TLS; what is wrong with it otherwise. `plain` is why TLS cannot be
/// spoken, where it cannot.
fn server(text: &str, program: &Program, plain: Option<&str>) -> Result<(Written, bool), String> {
    let url = url::read(text).ok_or("which is no URL")?;
    let tls = url.scheme == "https";
    if let (true, Some(plain)) = (tls, plain) {
        return Err(plain.to_owned());
    }
    if !matches!(url.path, "" | "/") {
        return Err(format!("which has the path `{}`", url.path));
    }
    let Ok(ip) = url.host.parse::<IpAddr>() else { return Ok((named(&url, program)?, tls)) };
    let address = SocketAddr::new(ip, url.port);
    let authority = match ip {
        _ if !url.has_usual_port() => address.to_string(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    // It lives as long as the process: so do the values of a start, of which there is one.
    Ok((Written::Address(address, authority.leak()), tls))
}

/// A server that is named, which only a gateway that looks names up can find.
fn named(url: &url::Url, program: &Program) -> Result<Written, String> {
    if program.dns.is_none() {
        let host = url.host;
        return Err(format!(
            "and the name `{host}` is not looked up, since the gateway block does not say `dns`"
        ));
    }
    looked_up(url)
}

/// A program that says how has the feature.
#[cfg(not(feature = "dns"))]
fn looked_up(url: &url::Url) -> Result<Written, String> {
    Err(format!("and the name `{}` cannot be looked up", url.host))
}

#[cfg(feature = "dns")]
fn looked_up(url: &url::Url) -> Result<Written, String> {
    let host = url.host.to_ascii_lowercase();
    if is_this_machine(&host) {
        return Err(format!("and `{host}` is this machine, whose addresses are 127.0.0.1 and [::1]"));
    }
    let authority = if url.has_usual_port() { host.clone() } else { format!("{host}:{}", url.port) };
    Ok(Written::Name(host.leak(), Some(url.port), authority.leak()))
}

/// RFC 6761 section 6.3: no name server is asked for these.
#[cfg(feature = "dns")]
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// Where the collector of traces is: a URL without a path.
///
/// # Errors
///
/// What is wrong with what a parameter says.
#[cfg(feature = "trace")]
pub(crate) fn collector(
    (program, params, given): (&Program, &Params, &[Text]),
    places: &Places,
    wanted: &program::Trace,
) -> Result<String, String> {
    // The spans of a test are nobody's business.
    if cfg!(feature = "tested") {
        return Ok("http://127.0.0.1:1".to_owned());
    }
    let url = wanted.to.at(params);
    let Some(number) = wanted.to.param() else { return Ok(url.to_owned()) };
    let not_compiled = "whose scheme is `https`, and nothing of this gateway was compiled for it";
    let named = server(url, program, (!wanted.tls).then_some(not_compiled));
    // Where there is a key, there is a certificate.
    let of_tls = wanted.roots.map(|_| "roots").or(wanted.certificate.map(|_| "certificate"));
    let named = named.and_then(|(server, tls)| match server {
        _ if !tls && of_tls.is_some() => {
            Err(format!("whose scheme is `http`, and `trace` says `{}`", of_tls.unwrap_or_default()))
        }
        Written::Address(address, _) if places.listeners.iter().any(|it| reaches(address, *it)) => {
            Err("which is this gateway itself".to_owned())
        }
        _ => Ok(format!("{}://{}", if tls { "https" } else { "http" }, server.authority())),
    });
    named.map_err(|why| {
        let param = program.params.get(usize::from(number));
        let text = given.iter().find(|text| param.is_some_and(|param| text.name == param.name));
        let (name, told) = param.map(|param| (param.name, found(param, text))).unwrap_or_default();
        format!("the collector of traces must be a URL such as http://10.0.0.7:4318, and `{name}` is {told}, {why}")
    })
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

/// Whether what is sent to `server` arrives at `listener`.
pub(crate) fn reaches(server: SocketAddr, listener: SocketAddr) -> bool {
    // What is sent to no address in particular arrives at this machine.
    let here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    let (server_ip, ip) = (server.ip(), listener.ip());
    server.port() == listener.port()
        && (ip == server_ip
            || ip.is_unspecified() && here(server_ip)
            || server_ip.is_unspecified() && here(ip))
}

#[cfg(test)]
mod tests;
