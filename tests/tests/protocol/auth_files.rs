//! Files of keys, users and public keys that change while a gateway runs: what they say holds whole or not at all, and who is gone is
//! nobody at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, encode};
use serde_json::json;

use gatewright_runtime::generated::{Capacity, Program, Setting};

use super::live::metric;
use super::tokens::{OTHER_RSA, RSA, header, says};
use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

/// Keys, and the SHA-256 of each as another program says it.
const KEYS: [(&str, &str); 3] = [
    ("one-xxxxxxxxxxxxxxxxxxxx", "cc79786cfbbf48e768cd4bf8624edc7d92356d9b5cdcf329b0af858333522233"),
    ("two-xxxxxxxxxxxxxxxxxxxx", "78b9251439ef972d825739a7fa2ea8acc94d7727c8fd92f23e3060092660e91c"),
    ("three-xxxxxxxxxxxxxxxxxx", "87317379cb2a444911d10e21a6424000244d6a7d97a2f823884320429ebf4589"),
];
const BOB: &str = "bob:$2b$10$Nxp8JQP/6dtiY4CoPljRIepFTHioi6ea3PZVupCKBbleCiVhZuJZ6\n";
const ADA: &str =
    "ada $argon2id$v=19$m=7168,t=5,p=1$c2FsdC1vZi1hZGEncyBwYQ$mMvOhPdexwn4t20fm22nyFztvdZDMKlgEKyZ3tF1dxQ\n";
const RSA_PUBLIC: &str = include_str!("../../gateways/keys/rsa.pub");
const OTHER_PUBLIC: &str = include_str!("../../gateways/keys/other_rsa.pub");
const NAMES: [&str; 4] = ["partners.keys", "more.keys", "staff.users", "keys.pem"];

/// A folder with files that are right.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in NAMES.into_iter().zip([&line(0), &line(1), BOB, RSA_PUBLIC]) {
        write(folder.path(), name, text);
    }
    folder
}

fn line(at: usize) -> String {
    format!("owner-{at} {} plan=pro\n", KEYS[at].1)
}

/// Writes as one should: all at once.
fn write(folder: &Path, name: &str, text: &str) {
    let (fresh, file) = (folder.join("fresh"), folder.join(name));
    std::fs::write(&fresh, text).unwrap();
    std::fs::rename(&fresh, &file).unwrap();
}

fn setup(folder: &Path) -> Setup {
    let files = NAMES.map(|name| (format!("/etc/tested/{name}"), folder.join(name)));
    let files: Vec<(String, PathBuf)> = files.to_vec();
    Setup { program: program::replaced(), files, ..Setup::app(&Server::ok()) }
}

fn get(path: &str, credential: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {credential}\r\n\r\n")
}

fn keyed(client: &mut Client, at: usize) -> Message {
    client.ask(get("/keyed", &format!("Bearer {}", KEYS[at].0)))
}

fn until(gate: &Gate, holds: impl FnMut() -> bool) {
    gate.advance_until(Duration::from_millis(300), holds);
}

fn reads(gate: &Gate, auth: &str, result: &str) -> u64 {
    metric(gate, &format!("gatewright_auth_reads_total{{auth=\"{auth}\",result=\"{result}\"}}"))
}

#[test]
fn a_password_that_memory_could_not_hold_is_not_read() {
    let folder = folder();
    let capacity = Capacity {
        connections: None,
        in_flight: None,
        memory: Some(Setting::Is(96 << 20)),
        retry_after: Setting::Is(Duration::from_secs(1)),
    };
    write(folder.path(), "staff.users", ADA);
    let program = Box::leak(Box::new(Program { capacity: Some(capacity), ..*program::replaced() }));
    let gate = Setup { program, ..setup(folder.path()) }.start();
    let ada = get("/staff", "Basic YWRhOmFkYSdzIHBhc3N3b3Jk");
    assert_eq!(gate.ask(&ada).text(), "ada");
    write(folder.path(), "staff.users", &ADA.replace("m=7168,t=5", "m=65536,t=1"));
    until(&gate, || reads(&gate, "staff", "refused") == 1);
    assert_eq!(gate.ask(&ada).text(), "ada", "what held before goes on to hold");
    write(folder.path(), "staff.users", &format!("{ADA}{BOB}"));
    until(&gate, || reads(&gate, "staff", "used") == 1);
}

#[test]
fn who_is_new_is_known_and_who_is_gone_is_nobody() {
    let folder = folder();
    let gate = setup(folder.path()).start();
    // One connection, which stays open.
    let mut client = gate.client();
    assert_eq!(keyed(&mut client, 0).text(), "owner-0 pro");
    assert_eq!(keyed(&mut client, 1).text(), "owner-1 pro");
    refused(&keyed(&mut client, 2), 401, "credential_invalid");
    write(folder.path(), "partners.keys", &line(2));
    until(&gate, || keyed(&mut client, 2).status() == 200);
    refused(&keyed(&mut client, 0), 401, "credential_invalid");
    // What stands in the program and in the other file holds as before.
    assert_eq!(keyed(&mut client, 1).status(), 200);
    assert_eq!(client.ask(get("/keyed", "Bearer robby-key-one")).text(), "inline free");
    assert_eq!((reads(&gate, "partner", "used"), reads(&gate, "staff", "used")), (1, 0));
    // Nobody has one.
    write(folder.path(), "partners.keys", "# none\n");
    until(&gate, || keyed(&mut client, 2).status() == 401);
    assert_eq!(keyed(&mut client, 1).status(), 200);
}

