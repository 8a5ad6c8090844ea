//! What the gateway has refused: how often for each reason, and the last ones of all. Nothing that a client has sent is shown, which might
//! be a secret, or be meant for whoever reads the page.

use std::time::Duration;

use super::format::{count, duration, time_of_day};
use super::{LONG, MINUTE, Seen, note, row};
use crate::admin::table::{Cell, Column, Kind, Table};
use crate::reason::Reason;

/// Rows that are shown of the last refusals.
const MOST: usize = 25;
const QUARTER: Duration = Duration::from_mins(15);

const REASONS: &[Column] = &[
    Column {
        head: "Reason",
        title: "the word in Proxy-Status, in the problem document and in the log",
        kind: Kind::Name,
    },
    Column {
        head: "Status",
        title: "what it is answered with, where no route says otherwise",
        kind: Kind::Number,
    },
    Column { head: "1 min", title: "in the last minute", kind: Kind::Number },
    Column { head: "5 min", title: "in the last 5 minutes", kind: Kind::Number },
    Column { head: "15 min", title: "in the last 15 minutes", kind: Kind::Number },
    Column { head: "Total", title: "since the start", kind: Kind::Number },
];

const LATEST: &[Column] = &[
    Column { head: "Time", title: "when the exchange was over", kind: Kind::Name },
    Column {
        head: "Reason",
        title: "the word in Proxy-Status, in the problem document and in the log",
        kind: Kind::Text,
    },
    Column { head: "Status", title: "what has left for the client", kind: Kind::Number },
    Column { head: "Route", title: "the route, if one was found", kind: Kind::Text },
];

pub(super) fn by_reason(seen: &Seen) -> Table {
    let refusals = seen.look.refusals([MINUTE, LONG, QUARTER]);
    let mut wanted: Vec<_> = refusals.into_iter().filter(|(word, ..)| seen.filter.holds(&[word])).collect();
    wanted.sort_by_key(|(_, [_, _, quarter], total)| std::cmp::Reverse((*quarter, *total)));
    let cell = |number: u32| {
        Cell::number(count(number.into()), number.into()).class(if number == 0 { "nil" } else { "" })
    };
    let one = |(word, [minute, long, quarter], total): (&'static str, [u32; 3], u64)| {
        let known = Reason::ALL.iter().find(|reason| reason.word == word);
        let status = known.map_or(0, |reason| reason.status);
        let cells = vec![
            Cell::text(word).with(known.map_or("", |reason| reason.detail)),
            Cell::number(status.to_string(), status.into()),
            cell(minute),
            cell(long),
            cell(quarter),
            Cell::number(count(total), total),
        ];
        row(word.to_owned(), cells)
    };
    let rows: Vec<_> = wanted.into_iter().map(one).collect();
    Table {
        id: "reasons",
        title: "Refusals by reason",
        caption: "Refusals by reason: how many in the last minutes and since the start",
        note: note(rows.len(), rows.len(), seen.filter, ""),
        empty: "Nothing was refused.",
        is_wide: false,
        columns: REASONS,
        rows,
    }
}

pub(super) fn latest(seen: &Seen) -> Table {
    let program = seen.gateway.program;
    let now = seen.look.now();
    let label = |route: Option<u32>| {
        let route = route.and_then(|route| program.routes.get(route as usize));
        route.map(|route| program.label(route.label))
    };
    let recent = seen.look.recent().into_iter();
    let wanted = recent
        .filter(|(_, refused, word)| seen.filter.holds(&[word, label(refused.route).unwrap_or("no route")]));
    let rows: Vec<_> = wanted
        .take(MOST)
        .map(|(worker, refused, word)| {
            let ago = now.saturating_sub(refused.at);
            let at = time_of_day(seen.unix.saturating_sub(ago / 1_000_000));
            let status = match refused.status {
                0 => Cell::number("none", 0).class("nil"),
                status => Cell::number(status.to_string(), status.into()).class(if status >= 500 {
                    "bad"
                } else {
                    ""
                }),
            };
            let sort = u64::MAX - ago;
            let cells = vec![
                Cell { sort: Some(sort >> 12), ..Cell::text(at).with(format!("{} ago", duration(ago))) },
                Cell::text(word),
                status,
                label(refused.route).map_or_else(|| Cell::text("no route").class("nil"), Cell::text),
            ];
            row(format!("{worker} {}", refused.number), cells)
        })
        .collect();
    Table {
        id: "latest",
        title: "Latest refusals",
        caption: "The latest refusals, with their time, reason, status and route",
        note: format!("the last {MOST} at most"),
        empty: "Nothing was refused.",
        is_wide: false,
        columns: LATEST,
        rows,
    }
}
