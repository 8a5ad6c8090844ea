//! The memory in which passwords are verified: a slow hash takes as much of it as it says, as long as it is made. Whoever verifies waits
//! until it is there, in the order of coming, so that a hash that needs much has its turn too.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Passwords {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How much there is. Nothing, until all have said what they need.
    most: Option<u64>,
    /// What all threads need that verify, if each has the hash that needs most.
    wanted: u64,
    /// What one hash needs at most, and whose it is.
    largest: (u64, &'static str),
    /// Files say who some of them are, so that hashes may come which need more.
    may_grow: bool,
    taken: u64,
    /// How many have come to wait, and how many of them have had their turn.
    come: u64,
    served: u64,
}

/// What one thread has taken; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    passwords: Arc<Passwords>,
    bytes: u64,
}

impl Passwords {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says, when a gateway starts, that so many threads of an `auth` need so much each, and whether that may come to be more.
    pub(crate) fn want(&self, auth: &'static str, (each, threads): (u64, u64), may_grow: bool) {
        let mut state = self.lock();
        state.may_grow |= may_grow;
        state.wanted = state.wanted.saturating_add(each.saturating_mul(threads));
        state.largest = state.largest.max((each, auth));
    }

    /// Sets as much aside as is wanted, if it is no more than `fair`; all of that where it may come to be wanted; and never less than one hash needs. `rest` is what there is
    /// beside all else that is needed.
    ///
    /// # Errors
    ///
    /// Whose hash needs more than there is, and how much.
    pub(crate) fn settle(&self, fair: u64, rest: u64) -> Result<u64, (&'static str, u64)> {
        let mut state = self.lock();
        let (largest, whose) = state.largest;
        if largest > rest {
            return Err((whose, largest));
        }
        let wanted = if state.may_grow { fair } else { state.wanted.min(fair) };
        let most = wanted.min(rest).max(largest);
        state.most = Some(most);
        Ok(most)
    }

    /// Whether there is so much at all.
    ///
    /// # Errors
    ///
    /// How much there is.
    pub(crate) fn holds(&self, bytes: u64) -> Result<(), u64> {
        self.lock().most.filter(|most| bytes > *most).map_or(Ok(()), Err)
    }

    /// Blocks the thread until so much is free, and takes it.
    pub(crate) fn wait(self: &Arc<Self>, bytes: u64) -> Place {
        let mut state = self.lock();
        let turn = state.come;
        state.come += 1;
        // What can never be had is had by one alone: it was refused where it was read.
        while state.served != turn
            || state.taken > 0 && state.most.is_some_and(|most| state.taken.saturating_add(bytes) > most)
        {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.served += 1;
        state.taken = state.taken.saturating_add(bytes);
        drop(state);
        self.freed.notify_all();
        Place { passwords: Arc::clone(self), bytes }
    }

    /// Whether somebody waits.
    pub(crate) fn is_waited_for(&self) -> bool {
        let state = self.lock();
        state.come > state.served
    }

    /// What is taken, and how much there is.
    #[cfg(any(feature = "admin", test))]
    pub(crate) fn told(&self) -> (u64, u64) {
        let state = self.lock();
        (state.taken, state.most.unwrap_or(0))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.passwords.lock().taken -= self.bytes;
        self.passwords.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_set_aside_as_is_wanted_and_fair_and_never_less_than_one_needs() {
        let settled = |fair, rest| {
            let passwords = Passwords::default();
            passwords.want("staff", (20, 2), false);
            passwords.want("partner", (60, 1), false);
            passwords.settle(fair, rest)
        };
        assert_eq!(settled(200, 500), Ok(100));
        assert_eq!(settled(80, 500), Ok(80));
        assert_eq!(settled(200, 90), Ok(90));
        assert_eq!(settled(10, 60), Ok(60));
        assert_eq!(settled(10, 59), Err(("partner", 60)));
        assert_eq!(Passwords::default().settle(10, 0), Ok(0), "nobody has a password");
        let filed = Passwords::default();
        filed.want("staff", (20, 2), true);
        assert_eq!(filed.settle(200, 500), Ok(200), "another file may need more");
        let empty = Passwords::default();
        empty.want("staff", (0, 2), true);
        assert_eq!(empty.settle(200, 500), Ok(200), "nobody is there yet");
    }

    #[test]
    fn whoever_finds_none_waits_in_turn_and_all_of_it_is_free_at_last() {
        let passwords = Arc::new(Passwords::default());
        passwords.want("staff", (6, 4), false);
        assert_eq!(passwords.settle(10, 10), Ok(10));
        assert_eq!((passwords.holds(10), passwords.holds(11)), (Ok(()), Err(10)));
        let first = passwords.wait(6);
        std::thread::scope(|scope| {
            // The second does not fit beside the first; the third would, and does not pass it.
            let second = scope.spawn(|| passwords.wait(8));
            while !passwords.is_waited_for() {
                std::thread::yield_now();
            }
            let third = scope.spawn(|| passwords.wait(2));
            while passwords.lock().come < 3 {
                std::thread::yield_now();
            }
            assert_eq!(passwords.told(), (6, 10));
            drop(first);
            let (second, third) = (second.join().unwrap(), third.join().unwrap());
            assert_eq!(passwords.told(), (10, 10));
            drop((second, third));
        });
        assert_eq!(passwords.told(), (0, 10));
        assert!(!passwords.is_waited_for());
    }
}
