//! The gateway under test as a process of its own: `LISTEN` and `APP` say where it listens and where its server is, `LOG` the file
//! of its log, if it has one, `ADMIN` where it is asked about itself, `LIVE` the file of a live value, `KEPT` that in which others are kept, `DRAIN` and `WAIT` how many milliseconds
//! it takes to stop, `MEMORY` how many bytes it takes, `KEYS` the URL of keys, `TRACE` that of a collector, `ROOTS` the file of
//! who is believed there, `CERTIFICATE` and `KEY` those of what it shows there, and `NAMES` who is asked for its name. With `AUTHS` it is another one, with files of who may come; with `CHARGED` one
//! with what takes memory; with `GIVEN`
//! one whose collector and log start-up says; with `OUTAGES`, which is the time of an outage in milliseconds, one whose server at `OTHER`
//! is left out, or whose breaker opens where there is none.

use std::process::ExitCode;
use std::time::Duration;

use gatewright_runtime::generated::{AccessLog, Admin, Capacity, Drain, Program, Setting};
use gatewright_tests::key_hosts::key_hosts_at;
use gatewright_tests::program;
use gatewright_tests::span_hosts::{front_given_at, span_hosts_at};

fn main() -> ExitCode {
    let address =
        |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (listen, app) = (address("LISTEN", program::ANYWHERE), address("APP", program::APP));
    let text = |name: &str| std::env::var(name).ok().map(|text| &*text.leak());
    let is = |name: &str| std::env::var_os(name).is_some();
    let names = address("NAMES", program::ANYWHERE);
    let own = [text("CERTIFICATE"), text("KEY")];
    let millis = |name: &str| {
        let millis = std::env::var(name).ok().and_then(|text| text.parse().ok());
        millis.map(Duration::from_millis)
    };
    let program = match (text("LIVE"), text("KEYS"), text("TRACE"), millis("OUTAGES")) {
        (Some(file), ..) => program::live_at(listen, app, file, text("KEPT")),
        (_, Some(url), ..) => key_hosts_at(url, text("ROOTS"), own, names),
        (_, _, Some(url), _) => span_hosts_at(url, text("ROOTS"), own, names),
        (.., Some(time)) => program::failing_at(app, is("OTHER").then(|| address("OTHER", app)), time),
        _ if is("AUTHS") => program::replaced(),
        _ if is("CHARGED") => program::charged_at(listen),
        _ if is("GIVEN") => front_given_at(),
        _ => program::at(listen, app),
    };
    let time = |name: &str| millis(name).map(Setting::Is);
    let drain = time("DRAIN").zip(time("WAIT")).map(|(within, wait)| Drain { within, wait });
    let memory = std::env::var("MEMORY").ok().and_then(|text| text.parse().ok());
    let capacity = memory.map(|memory| Capacity {
        connections: None,
        in_flight: None,
        memory: Some(Setting::Is(memory)),
        retry_after: Setting::Is(Duration::from_secs(1)),
    });
    let admin = std::env::var("ADMIN").ok().and_then(|text| text.parse().ok());
    let admin = admin.map(|address| Admin { address: Setting::Is(address), keep: None }).or(program.admin);
    let file = std::env::var("LOG").ok().map(|file| AccessLog::File(Setting::Is(file.leak())));
    let access_log = file.unwrap_or(program.access_log);
    let program = Box::leak(Box::new(Program { access_log, admin, drain, capacity, ..*program }));
    gatewright_runtime::generated::main(program)
}
