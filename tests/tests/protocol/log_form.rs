//! The form of the access log: members that are chosen, text from a template, and the file that lines are written to.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatewright_runtime::generated::{AccessLog, Program, Setting};
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Log, Setup};
use gatewright_tests::process::{Process, command};
use gatewright_tests::program::recorded;
use gatewright_tests::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_tested");

/// The lines that these requests have, each over a connection of its own.
fn lines(server: &Server, requests: &[&[u8]]) -> Vec<String> {
    let log = Log::default();
    let gate = Setup { program: recorded(), ..Setup::app(server) }.start_to(log.clone());
    for request in requests {
        gate.ask(request);
    }
    let text = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    eventually("all lines are there", || {
        gate.clock.advance(Duration::from_millis(250));
        text().matches('\n').count() >= requests.len()
    });
    text().lines().map(str::to_owned).collect()
}

#[test]
fn no_byte_of_a_client_makes_a_line_or_leaves_its_place_in_one() {
    let lines = lines(
        &Server::ok(),
        &[
            b"GET /quoted?q=a%0A127.0.0.1+-+b%7Cc HTTP/1.1\r\nHost: a\r\nUser-Agent: x\" 200 \"y\\ \xc3\xa9\r\n\r\n",
            b"GET /quoted HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /no%0A%22where HTTP/1.1\r\nHost: a\r\n\r\n",
        ],
    );
    assert_eq!(lines.len(), 3, "{lines:?}");
    let parts: Vec<&str> = lines[0].split('|').collect();
    assert_eq!(parts[0], r#""x\x22 200 \x22y\x5C \xC3\xA9""#);
    assert_eq!(parts[1], r"a\x0A127.0.0.1\x20-\x20b\x7Cc");
    assert_eq!((parts.len(), parts[2].len()), (3, 36), "the id stands there: {}", lines[0]);
    assert!(lines[1].starts_with("\"\"|-|"), "what is empty is a dash outside of quotes: {}", lines[1]);
    // What no route has is written as the gateway says.
    let parts: Vec<&str> = lines[2].split(' ').collect();
    assert_eq!((parts[0], parts[2], parts[3]), ("127.0.0.1", "GET", "/no%0A%22where"), "{}", lines[2]);
    assert_eq!(&parts[4..], ["404", "not_found"]);
    assert!(parts[1].starts_with("[20") && parts[1].ends_with("Z]"), "{}", lines[2]);
}

#[test]
fn a_template_says_what_became_of_the_exchange() {
    let server = Server::ok();
    let lines = lines(
        &server,
        &[b"GET /facts HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /gone HTTP/1.1\r\nHost: a\r\n\r\n"],
    );
    let facts: Vec<&str> = lines[0].split(';').collect();
    assert_eq!(&facts[..8], [r"GET\x20/facts", "app", "1", "0", "2", "0", "0", "-"]);
    let sent = server.requests();
    let sent = sent[0].field("x-request-id").expect("the server is told the id");
    assert_eq!(facts[8], sent, "the id is that of the request");
    assert_eq!(lines[1], r"502 upstream_refused connection\x20refused 0 no no");
}

#[test]
fn a_line_has_the_members_that_are_chosen() {
    let lines = lines(
        &Server::ok(),
        &[
            b"GET /chosen HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /added/7 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /bare/8 HTTP/1.1\r\nHost: a\r\n\r\n",
        ],
    );
    let chosen: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(chosen.keys().collect::<Vec<_>>(), ["path", "request_id", "status"], "{}", lines[0]);
    assert_eq!(lines[1], r#"{"reason":"respond","id":7}"#);
    assert_eq!(lines[2], r#"{"id":8}"#, "no member stands before it");
}

/// A folder of a test's own, which is removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gatewright-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn to_file(server: &Server, path: &Path) -> Gate {
    let program = Program { access_log: AccessLog::File(Setting::Is("/nowhere/access.log")), ..*recorded() };
    Setup { program: Box::leak(Box::new(program)), log_file: Some(path.to_owned()), ..Setup::app(server) }
        .start()
}

/// Asks for a path, and waits until its line stands in the file.
fn writes(gate: &Gate, path: &Path, asked: &str) {
    gate.ask(format!("GET /{asked} HTTP/1.1\r\nHost: a\r\n\r\n"));
    eventually("the line is written", || {
        gate.clock.advance(Duration::from_millis(250));
        std::fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("/{asked} ")))
    });
}

