//! What a limit promises, on threads and with a clock that only the tests move.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::limiter::{Limiter, Verdict};
use crate::clock::Clock;
use crate::memory::Tables;

/// Requests that each thread of a race makes.
const TRIES: usize = 300;

fn admits(limiter: &Limiter, key: &str) -> bool {
    matches!(limiter.spend(limiter.key(key.as_bytes())), Verdict::Admitted { .. })
}

fn admitted(limiter: &Limiter, key: &str, tries: usize) -> usize {
    (0..tries).filter(|_| admits(limiter, key)).count()
}

/// A limit in a process whose memory is not bounded.
fn limiter(clock: &Clock, rate: (u64, Duration), burst: Option<u64>, keys: usize) -> Limiter {
    Limiter::new(clock, (rate, burst), keys, None)
}

/// Ten a second, and as many at once.
fn ten(clock: &Clock, keys: usize) -> Limiter {
    limiter(clock, (10, Duration::from_secs(1)), None, keys)
}

#[test]
fn a_burst_is_admitted_and_then_the_rate() {
    let clock = Clock::manual();
    let limiter = ten(&clock, 100);
    assert_eq!(admitted(&limiter, "a", 20), 10);
    assert_eq!(admitted(&limiter, "b", 20), 10, "each key has a budget of its own");
    clock.advance(Duration::from_millis(99));
    assert!(!admits(&limiter, "a"));
    clock.advance(Duration::from_millis(1));
    assert_eq!(admitted(&limiter, "a", 20), 1);
    clock.advance(Duration::from_hours(1));
    assert_eq!(admitted(&limiter, "a", 20), 10);
}

#[test]
fn says_what_is_left_and_how_long_to_wait() {
    let clock = Clock::manual();
    let limiter = limiter(&clock, (10, Duration::from_secs(1)), Some(3), 100);
    assert_eq!((limiter.burst, limiter.window()), (3, 1));
    let key = limiter.key(b"a");
    let Verdict::Admitted { remaining: 2, whole: found, .. } = limiter.spend(key) else { panic!() };
    assert_eq!(found, 100_000_000);
    assert!(matches!(limiter.look(key), Verdict::Admitted { remaining: 2, .. }), "a look costs nothing");
    assert_eq!(admitted(&limiter, "a", 9), 2);
    clock.advance(Duration::from_millis(30));
    let refused = Verdict::Refused { wait: Duration::from_millis(70), banned: false };
    assert_eq!(limiter.spend(key), refused);
    assert_eq!(limiter.look(key), refused);
}

#[test]
fn an_odd_rate_is_never_exceeded() {
    let clock = Clock::manual();
    // Three in ten nanoseconds: a request every 3.3 would be rounded to 3.
    let limiter = limiter(&clock, (3, Duration::from_nanos(10)), Some(1_000), 100);
    assert_eq!(admitted(&limiter, "a", 2_000), 1_000);
    clock.advance(Duration::from_micros(1));
    assert_eq!(admitted(&limiter, "a", 2_000), 250);
}

#[test]
fn numbers_at_the_edge_of_what_can_be_written_are_no_holes() {
    let clock = Clock::manual();
    for (rate, burst) in [
        ((u64::MAX, Duration::from_nanos(1)), None),
        ((1, Duration::MAX), Some(u64::MAX)),
        ((1, Duration::from_hours(24)), Some(u64::MAX)),
        ((u64::MAX, Duration::MAX), Some(u64::MAX)),
        ((0, Duration::ZERO), Some(0)),
    ] {
        let limiter = limiter(&clock, rate, burst, 100);
        assert!(limiter.burst >= 1);
        assert!(admits(&limiter, "a"));
    }
    let daily = limiter(&clock, (1, Duration::from_hours(24)), Some(20_000), 100);
    assert_eq!(admitted(&daily, "a", 30_000), 20_000);
}

