//! Deadlines of a worker's connections: one table, swept when the earliest is due.
//!
//! A connection owns one slot, which holds the moment at which its present wait ends. To set it is a store; no timer
//! is made for it. The sweep sleeps until the earliest moment that it knows of, then marks the slots that are due
//! and wakes their tasks. A slot that is set later while the sweep sleeps costs nothing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use tokio::sync::Notify;

use crate::clock::{Alarm, Clock, Micros};

const NEVER: Micros = u64::MAX;
const DUE: Micros = 0;

/// Shortest sleep of the sweep, so that many deadlines in a row share one pass.
const PAUSE: Micros = 2_000;

/// The table of one worker.
#[derive(Debug)]
pub(crate) struct Sweep {
    clock: Clock,
    slots: RefCell<Vec<Cell<Micros>>>,
    wakers: RefCell<Vec<Option<Waker>>>,
    free: RefCell<Vec<usize>>,
    next: Cell<Micros>,
    earlier: Notify,
}

/// The slot of one connection; dropped with it.
#[derive(Debug)]
pub(crate) struct Slot {
    sweep: Rc<Sweep>,
    index: usize,
}

impl Sweep {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            slots: RefCell::default(),
            wakers: RefCell::default(),
            free: RefCell::default(),
            next: Cell::new(NEVER),
            earlier: Notify::new(),
        }
    }

    /// A slot whose deadline wakes `waker`.
    pub(crate) fn slot(self: &Rc<Self>, waker: Waker) -> Slot {
        let mut slots = self.slots.borrow_mut();
        let mut wakers = self.wakers.borrow_mut();
        let index = self.free.borrow_mut().pop().unwrap_or(slots.len());
        if let (Some(slot), Some(place)) = (slots.get(index), wakers.get_mut(index)) {
            slot.set(NEVER);
            *place = Some(waker);
        } else {
            slots.push(Cell::new(NEVER));
            wakers.push(Some(waker));
        }
        Slot { sweep: Rc::clone(self), index }
    }

    /// Makes the sweep look again at `at` or before.
    pub(crate) fn look_at(&self, at: Micros) {
        if at < self.next.get() {
            self.next.set(at);
            self.earlier.notify_one();
        }
    }

    /// Sweeps for as long as the worker lives. `also` is run at each pass with the present time and says when it
    /// wants to run again.
    pub(crate) async fn run(&self, alarm: Alarm, also: impl Fn(Micros) -> Micros) {
        loop {
            let next = self.next.get();
            if next == NEVER {
                self.earlier.notified().await;
            } else {
                either(self.clock.until(&alarm, next), self.earlier.notified()).await;
            }
            let now = self.clock.now();
            if now >= self.next.get() {
                let next = self.pass(now).min(also(now));
                self.next.set(if next == NEVER { NEVER } else { next.max(now + PAUSE) });
            }
        }
    }

    /// Ends every wait now.
    pub(crate) fn wake_all(&self) {
        self.pass(NEVER - 1);
    }

    /// Marks and wakes what is due; answers when the next slot is.
    fn pass(&self, now: Micros) -> Micros {
        let slots = self.slots.borrow();
        let mut next = NEVER;
        for (index, slot) in slots.iter().enumerate() {
            let deadline = slot.get();
            if deadline > now {
                next = next.min(deadline);
            } else if deadline != DUE {
                slot.set(DUE);
                if let Some(Some(waker)) = self.wakers.borrow().get(index) {
                    waker.wake_by_ref();
                }
            }
        }
        next
    }
}

impl Slot {
    /// The wait that begins now ends at `at`.
    pub(crate) fn set(&self, at: Micros) {
        if let Some(slot) = self.sweep.slots.borrow().get(self.index) {
            slot.set(at.max(DUE + 1));
        }
        self.sweep.look_at(at);
    }

    /// Whether the present wait has ended.
    pub(crate) fn due(&self) -> bool {
        self.sweep.slots.borrow().get(self.index).is_some_and(|slot| slot.get() == DUE)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slot) = self.sweep.slots.borrow().get(self.index) {
            slot.set(NEVER);
        }
        if let Some(place) = self.sweep.wakers.borrow_mut().get_mut(self.index) {
            *place = None;
        }
        self.sweep.free.borrow_mut().push(self.index);
    }
}

/// Waits for the first of two.
async fn either(a: impl Future<Output = ()>, b: impl Future<Output = ()>) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    std::future::poll_fn(|cx| {
        if a.as_mut().poll(cx).is_ready() || b.as_mut().poll(cx).is_ready() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;
    use std::time::Duration;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn wakes_only_what_is_due_and_only_once() {
        let clock = Clock::manual();
        let sweep = Rc::new(Sweep::new(clock.clone()));
        let (early, late) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let a = sweep.slot(Arc::clone(&early).into());
        let b = sweep.slot(Arc::clone(&late).into());
        a.set(1_000);
        b.set(9_000);
        clock.advance(Duration::from_millis(1));
        assert_eq!(sweep.pass(clock.now()), 9_000);
        assert_eq!(sweep.pass(clock.now()), 9_000);
        assert!(a.due() && !b.due());
        assert_eq!((early.0.load(Ordering::Relaxed), late.0.load(Ordering::Relaxed)), (1, 0));
        a.set(20_000);
        assert!(!a.due());
    }

    #[test]
    fn a_dropped_slot_is_used_again_and_never_wakes() {
        let sweep = Rc::new(Sweep::new(Clock::manual()));
        let count = Arc::new(Count::default());
        let a = sweep.slot(Arc::clone(&count).into());
        a.set(5);
        drop(a);
        assert_eq!(sweep.pass(10), NEVER);
        let again = sweep.slot(Arc::clone(&count).into());
        assert_eq!(again.index, 0);
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }
}
