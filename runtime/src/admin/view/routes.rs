//! The table of routes, in order of precedence: how often each is asked for, how it fares, where it is written.

use std::fmt::Write;

use super::format::{count, quantile, rate, share, weight_of};
use super::{LONG, MINUTE, SHORT, Seen, heaviest, note, row};
use crate::admin::table::{Cell, Column, Kind, Table};
use crate::metrics::{Quantile, Row};

/// Rows that are shown.
const MOST: usize = 100;

const COLUMNS: &[Column] = &[
    Column {
        head: "#",
        title: "order of precedence: of two routes that match, the first wins",
        kind: Kind::Number,
    },
    Column { head: "Route", title: "the route as written, and where", kind: Kind::Name },
    Column { head: "10 s", title: "requests a second in the last 10 seconds", kind: Kind::Number },
    Column { head: "1 min", title: "requests a second in the last minute", kind: Kind::Number },
    Column { head: "5 min", title: "requests a second in the last 5 minutes", kind: Kind::Number },
    Column {
        head: "15 min",
        title: "requests in steps of 10 seconds, each row with a height of its own",
        kind: Kind::Trend,
    },
    Column { head: "5xx", title: "share of answers of 500 to 599 in the last 5 minutes", kind: Kind::Number },
    Column { head: "p50", title: "median time of an exchange in the last minutes", kind: Kind::Number },
    Column { head: "p90", title: "9 of 10 exchanges took less in the last minutes", kind: Kind::Number },
    Column { head: "p99", title: "99 of 100 exchanges took less in the last minutes", kind: Kind::Number },
    Column { head: "Total", title: "requests since the start", kind: Kind::Number },
];

pub(super) fn table(seen: &Seen) -> Table {
    let look = seen.look;
    let names = look.names();
    // The one behind the last is that of exchanges that no route has.
    let wanted = (0..=names.len()).filter(|name| {
        let (label, place) = named(seen, *name);
        seen.filter.holds(&[label, &place])
    });
    let weighed = wanted.map(|name| (look.rate(Row::Route(name), MINUTE), name)).collect();
    let (shown, all) = heaviest(weighed, MOST);
    let rows: Vec<_> = shown.iter().map(|name| one(seen, *name)).collect();
    Table {
        id: "routes",
        title: "Routes",
        caption: "Routes in order of precedence: requests a second, errors and times",
        note: note(rows.len(), all, seen.filter, ", in order of precedence; requests a second"),
        empty: "No route matches the filter.",
        is_wide: true,
        columns: COLUMNS,
        rows,
    }
}

/// What a name of routes is called, and where its first route is written.
fn named(seen: &Seen, name: usize) -> (&'static str, String) {
    let program = seen.gateway.program;
    let first = seen.look.names().get(name).and_then(|first| program.routes.get(*first));
    let Some(route) = first else { return ("no route", "refused before one was found".to_owned()) };
    (program.label(route.label), place(seen, route))
}

fn place(seen: &Seen, route: &crate::program::Route) -> String {
    let program = seen.gateway.program;
    let file = program.files.get(usize::from(route.file)).map_or("", |file| program.label(*file));
    format!("{file}:{}", route.line)
}

fn one(seen: &Seen, name: usize) -> crate::admin::table::Row {
    let look = seen.look;
    let (label, mut written) = named(seen, name);
    let further = look.routes_of(name).skip(1).count();
    if further > 0 {
        // Writing into a string cannot fail.
        let _ = write!(written, " and {further} more");
    }
    let own = Row::Route(name);
    let per_second = |window| {
        let rate_of = look.rate(own, window);
        let cell = Cell::number(rate(rate_of), rate_of);
        if rate_of == 0 { cell.class("nil") } else { cell }
    };
    let (all, failed, _) = look.counted(own, LONG);
    let failures = share(failed, all).map_or_else(Cell::none, |(text, millionths)| {
        Cell::number(text, millionths).class(weight_of(millionths))
    });
    let [median, most, nearly_all] = look.quantiles(own, [50, 90, 99]).map(times);
    let total = look.total(name).0;
    let number = look
        .names()
        .get(name)
        .map_or_else(Cell::none, |first| Cell::number((first + 1).to_string(), *first as u64).class("nil"));
    let steps = look.steps(Some(own));
    let cells = vec![
        number,
        Cell::text(label).with(written),
        per_second(SHORT),
        per_second(MINUTE),
        per_second(LONG),
        Cell::trend(&steps),
        failures,
        median,
        most,
        nearly_all,
        Cell::number(count(total), total).class(if total == 0 { "nil" } else { "" }),
    ];
    row(name.to_string(), cells)
}

/// A time, where there is one.
pub(super) fn times(found: Option<Quantile>) -> Cell {
    found.map_or_else(Cell::none, |found| {
        let (text, sort) = quantile(found);
        Cell::number(text, sort)
    })
}
