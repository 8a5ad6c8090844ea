//! What is said of the time that an exchange has: by a proxy in front of the gateway, and to servers behind it.
//!
//! It is a number of milliseconds that are left, in decimal digits, as Envoy's `x-envoy-expected-rq-timeout-ms` is: clocks need
//! not agree.

use crate::clock::Micros;
use crate::exchange::Exchange;
use crate::head::write_number;

/// Hears what is said in the field of the timeout, if it has one: a proxy that is trusted can make the time shorter, and nobody
/// longer. `false`: it is over already.
pub(super) fn receive(x: &mut Exchange, trusted: bool) -> bool {
    let Some(name) = x.waits.forward else { return true };
    if trusted {
        let least = x.head.field(name).filter_map(milliseconds).min();
        let left = least.map_or(Micros::MAX, |left| left.saturating_mul(1_000));
        x.waits.is_cut = left < x.waits.total;
        x.waits.total = x.waits.total.min(left);
    }
    x.edits.take(&mut x.head, name);
    x.waits.total > 0
}

/// Tells the server that is asked next how long it has. `by` is when this try ends, whatever time is left.
pub(crate) fn tell(x: &mut Exchange, now: Micros, by: Micros) {
    let Some(name) = x.waits.forward else { return };
    let end = x.record.asked.saturating_add(x.waits.total).min(by);
    x.edits.drop_lines(name);
    x.edits.add_line(name, |out| write_number(end.saturating_sub(now) / 1_000, out));
}

/// A number of milliseconds; one that is larger than can be counted is as good as none.
fn milliseconds(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(value).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Waits;
    use crate::reason::Reason;

    const SECOND: Micros = 1_000_000;

    fn said(field: &str, trusted: bool) -> (Micros, bool) {
        let mut x = Exchange::reading(&format!("GET / HTTP/1.1\nHost: a\n{field}"));
        x.waits = Waits { total: 2 * SECOND, forward: Some("x-left"), ..Waits::default() };
        let is_left = receive(&mut x, trusted);
        assert!(!x.sent().contains("eft:"), "it is not passed on: {}", x.sent());
        let is_cut = x.waits.total < 2 * SECOND;
        assert_eq!(
            [Reason::UPSTREAM_TIMEOUT, Reason::UPSTREAM_CLOSED].map(|it| x.waits.counts(it, 0)),
            [!is_cut, true]
        );
        (x.waits.total, is_left)
    }

    #[test]
    fn a_trusted_proxy_makes_the_time_shorter_and_nobody_longer() {
        assert_eq!(said("X-Left: 500", true), (500_000, true));
        assert_eq!(said("x-left: 2001", true), (2 * SECOND, true));
        assert_eq!(said("X-Left: 500", false), (2 * SECOND, true));
        assert_eq!(said("X-Left: 700\nX-Left: 500", true), (500_000, true), "the least of several");
        assert_eq!(said("X-Left: 0", true), (0, false));
        assert_eq!(
            said("X_Left: 1", true),
            (2 * SECOND, true),
            "whoever says it in another way is not heard"
        );
    }

    #[test]
    fn what_is_no_number_is_not_believed() {
        for value in ["", "-1", "+1", "1.5", "5s", "0x5", "1 2", "99999999999999999999999"] {
            assert_eq!(said(&format!("X-Left: {value}"), true), (2 * SECOND, true), "{value}");
        }
    }

    #[test]
    fn a_server_is_told_what_is_left_for_this_try() {
        let mut x = Exchange::reading("GET / HTTP/1.1\nHost: a");
        x.waits = Waits { total: 2 * SECOND, forward: Some("x-left"), ..Waits::default() };
        x.record.asked = SECOND;
        let mut told = |now, by| {
            tell(&mut x, now, by);
            x.sent().lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(told(SECOND + 1, Micros::MAX), "x-left: 1999");
        assert_eq!(told(2 * SECOND, 2 * SECOND + 500_000), "x-left: 500");
        assert_eq!(told(4 * SECOND, Micros::MAX), "x-left: 0");
        assert_eq!(x.sent().matches("x-left").count(), 1, "each try has one of its own");
    }
}
