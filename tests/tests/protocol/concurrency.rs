//! An upstream that has only so many requests at once: who waits, in which order, for how long, and that no place is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, THREE, WATCHED};
use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

use super::upstreams::{ask, get, place};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn setup(server: &Server) -> Setup {
    place([Some(server), None, None], THREE, WATCHED)
}

/// Answers each request when it is told to.
fn held(cue: &Cue) -> Server {
    let cue = cue.clone();
    Server::new(move |connection| {
        loop {
            connection.request()?;
            cue.wait()?;
            connection.write(OK)?;
        }
    })
}

/// A client with a request under way, once so many have reached the server.
fn begin(gate: &Gate, server: &Server, path: &str, arrived: usize) -> Client {
    let mut client = gate.client();
    client.send(get(path));
    eventually("it has arrived", || server.requests().len() == arrived);
    client
}

/// A client whose request waits. The next that comes is behind it.
fn wait(gate: &Gate, path: &str) -> Client {
    let mut client = gate.client();
    client.send(get(path));
    // It has gone in for certain where one that comes later has been answered: one worker serves them in order.
    for _ in 0..3 {
        assert_eq!(gate.ask(get("/nowhere")).status(), 404);
    }
    client
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| request.line.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn so_many_are_there_at_once_and_who_comes_next_waits_in_turn() {
    let cue = Cue::default();
    let server = held(&cue);
    let gate = setup(&server).start();
    let mut first = begin(&gate, &server, "/narrow/1", 1);
    let mut second = begin(&gate, &server, "/narrow/2", 2);
    let mut third = wait(&gate, "/narrow/3");
    let mut fourth = wait(&gate, "/narrow/4");
    let answer = gate.ask(get("/narrow/5"));
    refused(&answer, 503, "queue_full");
    assert_eq!(answer.field("retry-after").as_deref(), Some("1"));
    assert_eq!(server.requests().len(), 2, "two and no more");
    cue.give();
    eventually("one more is there", || server.requests().len() == 3);
    let there = paths(&server);
    assert!(there.contains(&"/narrow/3".to_owned()), "it has waited longer: {there:?}");
    cue.give();
    eventually("and the last", || server.requests().len() == 4);
    cue.give();
    cue.give();
    for client in [&mut first, &mut second, &mut third, &mut fourth] {
        assert_eq!(client.answer().status(), 200);
    }
    let log = gate.log(11);
    let of = |path: &str| log.iter().find(|line| line["path"] == path).unwrap().clone();
    assert!(of("/narrow/1").get("queue_microseconds").is_none());
    assert!(of("/narrow/3")["queue_microseconds"].is_u64());
    assert_eq!(
        (&of("/narrow/5")["reason"], &of("/narrow/5")["upstream"]),
        (&"queue_full".into(), &"narrow".into())
    );
}

#[test]
fn who_waits_for_too_long_is_refused_and_its_room_is_free() {
    let cue = Cue::default();
    let server = held(&cue);
    let gate = setup(&server).start();
    let _held = [begin(&gate, &server, "/narrow/1", 1), begin(&gate, &server, "/narrow/2", 2)];
    for _ in 0..3 {
        let mut waiting = [wait(&gate, "/narrow/3"), wait(&gate, "/narrow/4")];
        refused(&gate.ask(get("/narrow/5")), 503, "queue_full");
        gate.clock.advance(Duration::from_millis(999));
        assert!(!waiting[0].stirs());
        gate.clock.advance(Duration::from_millis(10));
        for client in &mut waiting {
            let answer = client.answer();
            refused(&answer, 503, "queue_timeout");
            assert_eq!(answer.field("retry-after").as_deref(), Some("1"));
        }
    }
    let log = gate.log(10);
    let late = log.iter().find(|line| line["reason"] == "queue_timeout").unwrap();
    assert!(late["queue_microseconds"].as_u64().unwrap() >= 1_000_000, "{late}");
    assert!(late.get("server").is_none(), "nobody was asked");
}

#[test]
fn a_client_that_leaves_while_it_waits_makes_room() {
    let cue = Cue::default();
    let server = held(&cue);
    let gate = setup(&server).limit(|limits| limits.half_closed = Duration::from_millis(100)).start();
    let _held = [begin(&gate, &server, "/narrow/1", 1), begin(&gate, &server, "/narrow/2", 2)];
    let (broken, mut closed) = (wait(&gate, "/narrow/3"), wait(&gate, "/narrow/4"));
    refused(&gate.ask(get("/narrow/5")), 503, "queue_full");
    broken.reset();
    let is_in = || {
        let mut client = gate.client();
        client.send(get("/narrow/6"));
        assert_eq!(gate.ask(get("/nowhere")).status(), 404);
        (!client.stirs()).then_some(client)
    };
    let mut next = None;
    eventually("its place is free", || {
        next = is_in();
        next.is_some()
    });
    // One that has only closed its side is given a moment, and then its place is free too.
    closed.half_close();
    gate.advance_until(Duration::from_millis(10), || closed.ended());
    let (rest, _) = closed.rest();
    assert!(rest.is_empty(), "there was nobody to answer");
    let mut last = wait(&gate, "/narrow/7");
    assert!(!last.stirs(), "it waits");
    (0..4).for_each(|_| cue.give());
    assert_eq!((next.unwrap().answer().status(), last.answer().status()), (200, 200));
}

#[test]
fn a_place_is_taken_until_the_whole_answer_has_left() {
    let cue = Cue::default();
    let waits = cue.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")?;
        waits.wait()?;
        connection.write("k")
    });
    let gate = setup(&server).start();
    let mut client = gate.client();
    client.send(get("/single")).read(20);
    refused(&gate.ask(get("/single")), 503, "queue_full");
    cue.give();
    client.read(20);
    eventually("it is free", || {
        cue.give();
        gate.ask(get("/single")).status() == 200
    });
}

