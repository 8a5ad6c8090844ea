//! Keys (`auth NAME api_key`) from raw bytes: who is let in, what a server is told, and what nobody is told.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, PAIR};
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

fn gate(server: &Server) -> Gate {
    Setup { program: program::auth(), ..Setup::app(server) }.place(PAIR[1], server.address).start()
}

fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// A refusal of somebody who is not known, and the challenge that comes with it.
#[track_caller]
fn unknown(answer: &Message, reason: &str, challenge: &str) {
    refused(answer, 401, reason);
    assert_eq!(challenged(answer).as_deref(), Some(challenge));
}

fn challenged(answer: &Message) -> Option<String> {
    answer.field("www-authenticate").map(|value| value.replace('\\', ""))
}

fn text(answer: &Message) -> String {
    answer.text().replace('\\', "")
}

const MISSING: &str = "ApiKey realm=\"tested\", header=\"x-api-key\"";

#[test]
fn every_valid_key_of_an_owner_lets_in_and_says_what_is_known_of_it() {
    let server = Server::ok();
    let gate = gate(&server);
    let me = |key: &str| {
        let answer = gate.ask(get("/partner/me", &format!("X-API-Key: {key}\r\n")));
        (answer.status(), text(&answer))
    };
    let whole = r#"{"name":"acme","plan":"pro","seats":5,"scopes":2,"since":"2026-01-01"}"#;
    assert_eq!(me("acme-key-one"), (200, whole.to_owned()));
    let defaults = r#"{"name":"acme","plan":"free","seats":0,"scopes":0,"since":"2026-01-01"}"#;
    assert_eq!(me("acme-key-two"), (200, defaults.to_owned()));
    assert_eq!(me("bolt-key-one").1, defaults.replace("acme", "bolt"));
}

