//! SIGUSR2: a gateway starts its next generation, hands it the sockets, and ends when that serves. And what a service manager is
//! told meanwhile.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::process::Command;

use gatewright_tests::client::Client;
use gatewright_tests::gate::refused;
use gatewright_tests::process::{Process, command, run};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, PATIENCE, eventually, show};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity};

use super::handover::{Asking, fresh, kept};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
const UPLOAD: &str = "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfirst";
const DOWNLOAD: &str = "GET /app/half HTTP/1.1\r\nHost: a\r\n\r\n";
const SWAPS: usize = 4;
/// Answers that each kind of client gets from one generation.
const SHARE: usize = 20;

/// Generations of a gateway, each started by the one before.
struct Generations {
    first: Process,
    /// All that were started; the last one has the sockets.
    pids: Vec<Pid>,
}

impl Generations {
    fn begin(command: &mut Command) -> Self {
        let first = Process::start(command);
        Self { pids: vec![first.pid()], first }
    }

    fn address(&self) -> SocketAddr {
        self.first.address
    }

    fn signal(&self, signal: Signal) {
        kill_process(*self.pids.last().unwrap(), signal).unwrap();
    }

    /// The next line that holds this; lines of all generations come the same way.
    fn hears(&mut self, part: &str) -> String {
        loop {
            let line = self.first.says();
            assert!(!line.is_empty(), "nobody has said {part:?}");
            if line.contains(part) {
                return line;
            }
        }
    }

    fn started(&mut self) {
        let line = self.hears("as its next generation");
        let number = line.split(' ').find_map(|word| word.parse().ok()).unwrap();
        self.pids.push(Pid::from_raw(number).unwrap());
    }

    /// One generation hands over to the next.
    fn swap(&mut self) {
        self.signal(Signal::USR2);
        self.started();
        self.hears("serves, and tested drains");
    }
}

impl Drop for Generations {
    fn drop(&mut self) {
        // The first one is ended by whoever has started it. The others may have gone already.
        for pid in self.pids.iter().skip(1) {
            let _ = kill_process(*pid, Signal::KILL);
        }
    }
}

/// Asks until an answer says that it is the last one of its connection.
fn retire(client: &mut Client) {
    while client.ask(HELLO).field("connection").is_none() {}
}

/// Answers `ok`, and half of an answer to `/half` until it is told to go on.
fn halving() -> (Server, Cue) {
    let cue = Cue::default();
    let given = cue.clone();
    let server = Server::new(move |connection: &mut Connection| {
        loop {
            if connection.request()?.target() == "/app/half" {
                connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")?;
                given.wait()?;
                connection.write(b"later")?;
            } else {
                connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
            }
        }
    });
    (server, cue)
}

#[test]
fn no_request_is_lost_while_a_gateway_starts_its_next_generation() {
    let (server, cue) = halving();
    let mut gateway = Generations::begin(&mut command(BINARY, server.address));
    let address = gateway.address();
    let clients = [fresh(address), kept(address), fresh(address), kept(address)];
    for swap in 0..SWAPS {
        // At the swap one client is in the middle of an upload, one of a download, and one is idle.
        let (mut uploads, mut downloads, mut idle) =
            (Client::connect(address), Client::connect(address), Client::connect(address));
        assert_eq!(idle.ask(HELLO).status(), 200);
        uploads.send(UPLOAD);
        downloads.send(DOWNLOAD);
        eventually("the server has begun to answer", || server.requested("/app/half") > swap);
        let before: Vec<usize> = clients.iter().map(Asking::answered).collect();
        gateway.swap();
        eventually("every client goes on", || {
            let ended = clients.iter().any(Asking::has_ended);
            ended || clients.iter().zip(&before).all(|(client, before)| client.answered() > before + SHARE)
        });
        uploads.send("later");
        let uploaded = uploads.answer();
        assert_eq!(uploaded.text(), "ok");
        cue.give();
        assert_eq!(downloads.answer().text(), "firstlater");
        // Each connection gets an answer that says that it is the last, once its worker has heard of the swap.
        if uploaded.field("connection").is_none() {
            retire(&mut uploads);
        }
        retire(&mut downloads);
        retire(&mut idle);
        gateway.hears("tested has stopped");
    }
    clients.into_iter().for_each(Asking::end);
    gateway.signal(Signal::TERM);
    gateway.hears("tested has stopped");
}