#[test]
fn no_place_is_lost_by_whatever_ends_a_request() {
    let turn = Arc::new(AtomicUsize::new(0));
    let at = Arc::clone(&turn);
    let server = Server::new(move |connection| {
        loop {
            let request = connection.request()?;
            if request.line.contains("/single/fails") {
                connection.write(OK)?;
                continue;
            }
            match at.fetch_add(1, Ordering::AcqRel) % 5 {
                // Is sent again.
                0 => connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")?,
                1 => return Ok(()),
                2 => connection.write("not http\r\n\r\n")?,
                3 => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")?,
                _ => connection.write(OK)?,
            }
        }
    });
    let gate = setup(&server).start();
    let free = || {
        eventually("the only place is free", || {
            gate.clock.advance(Duration::from_secs(31));
            !matches!(ask(&gate, get("/single")).field("proxy-status"), Some(text) if text.contains("queue_full"))
        });
    };
    for _ in 0..4 {
        // A bug of the gateway, once there is an answer.
        refused(&gate.ask(get("/single/fails")), 500, "panic");
        turn.store(4, Ordering::Release);
        assert_eq!(ask(&gate, get("/single")).status(), 200, "the place is free at once");
        for start in 0..5 {
            turn.store(start, Ordering::Release);
            let mut client = gate.client();
            client.send(get("/single"));
            // The client breaks off at some moment of it.
            if start % 2 == 0 {
                client.reset();
            } else {
                client.half_close_if_open();
            }
            turn.store(4, Ordering::Release);
            free();
        }
    }
}

#[test]
fn workers_together_have_no_more_than_one_of_them_and_serve_everybody() {
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&inside), Arc::clone(&most));
    let server = Server::new(move |connection| {
        loop {
            connection.request()?;
            peak.fetch_max(now.fetch_add(1, Ordering::AcqRel) + 1, Ordering::AcqRel);
            // Long enough for others to come in, were they let.
            (0..50).for_each(|_| std::thread::yield_now());
            now.fetch_sub(1, Ordering::AcqRel);
            connection.write(OK)?;
        }
    });
    let gate = Setup { workers: 2, ..setup(&server) }.start();
    std::thread::scope(|scope| {
        for client in 0..16 {
            let gate = &gate;
            scope.spawn(move || {
                let mut connection = gate.client();
                for turn in 0..10 {
                    assert_eq!(connection.ask(get(&format!("/few/{client}-{turn}"))).status(), 200);
                }
            });
        }
    });
    assert_eq!(server.requests().len(), 160);
    let most = most.load(Ordering::Acquire);
    assert!(most <= 3, "{most} at once");
}

