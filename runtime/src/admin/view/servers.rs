//! The table of servers: of each whether it is asked, how it fares, and how old its addresses are where it has a name.

use super::format::{count, left, rate, share, weight_of};
use super::routes::times;
use super::upstreams::Upstream;
use super::{LONG, MINUTE, SHORT, Seen, heaviest, note, row};
use crate::admin::table::{Cell, Column, Kind, Table};
use crate::clock::{Micros, micros};
use crate::metrics::Row;
use crate::place::Place;
use crate::upstream::standing::Standing;

/// Rows that are shown.
const MOST: usize = 200;

const COLUMNS: &[Column] = &[
    Column { head: "Server", title: "its address or name, or an address of that name", kind: Kind::Name },
    Column { head: "Upstream", title: "whose server it is", kind: Kind::Text },
    Column { head: "State", title: "whether it is asked, and why not", kind: Kind::Text },
    Column { head: "At it", title: "requests that are under way", kind: Kind::Number },
    Column { head: "10 s", title: "tries a second in the last 10 seconds", kind: Kind::Number },
    Column { head: "1 min", title: "tries a second in the last minute", kind: Kind::Number },
    Column {
        head: "15 min",
        title: "tries in steps of 10 seconds, each row with a height of its own",
        kind: Kind::Trend,
    },
    Column {
        head: "Failed",
        title: "tries of the last 5 minutes that were answered with 500 to 599, or not at all",
        kind: Kind::Number,
    },
    Column {
        head: "p50",
        title: "median time until the head of its answer in the last minutes",
        kind: Kind::Number,
    },
    Column {
        head: "p99",
        title: "99 of 100 heads of answers came sooner in the last minutes",
        kind: Kind::Number,
    },
    Column { head: "Looked up", title: "time since its name was last found", kind: Kind::Number },
];

/// How it stands with an address: a class, a word, and what is to be said of it.
struct State {
    class: &'static str,
    word: &'static str,
    more: String,
}

pub(super) fn table(seen: &Seen, upstreams: &[Upstream]) -> Table {
    let mut weighed = Vec::new();
    for upstream in upstreams {
        for (line, (own, name)) in (0_u16..).zip(seen.look.servers_of(upstream.number)) {
            if seen.filter.holds(&[name, upstream.declared.name]) {
                server(seen, upstream, (line, own, name), &mut weighed);
            }
        }
    }
    let (rows, all) = heaviest(weighed, MOST);
    Table {
        id: "servers",
        title: "Servers",
        caption: "Servers of upstreams: state, tries, failures and times until the first byte",
        note: note(rows.len(), all, seen.filter, "; times until the first byte"),
        empty: "There is none.",
        is_wide: true,
        columns: COLUMNS,
        rows,
    }
}

/// The row of a server, and one for each address of its name. What is out comes first where not all can be shown.
fn server(
    seen: &Seen,
    upstream: &Upstream,
    (line, own, name): (u16, usize, &str),
    out: &mut Vec<(u64, crate::admin::table::Row)>,
) {
    let now = seen.look.now();
    let known = upstream.set.places.iter().zip(&upstream.set.standings.servers);
    let addresses: Vec<(&Place, State)> = known
        .filter(|(place, _)| place.line == line)
        .map(|(place, standing)| (place, state(upstream, place, standing, now)))
        .collect();
    let is_out = |state: &State| !state.class.contains("good");
    let out_of_all = addresses.iter().filter(|(_, state)| is_out(state)).count();
    let weight = if out_of_all > 0 || addresses.is_empty() {
        u64::MAX
    } else {
        seen.look.rate(Row::Server(own), MINUTE)
    };
    let is_named = addresses.first().is_none_or(|(place, _)| place.named);
    let whole = match addresses.as_slice() {
        [] => Cell::text("no address").class("state bad"),
        [(_, state)] if !is_named => Cell::text(state.word).class(state.class).with(state.more.clone()),
        all => {
            let usable = all.len() - out_of_all;
            let class = if usable == all.len() { "state good" } else { "state warn" };
            Cell::text(format!("{usable} of {} in", all.len())).class(class)
        }
    };
    out.push((weight, numbers(seen, upstream, (own, name), whole)));
    if is_named {
        for (place, state) in &addresses {
            let cells = vec![
                Cell::text(place.address.to_string()).class("inner"),
                Cell::text(upstream.declared.name).class("nil"),
                Cell::text(state.word).class(state.class).with(state.more.clone()),
            ];
            let blank = COLUMNS.iter().skip(cells.len()).map(|_| Cell::default());
            let key = format!("{own} {}", place.address);
            let weight = if is_out(state) { u64::MAX } else { weight };
            out.push((weight, row(key, cells.into_iter().chain(blank).collect())));
        }
    }
}

