//! `auth NAME basic`: a name and a password, in `Authorization: Basic` (RFC 7617).
//!
//! A password is what people think up, so that its hash is made slow: verifying one takes a processor for tens of milliseconds. No worker
//! does that. A request whose password is not known waits, as one does for a key that is being fetched; threads of this `auth` verify, no
//! more at once than the program says, and no more wait than it says.

mod credential;
mod hash;
mod pool;
mod users;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::rand;

use self::credential::Said;
use self::pool::{Job, Pool};
use self::users::Users;
#[cfg(feature = "tested")]
use super::base64::{self, Alphabet};
use super::kept::Held;
#[cfg(feature = "tested")]
use super::spoken::Spoken;
use super::{Given, Kind, Later, Over, Reads, Start, Upkeep, Verdict, Verifier, authorization};
use crate::clock::{Clock, Micros, micros};
use crate::exchange::Exchange;
use crate::reason::Reason;

/// What the block says.
#[derive(Debug)]
pub struct Config {
    /// Its words.
    pub items: &'static [Item],
}

/// A word of the block.
#[derive(Debug)]
pub enum Item {
    /// Somebody who has a password.
    User {
        /// Who.
        name: &'static str,
        /// The hash of the password.
        hash: &'static str,
        /// What else is known.
        given: Option<Given>,
    },
    /// A file of users.
    Users {
        /// Where it is.
        path: &'static str,
    },
    /// How passwords are verified.
    Verify {
        /// So many at once.
        threads: i64,
        /// So many more may wait.
        queue: i64,
        /// So long at most.
        within: Duration,
    },
    /// What is kept of verified passwords.
    Remember {
        /// For so long.
        time: Duration,
        /// So many at most.
        most: i64,
        /// None.
        off: bool,
    },
}

/// What is kept of passwords that were verified: for how long, and how many.
pub(super) type Memory = Option<(Micros, usize)>;

/// A keyed hash, of which nobody outside of this process knows the key.
type Hash = [u8; 32];

/// All that one `auth` verifies passwords with.
#[derive(Debug)]
struct Passwords {
    users: Held<Users>,
    pool: Pool,
    within: Micros,
    clock: Clock,
    key: hmac::Key,
    #[cfg(feature = "tested")]
    tested: Spoken,
}

impl Kind for Config {
    fn start(&'static self, start: &Start) -> Result<Box<dyn Verifier>, String> {
        let within = |error: String| format!("the users of `{}`: {error}", start.auth.name);
        let (auth, mut pool, mut patience) = (start.auth, None, 0);
        let (mut memory, mut paths) = (None, Vec::new());
        for item in self.items {
            match *item {
                Item::Verify { threads, queue, within: time } => {
                    let count = |number: i64| usize::try_from(number).unwrap_or(1);
                    pool = Some((count(threads), count(queue)));
                    patience = micros(time);
                }
                Item::Remember { time, most, off } => {
                    memory = (!off).then(|| (micros(time), usize::try_from(most).unwrap_or(0)));
                }
                // The machine of a test need not have them.
                Item::Users { .. } if cfg!(feature = "tested") => {}
                Item::Users { path } => paths.push(path),
                Item::User { .. } => {}
            }
        }
        let bounded = start.memory.cloned();
        let clock = start.clock.clone();
        // What is remembered belongs to those who were there when it was verified.
        let users = Held::new(
            start,
            ("users", &paths),
            || (),
            move |read| Users::read(auth, self.items, (memory, &clock, bounded.as_ref()), read),
        )?;
        let (threads, queue) = pool.ok_or_else(|| within("nothing verifies them".to_owned()))?;
        let passwords = start.memory.map(|memory| &memory.passwords);
        if let Some(passwords) = passwords {
            let needs = users.with(|users| users.needs());
            passwords.want(auth.name, (needs, threads as u64), matches!(users, Held::Kept(_)));
        }
        let mut secret: Hash = [0; 32];
        rand::fill(&mut secret).map_err(|_| within("the machine gives no random bytes".to_owned()))?;
        Ok(Box::new(Passwords {
            users,
            pool: Pool::new(threads, queue, passwords)?,
            within: patience,
            clock: start.clock.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            #[cfg(feature = "tested")]
            tested: Spoken::new(auth),
        }))
    }
}

impl Passwords {
    fn hash(&self, parts: &[&[u8]]) -> Hash {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(part);
        }
        let mut hash = [0; 32];
        let tag = context.sign();
        for (to, from) in hash.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        hash
    }
}

impl Verifier for Passwords {
    fn identify(&self, x: &Exchange, waited: bool) -> Verdict {
        let (name, password) = match credential::said(x.head()) {
            Said::Missing => return Verdict::MISSING,
            Said::Malformed => return Verdict::INVALID,
            Said::Pair { name, password } => (name, password),
        };
        #[cfg(feature = "tested")]
        if let Some(who) = self.tested.find(password.as_bytes()) {
            return Verdict::Known(who);
        }
        // Neither of them holds this byte: two pairs never give one hash.
        let hash = self.hash(&[name.as_bytes(), b"\0", password.as_bytes()]);
        let users = self.users.with(Arc::clone);
        if let Some(who) = users.remembered(&hash, self.clock.now()) {
            return Verdict::Known(who);
        }
        if waited {
            return Verdict::Not(Reason::PASSWORDS_TIMEOUT);
        }
        let decoy = u64::from_le_bytes(*self.hash(&[name.as_bytes()]).first_chunk().unwrap_or(&[0; 8]));
        let job = Job { users, hash, name, password, decoy, clock: self.clock.clone() };
        match self.pool.verify(job) {
            None => Verdict::Not(Reason::PASSWORDS_FULL),
            Some(over) => Verdict::Later(Later {
                over: Over::Told(Box::pin(pool::settled(over))),
                within: self.within,
                otherwise: Reason::PASSWORDS_TIMEOUT,
            }),
        }
    }

    fn upkeep(&self) -> Vec<Arc<dyn Upkeep>> {
        self.users.upkeep().into_iter().collect()
    }

    fn reads(&self) -> Option<Reads> {
        self.users.reads()
    }

    fn fields(&self) -> &[&'static str] {
        &[authorization::FIELD]
    }

    #[cfg(feature = "tested")]
    fn tested(&self, said: &str) -> Result<String, String> {
        let (password, name) = self.tested.key(said)?;
        if name.contains(|c: char| c == ':' || c.is_control()) {
            return Err("a name has no colon and no control character".to_owned());
        }
        let pair = format!("{name}:{password}");
        Ok(format!("Basic {}", base64::encode(pair.as_bytes(), Alphabet::Standard)))
    }

    /// RFC 7617 section 2.1.
    fn challenge(&self, realm: &str, _: bool, out: &mut Vec<u8>) {
        for part in ["Basic realm=\"", realm, "\", charset=\"UTF-8\""] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}
