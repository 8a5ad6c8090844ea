//! Looks for the servers of one name: all of its addresses, or those of the targets that its SRV records name.

use std::net::SocketAddr;
use std::task::Poll;

use hickory_proto::rr::Name;

use super::LOOK;
use super::ask::Asker;
use super::message::{Answer, Datum, Kind};
use crate::clock::Alarm;
use crate::place::Named;

/// Targets of SRV records that are looked for, the lowest priorities first.
const TARGETS: usize = 64;

/// One server of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) backup: bool,
    pub(super) address: SocketAddr,
    pub(super) weight: u32,
    /// It is one of those that are asked for as AAAA, and not as A.
    pub(super) is_six: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) found: Vec<Found>,
    /// How many seconds that is good.
    pub(super) ttl: Option<u32>,
    /// Why there may be more than was found.
    pub(super) failure: Option<String>,
    /// Where that is only so of addresses of some kind: whether it is of A, and of AAAA.
    pub(super) lacks: [bool; 2],
}

impl Look {
    fn good_for(&mut self, ttl: Option<u32>) {
        self.ttl = match (self.ttl, ttl) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
    }
}

/// Looks once, within a bounded time.
pub(super) async fn look_in_time(asker: &Asker, named: &Named, name: &Name, alarm: &Alarm) -> Look {
    let (mut work, mut late) =
        (std::pin::pin!(look(asker, named, name)), std::pin::pin!(asker.clock.wait(alarm, LOOK)));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(look) => Poll::Ready(look),
        Poll::Pending => late.as_mut().poll(cx).map(|_| Look {
            failure: Some(format!("it takes longer than {}s", LOOK.as_secs())),
            ..Look::default()
        }),
    })
    .await
}

/// Looks once.
async fn look(asker: &Asker, named: &Named, name: &Name) -> Look {
    let Some(port) = named.port else { return services(asker, named, name).await };
    let mut look = Look::default();
    for address in addresses(asker, name, &mut look).await {
        let is_six = address.is_ipv6();
        let address = SocketAddr::new(address, port);
        look.found.push(Found { address, weight: named.weight, backup: named.backup, is_six });
    }
    look
}

/// Both kinds of addresses of a name.
async fn addresses(asker: &Asker, name: &Name, look: &mut Look) -> Vec<std::net::IpAddr> {
    let (four, six) = both(asker.ask(name, Kind::A), asker.ask(name, Kind::Aaaa)).await;
    let (mut addresses, mut denied) = (Vec::new(), None);
    let [lacks_four, lacks_six] = &mut look.lacks;
    *lacks_four |= four.is_err();
    *lacks_six |= six.is_err();
    for answer in [four, six] {
        match answer {
            Ok(Answer::Found(data, ttl)) => {
                look.good_for(Some(ttl));
                addresses.extend(data.into_iter().filter_map(|datum| match datum {
                    Datum::Address(address) => Some(address),
                    Datum::Service { .. } => None,
                }));
            }
            Ok(Answer::Denied(ttl)) => denied = denied.or(ttl),
            Err(failure) => look.failure = Some(failure),
        }
    }
    // That a name has no address of one kind is no news where it has one of the other.
    if addresses.is_empty() {
        look.good_for(denied);
    }
    addresses
}

/// RFC 2782: those of the lowest priority are asked first, the others where none of them is in.
async fn services(asker: &Asker, named: &Named, name: &Name) -> Look {
    let mut look = Look::default();
    let mut targets: Vec<(u16, u16, u16, Name)> = Vec::new();
    match asker.ask(name, Kind::Srv).await {
        Ok(Answer::Found(data, ttl)) => {
            look.good_for(Some(ttl));
            targets.extend(data.into_iter().filter_map(|datum| match datum {
                // A target that is the root says that there is no such service.
                Datum::Service { priority, weight, port, target } if !target.is_root() && port != 0 => {
                    Some((priority, weight, port, target))
                }
                _ => None,
            }));
        }
        Ok(Answer::Denied(ttl)) => look.good_for(ttl),
        Err(failure) => look.failure = Some(failure),
    }
    targets.sort_by(|a, b| (a.0, &a.3, a.2).cmp(&(b.0, &b.3, b.2)));
    targets.truncate(TARGETS);
    let mut lowest = None;
    for (priority, weight, port, target) in targets {
        for address in addresses(asker, &target, &mut look).await {
            // The first that has an address is of the lowest priority.
            let lowest = *lowest.get_or_insert(priority);
            look.found.push(Found {
                address: SocketAddr::new(address, port),
                // One of weight 0 is asked seldom, not never.
                weight: named.weight.saturating_mul(u32::from(weight).max(1)),
                backup: named.backup || priority > lowest,
                is_six: address.is_ipv6(),
            });
        }
    }
    look
}

/// Waits for two at once.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut of_a, mut of_b) = (None, None);
    std::future::poll_fn(|cx| {
        if of_a.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(cx)
        {
            of_a = Some(done);
        }
        if of_b.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(cx)
        {
            of_b = Some(done);
        }
        match (of_a.take(), of_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (of_a, of_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
