//! Servers that fail: which is asked next, when a request is sent once more, and who is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, DEAD, THREE, WATCHED};
use gatewright_tests::server::{Connection, Server};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// In front of three servers; `None` is one that refuses connections.
pub(super) fn gate(servers: [Option<&Server>; 3]) -> Gate {
    place(servers, THREE, WATCHED).start()
}

/// The same in front of three that are asked whether they are well.
fn watched(servers: [&Server; 3]) -> Gate {
    place(servers.map(Some), WATCHED, THREE).start()
}

pub(super) fn place(servers: [Option<&Server>; 3], used: [SocketAddr; 3], unused: [SocketAddr; 3]) -> Setup {
    let any = servers.iter().flatten().next().expect("one of them is there");
    let setup = Setup::app(any);
    let dead = setup.servers.iter().find(|(declared, _)| *declared == DEAD).expect("it is placed").1;
    let placed = used.into_iter().zip(servers).chain(unused.map(|declared| (declared, None)));
    let setup = Setup { program: program::upstreams(), ..setup };
    placed.fold(setup, |setup, (declared, server)| {
        setup.place(declared, server.map_or(dead, |server| server.address))
    })
}

/// One request, while the gateway's clock goes on.
pub(super) fn ask(gate: &Gate, request: impl AsRef<[u8]>) -> gatewright_tests::wire::Message {
    let mut client = gate.client();
    client.send(request);
    let (clock, done) = (gate.clock.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let is_done = std::sync::Arc::clone(&done);
    let ticking = std::thread::spawn(move || {
        while !is_done.load(std::sync::atomic::Ordering::Acquire) {
            clock.advance(Duration::from_millis(5));
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let answer = client.answer();
    done.store(true, std::sync::atomic::Ordering::Release);
    ticking.join().unwrap();
    answer
}

fn count(servers: &[&Server]) -> Vec<usize> {
    servers.iter().map(|server| server.requests().len()).collect()
}

#[test]
fn an_answer_that_is_to_be_retried_never_reaches_the_client() {
    let (busy, ok) = (Server::always(BUSY), Server::ok());
    let gate = gate([Some(&busy), Some(&busy), Some(&ok)]);
    for _ in 0..6 {
        let answer = ask(&gate, get("/three/x"));
        assert_eq!((answer.status(), answer.text()), (200, "ok".to_owned()));
    }
    assert_eq!(ok.requests().len(), 6);
}

#[test]
fn a_connection_on_which_all_of_the_refused_answer_came_is_kept() {
    let (busy, ok) = (Server::always(BUSY), Server::ok());
    let gate = gate([Some(&busy), Some(&ok), Some(&ok)]);
    for _ in 0..9 {
        assert_eq!(ask(&gate, get("/three/x")).status(), 200);
    }
    assert!(busy.requests().len() >= 3);
    assert_eq!(busy.connections(), 1);
}

#[test]
fn after_all_tries_the_last_answer_is_given() {
    let busy = Server::always(BUSY);
    let gate = gate([Some(&busy), Some(&busy), Some(&busy)]);
    let answer = ask(&gate, get("/three/x"));
    assert_eq!((answer.status(), answer.text()), (503, "busy".to_owned()));
    assert_eq!(busy.requests().len(), 3);
}

#[test]
fn a_server_that_dies_under_a_request_is_replaced_by_another() {
    for reset in [false, true] {
        let dying = Server::new(move |connection| {
            connection.request()?;
            if reset { connection.reset() } else { Ok(()) }
        });
        let ok = Server::ok();
        let gate = gate([Some(&dying), Some(&dying), Some(&ok)]);
        for _ in 0..3 {
            assert_eq!(ask(&gate, get("/three/x")).text(), "ok");
        }
        assert_eq!(ok.requests().len(), 3);
    }
}

#[test]
fn a_body_that_came_with_its_head_is_sent_again_and_a_longer_one_is_not() {
    let dying = Server::new(|connection: &mut Connection| {
        connection.request()?;
        Ok(())
    });
    let ok = Server::ok();
    let gate = gate([Some(&dying), Some(&dying), Some(&ok)]);
    let put = |body: &str| {
        format!("PUT /three/x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    for _ in 0..3 {
        assert_eq!(ask(&gate, put("the whole body")).text(), "ok");
    }
    assert!(ok.requests().iter().all(|request| request.text() == "the whole body"));
    let chunked =
        "PUT /three/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert_eq!(ask(&gate, chunked).text(), "ok");
    assert_eq!(ok.requests().last().unwrap().text(), "abc");
    // Too long to be kept: whoever has seen it may have acted on it, and it is gone.
    let gate = self::gate([Some(&dying), Some(&dying), Some(&dying)]);
    let before = dying.requests().len();
    refused(&ask(&gate, put(&"x".repeat(100_000))), 502, "upstream_closed");
    assert_eq!(dying.requests().len(), before + 1);
}

#[test]
fn a_request_that_may_have_an_effect_is_only_sent_again_where_no_server_has_seen_it() {
    let (busy, ok) = (Server::always(BUSY), Server::ok());
    let post = "POST /three/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    let gate = gate([Some(&busy), Some(&busy), Some(&busy)]);
    assert_eq!(ask(&gate, post).status(), 503);
    assert_eq!(busy.requests().len(), 1);
    let gate = self::gate([None, None, Some(&ok)]);
    for _ in 0..3 {
        assert_eq!(ask(&gate, post).text(), "ok");
    }
}

#[test]
fn a_request_with_the_idempotency_field_is_sent_again_whatever_its_method() {
    let (busy, ok) = (Server::always(BUSY), Server::ok());
    let gate = gate([Some(&busy), Some(&busy), Some(&ok)]);
    let pay = |field: &str| format!("POST /pay HTTP/1.1\r\nHost: a\r\n{field}Content-Length: 2\r\n\r\n42");
    for _ in 0..3 {
        let answer = ask(&gate, pay("Idempotency-Key: 7f3\r\n"));
        assert_eq!((answer.status(), answer.text()), (200, "ok".to_owned()));
    }
    assert!(ok.requests().iter().all(|request| request.text() == "42"));
    let without: BTreeSet<u16> = (0..6).map(|_| ask(&gate, pay("")).status()).collect();
    assert_eq!(without, BTreeSet::from([200, 503]));
}

#[test]
fn a_server_that_is_too_slow_is_given_up_for_another_within_the_whole_time() {
    let (silent, ok) = (Server::new(Connection::wait), Server::ok());
    let gate = gate([Some(&silent), Some(&silent), Some(&ok)]);
    for _ in 0..3 {
        assert_eq!(ask(&gate, get("/three/x")).text(), "ok");
    }
    let gate = self::gate([Some(&silent), Some(&silent), Some(&silent)]);
    let began = gate.clock.now();
    refused(&ask(&gate, get("/three/x")), 504, "upstream_timeout");
    let took = gate.clock.now() - began;
    assert!((3_000_000..4_000_000).contains(&took), "three tries of a second each: {took}");
}

#[test]
fn no_more_than_a_fifth_is_sent_again_and_three_in_ten_seconds_in_any_case() {
    let busy = Server::always(BUSY);
    let gate = gate([Some(&busy), Some(&busy), Some(&busy)]);
    for _ in 0..200 {
        assert_eq!(ask(&gate, get("/budget")).status(), 503);
    }
    let windows = usize::try_from(gate.clock.now() / 10_000_000).unwrap() + 1;
    let extra = busy.requests().len() - 200;
    assert!((40..=40 + 3 * windows).contains(&extra), "{extra} more in {windows} windows");
}

#[test]
fn a_server_is_left_alone_for_as_long_as_it_asks() {
    let later = Server::always("HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n");
    let gate = gate([Some(&later), Some(&later), Some(&later)]);
    let began = gate.clock.now();
    assert_eq!(ask(&gate, get("/late")).status(), 503);
    assert!(gate.clock.now() - began >= 2_000_000);
    assert_eq!(later.requests().len(), 2);
    // There is no time for that: the answer is given as it is.
    let never = Server::always("HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n");
    let gate = self::gate([Some(&never), Some(&never), Some(&never)]);
    assert_eq!(gate.ask(get("/late")).field("retry-after").as_deref(), Some("60"));
    assert_eq!(never.requests().len(), 1);
}

#[test]
fn a_pause_leaves_time_for_the_try_that_it_is_made_for() {
    let later = Server::always("HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n");
    let gate = gate([Some(&later), Some(&later), Some(&later)]);
    // Drawn from a minute, the pause would be over in time once in sixty times.
    for tries in [2, 4, 6] {
        let began = gate.clock.now();
        assert_eq!(ask(&gate, get("/tight")).status(), 503, "the server's answer, and no 504");
        assert!(gate.clock.now() - began >= 2_000_000, "it is left alone for as long as it asks");
        assert_eq!(later.requests().len(), tries);
    }
}

#[test]
fn a_server_that_fails_again_and_again_is_left_out_for_a_while() {
    let (bad, ok) = (Server::always("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), Server::ok());
    let gate = gate([Some(&bad), Some(&ok), Some(&ok)]);
    for _ in 0..30 {
        gate.ask(get("/strict"));
    }
    assert_eq!(bad.requests().len(), 3, "three failures in a row, and no request more");
    gate.clock.advance(Duration::from_secs(29));
    (0..6).for_each(|_| assert_eq!(gate.ask(get("/strict")).status(), 200));
    gate.clock.advance(Duration::from_secs(2));
    (0..30).for_each(|_| drop(gate.ask(get("/strict"))));
    assert_eq!(bad.requests().len(), 6, "it is tried again, and left out for twice as long");
    gate.clock.advance(Duration::from_secs(58));
    (0..6).for_each(|_| assert_eq!(gate.ask(get("/strict")).status(), 200));
}

#[test]
fn not_all_servers_are_left_out() {
    let bad = Server::always("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    let (others, ok) = ([Server::always(BUSY), Server::always(BUSY)], Server::ok());
    let gate = gate([Some(&bad), Some(&others[0]), Some(&others[1])]);
    (0..60).for_each(|_| drop(gate.ask(get("/strict"))));
    // One of three may be out; the other two are asked, however bad they are.
    let asked = count(&[&bad, &others[0], &others[1]]);
    assert_eq!(asked.iter().filter(|count| **count == 3).count(), 1, "{asked:?}");
    assert_eq!(asked.iter().sum::<usize>(), 60);
    drop(ok);
}

#[test]
fn the_server_with_fewer_requests_is_preferred() {
    let hold = gatewright_tests::Cue::default();
    let waiting = hold.clone();
    let slow = Server::new(move |connection| {
        connection.request()?;
        waiting.wait()?;
        connection.write(OK)
    });
    let ok = Server::ok();
    let gate = gate([Some(&slow), Some(&ok), Some(&ok)]);
    let mut stuck = Vec::new();
    // Until four requests wait at the slow one.
    while slow.connections() < 4 {
        let mut client = gate.client();
        client.send(get("/busy"));
        stuck.push(client);
        eventually("all are on their way", || slow.connections() + ok.requests().len() >= stuck.len());
    }
    let before = slow.connections();
    for _ in 0..40 {
        assert_eq!(gate.ask(get("/busy")).text(), "ok");
    }
    assert_eq!(slow.connections(), before, "one of two that are drawn is always less busy");
    (0..before).for_each(|_| hold.give());
}

#[test]
fn a_key_leads_to_one_server_and_only_its_own_keys_move_when_it_goes() {
    let servers = [Server::ok(), Server::ok(), Server::ok()];
    let all = gate([Some(&servers[0]), Some(&servers[1]), Some(&servers[2])]);
    let request = |user: u32| format!("GET /sticky HTTP/1.1\r\nHost: a\r\nX-User: {user}\r\n\r\n");
    let asked = |gate: &Gate, user: u32| {
        let before = count(&[&servers[0], &servers[1], &servers[2]]);
        assert_eq!(gate.ask(request(user)).text(), "ok");
        let after = count(&[&servers[0], &servers[1], &servers[2]]);
        before.iter().zip(&after).position(|(before, after)| before != after).unwrap()
    };
    let first: BTreeMap<u32, usize> = (0..60).map(|user| (user, asked(&all, user))).collect();
    assert!((0..60).all(|user| asked(&all, user) == first[&user]));
    assert_eq!(first.values().collect::<BTreeSet<_>>().len(), 3, "{first:?}");
    let without = gate([None, Some(&servers[1]), Some(&servers[2])]);
    for (user, before) in &first {
        let now = asked(&without, *user);
        assert!(now != 0 && (*before == 0 || now == *before), "{user}: {before}, then {now}");
    }
}

/// Answers its health as told, and all else with `ok`.
fn patient(well: impl Fn() -> bool + Send + Sync + 'static) -> Server {
    Server::new(move |connection| {
        loop {
            let asked = connection.request()?;
            let bad = asked.target().starts_with("/healthz") && !well();
            connection.write(if bad { BUSY } else { OK })?;
        }
    })
}

/// How often the upstream `watched` has asked it how it is.
fn asked_well(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.target() == "/healthz?full=1").count()
}

fn served(server: &Server) -> usize {
    server.requests().iter().filter(|request| !request.target().starts_with("/healthz")).count()
}

#[test]
fn a_server_that_says_that_it_is_not_well_is_not_asked_until_it_is() {
    let is_well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let well = std::sync::Arc::clone(&is_well);
    let sick = patient(move || well.load(std::sync::atomic::Ordering::Acquire));
    let (a, b) = (patient(|| true), patient(|| true));
    let gate = watched([&sick, &a, &b]);
    // In the beginning all are in. Two bad answers of three put it out.
    gate.advance_until(Duration::from_millis(50), || asked_well(&sick) >= 3);
    let before = served(&sick);
    (0..9).for_each(|_| assert_eq!(gate.ask(get("/watched")).text(), "ok"));
    assert_eq!(served(&sick), before);
    let question = sick.requests().into_iter().find(|it| it.target() == "/healthz?full=1").unwrap();
    assert_eq!(question.field("host").as_deref(), Some("orders.internal"));
    assert_eq!(question.field("connection").as_deref(), Some("close"));
    // Two good ones of three put it in again.
    is_well.store(true, std::sync::atomic::Ordering::Release);
    let since = asked_well(&sick);
    gate.advance_until(Duration::from_millis(50), || asked_well(&sick) >= since + 4);
    (0..9).for_each(|_| assert_eq!(gate.ask(get("/watched")).text(), "ok"));
    assert!(served(&sick) > before);
}

#[test]
fn where_most_servers_seem_down_all_are_asked() {
    let sick = [patient(|| false), patient(|| false), patient(|| true)];
    let gate = watched([&sick[0], &sick[1], &sick[2]]);
    gate.advance_until(Duration::from_millis(50), || sick.iter().all(|it| asked_well(it) >= 4));
    (0..9).for_each(|_| assert_eq!(gate.ask(get("/watched")).text(), "ok"));
    assert!(sick.iter().all(|it| served(it) == 3), "{:?}", sick.iter().map(served).collect::<Vec<_>>());
}

#[test]
fn a_server_that_is_down_is_not_asked_where_nothing_may_panic() {
    let sick = patient(|| false);
    let gate = watched([&sick, &sick, &sick]);
    gate.advance_until(Duration::from_millis(50), || gate.ask(get("/alone")).status() == 503);
    let before = served(&sick);
    (0..5).for_each(|_| refused(&gate.ask(get("/alone")), 503, "upstream_unavailable"));
    assert_eq!(served(&sick), before);
}

#[test]
fn the_only_server_that_is_in_is_asked_again() {
    let out = [patient(|| false), patient(|| false)];
    let flaky = Server::new(|connection| {
        let mut served = 0;
        loop {
            let asked = connection.request()?;
            served += usize::from(!asked.target().starts_with("/healthz"));
            connection.write(if served % 2 == 1 { BUSY } else { OK })?;
        }
    });
    let gate = watched([&out[0], &out[1], &flaky]);
    gate.advance_until(Duration::from_millis(50), || {
        let before = served(&out[0]) + served(&out[1]);
        (0..3).for_each(|_| drop(ask(&gate, get("/last"))));
        served(&out[0]) + served(&out[1]) == before
    });
    assert_eq!(ask(&gate, get("/last")).text(), "ok");
}

#[test]
fn a_server_that_does_not_answer_the_question_in_time_is_not_well() {
    let silent = Server::new(|connection| {
        loop {
            if connection.request()?.target().starts_with("/healthz") {
                return connection.wait();
            }
            connection.write(OK)?;
        }
    });
    let gate = watched([&silent, &silent, &silent]);
    gate.advance_until(Duration::from_millis(50), || gate.ask(get("/alone")).status() == 503);
    refused(&gate.ask(get("/alone")), 503, "upstream_unavailable");
}
