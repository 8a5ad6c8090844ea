//! `only ip`, `only if`: refuses what is not from these addresses, or what a condition does not hold for.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use crate::exchange::{Exchange, Flow, say_when};
use crate::network::Networks;
use crate::params::Setting;
use crate::reason::Reason;
use crate::shared::Slot;

/// One guard of a route: exactly one of `ip` and `if`.
#[derive(Debug)]
pub struct Config {
    /// The networks from which requests may come.
    pub ip: Option<Setting<&'static [(IpAddr, u8)]>>,
    /// What must hold.
    pub r#if: Option<fn(&Exchange) -> bool>,
    /// The status of the refusal.
    pub status: u16,
    /// After how long whoever is refused may come again; from 1 s to 24 h.
    pub retry_after: Option<Setting<Duration>>,
    /// Where the set of addresses is.
    pub state: Slot,
}

/// The set of addresses of one guard.
#[derive(Debug, Default)]
pub struct State {
    /// Made with the first request, where they are written.
    networks: OnceLock<Networks>,
}

impl Config {
    /// Refuses, or lets through.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        if self.allows(x) {
            Flow::Next
        } else {
            say_when(x, self.retry_after);
            Flow::Refuse(Reason { status: self.status, ..Reason::NOT_ALLOWED })
        }
    }

    fn allows(&self, x: &Exchange) -> bool {
        let from = self.ip.as_ref().is_none_or(|list| {
            x.state::<State>(self.state)
                .is_some_and(|state| list.networks(x, &state.networks).contains(x.client_ip()))
        });
        from && self.r#if.is_none_or(|holds| holds(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::new_state;

    fn asked(config: &'static Config, client: &str) -> Flow {
        let mut x = Exchange::reading("GET / HTTP/1.1\nHost: a").with_states(&[new_state::<State>]);
        x.client = client.parse().unwrap();
        config.request(&mut x)
    }

    #[test]
    fn lets_through_whom_it_names_and_nobody_else() {
        static LOCAL: Config = Config {
            ip: Some(Setting::Is(&[(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 0)), 8)])),
            r#if: None,
            status: 404,
            retry_after: None,
            state: Slot(0),
        };
        assert!(matches!(asked(&LOCAL, "10.1.2.3"), Flow::Next));
        for other in ["11.0.0.1", "::1", "::ffff:10.0.0.1"] {
            let Flow::Refuse(reason) = asked(&LOCAL, other) else { panic!("{other}") };
            assert_eq!((reason.word, reason.status), ("not_allowed", 404));
        }
    }

    #[test]
    fn an_empty_list_lets_nobody_through() {
        static NOBODY: Config =
            Config { ip: Some(Setting::Is(&[])), r#if: None, status: 403, retry_after: None, state: Slot(0) };
        assert!(matches!(asked(&NOBODY, "10.1.2.3"), Flow::Refuse(_)));
        assert!(matches!(NOBODY.request(&mut Exchange::default()), Flow::Refuse(_)), "nor does no list");
    }

    #[test]
    fn a_condition_that_does_not_hold_refuses() {
        const fn when(r#if: fn(&Exchange) -> bool) -> Config {
            Config { ip: None, r#if: Some(r#if), status: 403, retry_after: None, state: Slot(0) }
        }
        static ROOT: Config = when(|x| x.head().path() == b"/");
        static OTHER: Config = when(|x| x.head().path() != b"/");
        assert!(matches!(asked(&ROOT, "::1"), Flow::Next));
        assert!(matches!(asked(&OTHER, "::1"), Flow::Refuse(Reason::NOT_ALLOWED)));
    }
}
