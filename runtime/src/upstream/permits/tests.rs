//! Who gets a permit, in which order, and that none is lost or made, whatever workers do at the same time.

use std::sync::atomic::AtomicU32;
use std::task::Wake;
use std::thread::Thread;
use std::time::Duration;

use super::*;

fn new(most: u32, queue: u32) -> Arc<Permits> {
    Arc::new(Permits::new(&Config { most, queue: Some(queue), within: Duration::from_secs(1) }))
}

fn place(permits: &Arc<Permits>) -> Place {
    match permits.queue(Waker::noop()) {
        Queued::Place(place) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn so_many_have_a_permit_and_so_many_wait() {
    let permits = new(2, 1);
    let (first, second) = (permits.take().unwrap(), permits.take().unwrap());
    assert!(permits.take().is_none());
    let waiting = place(&permits);
    assert!(matches!(permits.queue(Waker::noop()), Queued::Full));
    assert_eq!((permits.taken(), permits.waiting(), permits.full()), (2, 1, 1));
    drop((waiting, first, second));
    assert_eq!((permits.taken(), permits.waiting()), (0, 0));
}

#[test]
fn who_has_waited_longest_is_next_and_nobody_comes_in_between() {
    let permits = new(1, 8);
    let holder = permits.take().unwrap();
    let (mut first, mut second) = (place(&permits), place(&permits));
    drop(holder);
    assert!(permits.take().is_none(), "somebody waits");
    assert!(second.claim().is_none());
    let permit = first.claim().unwrap();
    drop(permit);
    assert!(second.claim().is_some());
    assert!(permits.take().is_some(), "it was given back when it was dropped");
}

#[test]
fn who_leaves_makes_room_and_a_permit_that_came_too_late_goes_on() {
    let permits = new(1, 2);
    let holder = permits.take().unwrap();
    let (first, mut second) = (place(&permits), place(&permits));
    drop(holder);
    // It is the first's by now, who leaves without having looked.
    drop(first);
    assert!(second.claim().is_some());
    assert_eq!((permits.taken(), permits.waiting()), (0, 0));
}

#[test]
fn without_a_queue_nobody_waits() {
    let permits = Arc::new(Permits::new(&Config { most: 1, queue: None, within: Duration::from_secs(1) }));
    let holder = permits.take().unwrap();
    assert!(matches!(permits.queue(Waker::noop()), Queued::Full));
    drop(holder);
    assert!(matches!(permits.queue(Waker::noop()), Queued::Permit(_)));
}

/// Ends the sleep of a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn workers_that_come_wait_and_leave_at_once_never_have_too_many_and_lose_none() {
    let permits = new(3, 4);
    let (inside, served) = (AtomicU32::new(0), AtomicU32::new(0));
    let work = |permit: Permit| {
        assert!(inside.fetch_add(1, Ordering::AcqRel) < 3);
        std::thread::yield_now();
        inside.fetch_sub(1, Ordering::AcqRel);
        served.fetch_add(1, Ordering::Relaxed);
        drop(permit);
    };
    let wait = |mut place: Place, leaves: bool| {
        if leaves {
            return drop(place);
        }
        loop {
            if let Some(permit) = place.claim() {
                return work(permit);
            }
            // A wake that is lost would stop the test here for good.
            std::thread::park();
        }
    };
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (permits, work, wait) = (&permits, &work, &wait);
            scope.spawn(move || {
                let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
                for turn in 0..2_000 {
                    match permits.take() {
                        Some(permit) => work(permit),
                        None => match permits.queue(&waker) {
                            Queued::Permit(permit) => work(permit),
                            Queued::Place(place) => wait(place, (turn + worker) % 3 == 0),
                            Queued::Full => std::thread::yield_now(),
                        },
                    }
                }
            });
        }
    });
    assert_eq!((permits.taken(), permits.waiting()), (0, 0));
    assert!(permits.lock().waiting.is_empty() && served.load(Ordering::Relaxed) > 0);
}
