//! What the live page shows at one moment: facts, what needs a look, and tables. A table more is a line more in [`View::of`].

mod filter;
mod format;
mod live;
mod refusals;
mod routes;
mod servers;
mod upstreams;
mod workers;

use std::fmt::Write;
use std::time::Duration;

pub(super) use self::filter::Filter;
use super::table::{Quoted, Row, Table};
use super::{Desk, FEATURES};
use crate::clock;
use crate::metrics::{self, Look, per_second};
use crate::serve::Gateway;
use format::{bytes, count, duration, rate, share};

/// What rates are of.
const SHORT: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_mins(1);
const LONG: Duration = Duration::from_mins(5);

/// The page at one moment.
pub(super) struct View {
    pub(super) name: &'static str,
    /// A page that was made by another build has other tables.
    pub(super) build: String,
    pub(super) built: String,
    /// A class and a word.
    pub(super) state: (&'static str, &'static str),
    pub(super) filter: String,
    /// When it is, of the day.
    pub(super) at: String,
    pub(super) facts: Vec<Fact>,
    pub(super) alerts: Vec<String>,
    pub(super) tables: Vec<Table>,
}

/// A number of the gateway as a whole.
pub(super) struct Fact {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) text: String,
}

/// What all tables are made from.
struct Seen<'a> {
    gateway: &'a Gateway,
    look: &'a Look<'a>,
    filter: &'a Filter,
    /// Seconds since the Unix epoch.
    unix: u64,
}

