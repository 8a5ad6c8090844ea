//! `auth NAME jwt`: signed tokens (RFC 7519), in `Authorization: Bearer`.
//!
//! Signatures are verified by aws-lc-rs, with keys that are parsed once. What a token says is read here, strictly: it decides who
//! somebody is, so that nothing in it may have two meanings.

mod claims;
mod keys;
mod roca;
mod source;
#[cfg(feature = "tested")]
mod tested;
mod token;
#[cfg(test)]
mod wycheproof;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use self::claims::Asked;
use self::keys::{Algorithm, Key, KeySet};
use self::source::{Source, Times};
use self::token::{LastHeader, Token};
use super::authorization::{self, Said};
use super::kept::{Held, Read};
use super::remembered::Remembered;
use super::{Auth, Kind, Later, Over, Reads, Settled, Start, Upkeep, Verdict, Verifier, base64};
use crate::clock;
use crate::exchange::Exchange;
use crate::params::Params;
use crate::policy;
use crate::reason::Reason;
use crate::terminal::Write;

/// Bytes that a file of keys may have.
const LARGEST: u64 = 256 * 1024;

/// What the block says.
#[derive(Debug)]
pub struct Config {
    /// Its words.
    pub items: &'static [Item],
}

/// A word of the block.
#[derive(Debug)]
pub enum Item {
    /// Who may have made a token.
    Issuer {
        /// What `iss` says.
        names: &'static [&'static str],
    },
    /// For whom a token may be.
    Audience {
        /// One of what `aud` says.
        names: &'static [&'static str],
    },
    /// By what a token may be signed.
    Accept {
        /// Names of algorithms.
        algorithms: &'static [&'static str],
    },
    /// A file of public keys, or a URL.
    Keys {
        /// Where they are: a path, or a URL.
        from: &'static str,
        /// Of a URL with `https`: a PEM file of the certificates that are believed; `None`: those that the machine believes.
        roots: Option<&'static str>,
        /// And a PEM file of the gateway's own certificate, followed by those between it and its root.
        certificate: Option<&'static str>,
        /// A PEM file of that certificate's key.
        key: Option<&'static str>,
        /// What writes the key as PEM, where no file holds it.
        secret: Option<Write>,
        /// Of a URL: how long the last good keys are used.
        keep: Duration,
        /// How often they are fetched.
        every: Duration,
        /// How long at least between two fetches, whatever tokens say.
        cool_down: Duration,
        /// How long a fetch may take.
        within: Duration,
    },
    /// One key.
    Key {
        /// What `kid` says; of a token that says none, any.
        id: Option<&'static str>,
        /// The one algorithm that it is for.
        r#for: &'static str,
        /// A public key: base64 of its `SubjectPublicKeyInfo`.
        spki: Option<&'static str>,
        /// A secret.
        secret: Option<Write>,
    },
    /// By how much clocks may differ.
    Leeway {
        /// At most 5 min.
        time: Duration,
    },
    /// What is read of a token.
    Token {
        /// Bytes that it may have.
        max: u64,
    },
    /// What is kept of tokens.
    Remember {
        /// How many at most.
        most: i64,
        /// None.
        off: bool,
    },
}

/// All that one `auth` verifies tokens with.
#[derive(Debug)]
struct Tokens {
    auth: &'static Auth,
    accepted: Vec<Algorithm>,
    asked: Asked,
    /// Those of the program and of files.
    keys: Held<KeySet>,
    /// Those that are fetched.
    sources: Vec<Arc<Source>>,
    longest: usize,
    remembered: Option<Arc<Remembered>>,
    last: LastHeader,
    #[cfg(feature = "tested")]
    signer: Option<tested::Signer>,
}

impl Kind for Config {
    fn start(&'static self, start: &Start) -> Result<Box<dyn Verifier>, String> {
        let auth = start.auth;
        let (mut accepted, mut asked) = (Vec::new(), Asked::default());
        let (mut longest, mut remembered, mut paths) = (0, None, Vec::new());
        for item in self.items {
            match *item {
                Item::Issuer { names } => asked.issuers = names,
                Item::Audience { names } => asked.audiences = names,
                Item::Accept { algorithms } => {
                    accepted = algorithms.iter().filter_map(|name| Algorithm::named(name)).collect();
                }
                Item::Leeway { time } => asked.leeway = i64::try_from(time.as_secs()).unwrap_or(0),
                Item::Token { max } => longest = usize::try_from(max).unwrap_or(0),
                Item::Remember { most, off } => {
                    let tables = start.memory.map(|memory| (&memory.tables, second));
                    remembered = (!off).then(|| Remembered::new(usize::try_from(most).unwrap_or(0), tables));
                }
                Item::Keys { from, .. } if !is_url(from) => paths.push(from),
                Item::Keys { .. } | Item::Key { .. } => {}
            }
        }
        // Those of a test are made here, and no others are there.
        #[cfg(feature = "tested")]
        let (made, signer) = tested::Signer::new(&accepted).map(|(signer, key)| (key, signer)).unzip();
        #[cfg(not(feature = "tested"))]
        let made: Option<Key> = None;
        let (keys, sources) = match made {
            Some(key) => (Held::Fixed(Arc::new(KeySet { keys: vec![key] })), Vec::new()),
            // Keys come last: which of them are wanted is known then.
            None => self.found(start, &accepted, remembered.as_ref(), &paths)?,
        };
        Ok(Box::new(Tokens {
            auth,
            accepted,
            asked,
            keys,
            sources,
            longest,
            remembered,
            last: LastHeader::default(),
            #[cfg(feature = "tested")]
            signer,
        }))
    }
}

