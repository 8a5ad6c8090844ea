//! The gateway as a process that is signalled, crowded, and heard by nobody.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::process::{Process, command};
use gatewright_tests::server::Server;
use rustix::process::{Pid, Signal, kill_process};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn whoever_waits_to_be_accepted_at_a_stop_is_answered() {
    let server = Server::ok();
    let gateway = Process::start_alone(&mut command(BINARY, server.address));
    gateway.suspend();
    let mut clients: Vec<Client> = (0..700)
        .map(|_| {
            let mut client = gateway.client();
            client.send(HELLO);
            client
        })
        .collect();
    // When it runs again, the connections and the signal are there at once.
    gateway.terminate();
    gateway.resume();
    for client in &mut clients {
        assert_eq!(client.answer().status(), 200);
    }
    drop(clients);
    let (well, log, _) = gateway.end();
    assert!(well);
    assert_eq!(log.lines().count(), 700);
}

#[test]
fn a_burst_of_connections_leaves_descriptors_for_servers() {
    let server = Server::ok();
    let mut shell = command("sh", server.address);
    let gateway = Process::start_alone(shell.args(["-c", "ulimit -n 256; exec \"$0\"", BINARY]));
    let before = gateway.descriptors();
    gateway.suspend();
    let mut clients: Vec<Client> = (0..600).map(|_| gateway.client()).collect();
    gateway.resume();
    let mut most = 0;
    let mut same = 0;
    eventually("it accepts no more", || {
        std::thread::sleep(Duration::from_millis(5));
        let now = gateway.descriptors();
        same = if now > most || now == before { 0 } else { same + 1 };
        most = most.max(now);
        same > 20
    });
    // Never more than three quarters, however many come at once.
    assert!(most - before > 100 && most - before <= 192, "{before} became {most}");
    // A server can still be reached, and those behind come in as those before them leave.
    assert_eq!(clients.remove(0).ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").text(), "ok");
    let mut last = clients.pop().unwrap();
    drop(clients);
    assert_eq!(last.ask(HELLO).status(), 200);
}

#[test]
fn a_signal_right_after_the_start_is_heard() {
    let server = Server::ok();
    for _ in 0..10 {
        let gateway = Process::start(&mut command(BINARY, server.address));
        gateway.terminate();
        let (well, _, err) = gateway.end();
        assert!(well);
        assert_eq!(err, "tested has stopped\n");
    }
}

#[test]
fn a_gateway_whose_words_nobody_reads_starts_serves_and_stops() {
    let server = Server::ok();
    // It cannot say where it listens, so that has to be known before.
    let address = TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap();
    let mut command = command(BINARY, server.address);
    let mut child = command.env("LISTEN", address.to_string()).stdout(Stdio::null()).spawn().unwrap();
    drop(child.stderr.take());
    // Nor when it is ready for signals, which the kernel knows.
    let status = format!("/proc/{}/status", child.id());
    eventually("it catches signals", || {
        let status = std::fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
        [Signal::TERM, Signal::USR2].iter().all(|signal| caught & (1 << (signal.as_raw() - 1)) != 0)
    });
    assert_eq!(Client::connect(address).ask(HELLO).status(), 200);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut status = None;
    eventually("it ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(0));
}
