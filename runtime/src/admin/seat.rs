//! Who is connected, so that nobody who says nothing keeps others out: where all seats are taken, one that is of no use is given up.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::task::AbortHandle;

/// Connections that are served at once; others wait.
pub(super) const MOST: usize = 32;

/// All of them, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Seats {
    taken: RefCell<Vec<Taken>>,
}

#[derive(Debug)]
struct Taken {
    number: u64,
    task: AbortHandle,
    /// It waits for nothing but its client: for the rest of a head, or to be closed behind an answer.
    is_idle: bool,
}

/// One of them, as its connection knows it; free again when it is dropped, whatever has happened.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) seats: Rc<Seats>,
    pub(super) number: u64,
}

impl Seats {
    /// Whether there is one that is free, or that has just been given up.
    pub(super) fn has_room(&self) -> bool {
        let mut taken = self.taken.borrow_mut();
        if taken.len() < MOST {
            return true;
        }
        let oldest = taken.iter().position(|it| it.is_idle).map(|at| taken.remove(at));
        drop(taken);
        oldest.inspect(|it| it.task.abort()).is_some()
    }

    /// A connection whose head is still to come.
    pub(super) fn take(&self, number: u64, task: AbortHandle) {
        self.taken.borrow_mut().push(Taken { number, task, is_idle: true });
    }
}

impl Seat {
    /// Whether it would be given up from now on.
    pub(super) fn idles(&self, is_idle: bool) {
        for it in self.seats.taken.borrow_mut().iter_mut().filter(|it| it.number == self.number) {
            it.is_idle = is_idle;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken.borrow_mut().retain(|it| it.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, LocalOptions};

    use super::*;

    #[test]
    fn the_oldest_that_idles_makes_room_and_nobody_else() {
        let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
        runtime.block_on(async {
            let seats = Rc::new(Seats::default());
            let sit = |number: u64| {
                let task = tokio::task::spawn_local(std::future::pending::<()>());
                seats.take(number, task.abort_handle());
                (Seat { seats: Rc::clone(&seats), number }, task)
            };
            let mut all: Vec<_> = (0..MOST as u64).map(sit).collect();
            all[0].0.idles(false);
            assert!(seats.has_room());
            let (seat, task) = all.remove(1);
            assert!(task.await.unwrap_err().is_cancelled());
            drop(seat);
            assert!(seats.has_room(), "one is free");
            all.push(sit(99));
            for (seat, _) in &all {
                seat.idles(false);
            }
            assert!(!seats.has_room());
            assert!(all.iter().all(|(_, task)| !task.is_finished()));
            drop(all.pop());
            assert!(seats.has_room(), "who goes leaves a seat");
        });
    }
}
