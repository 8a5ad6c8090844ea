//! `gw build` as an operator runs it: real builds, into a cache that the next run of the tests finds warm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{Folder, GOOD, Ran, cache};

const OFFLINE: &[(&str, &str)] = &[("CARGO_NET_OFFLINE", "true")];

/// A gateway that is stopped at the end, whatever happens.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nothing listens on, or nothing did a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One request on a connection of its own.
fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn compiled(ran: &Ran) -> u32 {
    let line =
        ran.err.lines().find(|line| line.trim_start().starts_with("compile ")).expect("a line of the step");
    let crates = line.split("s  ").nth(1).and_then(|rest| rest.split(' ').next());
    crates.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

/// One test, since its steps share one folder: cargo builds one after the other in any case.
#[test]
fn a_gateway_is_built_serves_and_is_not_built_twice() {
    let port = free_port();
    let text = format!(
        "gateway hello {{ listen http 127.0.0.1:{port} }}\nroute GET /status respond 200 json {{ ok: true }}\nroute GET /{{x: path}} redirect 302 /status\n"
    );
    let folder = Folder::named("built", &[("hello.gw", &text)]);
    let entry = folder.path().join("hello.gw");
    let entry = entry.to_str().unwrap();
    let ran = folder.gw(&["build", entry]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("gateway hello: 1 listener, 0 upstreams, 2 routes"), "{}", ran.err);
    assert!(compiled(&ran) > 0);
    forget_others();

    serves(&folder.path().join("hello"), port);
    is_the_code_of_a_build_script(&folder);

    // Nothing has changed: nothing is compiled, without a network too.
    let again = folder.gw_with(&["build", entry, "--out", "bin/shop"], OFFLINE);
    assert_eq!((again.code, compiled(&again)), (0, 0), "{}", again.err);
    assert!(folder.path().join("bin/shop").exists());

    // One line has changed: only the gateway itself is compiled.
    folder.write("hello.gw", &text.replace("302", "301"));
    let changed = folder.gw_with(&["build", entry], OFFLINE);
    assert_eq!((changed.code, compiled(&changed)), (0, 1), "{}", changed.err);
}

/// Removes what runtimes that have changed since have left in the cache.
fn forget_others() {
    let mut homes: Vec<_> = std::fs::read_dir(cache()).unwrap().map(|home| home.unwrap().path()).collect();
    homes.sort_by_key(|home| std::fs::metadata(home.join("target")).and_then(|it| it.modified()).ok());
    homes.pop();
    for home in homes {
        std::fs::remove_dir_all(home).unwrap();
    }
}

fn serves(binary: &Path, port: u16) {
    let version = Command::new(binary).arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let expected = concat!("hello (gatewright ", env!("CARGO_PKG_VERSION"), ", sources ");
    assert!(version.starts_with(expected), "{version}");
    let child = Command::new(binary).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut gateway = Started(child);
    let mut said = BufReader::new(gateway.0.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, format!("hello listens on http://127.0.0.1:{port}\n"));
    let answer = ask(port, "GET /status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("{\"ok\":true}"), "{answer}");

    // SIGTERM: it drains, writes its log, says that it has stopped, and ends with 0.
    let killed = Command::new("sh").args(["-c", &format!("kill -TERM {}", gateway.0.id())]).status().unwrap();
    assert!(killed.success());
    assert_eq!(gateway.0.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    gateway.0.stdout.take().unwrap().read_to_string(&mut log).unwrap();
    let line: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(line["route"], "GET /status");
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "hello has stopped\n");
}

/// What `gw build` wrote is what a `build.rs` would have written.
fn is_the_code_of_a_build_script(folder: &Folder) {
    let entry = folder.path().join("hello.gw");
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    gatewright_compiler::build_script::compile_to(&entry, &out).unwrap();
    let by_script = std::fs::read_to_string(out.join("gateway.rs")).unwrap();
    assert!(emitted().contains(&by_script), "`gw build` has emitted something else");
}

/// Every emitted file of the cache.
fn emitted() -> Vec<String> {
    let homes = std::fs::read_dir(cache()).unwrap();
    let packages = homes.flat_map(|home| std::fs::read_dir(home.unwrap().path()).unwrap());
    packages
        .filter_map(|package| std::fs::read_to_string(package.unwrap().path().join("src/gateway.rs")).ok())
        .collect()
}

#[test]
fn a_gateway_with_problems_is_not_built() {
    let folder = Folder::with(&[("gateway.gw", &GOOD.replace("-> app", "-> ap"))]);
    let ran = folder.gw(&["build"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("error[unknown_upstream]") && ran.err.contains("gateway.gw:3"), "{ran:?}");
    assert!(!folder.path().join("hello").exists());
}

#[test]
fn a_file_that_is_missing_is_status_2_with_what_to_do() {
    let folder = Folder::with(&[]);
    let ran = folder.gw(&["build"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.starts_with("error: gateway.gw: No such file or directory"), "{ran:?}");
    assert!(ran.err.contains("  = help: name the entry file\n"), "{ran:?}");
}

#[test]
fn a_cache_that_cannot_be_written_is_one_clear_line() {
    let folder = Folder::with(&[("gateway.gw", GOOD), ("in_the_way", "a file")]);
    let ran = folder.gw_with(&["build"], &[("GATEWRIGHT_CACHE", "in_the_way")]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("in_the_way") && ran.err.contains("GATEWRIGHT_CACHE names another folder"),
        "{ran:?}"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_one_clear_line() {
    let folder = Folder::named("no_place", &[("gateway.gw", GOOD), ("taken/keep", "")]);
    for out in ["taken", "gateway.gw/below"] {
        let ran = folder.gw_with(&["build", "--out", out], OFFLINE);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(&format!("error: {out}: ")) && ran.err.contains("--out"), "{ran:?}");
    }
}
