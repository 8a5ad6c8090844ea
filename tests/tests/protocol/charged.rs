//! `capacity memory`: what grows with what clients send stays within what is set aside for it, and all of it is free at last.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatewright_runtime::generated::{Capacity, Program, Setting};
use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::process::{Process, command, run};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use jsonwebtoken::{Algorithm, EncodingKey, encode};
use serde_json::json;

use super::live::metric;
use super::tokens::header;

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const SECRET: &str = "a secret of more than thirty-two bytes";
const MIB: u64 = 1 << 20;

fn gate(memory: u64) -> Gate {
    let capacity = Capacity {
        connections: None,
        in_flight: None,
        memory: Some(Setting::Is(memory)),
        retry_after: Setting::Is(Duration::from_secs(1)),
    };
    let program = Box::leak(Box::new(Program { capacity: Some(capacity), ..*program::charged() }));
    Setup { program, ..Setup::app(&Server::ok()) }.give("shared_secret", SECRET).start()
}

/// What starts it as a process.
fn started(memory: u64) -> Command {
    let mut command = command(BINARY, program::APP);
    command.env("CHARGED", "yes").env("SHARED_SECRET", SECRET).env("MEMORY", memory.to_string());
    command.stdout(Stdio::null());
    command
}

/// What is taken for a purpose, of how much.
fn taken(gate: &Gate, purpose: &str) -> (u64, u64) {
    let of = |what: &str| metric(gate, &format!("gatewright_memory_{what}_bytes{{for=\"{purpose}\"}}"));
    (of("taken"), of("most"))
}

/// Somebody whose hash takes 64 MiB, each time with another password.
fn login(number: u8) -> String {
    // `big:x`, and one letter more.
    let last = char::from(b'A' + number);
    format!("GET /staff HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YmlnOnh{last}\r\n\r\n")
}

fn logins(connect: impl Fn() -> Client) -> Vec<Client> {
    let login = |number| {
        let mut client = connect();
        client.send(login(number));
        client
    };
    (0..12).map(login).collect()
}

/// Sends a request with each of so many keys over one connection.
fn flood(client: &mut Client, path: &str, keys: std::ops::Range<u32>) {
    let numbers: Vec<u32> = keys.collect();
    for some in numbers.chunks(100) {
        let all: String = some
            .iter()
            .map(|number| format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-Key: key-{number}\r\n\r\n"))
            .collect();
        client.send(all);
        for _ in some {
            client.answer();
        }
    }
}

#[test]
fn passwords_are_verified_in_the_memory_that_is_there() {
    const MOST: u64 = 192 * MIB;
    let gateway = Process::start_alone(&mut started(MOST));
    let mut clients = logins(|| gateway.client());
    let mut peak = 0;
    eventually("everybody has an answer", || {
        peak = peak.max(gateway.memory() * 1024);
        clients.iter_mut().all(Client::stirs)
    });
    for client in &mut clients {
        refused(&client.answer(), 401, "credential_invalid");
    }
    assert!(peak > 64 * MIB && peak < MOST, "{peak}");
}

#[test]
fn what_passwords_take_is_free_when_they_are_verified() {
    let gate = gate(192 * MIB);
    assert_eq!(taken(&gate, "passwords").0, 0);
    let mut clients = logins(|| gate.client());
    let mut peak = 0;
    eventually("everybody has an answer", || {
        let (now, most) = taken(&gate, "passwords");
        assert!(now <= most && most < 128 * MIB, "{now} {most}");
        peak = peak.max(now);
        clients.iter_mut().all(Client::stirs)
    });
    assert_eq!(peak, 64 * MIB);
    eventually("nothing is taken", || taken(&gate, "passwords").0 == 0);
    // Who has a cheaper one is let in as ever.
    let ada = "GET /staff HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRhOmFkYSdzIHBhc3N3b3Jk\r\n\r\n";
    assert_eq!(gate.ask(ada).status(), 200);
    eventually("nothing is taken", || taken(&gate, "passwords").0 == 0);
}

#[test]
fn a_flood_of_keys_takes_no_more_than_what_is_set_aside() {
    let gateway = Process::start_alone(&mut started(160 * MIB));
    let mut client = gateway.client();
    flood(&mut client, "/flood", 0..100);
    let before = gateway.memory() * 1024;
    flood(&mut client, "/flood", 100..50_000);
    let grown = (gateway.memory() * 1024).saturating_sub(before);
    assert!(grown < 24 * MIB, "{grown}");
}

#[test]
fn what_counts_take_leaves_room_for_others_and_is_free_once_they_say_nothing() {
    let gate = gate(160 * MIB);
    let mut client = gate.client();
    let (before, most) = taken(&gate, "tables");
    assert_eq!((before, most), (0, 20 * MIB));
    flood(&mut client, "/flood", 0..12_000);
    let (after, _) = taken(&gate, "tables");
    assert!((most / 2..most).contains(&after), "{after} of {most}");
    // Another limit finds room, and nobody who has used up his budget gets another one.
    flood(&mut client, "/counted", 0..2_000);
    let key = |key: u32| format!("GET /counted HTTP/1.1\r\nHost: a\r\nX-Key: key-{key}\r\n\r\n");
    assert!(taken(&gate, "tables").0 <= most);
    for used in (0..2_000).step_by(97) {
        refused(&client.ask(key(used)), 429, "limited");
    }
    assert_eq!(client.ask(key(1_000_000)).status(), 200);
    gate.clock.advance(Duration::from_hours(2));
    eventually("nothing is taken", || taken(&gate, "tables").0 == 0);
    assert_eq!(gate.ask(key(0)).status(), 200);
}

#[test]
fn tokens_are_remembered_in_the_memory_that_is_there() {
    let gate = gate(160 * MIB);
    let mut client = gate.client();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let subject = "x".repeat(4_000);
    let mut ask = |number: u32, lasts: u64| {
        let claims = json!({
            "iss": "https://id.example/", "aud": "shop", "exp": now + lasts, "sub": format!("{subject}{number}"),
        });
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = encode(&header(Algorithm::HS256, Some("one")), &claims, &key).unwrap();
        client
            .ask(format!("GET /token HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"))
            .status()
    };
    let most = taken(&gate, "tables").1;
    for number in 0..4_000 {
        assert_eq!(ask(number, 600), 200);
        if number % 100 == 0 {
            let (now, _) = taken(&gate, "tables");
            assert!(now <= most / 2, "{now} of {most}");
        }
    }
    assert!(taken(&gate, "tables").0 > most / 8);
    assert_eq!(ask(0, 600), 200);
}

#[test]
fn memory_that_holds_no_password_does_not_start() {
    for check in [false, true] {
        let mut command = started(96 * MIB);
        if check {
            command.arg("--check");
        }
        let (code, _, err) = run(&mut command);
        assert_eq!(code, Some(2), "{err}");
        let (begins, ends) = (
            "error: `capacity memory` is 96MiB, and to verify one password of `staff` takes 64MiB beside ",
            " for everything else\n",
        );
        assert!(err.starts_with(begins) && err.ends_with(ends) && err.lines().count() == 1, "{err}");
    }
    let mut command = started(4096 * MIB);
    let (code, _, err) = run(command.arg("--check"));
    assert_eq!((code, err.as_str()), (Some(0), "tested can start with this\n"));
}
