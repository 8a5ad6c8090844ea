//! Both directions at once: an answer may begin, and end, while the request is still on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::server::Server;

const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large";

/// Uploads without end until the connection is gone, from a thread of its own.
fn endless(
    gate: &Gate,
    head: &str,
    piece: Vec<u8>,
) -> (gatewright_tests::client::Client, std::thread::JoinHandle<()>) {
    let mut client = gate.client();
    client.send(head);
    let mut upload = client.also();
    let thread = std::thread::spawn(move || while upload.try_send(&piece).is_ok() {});
    (client, thread)
}

#[test]
fn a_server_that_refuses_after_1_kib_and_never_reads_again_is_heard() {
    for (framing, piece) in [
        ("Content-Length: 999999999999", vec![b'x'; 16 * 1024]),
        (
            "Transfer-Encoding: chunked",
            [b"4000\r\n".to_vec(), vec![b'x'; 16 * 1024], b"\r\n".to_vec()].concat(),
        ),
    ] {
        let server = Server::new(|connection| {
            connection.narrow()?;
            connection.head()?;
            connection.read(1024)?;
            connection.write(TOO_LARGE)?;
            // Open, and never read.
            std::thread::park_timeout(gatewright_tests::PATIENCE);
            Ok(())
        });
        // The linger after the answer is bounded by the machine's clock.
        let gate = Setup::app(&server)
            .limit(|limits| limits.linger_most = Duration::from_millis(300))
            .real_time()
            .start();
        let head = format!("POST /app/x HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
        let (mut client, upload) = endless(&gate, &head, piece);
        let answer = client.answer();
        assert_eq!((answer.status(), answer.text().as_str()), (413, "too large"));
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
        // The upload meets a closed connection and ends.
        let _ = client.rest();
        upload.join().unwrap();
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn a_server_that_refuses_and_closes_at_once_is_heard() {
    let server = Server::new(|connection| {
        connection.head()?;
        connection.read(1024)?;
        connection.write(TOO_LARGE)
    });
    let gate = Setup::app(&server)
        .limit(|limits| limits.linger_most = Duration::from_millis(300))
        .real_time()
        .start();
    let head = "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n";
    for _ in 0..5 {
        let (mut client, upload) = endless(&gate, head, vec![b'x'; 64 * 1024]);
        let answer = client.answer();
        assert_eq!((answer.status(), answer.text().as_str()), (413, "too large"));
        let _ = client.rest();
        upload.join().unwrap();
    }
}

#[test]
fn a_server_that_answers_early_and_reads_on_is_heard_at_once() {
    let server = Server::new(|connection| {
        connection.head()?;
        connection.read(4)?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let answer = client.ask("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf");
    assert_eq!(answer.text(), "early");
    assert_eq!(answer.field("connection").as_deref(), Some("close"));
    server.over(0);
    client.half_close();
    assert!(client.ends());
}

#[test]
fn a_whole_upload_with_an_early_answer_keeps_the_connection() {
    // The whole body is in the gateway before the answer is, so nothing is lost and both sides go on.
    let server = Server::new(|connection| {
        loop {
            connection.request()?;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        }
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for _ in 0..3 {
        let answer = client.ask("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
        assert_eq!((answer.status(), answer.field("connection")), (200, None));
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn upload_and_download_are_interleaved() {
    // The server echoes each chunk before the client sends the next.
    let server = Server::new(|connection| {
        connection.head()?;
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        for n in 0..10 {
            connection.until(format!("1\r\n{n}\r\n").as_bytes())?;
            connection.write(format!("1\r\n{n}\r\n"))?;
        }
        connection.until(b"0\r\n\r\n")?;
        connection.write("0\r\n\r\n")
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("POST /app/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut seen = Vec::new();
    for n in 0..10 {
        client.send(format!("1\r\n{n}\r\n"));
        let echo = format!("1\r\n{n}\r\n");
        while !seen.ends_with(echo.as_bytes()) {
            seen.extend(client.read(1));
        }
    }
    client.send("0\r\n\r\n");
    while !seen.ends_with(b"\r\n0\r\n\r\n") {
        seen.extend(client.read(1));
    }
    let (answer, _) = gatewright_tests::wire::answer(&seen, false, false).unwrap().unwrap();
    assert_eq!(answer.text(), "0123456789");
}

#[test]
fn large_bodies_pass_in_both_directions_at_once() {
    // Both peers send 8 MiB before they read; a relay that waits for one direction never ends.
    const SIZE: usize = 8 * 1024 * 1024;
    let server = Server::new(|connection| {
        connection.head()?;
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"))?;
        connection.write(vec![b'd'; SIZE])?;
        connection.count(SIZE as u64)
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(format!("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"));
    let mut upload = client.also();
    let done = Arc::new(AtomicBool::new(false));
    let sent = Arc::clone(&done);
    let thread = std::thread::spawn(move || {
        upload.send(vec![b'u'; SIZE]);
        sent.store(true, Ordering::Release);
    });
    let answer = client.answer();
    assert_eq!(answer.body.len(), SIZE);
    assert!(answer.body.iter().all(|byte| *byte == b'd'));
    thread.join().unwrap();
}
