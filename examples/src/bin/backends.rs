//! Two small services on loopback, for a gateway to stand in front of: `backends [ORDERS_PORT USERS_PORT]`.
#![allow(clippy::print_stderr, reason = "a program for the terminal")]

use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::thread;

use gatewright_examples::{connection::Handler, orders, serve, users};

fn main() -> ExitCode {
    let ports: Vec<String> = std::env::args().skip(1).collect();
    let ports = match ports.as_slice() {
        [] => Some((9001, 9002)),
        [orders, users] => orders.parse().ok().zip(users.parse().ok()),
        _ => None,
    };
    let Some((orders_port, users_port)) = ports else {
        eprintln!("usage: backends [ORDERS_PORT USERS_PORT]");
        return ExitCode::from(2);
    };
    // Both are opened before either serves: whoever finds one port open finds both.
    let Some((orders_at, users_at)) = open(orders_port).zip(open(users_port)) else {
        return ExitCode::FAILURE;
    };
    thread::spawn(move || run("orders", &orders_at, orders::answer));
    run("users", &users_at, users::answer);
    ExitCode::FAILURE
}

fn open(port: u16) -> Option<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    listener.inspect_err(|error| eprintln!("backends: cannot listen on 127.0.0.1:{port}: {error}")).ok()
}

fn run(name: &'static str, listener: &TcpListener, handler: Handler) {
    if let Err(error) = serve(name, listener, handler) {
        eprintln!("{name}: cannot accept connections any more: {error}");
    }
}
