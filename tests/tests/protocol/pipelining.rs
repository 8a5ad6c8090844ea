//! Requests that arrive before the answer to the one before, and heads that arrive in pieces.

use gatewright_tests::gate::Gate;
use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// A server that says which target it was asked for.
fn echo() -> Server {
    Server::new(|connection| {
        loop {
            let request = connection.request()?;
            let text = format!("{} {}", request.target(), request.text());
            connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()))?;
        }
    })
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = echo();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let mixed: String = (0..50)
        .map(|n| match n % 5 {
            0 => get("/hello"),
            1 => format!("POST /app/{n} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"),
            2 => format!("POST /app/{n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"),
            3 => format!("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: {n}\r\n\r\n{}", "x".repeat(n)),
            _ => get(&format!("/app/{n}")),
        })
        .collect();
    client.send(mixed);
    for n in 0..50 {
        let answer = client.answer();
        match n % 5 {
            0 => assert_eq!(answer.text(), "hello\\n"),
            1 | 2 => assert_eq!(answer.text(), format!("/app/{n} body")),
            3 => assert_eq!(answer.status(), 405),
            _ => assert_eq!(answer.text(), format!("/app/{n} ")),
        }
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn requests_that_arrive_while_the_server_works_wait_their_turn() {
    let cue = Cue::default();
    let go = cue.clone();
    let server = Server::new(move |connection| {
        loop {
            let request = connection.request()?;
            go.wait()?;
            let target = request.target();
            connection
                .write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len()))?;
        }
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(get("/app/1"));
    eventually("the first request arrives", || server.requests().len() == 1);
    client.send(get("/app/2")).send(get("/app/3"));
    assert!(!client.stirs());
    for n in 1..=3 {
        cue.give();
        assert_eq!(client.answer().text(), format!("/app/{n}"));
    }
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn many_pipelined_requests_do_not_need_the_client_to_read() {
    // More than any buffer between holds: the gateway stops reading until the client reads.
    let server = echo();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let mut sender = client.also();
    let thread = std::thread::spawn(move || {
        for n in 0..5_000 {
            sender.send(get(&format!("/app/{n}?{}", "q".repeat(200))));
        }
    });
    for n in 0..5_000 {
        assert!(client.answer().text().starts_with(&format!("/app/{n}?")));
    }
    thread.join().unwrap();
}

#[test]
fn a_head_may_arrive_byte_by_byte() {
    let server = echo();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for byte in get("/app/slow").repeat(2).bytes() {
        client.send([byte]);
    }
    assert_eq!(client.answer().text(), "/app/slow ");
    assert_eq!(client.answer().text(), "/app/slow ");
}

#[test]
fn a_head_survives_every_cut() {
    let server = echo();
    let gate = Gate::before(&server);
    let request = "POST /app/cut HTTP/1.1\r\nHost: a\r\nX-Some: thing\r\nContent-Length: 4\r\n\r\nbody";
    let mut client = gate.client();
    for cut in 1..request.len() {
        client.send(&request[..cut]);
        assert_eq!(gate.ask(get("/hello")).status(), 200);
        assert_eq!(client.ask(&request[cut..]).text(), "/app/cut body", "cut at {cut}");
    }
}

#[test]
fn a_second_request_may_begin_in_the_packet_of_the_first_and_end_later() {
    let server = echo();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let two = get("/app/1") + &get("/app/2");
    let cut = two.len() - 3;
    assert_eq!(client.ask(&two[..cut]).text(), "/app/1 ");
    assert_eq!(client.ask(&two[cut..]).text(), "/app/2 ");
}

#[test]
fn nothing_behind_a_last_request_is_served_and_its_answer_is_not_lost_to_a_reset() {
    let server = echo();
    let gate = Gate::before(&server);
    for (path, body) in [("/app/last", "/app/last "), ("/hello", "hello\\n")] {
        let mut client = gate.client();
        let last = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.send([last, get("/app/2").repeat(10_000)].concat());
        assert_eq!(client.answer().text(), body);
        client.half_close();
        assert!(client.ends_in_order());
    }
    assert_eq!(server.requests().len(), 1);
}
