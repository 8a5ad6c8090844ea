//! What is known of each upstream: which of its servers can be asked, its breaker, who waits for it; and what of that needs a look.

use super::format::{count, left, rate, share, weight_of};
use super::{LONG, MINUTE, SHORT, Seen, heaviest, note, row};
use crate::admin::table::{Cell, Column, Kind, Table};
use crate::metrics::Row;
use crate::program;
use crate::upstream::breaker::State;
use crate::upstream::set::Set;

/// Rows that are shown.
const MOST: usize = 100;
/// What needs a look is said of so many upstreams.
const ALERTS: usize = 8;

const COLUMNS: &[Column] = &[
    Column { head: "Upstream", title: "its name", kind: Kind::Name },
    Column { head: "Servers in", title: "addresses that can be asked, of all that it has", kind: Kind::Text },
    Column {
        head: "Breaker",
        title: "whether requests go through; failures among those that are looked at",
        kind: Kind::Text,
    },
    Column {
        head: "At servers",
        title: "requests that are under way, of how many may be",
        kind: Kind::Number,
    },
    Column { head: "Queued", title: "requests that wait, of how many may", kind: Kind::Number },
    Column { head: "10 s", title: "tries a second in the last 10 seconds", kind: Kind::Number },
    Column { head: "1 min", title: "tries a second in the last minute", kind: Kind::Number },
    Column {
        head: "Failed",
        title: "tries of the last 5 minutes that were answered with 500 to 599, or not at all",
        kind: Kind::Number,
    },
];

/// An upstream at one moment.
pub(super) struct Upstream {
    pub(super) number: usize,
    pub(super) declared: &'static program::Upstream,
    pub(super) set: Set,
    /// Addresses that can be asked.
    usable: usize,
    /// So few can be asked that all are.
    panics: bool,
    breaker: Option<State>,
}

