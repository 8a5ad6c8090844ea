//! Calls that begin late: what is left for them is no time by which a server is judged.

use std::time::Duration;

use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

use super::aggregate::{get, ok, setup};

#[test]
fn a_call_that_had_little_of_the_time_counts_against_no_server() {
    let cue = Cue::default();
    let users = {
        let cue = cue.clone();
        Server::new(move |connection| {
            loop {
                connection.request()?;
                cue.wait()?;
                connection.write(ok(r#"{"segment":"vip","name":"Ada"}"#))?;
            }
        })
    };
    let fragile = Server::new(|connection| {
        loop {
            if connection.request()?.target() == "/of/vip" {
                return connection.wait();
            }
            connection.write(ok("1"))?;
        }
    });
    let gate = setup([Some(&users), None, None, None, Some(&fragile)]).start();
    let late = |first_takes: u64| {
        let (before, until) = (fragile.requests().len(), gate.clock.now() + first_takes * 1_000);
        let mut client = gate.client();
        client.send(get("/late"));
        eventually("the first is asked", || users.requests().len() == before + 1);
        gate.advance_until(Duration::from_millis(50), || gate.clock.now() >= until);
        cue.give();
        eventually("the second is asked", || fragile.requests().len() == before + 1);
        gate.advance_until(Duration::from_millis(50), || client.stirs());
        client.answer().field("x-incomplete").unwrap()
    };
    let said = || gate.ask(get("/fragile")).field("x-incomplete");
    for _ in 0..3 {
        assert_eq!(late(800), "behind=upstream_timeout");
    }
    gate.clock.advance(Duration::from_secs(1));
    for _ in 0..2 {
        assert_eq!(late(100), "behind=upstream_timeout");
    }
    assert_eq!(said().as_deref(), Some("it=breaker_open"));
}
