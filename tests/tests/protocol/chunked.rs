//! Chunked bodies in odd pieces, their extensions and their trailers, in both directions.

use gatewright_tests::gate::{Gate, refused};
use gatewright_tests::server::Server;

const HEAD: &str = "POST /app/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const BODY: &str = "5;x=\"y\"\r\nhello\r\nA\r\n, world!!!\r\n000\r\nX-Sum: 1\r\n\r\n";

#[test]
fn an_upload_survives_every_cut() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let wire = format!("{HEAD}{BODY}");
    let mut client = gate.client();
    for cut in 1..wire.len() {
        client.send(&wire[..cut]);
        // Another connection's answer shows that the gateway has had the time to see the first part alone.
        assert_eq!(gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
        assert_eq!(client.ask(&wire[cut..]).status(), 200, "cut at {cut}");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), wire.len() - 1);
    for request in requests {
        assert_eq!(request.text(), "hello, world!!!");
        assert_eq!(request.trailers, [("X-Sum".to_owned(), b"1".to_vec())]);
    }
}

#[test]
fn an_upload_survives_being_sent_byte_by_byte() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for byte in format!("{HEAD}{BODY}").bytes() {
        client.send([byte]);
    }
    assert_eq!(client.answer().status(), 200);
    assert_eq!(server.only().text(), "hello, world!!!");
}