/// The processors that threads of a process may use, each for itself or all together.
fn processors(pid: Pid) -> BTreeSet<usize> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid())).unwrap();
    let ids = threads.map(|thread| thread.unwrap().file_name().to_str().unwrap().parse().unwrap());
    ids.flat_map(|id| {
        let all = sched_getaffinity(Pid::from_raw(id)).unwrap();
        (0..CpuSet::MAX_CPU).filter(move |cpu| all.is_set(*cpu))
    })
    .collect()
}

#[test]
fn a_generation_has_the_processors_of_the_one_before() {
    let server = Server::ok();
    let mut gateway = Generations::begin(&mut command(BINARY, server.address));
    let first = processors(gateway.pids[0]);
    gateway.swap();
    assert_eq!(processors(gateway.pids[1]), first);
    gateway.signal(Signal::TERM);
}

#[test]
fn a_binary_that_does_not_start_leaves_the_one_that_serves() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop");
    let replace = |with: &dyn Fn(&std::path::Path)| {
        // As an upgrade does: what runs keeps its file, and the path gets another one.
        let fresh = folder.path().join("fresh");
        with(&fresh);
        std::fs::rename(&fresh, &path).unwrap();
    };
    replace(&|fresh| {
        std::fs::copy(BINARY, fresh).unwrap();
    });
    let mut started = command(path.to_str().unwrap(), server.address);
    let mut gateway = Generations::begin(&mut started);
    let address = gateway.address();
    let script = |text: &'static str| {
        move |fresh: &std::path::Path| {
            std::fs::write(fresh, text).unwrap();
            std::fs::set_permissions(fresh, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    };
    for (text, said) in [
        ("#!/bin/sh\nexit 3\n", "it ended with exit status: 3 before it served"),
        ("#!/bin/sh\nkill -9 $$\n", "it ended with signal: 9 (SIGKILL) before it served"),
        ("no program at all\n", "the next generation cannot be started"),
    ] {
        replace(&script(text));
        gateway.signal(Signal::USR2);
        gateway.hears(said);
        assert_eq!(Client::connect(address).ask(HELLO).status(), 200);
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    gateway.signal(Signal::USR2);
    gateway.hears("the next generation cannot be started: Permission denied");
    assert_eq!(Client::connect(address).ask(HELLO).status(), 200);
    // And a good one takes over after all.
    replace(&|fresh| {
        std::fs::copy(BINARY, fresh).unwrap();
    });
    gateway.swap();
    assert_eq!(Client::connect(address).ask(HELLO).status(), 200);
    gateway.signal(Signal::TERM);
}

#[test]
fn a_stop_in_the_middle_of_a_hand_over_stops_both() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop");
    std::fs::copy(BINARY, &path).unwrap();
    let mut gateway = Generations::begin(&mut command(path.to_str().unwrap(), server.address));
    let slow = "#!/bin/sh\nwhile :; do sleep 0.01; done\n";
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, slow).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    gateway.signal(Signal::USR2);
    gateway.started();
    // A second one is not started beside it.
    kill_process(gateway.pids[0], Signal::USR2).unwrap();
    gateway.hears("the next generation is starting already");
    kill_process(gateway.pids[0], Signal::TERM).unwrap();
    gateway.hears("tested has stopped");
    let status = format!("/proc/{}/stat", gateway.pids[1].as_raw_pid());
    eventually("the next generation ends too", || {
        // Nobody may have asked yet how it has ended.
        std::fs::read_to_string(&status).map_or(true, |status| status.contains(") Z "))
    });
}

#[test]
fn a_stop_is_announced_before_it_begins_and_says_what_it_has_cut() {
    let server = Server::new(Connection::wait);
    let mut command = command(BINARY, server.address);
    let mut gateway = Process::start(command.env("DRAIN", "1000").env("WAIT", "1000"));
    let mut busy = gateway.client();
    busy.send(UPLOAD);
    eventually("the half arrives", || server.received(0).ends_with(b"first"));
    gateway.terminate();
    assert_eq!(gateway.says(), "tested stops in 1 s\n");
    // Whoever has not heard of it yet is served as before.
    let answer = gateway.client().ask(HELLO);
    assert_eq!((answer.status(), answer.field("connection")), (200, None));
    refused(&busy.answer(), 503, "drained");
    let (well, _, err) = gateway.end();
    assert!(well);
    assert_eq!(err, "tested has stopped, and has cut 1 exchanges that were under way\n");
}

