//! Who asks: what every kind of `auth` has in common, and what is kept of somebody who is known. How a request says who it is
//! from, and how that is verified, is each kind's own.

#[cfg(feature = "api_key")]
pub mod api_key;
#[cfg(any(feature = "api_key", feature = "basic", feature = "jwt"))]
mod authorization;
#[cfg(any(feature = "basic", feature = "jwt"))]
mod base64;
#[cfg(feature = "basic")]
pub mod basic;
#[cfg(feature = "forward")]
pub mod forward;
#[cfg(feature = "jwt")]
pub mod jwt;
#[cfg(any(feature = "api_key", feature = "basic", feature = "jwt"))]
mod kept;
#[cfg(any(feature = "api_key", feature = "basic"))]
mod lines;
#[cfg(any(feature = "basic", feature = "jwt"))]
mod remembered;
#[cfg(all(feature = "tested", any(feature = "api_key", feature = "basic")))]
mod spoken;
pub(crate) mod upkeep;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Micros};
use crate::edit::has_line;
#[cfg(feature = "jwt")]
use crate::errand::Ways;
use crate::exchange::{Exchange, Flow};
use crate::memory::Memory;
use crate::params::Params;
use crate::policy::query::Field;
use crate::program::{Call, Program};
use crate::reason::Reason;
use crate::watched::Moved;

/// One `auth` of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Auth {
    /// Its name.
    pub name: &'static str,
    /// What is known of everybody, in the order in which it is kept.
    pub claims: &'static [Claim],
    /// How it is found out who asks.
    pub kind: &'static dyn Kind,
    /// The upstreams that are asked for that.
    pub calls: &'static [Call],
}

/// Something that is known of who asks.
#[derive(Debug)]
pub struct Claim {
    /// Where it comes from, and its type.
    pub field: Field,
    /// The names inside of that which has the field's, the outermost first.
    pub inside: &'static [&'static str],
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

/// A kind for tests that need one and ask nobody.
#[cfg(all(test, any(feature = "api_key", feature = "basic", feature = "jwt")))]
#[derive(Debug)]
pub(crate) struct Nobody;

#[cfg(all(test, any(feature = "api_key", feature = "basic", feature = "jwt")))]
impl Kind for Nobody {
    fn start(&'static self, _: &Start) -> Result<Box<dyn Verifier>, String> {
        Err("nobody is asked".to_owned())
    }
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
    /// Where declared files really are: pairs of the declared and the real path.
    pub files: &'a [(String, PathBuf)],
    /// The memory of the process, where it is bounded.
    #[cfg_attr(
        not(any(feature = "basic", feature = "jwt")),
        allow(dead_code, reason = "the others take none")
    )]
    pub(crate) memory: Option<&'a Arc<Memory>>,
    /// Changes when an operator wants files to be read again.
    pub asked: &'a watch::Receiver<u64>,
    /// By what others are asked that a program names by a URL.
    #[cfg(feature = "jwt")]
    pub(crate) ways: &'a Ways<'a>,
}

/// How often files were read again since the start.
#[derive(Clone, Copy, Debug)]
pub struct Reads {
    /// What they said was used.
    pub used: u64,
    /// It was not right.
    pub refused: u64,
    /// That is so now.
    pub is_refused: bool,
}

/// Something that has to be kept up to date, beside the workers.
pub trait Upkeep: Send + Sync {
    /// Keeps it up to date for ever. `first` is dropped when it has been looked at once.
    fn keep(self: Arc<Self>, first: mpsc::Sender<()>) -> Pin<Box<dyn Future<Output = ()>>>;

    /// How long one look may take.
    fn patience(&self) -> Duration;
}

/// Something that tells in a moment who a request is from.
pub struct Later {
    /// What is waited for.
    pub over: Over,
    /// How long that may take, in microseconds.
    pub within: Micros,
    /// Why the request is refused where that was in vain.
    pub otherwise: Reason,
}

