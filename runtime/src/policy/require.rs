//! `require NAME`, `require any A, B`: refuses whom no `auth` knows.

use crate::auth::{self, Asked};
use crate::exchange::{Exchange, Flow};
use crate::reason::Reason;

/// Who must be known.
#[derive(Debug)]
pub struct Config {
    /// One of several is enough.
    pub any: bool,
    /// Numbers of `auth`s.
    pub names: &'static [u16],
}

impl Config {
    /// Finds out who asks, or refuses. Where one is enough, all of them are asked: each may be known.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        let (mut known, mut reason, mut is_open) = (0, None, false);
        for number in self.names {
            match auth::ask(x, *number) {
                Asked::Known => known += 1,
                Asked::Not(why) => reason = Some(auth::worse(reason, why)),
                Asked::Later => is_open = true,
            }
        }
        if is_open {
            return Flow::Refuse(Reason::IDENTITY_UNAVAILABLE);
        }
        match reason {
            Some(reason) if known == 0 || !self.any => auth::refuse(x, self.names, reason),
            None if known == 0 => auth::refuse(x, self.names, Reason::CREDENTIAL_MISSING),
            _ => Flow::Next,
        }
    }
}
