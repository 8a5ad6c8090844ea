//! `deny ip`, `deny if`: refuses what is from these addresses, or what a condition holds for.

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
    /// The networks from which no request may come.
    pub ip: Option<Setting<&'static [(IpAddr, u8)]>>,
    /// What must not hold.
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
        if self.denies(x) {
            say_when(x, self.retry_after);
            Flow::Refuse(Reason { status: self.status, ..Reason::DENIED })
        } else {
            Flow::Next
        }
    }

    fn denies(&self, x: &Exchange) -> bool {
        let from = self.ip.as_ref().is_some_and(|list| {
            // Without a set nobody is known not to be in it.
            x.state::<State>(self.state)
                .is_none_or(|state| list.networks(x, &state.networks).contains(x.client_ip()))
        });
        from || self.r#if.is_some_and(|holds| holds(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::new_state;

    #[test]
    fn refuses_whom_it_names_and_what_its_condition_holds_for() {
        static ONE: Config = Config {
            ip: Some(Setting::Is(&[(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 32)])),
            r#if: None,
            status: 403,
            retry_after: None,
            state: Slot(0),
        };
        static QUERY: Config = Config {
            ip: None,
            r#if: Some(|x| x.head().query().is_some()),
            status: 410,
            retry_after: None,
            state: Slot(0),
        };
        let mut x = Exchange::reading("GET /?a HTTP/1.1\nHost: a").with_states(&[new_state::<State>]);
        x.client = "192.0.2.7".parse().unwrap();
        assert!(matches!(ONE.request(&mut x), Flow::Refuse(Reason::DENIED)));
        x.client = "192.0.2.8".parse().unwrap();
        assert!(matches!(ONE.request(&mut x), Flow::Next));
        assert!(matches!(QUERY.request(&mut x), Flow::Refuse(Reason { status: 410, .. })));
        x.shared = None;
        assert!(matches!(ONE.request(&mut x), Flow::Refuse(_)), "nobody is known not to be named");
    }
}
