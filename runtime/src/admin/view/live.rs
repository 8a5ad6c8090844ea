//! The table of live values: what each is now, who said it, and whether its file says something that was refused.

use super::format::time_of_day;
use super::{Seen, row};
use crate::admin::table::{Cell, Column, Kind, Table};
use crate::live::{Live, shown};

/// Rows that are shown.
const MOST: usize = 128;

const COLUMNS: &[Column] = &[
    Column { head: "Name", title: "as the gateway's text has it", kind: Kind::Name },
    Column { head: "Value", title: "the present value as JSON, cut where it is long", kind: Kind::Text },
    Column {
        head: "By",
        title: "the default, its file, the peer of the admin listener, or the generation before",
        kind: Kind::Text,
    },
    Column { head: "Since", title: "when it was said, or the start; of the day, UTC", kind: Kind::Text },
    Column { head: "Refused", title: "why what its file says now was not taken", kind: Kind::Text },
];

pub(super) fn table(seen: &Seen, live: &Live) -> Table {
    let (generation, about, params) = live.all();
    let all = about.len();
    let rows = about.into_iter().filter_map(|own| {
        let param = live.param(own.number)?;
        let value = u16::try_from(own.number).ok().and_then(|number| params.at(number)).map(shown)?;
        let by = own.by.to_string();
        if !seen.filter.holds(&[param.name, &value, &by, own.refused.unwrap_or_default()]) {
            return None;
        }
        let refused = own.refused.map_or_else(Cell::none, |reason| Cell::text(reason).class("bad"));
        let since = Cell { sort: Some(own.since), ..Cell::text(time_of_day(own.since)) };
        let cells = vec![Cell::text(param.name), Cell::text(value), Cell::text(by), since, refused];
        Some(row(param.name.to_owned(), cells))
    });
    let rows: Vec<_> = rows.take(MOST).collect();
    Table {
        id: "live",
        title: "Live values",
        caption: "Live values: what each is now, and who said it",
        note: format!("{} of {all}, changed {generation} times", rows.len()),
        empty: "No live value matches the filter.",
        is_wide: true,
        columns: COLUMNS,
        rows,
    }
}