fn numbers(
    seen: &Seen,
    upstream: &Upstream,
    (own, name): (usize, &str),
    state: Cell,
) -> crate::admin::table::Row {
    let look = seen.look;
    let per_second = |window| {
        let rate_of = look.rate(Row::Server(own), window);
        Cell::number(rate(rate_of), rate_of).class(if rate_of == 0 { "nil" } else { "" })
    };
    let (all, failed, _) = look.counted(Row::Server(own), LONG);
    let failures = share(failed, all).map_or_else(Cell::none, |(text, millionths)| {
        let cell = Cell::number(count(failed.into()), millionths).class(weight_of(millionths));
        if failed > 0 { cell.with(text) } else { cell }
    });
    let [median, nearly_all] = look.quantiles(Row::Server(own), [50, 99]).map(times);
    let in_flight = look.in_flight(own);
    let cells = vec![
        Cell::text(name),
        Cell::text(upstream.declared.name).class("nil"),
        state,
        Cell::number(count(in_flight), in_flight).class(if in_flight == 0 { "nil" } else { "" }),
        per_second(SHORT),
        per_second(MINUTE),
        Cell::trend(&look.steps(Some(Row::Server(own)))),
        failures,
        median,
        nearly_all,
        looked_up(seen, upstream.number, name),
    ];
    row(own.to_string(), cells)
}

/// How it stands with an address. Where servers are neither asked nor watched, nobody knows.
fn state(upstream: &Upstream, place: &Place, standing: &Standing, now: Micros) -> State {
    let declared = upstream.declared;
    let mut more: Vec<String> = Vec::new();
    let slow_start = declared.balance.slow_start.map(micros).unwrap_or_default();
    let since = standing.back(now).map(|back| now.saturating_sub(back)).filter(|since| *since < slow_start);
    let (class, word) = if standing.is_down() {
        ("state bad", "unhealthy")
    } else if standing.is_out(now) {
        more.push(format!("{} left", left(standing.out_for(now))));
        ("state bad", "ejected")
    } else if let Some(since) = since {
        more.push(format!("{} left", left(slow_start - since)));
        ("state good", "slow start")
    } else if declared.health.is_some() {
        ("state good", "healthy")
    } else if declared.eject.is_some() {
        ("state good", "in")
    } else {
        ("state good unwatched", "not watched")
    };
    if place.backup {
        more.push("backup".to_owned());
    }
    if place.weight > 1 {
        more.push(format!("weight {}", place.weight));
    }
    State { class, word, more: more.join(", ") }
}

#[cfg(feature = "dns")]
fn looked_up(seen: &Seen, upstream: usize, name: &str) -> Cell {
    use super::format::duration;
    use crate::dns::Outcome;
    let mut all = seen.gateway.names.iter().flat_map(|names| names.all.iter());
    let Some(status) = all.find(|status| status.upstream == upstream && status.authority == name) else {
        return Cell::none();
    };
    let failed = status.count(Outcome::Failed) + status.count(Outcome::Denied);
    let cell = match status.found() {
        Some(found) => {
            let age = seen.look.now().saturating_sub(found);
            Cell::number(duration(age), age)
        }
        None => Cell::number("never", u64::MAX).class("bad"),
    };
    if failed > 0 { cell.with(format!("{} failed", count(failed))) } else { cell }
}

#[cfg(not(feature = "dns"))]
fn looked_up(_: &Seen, _: usize, _: &str) -> Cell {
    Cell::none()
}