#[test]
fn a_file_that_was_renamed_is_begun_anew_and_no_line_is_lost() {
    let (server, folder) = (Server::ok(), Folder::new("rotated"));
    let (path, old) = (folder.file("access.log"), folder.file("access.log.1"));
    std::fs::write(&path, "before\n").unwrap();
    let gate = to_file(&server, &path);
    writes(&gate, &path, "first");
    // As logrotate does, and without a word.
    std::fs::rename(&path, &old).unwrap();
    writes(&gate, &path, "second");
    // The old file is let go on a word, without a line to write.
    std::fs::rename(&path, folder.file("access.log.2")).unwrap();
    gate.reopen_log();
    eventually("it is there", || path.exists());
    writes(&gate, &path, "third");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert!(read(&old).starts_with("before\n") && read(&old).contains("/first "), "what was there is kept");
    assert!(!read(&old).contains("/second "));
    assert_eq!(read(&path).lines().count(), 1);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o007, 0, "lines tell of clients, and are not for everybody");
}

#[test]
fn where_the_name_cannot_be_opened_lines_go_where_they_went() {
    let (server, folder) = (Server::ok(), Folder::new("unopened"));
    let inner = folder.file("logs");
    std::fs::create_dir(&inner).unwrap();
    let path = inner.join("access.log");
    let gate = to_file(&server, &path);
    writes(&gate, &path, "first");
    let moved = folder.file("moved");
    std::fs::rename(&inner, &moved).unwrap();
    writes(&gate, &moved.join("access.log"), "second");
    std::fs::create_dir(&inner).unwrap();
    writes(&gate, &path, "third");
}

#[test]
fn a_log_that_cannot_be_opened_is_said_before_any_traffic() {
    let folder = Folder::new("absent");
    let options = |path: PathBuf| gatewright_runtime::serve::Options {
        workers: 1,
        listen: vec![([127, 0, 0, 1], 0).into()],
        log_file: Some(path),
        ..Default::default()
    };
    let program: &'static Program = Box::leak(Box::new(Program {
        access_log: AccessLog::File(Setting::Is("/nowhere/access.log")),
        ..*recorded()
    }));
    for path in [folder.file("none/access.log"), folder.0.clone()] {
        let refused = gatewright_runtime::serve::start(program, options(path.clone())).unwrap_err();
        assert!(
            refused.starts_with(&format!("the access log {} cannot be opened: ", path.display())),
            "{refused}"
        );
        assert!(refused.contains("= help: "), "{refused}");
    }
}

#[test]
fn a_full_disk_stops_no_traffic_and_its_lines_are_counted() {
    let server = Server::ok();
    // The device that is always full.
    let gate = to_file(&server, Path::new("/dev/full"));
    let count = || {
        let mut admin = gatewright_tests::client::Client::connect(gate.admin.expect("it can be asked"));
        let text = admin.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").body;
        let text = String::from_utf8(text).unwrap();
        let line = text.lines().find(|line| line.starts_with("gatewright_log_lines_dropped_total "));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or_else(|| panic!("{text}"))
    };
    for _ in 0..3 {
        assert_eq!(gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    }
    eventually("three are counted", || {
        gate.clock.advance(Duration::from_millis(250));
        count() == 3
    });
}

#[test]
fn a_hang_up_begins_a_new_file_and_without_one_ends_the_process() {
    let (server, folder) = (Server::ok(), Folder::new("hung"));
    let (path, old) = (folder.file("access.log"), folder.file("access.log.1"));
    let gateway = Process::start(command(BINARY, server.address).env("LOG", &path));
    let mut client = gateway.client();
    for name in ["first", "second"] {
        client.ask(format!("GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n"));
        eventually("the line is written", || {
            std::fs::read_to_string(&path).is_ok_and(|text| text.contains(&format!("/{name}\"")))
        });
        if name == "first" {
            std::fs::rename(&path, &old).unwrap();
            gateway.hang_up();
            eventually("a file is begun without a line", || path.exists());
        }
    }
    gateway.terminate();
    drop(client);
    let (well, out, _) = gateway.end();
    assert!(well && out.is_empty(), "nothing goes to standard output: {out}");
    assert_eq!(std::fs::read_to_string(&old).unwrap().lines().count(), 1);
    let mut plain = Process::start(&mut command(BINARY, server.address));
    plain.hang_up();
    eventually("it ends", || plain.ended());
}

#[test]
fn an_operator_is_told_once_that_the_log_cannot_be_written() {
    let server = Server::ok();
    let mut gateway = Process::start(command(BINARY, server.address).env("LOG", "/dev/full"));
    let mut client = gateway.client();
    let mut said = Vec::new();
    for name in ["first", "second", "third"] {
        assert_eq!(
            client.ask(format!("GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n")).status(),
            404,
            "traffic goes on"
        );
        if name == "first" {
            said.push(gateway.says());
        }
    }
    gateway.terminate();
    drop(client);
    while !said.last().unwrap().contains("has stopped") {
        said.push(gateway.says());
        assert!(said.len() < 10 && said.last() != Some(&String::new()), "{said:?}");
    }
    let told: Vec<_> = said.iter().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(told.len(), 1, "{said:?}");
    let start = "error: the access log cannot be written, and its lines are lost until it can: No space left";
    assert!(told[0].starts_with(start), "{said:?}");
}