#[test]
fn a_ban_holds_for_its_time_and_ends_with_an_empty_budget() {
    let clock = Clock::manual();
    let limiter = ten(&clock, 100);
    let key = limiter.key(b"a");
    limiter.ban(&key, Duration::from_mins(1));
    limiter.ban(&key, Duration::from_secs(1));
    clock.advance(Duration::from_secs(59));
    let Verdict::Refused { wait, banned: true } = limiter.spend(key) else { panic!() };
    assert_eq!(wait, Duration::from_secs(1));
    assert!(admits(&limiter, "b"));
    clock.advance(Duration::from_millis(950));
    let Verdict::Refused { wait, banned: true } = limiter.look(key) else { panic!() };
    assert_eq!(wait, Duration::from_millis(50));
    clock.advance(Duration::from_millis(50));
    assert_eq!(admitted(&limiter, "a", 20), 1);
    assert!(matches!(limiter.spend(key), Verdict::Refused { banned: false, .. }));
}

#[test]
fn a_ban_shortens_no_wait() {
    let clock = Clock::manual();
    let limiter = limiter(&clock, (1, Duration::from_mins(1)), None, 100);
    let key = limiter.key(b"a");
    assert!(admits(&limiter, "a"));
    limiter.ban(&key, Duration::from_secs(1));
    let minute = Verdict::Refused { wait: Duration::from_mins(1), banned: true };
    assert_eq!(limiter.spend(key), minute);
}

#[test]
fn what_is_given_back_can_be_spent_once_more_and_no_more() {
    let clock = Clock::manual();
    let limiter = ten(&clock, 100);
    let key = limiter.key(b"a");
    assert_eq!(admitted(&limiter, "a", 8), 8);
    let Verdict::Admitted { time, .. } = limiter.spend(key) else { panic!() };
    limiter.give_back(&key, time, limiter.cost());
    limiter.give_back(&key, time, limiter.cost());
    assert_eq!(admitted(&limiter, "a", 20), 2);
    // What has been counted since cannot be told from it, nor what time has paid.
    limiter.give_back(&key, time, limiter.cost());
    assert_eq!(admitted(&limiter, "a", 20), 0);
    clock.advance(Duration::from_secs(2));
    assert_eq!(admitted(&limiter, "a", 20), 10);
    limiter.give_back(&key, time, limiter.cost());
    assert_eq!(admitted(&limiter, "a", 20), 0);
}

#[test]
fn eight_threads_at_once_are_admitted_exactly_the_burst() {
    let clock = Clock::manual();
    let limiter = limiter(&clock, (1, Duration::from_hours(1)), Some(50_000), 100);
    let count = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| count.fetch_add(admitted(&limiter, "a", 10_000) as u64, Ordering::Relaxed));
        }
    });
    assert_eq!(count.into_inner(), 50_000);
}

#[test]
fn keys_beyond_the_bound_reset_nobody_and_are_counted() {
    let clock = Clock::manual();
    let limiter = ten(&clock, 200);
    assert_eq!(admitted(&limiter, "victim", 10), 10);
    for key in 0..3_000 {
        admits(&limiter, &format!("made up {key}"));
    }
    assert!(limiter.evicted() > 1_000, "{}", limiter.evicted());
    assert!(!admits(&limiter, "victim"), "its budget is still spent");
    assert!(!admits(&limiter, "unknown"), "what was forgotten is charged to whom nobody knows");
    // Keys whose time has passed go for nothing, and everybody begins anew.
    clock.advance(Duration::from_secs(2));
    let before = limiter.evicted();
    assert_eq!(admitted(&limiter, "newcomer", 20), 10);
    assert_eq!(limiter.evicted(), before);
}

#[test]
fn where_memory_is_bounded_a_store_grows_into_what_is_there_and_gives_it_back() {
    let (clock, tables) = (Clock::manual(), Tables::new(1 << 20, 2));
    let bounded = || Limiter::new(&clock, ((10, Duration::from_mins(1)), None), 1 << 20, Some(&tables));
    let (flooded, other) = (bounded(), bounded());
    assert_eq!(admitted(&flooded, "victim", 20), 10);
    for key in 0..20_000 {
        admits(&flooded, &format!("made up {key}"));
    }
    let (taken, most) = tables.told();
    assert!(taken > most / 4 && taken <= most / 2, "{taken}");
    assert!(flooded.evicted() > 10_000, "{}", flooded.evicted());
    assert!(!admits(&flooded, "victim"), "its budget is still spent");
    // There is room for another.
    for key in 0..1_000 {
        assert!(admits(&other, &format!("{key}")));
    }
    assert_eq!(other.evicted(), 0);
    assert!(tables.told().0 > taken && tables.told().0 <= most);
    tables.tidy();
    assert!(!admits(&flooded, "victim"), "what says something stays");
    clock.advance(Duration::from_mins(2));
    tables.tidy();
    assert_eq!(tables.told(), (0, most));
    assert_eq!(admitted(&flooded, "victim", 20), 10);
    for key in 0..1_000 {
        admits(&flooded, &format!("made up {key}"));
    }
    assert!(tables.told().0 > 0);
    drop((flooded, other));
    assert_eq!(tables.told(), (0, most));
}

