//! Where errands go that are written as a URL: an address, or a name that is looked up; plain, or behind TLS. The compiler has looked at
//! the URL.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use super::{Answer, Errand, Stage};
use crate::clock::{Alarm, Clock, Micros};
#[cfg(feature = "dns")]
use crate::dns::{Finder, Lookup};
use crate::head::Method;
use crate::policy;
use crate::scope::url;
use crate::tls::{Dial, Trust};
use crate::watched::Moved;

/// Addresses of a name that one errand tries. The next begins with others.
const TRIES: usize = 4;

/// By what ways are found when a gateway starts.
pub(crate) struct Ways<'a> {
    pub(crate) trust: RefCell<Trust>,
    /// Where declared servers really are.
    pub(crate) servers: &'a [(SocketAddr, SocketAddr)],
    /// Where declared files really are.
    pub(crate) files: &'a Moved,
    /// How names are looked up, where there are any.
    #[cfg(feature = "dns")]
    pub(crate) lookup: Option<Lookup>,
}

impl fmt::Debug for Ways<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ways").field("servers", &self.servers).finish_non_exhaustive()
    }
}

/// Where one URL leads.
#[derive(Debug)]
pub(crate) struct Way {
    to: To,
    /// What `Host` says.
    authority: String,
    target: String,
    tls: Option<&'static Dial>,
}

#[derive(Debug)]
enum To {
    Address(SocketAddr),
    #[cfg(feature = "dns")]
    Name(Lookup, &'static str, u16),
}

impl Ways<'_> {
    /// Those of a start where nothing is known.
    #[cfg(all(test, feature = "jwt"))]
    pub(crate) fn nowhere(params: &std::sync::Arc<crate::params::Params>) -> Self {
        Self {
            trust: Trust::new(params).into(),
            servers: &[],
            files: &[],
            #[cfg(feature = "dns")]
            lookup: None,
        }
    }
}

impl Ways<'_> {
    /// Where a URL leads, and how it is spoken to there where that is over TLS.
    ///
    /// # Errors
    ///
    /// A sentence for the operator.
    pub(crate) fn to(&self, written: &'static str, secured: &policy::tls::Config) -> Result<Way, String> {
        let url = url::read(written).ok_or_else(|| format!("`{written}` is no URL"))?;
        let tls = if url.scheme == "https" {
            Some(self.trust.borrow_mut().dialler(Some(secured), self.files)?.dial(url.host)?)
        } else {
            None
        };
        let to = match url.host.parse::<IpAddr>() {
            Ok(ip) => {
                let declared = SocketAddr::new(ip, url.port);
                let real = self.servers.iter().find(|(known, _)| *known == declared);
                To::Address(real.map_or(declared, |(_, real)| *real))
            }
            Err(_) => self.named(&url)?,
        };
        let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.to_owned() };
        let authority = if url.has_usual_port() { host } else { format!("{host}:{}", url.port) };
        let slash = if url.path.starts_with('/') { "" } else { "/" };
        Ok(Way { to, authority, target: format!("{slash}{}", url.path), tls })
    }

    #[cfg(feature = "dns")]
    fn named(&self, url: &url::Url<'static>) -> Result<To, String> {
        // INVARIANT: a program with names says how they are looked up.
        let lookup = self.lookup.clone().ok_or_else(|| format!("`{}` is not looked up", url.host))?;
        Ok(To::Name(lookup, url.host, url.port))
    }

    /// A program that has names has the feature.
    #[cfg(not(feature = "dns"))]
    #[allow(clippy::unused_self, reason = "the shape of the real one")]
    fn named(&self, url: &url::Url<'static>) -> Result<To, String> {
        Err(format!("`{}` cannot be looked up", url.host))
    }
}

/// Goes one way, as often as it is sent.
#[derive(Debug)]
pub(crate) struct Messenger<'a> {
    way: &'a Way,
    clock: Clock,
    /// For all of an errand, and for each address that it tries.
    alarms: (Alarm, Alarm),
    #[cfg(feature = "dns")]
    finder: Option<Finder>,
    /// With which of the addresses the next errand begins.
    turn: usize,
}