#[test]
fn a_download_survives_every_cut() {
    let wire = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{BODY}");
    let cuts = wire.len();
    let server = Server::new(move |connection| {
        for cut in 1..cuts {
            connection.request()?;
            connection.write(&wire[..cut])?;
            // Long enough on an idle machine for the gateway to see it alone; the outcome is the same either way.
            std::thread::sleep(std::time::Duration::from_micros(300));
            connection.write(&wire[cut..])?;
        }
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for cut in 1..cuts {
        let answer = client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
        assert_eq!(answer.text(), "hello, world!!!", "cut at {cut}");
        assert_eq!(answer.trailers, [("X-Sum".to_owned(), b"1".to_vec())]);
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn extensions_are_dropped() {
    let server = Server::always(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;secret=1\r\nok\r\n0;secret\r\n\r\n",
    );
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(format!("{HEAD}2;secret=1\r\nhi\r\n0;secret\r\n\r\n"));
    // The strict reader takes no extension.
    assert_eq!(client.answer().text(), "ok");
    assert_eq!(server.only().text(), "hi");
}

#[test]
fn extensions_are_bounded() {
    let chunk = |len: usize| format!("2;{}\r\nhi\r\n0\r\n\r\n", "x".repeat(len));
    let server = Server::ok();
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(format!("{HEAD}{}", chunk(256))).status(), 200);
    refused(&gate.ask(format!("{HEAD}{}", chunk(257))), 400, "chunk_invalid");
    let server = Server::once(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk(257)));
    refused(&Gate::before(&server).ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n"), 502, "upstream_truncated");
}

#[test]
fn an_upload_is_always_passed_in_chunks_and_ended() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    assert_eq!(client.ask(format!("{HEAD}0\r\n\r\n")).status(), 200);
    let big = "x".repeat(200_000);
    assert_eq!(client.ask(format!("{HEAD}{:x}\r\n{big}\r\n0\r\n\r\n", big.len())).status(), 200);
    let many: String = (0..20_000).map(|n| format!("1\r\n{}\r\n", n % 10)).collect();
    assert_eq!(client.ask(format!("{HEAD}{many}0\r\n\r\n")).status(), 200);
    let requests = server.requests();
    assert_eq!(requests.iter().map(|request| request.body.len()).collect::<Vec<_>>(), [0, 200_000, 20_000]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn trailers_of_a_request_are_passed_without_those_that_mean_nothing_there() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let forbidden = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nAuthorization: x\r\nCookie: x\r\n\
        X-Forwarded-For: 1.2.3.4\r\nForwarded: for=1\r\nConnection: close\r\nContent-Type: x\r\nTE: x\r\nExpect: x\r\n\
        Content-Encoding: gzip\r\nTrailer: x\r\nUpgrade: x\r\nKeep-Alive: x\r\nProxy-Authorization: x\r\n";
    let answer = gate.ask(format!("{HEAD}2\r\nhi\r\n0\r\nX-Sum: 1\r\n{forbidden}x-odd:  \t2 \r\n\r\n"));
    assert_eq!(answer.status(), 200);
    assert_eq!(server.only().trailers, [("X-Sum".into(), b"1".to_vec()), ("x-odd".into(), b"2".to_vec())]);
}

#[test]
fn trailers_of_an_answer_are_passed_to_those_who_asked() {
    let server = Server::always(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nSet-Cookie: x\r\nContent-Length: 9\r\n\r\n",
    );
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for (fields, trailers) in [
        ("TE: trailers\r\n", vec![("X-Sum".to_owned(), b"1".to_vec())]),
        ("TE: gzip;q=0.5, Trailers\r\nConnection: TE\r\n", vec![("X-Sum".to_owned(), b"1".to_vec())]),
        ("", vec![]),
        ("TE: gzip\r\n", vec![]),
    ] {
        let answer = client.ask(format!("GET /app/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        assert_eq!((answer.text().as_str(), answer.trailers), ("ok", trailers), "{fields}");
    }
    let told: Vec<_> = server.requests().iter().map(|request| request.field("te")).collect();
    assert_eq!(told, [Some("trailers".to_owned()), Some("trailers".to_owned()), None, None]);
}

#[test]
fn trailers_are_bounded() {
    let trailer = |len: usize| format!("0\r\nX: {}\r\n\r\n", "x".repeat(len - 7));
    let server = Server::ok();
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(format!("{HEAD}{}", trailer(8 * 1024))).status(), 200);
    refused(&gate.ask(format!("{HEAD}{}", trailer(8 * 1024 + 1))), 400, "trailer_invalid");
    let many = "X: 1\r\n".repeat(33);
    refused(&gate.ask(format!("{HEAD}0\r\n{many}\r\n")), 400, "trailer_invalid");
    let answer =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n{}", trailer(8 * 1024 + 1));
    let server = Server::once(answer);
    let mut client = Gate::before(&server).client();
    let (rest, _) = client.send("GET /app/x HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n").rest();
    assert!(!rest.ends_with(b"\r\n\r\n0\r\n\r\n") && !rest.ends_with(b"x\r\n\r\n"), "never looks whole");
}

#[test]
fn long_trailers_of_a_large_answer_come_whole() {
    let value = "x".repeat(8000);
    let body = "y".repeat(79_000);
    let server = Server::always(format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nX-Long: {value}\r\n\r\n",
        body.len()
    ));
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for _ in 0..10 {
        let answer = client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
        assert_eq!((answer.body.len(), answer.trailers[0].1.len()), (79_000, 8000));
    }
}

#[test]
fn extensions_of_16_kib_are_dropped_and_one_byte_more_is_refused() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let chunk = |extension: usize| format!("1;{}\r\nx\r\n", "y".repeat(extension));
    let most = chunk(256).repeat(64);
    let mut client = gate.client();
    // Each body has them anew.
    for _ in 0..2 {
        assert_eq!(client.ask(format!("{HEAD}{most}0\r\n\r\n")).status(), 200);
    }
    assert!(server.requests().iter().all(|request| request.body == [b'x'; 64]));
    for more in [chunk(1), "0;y\r\n\r\n".to_owned()] {
        refused(&gate.ask(format!("{HEAD}{most}{more}0\r\n\r\n")), 400, "chunk_invalid");
        let many = chunk(100).repeat(163) + &chunk(84);
        assert_eq!(gate.ask(format!("{HEAD}{many}0\r\n\r\n")).status(), 200);
        refused(&gate.ask(format!("{HEAD}{many}{more}")), 400, "chunk_invalid");
    }
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_server_with_endless_extensions_is_cut_off() {
    let chunk = format!("1;{}\r\nx\r\n", "y".repeat(250));
    let server = Server::always(format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(70)
    ));
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /app/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let (answer, _) = client.rest();
    // A refusal where nothing has left, a broken chunked body where something has; never a whole one.
    assert!(!answer.starts_with(b"HTTP/1.1 200") || !answer.ends_with(b"0\r\n\r\n"));
    assert_eq!(gate.log(1)[0]["reason"], "upstream_truncated");
}