/// What eight threads are admitted for each of a few keys while the clock moves; more keys than there is room for, if
/// `crowd` says so.
fn race(rate: u64, burst: u64, keys: usize, steps: &[u64], crowd: bool) -> Vec<u64> {
    let clock = Clock::manual();
    let room = if crowd { 16 } else { 1_000 };
    let limiter = limiter(&clock, (rate, Duration::from_secs(1)), Some(burst), room);
    let counts: Vec<AtomicU64> = (0..keys).map(|_| AtomicU64::new(0)).collect();
    std::thread::scope(|scope| {
        for thread in 0..8_usize {
            let (limiter, counts) = (&limiter, &counts);
            scope.spawn(move || {
                for at in thread..thread + TRIES {
                    let number = at % keys;
                    let key = limiter.key(&[u8::try_from(number).unwrap()]);
                    if let Verdict::Admitted { time, .. } = limiter.spend(key) {
                        // Every fifth was refused by another limit.
                        if at.is_multiple_of(5) {
                            limiter.give_back(&key, time, limiter.cost());
                        } else {
                            counts[number].fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    if crowd {
                        limiter.spend(limiter.key(&at.to_le_bytes()));
                    }
                }
            });
        }
        for step in steps {
            clock.advance(Duration::from_micros(*step));
            std::thread::yield_now();
        }
    });
    counts.into_iter().map(AtomicU64::into_inner).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn never_admits_more_than_the_burst_and_the_rate_allow(
        rate in 1..5_000_u64,
        burst in 1..50_u64,
        keys in 1..4_usize,
        steps in prop::collection::vec(0..20_000_u64, 1..60),
        crowd: bool,
    ) {
        let elapsed: u64 = steps.iter().sum();
        let most = burst + rate * elapsed / 1_000_000;
        for count in race(rate, burst, keys, &steps, crowd) {
            prop_assert!(count <= most, "{count} of at most {most}");
        }
    }
}

#[test]
fn another_rate_goes_on_with_what_was_counted() {
    let clock = Clock::manual();
    let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
    let slow = limiter(&clock, (2, day), None, 100);
    assert_eq!(admitted(&slow, "a", 9), 2);
    clock.advance(Duration::from_mins(1));
    // Whoever has nothing left waits for one request of the new rate, and not for one of the old.
    let fast = slow.paced(((10, second), None));
    assert_eq!(admitted(&fast, "a", 9), 0);
    clock.advance(Duration::from_millis(100));
    assert_eq!((admitted(&fast, "a", 9), admitted(&fast, "b", 20)), (1, 10));
    // And no rate gives a budget twice: `b` has spent a second.
    let other = slow.paced(((1, second), Some(10)));
    assert_eq!(admitted(&other, "b", 20), 9);
    // A long debt does not come back, however long nobody asks.
    let exact = slow.paced(((1, second), None));
    for wait in [1000, 999, 1, 5000] {
        clock.advance(Duration::from_millis(wait));
        assert_eq!(admitted(&exact, "a", 9), usize::from(wait != 999), "{wait} ms");
    }
}

#[test]
fn a_ban_outlives_a_change_of_the_rate() {
    let clock = Clock::manual();
    let limiter = ten(&clock, 100);
    let key = limiter.key(b"a");
    limiter.ban(&key, Duration::from_mins(1));
    clock.advance(Duration::from_secs(20));
    let other = limiter.paced(((1, Duration::from_secs(1)), Some(100)));
    for _ in 0..2 {
        let Verdict::Refused { wait, banned: true } = other.spend(key) else { panic!() };
        assert_eq!(wait, Duration::from_secs(40));
    }
    clock.advance(Duration::from_secs(40));
    assert_eq!(admitted(&other, "a", 20), 1);
}
