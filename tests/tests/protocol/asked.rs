//! A server that is asked who may come (`auth … forward`): what it is asked, what its answer does, and that nobody is let in by any
//! way in which it can fail.

use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, ASKED, DEAD};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::wire::Message;
use gatewright_tests::{Cue, eventually};

pub(super) const ADA: &str = "HTTP/1.1 204 No Content\r\nX-User: ada\r\nX-Groups: admins, press\r\nX-Groups: night\r\nX-Level: 7\r\n\r\n";

/// The app, one that is asked, and one that is asked again; where there is none, nobody takes a connection.
pub(super) fn setup(app: &Server, asked: Option<&Server>, again: Option<&Server>) -> Setup {
    let base = Setup { program: program::asked(), ..Setup::app(app) };
    let dead = base.servers.iter().find(|(declared, _)| *declared == DEAD).unwrap().1;
    let place = |setup: Setup, declared, server: Option<&Server>| {
        setup.place(declared, server.map_or(dead, |server| server.address))
    };
    place(place(base, ASKED[0], asked), ASKED[1], again)
}

pub(super) fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n")
}

pub(super) fn answer(status: &str, fields: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: 2\r\n\r\nno")
}

/// What an answer says of how a client can say who it is.
fn challenges(answer: &Message) -> Vec<String> {
    answer.all("www-authenticate").iter().map(|value| value.replace('\\', "")).collect()
}

pub(super) fn before(app: &Server, asked: &Server) -> Gate {
    setup(app, Some(asked), None).start()
}

/// What a gateway says to a request of which the server that is asked says this.
fn told(said: impl AsRef<[u8]>, target: &str) -> Message {
    let (app, asked) = (Server::ok(), Server::always(said));
    let told = before(&app, &asked).ask(get(target, "Authorization: Bearer x\r\n"));
    if told.status() != 200 {
        assert_eq!(app.connections(), 0);
    }
    told
}

#[test]
fn a_success_lets_in_and_its_fields_are_claims() {
    let (app, asked) = (Server::ok(), Server::always(ADA));
    let gate = before(&app, &asked);
    let me = gate.ask(get("/in/me", "Authorization: Bearer x\r\n"));
    let expected = serde_json::json!({ "user": "ada", "groups": ["admins", "press", "night"], "level": 7 });
    assert_eq!((me.status(), me.json()), (200, expected));
    // What it says goes on where the route says so, and no client says it.
    let forged = "Authorization: Bearer x\r\nX-Session: s\r\nX-Caller: eve\r\nX_Caller: eve\r\nX-User: eve\r\nCookie: a=b\r\n";
    assert_eq!(gate.ask(get("/in/app/x", forged)).status(), 200);
    let sent = app.only();
    assert_eq!(sent.all("x-caller"), ["ada"]);
    assert_eq!((sent.field("x_caller"), sent.field("cookie").as_deref()), (None, Some("a=b")));
    assert_eq!((sent.field("authorization"), sent.field("x-session")), (None, None));
    assert_eq!(gate.ask(get("/in/admin", "")).status(), 200);
    assert_eq!(gate.ask(get("/in/kept", "Authorization: Bearer x\r\n")).status(), 200);
    assert_eq!(app.requests()[2].field("authorization").as_deref(), Some("Bearer x"));
}