impl Upstream {
    /// What needs a look.
    fn trouble(&self) -> Option<String> {
        let all = self.set.places.len();
        let breaker = match self.breaker {
            Some(State::Open) => Some("its breaker is open".to_owned()),
            Some(State::HalfOpen) => Some("its breaker is half open".to_owned()),
            Some(State::Closed) | None => None,
        };
        let servers = match (all, self.usable) {
            (0, _) => Some("it has no address".to_owned()),
            (all, usable) if usable < all && self.panics => {
                Some(format!("{} of {all} servers out, so all are asked", all - usable))
            }
            (all, usable) => (usable < all).then(|| format!("{} of {all} servers out", all - usable)),
        };
        let said: Vec<String> = breaker.into_iter().chain(servers).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

/// All upstreams.
pub(super) fn all(seen: &Seen) -> Vec<Upstream> {
    let (now, program) = (seen.look.now(), seen.gateway.program);
    let one = |(number, (declared, published)): (
        usize,
        (&'static program::Upstream, &std::sync::Arc<crate::upstream::set::Published>),
    )| {
        let set = published.get();
        let known = || set.places.iter().zip(&set.standings.servers);
        let usable = known().filter(|(_, standing)| standing.is_in(now)).count();
        let own = |is_wanted: bool| {
            known().filter(|(place, it)| !place.backup && (!is_wanted || it.is_in(now))).count() as u64
        };
        let no_backup = !known().any(|(place, standing)| place.backup && standing.is_in(now));
        let panics = no_backup && own(true) * 1_000_000 < own(false) * u64::from(declared.balance.panic);
        let breaker = set.standings.breaker.as_ref().map(|breaker| breaker.state(now));
        Upstream { number, declared, set, usable, panics, breaker }
    };
    program.upstreams.iter().zip(&seen.gateway.sets).enumerate().map(one).collect()
}

/// A sentence for each upstream that needs a look.
pub(super) fn alerts(all: &[Upstream]) -> Vec<String> {
    let mut said = all.iter().filter_map(|upstream| {
        Some(format!("Upstream {}: {}.", upstream.declared.name, upstream.trouble()?))
    });
    let mut alerts: Vec<String> = said.by_ref().take(ALERTS).collect();
    let further = said.count();
    if further > 0 {
        alerts.push(format!("{further} more upstreams."));
    }
    alerts
}

pub(super) fn table(seen: &Seen, all: &[Upstream]) -> Table {
    let wanted = all.iter().filter(|upstream| {
        let servers = seen.look.servers_of(upstream.number).map(|(_, name)| name);
        let texts: Vec<&str> = std::iter::once(upstream.declared.name).chain(servers).collect();
        seen.filter.holds(&texts)
    });
    let weighed = wanted.map(|upstream| {
        let rates =
            seen.look.servers_of(upstream.number).map(|(row, _)| seen.look.rate(Row::Server(row), MINUTE));
        let weight = if upstream.trouble().is_some() { u64::MAX } else { rates.sum() };
        (weight, upstream)
    });
    let (shown, all) = heaviest(weighed.collect(), MOST);
    let rows: Vec<_> = shown.into_iter().map(|upstream| one(seen, upstream)).collect();
    Table {
        id: "upstreams",
        title: "Upstreams",
        caption: "Upstreams: servers that can be asked, breakers, queues and failures",
        note: note(rows.len(), all, seen.filter, ""),
        empty: "There is none.",
        is_wide: true,
        columns: COLUMNS,
        rows,
    }
}

fn one(seen: &Seen, upstream: &Upstream) -> crate::admin::table::Row {
    let look = seen.look;
    let servers: Vec<usize> = look.servers_of(upstream.number).map(|(row, _)| row).collect();
    let sum = |window| {
        let counted = servers.iter().map(|row| look.counted(Row::Server(*row), window));
        counted.fold((0, 0, 0), |(count, failed, over): (u32, u32, u64), (more, bad, time)| {
            (count.wrapping_add(more), failed.wrapping_add(bad), over.max(time))
        })
    };
    let per_second = |window| {
        let (count, _, over) = sum(window);
        let rate_of = crate::metrics::per_second(count, over);
        Cell::number(rate(rate_of), rate_of).class(if rate_of == 0 { "nil" } else { "" })
    };
    let in_flight: u64 = servers.iter().map(|row| look.in_flight(*row)).sum();
    let permits = upstream.set.standings.permits.as_ref();
    let (taken, queued) = match permits {
        None => (Cell::number(count(in_flight), in_flight), Cell::none()),
        Some(permits) => {
            let (most, room) = permits.bounds();
            let (taken, waiting) = (permits.taken(), permits.waiting());
            let refused = permits.full() + permits.late();
            let waits = Cell::number(count(waiting.into()), waiting.into())
                .with(format!("of {}", count(room.into())));
            let waits = if refused > 0 {
                waits.with(format!("of {}, {} refused", count(room.into()), count(refused)))
            } else {
                waits
            };
            (
                Cell::number(count(taken.into()), taken.into())
                    .with(format!("of {}", count(most.into())))
                    .class(if taken >= most { "warn" } else { "" }),
                waits.class(if waiting > 0 { "warn" } else { "" }),
            )
        }
    };
    let (all, failed, _) = sum(LONG);
    let failures = share(failed, all).map_or_else(Cell::none, |(text, millionths)| {
        let cell = Cell::number(count(failed.into()), millionths).class(weight_of(millionths));
        if failed > 0 { cell.with(text) } else { cell }
    });
    let cells = vec![
        Cell::text(upstream.declared.name),
        servers_in(upstream),
        breaker(upstream, look.now()),
        taken,
        queued,
        per_second(SHORT),
        per_second(MINUTE),
        failures,
    ];
    row(upstream.number.to_string(), cells)
}

fn servers_in(upstream: &Upstream) -> Cell {
    let all = upstream.set.places.len();
    let class = match upstream.usable {
        0 => "state bad",
        usable if usable < all => "state warn",
        _ => "state good",
    };
    let cell = Cell::text(format!("{} of {all}", upstream.usable)).class(class);
    if upstream.panics && all > 0 { cell.with("all are asked") } else { cell }
}

fn breaker(upstream: &Upstream, now: crate::clock::Micros) -> Cell {
    let (Some(state), Some(breaker), Some(config)) =
        (upstream.breaker, &upstream.set.standings.breaker, &upstream.declared.breaker)
    else {
        return Cell::none();
    };
    let (all, failed) = breaker.counts(config, now);
    let mut more = match state {
        State::Closed => vec![format!("{failed} of {all} failed in {} s", config.over.as_secs())],
        State::Open => vec![format!("{} left", left(breaker.open_for(now)))],
        State::HalfOpen => vec![format!("{} probes decide", config.probes)],
    };
    if breaker.opened() > 0 {
        more.push(format!("opened {}×", count(breaker.opened())));
        more.push(format!("{} refused", count(breaker.refused())));
    }
    let (word, class) = match state {
        State::Closed => ("closed", "state good"),
        State::Open => ("open", "state bad"),
        State::HalfOpen => ("half open", "state warn"),
    };
    Cell::text(word).class(class).with(more.join(", "))
}
