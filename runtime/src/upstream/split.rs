//! Which upstream a request goes to, where one shares its requests out to others: the one that it is pinned to, or one by lot.
//!
//! Each has a lot for the request's key, and the highest wins: where a weight changes, only keys move that the heavier one
//! gains or the lighter one loses, and all others stay (highest random weight).

use super::Upstream;
use super::choice::{hash, lot};
use crate::exchange::Exchange;
use crate::params::Params;
use crate::program::{Program, Split};

impl Upstream {
    /// The upstream that a request goes to in the place of this one, which has no servers.
    pub(crate) fn share_out(&self, split: &Split, x: &Exchange, program: &Program) -> u32 {
        let pinned = split.shares.iter().find(|share| share.pin.is_some_and(|pin| pin(x)));
        if let Some(pinned) = pinned {
            return pinned.upstream;
        }
        let number = match split.by {
            None => self.draw(u64::MAX - 1),
            Some(write) => {
                let mut key = self.key.borrow_mut();
                key.clear();
                write(x, &mut key);
                hash(&key)
            }
        };
        split.by_lot(x, program, number)
    }
}

impl Split {
    /// The upstream whose lot is the highest for a number.
    fn by_lot(&self, x: &Exchange, program: &Program, number: u64) -> u32 {
        let lots = self.shares.iter().filter_map(|share| {
            let weight = u64::try_from(share.weight.of(x)).ok().filter(|weight| *weight > 0)?;
            // By its name, so that one that comes or goes moves no key between the others.
            let name = program.upstreams.get(share.upstream as usize)?.name;
            Some((lot(number, hash(name.as_bytes()), weight), share.upstream))
        });
        let highest = lots.max_by(|(a, _), (b, _)| a.total_cmp(b));
        // INVARIANT: some weight is more than nothing: what says otherwise is refused.
        highest.map_or(self.upstream, |(_, upstream)| upstream)
    }

    /// Whether nobody would get a request.
    pub(crate) fn is_nothing(&self, params: &Params) -> bool {
        self.shares.iter().all(|share| share.weight.at(params) <= 0)
    }
}
