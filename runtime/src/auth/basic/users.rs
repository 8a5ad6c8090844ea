//! Everybody whom one `auth` knows, with the hashes of their passwords, and who of them is known again. It is replaced whole, so that
//! nobody is known by a password that another set has verified.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use super::hash::{Room, Stored};
use super::{Hash, Item, Memory};
use crate::auth::kept::Read;
use crate::auth::lines::{self, Form};
use crate::auth::remembered::Remembered;
use crate::auth::{Auth, Principal};
use crate::clock::{Clock, Micros};
use crate::memory::Memory as Bounded;
use crate::serve::capacity::mebibytes;

const FORM: Form<Stored> = Form { words: "NAME HASH", has_colon: true, hash: Stored::read };

/// All users.
#[derive(Debug, Default)]
pub(super) struct Users {
    by_name: HashMap<Box<str>, usize>,
    all: Vec<(Stored, Arc<Principal>)>,
    remembered: Option<Arc<Remembered>>,
    /// How long somebody is remembered.
    time: Micros,
}

impl Users {
    /// Those of a block.
    pub(super) fn read(
        auth: &'static Auth,
        items: &[Item],
        (memory, clock, bounded): (Memory, &Clock, Option<&Arc<Bounded>>),
        read: Read<'_>,
    ) -> Result<Self, String> {
        let remembered = memory.map(|(_, most)| {
            let clock = clock.clone();
            let now = move || i64::try_from(clock.now()).unwrap_or(i64::MAX);
            Remembered::new(most, bounded.map(|bounded| (&bounded.tables, now)))
        });
        let mut users = Self { remembered, time: memory.map_or(0, |(time, _)| time), ..Self::default() };
        for item in items {
            match *item {
                Item::User { name, hash, given } => {
                    let own = |error: String| format!("`{name}`: {error}");
                    let who = Principal::of(auth, name, given).map_err(own)?;
                    users.add(name, Stored::read(hash).map_err(own)?, who).map_err(own)?;
                }
                // The machine of a test need not have them.
                Item::Users { .. } if cfg!(feature = "tested") => {}
                Item::Users { path } => {
                    let mut take = |name: &str, stored, who| users.add(name, stored, who);
                    lines::read(auth, (path, &mut *read), &FORM, &mut take)?;
                }
                Item::Verify { .. } | Item::Remember { .. } => {}
            }
        }
        if let Some(Err(most)) = bounded.map(|bounded| bounded.passwords.holds(users.needs())) {
            return Err(format!(
                "to verify a password takes {}, and `capacity memory` leaves {} for that until the gateway is started anew",
                mebibytes(users.needs()),
                mebibytes(most)
            ));
        }
        Ok(users)
    }

    /// Bytes of memory that it takes to verify a password, whose soever.
    pub(super) fn needs(&self) -> u64 {
        self.all.iter().map(|(stored, _)| stored.needs()).max().unwrap_or(0)
    }

    fn add(&mut self, name: &str, stored: Stored, who: Principal) -> Result<(), String> {
        if name.is_empty() || name.contains(|c: char| c == ':' || c.is_control()) {
            return Err("a name has no colon and no control character".to_owned());
        }
        if self.by_name.insert(name.into(), self.all.len()).is_some() {
            return Err("this name stands twice".to_owned());
        }
        self.all.push((stored, Arc::new(who)));
        Ok(())
    }

    /// Who has this password. For a name that nobody has, the hash of somebody else is made, always the same one: how long it
    /// takes says nothing.
    pub(super) fn verify(
        &self,
        (name, password): (&str, &str),
        decoy: u64,
        room: &mut Room,
    ) -> Option<Arc<Principal>> {
        if let Some((stored, who)) = self.by_name.get(name).and_then(|at| self.all.get(*at)) {
            return stored.is_of(password, room).then(|| Arc::clone(who));
        }
        let count = u64::try_from(self.all.len()).ok().filter(|count| *count > 0)?;
        let (stored, _) = self.all.get(usize::try_from(decoy % count).ok()?)?;
        black_box(stored.is_of(password, room));
        None
    }

    /// Who has been verified with this pair of name and password, and is known again.
    pub(super) fn remembered(&self, hash: &Hash, now: Micros) -> Option<Arc<Principal>> {
        self.remembered.as_ref()?.find(hash, now.try_into().ok()?)
    }

    /// From now on this pair is known again.
    pub(super) fn remember(&self, hash: Hash, who: &Arc<Principal>, now: Micros) {
        let Some(remembered) = &self.remembered else { return };
        if let (Ok(now), Ok(until)) = (i64::try_from(now), i64::try_from(now.saturating_add(self.time))) {
            remembered.keep(hash, who, (until, now), remembered.epoch());
        }
    }
}
