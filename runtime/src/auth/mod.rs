//! Who asks: what every kind of `auth` has in common, and what is kept of somebody who is known. How a request says who it is
//! from, and how that is verified, is each kind's own.

#[cfg(feature = "api_key")]
pub mod api_key;
#[cfg(any(feature = "api_key", feature = "jwt"))]
mod bearer;
#[cfg(feature = "jwt")]
pub mod jwt;

pub(crate) mod upkeep;

use std::fmt;
use std::future::Future;
#[cfg(any(feature = "api_key", feature = "jwt"))]
use std::io::Read as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Micros};
use crate::exchange::{Exchange, Flow};
use crate::params::Params;
use crate::policy::query::Field;
use crate::program::Program;
use crate::reason::Reason;

/// One `auth` of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Auth {
    /// Its name.
    pub name: &'static str,
    /// What is known of everybody, in the order in which it is kept.
    pub claims: &'static [Claim],
    /// How it is found out who asks.
    pub kind: &'static dyn Kind,
}

/// Something that is known of who asks.
#[derive(Debug)]
pub struct Claim {
    /// Where it comes from, and its type.
    pub field: Field,
    /// The texts that stand for it where nothing is said of it.
    pub default: Option<&'static [&'static str]>,
}

/// How it is found out who asks: what the block of an `auth` says.
pub trait Kind: fmt::Debug + Sync {
    /// Makes ready, before anybody is served.
    ///
    /// # Errors
    ///
    /// A sentence for the operator.
    fn start(&'static self, start: &Start) -> Result<Box<dyn Verifier>, String>;
}

/// What a kind has when it makes ready.
#[derive(Debug)]
pub struct Start<'a> {
    /// Its `auth`.
    pub auth: &'static Auth,
    /// What start-up was given.
    pub params: &'a Arc<Params>,
    /// The gateway's clock.
    pub clock: &'a Clock,
    /// Where declared servers really are: pairs of the declared and the real address.
    pub servers: &'a [(SocketAddr, SocketAddr)],
}

impl Start<'_> {
    /// Where a declared server really is.
    #[must_use]
    pub fn real(&self, declared: SocketAddr) -> SocketAddr {
        let real = self.servers.iter().find(|(known, _)| *known == declared);
        real.map_or(declared, |(_, real)| *real)
    }
}

/// Something that has to be kept up to date, beside the workers.
pub trait Upkeep: Send + Sync {
    /// Keeps it up to date for ever. `first` is dropped when it has been looked at once.
    fn keep(self: Arc<Self>, first: mpsc::Sender<()>) -> Pin<Box<dyn Future<Output = ()>>>;

    /// How long one look may take.
    fn patience(&self) -> Duration;
}

/// Something that may tell in a moment who a request is from.
#[derive(Debug)]
pub struct Awaited {
    /// Changes when there is news.
    pub over: watch::Receiver<u64>,
    /// How long that may take, in microseconds.
    pub within: Micros,
}

/// Finds out who asks, on any worker.
pub trait Verifier: fmt::Debug + Send + Sync {
    /// Who a request is from.
    fn identify(&self, x: &Exchange) -> Verdict;

    /// Appends what a client is told that is not known: a challenge (RFC 9110 section 11.6.1). `invalid`: it has said who it is,
    /// and that is not so.
    fn challenge(&self, realm: &str, invalid: bool, out: &mut Vec<u8>);

    /// What has to be kept up to date for it.
    fn upkeep(&self) -> Vec<Arc<dyn Upkeep>> {
        Vec::new()
    }
}

/// What has come of asking.
#[derive(Debug)]
pub enum Verdict {
    /// The request does not say.
    Missing,
    /// It is from this one.
    Known {
        /// Who.
        who: Arc<Principal>,
        /// The field of the head, in lower case, that says so.
        by: &'static str,
    },
    /// What it says is not so.
    Invalid,
    /// What it says is not so as far as is known, and more may be known in a moment.
    Unknown {
        /// When.
        awaited: Awaited,
        /// Nothing is known now by which it could be judged.
        is_blind: bool,
    },
    /// That cannot be found out now.
    Unavailable,
}

/// Somebody who is known: for each claim of the `auth` the texts of it, if there are any.
#[derive(Debug, Default)]
pub struct Principal {
    claims: Vec<Option<Vec<Box<[u8]>>>>,
}

