//! The table of workers: whether each has its share.

use super::format::{count, rate};
use super::{MINUTE, SHORT, Seen, row};
use crate::admin::table::{Cell, Column, Kind, Table};
use crate::metrics::Row;

/// Rows that are shown.
const MOST: usize = 128;

const COLUMNS: &[Column] = &[
    Column { head: "Worker", title: "its number", kind: Kind::Name },
    Column { head: "Connections", title: "connections of clients that are open", kind: Kind::Number },
    Column { head: "Accepted", title: "connections of clients since the start", kind: Kind::Number },
    Column { head: "10 s", title: "requests a second in the last 10 seconds", kind: Kind::Number },
    Column { head: "1 min", title: "requests a second in the last minute", kind: Kind::Number },
    Column {
        head: "15 min",
        title: "requests in steps of 10 seconds, each row with a height of its own",
        kind: Kind::Trend,
    },
    Column { head: "Total", title: "requests since the start", kind: Kind::Number },
];

pub(super) fn table(seen: &Seen) -> Table {
    let look = seen.look;
    let one = |number: usize| {
        let (open, accepted, exchanges) = look.worker(number);
        let per_second = |window| {
            let rate_of = look.rate(Row::Worker(number), window);
            Cell::number(rate(rate_of), rate_of).class(if rate_of == 0 { "nil" } else { "" })
        };
        let cells = vec![
            Cell::number(number.to_string(), number as u64),
            Cell::number(count(open), open),
            Cell::number(count(accepted), accepted),
            per_second(SHORT),
            per_second(MINUTE),
            Cell::trend(&look.steps(Some(Row::Worker(number)))),
            Cell::number(count(exchanges), exchanges),
        ];
        row(number.to_string(), cells)
    };
    let rows: Vec<_> = (0..look.workers().min(MOST)).map(one).collect();
    Table {
        id: "workers",
        title: "Workers",
        caption: "Workers: connections and requests of each",
        note: format!("{} of {}, each a thread", rows.len(), look.workers()),
        empty: "There is none.",
        is_wide: false,
        columns: COLUMNS,
        rows,
    }
}