#[test]
fn a_password_that_is_remembered_is_forgotten_with_its_user() {
    let folder = folder();
    let gate = setup(folder.path()).start();
    let bob = get("/staff", "Basic Ym9iOmJvYidzIHBhc3N3b3Jk");
    for _ in 0..2 {
        assert_eq!(gate.ask(&bob).text(), "bob");
    }
    write(folder.path(), "staff.users", ADA);
    until(&gate, || gate.ask(&bob).status() == 401);
    assert_eq!(gate.ask(get("/staff", "Basic YWRhOmFkYSdzIHBhc3N3b3Jk")).text(), "ada");
    // The same name with another password.
    write(folder.path(), "staff.users", &ADA.replace("ada ", "bob "));
    until(&gate, || gate.ask(get("/staff", "Basic Ym9iOmFkYSdzIHBhc3N3b3Jk")).status() == 200);
    refused(&gate.ask(&bob), 401, "credential_invalid");
}

#[test]
fn a_token_that_is_remembered_is_forgotten_with_its_key() {
    let folder = folder();
    let gate = setup(folder.path()).start();
    let signed = |key: &[u8]| {
        let key = EncodingKey::from_rsa_pem(key).unwrap();
        let token = encode(&header(Algorithm::RS256, None), &says(json!({})), &key).unwrap();
        get("/token", &format!("Bearer {token}"))
    };
    let (old, new) = (signed(RSA), signed(OTHER_RSA));
    for _ in 0..2 {
        assert_eq!((gate.ask(&old).status(), gate.ask(&new).status()), (200, 401));
    }
    write(folder.path(), "keys.pem", &format!("{RSA_PUBLIC}{OTHER_PUBLIC}"));
    until(&gate, || gate.ask(&new).status() == 200);
    assert_eq!(gate.ask(&old).status(), 200);
    write(folder.path(), "keys.pem", OTHER_PUBLIC);
    until(&gate, || gate.ask(&old).status() == 401);
    assert_eq!(gate.ask(&new).status(), 200);
}

#[test]
fn what_is_not_right_changes_nothing_and_is_said_once() {
    let folder = folder();
    let gate = setup(folder.path()).start();
    let is_refused = "gatewright_auth_file_refused{auth=\"partner\"}";
    assert_eq!(metric(&gate, is_refused), 0);
    let mut client = gate.client();
    let mut count = 0;
    for text in [
        "owner-2 short\n",
        // Half of it would be right.
        &format!("{}owner-3", line(2)),
        &format!("{}{}", line(2), line(2)),
        // It stands in the other file.
        &line(1),
        &format!("{} nothing=declared\n", line(2).trim()),
        "owner-2 \u{0}\n",
    ] {
        write(folder.path(), "partners.keys", text);
        count += 1;
        until(&gate, || reads(&gate, "partner", "refused") == count);
        assert_eq!((keyed(&mut client, 0).status(), keyed(&mut client, 1).status()), (200, 200), "{text}");
        assert_eq!((keyed(&mut client, 2).status(), metric(&gate, is_refused)), (401, 1), "{text}");
    }
    std::fs::remove_file(folder.path().join("partners.keys")).unwrap();
    until(&gate, || reads(&gate, "partner", "refused") == count + 1);
    // A neighbour that changes meanwhile is looked at once, and used when all is right.
    write(folder.path(), "more.keys", &line(2));
    until(&gate, || reads(&gate, "partner", "refused") == count + 2);
    for _ in 0..10 {
        gate.clock.advance(Duration::from_secs(1));
        assert_eq!(keyed(&mut client, 0).status(), 200);
    }
    assert_eq!(reads(&gate, "partner", "refused"), count + 2);
    write(folder.path(), "partners.keys", "");
    until(&gate, || keyed(&mut client, 2).status() == 200);
    assert_eq!((keyed(&mut client, 0).status(), keyed(&mut client, 1).status()), (401, 401));
    assert_eq!((metric(&gate, is_refused), reads(&gate, "partner", "used")), (0, 1));
}

#[test]
fn an_operator_may_have_all_read_at_once() {
    let folder = folder();
    let gate = setup(folder.path()).start();
    write(folder.path(), "partners.keys", &line(2));
    write(folder.path(), "staff.users", ADA);
    gate.reread();
    let mut client = gate.client();
    eventually("it is read", || keyed(&mut client, 2).status() == 200);
    eventually("it is read", || reads(&gate, "staff", "used") == 1);
    refused(&keyed(&mut client, 0), 401, "credential_invalid");
}

#[test]
fn a_file_that_is_not_right_starts_nothing() {
    let folder = folder();
    for (name, text, said) in [
        ("more.keys", line(0), "the keys of `partner`: /etc/tested/more.keys, line 1: this key stands twice"),
        ("staff.users", "bob x\n".to_owned(), "the users of `staff`: /etc/tested/staff.users, line 1: "),
        ("keys.pem", "{}".to_owned(), "the keys of `customer`: /etc/tested/keys.pem: it has no key"),
    ] {
        let before = std::fs::read_to_string(folder.path().join(name)).unwrap();
        write(folder.path(), name, &text);
        let why = setup(folder.path()).try_start().map(|_| ()).unwrap_err();
        assert!(why.starts_with(said), "{why}");
        write(folder.path(), name, &before);
    }
    std::fs::remove_file(folder.path().join("keys.pem")).unwrap();
    let why = setup(folder.path()).try_start().map(|_| ()).unwrap_err();
    assert!(why.starts_with("the keys of `customer`: /etc/tested/keys.pem cannot be read: "), "{why}");
}