#[test]
fn it_is_asked_about_the_request_and_is_told_nothing_else() {
    let (app, asked) = (Server::ok(), Server::always(ADA));
    let gate = before(&app, &asked);
    let fields = "Authorization: Bearer x\r\nX-Session: s\r\nCookie: a=b\r\nCookie: c=d\r\nAccept-Language: en\r\nUser-Agent: u\r\nX-Forwarded-Uri: /public\r\nX-Forwarded-Method: HEAD\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil\r\nX_Forwarded_Uri: /public\r\nX-Original-Url: /public\r\nX-Other: o\r\n";
    let body = "POST /in/body?a=%2e%2E&b HTTP/1.1\r\nHost: Shop.example:80\r\n";
    assert_eq!(gate.ask(format!("{body}{fields}Content-Length: 5\r\n\r\nhello")).status(), 200);
    let sent = asked.only();
    assert_eq!(sent.line, "GET /verify?for=tested HTTP/1.1");
    assert!(sent.body.is_empty());
    let mut said: Vec<(String, String)> = Vec::new();
    for (name, value) in &sent.fields {
        said.push((name.to_lowercase(), String::from_utf8(value.clone()).unwrap()));
    }
    let expected = [
        ("host", "127.0.0.1:9041"),
        ("authorization", "Bearer x"),
        ("x-session", "s"),
        ("cookie", "a=b"),
        ("cookie", "c=d"),
        ("accept-language", "en"),
        ("x-forwarded-method", "POST"),
        ("x-forwarded-host", "Shop.example:80"),
        ("x-forwarded-uri", "/in/body?a=%2e%2E&b"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("via", "1.1 tested"),
    ];
    assert_eq!(said, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // Without fields that are to be sent, there are none.
    let alone = Server::always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let gate = setup(&app, None, Some(&alone)).start();
    assert_eq!(gate.ask(get("/alone", "Cookie: a=b\r\nAuthorization: Bearer x\r\n")).status(), 200);
    let sent = alone.only();
    assert_eq!((sent.field("cookie"), sent.field("authorization").as_deref()), (None, Some("Bearer x")));
    // What is a credential by default goes no further.
    assert_eq!(app.requests().last().unwrap().field("authorization"), None);
}

#[test]
fn it_is_asked_about_the_path_that_is_sent() {
    let (app, asked) = (Server::ok(), Server::always(ADA));
    let gate = before(&app, &asked);
    for (raw, path) in [
        ("/in/app/a", "/in/app/a"),
        ("/in/app/./a", "/in/app/a"),
        ("/in/app/public/../a", "/in/app/a"),
        ("/in/app/public/%2e%2E/a", "/in/app/a"),
        ("/public/../in/app/a", "/in/app/a"),
        ("/%69n/%61pp/%61", "/in/app/a"),
        ("/in/app/%252e%252e/a", "/in/app/%252e%252e/a"),
        ("/in/app/%252Fa", "/in/app/%252Fa"),
        ("/in/app/a%3Ab", "/in/app/a:b"),
        ("/in/app/%0d%0aX-User:%20eve", "/in/app/%0D%0AX-User:%20eve"),
        ("/in/app/a%23b%3Fc", "/in/app/a%23b%3Fc"),
        ("/in/app/a?/../x", "/in/app/a?/../x"),
        ("/in/app/%c3%a4", "/in/app/%C3%A4"),
    ] {
        let count = app.requests().len();
        assert_eq!(gate.ask(get(raw, "")).status(), 200, "{raw}");
        let sent = app.requests()[count].target().to_owned();
        let about = asked.requests()[count].field("x-forwarded-uri");
        assert_eq!((about.as_deref(), sent.as_str()), (Some(path), path), "{raw}");
    }
    // What servers read in two ways is refused before anybody is asked.
    let (asked, app) = (Server::always(ADA), Server::ok());
    let gate = before(&app, &asked);
    for raw in [
        "/in/app/a%2Fb",
        "/in/app/..%2fa",
        "/in/app/%5c..%5ca",
        "/in/app/a\\b",
        "/in/app/a;b=c",
        "/in/app/a%3Bb",
        "/in/app//a",
        "/in/app/%00",
        "/in/app/%c0%ae",
        "/../in/app/a",
        "/in/app/%zz",
    ] {
        assert_eq!(gate.ask(get(raw, "")).status(), 400, "{raw}");
    }
    assert_eq!((asked.connections(), app.connections()), (0, 0));
}

#[test]
fn a_refusal_has_its_status_and_the_fields_that_are_listed() {
    let login = "Location: https://id.example/login?a=b\r\nSet-Cookie: s=1; HttpOnly\r\nSet-Cookie: t=2\r\nX-User: ada\r\nServer: s\r\n";
    let answer = told(self::answer("302 Found", login), "/in/app/x");
    refused(&answer, 302, "credential_invalid");
    assert_eq!(answer.field("location").as_deref(), Some("https://id.example/login?a=b"));
    assert_eq!(answer.all("set-cookie"), ["s=1; HttpOnly", "t=2"]);
    assert_eq!(
        (answer.field("x-user"), answer.field("server"), answer.field("www-authenticate")),
        (None, None, None)
    );

    let answer =
        told(self::answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"id\"\r\n"), "/in/app/x");
    refused(&answer, 401, "credential_invalid");
    assert_eq!(challenges(&answer), ["Bearer realm=\"id\""]);
    let answer = told(self::answer("401 Unauthorized", ""), "/in/app/x");
    assert_eq!(challenges(&answer), ["Forward realm=\"tested\""]);

    let answer = told(self::answer("403 Forbidden", "WWW-Authenticate: Bearer\r\n"), "/in/app/x");
    refused(&answer, 403, "auth_refused");
    let answer = told(self::answer("429 Too Many Requests", "Retry-After: 7\r\n"), "/in/app/x");
    refused(&answer, 429, "auth_refused");
    assert_eq!(answer.field("retry-after").as_deref(), Some("7"));
    let answer = told(self::answer("429 Too Many Requests", ""), "/told");
    assert_eq!((answer.status(), answer.text().as_str()), (503, "later"));

    // By default nothing but a challenge goes back.
    let answer = told(self::answer("401 Unauthorized", "Set-Cookie: a=b\r\nLocation: /x\r\n"), "/plain");
    assert_eq!((answer.status(), answer.field("set-cookie"), answer.field("location")), (401, None, None));
}

#[test]
fn whatever_is_no_clear_answer_lets_nobody_in() {
    let large = |count: usize| {
        format!("HTTP/1.1 200 OK\r\nX-User: ada\r\nContent-Length: {count}\r\n\r\n{}", "x".repeat(count))
    };
    for (said, reason) in [
        (answer("500 Internal Server Error", ""), "auth_unavailable"),
        (answer("503 Service Unavailable", "X-User: ada\r\n"), "auth_unavailable"),
        (answer("404 Not Found", "X-User: ada\r\n"), "auth_unreadable"),
        (answer("407 Proxy", "X-User: ada\r\n"), "auth_unreadable"),
        (answer("301 Moved", "Location: /\r\n"), "auth_unreadable"),
        (answer("304 Not Modified", "").replace("Content-Length: 2\r\n\r\nno", "\r\n"), "auth_unreadable"),
        // Nowhere to go.
        (answer("302 Found", ""), "auth_unreadable"),
        // Claims that are missing, said twice, of another type, or in another spelling.
        (answer("200 OK", ""), "auth_unreadable"),
        (answer("200 OK", "X-User: ada\r\nX-User: eve\r\n"), "auth_unreadable"),
        (answer("200 OK", "X-User:\r\n"), "auth_unreadable"),
        (answer("200 OK", "X-User: aaaaaaaaaaaaaaaaaaaaaaa\r\n"), "auth_unreadable"),
        (answer("200 OK", "X_User: ada\r\n"), "auth_unreadable"),
        (answer("200 OK", "X-User: ada\r\nX-Level: 10\r\n"), "auth_unreadable"),
        (answer("200 OK", "X-User: ada\r\nX-Level: seven\r\n"), "auth_unreadable"),
        // No answers.
        ("not HTTP\r\n\r\n".to_owned(), "auth_unreadable"),
        (answer("101 Switching Protocols", "Upgrade: x\r\n"), "auth_unreadable"),
        (answer("200 OK", "X-User: ada\r\nContent-Length: 3\r\n"), "auth_unreadable"),
        (
            format!("HTTP/1.1 200 OK\r\nX-User: ada\r\nX-Large: {}\r\n\r\n", "x".repeat(200_000)),
            "auth_unreadable",
        ),
        (large(64 * 1024 + 1), "auth_unreadable"),
    ] {
        let shown = said.get(..60).unwrap_or(&said).to_owned();
        let answer = told(said, "/in/app/x");
        let problem = answer.text();
        assert_eq!(answer.status(), 503, "{shown}: {problem}");
        assert!(problem.contains(reason), "{shown}: {problem}");
        assert!(!problem.contains("x-user") && answer.field("location").is_none(), "{shown}");
    }
    assert_eq!(told(large(64 * 1024), "/in/app/x").status(), 200);
}

#[test]
fn a_server_that_is_not_there_or_breaks_off_lets_nobody_in() {
    let app = Server::ok();
    let gate = setup(&app, None, None).start();
    for _ in 0..3 {
        refused(&gate.ask(get("/in/app/x", "")), 503, "auth_unavailable");
    }
    assert_eq!(gate.log(1)[0]["reason"], "auth_unavailable");
    let breaks: [fn(&mut Connection) -> std::io::Result<()>; 4] = [
        |_| Ok(()),
        |connection| connection.request().map(drop),
        |connection| {
            connection.request()?;
            connection.write("HTTP/1.1 200 OK\r\nX-User: ada\r\n")
        },
        |connection| {
            connection.request()?;
            connection.reset()
        },
    ];
    for script in breaks {
        let asked = Server::new(script);
        refused(&before(&app, &asked).ask(get("/in/app/x", "")), 503, "auth_unavailable");
    }
    let cut = Server::once("HTTP/1.1 200 OK\r\nX-User: ada\r\nContent-Length: 9\r\n\r\nx");
    refused(&before(&app, &cut).ask(get("/in/app/x", "")), 503, "auth_unreadable");
    assert_eq!(app.connections(), 0);
}

#[test]
fn a_late_answer_lets_nobody_in() {
    let app = Server::ok();
    let starts = [
        "",
        "HTTP/1.1 200 OK\r\nX-User: ada\r\n",
        "HTTP/1.1 200 OK\r\nX-User: ada\r\nContent-Length: 9\r\n\r\n12345678",
    ];
    for start in starts {
        let asked = Server::new(move |connection| {
            connection.request()?;
            connection.write(start)?;
            connection.wait()
        });
        let gate = before(&app, &asked);
        let mut client = gate.client();
        client.send(get("/in/app/x", ""));
        eventually("it is asked", || asked.requested("/verify?for=tested") == 1);
        gate.holds_after(Duration::from_millis(500), || asked.is_over(0));
        refused(&client.answer(), 503, "auth_timeout");
    }
    assert_eq!(app.connections(), 0);
}

#[test]
fn a_credential_that_stands_twice_is_none_and_nobody_is_asked() {
    let (app, asked) = (Server::ok(), Server::always(ADA));
    let gate = before(&app, &asked);
    for fields in ["Authorization: a\r\nAuthorization: b\r\n", "X-Session: a\r\nX-Session: a\r\n"] {
        refused(&gate.ask(get("/in/app/x", fields)), 401, "credential_invalid");
    }
    assert_eq!((app.connections(), asked.connections()), (0, 0));
}

#[test]
fn one_of_several_is_enough_and_nobody_may_be_known() {
    let (app, knows) = (Server::ok(), Server::always(ADA));
    let gate = before(&app, &knows);
    let robby = "Authorization: Bearer robby-key-one\r\n";
    assert_eq!(gate.ask(get("/any", robby)).text(), "robby ada");
    assert_eq!(gate.ask(get("/any", "")).text(), "nobody ada");
    assert_eq!(gate.ask(get("/maybe", "")).text(), "hello ada");

    let asked = Server::always(answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"id\"\r\n"));
    let gate = before(&app, &asked);
    assert_eq!(gate.ask(get("/any", robby)).text(), "robby nobody");
    let neither = gate.ask(get("/any", ""));
    refused(&neither, 401, "credential_missing");
    assert_eq!(challenges(&neither), ["Bearer realm=\"id\"", "Bearer realm=\"tested\""]);
    // Who says nothing is nobody; who says something that is refused believes to be known.
    assert_eq!(gate.ask(get("/maybe", "Cookie: a=b\r\n")).text(), "hello stranger");
    refused(&gate.ask(get("/maybe", "X-Session: old\r\n")), 401, "credential_invalid");

    let refusing = Server::always(answer("403 Forbidden", ""));
    refused(&before(&app, &refusing).ask(get("/maybe", "")), 403, "auth_refused");
    // What is not known now may be known later.
    let gate = setup(&app, None, None).start();
    assert_eq!(gate.ask(get("/any", robby)).text(), "robby nobody");
    refused(&gate.ask(get("/any", "")), 503, "auth_unavailable");
    refused(&gate.ask(get("/maybe", "")), 503, "auth_unavailable");
}

