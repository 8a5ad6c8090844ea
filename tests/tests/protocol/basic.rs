//! Names and passwords (`auth NAME basic`) from raw bytes: who is let in, what waits for whom, and what nobody is told.

use std::time::Duration;

use gatewright_compiler::compile;
use gatewright_dsl::Catalogue;
use gatewright_dsl::page::sources;
use gatewright_runtime::generated::auth::basic::{Config, Item};
use gatewright_runtime::generated::{Auth, Program};
use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

fn gate(server: &Server) -> Gate {
    Setup { program: program::basic(), ..Setup::app(server) }.start()
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let letter = char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]);
            out.push(if at <= group.len() { letter } else { '=' });
        }
    }
    out
}

fn get(target: &str, pair: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {}\r\n\r\n", base64(pair))
}

fn ask(gate: &Gate, target: &str, pair: &str) -> Message {
    gate.ask(get(target, pair))
}

fn text(answer: &Message) -> String {
    answer.text().replace('\\', "")
}

const ADA: &str = "ada:ada's password";
const CHALLENGE: &str = "Basic realm=\"tested\", charset=\"UTF-8\"";

#[track_caller]
fn unknown(answer: &Message, reason: &str) {
    refused(answer, 401, reason);
    let challenge = answer.field("www-authenticate").map(|value| value.replace('\\', ""));
    assert_eq!(challenge.as_deref(), Some(CHALLENGE));
}

