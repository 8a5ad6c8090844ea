//! `gw new` as an operator uses it: what it makes is checked, built in both ways, and answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::Folder;
use serde_json::Value;

/// A gateway that is stopped at the end, whatever happens.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_project_is_made_checked_built_and_asked() {
    let folder = Folder::named("new", &[]);
    std::fs::create_dir_all(folder.path()).unwrap();
    let made = folder.gw(&["new", "shop", "--json"]);
    assert_eq!((made.code, made.err.as_str()), (0, ""), "{made:?}");
    let document: Value = serde_json::from_str(&made.out).unwrap();
    common::schema::validate("new", &document);
    let project = folder.path().join("shop");
    for file in document["result"]["files"].as_array().unwrap() {
        assert!(project.join(file.as_str().unwrap()).is_file(), "{file}");
    }

    let checked = folder.gw(&["check", "shop/gateway.gw"]);
    assert!(checked.out.starts_with("gateway.gw: gateway shop: 1 listener"), "{checked:?}");

    // Another port than everybody's.
    let entry = project.join("gateway.gw");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(&entry).unwrap();
    let text = text.replace(":8080", &format!("127.0.0.1:{port}"));
    std::fs::write(&entry, text.replacen("{ ok: true }", "{ ok: true } { limit 1000/s per client.ip }", 1))
        .unwrap();
    let built = folder.gw(&["build", "shop/gateway.gw", "--out", "shop/target/shop", "--json"]);
    assert_eq!(built.code, 0, "{built:?}");
    let document: Value = serde_json::from_str(&built.out).unwrap();
    common::schema::validate("build", &document);
    let features =
        serde_json::json!([{ "name": "limit", "by": "limit 1000/s per client.ip (gateway.gw:7)" }]);
    assert_eq!(document["result"]["features"], features);
    answers(&project.join("target/shop"), port);

    by_plain_cargo(&project);
}

fn answers(binary: &Path, port: u16) {
    let child = Command::new(binary).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut gateway = Started(child);
    let mut line = String::new();
    BufReader::new(gateway.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("shop listens on"), "{line}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"GET /status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("{\"ok\":true}"), "{answer}");
}

/// Without `gw`, and without asking a registry: says which feature is missing, then builds, and runs the project's own test.
fn by_plain_cargo(project: &Path) {
    let (is_well, said) = cargo_test(project);
    assert!(!is_well && said.contains("error[missing_feature]") && said.contains("gateway.gw:7:"), "{said}");
    assert!(said.contains("write `default = [\"limit\"]`"), "{said}");

    let manifest = project.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("default = []", "default = [\"limit\"]")).unwrap();
    let (is_well, said) = cargo_test(project);
    assert!(is_well && said.contains("2 passed"), "{said}");
    assert!(!said.contains("warning"), "{said}");

    // A test of the gateway that fails is one of the project that fails.
    let entry = project.join("gateway.gw");
    let text = std::fs::read_to_string(&entry).unwrap();
    std::fs::write(&entry, text.replace("=> 200 { ok: true }", "=> 200 { ok: false }")).unwrap();
    let (is_well, said) = cargo_test(project);
    assert!(!is_well && said.contains(".ok  expected false, found true"), "{said}");
}

fn cargo_test(project: &Path) -> (bool, String) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(project).args(["test", "--quiet", "--offline"]);
    cargo.env("GW", env!("CARGO_BIN_EXE_gw")).env("GATEWRIGHT_CACHE", common::cache());
    cargo.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("plain"));
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(variable);
    }
    let output = cargo.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), format!("{out}{err}"))
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let folder = Folder::with(&[("shop/notes.txt", "mine"), ("file", "")]);
    let ran = folder.gw(&["new", "shop"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.starts_with("error: shop is not empty\n"), "{ran:?}");
    assert!(!folder.path().join("shop/gateway.gw").exists());
    let ran = folder.gw(&["new", "file"]);
    assert!(ran.code == 2 && ran.err.starts_with("error: file: "), "{ran:?}");
}

#[test]
fn a_name_that_cannot_be_is_refused_and_another_may_be_chosen() {
    let folder = Folder::with(&[]);
    let ran = folder.gw(&["new", "2nd Try"]);
    assert!(ran.code == 2 && ran.err.contains("`2nd Try` cannot be the name of a gateway"), "{ran:?}");
    assert!(ran.err.contains("  = help: choose another with --name\n"), "{ran:?}");
    assert!(!folder.path().join("2nd Try").exists());
    let ran = folder.gw(&["new", "2nd Try", "--name", "second"]);
    assert!(ran.code == 0 && ran.out.starts_with("made second in 2nd Try:"), "{ran:?}");
    let text = std::fs::read_to_string(folder.path().join("2nd Try/Cargo.toml")).unwrap();
    assert!(text.contains("name = \"second\""), "{text}");
}

#[test]
fn the_crates_of_a_project_are_unpacked_anew() {
    let folder = Folder::with(&[]);
    assert_eq!(folder.gw(&["new", "shop"]).code, 0);
    std::fs::remove_dir_all(folder.path().join("shop/.gatewright")).unwrap();
    let ran = folder.gw(&["unpack", "shop", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    common::schema::validate("unpack", &document);
    let home = folder.path().join(document["result"]["folder"].as_str().unwrap());
    assert!(home.join("runtime/src/lib.rs").is_file() && home.join("dsl/src/gateway.pest").is_file());
    let ran = folder.gw(&["unpack"]);
    assert!(ran.code == 2 && ran.err.contains("no package is here"), "{ran:?}");
}