/// What a request waits for.
pub enum Over {
    /// Something beside the workers. It ends with the verdict, or with nothing where there is news by which it can be found.
    Told(Pin<Box<dyn Future<Output = Option<Settled>>>>),
    /// A call to an upstream, which the worker makes.
    #[cfg(feature = "forward")]
    Asked(Box<forward::Question>),
}

/// What has come of a wait: who asks, or why that is not known.
pub type Settled = Result<Arc<Principal>, Refusal>;

/// Why nobody is known.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// Field lines that the client is given with it, each ended by CR LF.
    pub said: Arc<[u8]>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, said: Arc::from([]) }
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { over: _, within, otherwise } = self;
        f.debug_struct("Later")
            .field("within", within)
            .field("otherwise", &otherwise.word)
            .finish_non_exhaustive()
    }
}

/// Finds out who asks, on any worker.
pub trait Verifier: fmt::Debug + Send + Sync {
    /// Who a request is from. `waited`: it has waited for that as long as it was told to; it does not do so again.
    fn identify(&self, x: &Exchange, waited: bool) -> Verdict;

    /// The fields of a head, in lower case, in which a request says who it is from.
    fn fields(&self) -> &[&'static str];

    /// What an upstream that was asked for it has said of a request.
    ///
    /// # Errors
    ///
    /// Why that is not known.
    #[cfg(feature = "forward")]
    fn answered(&self, _: &Exchange, _: forward::Answered) -> Settled {
        Err(Reason::IDENTITY_UNAVAILABLE.into())
    }

    /// Appends what a client is told that is not known: a challenge (RFC 9110 section 11.6.1). `invalid`: it has said who it is,
    /// and that is not so.
    fn challenge(&self, realm: &str, invalid: bool, out: &mut Vec<u8>);

    /// What somebody of whom this JSON is said writes into [`Self::field`], for a test.
    ///
    /// # Errors
    ///
    /// Why nobody can be spoken for.
    #[cfg(feature = "tested")]
    fn tested(&self, _said: &str) -> Result<String, String> {
        Err("a test cannot speak for anybody here: it sends what a client would send, in a header".to_owned())
    }

    /// What has to be kept up to date for it.
    fn upkeep(&self) -> Vec<Arc<dyn Upkeep>> {
        Vec::new()
    }

    /// How often its files were read again, where it has any.
    fn reads(&self) -> Option<Reads> {
        None
    }
}

/// What has come of asking.
#[derive(Debug)]
pub enum Verdict {
    /// It is from this one.
    Known(Arc<Principal>),
    /// That is not known, for this reason.
    Not(Reason),
    /// That is known in a moment.
    Later(Later),
}

impl Verdict {
    /// The request does not say.
    pub const MISSING: Self = Self::Not(Reason::CREDENTIAL_MISSING);
    /// What it says is not so.
    pub const INVALID: Self = Self::Not(Reason::CREDENTIAL_INVALID);
}

/// What is said of somebody in a program: for each claim but the name the texts of it, if anything is said of it.
#[cfg(any(feature = "api_key", feature = "basic"))]
pub type Given = &'static [Option<&'static [&'static str]>];

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
    #[cfg(any(feature = "api_key", feature = "basic", feature = "forward", feature = "jwt"))]
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

    /// Somebody of this name, of whom a program says this.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    #[cfg(any(feature = "api_key", feature = "basic"))]
    fn of(auth: &'static Auth, name: &str, given: Option<Given>) -> Result<Self, String> {
        let said = |at: usize, _: &'static Claim| match at.checked_sub(1) {
            None => Some(vec![Box::from(name.as_bytes())]),
            Some(at) => {
                let texts = (*given?.get(at)?)?;
                Some(texts.iter().map(|text| Box::from(text.as_bytes())).collect())
            }
        };
        Self::new(auth, said).map_err(|(claim, how)| format!("`{}` is {how}", claim.field.name))
    }