impl Principal {
    /// Somebody of whom this is said, for each claim. What is not said is the default.
    ///
    /// # Errors
    ///
    /// The first claim that is missing or of another type.
    #[cfg(any(feature = "api_key", feature = "jwt"))]
    pub(crate) fn new(
        auth: &'static Auth,
        said: impl Fn(usize, &'static Claim) -> Option<Vec<Box<[u8]>>>,
    ) -> Result<Self, (&'static Claim, &'static str)> {
        let mut claims = Vec::with_capacity(auth.claims.len());
        for (at, claim) in auth.claims.iter().enumerate() {
            let texts = said(at, claim);
            if let Some(texts) = &texts {
                let fits = |text: &[u8]| std::str::from_utf8(text).is_ok_and(claim.field.check);
                if !texts.iter().all(|text| fits(text)) || !claim.field.many && texts.len() != 1 {
                    return Err((claim, "wrong"));
                }
            }
            let texts = texts
                .or_else(|| Some(claim.default?.iter().map(|text| Box::from(text.as_bytes())).collect()));
            if texts.is_none() && claim.field.required {
                return Err((claim, "missing"));
            }
            claims.push(texts);
        }
        Ok(Self { claims })
    }

    /// The texts of a claim.
    pub(crate) fn claim(&self, at: usize) -> &[Box<[u8]>] {
        self.claims.get(at).and_then(Option::as_deref).unwrap_or_default()
    }
}

/// Makes all `auth`s of a gateway ready.
///
/// # Errors
///
/// A sentence for the operator.
pub(crate) fn start(
    program: &'static Program,
    params: &Arc<Params>,
    clock: &Clock,
    servers: &[(SocketAddr, SocketAddr)],
) -> Result<Vec<Box<dyn Verifier>>, String> {
    let start = |auth: &'static Auth| auth.kind.start(&Start { auth, params, clock, servers });
    program.auths.iter().map(start).collect()
}

/// All of a file, which has so many bytes at most.
#[cfg(any(feature = "api_key", feature = "jwt"))]
fn file(path: &str, most: u64) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| format!("{path} cannot be opened: {error}"))?;
    let read = file.take(most + 1).read_to_end(&mut text);
    read.map_err(|error| format!("{path} cannot be read: {error}"))?;
    if text.len() as u64 > most {
        return Err(format!("{path} has more than {most} bytes"));
    }
    Ok(text)
}

/// What a step has found.
pub(crate) enum Asked {
    /// Somebody.
    Known,
    /// Nobody, or nothing that holds.
    Not(Reason),
}

/// Asks one `auth` who a request is from, and keeps the answer.
pub(crate) fn ask(x: &mut Exchange, number: u16) -> Asked {
    if x.principals.iter().any(|(known, _)| *known == number) {
        return Asked::Known;
    }
    let verifier = x.shared.as_ref().and_then(|shared| shared.auths.get(usize::from(number)));
    // Outside of a gateway nobody is known.
    let Some(verifier) = verifier else { return Asked::Not(Reason::IDENTITY_UNAVAILABLE) };
    match verifier.identify(x) {
        Verdict::Known { who, by } => {
            x.principals.push((number, who));
            if !x.credentials.contains(&by) {
                x.credentials.push(by);
            }
            Asked::Known
        }
        Verdict::Unknown { awaited, is_blind } => {
            x.awaited = Some(awaited);
            Asked::Not(if is_blind { Reason::IDENTITY_UNAVAILABLE } else { Reason::CREDENTIAL_INVALID })
        }
        Verdict::Missing => Asked::Not(Reason::CREDENTIAL_MISSING),
        Verdict::Invalid => Asked::Not(Reason::CREDENTIAL_INVALID),
        Verdict::Unavailable => Asked::Not(Reason::IDENTITY_UNAVAILABLE),
    }
}

/// Refuses, and says by what a client can say who it is (RFC 9110 section 15.5.2).
pub(crate) fn refuse(x: &mut Exchange, names: &[u16], reason: Reason) -> Flow {
    if reason.status == 401
        && let Some(shared) = x.shared.clone()
    {
        for number in names {
            let Some(verifier) = shared.auths.get(usize::from(*number)) else { continue };
            let mut challenge = Vec::new();
            let is_invalid = reason.number == Reason::CREDENTIAL_INVALID.number;
            verifier.challenge(shared.program.name, is_invalid, &mut challenge);
            x.say("WWW-Authenticate", &challenge);
        }
    }
    Flow::Refuse(reason)
}

/// Which of two reasons a client is told: what is not known now may be known later, and what is wrong was said.
pub(crate) fn worse(one: Option<Reason>, other: Reason) -> Reason {
    let weight = |reason: &Reason| match reason.word {
        "identity_unavailable" => 2,
        "credential_invalid" => 1,
        _ => 0,
    };
    one.filter(|one| weight(one) >= weight(&other)).unwrap_or(other)
}
