//! `identify NAME`: finds out who asks where a request says so, and lets others through. What a request says that is not so is
//! refused: its client believes to be known.

use crate::auth::{self, Asked};
use crate::exchange::{Exchange, Flow};
use crate::reason::Reason;

/// Who may be known.
#[derive(Debug)]
pub struct Config {
    /// Numbers of `auth`s.
    pub names: &'static [u16],
}

impl Config {
    /// Finds out who asks. Where several are asked, one that knows the client is enough.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        let (mut is_known, mut refusal, mut is_open) = (false, None, false);
        for number in self.names {
            match auth::ask(x, *number) {
                Asked::Known => is_known = true,
                Asked::Not(reason) if reason.number == Reason::CREDENTIAL_MISSING.number => {}
                Asked::Not(reason) => refusal = Some(auth::worse(refusal, reason)),
                Asked::Later => is_open = true,
            }
        }
        if is_open {
            return Flow::Refuse(Reason::IDENTITY_UNAVAILABLE);
        }
        match refusal {
            Some(reason) if !is_known => auth::refuse(x, self.names, reason),
            _ => Flow::Next,
        }
    }
}