#[test]
fn a_service_manager_is_told_who_serves_and_that_it_stops() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hears = || {
        let mut text = [0; 256];
        let count = manager.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..count]).into_owned()
    };
    let mut gateway = Generations::begin(command(BINARY, server.address).env("NOTIFY_SOCKET", &path));
    assert_eq!(hears(), format!("READY=1\nMAINPID={}", gateway.pids[0].as_raw_pid()));
    // A manager waits for the end of its own children only, so each generation must be one when the manager hears of it.
    let managers = ancestors();
    for generation in 1..3 {
        gateway.signal(Signal::USR2);
        gateway.started();
        let pid = gateway.pids[generation];
        assert_eq!(hears(), format!("READY=1\nMAINPID={}", pid.as_raw_pid()));
        assert!(managers.contains(&parent(pid.as_raw_pid())), "{generation}");
        gateway.hears("tested has stopped");
    }
    gateway.signal(Signal::TERM);
    assert_eq!(hears(), "STOPPING=1");
}

/// The parent of a process.
fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, behind) = stat.rsplit_once(") ").unwrap();
    behind.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Who may get the orphans of what this process starts.
fn ancestors() -> Vec<i32> {
    std::iter::successors(Some(parent(rustix::process::getpid().as_raw_pid())), |pid| {
        (*pid > 1).then(|| parent(*pid))
    })
    .collect()
}

#[test]
fn a_page_that_is_open_holds_up_no_generation() {
    let server = Server::ok();
    let mut gateway = Generations::begin(command(BINARY, server.address).env("ADMIN", "127.0.0.1:0"));
    let admin = |line: &str| line.trim().rsplit_once("http://").unwrap().1.parse::<SocketAddr>().unwrap();
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut page = Client::connect(admin(&gateway.hears("tells of itself")));
    page.send(ask("/events"));
    eventually("the page is open", || {
        page.stirs() && show(page.held()).contains("\\\"generation\\\":\\\"1\\\"")
    });
    gateway.signal(Signal::USR2);
    gateway.started();
    let second = admin(&gateway.hears("tells of itself"));
    gateway.hears("serves, and tested drains");
    gateway.hears("tested has stopped");
    page.rest();
    let shown = Client::connect(second).ask(ask("/")).text();
    assert!(shown.contains("<dd id=\\\"fact-generation\\\">2</dd>"), "{shown}");
    gateway.signal(Signal::TERM);
}

#[test]
fn what_it_would_start_with_can_be_checked_without_a_start() {
    let server = Server::ok();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let check = |argument: &str| {
        let mut command = command(BINARY, server.address);
        run(command.env("LISTEN", taken.to_string()).args(["--check", argument]))
    };
    assert_eq!(check("--check"), (Some(0), String::new(), "tested can start with this\n".to_owned()));
    let (code, _, err) = check("--mots");
    assert!(code == Some(2) && err.starts_with("error: unknown argument `--mots`"), "{err}");
    // Files of who may come are read too: these are not there.
    let mut command = command(BINARY, server.address);
    let (code, _, err) = run(command.env("AUTHS", "1").arg("--check"));
    let start = "error: the keys of `customer`: /etc/tested/keys.pem cannot be read";
    assert!(code == Some(2) && err.starts_with(start), "{err}");
}

#[test]
fn a_gateway_that_was_found_by_its_name_is_found_again() {
    let server = Server::ok();
    let folder = std::path::Path::new(BINARY).parent().unwrap();
    let mut command = command(BINARY, server.address);
    command.arg0("tested").env("PATH", folder);
    let mut gateway = Generations::begin(&mut command);
    gateway.swap();
    assert_eq!(Client::connect(gateway.address()).ask(HELLO).status(), 200);
    gateway.signal(Signal::TERM);
}