impl Way {
    fn is_named(&self) -> bool {
        !matches!(self.to, To::Address(_))
    }

    /// One who goes there. Only within a reactor.
    pub(crate) fn messenger(&self, clock: &Clock) -> io::Result<Messenger<'_>> {
        #[cfg(feature = "dns")]
        let finder = match &self.to {
            To::Address(_) => None,
            To::Name(lookup, host, port) => Some(Finder::new(lookup.clone(), host, *port)?),
        };
        Ok(Messenger {
            way: self,
            clock: clock.clone(),
            alarms: (Alarm::new()?, Alarm::new()?),
            #[cfg(feature = "dns")]
            finder,
            turn: 0,
        })
    }
}

impl Messenger<'_> {
    /// Asks for what is there, as `agent`, which is a name for logs: the body of a 200, of at most so many bytes.
    ///
    /// # Errors
    ///
    /// Why it cannot be had, in words for the operator.
    #[cfg(feature = "jwt")]
    pub(crate) async fn get(&mut self, agent: &str, most: usize, within: Micros) -> Result<Vec<u8>, String> {
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {agent}\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
            self.way.target, self.way.authority
        );
        let take = async |answer: Answer| match answer.status {
            200 => answer.body(most).await,
            status => Err(format!("status {status}")),
        };
        self.go((Method::Get, &head, b""), within, take).await
    }

    /// Sends a body of this type there, as `agent`, and says what `take` makes of the answer, whatever its status.
    ///
    /// # Errors
    ///
    /// Why there is none, in words for the operator.
    #[cfg(feature = "trace")]
    pub(crate) async fn post<T>(
        &mut self,
        (agent, media, body): (&str, &str, &[u8]),
        within: Micros,
        take: impl AsyncFnOnce(Answer) -> Result<T, String>,
    ) -> Result<T, String> {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {agent}\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.way.target,
            self.way.authority,
            body.len()
        );
        self.go((Method::Post, &head, body), within, take).await
    }

    /// Asks there, at one address after the other until one answers, and says what `take` makes of the answer.
    async fn go<T>(
        &mut self,
        (method, head, body): (Method, &str, &[u8]),
        within: Micros,
        take: impl AsyncFnOnce(Answer) -> Result<T, String>,
    ) -> Result<T, String> {
        let (clock, all, each) = (&self.clock, &self.alarms.0, &self.alarms.1);
        let (way, turn, stage) = (self.way, &mut self.turn, Cell::new(Stage::FIRST));
        #[cfg(feature = "dns")]
        let finder = self.finder.as_mut();
        let work = async {
            let addresses = match way.to {
                To::Address(address) => vec![address],
                #[cfg(feature = "dns")]
                To::Name(..) => match finder {
                    Some(finder) => finder.find(within / 2).await?,
                    None => Vec::new(),
                },
            };
            let tries = addresses.len().min(TRIES);
            let mut failures = Vec::new();
            for _ in 0..tries {
                // INVARIANT: there are addresses, since this is a try of one.
                let Some(address) = addresses.get(*turn % addresses.len()).copied() else { break };
                let errand = Errand { address, tls: way.tls, method, head, body };
                let asked = errand.run_telling(&stage);
                let asked = if tries == 1 {
                    asked.await
                } else {
                    // One that says nothing leaves time for the others.
                    let time = within / (tries as Micros);
                    let asked = clock.within(each, time, asked).await;
                    asked.unwrap_or_else(|| Err(stage.get().late().to_owned()))
                };
                match asked {
                    Ok(answer) => return take(answer).await,
                    Err(why) if way.is_named() => failures.push(format!("{address} says: {why}")),
                    Err(why) => failures.push(why),
                }
                *turn = turn.wrapping_add(1);
            }
            Err(failures.join("; "))
        };
        let done = clock.within(all, within, work).await;
        done.unwrap_or_else(|| Err(stage.get().late().to_owned()))
    }
}
