//! A client that is waited for has to keep up a pace: single bytes now and then buy no time. What the server takes is
//! not the client's.

use std::net::SocketAddr;
use std::time::Duration;

use gatewright_tests::client::{Client, End};
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

/// Below the idle time of `/tight`, which is a second.
const STEP: Duration = Duration::from_millis(600);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers when it has the whole request.
fn reading() -> Server {
    Server::new(|connection| {
        connection.request()?;
        connection.write(OK)?;
        connection.wait()
    })
}

/// An upload to `/tight` whose head has arrived.
fn upload(gate: &Gate, server: &Server, framing: &str) -> Client {
    let mut client = gate.client();
    client.send(format!("POST /tight HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n"));
    eventually("the head arrives", || server.received(0).ends_with(b"\r\n\r\n"));
    client
}

/// Sends `piece` at each step until the gateway answers or `most` has passed; answers how long that was.
fn drip(gate: &Gate, server: &Server, client: &mut Client, piece: &[u8], most: Duration) -> Duration {
    let mut by = Duration::ZERO;
    while by < most && !client.stirs() {
        let before = server.count(0);
        client.send(piece);
        eventually("the piece arrives", || server.count(0) > before || client.stirs());
        gate.clock.advance(STEP);
        by += STEP;
    }
    by
}

#[track_caller]
fn between(by: Duration, least: u64, most: u64) {
    assert!(by >= Duration::from_secs(least) && by <= Duration::from_secs(most), "after {by:?}");
}

#[test]
fn an_upload_of_single_bytes_is_cut() {
    for (framing, piece) in
        [("Content-Length: 100000", &b"x"[..]), ("Transfer-Encoding: chunked", b"1\r\nx\r\n")]
    {
        let server = reading();
        let gate = Gate::before(&server);
        let mut client = upload(&gate, &server, framing);
        let by = drip(&gate, &server, &mut client, piece, Duration::from_mins(2));
        refused(&client.answer(), 408, "body_timeout");
        between(by, 30, 36);
        server.over(0);
        assert!(server.requests().is_empty());
    }
}

#[test]
fn what_was_sent_fast_earns_time() {
    let server = reading();
    let gate = Gate::before(&server);
    let mut client = upload(&gate, &server, "Content-Length: 100000");
    // Twenty seconds' worth.
    client.send([b'x'; 10_000]);
    eventually("it arrives", || server.received(0).ends_with(&[b'x'; 10_000]));
    let by = drip(&gate, &server, &mut client, b"x", Duration::from_mins(2));
    refused(&client.answer(), 408, "body_timeout");
    between(by, 50, 56);
}

#[test]
fn an_upload_at_the_least_pace_is_never_cut() {
    let server = reading();
    let gate = Gate::before(&server);
    let mut client = upload(&gate, &server, "Content-Length: 60001");
    let by = drip(&gate, &server, &mut client, &[b'x'; 300], Duration::from_mins(2));
    assert!(!client.stirs(), "cut after {by:?}");
    assert_eq!(client.ask("x").text(), "ok");
}

/// More than all kernel buffers between two peers hold, so that the gateway has to move some of it.
const MUCH: u64 = 16_000_000;
/// Below the idle time of `/app`, which is 30 seconds.
const PAUSE: Duration = Duration::from_secs(5);

/// Takes so much as it comes, or what there is to the end. How much that was.
fn take(client: &mut Client, most: u64) -> u64 {
    let mut taken = 0;
    while taken < most && !client.ended() {
        let there = client.held().len();
        taken += client.read(there).len() as u64;
        if there == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    taken
}

/// A server that sends without end.
fn endless() -> Server {
    Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")?;
        loop {
            connection.write([b'x'; 65_536])?;
        }
    })
}

#[test]
fn a_client_that_takes_too_little_now_and_then_is_cut() {
    let server = endless();
    // What is much for the kernel is little for this pace.
    let gate = Setup::app(&server)
        .limit(|limits| (limits.body_rate, limits.body_grace) = (1_000_000_000, Duration::from_secs(10)))
        .start();
    let mut client = gate.client();
    client.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    for _ in 0..3 {
        take(&mut client, MUCH);
        // What is left of the kernel's room fills up.
        std::thread::sleep(Duration::from_millis(30));
        gate.clock.advance(Duration::from_secs(3));
    }
    let by = gate.advance_until(Duration::from_millis(100), || server.is_over(0));
    // Sooner than the idle time after the last that was taken, even where the server fell behind meanwhile and the
    // client had its time anew.
    assert!(by <= Duration::from_secs(18), "after {by:?}");
    take(&mut client, u64::MAX);
    assert_eq!(client.rest().1, End::Reset, "the kernel keeps nothing for it");
    assert_eq!(gate.log(1)[0]["reason"], "client_stalled");
}

#[test]
fn a_client_that_keeps_up_the_pace_is_never_cut() {
    let server = endless();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    for _ in 0..9 {
        take(&mut client, MUCH);
        gate.clock.advance(PAUSE);
    }
    assert!(!client.ended() && !server.is_over(0));
}

