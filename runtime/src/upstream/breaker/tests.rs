//! What a breaker lets through, and that nothing is lost where workers meet.

use std::sync::Barrier;
use std::time::Duration;

use super::*;

const SECOND: Micros = 1_000_000;
/// How long it is open.
const TIME: Micros = 5 * SECOND;

const CONFIG: Config = Config {
    share: 500_000,
    over: Duration::from_secs(10),
    at_least: 4,
    r#for: Duration::from_secs(5),
    jitter: 0,
    probes: 2,
    on: None,
};

fn new() -> Arc<Breaker> {
    Arc::default()
}

/// Requests that end at once: `-` well, `x` not. Whether all of them went through.
fn play(breaker: &Arc<Breaker>, config: &'static Config, ends: &str, now: Micros) -> bool {
    ends.chars().all(|end| match breaker.admit(config, now) {
        Ok(pass) if end == '-' => {
            pass.succeeded(now);
            true
        }
        Ok(pass) => {
            pass.failed(now, TIME);
            true
        }
        Err(_) => false,
    })
}

#[test]
fn it_opens_with_the_failure_that_makes_the_share_and_not_before() {
    let breaker = new();
    assert!(play(&breaker, &CONFIG, "xxx", 0), "three are not enough to say anything");
    assert_eq!(breaker.state(0), State::Closed);
    let breaker = new();
    assert!(play(&breaker, &CONFIG, "---x-xx", 0));
    assert_eq!(breaker.state(0), State::Closed, "three of seven");
    assert!(play(&breaker, &CONFIG, "x", 0));
    assert_eq!(breaker.state(0), State::Open);
    assert_eq!(breaker.admit(&CONFIG, SECOND).unwrap_err(), 4 * SECOND);
}

#[test]
fn what_is_longer_ago_is_not_looked_at() {
    let breaker = new();
    play(&breaker, &CONFIG, "xxx", 0);
    assert_eq!(breaker.counts(&CONFIG, 9 * SECOND), (3, 3));
    assert_eq!(breaker.counts(&CONFIG, 10 * SECOND), (0, 0));
    assert!(play(&breaker, &CONFIG, "xxx", 10 * SECOND));
    assert_eq!(breaker.state(10 * SECOND), State::Closed);
    assert!(play(&breaker, &CONFIG, "x", 19 * SECOND));
    assert_eq!(breaker.state(19 * SECOND), State::Open, "four within ten seconds");
}

#[test]
fn half_open_it_lets_so_many_through_and_closes_when_all_have_succeeded() {
    let breaker = new();
    play(&breaker, &CONFIG, "xxxx", 0);
    assert_eq!(breaker.state(TIME), State::HalfOpen);
    let first = breaker.admit(&CONFIG, TIME).unwrap();
    let second = breaker.admit(&CONFIG, TIME).unwrap();
    assert_eq!(breaker.admit(&CONFIG, TIME).unwrap_err(), 0, "two are on their way");
    first.succeeded(TIME);
    assert_eq!(breaker.admit(&CONFIG, TIME).unwrap_err(), 0, "one has succeeded, one is on its way");
    second.succeeded(TIME);
    assert_eq!(breaker.state(TIME), State::Closed);
    assert_eq!(breaker.counts(&CONFIG, TIME), (0, 0), "it begins anew");
}

#[test]
fn one_probe_that_fails_opens_it_again() {
    let breaker = new();
    play(&breaker, &CONFIG, "xxxx", 0);
    let (first, second) = (breaker.admit(&CONFIG, TIME).unwrap(), breaker.admit(&CONFIG, TIME).unwrap());
    first.failed(TIME, TIME);
    second.succeeded(TIME);
    assert_eq!(breaker.state(TIME), State::Open, "what the other brings is not asked for any more");
    assert_eq!(breaker.admit(&CONFIG, TIME).unwrap_err(), TIME);
    assert_eq!(breaker.opened.load(Ordering::Relaxed), 2);
}