#[test]
fn nobody_waits_for_an_upstream_that_is_left_alone() {
    let cue = Cue::default();
    let waits = cue.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        connection.write("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nn")?;
        waits.wait()
    });
    let gate = setup(&server).start();
    // Both have failed, and both still have their places.
    let mut clients = [gate.client(), gate.client()];
    for client in &mut clients {
        client.send(get("/both")).read(20);
    }
    let answer = gate.ask(get("/both"));
    refused(&answer, 503, "breaker_open");
    assert_eq!(answer.field("retry-after").as_deref(), Some("5"));
    assert_eq!(server.requests().len(), 2);
    (0..2).for_each(|_| cue.give());
}

#[test]
fn how_many_are_there_and_wait_is_told() {
    let cue = Cue::default();
    let server = held(&cue);
    let gate = Setup { program: program::traffic(), ..Setup::app(&server) }.start();
    let told = || {
        let mut client = Client::connect(gate.admin.expect("it is declared"));
        let answer = client.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        let text = String::from_utf8(answer.body).unwrap();
        let of = |name: &str| {
            let line =
                text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}"));
            line.trim().parse::<u32>().unwrap()
        };
        [
            of("gatewright_upstream_requests{upstream=\"narrow\"}"),
            of("gatewright_upstream_queue{upstream=\"narrow\"}"),
            of("gatewright_upstream_queue_refused_total{upstream=\"narrow\",reason=\"queue_full\"}"),
            of("gatewright_upstream_queue_refused_total{upstream=\"narrow\",reason=\"queue_timeout\"}"),
        ]
    };
    assert_eq!(told(), [0, 0, 0, 0]);
    let mut first = begin(&gate, &server, "/narrow", 1);
    let mut second = wait(&gate, "/narrow");
    refused(&gate.ask(get("/narrow")), 503, "queue_full");
    assert_eq!(told(), [1, 1, 1, 0]);
    gate.clock.advance(Duration::from_secs(2));
    refused(&second.answer(), 503, "queue_timeout");
    assert_eq!(told(), [1, 0, 1, 1]);
    cue.give();
    assert_eq!(first.answer().status(), 200);
    eventually("its place is free", || told() == [0, 0, 1, 1]);
}

/// Answers when it is told to, never, or at once, as the path says.
fn mixed(cue: &Cue) -> Server {
    let cue = cue.clone();
    Server::new(move |connection| {
        loop {
            match connection.request()?.line.split(' ').nth(1) {
                Some("/queued/slow") => cue.wait()?,
                Some("/queued/silent") => return connection.wait(),
                _ => {}
            }
            connection.write(OK)?;
        }
    })
}

/// One request that has its answer, behind which one waits for so long that has none.
fn behind(gate: &Gate, server: &Server, cue: &Cue, wait: Duration) {
    let before = server.requests().len();
    let mut first = begin(gate, server, "/queued/slow", before + 1);
    let mut second = wait_behind(gate);
    let until = gate.clock.now() + u64::try_from(wait.as_micros()).unwrap();
    gate.advance_until(Duration::from_millis(100), || gate.clock.now() >= until);
    cue.give();
    assert_eq!(first.answer().status(), 200);
    eventually("its turn has come", || server.requests().len() == before + 2);
    gate.advance_until(Duration::from_millis(100), || second.stirs());
    refused(&second.answer(), 504, "upstream_timeout");
}

fn wait_behind(gate: &Gate) -> Client {
    wait(gate, "/queued/silent")
}

#[test]
fn a_timeout_counts_against_a_server_only_where_it_had_most_of_the_time() {
    let cue = Cue::default();
    let server = mixed(&cue);
    let gate = setup(&server).start();
    // Eight of ten seconds were spent in the queue.
    for _ in 0..3 {
        behind(&gate, &server, &cue, Duration::from_secs(8));
        assert_eq!(gate.ask(get("/queued/at_once")).status(), 200);
    }
    // Nothing of that is counted a minute later.
    gate.clock.advance(Duration::from_mins(2));
    behind(&gate, &server, &cue, Duration::from_secs(2));
    refused(&gate.ask(get("/queued/at_once")), 503, "breaker_open");
}