impl View {
    /// What there is now, of which only rows are shown that the filter lets through.
    pub(super) fn of(desk: &Desk, filter: &Filter) -> Self {
        let gateway = &*desk.gateway;
        let now = gateway.clock.now();
        desk.history.borrow_mut().sample(&gateway.metrics, now);
        let history = desk.history.borrow();
        let look = Look::new(&gateway.metrics, &history, now);
        let seen = Seen { gateway, look: &look, filter, unix: clock::unix_seconds() };
        let program = gateway.program;
        let upstreams = upstreams::all(&seen);
        let is_ready = gateway.is_ready();
        let mut alerts = Vec::new();
        if !is_ready {
            alerts.push("The gateway is stopping: no further clients are welcome.".to_owned());
        }
        let dropped = gateway.log.dropped();
        if dropped > 0 {
            alerts.push(format!("{} lines of the access log were dropped.", count(dropped)));
        }
        alerts.extend(upstreams::alerts(&upstreams));
        let version = env!("CARGO_PKG_VERSION");
        Self {
            name: program.name,
            build: format!("{} {version}", program.source_hash),
            built: format!(
                "Gatewright {version}, sources {}, features {}",
                program.source_hash.get(..12).unwrap_or(program.source_hash),
                FEATURES.join(" ")
            ),
            state: if is_ready { ("good", "ready") } else { ("warn", "draining") },
            filter: filter.text().to_owned(),
            at: format::time_of_day(seen.unix),
            facts: facts(&seen),
            alerts,
            tables: [
                Some(routes::table(&seen)),
                Some(upstreams::table(&seen, &upstreams)),
                Some(servers::table(&seen, &upstreams)),
                gateway.shared.live.as_ref().map(|live| live::table(&seen, live)),
                Some(refusals::by_reason(&seen)),
                Some(refusals::latest(&seen)),
                Some(workers::table(&seen)),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    /// Where the page is with this filter.
    pub(super) fn address(&self) -> String {
        if self.filter.is_empty() { "/".to_owned() } else { format!("/?q={}", filter::encoded(&self.filter)) }
    }

    /// The same for the script, on one line.
    pub(super) fn json(&self) -> String {
        let mut out = String::with_capacity(32 * 1024);
        // Writing into a string cannot fail.
        let _ = self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) -> std::fmt::Result {
        let (class, state) = self.state;
        write!(
            out,
            "{{\"build\":{},\"state\":[\"{class}\",\"{state}\"],\"at\":\"{}\",\"facts\":{{",
            Quoted(&self.build),
            self.at
        )?;
        for (at, fact) in self.facts.iter().enumerate() {
            write!(out, "{}\"{}\":{}", comma(at), fact.key, Quoted(&fact.text))?;
        }
        out.push_str("},\"alerts\":[");
        for (at, alert) in self.alerts.iter().enumerate() {
            write!(out, "{}{}", comma(at), Quoted(alert))?;
        }
        out.push_str("],\"tables\":[");
        for (at, table) in self.tables.iter().enumerate() {
            out.push_str(comma(at));
            table.json(out)?;
        }
        out.push_str("]}");
        Ok(())
    }
}

fn comma(at: usize) -> &'static str {
    if at == 0 { "" } else { "," }
}

fn facts(seen: &Seen) -> Vec<Fact> {
    let (gateway, look) = (seen.gateway, seen.look);
    let (all, _, over) = look.whole(SHORT);
    let (lately, failed, _) = look.whole(LONG);
    let open: u64 = (0..look.workers()).map(|number| look.worker(number).0).sum();
    let servers = (0..gateway.program.upstreams.len()).flat_map(|upstream| look.servers_of(upstream));
    let in_flight: u64 = servers.map(|(row, _)| look.in_flight(row)).sum();
    let permits = gateway.sets.iter().filter_map(|set| set.get().standings.permits.clone());
    let waiting: u64 = permits.map(|permits| u64::from(permits.waiting())).sum();
    let fact = |key, label, text| Fact { key, label, text };
    vec![
        fact("uptime", "Uptime", duration(look.now())),
        fact("generation", "Generation", gateway.generation.to_string()),
        fact("process", "Process", std::process::id().to_string()),
        fact("workers", "Workers", look.workers().to_string()),
        fact("connections", "Connections", count(open)),
        fact("flight", "At servers", count(in_flight)),
        fact("waiting", "Queued", count(waiting)),
        fact("rate", "Requests/s, 10 s", rate(per_second(all, over))),
        fact("failed", "5xx, 5 min", share(failed, lately).map_or_else(|| "–".to_owned(), |it| it.0)),
        fact("processor", "Processor", format!("{}%", look.processor(SHORT) / 10)),
        fact("memory", "Memory", metrics::memory().map_or_else(|| "–".to_owned(), bytes)),
    ]
}

/// The rows of the greatest weight, at most so many, in the order in which they came; and how many there were.
fn heaviest<T>(rows: Vec<(u64, T)>, most: usize) -> (Vec<T>, usize) {
    let all = rows.len();
    if all <= most {
        return (rows.into_iter().map(|(_, row)| row).collect(), all);
    }
    let mut order: Vec<(usize, (u64, T))> = rows.into_iter().enumerate().collect();
    order.sort_by_key(|(at, (weight, _))| (std::cmp::Reverse(*weight), *at));
    order.truncate(most);
    order.sort_by_key(|(at, _)| *at);
    (order.into_iter().map(|(_, (_, row))| row).collect(), all)
}

/// How many of so many rows are shown, and which.
fn note(shown: usize, all: usize, filter: &Filter, order: &str) -> String {
    let filtered = if filter.is_empty() { "" } else { " that match" };
    if shown < all {
        format!("{shown} of {}{filtered}: those with most to tell. Filter for others.", count(all as u64))
    } else {
        format!("{all}{filtered}{order}")
    }
}

fn row(key: String, cells: Vec<super::table::Cell>) -> Row {
    Row { key, cells }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_rows_the_heaviest_are_shown_in_their_order() {
        let rows = || vec![(5, 'a'), (0, 'b'), (9, 'c'), (5, 'd'), (1, 'e')];
        assert_eq!(heaviest(rows(), 5), (vec!['a', 'b', 'c', 'd', 'e'], 5));
        assert_eq!(heaviest(rows(), 2), (vec!['a', 'c'], 5));
        assert_eq!(heaviest(rows(), 0), (vec![], 5));
    }
}