/// Has an answer of the gateway's own that is larger than all that the kernel keeps, and reads some of it at each step.
fn read_slowly(pace: (u64, Duration), most: Duration) -> (Gate, u64, Client) {
    let text = format!("\"{}\"", "x".repeat(12_000_000));
    let server = Server::always(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    ));
    let mut setup = Setup::app(&server);
    setup.program = program::aggregated();
    setup = setup.place(SocketAddr::from(([127, 0, 0, 1], 9031)), server.address);
    let gate = setup.limit(|limits| (limits.body_rate, limits.body_grace) = pace).start();
    let mut client = gate.client();
    client.narrow().send("GET /lengthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    eventually("the answer begins", || client.stirs());
    let (mut read, mut by) = (0, Duration::ZERO);
    while by < most && !client.ended() {
        read += take(&mut client, 400_000);
        gate.clock.advance(PAUSE);
        by += PAUSE;
    }
    (gate, read, client)
}

#[test]
fn an_answer_of_the_gateways_own_goes_on_as_long_as_it_is_read() {
    let (gate, read, mut client) = read_slowly((500, Duration::from_secs(30)), Duration::from_secs(90));
    assert!(!client.ended());
    let (rest, end) = client.rest();
    assert_eq!(end, End::Closed);
    let read = read + rest.len() as u64;
    assert!(read > 12_000_000, "{read}");
    assert_eq!(gate.log(1)[0]["reason"], "aggregate");
}

#[test]
fn an_answer_of_the_gateways_own_that_is_taken_too_slowly_is_cut_and_told_as_it_left() {
    let (gate, read, mut client) =
        read_slowly((1_000_000_000, Duration::from_secs(10)), Duration::from_mins(2));
    let (rest, end) = client.rest();
    assert_eq!(end, End::Reset);
    let log = &gate.log(1)[0];
    assert_eq!((&log["reason"], &log["status"]), (&"client_stalled".into(), &200.into()));
    let sent = log["sent"].as_u64().unwrap();
    assert!(sent < 12_000_000 && sent + 1_000 > read + rest.len() as u64, "{sent}");
}

#[test]
fn an_answer_of_the_gateways_own_that_a_stop_cuts_is_told_so() {
    let (gate, _, mut client) = read_slowly((500, Duration::from_secs(30)), PAUSE);
    gate.cut();
    assert_eq!(client.rest().1, End::Reset);
    assert_eq!(gate.log(1)[0]["reason"], "drained");
}

#[test]
fn a_server_that_sends_little_now_and_then_does_not_count_against_the_client() {
    let more = Cue::default();
    let go = more.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")?;
        for _ in 0..200 {
            go.wait()?;
            connection.write("x")?;
        }
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n");
    for n in 1..=200 {
        more.give();
        eventually("the byte arrives", || client.stirs() && client.held().ends_with(&vec![b'x'; n]));
        gate.clock.advance(STEP);
    }
    assert_eq!(client.answer().body.len(), 200);
}

#[test]
fn a_server_that_takes_little_now_and_then_does_not_count_against_the_client() {
    let more = Cue::default();
    let go = more.clone();
    let server = Server::new(move |connection| {
        connection.head()?;
        loop {
            go.wait()?;
            connection.count(MUCH)?;
        }
    });
    // Only a client that is waited for would be too slow.
    let gate = Setup::app(&server).limit(|limits| limits.body_rate = 1_000_000_000).start();
    let mut client = gate.client();
    client.send("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n");
    let mut upload = client.also();
    let sending = std::thread::spawn(move || while upload.try_send([b'x'; 65_536]).is_ok() {});
    for n in 1..10 {
        more.give();
        eventually("the server takes some", || server.count(0) >= n * MUCH);
        std::thread::sleep(Duration::from_millis(10));
        gate.clock.advance(PAUSE);
    }
    assert!(!client.stirs() && !server.is_over(0));
    client.half_close();
    sending.join().unwrap();
}

#[test]
fn neither_the_upload_nor_the_servers_thinking_counts_against_the_answer() {
    const SIZE: usize = 20_000_000;
    // Whether the answer begins before the upload has ended.
    for early in [false, true] {
        let begin = Cue::default();
        let go = begin.clone();
        let server = Server::new(move |connection| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
            connection.head()?;
            if early {
                connection.write(&head)?;
            }
            connection.until(b"body")?;
            go.wait()?;
            if !early {
                connection.write(&head)?;
            }
            connection.write(vec![b'x'; SIZE])?;
            connection.wait()
        });
        let gate = Setup::app(&server).limit(|limits| limits.body_rate = 1_000_000_000).start();
        let mut client = gate.client();
        client.send("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
        eventually("the head arrives", || server.received(0).ends_with(b"\r\n\r\n"));
        client.send("body");
        eventually("the body arrives", || server.received(0).ends_with(b"body"));
        gate.clock.advance(Duration::from_secs(25));
        begin.give();
        // More than the kernel takes: from here on the client is waited for.
        eventually("the answer begins", || client.stirs() && client.held().ends_with(b"xxx"));
        std::thread::sleep(Duration::from_millis(50));
        gate.clock.advance(Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(client.answer().body.len(), SIZE, "early: {early}");
    }
}
