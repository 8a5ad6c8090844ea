//! Generations of a gateway that inherit the same listening sockets, one after the other, while clients go on.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{JoinHandle, spawn};

use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::process::{Process, inheriting, run};
use gatewright_tests::server::Server;
use socket2::{Domain, Socket, Type};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const HELLO: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const SWAPS: usize = 5;
/// Answers that each kind of client gets from one generation.
const SHARE: usize = 40;

/// Sockets that share one address, as a gateway opens them for its workers.
fn sockets(count: usize) -> Vec<TcpListener> {
    let mut address = SocketAddr::from(([127, 0, 0, 1], 0));
    let open = |address: SocketAddr| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(1024).unwrap();
        TcpListener::from(socket)
    };
    let mut all = Vec::new();
    for _ in 0..count {
        let socket = open(address);
        address = socket.local_addr().unwrap();
        all.push(socket);
    }
    all
}

/// A client that asks until it is told to stop, and counts its answers.
pub(super) struct Asking {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Asking {
    fn begin(ask: impl Fn() + Send + 'static) -> Self {
        let (stop, answers) = <(Arc<AtomicBool>, Arc<AtomicUsize>)>::default();
        let (stopped, answered) = (Arc::clone(&stop), Arc::clone(&answers));
        let thread = spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                ask();
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { stop, answers, thread }
    }

    pub(super) fn answered(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    /// Whether it has ended by itself, which it does only where a request is lost.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    pub(super) fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no request was lost");
    }
}

/// A connection for each request.
pub(super) fn fresh(to: SocketAddr) -> Asking {
    Asking::begin(move || assert_eq!(Client::connect(to).ask(LAST).text(), "ok"))
}

/// One connection for as long as the gateway keeps it.
pub(super) fn kept(to: SocketAddr) -> Asking {
    let client = std::sync::Mutex::new(None);
    Asking::begin(move || {
        let mut client = client.lock().unwrap();
        let answer = client.get_or_insert_with(|| Client::connect(to)).ask(HELLO);
        assert_eq!(answer.text(), "ok");
        if answer.field("connection").as_deref() == Some("close") {
            *client = None;
        }
    })
}

#[test]
fn no_request_is_lost_while_one_generation_follows_the_other() {
    let server = Server::ok();
    let sockets = sockets(std::thread::available_parallelism().unwrap().get());
    let address = sockets[0].local_addr().unwrap();
    let start = || Process::start(&mut inheriting(BINARY, server.address, &sockets, Some(&names(&sockets))));
    let mut generations = vec![start()];
    assert_eq!(generations[0].address, address);
    let clients = [fresh(address), kept(address), fresh(address), kept(address)];
    for _ in 0..SWAPS {
        let before: Vec<usize> = clients.iter().map(Asking::answered).collect();
        generations.push(start());
        generations[generations.len() - 2].terminate();
        eventually("every client goes on", || {
            let ended = clients.iter().any(Asking::has_ended);
            ended || clients.iter().zip(&before).all(|(client, before)| client.answered() > before + SHARE)
        });
    }
    clients.into_iter().for_each(Asking::end);
    let last = generations.pop().unwrap();
    for generation in generations {
        assert!(generation.end().0, "a generation that was told to stop has stopped well");
    }
    assert_eq!(last.client().ask(LAST).text(), "ok");
}

#[test]
fn who_waits_in_a_socket_is_answered_by_the_next_generation() {
    let server = Server::ok();
    let sockets = sockets(1);
    // Nobody has ever accepted here.
    let mut client = Client::connect(sockets[0].local_addr().unwrap());
    client.send(LAST);
    let _gateway = Process::start(&mut inheriting(BINARY, server.address, &sockets, Some("listener-0")));
    assert_eq!(client.answer().text(), "ok");
}

#[test]
fn sockets_that_do_not_fit_keep_it_from_starting() {
    let server = Server::ok();
    let (fitting, dead) = (sockets(1), TcpStream::connect(server.address).unwrap());
    for (names, said) in [
        (None, "error: descriptor 3 of LISTEN_FDS listens on 127.0.0.1:"),
        (
            Some("listener-1"),
            "descriptor 3 of LISTEN_FDS is named `listener-1`, and this gateway has 1 listeners",
        ),
        (Some("listener-0:listener-0"), "LISTEN_FDNAMES has 2 names for 1 sockets"),
    ] {
        let (code, out, err) = run(&mut inheriting(BINARY, server.address, &fitting, names));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(said), "{err}");
    }
    let connected = TcpListener::from(std::os::fd::OwnedFd::from(dead));
    let (code, _, err) = run(&mut inheriting(BINARY, server.address, &[connected], Some("listener-0")));
    assert!(code == Some(2) && err.contains("does not listen"), "{err}");
}

fn names(sockets: &[TcpListener]) -> String {
    vec!["listener-0"; sockets.len()].join(":")
}