#[test]
fn what_is_no_key_is_401_with_a_challenge_and_never_reaches_a_server() {
    let server = Server::ok();
    let gate = gate(&server);
    unknown(&gate.ask(get("/partner/app/x", "")), "credential_missing", MISSING);
    let long = "k".repeat(600);
    for fields in [
        "X-API-Key:\r\n",
        "X-API-Key: acme-key-three\r\n",
        "X-API-Key: acme-key-on\r\n",
        "X-API-Key: acme-key-onee\r\n",
        "X-API-Key: ACME-KEY-ONE\r\n",
        "X-API-Key: acme-key-one, acme-key-one\r\n",
        // Not the hash of a key, whoever has seen the program.
        "X-API-Key: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\r\n",
        "X-API-Key: acme-key-one\r\nX-API-Key: acme-key-one\r\n",
        "X-API-Key: acme-key-one\r\nx-api-key: bolt-key-one\r\n",
        &format!("X-API-Key: {long}\r\n"),
    ] {
        unknown(&gate.ask(get("/partner/app/x", fields)), "credential_invalid", MISSING);
    }
    for elsewhere in [
        "X_API_Key: acme-key-one\r\n",
        "X-API-Keys: acme-key-one\r\n",
        "Authorization: Bearer acme-key-one\r\n",
        "Cookie: x-api-key=acme-key-one\r\n",
    ] {
        unknown(
            &gate.ask(get("/partner/app/x?x-api-key=acme-key-one", elsewhere)),
            "credential_missing",
            MISSING,
        );
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_key_in_a_trailer_is_none() {
    let server = Server::ok();
    let gate = gate(&server);
    let chunked = "POST /partner/app/x HTTP/1.1\r\nHost: a\r\nTrailer: x-api-key\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-API-Key: acme-key-one\r\n\r\n";
    refused(&gate.ask(chunked), 401, "credential_missing");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_bearer_is_challenged_as_rfc_6750_says() {
    let server = Server::ok();
    let gate = gate(&server);
    let robot = |fields: &str| gate.ask(get("/robot", fields));
    assert_eq!(robot("Authorization: bearer robby-key-one\r\n").status(), 200);
    for missing in ["", "Authorization: Basic cm9iYnk6eA==\r\n", "X-API-Key: robby-key-one\r\n"] {
        unknown(&robot(missing), "credential_missing", "Bearer realm=\"tested\"");
    }
    for invalid in ["Authorization: Bearer x\r\n", "Authorization: Bearer robby-key-one robby-key-one\r\n"] {
        unknown(&robot(invalid), "credential_invalid", "Bearer realm=\"tested\", error=\"invalid_token\"");
    }
}

#[test]
fn who_may_not_is_403_and_not_401() {
    let server = Server::ok();
    let gate = gate(&server);
    let read = |key: &str| gate.ask(get("/partner/read", &format!("X-API-Key: {key}\r\n")));
    assert_eq!(read("acme-key-one").status(), 200);
    let answer = read("bolt-key-one");
    refused(&answer, 403, "not_allowed");
    assert_eq!(answer.field("www-authenticate"), None);
}

#[test]
fn the_credential_goes_no_further_unless_its_route_says_so() {
    let server = Server::ok();
    let gate = gate(&server);
    let sent = |at: usize, target: &str| {
        let fields = "Accept: x\r\nX-API-Key: acme-key-one\r\nX_Api_Key: spoofed\r\nX-Own: 1\r\n";
        assert_eq!(gate.ask(get(target, fields)).status(), 200, "{target}");
        let request = server.requests().into_iter().nth(at).expect("it was sent");
        ["x-api-key", "x_api_key", "x-own"].map(|name| request.field(name))
    };
    let own = Some("1".to_owned());
    assert_eq!(sent(0, "/partner/app/x"), [None, None, own.clone()]);
    let key = Some("acme-key-one".to_owned());
    assert_eq!(sent(1, "/partner/kept"), [key.clone(), Some("spoofed".to_owned()), own.clone()]);
    let sent = sent(2, "/partner/few");
    assert_eq!([&sent[0], &sent[2]], [&key, &None]);
    // Where nobody is asked, it is a field like any other.
    gate.ask(get("/public/x", "X-API-Key: acme-key-one\r\n"));
    assert_eq!(server.requests()[3].field("x-api-key"), key);
}

#[test]
fn nobody_but_the_gateway_says_to_an_upstream_who_asks() {
    let server = Server::ok();
    let gate = gate(&server);
    for spelling in ["X-Partner", "x-partner", "X_Partner", "x_PARTNER"] {
        let fields = format!("X-API-Key: acme-key-one\r\n{spelling}: forged\r\nX-Partners: kept\r\n");
        // The route that sets it, one that does not, and one that is open.
        for target in ["/partner/app/x", "/partner/read", "/public/x"] {
            assert_eq!(gate.ask(get(target, &fields)).status(), 200, "{spelling} {target}");
            let request = server.requests().pop().expect("it was sent");
            let bytes = format!("{:?}", request.fields);
            assert!(!bytes.contains("forged"), "{spelling} {target}: {bytes}");
            let expected = (target == "/partner/app/x").then(|| "acme".to_owned());
            assert_eq!(request.field("x-partner"), expected, "{spelling} {target}");
            assert_eq!(request.field("x-partners").as_deref(), Some("kept"));
        }
    }
    // Another upstream is told nothing, and believes nobody.
    gate.ask(get("/other/x", "X-Partner: kept\r\n"));
    assert_eq!(server.requests().pop().unwrap().field("x-partner").as_deref(), Some("kept"));
}

#[test]
fn nor_does_a_client_say_it_behind_a_body() {
    let server = Server::ok();
    let gate = gate(&server);
    let trailers = "X-Partner: forged\r\nx_partner: forged\r\nX-Api_Key: acme-key-two\r\nX-Sum: 1\r\n";
    for body in ["2\r\nhi\r\n", ""] {
        let request = format!(
            "POST /partner/app/x HTTP/1.1\r\nHost: a\r\nX-API-Key: acme-key-one\r\nTrailer: x-partner, x-sum\r\nTransfer-Encoding: chunked\r\n\r\n{body}0\r\n{trailers}\r\n"
        );
        assert_eq!(gate.ask(request).status(), 200);
    }
    for index in 0..server.connections() {
        let bytes = gatewright_tests::show(&server.received(index));
        assert!(!bytes.contains("forged") && !bytes.contains("key-two"), "{bytes}");
        assert_eq!(bytes.matches("X-Sum: 1").count(), bytes.matches("POST ").count(), "{bytes}");
        assert!(bytes.contains("x-partner: acme"), "{bytes}");
    }
}

#[test]
fn one_of_several_is_enough_and_each_may_be_absent() {
    let server = Server::ok();
    let gate = gate(&server);
    let any = |fields: &str| gate.ask(get("/any", fields));
    let (key, token) = ("X-API-Key: acme-key-one\r\n", "Authorization: Bearer robby-key-one\r\n");
    let said = |partner: &str, robot: &str, scopes: usize| {
        let is_robot = robot != "nobody";
        format!(r#"{{"partner":"{partner}","robot":"{robot}","is_robot":{is_robot},"scopes":{scopes}}}"#)
    };
    assert_eq!(text(&any(key)), said("acme", "nobody", 2));
    assert_eq!(text(&any(token)), said("nobody", "robby", 0));
    assert_eq!(text(&any(&format!("{key}{token}"))), said("acme", "robby", 2));
    // One that holds is enough.
    assert_eq!(text(&any(&format!("{key}Authorization: Bearer x\r\n"))), said("acme", "nobody", 2));
    for (fields, reason) in [
        ("", "credential_missing"),
        ("X-API-Key: x\r\n", "credential_invalid"),
        ("Authorization: Bearer x\r\n", "credential_invalid"),
    ] {
        let answer = any(fields);
        refused(&answer, 401, reason);
        let challenges =
            answer.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        assert_eq!(challenges.count(), 2, "{fields}: by each of them a client may be known");
    }
}

#[test]
fn who_may_stay_unknown_may_not_lie() {
    let server = Server::ok();
    let gate = gate(&server);
    let maybe = |fields: &str| gate.ask(get("/maybe", fields));
    assert_eq!(text(&maybe("")), "hello stranger");
    assert_eq!(text(&maybe("X-API-Key: bolt-key-one\r\n")), "hello bolt");
    refused(&maybe("X-API-Key: bolt-key-two\r\n"), 401, "credential_invalid");
}

#[test]
fn a_limit_per_owner_counts_only_whom_it_knows() {
    let server = Server::ok();
    let gate = gate(&server);
    let me = |key: &str| gate.ask(get("/partner/counted", &format!("X-API-Key: {key}\r\n"))).status();
    for _ in 0..20 {
        assert_eq!(me("nobody"), 401);
    }
    // Both keys of one owner have one budget.
    assert_eq!(
        [me("acme-key-one"), me("acme-key-two"), me("acme-key-one"), me("acme-key-two")],
        [204, 204, 204, 429]
    );
    assert_eq!(me("bolt-key-one"), 204);
}

#[test]
fn an_answer_of_a_routes_own_keeps_the_challenge() {
    let server = Server::ok();
    let gate = gate(&server);
    let answer = gate.ask(get("/partner/own", ""));
    assert_eq!((answer.status(), answer.text()), (401, "who are you?".to_owned()));
    assert_eq!(challenged(&answer).as_deref(), Some(MISSING));
}

#[test]
fn no_line_of_the_log_and_no_answer_has_a_key() {
    let server = Server::ok();
    let gate = gate(&server);
    for fields in ["X-API-Key: acme-key-one\r\n", "X-API-Key: wrong-key\r\n"] {
        let answer = gate.ask(get("/partner/read", fields));
        let shown = format!("{answer:?}");
        assert!(!shown.contains("key-one") && !shown.contains("wrong-key"), "{shown}");
    }
    let lines = format!("{:?}", gate.log(2));
    assert!(!lines.contains("key-one") && !lines.contains("wrong-key"), "{lines}");
    assert!(lines.contains("credential_invalid"), "{lines}");
}

#[test]
fn an_open_route_in_a_guarded_group_is_open() {
    let server = Server::ok();
    let gate = gate(&server);
    assert_eq!(gate.ask(get("/open/door", "")).status(), 200);
    assert_eq!(gate.ask(get("/open/door", "X-API-Key: wrong\r\n")).status(), 200);
}
