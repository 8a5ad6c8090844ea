//! `cargo xtask try`: the repository's gateway in front of two small real services, on this machine only.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::cargo::{cargo, released};
use crate::family::Family;
use crate::shown::{GATEWAY_PORT, REQUESTS, SERVICE_PORTS, Shown};

/// How long services and gateway may take to answer for the first time.
const START_MAX: Duration = Duration::from_secs(10);

/// When it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// At Ctrl-C.
    Interrupted,
    /// When each request that is shown was sent once and answered as promised.
    Tried,
}

/// Builds, starts, shows, ends.
///
/// # Errors
/// When a port is taken, when something does not build or start, or when an answer is not the promised one.
pub(crate) fn run(until: Until) -> Result<(), String> {
    for port in SERVICE_PORTS.into_iter().chain([GATEWAY_PORT]) {
        demand_free(port)?;
    }
    build()?;
    let mut family = Family::new().map_err(|error| format!("cannot listen to signals: {error}"))?;
    family.start("the services", &mut Command::new(released("backends")))?;
    for port in SERVICE_PORTS {
        if !answers_within(&mut family, port)? {
            return Ok(());
        }
    }
    family.start("the gateway", &mut Command::new(released("gateway")))?;
    if !answers_within(&mut family, GATEWAY_PORT)? {
        return Ok(());
    }
    match until {
        Until::Interrupted => {
            show();
            while !family.pause()? {}
            println!("\nending the gateway and the services");
            Ok(())
        }
        Until::Tried => REQUESTS.iter().try_for_each(send),
    }
}

fn demand_free(port: u16) -> Result<(), String> {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).err();
    taken
        .map_or(Ok(()), |error| Err(format!("port {port} on 127.0.0.1 is needed and cannot be had: {error}")))
}

fn build() -> Result<(), String> {
    let words = ["build", "--release", "--package", "gateway", "--package", "gatewright-examples", "--bins"];
    let status = cargo().args(words).status().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err("the gateway could not be built".into()) }
}

/// Waits until a port answers HTTP. Returns whether it did, rather than being interrupted.
fn answers_within(family: &mut Family, port: u16) -> Result<bool, String> {
    let begin = Instant::now();
    while !answers(port) {
        if begin.elapsed() > START_MAX {
            return Err(format!(
                "nothing answers at http://127.0.0.1:{port} after {} s",
                START_MAX.as_secs()
            ));
        }
        if family.pause()? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let is_bounded = stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok();
    let is_sent = stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").is_ok();
    let mut first = [0; 5];
    is_bounded && is_sent && stream.read_exact(&mut first).is_ok() && first == *b"HTTP/"
}

fn show() {
    println!("\nThe gateway of gateway.gw answers at http://127.0.0.1:{GATEWAY_PORT}");
    println!(
        "in front of `orders` and `users` at 127.0.0.1, ports {SERVICE_PORTS:?}. Try, in another terminal:\n"
    );
    for shown in REQUESTS {
        println!("  {}\n      {}: {}", shown.line(), shown.what, shown.status);
    }
    println!("\nCtrl-C ends everything. Edit gateway.gw and run this again.\n");
}

/// Sends one of the shown requests with curl, and demands the promised status.
fn send(shown: &Shown) -> Result<(), String> {
    println!("{}", shown.line());
    let report = ["--silent", "--show-error", "--max-time", "10", "--write-out", "\n%{http_code}"];
    let sent = Command::new("curl").args(report).args(shown.words).arg(shown.url()).output();
    let Output { status, stdout, stderr } =
        sent.map_err(|error| format!("curl cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!("{}: {}", shown.line(), String::from_utf8_lossy(&stderr).trim()));
    }
    let text = String::from_utf8_lossy(&stdout);
    let (answer, code) = text.rsplit_once('\n').unwrap_or_default();
    println!("{}\n", answer.trim_end());
    if code == shown.status.to_string() {
        Ok(())
    } else {
        Err(format!("{}: answered {code}, not {}", shown.line(), shown.status))
    }
}