    /// Bytes of memory that it takes.
    #[cfg(any(feature = "basic", feature = "jwt"))]
    fn bytes(&self) -> u64 {
        // What an allocator keeps of each of them beside it.
        const KEPT: usize = 16;
        let texts = self.claims.iter().flatten().flatten();
        let said: usize = texts.map(|text| size_of::<Box<[u8]>>() + text.len() + KEPT).sum();
        let claims = self.claims.len() * (size_of::<Option<Vec<Box<[u8]>>>>() + KEPT);
        (size_of::<Self>() + claims + said + KEPT) as u64
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
    (params, clock, memory): (&Arc<Params>, &Clock, Option<&Arc<Memory>>),
    (files, asked): (&Moved, &watch::Receiver<u64>),
    #[cfg(feature = "jwt")] ways: &Ways<'_>,
) -> Result<Vec<Box<dyn Verifier>>, String> {
    let start = |auth: &'static Auth| {
        auth.kind.start(&Start {
            auth,
            params,
            clock,
            files,
            memory,
            asked,
            #[cfg(feature = "jwt")]
            ways,
        })
    };
    program.auths.iter().map(start).collect()
}

/// What a step has found.
pub(crate) enum Asked {
    /// Somebody.
    Known,
    /// Nobody, or nothing that holds.
    Not(Reason),
    /// That is known in a moment. A step that goes on without it would tell one request in two ways: it refuses, and is run once
    /// more.
    Later,
}

/// Asks one `auth` who a request is from, and keeps the answer.
pub(crate) fn ask(x: &mut Exchange, number: u16) -> Asked {
    if x.principals.iter().any(|(known, _)| *known == number) {
        return Asked::Known;
    }
    let shared = x.shared.clone();
    let verifier = shared.as_ref().and_then(|shared| shared.auths.get(usize::from(number)));
    // Outside of a gateway nobody is known.
    let Some(verifier) = verifier else { return Asked::Not(Reason::IDENTITY_UNAVAILABLE) };
    // Whatever comes of it, what the client says there is for nobody else.
    for field in verifier.fields() {
        if !x.credentials.contains(field) {
            x.credentials.push(field);
        }
    }
    let waited = x.settled.iter().find(|(known, _)| *known == number).map(|(_, settled)| settled.clone());
    let verdict = match waited.clone().flatten() {
        Some(Ok(who)) => Verdict::Known(who),
        Some(Err(refusal)) => Verdict::Not(refusal.reason),
        None => verifier.identify(x, waited.is_some()),
    };
    match verdict {
        Verdict::Known(who) => {
            x.principals.push((number, who));
            Asked::Known
        }
        Verdict::Not(reason) => Asked::Not(reason),
        // Nobody waits twice for one.
        Verdict::Later(later) if waited.is_some() => Asked::Not(later.otherwise),
        Verdict::Later(later) => {
            x.awaited.push((number, later));
            Asked::Later
        }
    }
}

/// Refuses, and says by what a client can say who it is (RFC 9110 section 15.5.2).
pub(crate) fn refuse(x: &mut Exchange, names: &[u16], reason: Reason) -> Flow {
    // What somebody else has said to this refusal; to another one it says nothing.
    let of = |x: &Exchange, number: u16| match x.settled.iter().find(|(known, _)| *known == number) {
        Some((_, Some(Err(refusal)))) if refusal.reason == reason => Some(Arc::clone(&refusal.said)),
        _ => None,
    };
    for number in names {
        if let Some(said) = of(x, *number) {
            x.said.extend_from_slice(&said);
        }
    }
    if reason.status == 401
        && let Some(shared) = x.shared.clone()
    {
        for number in names {
            let Some(verifier) = shared.auths.get(usize::from(*number)) else { continue };
            if of(x, *number).is_some_and(|said| has_line("www-authenticate", &said)) {
                continue;
            }
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
    let weight = |reason: &Reason| match reason.status {
        500.. => 2,
        _ if reason.number == Reason::CREDENTIAL_MISSING.number => 0,
        _ => 1,
    };
    one.filter(|one| weight(one) >= weight(&other)).unwrap_or(other)
}
