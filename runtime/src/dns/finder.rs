//! Names that are looked up when somebody needs them, and not before: those of servers that the gateway itself asks now and then. What
//! an answer is worth, and for how long, is the same as for servers of upstreams.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;

use hickory_proto::rr::Name;

use super::ask::Asker;
use super::known::Known;
use super::look::{Look, look_in_time};
use super::{Lookup, Outcome, message};
use crate::clock::{Alarm, Micros};
use crate::place::Named;

/// One name, and what is known of it.
pub(crate) struct Finder {
    host: &'static str,
    port: u16,
    asker: Asker,
    known: Known,
    /// When what is known has to be looked up again.
    due: Micros,
    /// A look that has begun.
    looking: Option<Pin<Box<dyn Future<Output = Look>>>>,
    alarm: Alarm,
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder").field("host", &self.host).field("known", &self.known).finish_non_exhaustive()
    }
}

impl Finder {
    /// Only within a reactor.
    pub(crate) fn new(lookup: Lookup, host: &'static str, port: u16) -> std::io::Result<Self> {
        let Lookup { asker, usable, config } = lookup;
        let (known, alarm) = (Known::new(usable, config), Alarm::new()?);
        Ok(Self { host, port, asker, known, due: 0, looking: None, alarm })
    }

    /// The addresses of the name, at least one. A look that is given up goes on where somebody asks again, so that a name server that
    /// says nothing is not asked first for ever; where addresses are known, it is not waited for longer than `patience`.
    ///
    /// # Errors
    ///
    /// Why there are none, in words for the operator.
    pub(crate) async fn find(&mut self, patience: Micros) -> Result<Vec<SocketAddr>, String> {
        let clock = self.asker.clock.clone();
        let is_known = !self.known.found.is_empty();
        let mut why = String::new();
        if !is_known || clock.now() >= self.due {
            let looking = match &mut self.looking {
                Some(looking) => looking,
                none => none.insert(self::look(self.host, self.port, self.asker.clone())),
            };
            let look = if is_known {
                clock.within(&self.alarm, patience, looking).await
            } else {
                Some(looking.await)
            };
            if let Some(look) = look {
                self.looking = None;
                why = self.take(look);
            }
        }
        if self.known.found.is_empty() {
            return Err(why);
        }
        Ok(self.known.found.iter().map(|found| found.address).collect())
    }

    /// Takes over what a look has found, and says what was wrong with it.
    fn take(&mut self, look: Look) -> String {
        let now = self.asker.clock.now();
        let taken = self.known.take(look, now);
        self.due = now.saturating_add(taken.after);
        match taken.outcome {
            Outcome::Found => {
                (self.known.failures, self.known.denials) = (0, 0);
                String::new()
            }
            Outcome::Denied => format!("`{}` has no address: {}", self.host, taken.why),
            Outcome::Failed => format!("`{}` cannot be looked up: {}", self.host, taken.why),
        }
    }
}

/// A look for the addresses of a name.
fn look(host: &'static str, port: u16, asker: Asker) -> Pin<Box<dyn Future<Output = Look>>> {
    Box::pin(async move {
        let failed = |failure: String| Look { failure: Some(failure), ..Look::default() };
        let name: Option<Name> = message::name(host);
        match (name, Alarm::new()) {
            (Some(name), Ok(alarm)) => {
                let named = Named {
                    host,
                    port: Some(port),
                    authority: host,
                    weight: 1,
                    backup: false,
                    optional: true,
                    line: 0,
                    tls: None,
                };
                look_in_time(&asker, &named, &name, &alarm).await
            }
            (None, _) => failed("no name server can be asked for it".to_owned()),
            (_, Err(error)) => failed(error.to_string()),
        }
    })
}