#[test]
fn a_probe_that_ends_without_a_word_gives_its_place_back() {
    let breaker = new();
    play(&breaker, &CONFIG, "xxxx", 0);
    for _ in 0..1_000 {
        drop(breaker.admit(&CONFIG, TIME).unwrap());
    }
    assert!(play(&breaker, &CONFIG, "--", TIME));
    assert_eq!(breaker.state(TIME), State::Closed);
}

#[test]
fn what_went_through_before_it_opened_says_nothing_of_the_time_behind() {
    let breaker = new();
    let late: Vec<Pass> = (0..8).map(|_| breaker.admit(&CONFIG, 0).unwrap()).collect();
    play(&breaker, &CONFIG, "xxxx", 0);
    late[0].succeeded(SECOND);
    late[1].failed(SECOND, TIME);
    play(&breaker, &CONFIG, "--", TIME);
    assert_eq!(breaker.state(TIME), State::Closed);
    late[2..].iter().for_each(|pass| pass.failed(TIME, TIME));
    assert_eq!((breaker.state(TIME), breaker.counts(&CONFIG, TIME)), (State::Closed, (0, 0)));
}

#[test]
fn an_answer_that_breaks_off_is_counted_once_and_as_a_failure() {
    let breaker = new();
    let pass = breaker.admit(&CONFIG, 0).unwrap();
    pass.succeeded(0);
    pass.failed(SECOND, TIME);
    pass.failed(SECOND, TIME);
    assert_eq!(breaker.counts(&CONFIG, SECOND), (1, 1));
}

#[test]
fn every_request_of_every_worker_is_counted() {
    const MANY: Config = Config { at_least: 1_000_000, ..CONFIG };
    let breaker = new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..2_000).for_each(|at| assert!(play(&breaker, &MANY, "-x", at * 100))));
        }
    });
    assert_eq!(breaker.counts(&MANY, 200_000), (16_000, 8_000));
}

#[test]
fn however_many_workers_ask_so_many_are_let_through() {
    for _ in 0..200 {
        let breaker = new();
        play(&breaker, &CONFIG, "xxxx", 0);
        let start = Barrier::new(4);
        let ask = || {
            start.wait();
            let passes: Vec<Pass> = (0..4).filter_map(|_| breaker.admit(&CONFIG, TIME).ok()).collect();
            let count = passes.len();
            // Nobody gives a place back before all have asked.
            start.wait();
            drop(passes);
            count
        };
        let let_through: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(let_through, 2);
        assert!(play(&breaker, &CONFIG, "--", TIME), "all places are free again");
        assert_eq!(breaker.state(TIME), State::Closed);
    }
}

#[test]
fn a_word_is_what_was_written() {
    for state in [State::Closed, State::Open, State::HalfOpen] {
        let word = Word { state, asked: 100, good: 99, until: (1 << 46) - 1 };
        assert!(Word::of(word.number()) == word);
    }
    assert!(Word::of(0) == Word { state: State::Closed, asked: 0, good: 0, until: 0 });
}

#[test]
fn every_change_is_counted_once_and_why_it_opened_is_known() {
    let breaker = new();
    play(&breaker, &CONFIG, "-xx", 0);
    assert_eq!((breaker.changes(0), breaker.why()), (0, None));
    play(&breaker, &CONFIG, "x", 0);
    assert_eq!((breaker.changes(0), breaker.why()), (1, Some((3, 4))));
    // Its time is over, whoever comes: that is told without a request.
    assert_eq!(breaker.changes(TIME), 2);
    play(&breaker, &CONFIG, "x", TIME);
    assert_eq!((breaker.changes(TIME), breaker.why()), (3, None), "a probe has failed");
    play(&breaker, &CONFIG, "-", 2 * TIME);
    assert_eq!(breaker.changes(2 * TIME), 4, "one of two probes");
    play(&breaker, &CONFIG, "-", 2 * TIME);
    assert_eq!((breaker.state(2 * TIME), breaker.changes(2 * TIME)), (State::Closed, 5));
}