#[test]
fn a_password_lets_in_whatever_has_made_its_hash_and_says_what_is_known() {
    let server = Server::ok();
    let gate = gate(&server);
    let long = format!("long:{}", "x".repeat(72));
    for (pair, said) in [
        (ADA, r#"{"name":"ada","team":"press","scopes":2}"#),
        ("bob:bob's password", r#"{"name":"bob","team":"sales","scopes":0}"#),
        ("tom:tom", r#"{"name":"tom","team":"press","scopes":0}"#),
        ("Jürgen Groß:£ 100", r#"{"name":"Jürgen Groß","team":"sales","scopes":1}"#),
        ("lanes:four lanes", r#"{"name":"lanes","team":"sales","scopes":0}"#),
        (&long, r#"{"name":"long","team":"sales","scopes":0}"#),
    ] {
        // At first it is verified, then it is known again.
        for _ in 0..2 {
            let answer = ask(&gate, "/staff/me", pair);
            assert_eq!(
                (answer.status(), answer.json()),
                (200, serde_json::from_str(said).unwrap()),
                "{pair}"
            );
        }
    }
}

#[test]
fn what_is_no_password_of_somebody_is_401_and_never_reaches_a_server() {
    let server = Server::ok();
    let gate = gate(&server);
    // What is known to be right, so that a mistake would find it.
    assert_eq!(ask(&gate, "/staff/me", ADA).status(), 200);
    let of_long = |count: usize| format!("long:{}", "x".repeat(count));
    for pair in [
        "ada:",
        "ada:ada's passwor",
        "ada:ada's passwordd",
        "ada:Ada's password",
        "Ada:ada's password",
        "ada :ada's password",
        ":ada's password",
        ":",
        "bob:ada's password",
        "nobody:ada's password",
        "nobody:",
        // bcrypt looks at 72 bytes.
        &of_long(71),
        &of_long(73),
        &format!("ada:{}", "x".repeat(513)),
        &format!("{}:x", "x".repeat(513)),
    ] {
        unknown(&ask(&gate, "/staff/app/x", pair), "credential_invalid");
    }
    for fields in [
        "Authorization: Basic\r\n",
        "Authorization: Basic YWRh\r\n",
        "Authorization: Basic !!!!\r\n",
        &format!("Authorization: Basic {}\r\n", base64("tom:tom").trim_end_matches('=')),
        &format!("Authorization: Basic {0}\r\nAuthorization: Basic {0}\r\n", base64(ADA)),
        &format!("Authorization: Basic {0}, Basic {0}\r\n", base64(ADA)),
        &format!("Authorization: Basic {}\r\n", base64("ada:ada's\0password")),
    ] {
        let request = format!("GET /staff/app/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        unknown(&gate.ask(request), "credential_invalid");
    }
    for fields in ["", "Authorization: Bearer robby-key-one\r\n", "Proxy-Authorization: Basic YWRhOng=\r\n"] {
        let request = format!("GET /staff/app/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        unknown(&gate.ask(request), "credential_missing");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_password_goes_no_further_and_the_name_does() {
    let server = Server::ok();
    let gate = gate(&server);
    let request =
        get("/staff/app/x", ADA).replace("Host: a\r\n", "Host: a\r\nX-User: forged\r\nX_User: forged\r\n");
    for at in 0..2 {
        assert_eq!(gate.ask(&request).status(), 200);
        let sent = &server.requests()[at];
        assert_eq!(sent.field("x-user").as_deref(), Some("ada"));
        assert_eq!((sent.field("authorization"), sent.field("x_user")), (None, None));
    }
    let lines = format!("{:?}", gate.log(2));
    assert!(!lines.contains(&base64(ADA)) && !lines.contains("password"), "{lines}");
}

#[test]
fn a_body_waits_until_its_sender_is_known() {
    let server = Server::ok();
    let gate = gate(&server);
    let request = format!(
        "POST /staff/body HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {}\r\nContent-Length: 5\r\n\r\nhello",
        base64(ADA)
    );
    assert_eq!(gate.ask(&request).status(), 200);
    assert!(gatewright_tests::show(&server.received(0)).ends_with("\nhello"));
    // A second request on the connection waits behind the first.
    let mut client = gate.client();
    client.send(request.replace(&base64(ADA), &base64("tom:tom")));
    client.send(get("/staff/me", "tom:tom"));
    assert_eq!([client.answer().status(), client.answer().status()], [200, 200]);
}

#[test]
fn many_requests_with_one_password_are_one_that_is_verified() {
    let server = Server::ok();
    let gate = gate(&server);
    // Two would be one too many: one is verified at a time, and one waits.
    let mut clients: Vec<_> = (0..16).map(|_| gate.client()).collect();
    for client in &mut clients {
        client.send(get("/narrow", "slow:slow"));
    }
    for client in &mut clients {
        assert_eq!(client.answer().status(), 200);
    }
}

#[test]
fn what_is_too_much_is_refused_at_once_and_nobody_is_let_in_for_it() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut round = 0;
    eventually("more passwords than may wait", || {
        round += 1;
        let mut clients: Vec<_> = (0..8).map(|_| gate.client()).collect();
        for (at, client) in clients.iter_mut().enumerate() {
            client.send(get("/narrow", &format!("slow:wrong-{round}-{at}")));
        }
        let answers: Vec<Message> = clients.iter_mut().map(Client::answer).collect();
        for answer in &answers {
            match answer.status() {
                401 => refused(answer, 401, "credential_invalid"),
                status => assert_eq!((status, answer.text().as_str()), (503, "come again")),
            }
        }
        answers.iter().any(|answer| answer.status() == 503)
    });
}

#[test]
fn a_password_that_is_not_verified_in_time_is_503() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut round = 0;
    eventually("a wait that is over before the hash is made", || {
        round += 1;
        let mut client = gate.client();
        client.send(get("/narrow", &format!("slow:wrong-{round}")));
        // Whoever comes later is answered later.
        assert_eq!(gate.ask("GET /maybe HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
        gate.advance_until(Duration::from_millis(500), || client.stirs());
        let answer = client.answer();
        if answer.status() == 503 {
            refused(&answer, 503, "passwords_timeout");
        }
        answer.status() == 503
    });
    // The thread is free again.
    eventually("a password", || ask(&gate, "/narrow", "slow:slow").status() == 200);
}

#[test]
fn who_is_remembered_is_known_until_the_time_is_over() {
    let server = Server::ok();
    let gate = gate(&server);
    assert_eq!(ask(&gate, "/staff/me", ADA).status(), 200);
    gate.clock.advance(Duration::from_secs(299));
    assert_eq!(ask(&gate, "/staff/me", ADA).status(), 200);
    gate.clock.advance(Duration::from_secs(2));
    assert_eq!(ask(&gate, "/staff/me", ADA).status(), 200, "it is verified anew");
    unknown(&ask(&gate, "/staff/me", "ada:ada's  password"), "credential_invalid");
}

#[test]
fn limits_count_a_request_that_waits_once() {
    let server = Server::ok();
    let gate = gate(&server);
    let counted = || ask(&gate, "/staff/counted", ADA);
    assert_eq!([0; 4].map(|_| counted().status()), [204, 204, 204, 429]);
    // Whom the second limit refuses the first has not counted.
    let answer = counted();
    let left = answer.all("ratelimit");
    assert!(left.iter().any(|left| left.contains(";r=996;")), "{left:?}");
}

#[test]
fn one_of_several_is_enough_and_what_does_not_hold_goes_no_further() {
    let server = Server::ok();
    let gate = gate(&server);
    let wrong = base64("ada:wrong");
    let asked = |fields: &str| gate.ask(format!("GET /any HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    for (at, fields) in [
        format!("Authorization: Basic {}\r\n", base64(ADA)),
        "Authorization: Bearer robby-key-one\r\n".to_owned(),
        "X-API-Key: acme-key-one\r\n".to_owned(),
        format!("X-API-Key: acme-key-one\r\nAuthorization: Basic {wrong}\r\n"),
        format!("X-API-Key: wrong\r\nX_API-Key: wrong\r\nAuthorization: Basic {}\r\n", base64(ADA)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(asked(&fields).status(), 200, "{fields}");
        let sent = &server.requests()[at];
        assert_eq!(
            [sent.field("authorization"), sent.field("x-api-key"), sent.field("x_api-key")],
            [None, None, None],
            "{fields}"
        );
    }
    for fields in [format!("Authorization: Basic {wrong}\r\n"), "X-API-Key: wrong\r\n".to_owned()] {
        let answer = asked(&fields);
        refused(&answer, 401, "credential_invalid");
        let challenges =
            answer.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        assert_eq!(challenges.count(), 3, "by each of them a client may be known");
    }
}

#[test]
fn who_may_stay_unknown_may_not_lie() {
    let server = Server::ok();
    let gate = gate(&server);
    let stranger = gate.ask("GET /maybe HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(text(&stranger), "hello stranger");
    assert_eq!(text(&ask(&gate, "/maybe", ADA)), "hello ada");
    unknown(&ask(&gate, "/maybe", "ada:wrong"), "credential_invalid");
}

#[test]
fn each_of_two_steps_waits_for_its_own() {
    let server = Server::ok();
    let gate = gate(&server);
    // The pair is right for the first, and wrong for the second.
    unknown(&ask(&gate, "/both", ADA), "credential_invalid");
    unknown(&ask(&gate, "/both", "slow:slow"), "credential_invalid");
}

#[test]
fn a_client_that_leaves_is_not_answered_and_a_gateway_that_stops_is() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    client.send(get("/narrow", "slow:slow"));
    assert_eq!(gate.ask("GET /maybe HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    client.reset();
    let lines = gate.log(2);
    assert_eq!(lines[1]["reason"], "client_closed", "{lines:?}");
    let mut client = gate.client();
    client.send(get("/narrow", "slow:slow"));
    assert_eq!(gate.ask("GET /maybe HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    gate.cut();
    refused(&client.answer(), 503, "drained");
}

/// Starts a gateway with one `auth` alone, whose users are these.
fn start(users: Item) -> Result<(), String> {
    let items = vec![
        users,
        Item::Verify { threads: 1, queue: 1, within: Duration::from_secs(1) },
        Item::Remember { time: Duration::from_secs(1), most: 16, off: false },
    ];
    let kind: &'static Config = Box::leak(Box::new(Config { items: items.leak() }));
    let auths: &'static [Auth] = vec![Auth { name: "staff", claims: &[], kind, calls: &[] }].leak();
    let program = Box::leak(Box::new(Program { auths, ..*program::silent() }));
    Setup { program, ..Setup::app(&Server::ok()) }.try_start().map(drop)
}

#[test]
fn compiler_and_gateway_take_the_same_hashes() {
    let ok = "$2b$10$Nxp8JQP/6dtiY4CoPljRIepFTHioi6ea3PZVupCKBbleCiVhZuJZ6";
    let salted = |costs: &str, salt: &str, hash: &str| format!("$argon2id$v=19${costs}${salt}${hash}");
    let (salt, hash) = ("c2FsdC1vZi1hZGEncyBwYQ", "mMvOhPdexwn4t20fm22nyFztvdZDMKlgEKyZ3tF1dxQ");
    let argon2 = |costs: &str| salted(costs, salt, hash);
    let lasting = |salt: usize, hash: usize| salted("m=7168,t=5,p=1", &"A".repeat(salt), &"A".repeat(hash));
    let cases = [
        (true, ok.to_owned()),
        (true, ok.replace("2b", "2y")),
        (true, ok.replace("2b", "2a")),
        (false, ok.replace("2b", "2x")),
        (true, ok.replace("$10", "$14")),
        (false, ok.replace("$10", "$15")),
        (false, ok.replace("$10", "$09")),
        (false, ok.replace("$10", "$1")),
        (false, ok.replace("$10", "$010")),
        (false, ok.replace("$10", "$+9")),
        (false, format!("{ok}A")),
        (false, ok[..59].to_owned()),
        (false, ok.replace('/', "+")),
        (false, format!("{ok}$")),
        (false, ok[1..].to_owned()),
        (false, String::new()),
        (false, "$".to_owned()),
        (true, argon2("m=7168,t=5,p=1")),
        (true, argon2("m=262144,t=4,p=16")),
        (false, argon2("m=262144,t=5,p=1")),
        (false, argon2("m=262145,t=1,p=1")),
        (false, argon2("m=7167,t=9,p=1")),
        (false, argon2("m=7168,t=4,p=1")),
        (true, argon2("m=35840,t=1,p=1")),
        (false, argon2("m=35840,t=0,p=1")),
        (false, argon2("m=35840,t=1,p=0")),
        (false, argon2("m=35840,t=1,p=17")),
        (false, argon2("m=35840,t=1")),
        (false, argon2("t=1,m=35840,p=1")),
        (false, argon2("m=35840,t=1,p=1,data=AAAA")),
        (false, argon2("m=035840,t=1,p=1")),
        (false, argon2("m=99999999999,t=99999999999,p=1")),
        (false, argon2("m=65536,t=65537,p=1")),
        (false, argon2("m=35840,t=1,p=1").replace("v=19", "v=16")),
        (false, argon2("m=35840,t=1,p=1").replace("argon2id", "argon2i")),
        (false, format!("{}$", argon2("m=35840,t=1,p=1"))),
        (true, lasting(11, 22)),
        (true, lasting(64, 86)),
        (false, lasting(10, 22)),
        (false, lasting(65, 22)),
        (false, lasting(66, 22)),
        (false, lasting(11, 20)),
        (false, lasting(11, 87)),
        (false, lasting(13, 22)),
        (false, salted("m=7168,t=5,p=1", salt, &hash.replace("dxQ", "dxR"))),
        (false, salted("m=7168,t=5,p=1", salt, &hash.replace("dxQ", "dx="))),
    ];
    for (is_right, hash) in cases {
        let text = format!(
            "gateway g {{ listen http :8080 plaintext \"a test\" }}\nauth staff basic {{ user \"ada\" hash \"{hash}\" }}\nroute GET /a require staff respond 200\n"
        );
        let compiled = compile(&sources("gateway.gw", &text), &Catalogue::standard());
        assert_eq!(compiled.is_ok(), is_right, "the compiler: {hash}");
        let shown = hash.clone();
        let user = Item::User { name: "ada", hash: hash.leak(), given: None };
        let started = start(user);
        assert_eq!(started.is_ok(), is_right, "the gateway: {shown}: {started:?}");
        if let Err(error) = started {
            assert!(error.starts_with("the users of `staff`: `ada`: "), "{error}");
            assert!(!error.contains(salt) && !error.contains("Nxp8"), "{error}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_stops_the_start_and_is_said_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path: &'static str = folder.path().join("staff.users").to_str().unwrap().to_owned().leak();
    let start = || start(Item::Users { path });
    let hash = "$2b$10$Nxp8JQP/6dtiY4CoPljRIepFTHioi6ea3PZVupCKBbleCiVhZuJZ6";
    assert!(start().unwrap_err().contains("cannot be read"));
    for (lines, said) in [
        (format!("ada:{hash}\n\n# a comment\nbob {hash}"), None),
        (String::new(), None),
        (format!("ada:{hash}\nada {hash}"), Some("line 2: this name stands twice")),
        ("ada".to_owned(), Some("line 1: expected `NAME HASH`")),
        (format!("\n{}", hash.replace("$10", "$08")), Some("line 2: expected `NAME HASH`")),
        (format!("ada:{}", hash.replace("$10", "$08")), Some("line 1: a cost of 8")),
        (format!("\"a:b\" {hash}"), Some("line 1: ")),
        (format!(":{hash}"), Some("line 1: a name has no colon")),
        (format!("ada:{hash} team=press"), Some("line 1: nothing called `team`")),
    ] {
        std::fs::write(path, &lines).unwrap();
        match (start(), said) {
            (Ok(()), None) => {}
            (Err(error), Some(said)) => {
                assert!(error.contains(said) && !error.contains("Nxp8"), "{lines}: {error}");
            }
            (started, _) => panic!("{lines}: {started:?}"),
        }
    }
}