impl Config {
    /// The keys of the block and of its files, and those that are fetched.
    fn found(
        &'static self,
        start: &Start,
        accepted: &[Algorithm],
        remembered: Option<&Arc<Remembered>>,
        paths: &[&'static str],
    ) -> Result<(Held<KeySet>, Vec<Arc<Source>>), String> {
        let mut sources = Vec::new();
        for item in self.items {
            if let Item::Keys { from, roots, certificate, key, secret, keep, every, cool_down, within } =
                *item
                && is_url(from)
            {
                let times = Times { keep, every, cool_down, within };
                let secured = policy::tls::Config { roots, certificate, key, secret, server_name: None };
                let source =
                    Source::new(start, (from, &secured), times, accepted.to_vec(), remembered.cloned());
                sources.push(source.map_err(|error| format!("the keys of `{}`: {error}", start.auth.name))?);
            }
        }
        let forget = remembered.cloned();
        let forget = move || forget.iter().for_each(|remembered| remembered.clear());
        let (params, to_look) = (Arc::clone(start.params), accepted.to_vec());
        let make = move |read: Read<'_>| keys(self.items, &to_look, &params, read);
        Ok((Held::new(start, ("keys", paths), forget, make)?, sources))
    }
}

/// Whether keys are fetched from there.
fn is_url(from: &str) -> bool {
    from.contains("://")
}

/// The keys of a block that are not fetched, with what files say.
fn keys(
    items: &[Item],
    accepted: &[Algorithm],
    params: &Arc<Params>,
    read: Read<'_>,
) -> Result<KeySet, String> {
    let mut keys = KeySet::default();
    for item in items {
        match *item {
            Item::Keys { from, .. } if !is_url(from) => {
                let text = read(from, LARGEST)?;
                keys.read(&text, accepted).map_err(|what| format!("{from}: {what}"))?;
            }
            Item::Key { id, r#for, spki, secret } => {
                keys.keys.push(own_key(id, r#for, spki, secret, params)?);
            }
            _ => {}
        }
    }
    Ok(keys)
}

/// A key that stands in the program, or that a secret gives.
fn own_key(
    id: Option<&'static str>,
    name: &str,
    spki: Option<&'static str>,
    secret: Option<Write>,
    params: &Arc<Params>,
) -> Result<Key, String> {
    let algorithm = Algorithm::named(name).ok_or_else(|| format!("`{name}` is no algorithm"))?;
    let named = id.map(str::to_owned);
    let shown = id.map_or(String::new(), |id| format!(" `{id}`"));
    if let Some(secret) = secret {
        // What start-up was given is all that such an expression reads.
        let x = Exchange { params: Arc::clone(params), ..Exchange::default() };
        let mut bytes = Vec::new();
        secret(&x, &mut bytes);
        return Key::secret(named, algorithm, &bytes)
            .ok_or_else(|| format!("the secret of the key{shown} is shorter than the hash of {name}"));
    }
    let der = spki.and_then(|text| base64::decode(text.as_bytes(), base64::Alphabet::Standard));
    let key = der.and_then(|der| Key::public(named, algorithm, &der));
    key.ok_or_else(|| format!("the key{shown} is no public key for {name}"))
}

/// No key of this moment has signed a token, and none has its name.
struct Unsigned {
    /// Keys are missing that could have.
    is_missing: bool,
}

/// The present second, as tokens count.
fn second() -> i64 {
    i64::try_from(clock::unix_seconds()).unwrap_or(i64::MAX)
}

impl Tokens {
    /// Who a token is from.
    fn who(&self, token: &[u8], waited: bool) -> Verdict {
        if token.len() > self.longest {
            return Verdict::INVALID;
        }
        let now = second();
        let mut hash = [0; 32];
        let epoch = self.remembered.as_ref().map_or(0, |remembered| remembered.epoch());
        if let Some(remembered) = &self.remembered {
            hash.copy_from_slice(digest(&SHA256, token).as_ref());
            if let Some(who) = remembered.find(&hash, now) {
                return Verdict::Known(who);
            }
        }
        let Some(token) = Token::read(token, &self.last) else { return Verdict::INVALID };
        if !self.accepted.iter().any(|algorithm| algorithm.name == token.header.algorithm) {
            return Verdict::INVALID;
        }
        match self.verify(&token, waited) {
            Ok(()) => self.last.keep(&token.header),
            Err(verdict) => return verdict,
        }
        let known = token.payload(|payload| claims::read(self.auth, &self.asked, payload, now));
        let Some((who, until)) = known else { return Verdict::INVALID };
        let who = Arc::new(who);
        if let Some(remembered) = &self.remembered {
            remembered.keep(hash, &who, (until, now), epoch);
        }
        Verdict::Known(who)
    }

    /// Whether a token is signed by a key that is known; the verdict where it is not. Who has not waited yet waits for every source
    /// that may still have it.
    fn verify(&self, token: &Token, waited: bool) -> Result<(), Verdict> {
        let Err(Unsigned { is_missing }) = self.signed(token)? else { return Ok(()) };
        let otherwise = if is_missing { Reason::IDENTITY_UNAVAILABLE } else { Reason::CREDENTIAL_INVALID };
        if !waited {
            let looks = self.sources.iter().filter_map(|source| {
                let look = source.want(&token.header.algorithm, token.header.key.as_deref())?;
                Some(Box::pin(look) as Look)
            });
            let looks: Vec<_> = looks.collect();
            if !looks.is_empty() {
                let within = self.sources.iter().map(|source| source.longest_wait()).max().unwrap_or(0);
                let over = Over::Told(Box::pin(found(looks)));
                return Err(Verdict::Later(Later { over, within, otherwise }));
            }
            // What was under way may have ended in between.
            if let Ok(()) = self.signed(token)? {
                return Ok(());
            }
        }
        Err(Verdict::Not(otherwise))
    }

    /// Whether a token is signed by one of the keys of this moment; what is known of it where it is not and may be by another.
    fn signed(&self, token: &Token) -> Result<Result<(), Unsigned>, Verdict> {
        let (mut is_named, mut is_missing) = (false, false);
        let mut verifies = |keys: &KeySet| {
            let keys = keys.find(&token.header.algorithm, token.header.key.as_deref());
            let id = token.header.key.as_deref();
            is_named |= id.is_some() && keys.iter().any(|key| key.is_named(id));
            keys.iter().any(|key| key.verifies(token.message, &token.signature))
        };
        if self.keys.with(|keys| verifies(keys)) {
            return Ok(Ok(()));
        }
        for source in &self.sources {
            match source.keys() {
                Some(keys) if verifies(&keys) => return Ok(Ok(())),
                Some(_) => {}
                None => is_missing = true,
            }
        }
        // Of a key that is known under this name, nothing more will be known.
        if is_named { Err(Verdict::INVALID) } else { Ok(Err(Unsigned { is_missing })) }
    }
}

/// A wait for a source. It says whether the key is there now.
type Look = Pin<Box<dyn Future<Output = bool>>>;

/// Ends when one of them has found the key, or when all have ended; with nothing: there is news.
async fn found(mut looks: Vec<Look>) -> Option<Settled> {
    poll_fn(|cx| {
        let mut is_there = false;
        looks.retain_mut(|look| match look.as_mut().poll(cx) {
            Poll::Ready(found) => {
                is_there |= found;
                false
            }
            Poll::Pending => true,
        });
        if is_there || looks.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

impl Verifier for Tokens {
    fn identify(&self, x: &Exchange, waited: bool) -> Verdict {
        match authorization::said(x.head(), "Bearer") {
            Said::Missing => Verdict::MISSING,
            Said::Malformed => Verdict::INVALID,
            Said::Token(token) => self.who(token, waited),
        }
    }

    fn fields(&self) -> &[&'static str] {
        &[authorization::FIELD]
    }

    fn challenge(&self, realm: &str, invalid: bool, out: &mut Vec<u8>) {
        authorization::bearer_challenge(realm, invalid, out);
    }

    #[cfg(feature = "tested")]
    fn tested(&self, said: &str) -> Result<String, String> {
        let signer = self.signer.as_ref().ok_or_else(|| "there is nothing to sign by".to_owned())?;
        signer.token(&self.asked, said, clock::unix_seconds()).map(|token| format!("Bearer {token}"))
    }

    fn upkeep(&self) -> Vec<Arc<dyn Upkeep>> {
        let sources = self.sources.iter().map(|source| Arc::clone(source) as Arc<dyn Upkeep>);
        sources.chain(self.keys.upkeep()).collect()
    }

    fn reads(&self) -> Option<Reads> {
        self.keys.reads()
    }
}