#[test]
fn it_is_asked_once_for_each_request_and_over_kept_connections() {
    let (app, asked) = (Server::ok(), Server::always(ADA));
    let other = Server::always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let gate = setup(&app, Some(&asked), Some(&other)).start();
    let mut client = gate.client();
    for _ in 0..3 {
        assert_eq!(client.ask(get("/both", "")).text(), "true");
    }
    assert_eq!((asked.requests().len(), asked.connections()), (3, 1));
    assert_eq!((other.requests().len(), other.connections()), (3, 1));
}

#[test]
fn its_upstream_says_how_it_is_called() {
    let app = Server::ok();
    let asked = Server::new(|connection| {
        connection.request()?;
        let first = if connection.index == 0 { "503 Service Unavailable" } else { "200 OK" };
        connection.write(format!("HTTP/1.1 {first}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
    });
    let gate = setup(&app, None, Some(&asked)).real_time().start();
    assert_eq!(gate.ask(get("/alone", "")).status(), 200);
    assert_eq!(asked.requests().len(), 2);
    // Its breaker opens, and then nobody is asked for a while.
    let failing = Server::always(answer("503 Service Unavailable", ""));
    let gate = setup(&app, None, Some(&failing)).real_time().start();
    let stated = |gate: &Gate| gate.ask(get("/alone", "")).text();
    eventually("the breaker opens", || {
        let before = failing.requests().len();
        assert_eq!(stated(&gate), "come again");
        failing.requests().len() == before
    });
}

/// A client of whom the server that is asked says nothing.
fn undecided(app: &Server) -> (Server, Gate, Client) {
    let asked = Server::new(|connection| {
        connection.request()?;
        connection.wait()
    });
    let gate = before(app, &asked);
    let mut client = gate.client();
    client.send(get("/in/app/x", ""));
    eventually("it is asked", || asked.requested("/verify?for=tested") == 1);
    (asked, gate, client)
}

#[test]
fn a_client_that_has_gone_ends_the_call() {
    let app = Server::ok();
    let (asked, gate, client) = undecided(&app);
    client.reset();
    asked.over(0);
    assert_eq!(gate.log(1)[0]["reason"], "client_closed");
    assert_eq!(app.connections(), 0);
}

#[test]
fn a_gateway_that_is_cut_says_so() {
    let app = Server::ok();
    let (_asked, gate, mut client) = undecided(&app);
    gate.cut();
    refused(&client.answer(), 503, "drained");
}

#[test]
fn what_it_takes_is_taken_from_the_time_of_the_route() {
    let (app, cue) = (Server::ok(), Cue::default());
    let asked = {
        let cue = cue.clone();
        Server::new(move |connection| {
            connection.request()?;
            cue.wait()?;
            connection.write(ADA)
        })
    };
    let gate = before(&app, &asked);
    let mut client = gate.client();
    client.send(get("/in/short", ""));
    eventually("it is asked", || asked.requested("/verify?for=tested") == 1);
    gate.clock.advance(Duration::from_millis(300));
    cue.give();
    refused(&client.answer(), 504, "upstream_timeout");
    assert_eq!(app.requests().len(), 0);
}

#[test]
fn nothing_of_a_credential_stands_in_the_log() {
    let (app, asked) =
        (Server::ok(), Server::always(answer("403 Forbidden", "Set-Cookie: s=secret-answer\r\n")));
    let gate = before(&app, &asked);
    gate.ask(get("/in/app/x", "Authorization: Bearer secret-token\r\nX-Session: secret-session\r\n"));
    let lines = format!("{:?}", gate.log(1));
    assert!(!lines.contains("secret"), "{lines}");
    assert!(lines.contains("auth_refused"), "{lines}");
}
